#!/bin/bash
# check.sh: all that a change must pass. Ends with "N passed, N failed"; exit code 0 only if none failed.
#
#   check.sh          everything; KERNELS="6.1 7.2" and TESTS=pattern (of bats test names) narrow it, V=1 shows all
#   check.sh lint     checkpatch, shellcheck, the disassembly rules
#   check.sh unit     the tests of policy and of the command in user space, under ASan and UBSan
. "$(dirname "$0")/common.sh"
. "$TOP/scripts/results.sh"

KERNELS=${KERNELS:-$ALL_KERNELS}
VERSION=$(module_version)
# What administrators look with, in one of the guests.
LOOKING=(linux-perf bpftrace auditd)

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
	try "shellcheck" in_tools 'shellcheck -x scripts/*.sh packaging/files.sh packaging/guard packaging/module debian/*.p{re,ost}{rm,inst} tests/guest-init tests/guest-demo tests/packages/run \
		tests/packages/*.bats tests/packages/helper.bash tests/bats/*.bats tests/bats/helper.bash \
		command/tests/*.bats command/tests/helper.bash command/completion.bash tests/bench/*.sh .ci/run' || true
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
	command_tests
}

# Beside the sources and not among them: the host may be another release. Each test has a machine of directories.
command_tests() {
	local tap=$CACHE/log/command.tap status=0
	try "the command builds without a warning, and its manual pages" in_tools 'rm -rf /tmp/command
		mkdir /tmp/command
		cp -r command man src include dkms.conf /tmp/command
		cd /tmp/command/command
		make clean all CFLAGS="-O1 -g -Werror -fsanitize=address,undefined -fno-sanitize-recover=all"' || return 0
	# What it holds when it ends is not given back.
	in_tools 'cd /tmp/command/command && ASAN_OPTIONS=detect_leaks=0 bats --tap tests' >"$tap" 2>&1 || status=1
	tap_results "command" "$tap"
	result "tests of the command end cleanly" $status
}

# Builds for one kernel, unless they all were good before, of the same files in the same root.
build() {
	local kernel=$1 out=$CACHE/out/$1 all=$RESULTS inputs
	inputs=$(cd "$TOP" && find dkms.conf Kbuild src include tests/modules scripts/check.sh scripts/indirect-calls.sh scripts/shared-writes.sh -type f | sort | xargs sha256sum |
		cat - "$CACHE/root/build-$kernel/.recipe" "$CACHE/root/build-$kernel/kernel"/*amd64 | sha256sum)
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

# A release's own compiler, by dkms, as users do; then again to see what W=1 and sparse say.
build_all() {
	local kernel=$1 root=$CACHE/root/build-$1 flavour release
	for flavour in cloud-amd64 amd64; do
		release=$(cat "$root/kernel/$flavour")
		try "$kernel: dkms build for $release" in_root "$root" bash -euc '
			src=/usr/src/spliceguard-$2
			rm -rf "$src" /var/lib/dkms/spliceguard
			mkdir -p "$src"
			cp -r /spliceguard/{dkms.conf,Kbuild,src,include} "$src"
			dkms add -m spliceguard -v "$2"
			dkms build -m spliceguard -v "$2" -k "$1" || { cat /var/lib/dkms/spliceguard/"$2"/build/make.log; exit 1; }
			if grep -i warning /var/lib/dkms/spliceguard/"$2"/"$1"/*/log/make.log; then exit 1; fi
			cd /var/lib/dkms/spliceguard/"$2"/"$1"/*/module
			case $(echo spliceguard.ko*) in
			*.xz) xz -dc spliceguard.ko.xz ;;
			*.zst) zstd -dcq spliceguard.ko.zst ;;
			*) cat spliceguard.ko ;;
			esac >/cache/out/"$3"/spliceguard-"$4".ko
		' build "$release" "$VERSION" "$kernel" "$flavour" || continue
		try "$kernel: no warning from W=1 and sparse for $release" in_root "$root" bash -euc '
			rm -rf /tmp/w1
			mkdir /tmp/w1
			cp -r /spliceguard/{dkms.conf,Kbuild,src,include} /tmp/w1
			# C=2 checks first whether sparse works, with a script that some header packages lack.
			make -C /lib/modules/"$1"/build M=/tmp/w1 W=1 KBUILD_CHECKSRC=2 CHECK=sparse modules >/tmp/w1.log 2>&1 || { cat /tmp/w1.log; exit 1; }
			[ "$(grep -c "^  CHECK" /tmp/w1.log)" = "$(ls /tmp/w1/src/*.c | wc -l)" ]
			if grep -vE "not available or not up to date|checker-valid.sh" /tmp/w1.log | grep -iE "warning|error|: note"; then exit 1; fi
		' w1 "$release" || true
		try "$kernel: the witness builds for $release" in_root "$root" bash -euc '
			rm -rf /tmp/test-modules
			mkdir -p /tmp/test-modules
			cp -r /spliceguard/{dkms.conf,Kbuild,src,include,tests} /tmp/test-modules
			make -C /lib/modules/"$1"/build M=/tmp/test-modules/tests/modules modules
			cp /tmp/test-modules/tests/modules/witness.ko /cache/out/"$2"/witness-"$3".ko
			[ "$3" != cloud-amd64 ] || cp /tmp/test-modules/tests/modules/{disarm,owner}.ko /cache/out/"$2"
		' witness "$release" "$kernel" "$flavour" || true
		try "$kernel: no indirect call but to pipe buffers, for $flavour" in_tools \
			"bash scripts/indirect-calls.sh /cache/out/$kernel/spliceguard-$flavour.ko" || true
		try "$kernel: calls write nothing that processors share, for $flavour" in_tools \
			"bash scripts/shared-writes.sh /cache/out/$kernel/spliceguard-$flavour.ko" || true
	done
	try "$kernel: the module builds for kernels that lack something" in_root "$root" bash -euc '
		rm -rf /tmp/test-modules
		mkdir -p /tmp/test-modules
		cp -r /spliceguard/{dkms.conf,Kbuild,src,include} /tmp/test-modules
		# The module itself, for a kernel that lacks a function.
		make -C /lib/modules/"$1"/build M=/tmp/test-modules KCFLAGS="-DSPG_FILL_NAMES=\\\"no_such_function\\\"" modules
		cp /tmp/test-modules/spliceguard.ko /cache/out/"$2"/lacking.ko
		# And for one that has it in the wrong place: since 6.8 this is but one of the ways into a pipe.
		touch /tmp/test-modules/src/splice.c
		make -C /lib/modules/"$1"/build M=/tmp/test-modules KCFLAGS="-DSPG_FILL_NAMES=\\\"vfs_splice_read\\\"" modules
		cp /tmp/test-modules/spliceguard.ko /cache/out/"$2"/bypassed.ko
	' modules "$(cat "$root/kernel/cloud-amd64")" "$kernel" || true
}

programs() {
	try "test programs build without a warning" in_tools 'mkdir -p /cache/out/programs
		for p in tests/programs/*.c; do
			gcc -O2 -Wall -Wextra -Wno-unused-result -Werror -static -o /cache/out/programs/$(basename $p .c) $p
		done
		rm -rf /tmp/command-o2
		mkdir /tmp/command-o2
		cp -r command src include dkms.conf /tmp/command-o2
		make -C /tmp/command-o2/command CFLAGS="-O2 -Werror" -B spliceguard
		cp /tmp/command-o2/command/spliceguard /cache/out/programs'
}

# guest KERNEL FLAVOUR SMP FILES...: one boot, some bats files.
guest() {
	local kernel=$1 flavour=$2 smp=$3 dir name which file files=() status=0
	shift 3
	# With TESTS=, only files that have such a test are worth a boot.
	for file; do
		! grep -qE "^@test \".*(${TESTS:-})" "$TOP/tests/bats/$file" || files+=("$file")
	done
	[ ${#files[@]} -gt 0 ] || return 0
	name=$kernel-$flavour-smp$smp${ICOUNT:+-icount}${WITH:+-tools}
	which=$kernel
	[ "$flavour" = cloud-amd64 ] || which=$kernel:generic
	dir=$(mktemp -d "$CACHE/guest/tree.XXXXXX")
	cp "$CACHE/out/$kernel/spliceguard-$flavour.ko" "$dir/spliceguard.ko"
	cp "$CACHE/out/$kernel/witness-$flavour.ko" "$dir/witness.ko"
	cp "$CACHE/out/$kernel"/{disarm,owner,lacking,bypassed}.ko "$dir/" || true
	cp -r "$CACHE/out/programs" "$dir/programs"
	mkdir "$dir/bats"
	cp "$TOP/tests/bats/helper.bash" "$dir/bats/"
	# The witness has the last word, but where it would be counted.
	[ -n "${ICOUNT:-}" ] || files+=(99-witness.bats)
	for file in "${files[@]}"; do cp "$TOP/tests/bats/$file" "$dir/bats/"; done
	say "$name: booting, for ${files[*]}"
	# By force (R) in one test there.
	[ "$flavour" = cloud-amd64 ] || export APPEND="syscall.x32=y" TAINT=8
	SMP=$smp TIMEOUT=${TIMEOUT:-900} "$TOP/scripts/guest.sh" "$which" "$name" "$dir" \
		bats --tap --timing ${TESTS:+--filter "$TESTS|^witness"} bats || status=1
	rm -rf "$dir"
	tap_results "$name" "$CACHE/log/$name.out"
	result "$name: a clean run of the guest" $status
	say "$name: done"
}

everything() {
	local k
	# The roots that are slow to make begin first.
	pool "$TOP/scripts/roots.sh" tools "${LOOKING[@]}"
	for k in $KERNELS; do pool "$TOP/scripts/roots.sh" build "$k"; done
	wait
	lint
	unit
	programs
	for k in $KERNELS; do pool build "$k"; done
	wait
	local files=(10-load.bats 20-oracle.bats 30-behaviour.bats 35-zerocopy.bats 40-vmsplice.bats 45-trust.bats 60-unload.bats 70-pressure.bats
		80-kernel-users.bats 85-trace.bats 90-lock.bats)
	# The command sees the same of each kernel, but where one lacks something: so the oldest and the newest will do.
	local command
	for k in $KERNELS; do
		command=()
		[[ "$k" != 5.10 && "$k" != 7.3 ]] || command=(86-command.bats)
		pool guest "$k" cloud-amd64 1 "${files[@]}" "${command[@]}"
	done
	for k in $KERNELS; do pool guest "$k" cloud-amd64 2 50-switch.bats; done
	# Where a nanosecond is an instruction.
	for k in $KERNELS; do ICOUNT=1 pool guest "$k" cloud-amd64 1 15-cost.bats; done
	# The tools that administrators look with are large, and the same with each kernel.
	for k in $KERNELS; do
		[ "$k" != 6.12 ] || WITH="${LOOKING[*]}" MEMORY=2048 pool guest "$k" cloud-amd64 1 86-tools.bats
	done
	# x32 is in the generic kernels only.
	for k in $KERNELS; do pool guest "$k" amd64 1 25-x32.bats 26-late-unload.bats; done
	wait
}

need_root
mkdir -p "$CACHE/guest" "$CACHE/log" "$CACHE/out"
begin_results results
for k in $KERNELS; do suite_of "$k" >/dev/null; done
[ -z "${TESTS:-}" ] || grep -qE "^@test \".*($TESTS)" "$TOP"/tests/bats/*.bats || die "no test's name matches '$TESTS'"
say "cache: $CACHE"
case ${1:-everything} in
everything) everything ;;
lint | unit)
	"$TOP/scripts/roots.sh" tools
	"$1"
	;;
*) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
finish
