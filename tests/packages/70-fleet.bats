#!/usr/bin/env bats
# A machine that Ansible sets up, from outside by ssh; see fleet in scripts/check-packages.sh, which says when it has done so.
load helper

@test "fleet: the machine lets Ansible in, and is as its role says" {
	local i
	mkdir -p /root/.ssh
	cp /test/key.pub /root/.ssh/authorized_keys
	chmod 700 /root/.ssh
	chmod 600 /root/.ssh/authorized_keys
	for i in /sys/class/net/e*; do
		ip link set "${i##*/}" up
		ip addr add 10.0.2.15/24 dev "${i##*/}"
	done
	systemctl restart ssh
	for ((i = 0; i < 1800; i++)); do
		[ ! -e /run/fleet-done ] || break
		sleep 1
	done
	[ -e /run/fleet-done ]
	[ "$(cat "$K/splice_mode")" = 'degrade vmsplice=block' ]
	[ "$(cat "$K/splice_trust")" = writable ]
	grep -q 'mode="degrade vmsplice=block"' "$CONFIG"
	spliceguard verify
}
