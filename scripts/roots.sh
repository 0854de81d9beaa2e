#!/bin/bash
# roots.sh: make the root directories that building and testing need, once, under the cache.
#
#   roots.sh tools [PACKAGE...]  QEMU, compilers, linters, and what is packed into the guests; and those packages besides
#   roots.sh build KERNEL   a minimal root of that kernel's own release: its compiler, dkms and its kernel headers,
#                           with its kernel images unpacked under /kernel; with ARCH=arm64, a cross compiler
#   roots.sh user NAME PACKAGE...  those programs for guests of another processor, unpacked
#   roots.sh system RELEASE a disk image of a freshly installed system with systemd and that Debian release's kernel: CACHE/system/RELEASE/disk.img,
#                           with its vmlinuz and initrd.img, and the packages of a second kernel in second/
#   roots.sh package        what builds the packages: the oldest release, so that they install on it and on all later ones
#
# A root is made again when its recipe here changes, or with REFRESH=1; a second one who wants it waits.
. "$(dirname "$0")/common.sh"

sources_of() {
	local m s
	m=$(mirror)
	s=$(security_mirror)
	case $1 in
	unstable) echo "deb $m unstable main" ;;
	experimental)
		echo "deb $m unstable main"
		echo "deb $m experimental main"
		;;
	*)
		echo "deb $m $1 main"
		echo "deb $s $1-security main"
		;;
	esac
}

# recipe_id FUNCTION...: what a root is made by.
recipe_id() {
	declare -f sources_of bootstrap "$@" | sha256sum | cut -c1-16
}

# fresh DIR FUNCTION...: is there a finished root made by these very functions?
fresh() {
	local dir=$1
	shift
	[ "${REFRESH:-0}" != 1 ] && [ "$(cat "$dir/.recipe" 2>/dev/null)" = "$(recipe_id "$@")" ]
}

bootstrap() {
	local dir=$1 suite=$2 base=$2
	[ "$suite" != experimental ] || base=unstable
	rm -rf "$dir"
	mkdir -p "$dir"
	# Releases newer than the host's debootstrap differ in name only.
	local script=/usr/share/debootstrap/scripts/$base
	[ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
	quietly "$CACHE/log/bootstrap-$suite.log" \
		debootstrap --variant=minbase --include=ca-certificates "$base" "$dir" "$(mirror)" "$script"
	cat >"$dir/etc/apt/apt.conf.d/10spliceguard" <<-EOF
		Acquire::Check-Valid-Until "false";
		Acquire::Retries "3";
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
		Dpkg::Options { "--force-unsafe-io"; "--path-exclude=/usr/share/doc/*"; "--path-exclude=/usr/share/man/*"; "--path-exclude=/usr/share/locale/*"; };
	EOF
	printf '#!/bin/sh\nexit 101\n' >"$dir/usr/sbin/policy-rc.d"
	chmod +x "$dir/usr/sbin/policy-rc.d"
	sources_of "$suite" >"$dir/etc/apt/sources.list"
	# Mirrors of an old release may lack its security archive, or name packages of it that they no longer keep.
	if ! in_root "$dir" apt-get -qq update 2>/dev/null ||
		! in_root "$dir" sh -c 'cd /tmp && apt-get -qq download linux-headers-cloud-amd64 && rm ./*.deb' 2>/dev/null; then
		say "$suite: the mirror lacks the newest security updates; taking the release without them"
		sed -i '/-security/d' "$dir/etc/apt/sources.list"
		in_root "$dir" apt-get -qq update
	fi
	quietly "$CACHE/log/upgrade-$suite.log" in_root "$dir" apt-get -qq -y dist-upgrade
}

make_tools() {
	local dir=$CACHE/root/tools
	fresh "$dir" make_tools && return
	say "tools: making a root of $TOOLS_SUITE (QEMU, compilers, linters, the guests' programs)"
	bootstrap "$dir" "$TOOLS_SUITE"
	quietly "$CACHE/log/tools.log" in_root "$dir" apt-get -qq -y install \
		qemu-system-x86 gcc libc6-dev make cpio kmod bats shellcheck sparse binutils file \
		e2fsprogs xfsprogs procps util-linux iproute2 psmisc acl apparmor nginx openssl wrk curl fuse3 fuse2fs xz-utils perl gawk hostname diffutils \
		scdoc mandoc man-db bsdextrautils prometheus jq python3 zsh
	# checkpatch comes with the kernel's source only.
	quietly "$CACHE/log/checkpatch.log" in_root "$dir" bash -euc '
		package=$(apt-cache depends linux-source | sed -n "s/^ *Depends: \(linux-source-.*\)/\1/p")
		mkdir -p /opt/kernel-scripts /tmp/source
		cd /tmp/source
		apt-get -qq download "$package"
		dpkg-deb --fsys-tarfile ./*.deb | tar -xO --wildcards "./usr/src/linux-source-*.tar.xz" | xz -dc -T0 |
			tar -x -C /opt/kernel-scripts --strip-components=2 --wildcards "*/scripts/checkpatch.pl" \
				"*/scripts/spelling.txt" "*/scripts/const_structs.checkpatch"
		rm -rf /tmp/source
	'
	in_root "$dir" apt-get clean
	recipe_id make_tools >"$dir/.recipe"
	say "tools: ready"
}

# What not everybody needs, and what is large.
more_tools() {
	local dir=$CACHE/root/tools
	in_root "$dir" dpkg -s "$@" >/dev/null 2>&1 && return
	say "tools: installing $*"
	quietly "$CACHE/log/tools.log" in_root "$dir" apt-get -qq -y install "$@"
	in_root "$dir" apt-get clean
}

# The images are only unpacked: installing one would make an initramfs and boot entries that nobody needs. Newer releases
# split them: the kernel is in linux-binary-*, its modules are in linux-modules-*.
fetch_image() {
	local dir=$1 flavour=$2 release=$3 kernel package packages=()
	kernel=$(in_root "$dir" apt-cache "$release" --no-recommends --no-suggests depends "linux-image-$flavour:$ARCH" |
		sed -nE 's/^ *Depends: linux-image-([0-9][^:]*).*/\1/p')
	[ -n "$kernel" ] || die "linux-image-$flavour names no image"
	for package in image binary modules; do
		package=linux-$package-$kernel:$ARCH
		[ -z "$(in_root "$dir" apt-cache "$release" --quiet=1 madison "$package" 2>/dev/null)" ] || packages+=("$package")
	done
	in_root "$dir" sh -euc '
		release=$1
		shift
		mkdir -p /kernel/debs
		cd /kernel/debs
		apt-get -qq "$release" download "$@"
		for deb in *.deb; do dpkg-deb -x "$deb" /kernel/x; done
		rm -rf /kernel/debs
		# Releases disagree on where things are, and what came with the headers is in the root itself.
		[ -e /kernel/x/lib ] || ln -s usr/lib /kernel/x/lib
		for modules in /kernel/x/lib/modules/*; do
			cp -n /lib/modules/"${modules##*/}"/modules.* "$modules" 2>/dev/null || true
			[ ! -e "$modules/vmlinuz" ] || cp "$modules/vmlinuz" /kernel/vmlinuz-"${modules##*/}"
		done
		cp /kernel/x/boot/vmlinuz-* /kernel 2>/dev/null || true
	' sh "$release" "${packages[@]}"
	[ -e "$dir/kernel/vmlinuz-$kernel" ] || die "no kernel in ${packages[*]}"
	echo "$kernel" >"$dir/kernel/$flavour"
}

install_kernel() {
	local kernel=$1 dir=$2 release=$3
	quietly "$CACHE/log/build-$kernel.log" in_root "$dir" apt-get -qq -y "$release" install \
		cpio dkms kmod make sparse linux-headers-cloud-amd64 linux-headers-amd64 || return
	fetch_image "$dir" cloud-amd64 "$release" && fetch_image "$dir" amd64 "$release"
}

# Headers of another processor are unpacked, beside this one's tools that they call; installing them would bring its compiler along.
install_cross() {
	local kernel=$1 dir=$2 release=$3 flavour
	in_root "$dir" dpkg --add-architecture "$ARCH"
	in_root "$dir" apt-get -qq update
	for flavour in $(flavours_of "$kernel"); do
		quietly "$CACHE/log/build-$kernel-$flavour.log" in_root "$dir" bash -euc '
			release=$1
			of=$2:$3
			headers=$(apt-cache "$release" depends "linux-headers-$of" | sed -nE "s/^ *Depends: linux-headers-([0-9][^:]*).*/\1/p")
			mkdir /debs
			cd /debs
			apt-get -qq "$release" download "linux-headers-$headers:$3"
			# Newer releases keep the lists of modules apart.
			apt-get -qq "$release" download "linux-base-$headers:$3" 2>/dev/null || true
			for deb in *.deb; do dpkg-deb -x "$deb" unpacked; done
			# The root has a link where older packages have a directory /lib.
			[ ! -d unpacked/lib ] || cp -a unpacked/lib/. /usr/lib
			cp -a unpacked/usr/. /usr
			# What of it is the same for all, or is there for this one as well.
			needs=$(dpkg-deb -f linux-headers-*.deb Depends | grep -oE "linux-(headers|kbuild)-[0-9][^ ,]*(-common)?")
			compiler=$(grep -rhoE "\)gcc-[0-9]+" "/usr/src/linux-headers-$headers/" --include=Makefile --include=.kernelvariables | head -n 1)
			# shellcheck disable=SC2086
			apt-get -qq -y "$release" install cpio kmod make sparse $needs "${compiler#)}-aarch64-linux-gnu"
			rm -r /debs
		' cross "$release" "$flavour" "$ARCH" || return
		fetch_image "$dir" "$flavour" "$release" || return
	done
}

make_build() {
	local kernel=$1 suite dir release=-qq recipe=(fetch_image "$INSTALL" make_build)
	suite=$(suite_of "$kernel")
	dir=$(kernel_root "$kernel")
	fresh "$dir" "${recipe[@]}" && return
	say "$kernel$ARCH_SUFFIX: making a root of $suite (its compiler, dkms, kernel headers and images)"
	bootstrap "$dir" "$suite"
	[ "$suite" != experimental ] || release="-texperimental"
	"$INSTALL" "$kernel" "$dir" "$release"
	in_root "$dir" apt-get clean
	recipe_id "${recipe[@]}" >"$dir/.recipe"
	say "$kernel$ARCH_SUFFIX: root ready"
}

# Programs for guests with another processor. None of them runs here, so they are only unpacked.
make_user() {
	local dir=$CACHE/root/$1$ARCH_SUFFIX name=$1$ARCH_SUFFIX recipe
	recipe=$(recipe_id make_user; echo "$*")
	shift
	[ "$(cat "$dir/.recipe" 2>/dev/null)" != "$recipe" ] || return 0
	say "$name: unpacking programs for guests"
	rm -rf "$dir"
	quietly "$CACHE/log/$name.log" debootstrap --foreign --arch="$ARCH" --variant=minbase --include="$(IFS=,; echo "$*")" \
		"$TOOLS_SUITE" "$dir" "$(mirror)" /usr/share/debootstrap/scripts/sid
	quietly "$CACHE/log/$name.log" in_root "$CACHE/root/tools" bash -euc '
		cd "$1"
		for deb in var/cache/apt/archives/*.deb; do dpkg-deb -x "$deb" .; done
		rm -rf var/cache/apt debootstrap
		cp usr/share/base-passwd/passwd.master etc/passwd
		cp usr/share/base-passwd/group.master etc/group
		ln -s gawk usr/bin/awk
	' user "/cache/root/$name"
	echo "$recipe" >"$dir/.recipe"
	say "$name: ready"
}

# A program that is linked with the oldest libc runs with every later one.
make_package() {
	local dir=$CACHE/root/package$ARCH_SUFFIX suite
	fresh "$dir" make_package && return
	suite=bullseye
	say "package$ARCH_SUFFIX: making a root of $suite (debhelper and what the packages are built with)"
	bootstrap "$dir" "$suite"
	quietly "$CACHE/log/package-root.log" in_root "$dir" apt-get -qq -y install build-essential debhelper dkms scdoc rpm
	if [ -n "$ARCH_SUFFIX" ]; then
		in_root "$dir" dpkg --add-architecture "$ARCH"
		in_root "$dir" apt-get -qq update
		quietly "$CACHE/log/package-root.log" in_root "$dir" apt-get -qq -y install "crossbuild-essential-$ARCH" "libc6-dev:$ARCH"
	fi
	in_root "$dir" apt-get clean
	recipe_id make_package >"$dir/.recipe"
	say "package$ARCH_SUFFIX: ready"
}

# As an installer leaves it, but for the last lines, by which a test comes in: see tests/packages/run.
make_system() {
	local suite=$1 top=$CACHE/system/$1 dir=$CACHE/system/$1/root kernel
	fresh "$top" make_system && return
	say "$suite: making a system with systemd and its own kernel"
	rm -rf "$top"
	mkdir -p "$top"
	bootstrap "$dir" "$suite"
	# Those were for roots; a user's system starts services and has its manual.
	sed -i '/path-exclude/d' "$dir/etc/apt/apt.conf.d/10spliceguard"
	echo 'DPkg::Options { "--force-unsafe-io"; };' >>"$dir/etc/apt/apt.conf.d/10spliceguard"
	quietly "$CACHE/log/system-$suite.log" in_root "$dir" apt-get -qq -y install systemd-sysv udev dbus kmod initramfs-tools \
		linux-image-amd64 linux-headers-amd64 dkms gcc libc6-dev openssh-server ifupdown iproute2 procps python3-minimal python3-apt bats xz-utils zstd
	rm "$dir/usr/sbin/policy-rc.d"
	in_root "$dir" bash -euc '
		kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -nE "s/^ *Depends: linux-image-([0-9].*)/\1/p")
		mkdir -p /second/partial
		apt-get -qq -y -o Dir::Cache::archives=/second install --download-only "linux-image-$kernel" "linux-headers-$kernel"
		rm -rf /second/partial /second/lock
		apt-get clean
		rm -rf /var/lib/apt/lists/*
	'
	mv "$dir/second" "$top/"
	kernel=$(basename "$dir"/boot/vmlinuz-*)
	cp "$dir/boot/$kernel" "$top/vmlinuz"
	cp "$dir/boot/initrd.img-${kernel#vmlinuz-}" "$top/initrd.img"
	echo "spliceguard-test" >"$dir/etc/hostname"
	echo "127.0.0.1 localhost spliceguard-test" >"$dir/etc/hosts"
	echo "/dev/vda / ext4 errors=remount-ro 0 1" >"$dir/etc/fstab"
	printf 'auto lo\niface lo inet loopback\n' >"$dir/etc/network/interfaces"
	mkdir -p "$dir/etc/systemd/system/serial-getty@ttyS0.service.d" "$dir/etc/systemd/system/multi-user.target.wants" "$dir/test"
	# Somebody logs in on the console, and sees what a login shows.
	printf '[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root --noclear %%I vt220\n' \
		>"$dir/etc/systemd/system/serial-getty@ttyS0.service.d/autologin.conf"
	cp "$TOP/tests/packages/test.service" "$dir/etc/systemd/system/"
	ln -s ../test.service "$dir/etc/systemd/system/multi-user.target.wants/test.service"
	rmdir "$dir/spliceguard" "$dir/cache"
	truncate -s 6G "$top/disk.img"
	quietly "$CACHE/log/system-$suite-image.log" in_root "$CACHE/root/tools" mkfs.ext4 -q -O ^orphan_file,^metadata_csum_seed \
		-d "/cache/system/$suite/root" "/cache/system/$suite/disk.img"
	rm -rf "$dir"
	recipe_id make_system >"$top/.recipe"
	say "$suite: system ready"
}

INSTALL=install_cross
[ "$ARCH" != amd64 ] || INSTALL=install_kernel

need_root
mkdir -p "$CACHE/root" "$CACHE/log"
# Several of these scripts run at once, and apt does not like that.
exec 7>"$CACHE/lock"
flock 7
command -v debootstrap >/dev/null || {
	say "installing debootstrap"
	quietly "$CACHE/log/apt.log" sh -c 'apt-get -qq update; apt-get -qq -y install --no-install-recommends debootstrap'
}
exec 7>&-

# alone ROOT COMMAND...: nobody else makes that root meanwhile.
alone() {
	exec 8>"$CACHE/root/.$1.lock"
	flock 8
	"${@:2}"
}

case ${1:-} in
tools)
	alone tools make_tools
	[ $# = 1 ] || more_tools "${@:2}"
	;;
package) alone "package$ARCH_SUFFIX" make_package ;;
system) alone "system-${2:?which release}" make_system "$2" ;;
build) alone "build-${2:?which kernel}$ARCH_SUFFIX" make_build "$2" ;;
user) alone "${2:?which name}$ARCH_SUFFIX" make_user "${@:2}" ;;
*) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
