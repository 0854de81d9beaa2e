# shellcheck shell=bash
# What every script here needs: where things are kept, which releases there are, how to speak to the user, and how
# to enter a root. Sourced, never run.
set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${CACHE:-$TOP/.cache}

# The processor that kernels, guests and test programs are for.
ARCH=${ARCH:-amd64}
export ARCH

# The kernels that must pass, by the Debian suite that ships them.
case $ARCH in
amd64) ALL_KERNELS="5.10 6.1 6.12 7.2 7.3" ;;
arm64) ALL_KERNELS="6.1 6.12 7.2" ;;
*)
	echo "error: unknown ARCH '$ARCH'; known: amd64 arm64" >&2
	exit 1
	;;
esac
ARCH_SUFFIX=-$ARCH
[ "$ARCH" != amd64 ] || ARCH_SUFFIX=
# Programs that build, lint and run the guests, and the guests' own user space, come from this suite on every host.
export TOOLS_SUITE=trixie

suite_of() {
	case $1 in
	5.10) echo bullseye ;;
	6.1) echo bookworm ;;
	6.12) echo trixie ;;
	7.2) echo unstable ;;
	7.3) echo experimental ;;
	*) die "unknown kernel '$1'; known: $ALL_KERNELS" ;;
	esac
}

# flavours_of KERNEL: those that Debian has and that are tried; the first one is what most is done with.
flavours_of() {
	case $ARCH:$1 in
	amd64:*) echo cloud-amd64 amd64 ;;
	arm64:6.1) echo cloud-arm64 ;;
	arm64:*) echo cloud-arm64 arm64-16k ;;
	esac
}

# kernel_root KERNEL: where its compiler, its headers and its images are. One processor's names have no suffix.
kernel_root() {
	echo "$CACHE/root/build-$1${ARCH_SUFFIX}"
}

# release_of KERNEL [FLAVOUR]: as uname -r says it.
release_of() {
	local flavours
	read -r flavours _ <<<"$(flavours_of "$1")"
	cat "$(kernel_root "$1")/kernel/${2:-$flavours}"
}

STARTED=${STARTED:-$(date +%s)}
export STARTED

# say TEXT: one line of progress, with the seconds since the command started.
say() {
	printf '[%4ds] %s\n' $(($(date +%s) - STARTED)) "$*" >&2
}

die() {
	say "error: $*"
	exit 1
}

# The version of the module and of all that goes with it stands in dkms.conf.
module_version() {
	sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$TOP/dkms.conf"
}

need_root() {
	[ "$(id -u)" = 0 ] || die "run this as root: it installs packages, makes root directories and enters them"
}

# quietly LOG COMMAND...: output goes to LOG (and to the terminal with V=1); shown only when the command fails.
quietly() {
	local log=$1
	shift
	mkdir -p "$(dirname "$log")"
	if [ "${V:-0}" = 1 ]; then
		"$@" 2>&1 | tee "$log"
		return "${PIPESTATUS[0]}"
	fi
	if ! "$@" >"$log" 2>&1; then
		say "failed: $* (the end of $log follows)"
		tail -n 40 "$log" >&2
		return 1
	fi
}

# The mirror is the one that this machine's apt uses, or MIRROR=.
mirror() {
	if [ -n "${MIRROR:-}" ]; then
		echo "$MIRROR"
		return
	fi
	local uri
	uri=$(apt-get indextargets --format '$(SITE) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk '$2 ~ /\/debian\/?$/ { print $2; exit }')
	[ -n "$uri" ] || uri=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
		grep -oE '(https?|file)://[^ ]+/debian/?( |$)' | head -n 1)
	[ -n "$uri" ] || die "no Debian mirror in this machine's apt configuration; set MIRROR="
	uri=${uri%% *}
	echo "${uri%/}"
}

# The security archive stands beside the main one on every mirror that has it.
security_mirror() {
	echo "${MIRROR_SECURITY:-$(mirror)-security}"
}

# in_root DIR COMMAND...: run COMMAND in DIR with /proc, /sys and /dev, in a mount namespace of its own, so that
# nothing stays mounted whatever happens. $TOP is visible there as /spliceguard, $CACHE as /cache.
in_root() {
	local dir=$1
	shift
	mkdir -p "$dir/spliceguard" "$dir/cache"
	TOP=$TOP CACHE=$CACHE unshare --mount --propagation private -- bash -euc '
		dir=$1; shift
		mount -t proc proc "$dir/proc"
		mount --rbind /dev "$dir/dev"
		mount -t sysfs sysfs "$dir/sys" 2>/dev/null || true
		mount --bind "$TOP" "$dir/spliceguard"
		mount --bind "$CACHE" "$dir/cache"
		exec chroot "$dir" /usr/bin/env -i HOME=/root TERM=dumb LC_ALL=C.UTF-8 \
			PATH=/usr/sbin:/usr/bin:/sbin:/bin V="${V:-0}" STARTED="$STARTED" \
			DEBIAN_FRONTEND=noninteractive "$@"
	' in_root "$dir" "$@"
}
