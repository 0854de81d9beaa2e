#!/usr/bin/env bats
# The boot of the kernel that came after the packages.

load helper

@test "the new kernel is the one that runs" {
	[ "$KERNEL" = "$(cat "$STATE/kernel")" ]
}

@test "and is protected before the network and before any login" {
	protected_before_all
	[ "$(loaded_version)" = "$CURRENT" ]
	[ "$(cat "$K/splice_mode")" = degrade ]
	guard_is_content
}

@test "the initramfs has no module of ours: what runs there needs none, and an old one could stay in it" {
	run lsinitramfs "/boot/initrd.img-$KERNEL"
	[ "$status" = 0 ]
	[[ "$output" != *spliceguard.ko* ]]
}
