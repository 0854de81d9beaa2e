#!/usr/bin/env bats
# A freshly installed system, booted for the first time: the packages come.

load helper

@test "the packages install" {
	snapshot >"$STATE/before"
	install_packages previous
	lacks -E '[Ww]arning|WARNING|[Ee]rror|ERROR|NOT ' "$STATE/apt.log"
}

@test "the module is built by DKMS, and signed where DKMS signs" {
	show dkms status
	dkms status -m spliceguard -v "$PREVIOUS" -k "$KERNEL" | grep -q installed
	[ "$(modinfo -F version spliceguard)" = "$PREVIOUS" ]
	# Debian 11's dkms does not.
	dkms --version | grep -q 2.8 || [ -n "$(modinfo -F signer spliceguard)" ]
}

@test "the module is loaded, in degrade, and the guard is content" {
	[ "$(loaded_version)" = "$PREVIOUS" ]
	[ "$(cat "$K/splice_mode")" = degrade ]
	guard_is_content
	grep -F "loaded: kernel.splice_mode is 'degrade'" "$STATE/apt.log"
}

@test "nothing that is there is called failed" {
	show systemctl --failed --no-legend --plain
	[ -z "$(systemctl --failed --no-legend --plain)" ]
}

@test "the command comes with its help, its manual and its completion" {
	show spliceguard --help
	[ -e /usr/share/man/man8/spliceguard.8.gz ]
	[ -e /usr/share/man/man7/spliceguard.7.gz ]
	[ -e /usr/share/bash-completion/completions/spliceguard ]
}

@test "make install refuses beside a package, and says what to do" {
	run make -C /test/project install
	echo "$output"
	[ "$status" -ne 0 ]
	[[ "$output" == *"the package spliceguard is installed"*"apt remove spliceguard"* ]]
	[ ! -e /usr/lib/spliceguard/by-make-install ]
}

@test "metrics are written for node_exporter when asked for" {
	mkdir -p /var/lib/prometheus/node-exporter
	systemctl start spliceguard-metrics.service
	grep -q '^spliceguard_' /var/lib/prometheus/node-exporter/spliceguard.prom
	[ "$(systemctl is-enabled spliceguard-metrics.timer)" = disabled ]
	rm -r /var/lib/prometheus
}

# For the next boot.
@test "the administrator writes a configuration" {
	echo 'options spliceguard mode="degrade vmsplice=block" trust="writable" group=42' >"$CONFIG"
	sha256sum "$CONFIG" >"$STATE/config"
}
