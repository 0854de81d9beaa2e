#!/usr/bin/env bats
# What the module costs those who do not use what it hooks, in instructions: the guest's clock counts them.
load helper

# A kernel begins with another clock than it goes on with, and reads it in other time.
clock_stays() {
	[[ "$(</sys/devices/system/clocksource/clocksource0/current_clocksource)" != *early ]]
}

setup() {
	eventually clock_stays
	# The witness looks at socket buffers, which counts.
	command rmmod witness 2>/dev/null || true
}

teardown() {
	load_module
	mode off
}

# cost FILE: the least of a few runs, which are not equal to the instruction: where memory comes from differs, and connections.
cost() {
	for _ in 1 2; do plain; done | least >"$1"
}

# For each row of the input, the least of its numbers.
least() {
	awk '!($1 in least) || $2 < least[$1] { least[$1] = $2 } END { for (r in least) print r, least[r] }' | sort
}

# not_more FILE FILE: in no row of the second is an instruction more, for each of the sixteen sends in a batch, than in the first.
not_more() {
	paste "$1" "$2"
	paste "$1" "$2" | awk '{ if ($1 != $3 || $4 - $2 >= 16) bad = 1 } END { exit bad || NR != 4 }'
}

@test "cost: a plain send takes not one instruction more in degrade, log, block and off than without the module" {
	cost /tmp/before
	command insmod /test/spliceguard.ko
	for m in degrade log block off; do
		quick_mode $m
		cost /tmp/$m
	done
	command rmmod spliceguard
	cost /tmp/after
	cat /tmp/before /tmp/after | least >/tmp/without
	for m in degrade log block off; do
		# What is there each time, does not go away by looking again.
		for _ in 1 2 3; do
			! not_more /tmp/without /tmp/$m || break
			[ -d /sys/module/spliceguard ] || command insmod /test/spliceguard.ko
			quick_mode $m
			plain | cat - /tmp/$m | least >/tmp/again
			mv /tmp/again /tmp/$m
		done
		not_more /tmp/without /tmp/$m
	done
}

@test "cost: a function that is traced on the way of a send is seen" {
	# Or else the test above could not fail.
	cost /tmp/without
	echo tcp_sendmsg >/sys/kernel/tracing/set_ftrace_filter
	echo function >/sys/kernel/tracing/current_tracer
	for _ in 1 2 3; do cost /tmp/traced; done
	echo nop >/sys/kernel/tracing/current_tracer
	echo >/sys/kernel/tracing/set_ftrace_filter
	run ! not_more /tmp/without /tmp/traced
}
