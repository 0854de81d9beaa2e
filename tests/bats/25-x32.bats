#!/usr/bin/env bats
# The x32 entries, which only generic kernels have, and the module on those kernels at all.
load helper

setup_file() {
	load_module
}

requires_x32() {
	run oracle /tmp/f write splicex32:file-pipe
	[ "$output" != "splicex32:file-pipe absent" ] || skip "this kernel has no x32 entries"
}

@test "x32: shared in off, copied in degrade, EINVAL in block" {
	mode off
	requires_x32
	run oracle /tmp/f write
	expect_rows "$output" SHARED 'x32:'
	mode degrade
	run oracle /tmp/f write
	expect_rows "$output" COPIED 'x32:'
	mode block
	run oracle /tmp/f write
	expect_rows "$output" EINVAL 'x32:'
}

@test "generic kernel: the 64-bit and 32-bit entries" {
	mode off
	run oracle /tmp/f write
	# On 5.10 a sendfile to a pipe is a copy.
	expect_rows "$(grep -v sendfile:file-pipe <<<"$output")" SHARED '^(splice|tee|vmsplice|sendfile)(32)?:(file-pipe|file-tcp|pipe-pipe|map-pipe) '
	mode degrade
	run oracle /tmp/f write
	# A vsock has no zero-copy before 6.7.
	expect_rows "$(grep -v map-vsock <<<"$output")" COPIED
	mode block
	run oracle /tmp/f write
	expect_rows "$output" EINVAL '^(splice|sendfile|tee|vmsplice|uring-splice|uring-tee)'
	expect_rows "$output" EOPNOTSUPP '^(zerocopy|uring-send)'
}
