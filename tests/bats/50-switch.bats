#!/usr/bin/env bats
# Switching the mode while calls run and sleep.
load helper

setup_file() {
	load_module
}

@test "switching while calls sleep on full and empty pipes: each ends as it should" {
	mode log
	for kind in socket-pipe file-pipe pipe-socket short-sendfile vmsplice tee; do
		for before in off log degrade; do
			for after in degrade off block; do
				quick_mode $before
				hold_call $kind
				quick_mode $after
				let_go
				case $kind in
				socket-pipe | pipe-socket | tee) [ "$HELD" = 'ended 1' ] ;;
				file-pipe) [ "$HELD" = 'ended 100' ] ;;
				short-sendfile) [ "$HELD" = 'ended 1000' ] ;;
				vmsplice) [ "$HELD" = 'ended 4096' ] ;;
				esac
			done
		done
	done
}

@test "a sendfile that is under way when block comes goes on as a copy" {
	mode degrade
	for after in block 'degrade sendfile=block'; do
		mode degrade
		bytes=$(counter sendfile/bytes_copied)
		hold_call sendfile
		mode "$after"
		let_go
		[ "$HELD" = 'ended 1048576' ]
		[ "$(counter sendfile/bytes_copied)" = $((bytes + 1048576)) ]
	done
}

@test "a splice that waits for space when block comes puts private pages into the pipe" {
	mode degrade
	copied=$(counter splice/copied)
	hold_call file-pipe
	mode block
	let_go
	[ "$HELD" = 'ended 100' ]
	[ "$(counter splice/copied)" = $((copied + 1)) ]
}

@test "1,000 switches under ten processes: every byte is right" {
	mode log
	nice -n 10 traffic 300 10 25000 >/tmp/traffic 2>&1 3>&- &
	traffic=$!
	n=0
	while [ $n -lt 1000 ]; do
		for m in log degrade 'degrade vmsplice=log' 'log splice=degrade zerocopy=degrade' 'degrade sendfile=log tee=log zerocopy=log' log degrade 'log vmsplice=degrade'; do
			quick_mode "$m"
			n=$((n + 1))
		done
		case $((n % 64)) in
		0) quick_mode off; n=$((n + 1)) ;;
		32) quick_mode block; n=$((n + 1)) ;;
		esac
	done
	kill $traffic
	wait $traffic || { cat /tmp/traffic; false; }
	grep bytes /tmp/traffic
	mode degrade
}

@test "switching while others read which hooks are in place: what they read is whole, and never failed" {
	mode log
	readers=()
	for i in 1 2 3; do
		setpriv --reuid 1000 --clear-groups bash -c 'while :; do cat /sys/kernel/spliceguard/hooks; done' >"/tmp/read.$i" 2>/dev/null 3>&- &
		readers+=($!)
	done
	for _ in {1..10}; do
		for m in degrade off block 'off tee=log'; do quick_mode "$m"; done
		# A reader may be killed while it waits.
		pkill -KILL -U 1000 -x cat || true
	done
	kill "${readers[@]}"
	wait "${readers[@]}" || true
	mode degrade
	cat /tmp/read.? >/tmp/read
	[ "$(grep -c 'do_tee active' /tmp/read)" -gt 0 ]
	[ "$(grep -c 'do_tee idle' /tmp/read)" -gt 0 ]
	run ! grep -vE '^[a-z_0-9]+ (active|idle|missing)$' /tmp/read
	[ "$(oracle /tmp/f write splice:file-pipe)" = "splice:file-pipe COPIED" ]
}

@test "the mode in force after many switches is the last one" {
	for _ in {1..20}; do
		quick_mode log
		quick_mode degrade
	done
	mode degrade
	[ "$(oracle /tmp/f write splice:file-pipe)" = "splice:file-pipe COPIED" ]
	mode off
	[ "$(oracle /tmp/f write splice:file-pipe)" = "splice:file-pipe SHARED" ]
}
