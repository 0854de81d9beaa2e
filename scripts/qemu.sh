# shellcheck shell=bash
# How a guest is run and judged, whatever it boots. Sourced after common.sh.

# The second serial port is where tests write to.
# shellcheck disable=SC2034
case $ARCH in
amd64) MACHINE=(qemu-system-x86_64) CONSOLE=ttyS0 SECOND=ttyS1 ;;
arm64) MACHINE=(qemu-system-aarch64 -M virt) CONSOLE=ttyAMA0 SECOND=ttyAMA1 ;;
esac

# run_guest NAME ARGUMENTS...: QEMU with ARGUMENTS, until the guest powers off. Its first serial port, the console, goes to
# CACHE/log/NAME.console, the second one, with what the test says, to CACHE/log/NAME.out and with V=1 to the terminal. Anything but a
# clean run of a test that succeeded ends the shell.
run_guest() {
	local name=$1 log=$CACHE/log/$1 status=0 splat taint code
	shift
	boot "$@" || status=$?
	# QEMU 7.2 and, rarely, newer ones lose a guest before it says a word; nothing of ours ran then.
	if [ ! -s "$log.console" ]; then
		say "$name: QEMU ended before the guest's first line (status $status); once more"
		status=0
		boot "$@" || status=$?
	fi
	[ "${V:-0}" != 1 ] || cat "$log.out"
	[ "$status" != 124 ] || fail "no end after ${TIMEOUT:-600} s"
	[ "$status" = 0 ] || fail "QEMU: status $status; $(cat "$log.qemu")"
	if splat=$(grep -aE -m1 'WARNING:|BUG:|Oops|Kernel panic|general protection|Call Trace|INFO: task|rcu: INFO|KASAN|UBSAN|possible .*deadlock|sleeping function' "$log.console"); then
		fail "the kernel says: $splat"
	fi
	grep -aq 'spliceguard-guest: end' "$log.out" || fail "it went away before the test ended"
	grep -aq 'reboot: Power down' "$log.console" || fail "no clean power-down"
	# 4096: out of tree (O), 8192: not signed (E).
	taint=$(sed -n 's/^spliceguard-guest: taint //p' "$log.out" | tr -d '\r')
	[ $((taint & ~(12288 | ${TAINT:-0}))) = 0 ] || fail "unexpected taint $taint"
	code=$(sed -n 's/^spliceguard-guest: status //p' "$log.out" | tr -d '\r')
	[ "$code" = 0 ] || fail "the test ended with status $code"
}

# What follows is run_guest's own.

boot() {
	: >"$log.console"
	: >"$log.out"
	in_root "$CACHE/root/tools" timeout --foreground "${TIMEOUT:-600}" "${MACHINE[@]}" \
		-smp "${SMP:-1}" -m "${MEMORY:-1024}" -display none -monitor none -no-reboot -nic none \
		-serial "file:/cache/log/$name.console" -serial "file:/cache/log/$name.out" "$@" \
		>"$log.qemu" 2>&1
}

fail() {
	say "$name: FAILED: $*"
	printf -- '--- the end of the output\n' >&2
	tail -n 25 "$log.out" >&2
	printf -- '--- the end of the kernel log\n' >&2
	grep -avE '^\s*$' "$log.console" | tail -n "${CONSOLE_LINES:-25}" >&2
	exit 1
}
