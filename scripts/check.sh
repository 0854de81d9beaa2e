#!/bin/bash
# check.sh: all that a change must pass. Ends with "N passed, N failed"; exit code 0 only if none failed.
#
#   check.sh          everything; KERNELS="6.1 7.2" and TESTS=pattern (of bats test names) narrow it, V=1 shows all; WHOLE=1 has every
#                     kernel run what otherwise the newest does alone; with ARCH=arm64 what differs there; with ORACLE_ARM64=1 the
#                     sharing oracle of one of its kernels besides; with THREADS=multi a guest's two processors run at the same
#                     time, where QEMU itself may fail
#   check.sh lint     checkpatch, shellcheck, the disassembly rules
#   check.sh unit     the tests of policy and of the command in user space, under ASan and UBSan
. "$(dirname "$0")/common.sh"
. "$TOP/scripts/results.sh"

KERNELS=${KERNELS:-$ALL_KERNELS}
VERSION=$(module_version)
# What administrators look with, in one of the guests.
LOOKING=(linux-perf bpftrace auditd)
# What a kernel's make is told besides, packages that not everybody needs, and the prefixes of cross compilers: for programs, and for those of
# 32 bits; and whether there are kernels with larger pages.
NEEDED_ARM64=(qemu-system-arm gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross)
case $ARCH in
amd64) NEEDED=("${LOOKING[@]}") CROSS="'' '' ''" MAKE_FLAGS="" ;;
arm64)
	NEEDED=("${NEEDED_ARM64[@]}")
	# For the package.
	[ -n "${TESTS:-}" ] || NEEDED+=(lintian rpm rpmlint)
	CROSS="aarch64-linux-gnu- arm-linux-gnueabihf- 16k"
	# The headers of older kernels do not say so themselves.
	MAKE_FLAGS="CROSS_COMPILE=aarch64-linux-gnu-"
	;;
esac

in_tools() {
	in_root "$CACHE/root/tools" bash -euc "cd /spliceguard; $1"
}

lint() {
	try "checkpatch --strict" in_tools 'perl /opt/kernel-scripts/checkpatch.pl --no-tree --strict --no-summary --show-types \
		--ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON,MACRO_ARG_REUSE -f src/*.c include/*.h tests/modules/*.c' || true
	# What is the kernel's own way only is not asked of the command.
	try "checkpatch for the command" in_tools 'perl /opt/kernel-scripts/checkpatch.pl --no-tree --strict --no-summary --show-types \
		--ignore ARRAY_SIZE,BIT_MACRO,COMPLEX_MACRO,ENOSYS,LONG_LINE_STRING,PREFER_DEFINED_ATTRIBUTE_MACRO,PREFER_KERNEL_TYPES,STRCPY,VOLATILE \
		-f $(ls command/*.[ch] | grep -vE "/(calls|oracle|uring).h")' || true
	try "shellcheck" in_tools 'shellcheck -x scripts/*.sh packaging/files.sh packaging/guard packaging/module debian/*.p{re,ost}{rm,inst} tests/guest-init tests/guest-demo tests/guest-dkms tests/packages/run \
		tests/packages/*.bats tests/packages/helper.bash tests/bats/*.bats tests/bats/*.bash \
		command/tests/*.bats command/tests/helper.bash command/completion.bash command/bench/*.sh .ci/run' || true
	try "every file is in the compilation unit" in_tools 'diff <(cd src && ls -- *.c) <(sed -n "s/^#include \"\(.*\.c\)\"/\1/p; \$ a build.c" src/build.c | sort)' || true
	# One compilation unit: two variables of one name and type would silently be one.
	try "no static name in two files" in_tools '! for f in src/*.c; do
			grep -oP "^static (?:[a-z_0-9]+ )+\**(?:const )?\K[a-z_0-9]+(?=[ ;=\[(])" $f | sort -u
		done | sort | uniq -d | grep .' || true
	try "no version test outside include/compat.h" bash -c \
		"! grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION' -r $TOP/src $TOP/include --exclude=compat.h" || true
}

unit() {
	try "policy tests build without a warning" in_tools 'gcc -std=gnu11 -O1 -g -Wall -Wextra -Werror -Iinclude \
		-fsanitize=address,undefined -fno-sanitize-recover=all -o /tmp/policy_test tests/unit/policy_test.c src/policy.c src/grammar.c' || return 0
	local tap status=0
	tap=$CACHE/log/policy.tap
	in_tools /tmp/policy_test >"$tap" 2>&1 || status=1
	tap_results "policy" "$tap"
	result "policy tests end cleanly" $status
	verdicts
	command_tests
}

# tests/bats/quick.bash against bats itself.
verdicts() {
	try "bats in guests gives the verdicts that bats gives" in_tools '
		for quick in "" 1; do
			export QUICK=$quick
			for run in "none verdicts" "setup_file verdicts-file" "teardown_file verdicts-file"; do
				status=0
				FAILS_IN=${run% *} bats --tap "tests/unit/${run#* }.bats" || status=$?
				echo "status $status"
			done >/tmp/said$quick
			grep -E "^(ok|not ok|1\.\.|status) ?" /tmp/said$quick >/tmp/verdicts$quick
		done
		cat /tmp/said1
		diff /tmp/verdicts /tmp/verdicts1
		# They are what their names say.
		if grep -E "^ok .* fails:|^not ok .* passes:" /tmp/verdicts1; then exit 1; fi
		[ "$(grep -c "^not ok .* fails: " /tmp/verdicts1)" = 10 ]' || true
}

# Beside the sources and not among them: the host may be another release. Each test has a machine of directories.
command_tests() {
	local tap=$CACHE/log/command.tap status=0
	try "the command builds without a warning, and its manual pages" in_tools 'rm -rf /tmp/command
		mkdir /tmp/command
		cp -r command man src include dkms.conf /tmp/command
		cd /tmp/command/command
		make clean spliceguard manuals CFLAGS="-O1 -g -Werror -fsanitize=address,undefined -fno-sanitize-recover=all"' || return 0
	# What it holds when it ends is not given back.
	in_tools 'cd /tmp/command/command && ASAN_OPTIONS=detect_leaks=0 bats --tap tests' >"$tap" 2>&1 || status=1
	tap_results "command" "$tap"
	result "tests of the command end cleanly" $status
}

# Builds for one kernel, unless they all were good before, of the same files in the same root.
build() {
	local kernel=$1 out=$CACHE/out/$1$ARCH_SUFFIX all=$RESULTS root inputs
	root=$(kernel_root "$kernel")
	inputs=$(cd "$TOP" && find dkms.conf Kbuild src include tests/modules scripts/check.sh scripts/indirect-calls.sh scripts/shared-writes.sh -type f | sort | xargs sha256sum |
		cat - "$root/.recipe" "$root/kernel"/*"$ARCH"* | sha256sum)
	if [ "$(cat "$out/inputs" 2>/dev/null)" = "$inputs" ]; then
		say "$kernel: built before, from the same files"
	else
		rm -rf "$out"
		mkdir -p "$out"
		RESULTS=$out/results build_all "$kernel"
		grep -q '^not ok' "$out/results" || echo "$inputs" >"$out/inputs"
	fi
	cat "$out/results" >>"$all"
}

build_all() {
	local kernel=$1 root flavour release out=/cache/out/$1$ARCH_SUFFIX first=1
	root=$(kernel_root "$kernel")
	for flavour in $(flavours_of "$kernel"); do
		release=$(release_of "$kernel" "$flavour")
		"build_$ARCH" "$root" "$kernel" "$release" "$out/spliceguard-$flavour.ko" || continue
		try "$kernel: no warning from W=1 and sparse for $release" in_root "$root" bash -euc '
			cat /tmp/make.log
			grep -q "^  CHECK .*/build.c" /tmp/make.log
			! grep -vE "not available or not up to date|checker-valid.sh" /tmp/make.log | grep -iE "warning|error|: note"
		' || true
		try "$kernel: the witness builds for $release" in_root "$root" bash -euc '
			rm -rf /tmp/test-modules
			mkdir -p /tmp/test-modules
			cp -r /spliceguard/{dkms.conf,Kbuild,src,include,tests} /tmp/test-modules
			make $5 -C /lib/modules/"$1"/build M=/tmp/test-modules/tests/modules modules
			cp /tmp/test-modules/tests/modules/witness.ko "$2/witness-$3".ko
			[ -z "$4" ] || cp /tmp/test-modules/tests/modules/{disarm,owner}.ko "$2"
		' witness "$release" "$out" "$flavour" "$first" "$MAKE_FLAGS" || true
		first=
		[ "$ARCH" = amd64 ] || continue
		try "$kernel: no indirect call but to pipe buffers, for $flavour" in_tools \
			"bash scripts/indirect-calls.sh $out/spliceguard-$flavour.ko" || true
		try "$kernel: calls write nothing that processors share, for $flavour" in_tools \
			"bash scripts/shared-writes.sh $out/spliceguard-$flavour.ko" || true
	done
	try "$kernel: the module builds for kernels that lack something" in_root "$root" bash -euc '
		rm -rf /tmp/test-modules
		mkdir -p /tmp/test-modules
		cp -r /spliceguard/{dkms.conf,Kbuild,src,include} /tmp/test-modules
		variant() {
			make $4 -C /lib/modules/"$1"/build M=/tmp/test-modules "CFLAGS_src/build.o=-DSPG_FILL_NAMES=\\\"$2\\\"" modules
			cp /tmp/test-modules/spliceguard.ko "$3"
		}
		# The module itself, for a kernel that lacks a function.
		variant "$1" no_such_function "$2/lacking.ko" "$3"
		# And for one that has it in the wrong place: since 6.8 this is but one of the ways into a pipe.
		variant "$1" vfs_splice_read "$2/bypassed.ko" "$3"
		grep -q no_such_function "$2/lacking.ko"
		! grep -q no_such_function "$2/bypassed.ko"
	' modules "$(release_of "$kernel")" "$out" "$MAKE_FLAGS" || true
}

# build_ARCH ROOT KERNEL RELEASE OUT: the module, with what W=1 and sparse say in ROOT/tmp/make.log.

# A release's own compiler, by dkms, as users do. What it is told to say besides does not change what is built.
build_amd64() {
	try "$2: dkms build for $3" in_root "$1" bash -euc '
		src=/usr/src/spliceguard-$2
		rm -rf "$src" /var/lib/dkms/spliceguard
		mkdir -p "$src"
		cp -r /spliceguard/{dkms.conf,Kbuild,src,include} "$src"
		dkms add -m spliceguard -v "$2"
		# As if said to make. C=2 checks first whether sparse works, with a script that some header packages lack.
		export MAKEFLAGS="KBUILD_EXTRA_WARN=1 KBUILD_CHECKSRC=2"
		dkms build -m spliceguard -v "$2" -k "$1" || { cat /var/lib/dkms/spliceguard/"$2"/build/make.log; exit 1; }
		cd /var/lib/dkms/spliceguard/"$2"/"$1"/*
		cp log/make.log /tmp/make.log
		cd module
		case $(echo spliceguard.ko*) in
		*.xz) xz -dc spliceguard.ko.xz ;;
		*.zst) zstd -dcq spliceguard.ko.zst ;;
		*) cat spliceguard.ko ;;
		esac >"$3"
	' build "$3" "$VERSION" "$4" || return
	try "$2: dkms says that it does not build for a kernel that is none of ours" in_root "$1" bash -euc '
		mkdir -p /lib/modules/4.19.0-other
		trap "rm -r /lib/modules/4.19.0-other" EXIT
		cp -a "/lib/modules/$1/build" /lib/modules/4.19.0-other/build
		! dkms build -m spliceguard -v "$2" -k 4.19.0-other >/tmp/dkms.log 2>&1
		grep "BUILD_EXCLUSIVE directive" /tmp/dkms.log
	' build "$3" "$VERSION" || true
}

# Its own compiler for another processor.
build_arm64() {
	try "$2: cross build for $3" in_root "$1" bash -euc '
		rm -rf /tmp/module
		mkdir /tmp/module
		cp -r /spliceguard/{dkms.conf,Kbuild,src,include} /tmp/module
		make $3 -C /lib/modules/"$1"/build M=/tmp/module KBUILD_EXTRA_WARN=1 KBUILD_CHECKSRC=2 modules >/tmp/make.log 2>&1 || { cat /tmp/make.log; exit 1; }
		cp /tmp/module/spliceguard.ko "$2"
	' build "$3" "$4" "$MAKE_FLAGS"
}

programs() {
	try "test programs build without a warning" in_tools "set -- $CROSS"'
		out=/cache/out/programs'"$ARCH_SUFFIX"'
		mkdir -p "$out"
		for p in tests/programs/*.c; do
			"$1"gcc -O2 -Wall -Wextra -Wno-unused-result -Werror -static -o "$out/$(basename "$p" .c)" "$p"
		done
		if [ -n "$3" ]; then
			# Those to which it matters how much a slot of a pipe holds.
			mkdir -p "$out-16k"
			for p in behaviour hold pressure; do
				"$1"gcc -O2 -DPAGE=16384 -Wno-unused-result -static -o "$out-16k/$p" "tests/programs/$p.c"
			done
		fi
		[ -z "$2" ] || "$2"gcc -O2 -D_FILE_OFFSET_BITS=64 -Wall -Wextra -Wno-unused-result -Werror -static -o "$out/oracle32" tests/programs/oracle.c
		rm -rf /tmp/command-o2
		mkdir /tmp/command-o2
		cp -r command src include dkms.conf /tmp/command-o2
		make -C /tmp/command-o2/command CC="$1"gcc CFLAGS="-O2 -Werror" -B spliceguard bench
		cp /tmp/command-o2/command/spliceguard "$out"
		rm -rf "$out/bench"
		cp -r /tmp/command-o2/command/bench "$out"'
}

# guest KERNEL FLAVOUR SMP FILES...: one boot, some bats files.
guest() {
	local kernel=$1 flavour=$2 smp=$3 out=$CACHE/out/$1$ARCH_SUFFIX dir name file files=() status=0
	shift 3
	# With TESTS=, only files that have such a test are worth a boot.
	for file; do
		! grep -qE "^@test \".*(${TESTS:-})" "$TOP/tests/bats/$file" || files+=("$file")
	done
	[ ${#files[@]} -gt 0 ] || return 0
	name=$kernel-$flavour-smp$smp${ICOUNT:+-icount}${WITH:+-tools}${MORE:+-more}
	dir=$(mktemp -d "$CACHE/guest/tree.XXXXXX")
	cp "$out/spliceguard-$flavour.ko" "$dir/spliceguard.ko"
	cp "$out/witness-$flavour.ko" "$dir/witness.ko"
	[[ "$flavour" != cloud-* ]] || cp "$out"/{disarm,owner,lacking,bypassed}.ko "$dir/" || true
	cp -r "$CACHE/out/programs$ARCH_SUFFIX" "$dir/programs"
	[[ "$flavour" != *-16k ]] || cp "$CACHE/out/programs$ARCH_SUFFIX-16k"/* "$dir/programs/"
	mkdir "$dir/bats"
	cp "$TOP"/tests/bats/*.bash "$dir/bats/"
	# The witness has the last word, but where it would be counted.
	[ -n "${ICOUNT:-}" ] || files+=(99-witness.bats)
	# What bats makes of them first is made here, where it takes no time.
	in_tools "for file in ${files[*]}; do
			BATS_ROOT=/usr BATS_LIBDIR=lib /usr/libexec/bats-core/bats-preprocess tests/bats/\$file >/cache/guest/${dir##*/}/bats/\$file
		done"
	say "$name: booting, for ${files[*]}"
	# By force (R) in one test there.
	[ "$flavour" != amd64 ] || export APPEND="syscall.x32=y" TAINT=8
	# QEMU 10 forgets the translations of an instruction before it stores the new one. A processor that runs at the same time may
	# translate the old one in between and keep that: of all that kernels write while they patch themselves, a breakpoint that is
	# gone from memory. A stock kernel died of it ("Oops: int3") after some thousand writes to sched_schedstats.
	SMP=$smp THREADS=${THREADS:-single} TIMEOUT=${TIMEOUT:-900} "$TOP/scripts/guest.sh" "$kernel:$flavour" "$name" "$dir" \
		bash -c 'ln -sf /bin/cat /usr/libexec/bats-core/bats-preprocess && exec "$@"' preprocessed \
		bats --tap --timing ${TESTS:+--filter "$TESTS|^witness"} bats || status=1
	rm -rf "$dir"
	tap_results "$name" "$CACHE/log/$name.out"
	result "$name: a clean run of the guest" $status
	say "$name: done"
}

# All that is to be installed, before anything runs in there.
make_tools() {
	"$TOP/scripts/roots.sh" tools "${NEEDED[@]}"
	[ -z "${ORACLE_ARM64:-}" ] || "$TOP/scripts/roots.sh" tools "${NEEDED_ARM64[@]}"
}

everything() {
	local k
	# The roots that are slow to make begin first.
	pool make_tools
	for k in $KERNELS; do pool "$TOP/scripts/roots.sh" build "$k"; done
	wait
	programs
	for k in $KERNELS; do pool build "$k"; done
	wait
	if [ "$ARCH" = amd64 ]; then
		pool lint
		pool unit
	fi
	"guests_$ARCH"
	[ -z "${ORACLE_ARM64:-}" ] || pool oracle_arm64
	wait
}

# The others are by "make check ARCH=arm64".
oracle_arm64() {
	local status=0
	say "arm64: the oracle"
	ORACLE_ARM64='' ARCH=arm64 KERNELS=6.12 TESTS='oracle: |32 bits: ' "$TOP/scripts/check.sh" >/dev/null || status=1
	sed -E 's/^(not ok|ok) /&arm64 /' "$CACHE/results-arm64" >>"$RESULTS"
	result "arm64: the oracle ends cleanly" $status
}

# What can break a kernel is tried on each.
FILES=(10-load.bats 20-oracle.bats 30-behaviour.bats 35-zerocopy.bats 40-vmsplice.bats 60-unload.bats 70-pressure.bats 80-kernel-users.bats)
# What decides and what tells cannot break one. CI tries it on each as well (WHOLE=1); in between the newest does.
ON_NEWEST=(45-trust.bats 85-trace.bats 86-command.bats 90-lock.bats)

has_all() {
	[[ -n "${WHOLE:-}" || " $KERNELS" == *" $1" ]]
}

guests_amd64() {
	local k
	# Those that take longest begin.
	for k in $KERNELS; do ! has_all "$k" || MORE=1 pool guest "$k" cloud-amd64 1 "${ON_NEWEST[@]}"; done
	for k in $KERNELS; do pool guest "$k" cloud-amd64 1 "${FILES[@]}"; done
	# On two processors, and with x32, which is in the generic kernels only.
	for k in $KERNELS; do pool guest "$k" amd64 2 25-x32.bats 50-switch.bats 95-late-unload.bats; done
	# The tools that administrators look with are large.
	[[ " $KERNELS " != *" 6.12 "* ]] || WITH="${LOOKING[*]}" MEMORY=2048 pool guest 6.12 cloud-amd64 1 86-tools.bats
	# Where a nanosecond is an instruction.
	for k in $KERNELS; do ! has_all "$k" || ICOUNT=1 pool guest "$k" cloud-amd64 1 15-cost.bats; done
}

# A disk image with DKMS, a compiler and a kernel's headers, of the release that the guests' programs are from.
make_builder() {
	local root=builder$ARCH_SUFFIX image=$1
	"$TOP/scripts/roots.sh" user builder dkms gawk gcc make kmod pahole xz-utils zstd
	! [ "$image" -nt "$CACHE/root/$root/.recipe" ] || return 0
	# The newest headers, which may be in the security archive.
	quietly "$CACHE/log/$root.log" in_root "$(kernel_root "$2")" bash -euc '
		mkdir -p /debs
		cd /debs
		names() {
			dpkg-query -W -f "\${Package}\n" "$1"
		}
		apt-get -qq download "linux-headers-$1:$2" "$(names "linux-headers-*-common")" "$(names "linux-kbuild-*"):$2"
		for deb in *.deb; do dpkg-deb -x "$deb" "/cache/root/$3"; done
		rm -r /debs
	' builder "$(release_of "$2")" "$ARCH" "$root"
	rm -f "$image"
	truncate -s 3G "$image"
	in_tools "mkfs.ext4 -q -d /cache/root/$root /cache/${image#"$CACHE/"}"
}

# It compiles under emulation.
build_in_guest() {
	local kernel=$1 name=$1-dkms$ARCH_SUFFIX image dir status=0
	image=$CACHE/guest/builder-$(release_of "$kernel").img
	make_builder "$image" "$kernel"
	dir=$(mktemp -d "$CACHE/guest/tree.XXXXXX")
	mkdir "$dir/project"
	cp -r "$TOP"/{dkms.conf,Kbuild,src,include} "$dir/project"
	cp "$TOP/tests/guest-dkms" "$dir"
	say "$name: booting"
	DISK=$image SMP=2 MEMORY=2048 TIMEOUT=3000 "$TOP/scripts/guest.sh" "$kernel" "$name" "$dir" bash guest-dkms || status=1
	rm -rf "$dir"
	result "$kernel: built by DKMS in a guest, and loaded" $status
}

guests_arm64() {
	local k
	[ -n "${TESTS:-}" ] || pool try "arm64: the package of the command builds, and lintian accepts it" env OUT="$CACHE/packages/arm64" "$TOP/scripts/packages.sh" deb
	[[ -n "${TESTS:-}" || " $KERNELS " != *" 6.12 "* ]] || pool build_in_guest 6.12
	for k in $KERNELS; do MORE=1 pool guest "$k" cloud-arm64 1 "${ON_NEWEST[@]}"; done
	for k in $KERNELS; do pool guest "$k" cloud-arm64 1 "${FILES[@]}" 27-compat.bats; done
	for k in $KERNELS; do pool guest "$k" cloud-arm64 2 50-switch.bats; done
	# Pages of 16 KiB.
	for k in $KERNELS; do
		[[ "$(flavours_of "$k")" != *16k* ]] || pool guest "$k" arm64-16k 1 20-oracle.bats 30-behaviour.bats 35-zerocopy.bats 40-vmsplice.bats 60-unload.bats 70-pressure.bats
	done
}

need_root
mkdir -p "$CACHE/guest" "$CACHE/log" "$CACHE/out"
begin_results "results$ARCH_SUFFIX"
for k in $KERNELS; do suite_of "$k" >/dev/null; done
[ -z "${TESTS:-}" ] || grep -qE "^@test \".*($TESTS)" "$TOP"/tests/bats/*.bats || die "no test's name matches '$TESTS'"
say "cache: $CACHE"
case ${1:-everything} in
everything) everything ;;
lint | unit)
	"$TOP/scripts/roots.sh" tools
	"$1"
	;;
*) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
finish
