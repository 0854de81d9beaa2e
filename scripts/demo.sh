#!/bin/bash
# demo.sh: what each mode does, measured in a guest with a stock kernel.
#
#   KERNEL=6.12 demo.sh      one of 5.10 6.1 6.12 7.2 7.3
. "$(dirname "$0")/common.sh"

need_root
KERNEL=${KERNEL:-6.12}
suite_of "$KERNEL" >/dev/null
mkdir -p "$CACHE"
say "cache: $CACHE"
"$TOP/scripts/roots.sh" tools &
"$TOP/scripts/roots.sh" build "$KERNEL" &
wait -n
wait -n

root=$(kernel_root "$KERNEL")
release=$(release_of "$KERNEL")
dir=$CACHE/demo-$KERNEL
rm -rf "$dir"
mkdir -p "$dir"
say "building the module for $release"
quietly "$CACHE/log/demo-build.log" in_root "$root" bash -euc '
	rm -rf /tmp/demo
	mkdir /tmp/demo
	cp -r /spliceguard/{dkms.conf,Kbuild,src,include} /tmp/demo
	make -C /lib/modules/"$1"/build M=/tmp/demo modules
	cp /tmp/demo/spliceguard.ko /cache/demo-"$2"/
' demo "$release" "$KERNEL"
say "building the programs that look"
quietly "$CACHE/log/demo-programs.log" in_root "$CACHE/root/tools" bash -euc '
	cd /spliceguard/tests/programs
	for p in oracle handoff; do gcc -O2 -static -o /cache/demo-"$1"/$p $p.c; done
' demo "$KERNEL"
cp "$TOP/tests/guest-demo" "$dir/"
say "booting $release in QEMU, without KVM; this takes about half a minute"
status=0
TIMEOUT=300 "$TOP/scripts/guest.sh" "$KERNEL" demo "$dir" bash guest-demo || status=1
grep -av '^spliceguard-guest:' "$CACHE/log/demo.out" | tr -d '\r'
[ "$status" = 0 ] || die "not everything was as promised"
say "everything was as promised"
