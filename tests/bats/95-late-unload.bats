#!/usr/bin/env bats
# The lock, against a forced unloading that began before it. That call never returns, and the kernel is tainted by its force, so this
# is the last of its guest's.
load helper

still_locked() {
	[ "$(cat "$KNOB" "$TRUST" "$GROUP" "$LOCKED")" = $'degrade\n\n-1\n1' ]
	for write in "off >$KNOB" "writable >$TRUST" "0 >$GROUP" "0 >$LOCKED"; do
		run sh -c "echo $write"
		[ "$status" -ne 0 ]
	done
	[ "$(trust -f -u 1000:1000 /tmp/file splice:tcp)" = COPIED ]
	[ "$(trust -f -u 1000:1000 /tmp/file sendfile:tcp)" = COPIED ]
}

is_in_log() {
	dmesg | grep "$1"
}

@test "lock: a forced unloading that began before it never ends, and all stays as it is" {
	load_module
	mode degrade
	mkfifo /tmp/name
	setsid unload late </tmp/name >/tmp/unload 2>&1 3>&- &
	exec 8>/tmp/name
	eventually grep -q begun /tmp/unload
	echo 1 >"$LOCKED"
	still_locked
	echo >&8
	eventually is_in_log 'not unloaded, and never'
	sleep 1
	run ! grep returned /tmp/unload
	still_locked
	# The 32-bit way in is watched, too.
	run unload 32
	[ "$output" != unloaded ]
	still_locked
}
