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
parts=("$@")
if [ ${#parts[@]} = 0 ]; then
	parts=(moves calls scale)
	if [ "$(id -u)" = 0 ] && command -v nginx wrk openssl >/dev/null; then
		parts+=(nginx)
	else
		echo "without nginx: it takes root, nginx, wrk and openssl" >&2
	fi
fi
# Files to send belong into memory.
work=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
running=
trap 'rm -rf "$work"' EXIT
# What runs goes first, and brings back what it has changed.
trap '[ -z "$running" ] || { kill -- "-$running"; wait "$running" || true; }; exit 130' INT TERM HUP
kernel=$(uname -r | grep -oE '^[0-9]+\.[0-9]+')
setsid "$HERE/run.sh" "$work" "${parts[@]}" >"$DIR/$kernel.csv" &
running=$!
wait "$running"
running=
what="the mode that is in force"
[ -z "${MODES:-}" ] || what="stock (the module not loaded, or off) and each mode"
"$HERE/report.sh" "$DIR" "$kernel" "spliceguard on $(uname -r), $(nproc) processors: $what; real time, in ns of processor time" ns
cat "$DIR/$kernel.txt"
echo "in $DIR: $kernel.txt, $kernel.csv$([ ! -e "$DIR/$kernel.svg" ] || echo ", $kernel.svg")" >&2
