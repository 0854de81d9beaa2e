#!/usr/bin/env bats
# A machine that boots straight into its final state: all knobs and the lock, by parameters.
load helper

@test "load: locked from the first moment on" {
	unload_module
	insmod /test/spliceguard.ko mode=degrade trust=capable group=5000 locked=1
	[ "$(cat "$KNOB" "$TRUST" "$GROUP" "$LOCKED")" = $'degrade\ncapable\n5000\n1' ]
	dmesg | tail -n 5 | grep "splice_mode is 'degrade', locked"
	for write in "off >$KNOB" "writable >$TRUST" "0 >$GROUP" "0 >$LOCKED"; do
		run sh -c "echo $write"
		[ "$status" -ne 0 ]
	done
	run command rmmod spliceguard
	[ "$status" -ne 0 ]
	run command rmmod -f spliceguard
	[ "$status" -ne 0 ]
	[ "$(cat "$KNOB" "$TRUST" "$GROUP" "$LOCKED")" = $'degrade\ncapable\n5000\n1' ]
	# The 32-bit way in is watched, too.
	run unload 32
	[[ "$output" == EPERM ]]
	[ -d /sys/module/spliceguard ]
}
