#!/usr/bin/env bats
# What programs observe apart from sharing is as on stock: the same calls in off, log and degrade give the same answers.
load helper

setup_file() {
	load_module
	modprobe -a loop algif_hash tls ctr gcm ghash-generic 2>/dev/null || true
	mkdir -p /tmp/ext4 /tmp/behaviour
	truncate -s 48M /tmp/behaviour.img
	mkfs.ext4 -q /tmp/behaviour.img
	mount -o loop /tmp/behaviour.img /tmp/ext4
	for m in off log degrade; do
		mode $m
		behaviour /tmp/ext4 >/tmp/behaviour/ext4-$m || true
		behaviour /tmp/behaviour >/tmp/behaviour/tmpfs-$m || true
	done
	# A second time in off: what differs here is chance, and no difference to look for.
	mode off
	behaviour /tmp/ext4 >/tmp/behaviour/ext4-again || true
	mode degrade
}

teardown_file() {
	umount /tmp/ext4
}

same() {
	local fs
	for fs in ext4 tmpfs; do
		grep "^$1: " /tmp/behaviour/$fs-off
		for m in log degrade; do
			diff <(grep "^$1: " /tmp/behaviour/$fs-off) <(grep "^$1: " /tmp/behaviour/$fs-$m)
		done
	done
	run ! grep "^$1: ended" /tmp/behaviour/ext4-off
}

@test "behaviour: every case ran, and stock agrees with itself" {
	[ "$(behaviour | wc -l)" = "$(wc -l </tmp/behaviour/ext4-off)" ]
	diff /tmp/behaviour/ext4-off /tmp/behaviour/ext4-again
}

@test "behaviour: counts and offsets" {
	same counts-and-offsets
}

@test "behaviour: odd lengths" {
	same odd-lengths
}

@test "behaviour: bad arguments" {
	same bad-arguments
}

@test "behaviour: would block" {
	same would-block
}

@test "behaviour: full sockets" {
	same full-sockets
}

@test "behaviour: file to tcp" {
	same file-to-tcp
}

@test "behaviour: broken pipes" {
	same broken-pipes
}

@test "behaviour: empty buffer" {
	same empty-buffer
}

@test "behaviour: end of input" {
	same end-of-input
}

@test "behaviour: interrupted" {
	same interrupted
}

@test "behaviour: sizes" {
	same sizes
}

@test "behaviour: slots" {
	same slots
}

@test "behaviour: long buffers" {
	same long-buffers
}

@test "behaviour: tee parts" {
	same tee-parts
}

@test "behaviour: messages" {
	same messages
}

@test "behaviour: whole datagrams" {
	same whole-datagrams
	grep "^whole-datagrams: whole=2000 broken=0 interrupted=1" /tmp/behaviour/ext4-off
}

@test "behaviour: digest" {
	same digest
}

@test "behaviour: tls" {
	same tls
	# 5.10's cloud kernel has none.
	[[ "$(uname -r)" == 5.10.* ]] || grep '^tls: sendfile=50000 ' /tmp/behaviour/ext4-off
}

@test "behaviour: the records that TLS makes" {
	same tls-records
	[[ "$(uname -r)" == 5.10.* ]] || grep -q '^tls-records: .* 23:16408 23:16408' /tmp/behaviour/ext4-off
}

@test "behaviour: what is said to be sent by TLS is in records" {
	same tls-full
}

@test "behaviour: file sinks" {
	same file-sinks
}

@test "behaviour: direct sinks" {
	same direct-sinks
}

@test "behaviour: memory" {
	same memory
}

@test "behaviour: edits" {
	same edits
}

@test "behaviour: holes" {
	same holes
}

@test "behaviour: devices" {
	same devices
}

@test "behaviour: wake ups" {
	same wake-ups
}

@test "behaviour: watched" {
	same watched
}

@test "behaviour: first slot" {
	same first-slot
}

@test "behaviour: no case is left out here" {
	# A case that is added to the program must be added here.
	[ "$(behaviour | wc -l)" = "$(grep -c '^	same ' "$BATS_TEST_FILENAME")" ]
}

@test "what waits in sockets and in pipes stays as it was sent, whatever is sent after it" {
	[ "$(queued)" = same ]
}

@test "a splice to a socket that takes less than it was asked for leaves nothing corked" {
	for m in off log degrade; do
		mode $m
		[ "$(queued sent)" = sent ]
	done
	# What is trusted is looked for among all that the pipe holds.
	trusted quiescent
	[ "$(queued sent)" = sent ]
	trusted ''
}
