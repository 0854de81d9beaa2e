#!/usr/bin/env bats
# Secure Boot, and DKMS's key enrolled.

load helper

@test "Secure Boot is on still" {
	dmesg | grep -q 'Secure boot enabled'
	grep -qF '[integrity]' /sys/kernel/security/lockdown
}

@test "the module loads, before the network and before any login" {
	protected_before_all
	[ "$(cat "$K/splice_mode")" = degrade ]
	guard_is_content
}

# Or the last test would have shown nothing.
@test "the same module without its signature does not" {
	rmmod spliceguard
	xz -dc "$(modinfo -n spliceguard)" >"$STATE/signed.ko"
	python3 - "$STATE/signed.ko" "$STATE/plain.ko" <<-'END'
		import struct, sys
		data = open(sys.argv[1], "rb").read()
		magic = b"~Module signature appended~\n"
		assert data.endswith(magic)
		data = data[:-len(magic)]
		length = struct.unpack(">I", data[-4:])[0]
		open(sys.argv[2], "wb").write(data[:-12 - length])
	END
	run insmod "$STATE/plain.ko"
	echo "$output"
	[ "$status" -ne 0 ]
	insmod "$STATE/signed.ko"
	[ -e "$K/splice_mode" ]
}
