#!/usr/bin/env bats
# The command spliceguard on a real kernel: what it proves, sets and sees. How it reads and writes texts is tested in command/tests.
load helper

setup_file() {
	head -c 1M /dev/urandom >/tmp/big
	mkdir -p "/lib/modules/$(uname -r)/updates"
	cp /test/spliceguard.ko "/lib/modules/$(uname -r)/updates"
	mkdir -p /usr/lib/spliceguard
	cp -r /test/programs/bench /usr/lib/spliceguard
	# It complains of all modules that are compressed.
	depmod -a 2>/dev/null || true
}

teardown_file() {
	rm -f /etc/modprobe.d/spliceguard.conf /etc/modules-load.d/spliceguard.conf
}

setup() {
	load_module
	is_mode degrade || mode degrade
	running=
}

teardown() {
	[ -z "$running" ] || kill "$running" 2>/dev/null || true
}

# as_user COMMAND...: somebody without any privilege.
as_user() {
	setpriv --reuid 1000 --regid 1000 --clear-groups "$@"
}

# spg ARGUMENTS...: the command, where it changes what is in force.
spg() {
	local status=0
	judge_phase
	spliceguard "$@" || status=$?
	begin_phase
	return $status
}

# rows TEXT RESULT: how many rows of a test have that result.
rows() {
	grep -cE " -> .* $2" <<<"$1" || true
}

# No instance of tracefs is left behind.
no_instance() {
	same "$(find /sys/kernel/tracing/instances -mindepth 1 -maxdepth 1 -name 'spliceguard-*')" ''
}

# The rows that are copied and should not be. 5.10 copies a sendfile into a pipe anyway.
copied() {
	grep COPIED <<<"$1" | grep -vE "^${anyway:-none}" || true
}

@test "command test: SHARED without the module, and in log" {
	[[ $(uname -r) != 5.10.* ]] || local anyway=' +sendfile +file -> pipe '
	unload_module
	run as_user spliceguard test
	echo "$output"
	[ "$status" = 1 ]
	same "$(copied "$output")" ''
	[ "$(rows "$output" 'SHARED|LOST')" -ge 11 ]
	[[ "$output" == *"is not loaded"* ]]
	insmod /test/spliceguard.ko mode=log
	run as_user spliceguard test
	[ "$status" = 1 ]
	same "$(copied "$output")" ''
	same "$(find /tmp -name 'spliceguard-test.*')" ''
}

@test "command test: COPIED in degrade, refused in block, for root and users" {
	for who in env as_user; do
		run -0 $who spliceguard test
		same "$(rows "$output" 'SHARED|LOST|refused')" 0
		[ "$(rows "$output" COPIED)" -ge 11 ]
		[[ "$output" == *"Protected: nothing was shared."* ]]
	done
	mode block
	run -0 as_user spliceguard test
	same "$(rows "$output" 'SHARED|LOST|COPIED')" 0
	[ "$(rows "$output" refused)" -ge 11 ]
}

@test "command test: an operation that is off is what it finds" {
	mode 'degrade vmsplice=off'
	run as_user spliceguard test
	[ "$status" = 1 ]
	same "$(grep SHARED <<<"$output" | awk '{ print $1 }' | sort -u)" vmsplice
	mode 'degrade zerocopy=log'
	run as_user spliceguard test
	same "$(grep -E 'SHARED|LOST' <<<"$output" | awk '{ print $1 }' | sort -u | grep -v io_uring)" MSG_ZEROCOPY
}

@test "command test: trust is told, and what may be written is not what is tried" {
	trusted writable
	run -0 as_user spliceguard test
	trusted 'fs:tmpfs net:tcp'
	run as_user spliceguard test
	[ "$status" = 1 ]
	# What a listed protocol may still take out of it may stay shared in a pipe, but nothing goes to another.
	same "$(grep SHARED <<<"$output" | grep -c unix)" 0
	[ "$(grep COPIED <<<"$output" | grep -c unix)" = 2 ]
	same "$(grep -E 'splice|sendfile' <<<"$output" | grep TCP | grep -c COPIED)" 0
	[[ "$output" == *"may be by choice: splice_trust is 'fs:tmpfs net:tcp'"* ]]
	trusted ''
}

@test "command status: the hooks are those that ftrace has, and one that fails is found" {
	run -0 as_user spliceguard status
	[[ "${lines[0]}" == *": protected" ]]
	[[ "$output" == *"hooks   $(hooks) active"* ]]
	insmod /test/disarm.ko
	run as_user spliceguard status
	[ "$status" = 1 ]
	[[ "$output" == *"because the hook of do_tee is not in place"* ]]
	run as_user spliceguard verify
	[ "$status" = 1 ]
	[[ "$output" == *"the hook of do_tee is not in place"* ]]
	rmmod disarm
	run -0 as_user spliceguard status
}

@test "command status, verify: not loaded" {
	unload_module
	for command in status verify; do
		run as_user spliceguard $command
		[ "$status" = 3 ]
		[[ "$output" == *"not loaded"* ]]
	done
}

@test "command set, undo: in force at once, and back" {
	run -0 spg set block vmsplice=log --trust 'writable net:tcp' --group 5
	same "$(cat "$KNOB" "$TRUST" "$GROUP")" $'block vmsplice=log\nwritable net:tcp\n5'
	run -0 spg undo
	same "$(cat "$KNOB" "$TRUST" "$GROUP")" $'degrade\n\n-1'
	run -0 spg undo
	same "$(cat "$KNOB")" 'block vmsplice=log'
	run -0 spg undo
}

@test "command set: a failure on the way leaves all as it was" {
	mode off
	insmod /test/owner.ko function=do_tee
	run spg set degrade --trust writable
	[ "$status" = 1 ]
	[[ "$output" == *"kernel.splice_mode stays 'off'"*"dmesg"* ]]
	same "$(cat "$KNOB" "$TRUST")" off
	rmmod owner
}

@test "command set --persist: the next load has it from the first moment on" {
	run -0 spg set 'degrade' 'tee=block' --trust 'writable fs:xfs' --persist
	unload_module
	judge_phase
	modprobe spliceguard
	begin_phase
	same "$(cat "$KNOB" "$TRUST")" $'degrade tee=block\nwritable fs:xfs'
	run -0 as_user spliceguard verify
	mode log
	run as_user spliceguard verify
	[ "$status" = 1 ]
	[[ "$output" == *"kernel.splice_mode is 'log', and 'degrade tee=block' is configured (/etc/modprobe.d/spliceguard.conf)"* ]]
	mode 'degrade tee=block'
	run -0 spg undo
	same "$(cat "$KNOB" "$TRUST")" degrade
	[ ! -e /etc/modprobe.d/spliceguard.conf ]
	[ ! -e /etc/modules-load.d/spliceguard.conf ]
}

@test "command: nobody without the right changes or watches anything" {
	for arguments in 'set log' 'set --persist' 'lock --yes' 'top -n 1' 'explain true'; do
		# shellcheck disable=SC2086
		run as_user spliceguard $arguments
		[ "$status" = 4 ]
	done
	# Root, but not in the initial user namespace.
	run unshare -Ur spliceguard set log
	[ "$status" = 4 ]
	same "$(cat "$KNOB" "$LOCKED")" $'degrade\n0'
}

@test "command top: who, what, from where to where, calls and bytes" {
	coproc spliceguard top -d 2 -n 3 3>&-
	pid=$COPROC_PID
	exec 9<&"${COPROC[0]}"
	eventually grep -qs 1 "/sys/kernel/tracing/instances/spliceguard-$pid/events/spliceguard/verdict/enable"
	call -n 'a "b' -r 3 sendfile /tmp/big tcp 300000 >/dev/null
	call -n filler splice /tmp/big pipe 8192 >/dev/null
	mapfile -t lines <&9
	wait "$pid"
	printf '%s\n' "${lines[@]}"
	# They may fall into two intervals.
	same "$(printf '%s\n' "${lines[@]}" | sed -nE 's/.* (process=.* from=.*) calls=([0-9]+) bytes=([0-9]+)$/\1\t\2\t\3/p' |
		awk -F'\t' '{ calls[$1] += $2; bytes[$1] += $3 } END { for (row in calls) print row, calls[row], bytes[row] }' | sort)" \
		'process="a "b" op=sendfile from=tmpfs to=tcp verdict=copied 3 900000
process="filler" op=splice from=tmpfs to=pipe verdict=copied 1 8192'
	no_instance
}

@test "command top: ends by a signal, or when nobody reads, and leaves nothing behind; of one that was killed, the next removes it" {
	for signal in INT TERM HUP; do
		# A job in the background ignores SIGINT otherwise.
		setsid env --default-signal=INT spliceguard top -d 60 >/dev/null 3>&- &
		pid=$!
		eventually test -d /sys/kernel/tracing/instances/spliceguard-$pid
		kill -$signal $pid
		wait $pid
		no_instance
	done
	spliceguard top -d 60 >/dev/null 3>&- &
	pid=$!
	eventually test -d /sys/kernel/tracing/instances/spliceguard-$pid
	kill -KILL $pid
	wait $pid || true
	[ -d /sys/kernel/tracing/instances/spliceguard-$pid ]
	(while sleep 0.2; do call sendfile /tmp/big tcp 4096; done) >/dev/null 3>&- &
	caller=$!
	spliceguard top -d 1 | head -n 1 | grep op=sendfile
	kill $caller
	no_instance
}

@test "command top: a table where it is a terminal" {
	run -0 spliceguard top -d 0.5 -n 2 >/dev/ttyS0
	no_instance
}

@test "command explain: a program with its children, in mode off, which comes back" {
	mode off
	run spliceguard explain bash -c 'call -n one sendfile /tmp/big tcp 300000; (call -n two -r 2 splice /tmp/big pipe 8192; true); call tee pipe pipe 100'
	echo "$output"
	[ "$status" = 0 ]
	is_mode off
	[[ "$output" == *"kernel.splice_mode is 'off'; it is 'log' while this watches"*"kernel.splice_mode is 'off' again"* ]]
	grep -E '^  one +[0-9]+ +sendfile +tmpfs +tcp +1 +293 KiB +copied +EINVAL$' <<<"$output"
	grep -E '^  two +[0-9]+ +splice +tmpfs +pipe +2 +16.0 KiB +copied +EINVAL$' <<<"$output"
	grep -E '^  call +[0-9]+ +tee +nothing shared +- +1 +- +as on stock +EINVAL$' <<<"$output"
	[[ "$output" == *"degrade copies 309 KiB in 3 calls"*"block refuses 4 calls"* ]]
	no_instance
}

@test "command explain: nothing of others, and nothing where there is nothing" {
	(while :; do call sendfile /tmp/big tcp 4096; done) >/dev/null 3>&- &
	caller=$!
	run -0 spliceguard explain sleep 1
	kill $caller
	[[ "$output" == *"No zero-copy call was seen"* ]]
	run spliceguard explain /no/such/program
	[ "$status" = 1 ]
	[[ "$output" == *"/no/such/program cannot be run: No such file"* ]]
	no_instance
}

@test "command explain: trust, refusals, completions asked for, and io_uring" {
	trusted writable
	run -0 spliceguard explain call sendfile /tmp/big tcp 4096
	trusted ''
	grep -E '^  call +[0-9]+ +sendfile +tmpfs +tcp +1 +4.0 KiB +shared \(trusted\) +shared \(trusted\)$' <<<"$output"
	[[ "$output" == *"degrade copies 0 B in 0 calls, and lets by those that are trusted"* ]]
	mode block
	run -0 spliceguard explain oracle /tmp/f write tee:pipe-pipe zerocopy:map-tcp
	[[ "$output" == *"block refuses 3 calls"*"SO_ZEROCOPY was asked for 1 times"* ]]
	mode degrade
	run -0 spliceguard explain oracle /tmp/f write uring-splice:file-pipe
	[[ "$output" == *absent* || "$output" == *"io_uring is used"* ]]
}

@test "command explain: a process that runs, with its children and theirs" {
	mode off
	bash -c 'while :; do bash -c "call -n grandchild sendfile /tmp/big unix 4096; true"; sleep 0.1; done' >/dev/null 3>&- &
	pid=$!
	run -0 spliceguard explain -f -d 3 $pid
	is_mode off
	grep -E "^  grandchild +[0-9]+ +sendfile +tmpfs [0-9]+:[0-9]+ inode $(stat -c %i /tmp/big) +unix +1 +4.0 KiB +copied +EINVAL$" <<<"$output"
	# Ends with it, and by a signal.
	spliceguard explain $pid >/tmp/said 2>&1 3>&- &
	explainer=$!
	eventually is_mode log
	kill -TERM $explainer
	wait $explainer
	is_mode off
	spliceguard explain $pid >/tmp/said 2>&1 3>&- &
	explainer=$!
	eventually is_mode log
	kill $pid
	wait $explainer
	is_mode off
	no_instance
}

@test "command explain: a mode that somebody else sets meanwhile stays" {
	mode off
	run -0 spliceguard explain sh -c 'echo block >/proc/sys/kernel/splice_mode'
	[[ "$output" == *"changed by somebody else meanwhile"* ]]
	is_mode block
}

@test "command metrics: what sysfs has" {
	call sendfile /tmp/big tcp 300000
	run -0 as_user spliceguard metrics
	grep -Fx "spliceguard_calls_total{operation=\"sendfile\",verdict=\"copied\"} $(counter sendfile/copied)" <<<"$output"
	grep -Fx "spliceguard_copied_bytes_total{operation=\"sendfile\"} $(counter sendfile/bytes_copied)" <<<"$output"
	grep -Fx "spliceguard_hooks{state=\"active\"} $(hooks)" <<<"$output"
	grep -Fx 'spliceguard_protected 1' <<<"$output"
}

@test "command bench: measures each mode, reports, and brings the mode back" {
	export BENCH_MIB=1
	mode 'degrade vmsplice=block'
	spg bench --modes --output /tmp/bench calls
	is_mode 'degrade vmsplice=block'
	kernel=$(uname -r | grep -oE '^[0-9]+\.[0-9]+')
	same "$(cut -d, -f2 "/tmp/bench/$kernel.csv" | sort -u | paste -sd' ')" 'block degrade log stock'
	grep -q 'works-sendfile.*degrade' "/tmp/bench/$kernel.txt"
	[[ "$(tail -n 1 "/tmp/bench/$kernel.csv")" == *,*,*,*,*,*,* ]]
	# Without privilege, what is in force.
	as_user spliceguard bench --output /tmp/bench-user calls
	same "$(cut -d, -f2 "/tmp/bench-user/$kernel.csv" | sort -u)" degrade
	grep -q works-tee "/tmp/bench-user/$kernel.csv"
	run ! grep works-vmsplice "/tmp/bench-user/$kernel.csv"
	is_mode 'degrade vmsplice=block'
}

@test "command bench: stopped in the middle, it brings the mode back as well" {
	mode log
	BENCH_MIB=1 setsid spliceguard bench --modes --output /tmp/stopped calls >/dev/null 2>/tmp/said 3>&- &
	running=$!
	eventually is_mode off
	kill -TERM $running
	status=0
	wait $running || status=$?
	[ "$status" = 130 ]
	is_mode log
	run ! ls /tmp/stopped/*.txt
}
