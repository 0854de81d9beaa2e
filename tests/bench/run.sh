#!/bin/bash
# run.sh: measure what modes cost on the machine that runs, as CSV: kernel,mode,workload,source,size,metric,value.
#
#   run.sh DIR     the programs are beside this script; DIR gets files of a few MiB to send
#
# As root, with spliceguard.ko (and proposal.ko) beside this script and no such module loaded, it goes through the modes;
# otherwise it measures the one that is in force.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
KNOB=/proc/sys/kernel/splice_mode
KERNEL=$(uname -r | grep -oE '^[0-9]+\.[0-9]+')
SIZES="4096 16384 65536 262144"
dir=$1

mode_now() {
	local now=stock
	[ ! -e $KNOB ] || read -r now <$KNOB
	echo "$now"
}

# row PROGRAM ARGUMENTS...: its lines, with kernel and mode in front.
row() {
	"$HERE/$1" "${@:2}" | sed "s/^/$KERNEL,$mode,/"
}

streams() {
	local size
	for size in $SIZES; do
		for way in "$@"; do
			case $way in
			send) row stream "$way" tcp "$size" memory ;;
			*) row stream "$way" tcp "$size" tmpfs "$dir/file" ;;
			esac
		done
	done
}

head -c $((8 << 20)) /dev/urandom >"$dir/file"
mode=$(mode_now)
streams sendfile splice send readwrite
if [ "$(id -u)" = 0 ] && [ "$mode" = stock ] && [ -e "$HERE/spliceguard.ko" ]; then
	if [ -e "$HERE/proposal.ko" ] && insmod "$HERE/proposal.ko" 2>/dev/null; then
		mode=proposal
		streams sendfile splice
		rmmod proposal
	fi
	insmod "$HERE/spliceguard.ko"
	for mode in off log degrade; do
		echo $mode >$KNOB
		streams sendfile splice
	done
	rmmod spliceguard
fi
