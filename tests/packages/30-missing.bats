#!/usr/bin/env bats
# A boot without the module; mended; everything removed; and a kernel upgrade.

load helper

@test "a machine that is configured to be protected and is not says so" {
	guard_fails_with "not loaded"
}

@test "and is protected again once it is mended" {
	dkms status -m spliceguard -v "$CURRENT" -k "$KERNEL" | grep -q installed || dkms install -m spliceguard -v "$CURRENT" -k "$KERNEL"
	/usr/lib/spliceguard/module start
	[ "$(loaded_version)" = "$CURRENT" ]
	[ "$(cat "$K/splice_mode")" = "degrade vmsplice=block" ]
	guard_is_content
}

@test "removed, the packages leave the administrator's file and nothing else" {
	spliceguard set block --persist
	apt-get -y remove spliceguard spliceguard-dkms
	[ ! -e /sys/module/spliceguard ]
	[ ! -e "$K/splice_mode" ]
	[ -z "$(systemctl --failed --no-legend --plain)" ]
	snapshot >"$STATE/after"
	run diff "$STATE/before" "$STATE/after"
	echo "$output"
	[ "$(grep -c '^[<>]' <<<"$output")" = "$(grep -cF "$CONFIG" <<<"$output")" ]
}

@test "purged, they leave nothing" {
	apt-get -y purge spliceguard spliceguard-dkms
	snapshot >"$STATE/after"
	show diff "$STATE/before" "$STATE/after"
}

@test "make install does what the packages do, and they refuse beside it" {
	make -C /test/project install
	[ "$(cat "$K/splice_mode")" = degrade ]
	guard_is_content
	run apt-get -y install /test/current/*.deb
	echo "$output"
	[ "$status" -ne 0 ]
	[[ "$output" == *"run 'make uninstall'"* ]]
}

@test "make install of another version takes its place, and once more its own" {
	cp -r /test/project /var/tmp/other
	sed -i 's/^PACKAGE_VERSION=.*/PACKAGE_VERSION="0.0.2"/' /var/tmp/other/dkms.conf
	for _ in 1 2; do
		make -C /var/tmp/other install
		[ "$(echo /usr/src/spliceguard-*)" = /usr/src/spliceguard-0.0.2 ]
		show dkms status -m spliceguard
		[ "$(dkms status -m spliceguard | grep -c installed)" = 1 ]
		dkms status -m spliceguard -v 0.0.2 -k "$KERNEL" | grep -q installed
		[ "$(loaded_version)" = 0.0.2 ]
	done
	guard_is_content
}

# dkms cannot remove a module whose sources somebody has taken away.
@test "make uninstall leaves nothing, not even where the sources are gone" {
	rm -r /usr/src/spliceguard-0.0.2
	make -C /var/tmp/other uninstall
	rm -r /var/tmp/other
	[ ! -e "$K/splice_mode" ]
	snapshot >"$STATE/after"
	show diff "$STATE/before" "$STATE/after"
}

@test "make uninstall leaves nothing" {
	make -C /test/project install
	make -C /test/project uninstall
	[ ! -e "$K/splice_mode" ]
	snapshot >"$STATE/after"
	show diff "$STATE/before" "$STATE/after"
}

@test "installed again, a kernel's package builds and signs the module before the reboot" {
	local second
	install_packages current
	apt-get -y install /test/second/*.deb
	second=$(cd /lib/modules && for k in *; do [ "$k" = "$KERNEL" ] || echo "$k"; done)
	show dkms status
	dkms status -m spliceguard -v "$CURRENT" -k "$second" | grep -q installed
	[ "$(modinfo -k "$second" -F version spliceguard)" = "$CURRENT" ]
	dkms --version | grep -q 2.8 || [ -n "$(modinfo -k "$second" -F signer spliceguard)" ]
	echo "$second" >"$STATE/kernel"
	mkdir /test/out
	cp "/boot/vmlinuz-$second" /test/out/vmlinuz
	cp "/boot/initrd.img-$second" /test/out/initrd.img
}
