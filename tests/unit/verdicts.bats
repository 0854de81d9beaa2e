#!/usr/bin/env bats
# Tests that pass and tests that fail, each way that there is, for unit in scripts/check.sh: with QUICK=1 it goes by tests/bats/quick.bash, and
# must get the same verdicts as by bats itself.
# Half of them are to fail, so this is nothing for shellcheck.
[ -z "${QUICK:-}" ] || load ../bats/quick

setup() {
	[[ "$BATS_TEST_DESCRIPTION" != *"in setup"* ]] || { false; true; }
}

teardown() {
	[[ "$BATS_TEST_DESCRIPTION" != *"in teardown"* ]] || { false; true; }
}

within() {
	grep -q nobody-has-this-name /etc/passwd
	true
}

@test "passes: with a \$, a 'quote' and (brackets)" {
	[ "$BATS_TEST_DESCRIPTION" = "passes: with a \$, a 'quote' and (brackets)" ]
	[ "$BATS_TEST_NUMBER" = 1 ]
}

@test "fails: a command in the middle" {
	[ 1 = 2 ]
	true
}

@test "fails: the last command" {
	false
}

@test "fails: [[ ]] in the middle" {
	[[ a == b ]]
	true
}

@test "fails: the last one, negated" {
	! true
}

@test "passes: one in the middle that is negated, which bash does not look at" {
	! true
	true
}

@test "fails: within a function" {
	within
	true
}

@test "passes: within a function of which it is asked whether it fails" {
	within || true
}

@test "fails: a subshell" {
	(false; true)
	true
}

@test "fails: the end of a pipe" {
	true | false
	true
}

@test "fails: exit" {
	exit 3
}

@test "fails: in setup" {
	true
}

@test "passes or not, in teardown, as bats has it" {
	true
}

@test "passes: skipped" {
	skip "for a reason"
	false
}

@test "passes: run, with what it got" {
	run false
	[ "$status" = 1 ]
	run echo two words
	[ "$output" = "two words" ]
}

@test "fails: what run got" {
	run echo two words
	[ "$output" = other ]
}

@test "passes: a file that is read in" {
	echo 'read_in=5' >"$BATS_TEST_TMPDIR/it"
	# shellcheck source=/dev/null
	source "$BATS_TEST_TMPDIR/it"
	# shellcheck disable=SC2154
	[ "$read_in" = 5 ]
}

@test "passes: nothing is left of the others" {
	[ -z "${status:-}" ]
	[ -z "${read_in:-}" ]
}
