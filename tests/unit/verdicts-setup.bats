#!/usr/bin/env bats
# As verdicts.bats, where setup_file fails.
[ -z "${QUICK:-}" ] || load ../bats/quick

setup_file() {
	false
	true
}

@test "one" {
	true
}

@test "two" {
	true
}
