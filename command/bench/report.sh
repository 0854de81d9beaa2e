#!/bin/bash
# report.sh: the report and the picture of one kernel's CSV.
#
#   report.sh DIR KERNEL TITLE [UNIT]     DIR/KERNEL.csv gives DIR/KERNEL.txt and, where gnuplot is, DIR/KERNEL.svg
#
# UNIT is ns where times are real; without it they are instructions of an emulated processor.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 3 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 64; }
cd "$1"
kernel=$2
copy=$(awk -F, '$3 == "copy" && $6 == "ns_per_byte" { print $7; exit }' "$kernel.csv")
{
	echo "$3"
	awk -F, -v chart="$kernel.targets" -v unit="${4:-}" -f "$HERE/report.awk" "$kernel.csv"
} >"$kernel.txt"
if command -v gnuplot >/dev/null; then
	# It warns of what was not measured, too.
	said=$(gnuplot -e "kernel='$kernel'; csv='$kernel.csv'; targets='$kernel.targets'; picture='$kernel.svg'${4:+; unit='$4'; copy=${copy:-0}}" "$HERE/plot.gnuplot" 2>&1) || {
		rm -f "$kernel.svg"
		printf 'no picture: %s\n' "$said" >&2
	}
else
	echo "no picture: gnuplot is not here (on Debian: apt install gnuplot-nox)" >&2
fi
