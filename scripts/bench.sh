#!/bin/bash
# bench.sh: measure what modes cost, in guests whose clock counts instructions.
#
#   bench.sh      KERNELS="6.12 7.2" chooses the kernels
. "$(dirname "$0")/common.sh"

KERNELS=${KERNELS:-6.12 7.2}
OUT=$CACHE/bench

build() {
	local kernel=$1 root=$CACHE/root/build-$1
	mkdir -p "$OUT/$kernel"
	quietly "$CACHE/log/bench-build-$kernel.log" in_root "$root" bash -euc '
		rm -rf /tmp/bench
		mkdir -p /tmp/bench
		cp -r /spliceguard/{dkms.conf,Kbuild,src,include,tests} /tmp/bench
		make -C /lib/modules/"$1"/build M=/tmp/bench modules
		make -C /lib/modules/"$1"/build M=/tmp/bench/tests/modules modules
		cp /tmp/bench/spliceguard.ko /tmp/bench/tests/modules/{copies,proposal}.ko /cache/bench/"$2"
		echo $((0x$(readelf -SW /tmp/bench/spliceguard.ko | sed -nE "s/.* \.data\.\.percpu +PROGBITS +[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) .*/\1/p"))) >/cache/bench/"$2"/percpu
	' build "$(cat "$root/kernel/cloud-amd64")" "$kernel"
}

programs() {
	quietly "$CACHE/log/bench-programs.log" in_root "$CACHE/root/tools" bash -euc '
		cd /spliceguard/tests/bench
		mkdir -p /cache/bench/programs
		for p in *.c; do gcc -O2 -Wall -Wextra -Wno-unused-result -Werror -static -o /cache/bench/programs/"${p%.c}" "$p"; done
	'
}

guest() {
	local kernel=$1 dir
	rm -f "$OUT/$kernel.csv"
	dir=$(mktemp -d "$CACHE/guest/tree.XXXXXX")
	cp "$OUT/$kernel"/{*.ko,percpu} "$OUT/programs"/* "$TOP/tests/bench/run.sh" "$dir"
	ICOUNT=1 TIMEOUT=${TIMEOUT:-1800} "$TOP/scripts/guest.sh" "$kernel" "bench-$kernel" "$dir" bash run.sh /tmp ${PARTS:-}
	rm -rf "$dir"
	tr -d '\r' <"$CACHE/log/bench-$kernel.out" | grep -a '^[0-9.]*,' >"$OUT/$kernel.csv"
}

need_root
mkdir -p "$OUT" "$CACHE/guest" "$CACHE/log"
programs
for k in $KERNELS; do
	build "$k"
	guest "$k"
done
