#!/bin/bash
# guest.sh: boot a stock kernel in QEMU, without KVM, run one command in it, and judge how it went.
#
#   guest.sh KERNEL NAME DIR COMMAND...
#
# KERNEL is one of the releases' names, or KERNEL:FLAVOUR. What DIR holds is /test in the guest, its spliceguard.ko among it; COMMAND
# runs there as root. Its output goes to the terminal with V=1 and to CACHE/log/NAME.out; the kernel's log to CACHE/log/NAME.console.
# SMP= and MEMORY= (MiB) size the guest, TIMEOUT= bounds it. With THREADS=single its processors take turns, else they run at the same
# time. WITH= names packages that this guest has besides, see roots.sh. DISK= is a disk image, which stays as it is. TAINT= adds to
# the taints that are let pass. ICOUNT=1 makes a nanosecond of its clock an instruction, so that times repeat.
#
# Exit code 0 takes all of: the command's exit code 0, a clean power-down, no splat in the log, no taint but O and E.
. "$(dirname "$0")/common.sh"
. "$TOP/scripts/qemu.sh"

# What the guests' programs come from, and the modules that tests may load.
PACKAGES=(acl apparmor base-files base-passwd bash bats coreutils curl dash diffutils e2fsprogs findutils fuse2fs fuse3 gawk grep gzip hostname iproute2
	kmod libc-bin mount nginx nginx-common procps psmisc sed tar util-linux xfsprogs)
MODULES=(aesni_intel af_alg algif_aead algif_hash algif_skcipher authenc authencesn cbc ctr dummy ext4 fuse gcm ghash-clmulni-intel ghash-generic
	ipv6 kcm loop nvme_tcp nvmet_tcp overlay rds sch_netem sctp tls unix veth virtio_blk virtio_console virtio_pci
	vmw_vsock_virtio_transport_common vsock_loopback xfs)

# pack NAME PACKAGE...: what those packages hold, and the libraries that it needs; one archive for all kernels.
pack() {
	local out=$CACHE/guest/$1.cpio
	shift
	exec 7>"$CACHE/guest/lock"
	flock 7
	if [ -e "$out" ] && [ "$out" -nt "$CACHE/root/tools/.recipe" ] && [ "$out" -nt "$TOP/scripts/guest.sh" ]; then
		exec 7>&-
		return
	fi
	say "guest: packing $out"
	in_root "$CACHE/root/tools" bash -euc '
		list() {
			# shellcheck disable=SC2086
			dpkg -L $1 2>/dev/null | grep -vE "^/usr/share/(doc|man|locale|info|lintian|bash-completion)/|/xfs_scrub" |
				while read -r f; do
					if [ -L "$f" ] || [ -f "$f" ]; then echo "$f"; fi
				done
		}
		files=$(mktemp)
		list "$1" >"$files"
		# The libraries that they need, and the links that lead to them.
		grep -E "/(bin|sbin|lib)/" "$files" | while read -r f; do
			[ -x "$f" ] && ldd "$f" 2>/dev/null | grep -oE "/[^ )]+" || true
		done | sort -u | while read -r f; do
			echo "$f"
			readlink -f "$f"
		done >>"$files"
		printf "%s\n" /etc/passwd /etc/group /etc/ld.so.cache /etc/alternatives/awk /usr/bin/awk \
			/bin /sbin /lib /lib64 >>"$files"
		sed -E "s,^/(bin|sbin|lib|lib64)/,/usr/\\1/,; s,^/,," "$files" | sort -u >"$files.sorted"
		cd /
		# Directories first: cpio makes none by itself.
		sed "s,/[^/]*$,," "$files.sorted" | awk -F/ "{ p = \"\"; for (i = 1; i <= NF; i++) { p = p (i > 1 ? \"/\" : \"\") \$i; print p } }" |
			sort -u >"$files.dirs"
		cat "$files.dirs" "$files.sorted" | awk "!seen[\$0]++" | cpio --quiet -o -H newc >/cache/guest/packed.tmp
	' pack "$*"
	mv "$CACHE/guest/packed.tmp" "$out"
	exec 7>&-
}

# The same for another processor: all that was unpacked for it.
pack_foreign() {
	local root=user$ARCH_SUFFIX out=$CACHE/guest/$1$ARCH_SUFFIX.cpio
	shift
	exec 7>"$CACHE/guest/lock"
	flock 7
	"$TOP/scripts/roots.sh" user user "$@"
	if ! [ "$out" -nt "$CACHE/root/$root/.recipe" ]; then
		say "guest: packing $out"
		in_root "$CACHE/root/tools" bash -euc '
			cd "/cache/root/$1"
			find . -regextype egrep -regex "./(usr/share/(doc|man|locale|info|lintian|zoneinfo)|usr/lib/(python3.*|.*/gconv)|var/(cache|lib/dpkg)|dev)/.*" -prune -o -print |
				cpio --quiet -o -H newc >/cache/guest/packed.tmp
		' pack "$root"
		mv "$CACHE/guest/packed.tmp" "$out"
	fi
	exec 7>&-
}

# The modules of one kernel, with those that they need.
make_modules() {
	local root=$1 release=$2 out=$3
	# Two guests of one kernel may begin at once.
	exec 7>"$CACHE/guest/lock"
	flock 7
	if [ -e "$out" ] && [ "$out" -nt "$root/.recipe" ] && [ "$out" -nt "$TOP/scripts/guest.sh" ]; then
		exec 7>&-
		return
	fi
	in_root "$root" bash -euc '
		release=$1; shift
		base=/kernel/x
		depmod -b $base "$release"
		tmp=$(mktemp -d)
		for m; do
			modprobe -d $base -S "$release" --show-depends "$m" 2>/dev/null || true
		done | sed -n "s/^insmod \([^ ]*\).*/\1/p" | sort -u | while read -r f; do
			rel=${f#*"/lib/modules/"}
			mkdir -p "$tmp/usr/lib/modules/${rel%/*}"
			cp "$f" "$tmp/usr/lib/modules/$rel"
		done
		mkdir -p "$tmp/usr/lib/modules/$release"
		cp $base/lib/modules/"$release"/modules.builtin* $base/lib/modules/"$release"/modules.order "$tmp/usr/lib/modules/$release"
		depmod -b "$tmp/usr" "$release"
		chmod 755 "$tmp"
		cd "$tmp" && find usr | cpio --quiet -o -H newc
	' make_modules "$release" "${MODULES[@]}" >"$out.tmp"
	mv "$out.tmp" "$out"
	exec 7>&-
}

need_root
[ $# -ge 4 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 64; }
kernel=${1%:*} flavour=
[ "$kernel" = "$1" ] || flavour=${1#*:}
name=$2 dir=$3
shift 3

root=$(kernel_root "$kernel")
release=$(release_of "$kernel" "$flavour")
log=$CACHE/log/$name
mkdir -p "$CACHE/guest" "$CACHE/log"
# Nothing of an earlier run is to be taken for this one's.
rm -f "$log.console" "$log.out" "$log.qemu"
case $ARCH in
amd64) pack base "${PACKAGES[@]}" ;;
*) pack_foreign base "${PACKAGES[@]}" ;;
esac
archives=("$CACHE/guest/base$ARCH_SUFFIX.cpio")
if [ -n "${WITH:-}" ]; then
	read -ra with <<<"$WITH"
	pack "with-${WITH// /+}" "${with[@]}"
	archives+=("$CACHE/guest/with-${WITH// /+}.cpio")
fi
make_modules "$root" "$release" "$CACHE/guest/modules-$release.cpio"

# Archives one after the other are unpacked one over the other.
work=$(mktemp -d "$CACHE/guest/run.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tree/test"
cp -r "$dir/." "$work/tree/test/"
printf '%q ' "$@" >"$work/tree/test/.command"
cp "$TOP/tests/guest-init" "$work/tree/init"
(cd "$work/tree" && find . | in_root "$CACHE/root/tools" sh -c 'cd /cache/guest/'"${work##*/}"'/tree && cpio --quiet -o -H newc') >"$work/test.cpio"
cat "${archives[@]}" "$CACHE/guest/modules-$release.cpio" "$work/test.cpio" >"$work/initrd"
cp "$root/kernel/vmlinuz-$release" "$work/vmlinuz"

# Without cx16, QEMU 7.2 crashed some guests. A byte that a string instruction moves costs TCG as much as a word does, so kernels
# that believe in fast ones (erms, fsrm) are slow; but where instructions are counted, the processor stays as it was.
case $ARCH${ICOUNT:+:icount} in
amd64) cpu=qemu64,-cx16,+smap,+smep,+fsgsbase,+rdrand ;;
amd64:icount) cpu=max,-cx16 ;;
*) cpu=max ;;
esac
accel=(-accel "tcg${THREADS:+,thread=$THREADS}")
# shellcheck disable=SC2054
[ -z "${ICOUNT:-}" ] || accel=(-accel tcg,thread=single -icount shift=0,sleep=off)
disk=()
# shellcheck disable=SC2054
[ -z "${DISK:-}" ] || disk=(-drive "file=/cache/${DISK#"$CACHE/"},format=raw,if=virtio,snapshot=on")
run_guest "$name" "${accel[@]}" "${disk[@]}" -cpu "$cpu" \
	-kernel "/cache/guest/${work##*/}/vmlinuz" -initrd "/cache/guest/${work##*/}/initrd" \
	-append "console=$CONSOLE loglevel=7 panic=-1 oops=panic panic_on_warn=1 rdinit=/init OUT=$SECOND ${APPEND:-}"
