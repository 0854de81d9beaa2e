#!/usr/bin/env bats
# What others see: the tracepoint, log lines, audit records, and the file that says which hooks are in place.
load helper

TRACING=/sys/kernel/tracing/instances/spliceguard
EVENT=$TRACING/events/spliceguard/verdict
HOOKS=/sys/kernel/spliceguard/hooks

setup_file() {
	load_module
	mkdir -p $TRACING
	modprobe -a loop fuse overlay 2>/dev/null || true
	mkdir -p /tmp/{ext4,fuse,tmpfs,overlay}
	truncate -s 16M /tmp/ext4.img /tmp/fuse.img
	mkfs.ext4 -q /tmp/ext4.img
	mkfs.ext4 -q -O ^has_journal /tmp/fuse.img
	mount -o loop /tmp/ext4.img /tmp/ext4
	fuse2fs /tmp/fuse.img /tmp/fuse -o rw 3>&-
	mount -t tmpfs tmpfs /tmp/tmpfs
	mkdir -p /tmp/tmpfs/{lower,upper,work}
	mount -t overlay -o lowerdir=/tmp/tmpfs/lower,upperdir=/tmp/tmpfs/upper,workdir=/tmp/tmpfs/work overlay /tmp/overlay
	for fs in ext4 fuse tmpfs overlay; do eventually mountpoint -q /tmp/$fs; done
	head -c 1M /dev/urandom >/tmp/ext4/big
}

teardown_file() {
	mode off
	rmdir $TRACING
	umount /tmp/overlay /tmp/tmpfs /tmp/fuse /tmp/ext4
}

setup() {
	load_module
	is_mode degrade || mode degrade
}

# events COMMAND...: what the tracepoint shows of it. Pieces of one call are one line, with the sum of their bytes.
events() {
	echo >$TRACING/trace
	echo 1 >$EVENT/enable
	"$@" >/tmp/said
	echo 0 >$EVENT/enable
	sed -n 's/.*: verdict: //p' $TRACING/trace >/tmp/events
	awk '{
		match($0, / bytes=[0-9]+/)
		bytes = substr($0, RSTART + 7, RLENGTH - 7)
		line = substr($0, 1, RSTART - 1) " bytes=%d" substr($0, RSTART + RLENGTH)
		if (line != last && NR > 1) { printf last "\n", sum; sum = 0 }
		last = line; sum += bytes
	} END { if (NR) printf last "\n", sum }' /tmp/events
}

# from FS FILE: how an event names that source.
from() {
	echo "source=$1 dev=$(stat -c %Hd:%Ld "$2") ino=$(stat -c %i "$2")"
}

NOWHERE='dev=0:0 ino=0'

# 5.10 copies the first bytes of a datagram anyway, behind its headers.
zerocopy_len() {
	case $1-$(uname -r) in
	udp-5.10.*) echo 12236 ;;
	*) echo 12288 ;;
	esac
}

@test "tracepoint: its format" {
	same "$(sed -n 's/^print fmt: \("[^"]*"\).*/\1/p' $EVENT/format)" \
		'"op=%s verdict=%s bytes=%llu source=%s dev=%u:%u ino=%lu sink=%s"'
	for field in 'op;' 'verdict;' 'bytes;' 'fstype\[32\];' 'dev;' 'ino;' 'sink\[8\];' 'counted;'; do
		grep -E "field:.* $field" $EVENT/format
	done
	# For tools, the names of the operations and verdicts are numbers by now.
	run ! grep SPG_ $EVENT/format
}

@test "tracepoint: degrade copies, and each call says what from where to where" {
	f=/tmp/tmpfs/f
	same "$(events oracle $f write splice:file-pipe)" "op=splice verdict=copied bytes=12288 $(from tmpfs $f) sink=pipe"
	for sink in tcp unix; do
		same "$(events oracle $f write splice:file-pipe-$sink)" "$(
			echo "op=splice verdict=copied bytes=12288 $(from tmpfs $f) sink=pipe"
			echo "op=splice verdict=copied bytes=12288 source=pipe $NOWHERE sink=$sink")"
	done
	for sink in tcp unix udp; do
		same "$(events oracle $f write sendfile:file-$sink)" "op=sendfile verdict=copied bytes=12288 $(from tmpfs $f) sink=$sink"
	done
	same "$(events oracle $f write vmsplice:map-pipe)" "op=vmsplice verdict=copied bytes=12288 source=memory $NOWHERE sink=pipe"
	for sink in tcp udp; do
		same "$(events oracle $f write zerocopy:map-$sink)" "op=zerocopy verdict=copied bytes=$(zerocopy_len $sink) source=memory $NOWHERE sink=$sink"
	done
	# What is in the pipe is private, so the tee shares nothing.
	same "$(events oracle $f write tee:pipe-pipe)" "op=splice verdict=copied bytes=12288 $(from tmpfs $f) sink=pipe"
	# io_uring's are the same calls.
	run events oracle $f write uring-splice:file-pipe
	! grep -v absent /tmp/said || same "$output" "op=splice verdict=copied bytes=12288 $(from tmpfs $f) sink=pipe"
	run events oracle $f write uring-send-zc:map-tcp
	! grep -v absent /tmp/said || same "$output" "op=zerocopy verdict=copied bytes=12288 source=memory $NOWHERE sink=tcp"
}

@test "tracepoint: sources of every kind" {
	for fs in ext4 fuse; do
		f=/tmp/$fs/f
		same "$(events oracle $f write splice:file-pipe)" "op=splice verdict=copied bytes=12288 $(from $fs $f) sink=pipe"
		same "$(events oracle $f write sendfile:file-tcp)" "op=sendfile verdict=copied bytes=12288 $(from $fs $f) sink=tcp"
	done
	# Through overlayfs, the file that the pages are of.
	same "$(events oracle /tmp/overlay/f write splice:file-pipe)" \
		"op=splice verdict=copied bytes=12288 $(from tmpfs /tmp/tmpfs/upper/f) sink=pipe"
	same "$(events oracle /tmp/overlay/f write sendfile:file-tcp)" \
		"op=sendfile verdict=copied bytes=12288 $(from tmpfs /tmp/tmpfs/upper/f) sink=tcp"
	# A device.
	loop=$(losetup -f --show /tmp/ext4.img)
	for call in splice sendfile; do
		sink=tcp
		[ $call != splice ] || sink=pipe
		same "$(events call $call "$loop" $sink 8192)" "op=$call verdict=copied bytes=8192 source=device dev=$(stat -c %Hr:%Lr "$loop") ino=0 sink=$sink"
	done
	losetup -d "$loop"
	# A socket that holds a file's pages.
	mode log
	events oracle /tmp/tmpfs/f write splice:file-unix-pipe >/tmp/merged
	grep -E '^op=splice verdict=pass bytes=12288 source=socket dev=0:[0-9]+ ino=[1-9][0-9]* sink=pipe$' /tmp/merged
}

@test "tracepoint: sinks that see private pages, and those that are not judged" {
	truncate -s 1M /tmp/disk
	loop=$(losetup -f --show /tmp/disk)
	same "$(events call sendfile /tmp/ext4/big "$loop" 8192)" "op=sendfile verdict=copied bytes=8192 $(from ext4 /tmp/ext4/big) sink=device"
	same "$(events call sendfile /tmp/ext4/big /tmp/fuse/out 8192)" "op=sendfile verdict=copied bytes=8192 $(from ext4 /tmp/ext4/big) sink=file"
	losetup -d "$loop"
	# A buffered write is a copy, and a pipe's own data is nobody else's.
	same "$(events call sendfile /tmp/ext4/big /tmp/out 8192)" ""
	same "$(cat /tmp/said)" 8192
	same "$(events call splice pipe /tmp/out 4096)" ""
	same "$(cat /tmp/said)" 4096
}

@test "tracepoint: what came in before the switch is copied when it is handed on" {
	mode off
	# By name, so that the pipe outlives who fills it.
	mkfifo /tmp/fifo
	exec 7<>/tmp/fifo
	call splice /tmp/ext4/big /tmp/fifo 8192
	mode degrade
	events call tee /tmp/fifo pipe 4096 >/tmp/merged
	same "$(sed 's/dev=.* ino=[0-9]*/dev ino/' /tmp/merged)" "op=tee verdict=copied bytes=8192 source=pipe dev ino sink=pipe"
	exec 7>&-
}

@test "tracepoint: log passes, and says what degrade would copy" {
	mode log
	f=/tmp/ext4/f
	same "$(events oracle $f write splice:file-pipe-tcp)" "$(
		echo "op=splice verdict=pass bytes=12288 $(from ext4 $f) sink=pipe"
		echo "op=splice verdict=pass bytes=12288 source=pipe $NOWHERE sink=tcp")"
	same "$(events oracle $f write sendfile:file-tcp)" "op=sendfile verdict=pass bytes=12288 $(from ext4 $f) sink=tcp"
	events oracle $f write tee:pipe-pipe >/tmp/merged
	same "$(sed 's/source=pipe dev=.* ino=[0-9]*/source=pipe dev ino/' /tmp/merged)" "$(
		echo "op=splice verdict=pass bytes=12288 $(from ext4 $f) sink=pipe"
		echo "op=tee verdict=pass bytes=12288 source=pipe dev ino sink=pipe")"
	same "$(events oracle $f write vmsplice:map-pipe)" "op=vmsplice verdict=pass bytes=12288 source=memory $NOWHERE sink=pipe"
	for sink in tcp udp; do
		same "$(events oracle $f write zerocopy:map-$sink)" "op=zerocopy verdict=pass bytes=$(zerocopy_len $sink) source=memory $NOWHERE sink=$sink"
	done
}

@test "tracepoint: block refuses, with what was asked for" {
	mode block
	f=/tmp/ext4/big
	same "$(events call splice $f pipe 1000)" "op=splice verdict=refused bytes=1000 $(from ext4 $f) sink=pipe"
	same "$(cat /tmp/said)" EINVAL
	same "$(events call sendfile $f tcp 1000000)" "op=sendfile verdict=refused bytes=1000000 $(from ext4 $f) sink=tcp"
	same "$(events call sendfile $f /tmp/out 1000000)" "op=sendfile verdict=refused bytes=1000000 $(from ext4 $f) sink=file"
	same "$(events call sendfile - - 10)" "op=sendfile verdict=refused bytes=10 source=none $NOWHERE sink=none"
	same "$(events call splice /dev/zero pipe 10)" "op=splice verdict=refused bytes=10 source=device dev=1:5 ino=0 sink=pipe"
	same "$(events call vmsplice pipe 5000)" "op=vmsplice verdict=refused bytes=5000 source=memory $NOWHERE sink=pipe"
	same "$(events call tee pipe pipe 77 | sed 's/dev=.* ino=[0-9]*/dev ino/')" "op=tee verdict=refused bytes=77 source=pipe dev ino sink=pipe"
	calls=$(counter zerocopy/refused)
	events zerocopy requests >/tmp/merged
	same "$(grep -c verdict=refused /tmp/events)" $(($(counter zerocopy/refused) - calls))
	grep "^op=zerocopy verdict=refused bytes=0 source=memory $NOWHERE sink=tcp" /tmp/merged
	grep "^op=zerocopy verdict=refused bytes=0 source=memory $NOWHERE sink=udp" /tmp/merged
	grep "^op=zerocopy verdict=refused bytes=0 source=memory $NOWHERE sink=socket" /tmp/merged
	if grep 'uring,send EOPNOTSUPP' /tmp/said; then
		grep "^op=zerocopy verdict=refused bytes=10 source=memory $NOWHERE sink=tcp" /tmp/events
	fi
}

@test "tracepoint: what is trusted stays by reference" {
	trusted 'writable capable'
	f=/tmp/ext4/f
	for m in degrade log; do
		mode $m
		same "$(events oracle $f write splice:file-pipe-tcp)" "$(
			echo "op=splice verdict=trusted bytes=12288 $(from ext4 $f) sink=pipe"
			echo "op=splice verdict=trusted bytes=12288 source=pipe $NOWHERE sink=tcp")"
		same "$(events oracle $f write sendfile:file-tcp)" "op=sendfile verdict=trusted bytes=12288 $(from ext4 $f) sink=tcp"
		same "$(events oracle $f write vmsplice:map-pipe)" "op=vmsplice verdict=trusted bytes=12288 source=memory $NOWHERE sink=pipe"
		same "$(events oracle $f write zerocopy:map-tcp)" "op=zerocopy verdict=trusted bytes=12288 source=memory $NOWHERE sink=tcp"
	done
	trusted ""
}

@test "tracepoint: off has no event, nor has what is in a mode of off" {
	mode 'off tee=degrade'
	same "$(events oracle /tmp/ext4/f write splice:file-pipe sendfile:file-tcp vmsplice:map-pipe zerocopy:map-tcp)" ""
	mode off
	same "$(events oracle /tmp/ext4/f write splice:file-pipe sendfile:file-tcp vmsplice:map-pipe zerocopy:map-tcp tee:pipe-pipe)" ""
}

@test "tracepoint: a long sendfile is many pieces, of which one is counted; bytes add up" {
	local sink
	for sink in unix tcp; do
		calls=$(counter sendfile/copied)
		same "$(events call sendfile /tmp/ext4/big $sink 1048576)" "op=sendfile verdict=copied bytes=1048576 $(from ext4 /tmp/ext4/big) sink=$sink"
		[ "$(wc -l </tmp/events)" -ge 16 ]
		same "$(counter sendfile/copied)" $((calls + 1))
	done
	echo 'counted == 1' >$EVENT/filter
	calls=$(counter sendfile/copied)
	events call -r 3 sendfile /tmp/ext4/big tcp 300000
	same "$(wc -l </tmp/events)" $(($(counter sendfile/copied) - calls))
	calls=$(counter zerocopy/copied)
	events oracle /tmp/ext4/f write zerocopy:map-tcp zerocopy:map-udp
	same "$(wc -l </tmp/events)" $(($(counter zerocopy/copied) - calls))
	echo 0 >$EVENT/filter
}

@test "tracepoint: as many counted events as the counters say, under all kinds of traffic" {
	sums() {
		local op
		for op in splice sendfile tee vmsplice zerocopy; do
			for c in passed trusted copied refused; do echo "$op $c $(counter $op/$c)"; done
		done
	}
	echo 50000 >$TRACING/buffer_size_kb
	echo 'counted == 1' >$EVENT/filter
	for m in degrade log; do
		mode "$m"
		sums >/tmp/before
		events traffic 3 4 200 >/tmp/merged
		sums | paste - /tmp/before | awk '$3 > $6 { sub("passed", "pass", $2); print $1, $2, $3 - $6 }' >/tmp/counted
		awk '{ sub("op=", "", $1); sub("verdict=", "", $2); n[$1 " " $2]++ } END { for (i in n) print i, n[i] }' /tmp/events | sort >/tmp/traced
		[ -s /tmp/traced ]
		diff <(sort /tmp/counted) /tmp/traced
		grep overrun: $TRACING/per_cpu/cpu*/stats
		! grep -E '^overrun: [1-9]' $TRACING/per_cpu/cpu*/stats
	done
	echo 0 >$EVENT/filter
	echo 1000 >$TRACING/buffer_size_kb
}

@test "tracepoint: unloading while somebody traces, and loading again" {
	echo 1 >$EVENT/enable
	rmmod spliceguard
	[ ! -e $EVENT ]
	insmod /test/spliceguard.ko
	same "$(events oracle /tmp/ext4/f write splice:file-pipe)" "op=splice verdict=copied bytes=12288 $(from ext4 /tmp/ext4/f) sink=pipe"
}

# How many hooks are in that state.
in_state() {
	grep -c " $1\$" $HOOKS || true
}

@test "hooks file: each hook of ours, and those that the mode needs are active" {
	for m in degrade log block 'off tee=log' 'off vmsplice=block' off; do
		mode "$m"
		cat $HOOKS
		run ! grep -vE '^[a-z_0-9]+ (active|idle|missing)$' $HOOKS
		same "$(in_state active)" "$(hooks)"
		while read -r function state; do
			if [ "$state" = active ]; then grep -x "$function" <<<"$(hooked)"; fi
		done <$HOOKS
	done
	same "$(in_state active)" 0
	mode 'off tee=log'
	same "$(grep -c '^do_tee active$' $HOOKS)" 1
	grep '^do_splice idle$' $HOOKS
}

@test "hooks file: what this kernel lacks" {
	unload_module
	insmod /test/lacking.ko mode=off
	same "$(grep missing $HOOKS)" 'no_such_function missing'
	mode 'off tee=block'
	same "$(in_state active)" "$(hooks)"
	unload_module
}

@test "hooks file: hooks that do not fire have failed, and are active once they do again" {
	active=$(in_state active)
	[ "$active" -gt 7 ]
	insmod /test/disarm.ko
	log=$(dmesg | wc -l)
	same "$(in_state failed)" "$active"
	same "$(in_state active)" 0
	# Anybody may read this, so it says nothing in the log.
	same "$(dmesg | wc -l)" "$log"
	[ "$(oracle /tmp/tmpfs/f write splice:file-pipe)" = "splice:file-pipe SHARED" ]
	rmmod disarm
	same "$(in_state active)" "$active"
	[ "$(oracle /tmp/tmpfs/f write splice:file-pipe)" = "splice:file-pipe COPIED" ]
	# And nothing has been counted in that is not out.
	eventually rmmod spliceguard
}

@test "hooks file: anybody may read it, and nobody write" {
	same "$(stat -c %a $HOOKS)" 444
	same "$(setpriv --reuid 1000 --clear-groups cat $HOOKS)" "$(cat $HOOKS)"
	run dd if=/dev/zero of=$HOOKS count=1 status=none
	[ "$status" -ne 0 ]
}

# A line of its own in the log, and what has come since then. /dev/kmsg escapes what cannot be printed, and backslashes: ours are "\x5c" there.
mark() {
	MARK="mark $((RANDOM * RANDOM)) $BATS_TEST_NUMBER"
	echo "$MARK" >/dev/kmsg
}

since_mark() {
	dd if=/dev/kmsg iflag=nonblock bs=8k status=none 2>/dev/null | sed "1,/;$MARK$/d" | sed -n 's/^[0-9].*;spliceguard: //p'
}

# Ten lines in five seconds is all there is.
limit_is_over() {
	nap 5.2
}

@test "log: a refusal says who was refused what, and why" {
	mode 'degrade splice=block'
	limit_is_over
	mark
	pid=$(setpriv --reuid 33 --clear-groups bash -c 'echo $$; exec call -n nginx splice /tmp/ext4/big pipe 1000 >&2')
	since_mark
	same "$(since_mark)" "refused splice of nginx[$pid] uid 33 (kernel.splice_mode=degrade splice=block); see spliceguard(7)"
	# In a user namespace, the uid is still the one that the administrator knows.
	mark
	unshare --user --map-root-user call -n other splice /tmp/ext4/big pipe 1000
	setpriv --reuid 1000 --clear-groups unshare --user --map-root-user call -n other splice /tmp/ext4/big pipe 1000
	same "$(since_mark | grep -oE 'uid [0-9]+')" $'uid 0\nuid 1000'
	mode block
	mark
	call sendfile /tmp/ext4/big tcp 10
	call tee pipe pipe 10
	call vmsplice pipe 10
	oracle /tmp/tmpfs/f write zerocopy:map-tcp
	same "$(since_mark | grep -oE 'refused [a-z]+ .*\(kernel.splice_mode=block\)' | cut -d' ' -f2 | tr '\n' ' ')" "sendfile tee vmsplice zerocopy "
}

@test "log: refusals are reported ten times in five seconds, counted always, and then reported again" {
	mode block
	limit_is_over
	mark
	calls=$(counter splice/refused)
	call -r 5000 splice /tmp/ext4/big pipe 1000
	same "$(counter splice/refused)" $((calls + 5000))
	since_mark
	same "$(since_mark | grep -c 'refused splice of call')" 10
	same "$(since_mark | tail -n 1)" "what is refused in the next seconds is counted only, in /sys/kernel/spliceguard"
	limit_is_over
	mark
	call splice /tmp/ext4/big pipe 1000
	same "$(since_mark | grep -c 'refused splice of call')" 1
}

@test "log: a name cannot bring control characters in" {
	mode block
	limit_is_over
	mark
	call -n $'a\nb\e[31m\\\xff\x9b~' splice /tmp/ext4/big pipe 1000
	since_mark
	since_mark | grep -F 'refused splice of a\x5cx0ab\x5cx1b[31m\x5cx5c\x5cxff\x5cx9b~['
	writer=$'/tmp/x\ny\e'
	cp /usr/bin/dd "$writer"
	mark
	printf log | "$writer" of="$KNOB" status=none
	since_mark
	since_mark | grep -F "splice_mode: 'block' -> 'log' by x\\x5cx0ay\\x5cx1b["
}

@test "log: a change of any knob says who made it, by login too" {
	mark
	(
		echo 1234 >/proc/self/loginuid
		echo log >"$KNOB"
		echo capable >"$TRUST"
		echo 99 >"$GROUP"
	)
	echo -1 >"$GROUP"
	echo >"$TRUST"
	since_mark
	same "$(since_mark | sed 's/\[[0-9]*\]//')" "$(
		echo "splice_mode: 'degrade' -> 'log' by bash uid 0 auid 1234"
		echo "splice_trust: '' -> 'capable' by bash uid 0 auid 1234"
		echo "splice_group: '-1' -> '99' by bash uid 0 auid 1234"
		echo "splice_group: '99' -> '-1' by bash uid 0"
		echo "splice_trust: 'capable' -> '' by bash uid 0")"
	# What changes nothing is no change.
	mark
	echo log >"$KNOB"
	same "$(since_mark)" ""
}

@test "log: who may not loosen is reported, who may not tighten is not, and what failed is" {
	mark
	run setpriv --bounding-set -sys_admin --inh-caps -sys_admin sh -c "echo off >$KNOB"
	[ "$status" -ne 0 ]
	run setpriv --bounding-set -sys_admin --inh-caps -sys_admin sh -c "echo block >$KNOB"
	[ "$status" -ne 0 ]
	run setpriv --bounding-set -sys_admin --inh-caps -sys_admin dd of="$KNOB" status=none <<<nonsense
	[[ "$output" == *"not permitted"* ]]
	same "$(since_mark | sed 's/\[[0-9]*\]//')" "splice_mode stays 'degrade': changing it needs CAP_SYS_ADMIN, and 'off' would be looser; tried by sh uid 0"
	mode off
	insmod /test/owner.ko function=do_tee
	mark
	run quick_mode degrade
	rmmod owner
	since_mark
	same "$(since_mark | tail -n 1 | sed 's/\[[0-9]*\]//')" "splice_mode stays 'off': 'degrade' failed with error -16; tried by bash uid 0"
}

@test "audit: a change of a knob is a CONFIG_CHANGE" {
	audit bash -c "echo 1234 >/proc/self/loginuid; echo degrade vmsplice=block >$KNOB; echo capable >$TRUST; echo >$TRUST" >/tmp/records
	grep -E '^1305 ' /tmp/records
	who='ppid=[0-9]+ pid=[0-9]+ auid=1234 uid=0 gid=0 .* ses=[0-9]+ comm="bash" exe="/usr/bin/bash"( subj=[^ ]+)? res=1$'
	same "$(grep -cE '^1305 .*op=set splice_' /tmp/records)" 3
	grep -E "^1305 audit\(.*\): op=set splice_mode old=\"degrade\" new=\"degrade,vmsplice=block\" $who" /tmp/records
	grep -E "^1305 audit\(.*\): op=set splice_trust old=\"\" new=\"capable\" $who" /tmp/records
	grep -E "^1305 audit\(.*\): op=set splice_trust old=\"capable\" new=\"\" $who" /tmp/records
	# Of one that was refused, too.
	audit setpriv --bounding-set -sys_admin --inh-caps -sys_admin sh -c "echo off >$KNOB; echo block >$KNOB" >/tmp/records
	same "$(grep -cE '^1305 .*op=set splice_' /tmp/records)" 1
	grep -E '^1305 .*op=set splice_mode old="degrade,vmsplice=block" new="off" .* res=0$' /tmp/records
}

@test "audit: a refusal is a KERNEL_OTHER, as often as it is in the log" {
	mode block
	limit_is_over
	audit setpriv --reuid 33 --clear-groups call -n $'a b\n"c' -r 100 sendfile /tmp/ext4/big tcp 10 >/tmp/records
	grep -E '^1316 ' /tmp/records
	same "$(grep -c '^1316 ' /tmp/records)" 10
	# A name that is not plain is in hexadecimal, as in all records.
	same "$(grep -cE '^1316 audit\(.*\): module="spliceguard" op=sendfile splice_mode="block" ppid=.* uid=33 .* comm=6120620A2263 exe="/test/programs/call"( subj=[^ ]+)? res=0$' /tmp/records)" 10
	# Off, there is none.
	limit_is_over
	mark
	call sendfile /tmp/ext4/big tcp 10
	since_mark | grep 'refused sendfile'
	run ! grep -E 'audit.*type=1316' <(dmesg | sed "1,/$MARK/d")
}
