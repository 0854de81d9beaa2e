#!/usr/bin/env bats
# What the module costs those who do not use what it hooks, in instructions: the guest's processor counts them.
load helper

setup() {
	# The witness looks at socket buffers, which counts.
	command rmmod witness 2>/dev/null || true
}

teardown() {
	load_module
	mode off
}

# What a udp send takes changes by two on 6.1, also where no module ever was; whatever is called takes more than that.
UNSURE=0
[[ "$(uname -r)" != 6.1.* ]] || UNSURE=2

# not_more FILE FILE: in no row of the second is an instruction more than in the first.
not_more() {
	paste "$1" "$2"
	paste "$1" "$2" | awk -v unsure=$UNSURE '{ if ($1 != $3 || $4 - $2 > ($1 == "udp" ? unsure : 0)) bad = 1 } END { exit bad || NR != 4 }'
}

@test "cost: a plain send takes not one instruction more in degrade, log, block and off than without the module" {
	plain >/tmp/before
	command insmod /test/spliceguard.ko
	for m in degrade log block off; do
		quick_mode $m
		plain >/tmp/$m
	done
	command rmmod spliceguard
	plain >/tmp/after
	for m in degrade log block off after; do not_more /tmp/before /tmp/$m; done
}

@test "cost: a function that is traced on the way of a send is seen" {
	# Or else the test above could not fail.
	plain >/tmp/without
	echo tcp_sendmsg >/sys/kernel/tracing/set_ftrace_filter
	echo function >/sys/kernel/tracing/current_tracer
	plain >/tmp/traced
	echo nop >/sys/kernel/tracing/current_tracer
	echo >/sys/kernel/tracing/set_ftrace_filter
	run ! not_more /tmp/without /tmp/traced
	[ "$(sed -n 's/^tcp //p' /tmp/traced)" -gt "$(sed -n 's/^tcp //p' /tmp/without)" ]
}

@test "cost: what a sendfile copies into is used again, where a send takes new pages" {
	load_module
	mode degrade
	queued pages >/tmp/pages
	cat /tmp/pages
	[ "$(sed -n 's/^sendfile //p' /tmp/pages)" -lt 500 ]
	[ "$(sed -n 's/^send //p' /tmp/pages)" -gt 4000 ]
}
