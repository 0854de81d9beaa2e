#!/usr/bin/env bats
# As verdicts.bats, where what FAILS_IN names fails: setup_file or teardown_file.
[ -z "${QUICK:-}" ] || load ../bats/quick

setup_file() {
	[ "$FAILS_IN" != setup_file ]
	true
}

teardown_file() {
	[ "$FAILS_IN" != teardown_file ]
	true
}

@test "one" {
	true
}

@test "two" {
	true
}
