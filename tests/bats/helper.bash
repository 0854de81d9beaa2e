# shellcheck shell=bash
# What the guest tests share. Programs and spliceguard.ko are in /test.

bats_require_minimum_version 1.5.0

load quick

KNOB=/proc/sys/kernel/splice_mode
TRUST=/proc/sys/kernel/splice_trust
GROUP=/proc/sys/kernel/splice_group
export LOCKED=/proc/sys/kernel/splice_mode_locked
STATS=/sys/kernel/spliceguard
PATH=/test/programs:$PATH
# What functions that are system calls' entries begin with.
export ENTRY=__x64_sys_
[ "$HOSTTYPE" != aarch64 ] || ENTRY=__arm64_sys_

# The witness watches every test. Its findings belong to a phase, the time between two changes of the module or its mode:
# PHASE holds what the mode is in it. A page that is found shared while all is degraded or blocked is a failure, which
# FINDINGS keeps for the last test of all. See tests/modules/witness.c.
WITNESS=/proc/spliceguard_witness
PHASE=/run/witness-phase
FINDINGS=/run/witness-findings
JUDGED=/run/witness-judged

# nap SECONDS: sleep, and no process for it. A fork costs a guest more than most that is tested here, so what all tests do
# is done by bash itself.
nap() {
	read -rt "$1" <>/run/nap || true
}

# What user sockets and pipes may never hold now, if so.
judge_phase() {
	local phase place page operation whose rest found=
	{ read -r phase <"$PHASE"; } 2>/dev/null || return 0
	: >"$PHASE"
	[[ "$phase" =~ ^(degrade|block)( [a-z]+=(degrade|block))*$ ]] || return 0
	echo "$phase" >>$JUDGED
	while read -r place page operation whose rest; do
		[ "$whose" = kernel ] || found+="$place $page $operation $whose $rest"$'\n'
	done <"$WITNESS"
	[ -n "$found" ] || return 0
	{
		echo "$BATS_TEST_FILENAME: $BATS_TEST_DESCRIPTION: in $phase:"
		echo "$found"
	} | tee -a "$FINDINGS"
}

begin_phase() {
	local now=off trust='' group=-1
	[ -e "$WITNESS" ] || {
		modprobe -a af_alg algif_hash || true
		command insmod /test/witness.ko
	}
	# What was sent before is on its way still.
	nap 0.02
	echo >"$WITNESS"
	[ ! -e "$KNOB" ] || {
		read -r now <"$KNOB"
		read -r trust <"$TRUST" || true
		read -r group <"$GROUP"
	}
	# What is trusted may be found, and is looked for by the tests of trust themselves.
	if [ "$trust $group" != " -1" ]; then now+=" trusted"; fi
	# Nor is anything private where a test has taken our callback away.
	[ ! -d /sys/module/disarm ] || now+=" disarmed"
	echo "$now" >"$PHASE"
}

insmod() {
	judge_phase
	command insmod "$@" || { begin_phase; return 1; }
	begin_phase
}

rmmod() {
	judge_phase
	command rmmod "$@" || { begin_phase; return 1; }
	begin_phase
}

load_module() {
	[ -d /sys/module/spliceguard ] || insmod /test/spliceguard.ko "$@"
}

unload_module() {
	[ ! -d /sys/module/spliceguard ] || rmmod spliceguard
}

mode() {
	judge_phase
	quick_mode "$1" || { begin_phase; return 1; }
	begin_phase
}

is_mode() {
	local now
	read -r now <"$KNOB" && [ "$now" = "$1" ]
}

# trusted WORDS, group GID: write that knob.
trusted() {
	judge_phase
	echo "$1" >"$TRUST" || { begin_phase; return 1; }
	begin_phase
}

group() {
	judge_phase
	echo "$1" >"$GROUP" || { begin_phase; return 1; }
	begin_phase
}

# Where switching is the test, and what is found belongs to no mode.
quick_mode() {
	echo "$1" >"$KNOB"
}

# write_knob KNOB TEXT: in one write, whatever is in the text: a shell would make one of each line.
write_knob() {
	printf '%s' "$2" | dd of="$1" bs=1M iflag=fullblock status=none
}

# Which functions have a hook of ours. By its callback: a trampoline of others may lie where our init code was. Where ftrace does not tell that,
# as on arm64 before 6.2, those that somebody may redirect, who is not the test's module owner.
hooked() {
	local how='redirect\+[^ ]+ \[spliceguard\]' others=
	if [[ "$HOSTTYPE" == aarch64 && "$(uname -r)" == 6.1.* ]]; then
		how='\) R I '
		[ ! -d /sys/module/owner ] || others=$(</sys/module/owner/parameters/function)
	fi
	sed -nE "s/^([^ ]+) .*$how.*/\1/p" /sys/kernel/tracing/enabled_functions | grep -vx "$others" || true
}

hooks() {
	hooked | wc -l
}

counter() {
	cat "$STATS/$1"
}

# same IS EXPECTED: are these texts the same? Says what differs.
same() {
	[ "$1" = "$2" ] || { printf 'expected:\n%s\nis:\n%s\n' "$2" "$1"; return 1; }
}

# eventually COMMAND...: until it succeeds, for ten seconds.
eventually() {
	local i
	for ((i = 0; i < 500; i++)); do
		"$@" && return
		nap 0.02
	done
	return 1
}

# expect_rows TEXT PATTERN [ROWS]: every line of TEXT ends with a word that matches PATTERN, and there are some. With ROWS, an
# extended regular expression, only lines that match it count. "absent" is what this kernel does not have.
expect_rows() {
	local rows
	rows=$(grep -E "${3:-.}" <<<"$1" | grep -v ' absent$')
	[ -n "$rows" ] || { echo "no rows"; return 1; }
	if grep -vE " ($2)\$" <<<"$rows"; then
		echo "... should be $2"
		return 1
	fi
}

# hold_call KIND: a call inside, until let_go; see programs/hold.c. HELD tells then how it ended.
hold_call() {
	coproc HOLD { exec hold "$1" 3>&-; }
	# Bash closes its own ends when the process ends.
	exec 8<&"${HOLD[0]}" 9>&"${HOLD[1]}"
	held=$HOLD_PID
	read -rt 10 -u 8 HELD
	[ "$HELD" = inside ]
}

let_go() {
	echo >&9
	read -rt 10 -u 8 HELD
	exec 8<&- 9>&-
	wait "$held"
	[[ "$HELD" == ended* ]]
}
