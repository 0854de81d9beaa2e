#!/bin/bash
# packages.sh: build the packages into dist/, in a root of the oldest release, and let the linters see them.
#
#   packages.sh deb          spliceguard-dkms and spliceguard for Debian 11 and later; source, too
#   packages.sh rpm          packaging/spliceguard.spec
#
# VERSION= builds them as another version, OUT= into another directory. With ARCH=arm64, the command for that processor; what is the same for
# all comes from a build without it.
. "$(dirname "$0")/common.sh"

need_root
VERSION=${VERSION:-$(module_version)}
OUT=${OUT:-$TOP/dist}
[[ $VERSION =~ ^[0-9][0-9.~]*$ ]] || die "a version is digits and dots, not '$VERSION'"
mkdir -p "$CACHE" "$OUT"
work=$(mktemp -d "$CACHE/package.XXXXXX")
trap 'rm -rf "$work"' EXIT
here=/cache/${work##*/}
source=spliceguard-$VERSION

# Only what belongs to a package: the tests, and what is needed to run them, stay out.
unpack_source() {
	mkdir "$work/$source"
	(cd "$TOP" && cp -r Makefile Kbuild dkms.conf LICENSE README.md src include command man packaging debian "$work/$source/")
	if [ "$VERSION" != "$(module_version)" ]; then
		sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$VERSION\"/" "$work/$source/dkms.conf"
		sed -i "1s/(.*)/($VERSION)/" "$work/$source/debian/changelog"
		sed -i "s/^Version:.*/Version:        $VERSION/; s/^\(\* .*\) - [0-9.~]*-1$/\1 - $VERSION-1/" "$work/$source/packaging/spliceguard.spec"
	fi
}

build_deb() {
	[ "$(sed -n '1s/.*(\(.*\)).*/\1/p' "$work/$source/debian/changelog")" = "$VERSION" ] || die "debian/changelog does not begin with version $VERSION"
	quietly "$CACHE/log/deb-$VERSION.log" in_root "$CACHE/root/package$ARCH_SUFFIX" bash -euc '
		cd "$1"
		shift
		dpkg-buildpackage -us -uc "$@"
	' deb "$here/$source" "${DEB_CROSS[@]}"
	quietly "$CACHE/log/lintian-$VERSION.log" in_root "$CACHE/root/tools" bash -euc '
		cd "$1"
		lintian --allow-root --display-info --tag-display-limit 0 --fail-on error,warning,info ./*.changes
	' lintian "$here"
	# For another processor there is no source.
	find "$work" -maxdepth 1 -type f -exec mv -t "$OUT" {} +
}

build_rpm() {
	local spec=$here/$source/packaging/spliceguard.spec
	grep -qx "Version: *$VERSION" "$work/$source/packaging/spliceguard.spec" || die "packaging/spliceguard.spec is not of version $VERSION"
	quietly "$CACHE/log/rpm-$VERSION.log" in_root "$CACHE/root/package$ARCH_SUFFIX" bash -euc '
		cd "$1"
		tar -cJf "$2.tar.xz" "$2"
		here=$1 spec=$3
		shift 3
		# What it needs is there, as packages of another kind.
		rpmbuild -ba --nodeps --define "_buildhost localhost" --define "_topdir $here/rpm" --define "_sourcedir $here" "$@" "$spec"
	' rpm "$here" "$source" "$spec" "${RPM_CROSS[@]}"
	quietly "$CACHE/log/rpmlint-$VERSION.log" in_root "$CACHE/root/tools" bash -euc '
		cd "$1"
		shopt -s globstar
		rpmlint --strict --config "$2/packaging/rpmlint.toml" "$2/packaging/spliceguard.spec" rpm/**/*.rpm
	' rpmlint "$here" "$source"
	find "$work/rpm" -name '*.rpm' -exec mv -t "$OUT" {} +
}

DEB_CROSS=() RPM_CROSS=()
if [ "$ARCH" = arm64 ]; then
	DEB_CROSS=(-B -d -a arm64)
	RPM_CROSS=(--target aarch64 --define "__cc aarch64-linux-gnu-gcc" --define "__strip aarch64-linux-gnu-strip" --define "__objdump aarch64-linux-gnu-objdump")
fi

case ${1:-} in
deb | rpm) ;;
*) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
"$TOP/scripts/roots.sh" tools lintian rpm rpmlint
"$TOP/scripts/roots.sh" package
unpack_source
"build_$1"
say "built:"
(cd "$OUT" && find "$PWD" -name "*$VERSION*.$1")
