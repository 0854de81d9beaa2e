#!/usr/bin/env bats
# vmsplice: own pages by reference until the hand-off, others copied at once.
load helper

setup_file() {
	load_module
	echo 8 >/proc/sys/vm/nr_hugepages
}

@test "off: all that handoff looks for is to be seen" {
	mode off
	run handoff
	expect_rows "$output" SHARED '^(after|at-once)'
	expect_rows "$output" SEEN '^before'
}

@test "degrade: an edit after the hand-off is never seen" {
	mode degrade
	run handoff
	expect_rows "$output" COPIED '^after'
}

@test "degrade: an edit in place before the hand-off is seen" {
	mode degrade
	run handoff
	expect_rows "$output" SEEN '^before'
	expect_rows "$output" DEFERRED '^deferred'
}

@test "degrade: pages of files and pages that others have are copied at once" {
	mode degrade
	run handoff
	expect_rows "$output" COPIED '^at-once'
}

@test "block: EINVAL in both directions" {
	mode block
	run handoff
	expect_rows "$output" EINVAL
}

@test "vmsplice=off: by reference again, and the rest degraded" {
	mode 'degrade vmsplice=off'
	run handoff
	expect_rows "$output" COPIED '^after'
	expect_rows "$output" SHARED '^at-once (shared|huge|private)'
}
