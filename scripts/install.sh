#!/bin/bash
# install.sh install|uninstall: for a real machine. By DKMS, so that each new kernel gets the module; loaded now and at boot.
set -euo pipefail

TOP=$(cd "$(dirname "$0")/.." && pwd)
VERSION=${VERSION:-$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$TOP/dkms.conf")}
SRC=/usr/src/spliceguard-$VERSION
BOOT=/etc/modules-load.d/spliceguard.conf
OPTIONS=/etc/modprobe.d/spliceguard.conf

die() {
	echo "spliceguard: $*" >&2
	exit 1
}

prepare() {
	[ "$(id -u)" = 0 ] || die "run this as root"
	command -v dkms >/dev/null || die "dkms is not installed; on Debian: apt install dkms"
}

# keep FILE: write standard input to FILE, unless there is one: it may be the administrator's by now.
keep() {
	if [ -e "$1" ]; then
		echo "keeping $1 as it is"
		cat >/dev/null
	else
		cat >"$1"
		echo "made $1"
	fi
}

registered() {
	dkms status -m spliceguard | sed -nE 's,^spliceguard[/, ]+([^,: ]+).*,\1,p' | sort -u
}

install() {
	local kernel old
	kernel=$(uname -r)
	[ -e "/lib/modules/$kernel/build/Makefile" ] ||
		die "no headers for kernel $kernel; on Debian: apt install linux-headers-$kernel"
	if registered | grep -qxF "$VERSION"; then
		dkms remove -m spliceguard -v "$VERSION" --all >/dev/null
	fi
	rm -rf "$SRC"
	mkdir -p "$SRC"
	cp -r "$TOP"/{dkms.conf,Kbuild,src,include} "$SRC"
	dkms add -m spliceguard -v "$VERSION"
	dkms build -m spliceguard -v "$VERSION" -k "$kernel"
	dkms install -m spliceguard -v "$VERSION" -k "$kernel" --force
	# The old ones last, so that a build that fails leaves them.
	for old in $(registered); do
		[ "$old" != "$VERSION" ] || continue
		dkms remove -m spliceguard -v "$old" --all >/dev/null
		rm -rf "/usr/src/spliceguard-$old"
	done
	mkdir -p "${BOOT%/*}" "${OPTIONS%/*}"
	keep "$BOOT" <<-'END'
		# Load spliceguard at boot. Its options are in /etc/modprobe.d/spliceguard.conf.
		spliceguard
	END
	keep "$OPTIONS" <<-'END'
		# What kernel.splice_mode is when spliceguard is loaded: off, log, degrade (the default) or block, then OP=MODE for
		# single operations (splice, sendfile, tee, vmsplice, zerocopy).
		#options spliceguard mode="degrade vmsplice=block"
		# And who may keep zero-copy, kernel.splice_trust and kernel.splice_group; locked=1 lets nothing be loosened until the next boot.
		#options spliceguard trust="writable" group=-1 locked=0
	END
	if [ -d /sys/module/spliceguard ]; then
		echo "a version of the module is loaded already; 'rmmod spliceguard && modprobe spliceguard' changes to this one"
	else
		modprobe spliceguard
		echo "loaded: kernel.splice_mode is '$(cat /proc/sys/kernel/splice_mode)'"
	fi
}

uninstall() {
	local old
	if [ -d /sys/module/spliceguard ]; then
		rmmod spliceguard || die "the module could not be unloaded. If it is in use, a call is inside, or a pipe holds a vmspliced page:
write off to /proc/sys/kernel/splice_mode so that no new ones come, and try again."
	fi
	for old in $(registered); do
		dkms remove -m spliceguard -v "$old" --all
	done
	rm -rf /usr/src/spliceguard-* /var/lib/dkms/spliceguard "$BOOT" "$OPTIONS"
	echo "uninstalled"
}

case ${1:-} in
install | uninstall) prepare; "$1" ;;
*) sed -n '2s/^# //p' "$0" >&2; exit 64 ;;
esac
