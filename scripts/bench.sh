#!/bin/bash
# bench.sh: what each mode costs, beside stock and beside what programs do without zero-copy, in guests with stock kernels.
#
#   bench.sh            KERNELS="6.12 7.2" are those measured; LANES= so many guests at a time
#   bench.sh publish    put the last reports of these kernels into docs
#
# Guests count instructions: a nanosecond of their clock is one. The report, the CSV and the picture are in CACHE/bench.
. "$(dirname "$0")/common.sh"

KERNELS=${KERNELS:-6.12 7.2}
LANES=${LANES:-$(nproc)}
OUT=$CACHE/bench

programs() {
	rm -rf "$OUT/programs"
	mkdir -p "$OUT/programs"
	quietly "$CACHE/log/bench-programs.log" in_root "$CACHE/root/tools" bash -euc '
		cd /spliceguard/command/bench
		for p in *.c; do gcc -O2 -Wall -Wextra -Wno-unused-result -Werror -static -o /cache/bench/programs/"${p%.c}" "$p"; done
	'
}

build() {
	local kernel=$1 root
	root=$(kernel_root "$kernel")
	rm -rf "${OUT:?}/$kernel" "$OUT/$kernel".*
	mkdir -p "$OUT/$kernel"
	quietly "$CACHE/log/bench-build-$kernel.log" in_root "$root" bash -euc '
		rm -rf /tmp/bench
		mkdir -p /tmp/bench
		cp -r /spliceguard/{dkms.conf,Kbuild,src,include,tests} /tmp/bench
		make -C /lib/modules/"$1"/build M=/tmp/bench modules
		make -C /lib/modules/"$1"/build M=/tmp/bench/tests/modules modules
		cp /tmp/bench/spliceguard.ko /tmp/bench/tests/modules/{copies,proposal}.ko /cache/bench/"$2"
		# What the module has for each processor, which nothing tells where it is loaded.
		size=$(readelf -SW /tmp/bench/spliceguard.ko | sed -nE "s/.* \.data\.\.percpu +PROGBITS +[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) .*/\1/p")
		echo $((0x$size)) >/cache/bench/"$2"/percpu
	' build "$(release_of "$kernel")" "$kernel"
}

# guest KERNEL NAME PART...: one boot, some parts of the measurement.
guest() {
	local kernel=$1 name=bench-$1-$2 dir status=0
	shift 2
	dir=$(mktemp -d "$CACHE/guest/tree.XXXXXX")
	cp "$OUT/$kernel"/* "$OUT/programs"/* "$TOP"/command/bench/*.sh "$dir"
	say "$name: booting"
	WITH="openssl wrk" MEMORY=2048 TIMEOUT=3600 "$TOP/scripts/guest.sh" "$kernel" "$name" "$dir" env BENCH_MIB=8 MODES=guest bash run.sh /tmp "$@" || status=1
	rm -rf "$dir"
	tr -d '\r' <"$CACHE/log/$name.out" | grep -aE '^[0-9]+\.[0-9]+,' >>"$OUT/$kernel.csv" || true
	tr -d '\r' <"$CACHE/log/$name.out" | grep -a '^left out' >&2 || true
	say "$name: done"
	return $status
}

pool() {
	while [ "$(jobs -rp | wc -l)" -ge "$LANES" ]; do wait -n || failed=1; done
	"$@" &
}

# The rest of the pool.
join() {
	while [ "$(jobs -rp | wc -l)" -gt 0 ]; do wait -n || failed=1; done
}

report() {
	in_root "$CACHE/root/tools" bash /spliceguard/command/bench/report.sh /cache/bench "$1" "spliceguard on $(release_of "$1"); a nanosecond is an instruction"
	cat "$OUT/$1.txt"
}

# The targets of all kernels side by side.
table() {
	local k
	printf '| target | limit |'
	for k in $KERNELS; do printf ' %s | |' "$k"; done
	printf '\n|---|---|'
	for k in $KERNELS; do printf -- '---|---|'; done
	printf '\n'
	for k in $KERNELS; do sed "s/^/$k\t/" "$OUT/$k.targets"; done | awk -F'\t' -v kernels="$KERNELS" '
		!($2 in limit) { limit[$2] = $6; title[++n] = $2 }
		{ cell[$2, $1] = $5 " | " ($3 == "met" ? "met" : "**" $3 "**") }
		END {
			k = split(kernels, kernel, " ")
			for (i = 1; i <= n; i++) {
				printf "| %s | %s |", title[i], limit[title[i]]
				for (j = 1; j <= k; j++) printf " %s |", (title[i], kernel[j]) in cell ? cell[title[i], kernel[j]] : "| not measured"
				printf "\n"
			}
		}'
}

publish() {
	local k
	for k in $KERNELS; do
		[ -e "$OUT/$k.targets" ] || die "no report for $k: make bench"
		cp "$OUT/$k.svg" "$TOP/docs/speed-$k.svg"
		cp "$OUT/$k.txt" "$TOP/docs/speed-$k.txt"
	done
	table >"$OUT/table.md"
	# Between the two comments in the page.
	sed -i -e "/^<!-- the table -->/,/^<!-- its end -->/{//!d;}" -e "/^<!-- the table -->/r $OUT/table.md" "$TOP/docs/speed.md"
}

need_root
for k in $KERNELS; do suite_of "$k" >/dev/null; done
case ${1:-} in
'') ;;
publish)
	publish
	exit
	;;
*) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
mkdir -p "$OUT" "$CACHE/guest" "$CACHE/log"
failed=0
pool "$TOP/scripts/roots.sh" tools gnuplot-nox
for k in $KERNELS; do pool "$TOP/scripts/roots.sh" build "$k"; done
join
[ $failed = 0 ] || die "a root could not be made"
programs
for k in $KERNELS; do build "$k"; done
for k in $KERNELS; do
	ICOUNT=1 pool guest "$k" moves moves calls copies memory
	ICOUNT=1 pool guest "$k" nginx nginx
done
join
# Two processors, and nobody else on this machine's, as far as that is ours to say.
for k in $KERNELS; do SMP=2 guest "$k" scale scale || failed=1; done
for k in $KERNELS; do report "$k"; done
say "the report, the CSV and the picture are in $OUT"
[ $failed = 0 ] || die "a guest failed, and what it should have measured is missing"
