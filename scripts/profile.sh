#!/bin/bash
# profile.sh: where the instructions of a measurement go, by function, in a guest whose clock counts them.
#
#   KERNEL=6.12 profile.sh MODE PROGRAM ARGUMENTS...    a program of command/bench; MODE may be stock or proposal, too
#
#   profile.sh degrade stream sendfile tcp 65536 tmpfs /tmp/file
#
# perf looks each 50 microseconds, which are 50,000 instructions. Code that runs with interrupts off counts where they come on again. For
# the programs and the modules, make bench must have run.
. "$(dirname "$0")/common.sh"

need_root
KERNEL=${KERNEL:-6.12}
suite_of "$KERNEL" >/dev/null
[ $# -ge 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 64; }
[ -e "$CACHE/bench/$KERNEL/spliceguard.ko" ] || die "nothing is built for $KERNEL: make bench KERNELS=$KERNEL"

"$TOP/scripts/roots.sh" tools linux-perf
name=profile-$KERNEL-$$
dir=$(mktemp -d "$CACHE/guest/tree.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cp "$CACHE/bench/$KERNEL"/* "$CACHE/bench/programs"/* "$dir"
cat >"$dir/profile" <<'EOF_GUEST'
set -e
mode=$1
shift
head -c $((8 << 20)) /dev/urandom >/tmp/file
modprobe -a tls aesni_intel ghash-clmulni-intel 2>/dev/null || true
case $mode in
stock) ;;
proposal) insmod proposal.ko ;;
*) insmod spliceguard.ko; echo "$mode" >/proc/sys/kernel/splice_mode ;;
esac
sysctl -qw kernel.perf_event_max_sample_rate=100000 kernel.perf_cpu_time_max_percent=0 kernel.kptr_restrict=0
export BENCH_MIB=32
perf record -q -e cpu-clock -F 20000 -o /tmp/data "./$1" "${@:2}" >/tmp/said
cat /tmp/said
echo "share, instructions a byte, function:"
perf report -i /tmp/data --no-children --stdio -s symbol 2>/dev/null | awk -v per_byte="$(sed -n 's/.*ns_per_byte,//p' /tmp/said)" '
	/^ +[0-9.]+%/ { printf "%7s %8.4f  %s\n", $1, $1 / 100 * per_byte, $3; if (++n == 60) exit }'
EOF_GUEST
# shellcheck disable=SC2310
WITH=linux-perf ICOUNT=1 TIMEOUT=${TIMEOUT:-600} "$TOP/scripts/guest.sh" "$KERNEL" "$name" "$dir" bash profile "$@" || status=$?
tr -d '\r' <"$CACHE/log/$name.out" | grep -av '^spliceguard-guest:' || true
rm -f "$CACHE/log/$name".*
exit "${status:-0}"
