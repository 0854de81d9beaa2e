#!/bin/bash
# files.sh [DESTDIR]: put all files where they belong. The one place that knows: make install, the Debian packages and the spec call it.
set -euo pipefail

TOP=$(cd "$(dirname "$0")/.." && pwd)
DEST=${1:-}
VERSION=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$TOP/dkms.conf")

# put MODE FROM TO
put() {
	install -D -m "$1" "$TOP/$2" "$DEST$3"
}

for part in Kbuild src include; do
	(cd "$TOP" && find "$part" -name '*.[ch]' -o -name Kbuild) | while read -r file; do
		put 644 "$file" "/usr/src/spliceguard-$VERSION/$file"
	done
done
put 644 dkms.conf "/usr/src/spliceguard-$VERSION/dkms.conf"
make -s -C "$TOP/command" install DESTDIR="$DEST" PREFIX=/usr
put 755 packaging/guard /usr/lib/spliceguard/guard
put 755 packaging/module /usr/lib/spliceguard/module
put 644 packaging/modules-load.conf /usr/lib/modules-load.d/spliceguard.conf
put 644 packaging/modprobe.conf /usr/lib/modprobe.d/spliceguard.conf
put 644 packaging/sysctl.conf /usr/lib/sysctl.d/60-spliceguard.conf
for unit in spliceguard.service spliceguard-metrics.service spliceguard-metrics.timer; do
	put 644 "packaging/$unit" "/usr/lib/systemd/system/$unit"
done
# Enabled by being there, as systemd-modules-load.service is, which loads the module; systemctl mask is for those who do not want it.
mkdir -p "$DEST/usr/lib/systemd/system/sysinit.target.wants"
ln -sfn ../spliceguard.service "$DEST/usr/lib/systemd/system/sysinit.target.wants/spliceguard.service"
