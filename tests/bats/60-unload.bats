#!/usr/bin/env bats
# Unloading: never under a call, always after it, and nothing left behind.
load helper

busy_then_free() {
	unload_module
	load_module
	hold_call "$1"
	run rmmod spliceguard
	[ "$status" -ne 0 ]
	[[ "$output" == *busy* ]]
	[ "$(oracle /tmp/f write splice:file-pipe)" = "splice:file-pipe COPIED" ]
	let_go
	eventually rmmod spliceguard
	[ "$(hooks)" = 0 ]
	[ ! -e "$KNOB" ]
	[ ! -e "$STATS" ]
}

@test "rmmod while a splice sleeps in a socket: EBUSY, and works once it returned" {
	busy_then_free socket-pipe
}

# The first one that fills a pipe is watched to its end.
@test "rmmod while a splice sleeps on a full pipe: EBUSY, and works once it returned" {
	busy_then_free file-pipe
}

# Later ones are marked, and wait for room in the kernel's own code.
@test "a later splice that sleeps on a full pipe is copied when it wakes, and no reason not to unload" {
	unload_module
	load_module
	[ "$(oracle /tmp/f write splice:file-pipe)" = "splice:file-pipe COPIED" ]
	hold_call file-pipe
	before=$(counter splice/copied)
	let_go
	[ "$HELD" = "ended 100" ]
	[ "$(counter splice/copied)" = $((before + 1)) ]
	hold_call file-pipe
	rmmod spliceguard
	let_go
	[ "$HELD" = "ended 100" ]
}

@test "rmmod while a splice sleeps on an empty pipe: EBUSY, and works once it returned" {
	busy_then_free pipe-socket
}

@test "rmmod while a short sendfile sleeps in a full socket: EBUSY, and works once it returned" {
	busy_then_free short-sendfile
	[ "$HELD" = "ended 1000" ]
}

@test "rmmod while a vmsplice sleeps: EBUSY, and works once it returned" {
	busy_then_free vmsplice
}

@test "rmmod while a tee sleeps: EBUSY, and works once it returned" {
	busy_then_free tee
}

@test "rmmod while a pipe holds a vmspliced page: EBUSY, and works once it was read" {
	busy_then_free buffer
}

@test "rmmod while a pipe holds what a socket received: EBUSY, and works once it was read" {
	busy_then_free received
}

@test "rmmod without the right to: EPERM, whether a call is inside or not" {
	load_module
	mode degrade
	hold_call buffer
	run setpriv --reuid 1000 --clear-groups --bounding-set -sys_module --inh-caps -sys_module rmmod spliceguard
	[ "$status" -ne 0 ]
	[[ "$output" == *"not permitted"* ]]
	let_go
}

@test "off with a vmspliced page in a pipe: in use until it was read" {
	load_module
	mode degrade
	hold_call buffer
	mode off
	[ "$(hooks)" = 0 ]
	run rmmod spliceguard
	[ "$status" -ne 0 ]
	let_go
	[ "$HELD" = "ended $(getconf PAGESIZE) page" ]
	eventually rmmod spliceguard
}

@test "off and on again with a call inside: still in use, then free" {
	load_module
	mode degrade
	hold_call buffer
	mode off
	mode degrade
	run rmmod spliceguard
	[ "$status" -ne 0 ]
	let_go
	eventually rmmod spliceguard
}

# The numbers that must come back: free pages and slab objects go up and down by themselves, so by kinds.
footprint() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.5
	awk '/^(Slab|SUnreclaim|MemFree)/ { print $1, $2 }' /proc/meminfo
}

@test "load and unload 100 times under traffic; then all is as it was" {
	unload_module
	insmod /test/spliceguard.ko
	rmmod spliceguard
	# From here on by the commands themselves: what is found belongs to no mode.
	footprint >/tmp/before
	nice -n 19 traffic 300 4 25000 >/tmp/traffic 2>&1 3>&- &
	traffic=$!
	for _ in {1..100}; do
		command insmod /test/spliceguard.ko
		# Under traffic a call is nearly always inside, so stop new ones first.
		quick_mode off
		eventually command rmmod spliceguard 2>/dev/null
	done
	kill $traffic
	wait $traffic || { cat /tmp/traffic; false; }
	footprint >/tmp/after
	paste /tmp/before /tmp/after
	# Free memory may have grown. What is gone must be less than what a page for each of the traffic's calls would make.
	awk 'NR == FNR { was[$1] = $2; next }
		$1 == "MemFree:" && was[$1] - $2 > 4096 { bad = 1 }
		$1 != "MemFree:" && $2 - was[$1] > 1024 { bad = 1 }
		END { exit bad }' /tmp/before /tmp/after
	load_module
	[ "$(cat /sys/module/spliceguard/refcnt)" = 0 ]
}

@test "rmmod straight from degrade, under traffic that stops: nothing is lost" {
	load_module
	mode off
	quick_mode degrade
	traffic 2 10 >/tmp/traffic 2>&1 3>&- &
	traffic=$!
	for _ in {1..10}; do
		command rmmod spliceguard 2>/dev/null && command insmod /test/spliceguard.ko
	done
	wait $traffic || { cat /tmp/traffic; false; }
	grep bytes /tmp/traffic
	[ ! -d /sys/module/spliceguard ] || eventually rmmod spliceguard
}

@test "pages that degrade left in pipes outlive the module" {
	load_module
	mode degrade
	run leftover
	[ "$output" = "same" ]
}
