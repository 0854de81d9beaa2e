#!/bin/bash
# check-install.sh: make install and make uninstall in a guest, on a disk with the release's own compiler, dkms and headers. It
# compiles under emulation, so it takes some minutes and is no part of make check.
#
#   KERNEL=6.12 check-install.sh
. "$(dirname "$0")/common.sh"

need_root
KERNEL=${KERNEL:-6.12}
suite_of "$KERNEL" >/dev/null
mkdir -p "$CACHE/guest"
"$TOP/scripts/roots.sh" tools
"$TOP/scripts/roots.sh" build "$KERNEL"
dir=$(mktemp -d "$CACHE/guest/tree.XXXXXX")
disk=$CACHE/guest/install-$KERNEL.img
trap 'rm -rf "$dir" "$disk"' EXIT
mkdir "$dir/project"
(cd "$TOP" && cp -r Makefile Kbuild dkms.conf src include scripts "$dir/project/")
cp "$TOP/tests/guest-install" "$dir/"
say "making a disk of the root of $KERNEL"
rm -f "$disk"
truncate -s 4G "$disk"
rm -rf "$CACHE/root/build-$KERNEL/var/lib/dkms/spliceguard" "$CACHE/root/build-$KERNEL"/usr/src/spliceguard-*
quietly "$CACHE/log/install-disk.log" in_root "$CACHE/root/tools" mkfs.ext4 -q -O ^orphan_file,^metadata_csum_seed \
	-d "/cache/root/build-$KERNEL" "/cache/guest/${disk##*/}"
say "booting; compiling under emulation takes a while"
DISK=$disk SMP=2 MEMORY=2048 TIMEOUT=${TIMEOUT:-1500} "$TOP/scripts/guest.sh" "$KERNEL" "install-$KERNEL" "$dir" bash guest-install
say "make install and make uninstall do as they say on $KERNEL"
