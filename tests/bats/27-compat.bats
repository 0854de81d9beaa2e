#!/usr/bin/env bats
# Programs of 32 bits, where a program cannot choose its entry as it can on amd64: all that the oracle does, from such a program.
load helper

setup_file() {
	load_module
}

@test "32 bits: shared in off, copied in degrade, EINVAL in block" {
	local change
	for change in write store; do
		mode off
		run oracle32 /tmp/f $change
		expect_rows "$output" SHARED '^(splice|sendfile|tee|vmsplice):(file|map|pipe)-pipe '
		mode degrade
		run oracle32 /tmp/f $change
		# Stock does not have it there.
		[[ "$(uname -r)" != 6.1.* ]] || output=$(grep -v '^zerocopy:map-vsock ' <<<"$output")
		expect_rows "$output" COPIED
	done
	mode block
	run oracle32 /tmp/f write
	expect_rows "$output" EINVAL '^(splice|sendfile|tee|vmsplice|uring-splice|uring-tee)'
	expect_rows "$output" EOPNOTSUPP '^(zerocopy|uring-send)'
}
