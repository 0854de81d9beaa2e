#!/bin/bash
# install.sh install|uninstall: what the packages do, for those who have none. The same files at the same places (packaging/files.sh), so
# it is one or the other.
set -euo pipefail

TOP=$(cd "$(dirname "$0")/.." && pwd)
VERSION=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$TOP/dkms.conf")
# What was installed, a line each, the directories that were not there before with a slash at the end; packages refuse to be installed
# while it is there.
MANIFEST=/usr/lib/spliceguard/by-make-install

die() {
	echo "spliceguard: $*" >&2
	exit 1
}

has_package() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] || rpm -q "$1" >/dev/null 2>&1
}

prepare() {
	local package
	[ "$(id -u)" = 0 ] || die "run this as root"
	command -v dkms >/dev/null || die "dkms is not installed; on Debian: apt install dkms"
	for package in spliceguard spliceguard-dkms; do
		! has_package "$package" || die "the package $package is installed, and owns these files; to change to 'make install': apt remove $package"
	done
}

# Those too that dkms no longer tells of, because somebody has taken their sources away.
registered() {
	[ ! -d /var/lib/dkms/spliceguard ] || find /var/lib/dkms/spliceguard -mindepth 1 -maxdepth 1 -type d ! -name original_module -printf '%f\n'
}

is_packaged() {
	dpkg-query -S "$1" >/dev/null 2>&1 || rpm -qf "$1" >/dev/null 2>&1
}

# All but the sources, which dkms needs until it has removed what it made of them.
remove_files() {
	local name names
	[ -e "$MANIFEST" ] || return 0
	mapfile -t names <"$MANIFEST"
	for name in "${names[@]}"; do
		[[ "$name" == */ || "$name" == /usr/src/* ]] || rm -f "$name"
	done
	rm -f "$MANIFEST"
	# What is in a directory comes after it. Others may use it by now.
	mapfile -t names < <(printf '%s\n' "${names[@]}" | sort -r)
	for name in "${names[@]}"; do
		[[ "$name" == */ && "$name" != /usr/src/* && -d "$name" ]] || continue
		is_packaged "${name%/}" || rmdir --ignore-fail-on-non-empty "${name%/}" || true
	done
}

# Of what is in a directory, as if it were in /.
list_files() {
	local name
	(cd "$1" && find . ! -type d) | sed 's/^\.//'
	(cd "$1" && find . -type d) | sed 's/^\.//' | while read -r name; do
		[[ -d "$name/" && "$name" != /usr/lib/spliceguard* ]] || echo "$name/"
	done
}

remove_version() {
	dkms remove -m spliceguard -v "$1" --all >/dev/null || {
		echo "spliceguard: dkms does not remove version $1; so that is done without it" >&2
		rm -rf "/var/lib/dkms/spliceguard/$1"
	}
	rm -rf "/usr/src/spliceguard-$1"
}

install() {
	local kernel old files
	kernel=$(uname -r)
	echo '#include <stdio.h>' | ${CC:-cc} -E - >/dev/null 2>&1 || die "no C compiler, or no C library to compile for; on Debian: apt install gcc libc6-dev"
	[ -e "/lib/modules/$kernel/build/Makefile" ] ||
		die "no headers for kernel $kernel; on Debian: apt install linux-headers-$kernel"
	# Known to the trap, which comes when this function is over.
	stage=$(mktemp -d)
	trap 'rm -rf "$stage"' EXIT
	chmod 755 "$stage"
	"$TOP/packaging/files.sh" "$stage"
	# With the directories that were made by an earlier one.
	files=$({ list_files "$stage"; grep -s '/$' "$MANIFEST" || true; } | sort -u)
	remove_files
	if registered | grep -qxF "$VERSION"; then
		remove_version "$VERSION"
	fi
	mkdir -p "${MANIFEST%/*}"
	echo "$files" >"$MANIFEST"
	cp -a --no-preserve=ownership "$stage/." /
	trap '[ $? = 0 ] || echo "spliceguard: not installed as a whole; make uninstall takes away what is there" >&2; rm -rf "$stage"' EXIT
	dkms add -m spliceguard -v "$VERSION"
	dkms build -m spliceguard -v "$VERSION" -k "$kernel"
	dkms install -m spliceguard -v "$VERSION" -k "$kernel" --force
	# The old ones last, so that a build that fails leaves them.
	for old in $(registered); do
		[ "$old" = "$VERSION" ] || remove_version "$old"
	done
	/usr/lib/spliceguard/module start
}

uninstall() {
	local old file kernel
	[ ! -x /usr/lib/spliceguard/module ] || /usr/lib/spliceguard/module stop
	for old in $(registered); do
		remove_version "$old"
	done
	for file in /lib/modules/*/{updates/dkms,extra}/spliceguard.ko*; do
		[ -e "$file" ] || continue
		rm "$file"
		kernel=${file#/lib/modules/}
		depmod "${kernel%%/*}"
		rmdir -p --ignore-fail-on-non-empty "${file%/*}"
	done
	remove_files
	rm -rf /usr/src/spliceguard-* /var/lib/dkms/spliceguard /var/lib/spliceguard
	rm -f /etc/modules-load.d/spliceguard.conf /etc/modprobe.d/spliceguard.conf
	[ ! -d /run/systemd/system ] || systemctl daemon-reload
	echo "uninstalled"
}

case ${1:-} in
install | uninstall) prepare; "$1" ;;
*) sed -n '2,3s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
