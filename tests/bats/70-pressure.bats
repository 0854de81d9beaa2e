#!/usr/bin/env bats
# When memory runs out: no byte lost, no shared page, no killing.
load helper

setup_file() {
	load_module
	mode 'degrade sendfile=off'
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
}

@test "a full cgroup: bytes of a socket stay in the socket, or in the pipe, and arrive when there is room" {
	mkdir -p /sys/fs/cgroup/small
	run pressure /sys/fs/cgroup/small
	mode degrade
	echo "$output"
	[ "$status" = 0 ]
	[[ "$output" == *"failed with ENOMEM"* ]]
	[[ "$output" == *"all bytes arrived"* ]]
	rmdir /sys/fs/cgroup/small
}
