#!/usr/bin/env bats
# As verdicts.bats, where teardown_file fails.
[ -z "${QUICK:-}" ] || load ../bats/quick

teardown_file() {
	false
	true
}

@test "one" {
	true
}

@test "two" {
	true
}
