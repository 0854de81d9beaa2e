#!/bin/bash
# run.sh: measure what modes cost on the machine that runs, as CSV: kernel,mode,workload,source,size,metric,value.
#
#   run.sh DIR [PART...]     the programs are beside this script; DIR, best on a tmpfs, gets files of some MiB to send
#
# Parts: moves (processor time per byte), calls (the least that a call takes), copies (copies and allocations, counted), memory, scale (two
# processors), nginx. It measures the mode that is in force, unless it is told to go through the modes by
#
#   MODES=guest    the machine is there for nothing else: the module is loaded from spliceguard.ko beside this script, and ext4, XFS and tmpfs with
#                  huge pages are made in DIR
#   MODES=here     where the module is loaded, "stock" is measured in off, and the mode that was in force comes back at the end; where it is
#                  not, it is loaded and goes again
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=command/bench/nginx.sh
. "$HERE/nginx.sh"
KNOB=/proc/sys/kernel/splice_mode
STATS=/sys/kernel/spliceguard
TRACING=/sys/kernel/tracing
KERNEL=$(uname -r | grep -oE '^[0-9]+\.[0-9]+')
[ $# -ge 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 64; }
DIR=$1
shift
PARTS=${*:-moves calls copies memory scale}
FILE=$DIR/file
SIZES="1024 4096 16384 65536 262144 1048576"
# A slice of so many MiB takes a while on any machine; where a clock counts instructions, a few do as well.
export BENCH_MIB=${BENCH_MIB:-128}

say() {
	printf '%s\n' "$*" >&2
}

has_part() {
	[[ " $PARTS " == *" $1 "* ]]
}

# out LINE: one line, with kernel and mode in front.
out() {
	echo "$KERNEL,$mode,$1"
}

# row PROGRAM ARGUMENTS...: its lines likewise. What this kernel or this user may not, is left out.
row() {
	local lines line
	if lines=$("$HERE/$1" "${@:2}" 2>"$DIR/error"); then
		while read -r line; do out "$line"; done <<<"$lines"
		[ ! -s "$DIR/error" ] || say "left out of $*: $(cat "$DIR/error")"
	else
		say "left out: $*: $(cat "$DIR/error")"
	fi
}

# Which connection it is makes a difference of a percent, and what log adds to a call of 64 KiB is hardly more: that counts by seven.
move() {
	local i
	row "$@"
	case "$mode $* " in
	stock*" 65536 "* | log*" 65536 "*) for i in {1..6}; do row "$@"; done ;;
	esac
}

# What moves bytes as a program with zero-copy does.
moves() {
	local size source
	for size in $SIZES; do
		move stream sendfile tcp "$size" tmpfs "$FILE"
		move stream splice tcp "$size" tmpfs "$FILE"
	done
	for size in 1024 4096 16384; do row stream files tcp "$size" tmpfs "$FILE"; done
	for size in $SIZES; do
		move stream vmsplice tcp "$size" memory
		move zerocopy zerocopy "$size"
		move zerocopy sendzc "$size"
		move relay splice "$size"
		move pipes vmsplice "$size"
	done
	for size in 4096 65536 1048576; do move pipes splice "$size" tmpfs "$FILE" "$DIR/copy"; done
	for size in 4096 65536 1048576; do
		for source in "${SOURCES[@]}"; do
			row stream sendfile tcp "$size" "$source" "$DIR/$source/file"
			row stream splice tcp "$size" "$source" "$DIR/$source/file"
		done
	done
	for size in 4096 16384 65536 1048576; do
		move stream sendfile unix "$size" tmpfs "$FILE"
		move stream splice unix "$size" tmpfs "$FILE"
		move stream sendfile tls "$size" tmpfs "$FILE"
	done
}

# And as one without. No mode changes any of it, so once is enough.
peers() {
	local mode=any size source
	row copy 65536
	for size in $SIZES; do
		row stream readwrite tcp "$size" tmpfs "$FILE"
		row stream send tcp "$size" memory
	done
	for size in 1024 4096 16384; do row stream filesread tcp "$size" tmpfs "$FILE"; done
	for size in $SIZES; do
		row stream writesplice tcp "$size" memory
		row zerocopy uringsend "$size"
		row relay recvsend "$size"
		row pipes write "$size"
	done
	for size in 4096 65536 1048576; do
		row pipes readwrite "$size" tmpfs "$FILE" "$DIR/copy"
		for source in "${SOURCES[@]}"; do row stream readwrite tcp "$size" "$source" "$DIR/$source/file"; done
	done
	for size in 4096 16384 65536 1048576; do
		row stream readwrite unix "$size" tmpfs "$FILE"
		row stream send unix "$size" memory
		row stream readwrite tls "$size" tmpfs "$FILE"
		row stream send tls "$size" memory
	done
}

nginx_rows() {
	local size
	for size in 4096 102400 10485760; do
		nginx_row plain-on "$size"
		nginx_row tls-on "$size"
	done
}

# Without sendfile, no mode changes anything.
nginx_peers() {
	local mode=any size
	for size in 4096 102400 10485760; do
		nginx_row plain-off "$size"
		nginx_row tls-off "$size"
	done
}

calls() {
	row percall works 4096 8 "$FILE"
	row percall works 65536 1 "$FILE"
}

sum() {
	awk '{ sum += $1 } END { print sum + 0 }'
}

# What the module says that it copied.
copied() {
	{ cat "$STATS"/*/bytes_copied 2>/dev/null || true; } | sum
}

# watch_memory [!]: count allocations by who makes them, or stop that.
watch_memory() {
	local event
	for event in kmalloc kmem_cache_alloc mm_page_alloc; do
		echo "${1:-}hist:keys=common_stacktrace" >"$TRACING/events/kmem/$event/trigger"
	done
}

# counted TITLE PROGRAM ARGUMENTS...: how often each byte was copied, as seen and by the module's own account, and how often memory
# was allocated, in all and by functions of the module's.
counted() {
	local title=$1 own bytes seen
	shift
	own=$(copied)
	insmod "$HERE/copies.ko" process="$1"
	watch_memory
	bytes=$("$HERE/$1" "${@:2}" | sed -n 's/.*,bytes,//p')
	seen=$(cat /sys/module/copies/parameters/{from_iter,to_iter,made_private} | sum)
	cat "$TRACING"/events/kmem/{kmalloc,kmem_cache_alloc,mm_page_alloc}/hist |
		awk -v bytes="$bytes" -v seen="$seen" -v own=$(($(copied) - own)) -v title="$KERNEL,$mode,$title" '
			/^{/ { ours = below = 0 }
			/sock_sendmsg|tcp_sendmsg/ { below = 1 }
			/\[spliceguard\]/ && !below { ours = 1 }
			/hitcount: / { sub(/.*hitcount: */, ""); all += $1; if (ours) by_us += $1 }
			END {
				printf "%s,copies_seen,%.4f\n", title, seen / bytes
				printf "%s,copies_counted,%.4f\n", title, own / bytes
				printf "%s,allocations_per_mib,%.2f\n", title, all / bytes * 1048576
				printf "%s,own_allocations_per_mib,%.2f\n", title, by_us / bytes * 1048576
			}'
	watch_memory !
	rmmod copies
}

copies() {
	counted counted-sendfile-tcp,tmpfs,65536 stream sendfile tcp 65536 tmpfs "$FILE"
	counted counted-splice-tcp,tmpfs,65536 stream splice tcp 65536 tmpfs "$FILE"
	counted counted-proxy-splice,tcp,65536 relay splice 65536
	[ "$mode" != stock ] || counted counted-readwrite-tcp,tmpfs,65536 stream readwrite tcp 65536 tmpfs "$FILE"
	[ "$mode" != stock ] || counted counted-send-tcp,memory,65536 stream send tcp 65536 memory
}

# The module's core, its memory for each processor, and the trampolines that ftrace made for it.
memory() {
	local core percpu trampolines
	core=$(cat /sys/module/spliceguard/coresize)
	percpu=$(($(cat "$HERE/percpu") * $(getconf _NPROCESSORS_CONF)))
	trampolines=$(($(grep -E '\[spliceguard\]' "$TRACING/enabled_functions" | grep -oE 'tramp: [^ ]+' | sort -u | wc -l) * 4096))
	out "memory,module,0,core_bytes,$core"
	out "memory,module,0,percpu_bytes,$percpu"
	out "memory,module,0,trampoline_bytes,$trampolines"
}

# The modes in turn, since other load on the machine comes and goes.
scale() {
	[ "$(getconf _NPROCESSORS_ONLN)" -gt 1 ] || return 0
	"$HERE/scale" "$FILE" 40 "$@" | sed "s/^/$KERNEL,/"
}

# What was in force, once there is something to bring back; "none" is a module that was not loaded.
BEFORE=

bring_back() {
	local i
	case $BEFORE in
	'') ;;
	none)
		[ -e $KNOB ] || return 0
		echo off >$KNOB
		# A process that was killed just now may be inside yet.
		for ((i = 0; i < 50; i++)); do
			if rmmod spliceguard 2>/dev/null; then
				BEFORE=
				return
			fi
			sleep 0.1
		done
		say "the module that was loaded for this cannot be unloaded again; it is in mode off"
		return 1
		;;
	*) echo "$BEFORE" >$KNOB || say "the mode that was in force, '$BEFORE', could not be set again" ;;
	esac
	BEFORE=
}

# However it ends; nothing is to come between, and no failure to keep the rest from being done.
clean_up() {
	trap '' INT TERM HUP
	set +e
	bring_back
	nginx_stop
}

# From stock to a module that does nothing.
load_module() {
	[ -z "$BEFORE" ] || return 0
	BEFORE=none
	if [ "$MODES" = guest ]; then
		insmod "$HERE/spliceguard.ko" mode=off
	else
		# Whatever is configured: a lock would keep it in off until the next boot.
		modprobe spliceguard mode=off trust= group=-1 locked=0
	fi
}

# ext4 and XFS on loop devices, and huge pages: files there have larger folios where the kernel makes them.
make_sources() {
	local fs
	modprobe -a loop ext4 xfs 2>/dev/null || true
	mkdir -p "$DIR"/{ext4,xfs,huge}
	for fs in ext4 xfs; do
		truncate -s 320M "$DIR/$fs.image"
		"mkfs.$fs" -q "$DIR/$fs.image" && mount -o loop "$DIR/$fs.image" "$DIR/$fs" && SOURCES+=("$fs")
	done
	mount -t tmpfs -o huge=always tmpfs "$DIR/huge" && SOURCES+=(huge)
	for fs in "${SOURCES[@]}"; do
		cp "$FILE" "$DIR/$fs/file"
		# From the disk, not as it was written: readahead makes the folios.
		sync
		[ "$fs" = huge ] || echo 1 >/proc/sys/vm/drop_caches
		cat "$DIR/$fs/file" >/dev/null
	done
}

# one_mode: all that is to be measured in the mode that is in force now.
one_mode() {
	say "mode $mode"
	! has_part moves || moves
	! has_part calls || calls
	! has_part nginx || nginx_rows
}

no_mode() {
	say "what does without zero-copy"
	! has_part moves || peers
	! has_part nginx || nginx_peers
}

all_modes() {
	local off=off
	modprobe -a tls aesni_intel ghash-clmulni-intel 2>/dev/null || true
	if [ -e $KNOB ]; then
		BEFORE=$(cat $KNOB)
		echo off >$KNOB
		off=
	fi
	[ "$MODES" = here ] || ! has_part moves || make_sources
	! has_part nginx || nginx_start
	no_mode
	mode=stock
	one_mode
	! has_part copies || copies
	! has_part calls || row percall fails 16
	if has_part moves && [ -e "$HERE/proposal.ko" ] && insmod "$HERE/proposal.ko" 2>/dev/null; then
		mode=proposal
		say "the upstream proposal"
		for size in $SIZES; do
			row stream sendfile tcp "$size" tmpfs "$FILE"
			row stream splice tcp "$size" tmpfs "$FILE"
		done
		rmmod proposal
	fi
	load_module
	for mode in $off log degrade; do
		echo "$mode" >$KNOB
		one_mode
		[ "$mode" != degrade ] || ! has_part copies || copies
		[ "$mode" != degrade ] || ! has_part memory || memory
	done
	mode=block
	echo block >$KNOB
	! has_part calls || row percall refused 16 "$FILE"
	! has_part scale || scale $KNOB off degrade
	bring_back
	[ ! -d /sys/module/spliceguard ] || return 0
	mode=unloaded
	! has_part calls || calls
}

SOURCES=()
trap clean_up EXIT
head -c $((8 << 20)) /dev/urandom >"$FILE"
if [ -n "${MODES:-}" ]; then
	all_modes
else
	mode=stock
	[ ! -e $KNOB ] || read -r mode _ <$KNOB
	! has_part nginx || nginx_start
	no_mode
	one_mode
	! has_part scale || scale - "$mode"
fi
