#!/usr/bin/env bats
# Zero-copy sending: completions, and what is refused. That nothing is shared is the oracle's affair.
load helper

setup_file() {
	load_module
	modprobe -a dummy rds vsock_loopback
	ip link show dummy0 >/dev/null 2>&1 || ip link add dummy0 type dummy
	ip addr add 10.99.0.1/24 dev dummy0
	ip link set dummy0 up
	ip neigh add 10.99.0.2 lladdr 02:00:00:00:00:01 dev dummy0
	mkdir -p /tmp/zerocopy
	for m in off log degrade block; do
		mode $m
		zerocopy requests >/tmp/zerocopy/requests-$m
		[ $m = block ] || zerocopy completions >/tmp/zerocopy/completions-$m
	done
	mode degrade
}

@test "completions: one for each send, in the same ranges as on stock" {
	cat /tmp/zerocopy/completions-off
	[ "$(wc -l </tmp/zerocopy/completions-off)" = 16 ]
	[ "$(grep -c '0-5\|5-5' /tmp/zerocopy/completions-off)" -ge 10 ]
	for m in log degrade; do
		diff <(sed -E 's/ (copied|by-reference)=.*//' /tmp/zerocopy/completions-off) \
			<(sed -E 's/ (copied|by-reference)=.*//' /tmp/zerocopy/completions-$m)
	done
	diff /tmp/zerocopy/completions-off /tmp/zerocopy/completions-log
}

@test "completions: stock marks by reference what nothing copies, degrade marks all as copied" {
	grep -E '^udp,dummy .*copied=0 by-reference=6' /tmp/zerocopy/completions-off
	run ! grep -E 'by-reference=[1-9]' /tmp/zerocopy/completions-degrade
	[ "$(grep -c 'copied=6 by-reference=0' /tmp/zerocopy/completions-degrade)" -ge 10 ]
	case $(uname -r) in
	5.10.* | 6.1.*) ;;
	*)
		grep -E '^vsock,all .*copied=0 by-reference=6' /tmp/zerocopy/completions-off
		grep -E '^vsock,all .*copied=6' /tmp/zerocopy/completions-degrade
		;;
	esac
	case $(uname -r) in
	5.10.*) ;;
	*)
		grep -E '^uring-send,dummy 1000 notified=1 by-reference=1' /tmp/zerocopy/completions-off
		grep -E '^uring-fixed,dummy 1000 notified=1 copied=1' /tmp/zerocopy/completions-degrade
		grep -E '^uring-sendmsg,tcp 12288 notified=1 copied=1' /tmp/zerocopy/completions-degrade
		;;
	esac
}

@test "requests: as on stock in log; degrade refuses SO_ZEROCOPY of families that it does not know" {
	cat /tmp/zerocopy/requests-off
	diff /tmp/zerocopy/requests-off /tmp/zerocopy/requests-log
	grep '^option,rds ok' /tmp/zerocopy/requests-off
	grep '^option,rds EOPNOTSUPP' /tmp/zerocopy/requests-degrade
	diff <(grep -v rds /tmp/zerocopy/requests-off) <(grep -v rds /tmp/zerocopy/requests-degrade)
}

@test "requests: block refuses them all but rings to receive by" {
	grep '^packet,rx-ring ok' /tmp/zerocopy/requests-block
	# What this kernel knows in off.
	while read -r row before; do
		[ "$row" = packet,rx-ring ] || [ "$before" = absent ] || [ "$before" = EINVAL ] || grep "^$row EOPNOTSUPP" /tmp/zerocopy/requests-block
	done </tmp/zerocopy/requests-off
	# In off these find fault with the request itself, where they are known.
	case $(uname -r) in
	5.10.* | 6.1.* | 6.12.*) ;;
	*) [ "$(grep -cE '^(zcrx|bind-tx) EOPNOTSUPP' /tmp/zerocopy/requests-block)" = 2 ] ;;
	esac
}

@test "protocols whose modules come after us are covered from their first call" {
	mode degrade
	modprobe -r vsock_loopback rds
	[ ! -d /sys/module/vsock ] || command rmmod vsock
	[ ! -d /sys/module/rds ] && [ ! -d /sys/module/vsock ]
	modprobe -a vsock_loopback rds
	zerocopy requests | grep '^option,rds EOPNOTSUPP'
	case $(uname -r) in
	5.10.* | 6.1.*) ;;
	*) [ "$(oracle /tmp/f write zerocopy:map-vsock)" = "zerocopy:map-vsock COPIED" ] ;;
	esac
}

@test "sockets that asked for zero-copy before block are degraded" {
	mode off
	run zerocopy before degrade
	expect_rows "$output" COPIED
	mode off
	run zerocopy before block
	expect_rows "$output" COPIED
	mode off
	run zerocopy before log
	expect_rows "$output" SHARED
}

@test "an edit after the send never reaches the wire" {
	modprobe -a veth sch_netem
	ip netns add wire
	ip link add wire0 type veth peer name wire1 netns wire
	ip addr add 10.98.0.1/24 dev wire0
	ip link set wire0 up
	ip -n wire addr add 10.98.0.2/24 dev wire1
	ip -n wire link set wire1 up
	tc qdisc add dev wire0 root netem delay 200ms
	ip neigh add 10.98.0.2 lladdr "$(ip -n wire -o link show wire1 | grep -oE 'ether [0-9a-f:]+' | cut -d' ' -f2)" dev wire0
	mode off
	run wire 10.98.0.2 /run/netns/wire wire1
	expect_rows "$output" SHARED
	mode degrade
	run wire 10.98.0.2 /run/netns/wire wire1
	expect_rows "$output" COPIED
	ip link del wire0
	ip netns del wire
}
