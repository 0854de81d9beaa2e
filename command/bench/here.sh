#!/bin/bash
# here.sh: spliceguard bench, on the machine that runs; see spliceguard(8).
#
#   here.sh DIR [PART...]     DIR gets KERNEL.csv, KERNEL.txt and KERNEL.svg; MODES=here goes through the modes, see run.sh
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 64; }
mkdir -p "$1"
DIR=$(cd "$1" && pwd)
shift
# Whoever else may write there could have links there that lead elsewhere.
if [ ! -O "$DIR" ] || [ -n "$(find "$DIR" -maxdepth 0 -perm /022)" ]; then
	echo "spliceguard bench: $DIR must be yours, and nobody else may write there" >&2
	exit 1
fi
parts=("$@")
if [ ${#parts[@]} = 0 ]; then
	parts=(moves calls scale)
	missing=
	[ "$(id -u)" = 0 ] || missing=" root"
	for program in nginx wrk openssl chrt pgrep; do
		command -v $program >/dev/null || missing+=" $program"
	done
	if [ -z "$missing" ]; then
		parts+=(nginx)
	else
		echo "without nginx, for which is missing:$missing" >&2
	fi
fi
# Files to send belong into memory.
work=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
running=
trap 'rm -rf "$work"' EXIT
# What runs goes first, and brings back what it has changed, however often somebody asks.
stop() {
	trap '' INT TERM HUP
	if [ -n "$running" ]; then
		kill -- "-$running" 2>/dev/null || kill "$running" 2>/dev/null || true
		wait "$running" || true
	fi
	exit 130
}
asked=
trap 'asked=1' INT TERM HUP
kernel=$(uname -r | grep -oE '^[0-9]+\.[0-9]+')
setsid "$HERE/run.sh" "$work" "${parts[@]}" >"$DIR/$kernel.csv" &
running=$!
trap stop INT TERM HUP
[ -z "$asked" ] || stop
wait "$running"
running=
what="the mode that is in force"
[ -z "${MODES:-}" ] || what="stock (the module not loaded, or off) and each mode"
"$HERE/report.sh" "$DIR" "$kernel" "spliceguard on $(uname -r), $(nproc) processors: $what; real time, in ns of processor time" ns
rm "$DIR/$kernel.targets"
cat "$DIR/$kernel.txt"
echo "in $DIR: $kernel.txt, $kernel.csv$([ ! -e "$DIR/$kernel.svg" ] || echo ", $kernel.svg")" >&2
