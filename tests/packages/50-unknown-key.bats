#!/usr/bin/env bats
# Secure Boot, and a key that the firmware does not know yet: the packages come.

load helper

@test "Secure Boot is on, and lockdown refuses modules that nobody known has signed" {
	show dmesg | grep -iE 'secure boot|lockdown|cert'
	dmesg | grep -q 'Secure boot enabled'
	grep -qF '[integrity]' /sys/kernel/security/lockdown
}

@test "the packages install, and say that the module is not loaded, and where to read on" {
	install_packages current
	cat "$STATE/apt.log"
	[ -n "$(modinfo -F signer spliceguard)" ]
	[ ! -e /sys/module/spliceguard ]
	grep -F 'NOT LOADED, nothing is protected' "$STATE/apt.log"
	grep -F "mokutil --import /var/lib/dkms/mok.pub" "$STATE/apt.log"
}

@test "the guard fails, with the reason" {
	show dmesg | tail -n 5
	guard_fails_with "not loaded"
}

@test "the key is there to be enrolled" {
	mkdir /test/out
	cp /var/lib/dkms/mok.pub /test/out/
}
