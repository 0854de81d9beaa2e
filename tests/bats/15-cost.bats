#!/usr/bin/env bats
# What the module costs those who do not use what it hooks, in instructions: the guest's clock counts them.
load helper

setup() {
	# The witness looks at socket buffers, which counts.
	command rmmod witness 2>/dev/null || true
}

teardown() {
	load_module
	mode off
}

# cost FILE: the least of a few runs, which are not equal to the instruction: where memory comes from differs.
cost() {
	for _ in 1 2; do plain; done | awk '!($1 in least) || $2 < least[$1] { least[$1] = $2 } END { for (r in least) print r, least[r] }' | sort >"$1"
}

# same_cost FILE FILE: for each row, less than an instruction for each of the sixteen sends in a batch lies between them.
same_cost() {
	paste "$1" "$2"
	paste "$1" "$2" | awk '{ d = $4 - $2; if ($1 != $3 || d >= 16 || d <= -16) bad = 1 } END { exit bad || NR != 4 }'
}

@test "cost: a plain send takes not one instruction more in degrade, log and block, nor after the module is gone" {
	cost /tmp/never
	command insmod /test/spliceguard.ko
	for m in degrade log block off; do
		quick_mode $m
		cost /tmp/$m
		same_cost /tmp/never /tmp/$m
	done
	command rmmod spliceguard
	cost /tmp/unloaded
	same_cost /tmp/never /tmp/unloaded
}

@test "cost: a function that is traced on the way of a send is seen" {
	# Or else the test above could not fail.
	cost /tmp/never
	echo tcp_sendmsg >/sys/kernel/tracing/set_ftrace_filter
	echo function >/sys/kernel/tracing/current_tracer
	cost /tmp/traced
	echo nop >/sys/kernel/tracing/current_tracer
	echo >/sys/kernel/tracing/set_ftrace_filter
	run ! same_cost /tmp/never /tmp/traced
}
