#!/usr/bin/env bats
# Pages that the kernel itself sends by reference: the witness sees them, and we leave them alone, in every mode.
load helper

# An NVMe target over TCP on the loopback device, and its initiator: /dev/nvme*n1. What is written there goes from the page
# cache into socket buffers of the kernel's own.
setup_file() {
	local t=/sys/kernel/config/nvmet
	load_module
	mode off
	modprobe -a nvmet_tcp nvme_tcp
	mount -t configfs configfs /sys/kernel/config 2>/dev/null || true
	truncate -s 16M /tmp/nvme.img
	mkdir $t/subsystems/spg
	echo 1 >$t/subsystems/spg/attr_allow_any_host
	mkdir $t/subsystems/spg/namespaces/1
	echo 1 >$t/subsystems/spg/namespaces/1/buffered_io
	echo /tmp/nvme.img >$t/subsystems/spg/namespaces/1/device_path
	echo 1 >$t/subsystems/spg/namespaces/1/enable
	mkdir $t/ports/1
	echo ipv4 >$t/ports/1/addr_adrfam
	echo tcp >$t/ports/1/addr_trtype
	echo 127.0.0.1 >$t/ports/1/addr_traddr
	echo 4420 >$t/ports/1/addr_trsvcid
	ln -s $t/subsystems/spg $t/ports/1/subsystems/spg
	# 5.10's target flushes system_wq from a worker that must not wait for it (nvmet_tcp_install_queue()), and the kernel warns when
	# there is something in it: as a rule what accepted the connection just before, one connection in 80. With a delay, one in 1,500.
	[[ "$(uname -r)" != 5.10.* ]] || tc qdisc add dev lo root netem delay 10ms
	echo "transport=tcp,traddr=127.0.0.1,trsvcid=4420,nqn=spg" >/dev/nvme-fabrics
	[[ "$(uname -r)" != 5.10.* ]] || tc qdisc del dev lo root
	eventually test -b /dev/nvme0n1
}

teardown_file() {
	local t=/sys/kernel/config/nvmet
	echo 1 >/sys/class/nvme/nvme0/delete_controller
	rm $t/ports/1/subsystems/spg
	rmdir $t/ports/1
	echo 0 >$t/subsystems/spg/namespaces/1/enable
	rmdir $t/subsystems/spg/namespaces/1 $t/subsystems/spg
}

@test "pages that the kernel sends are found in every mode, as the kernel's" {
	for m in off log degrade block; do
		mode $m
		dd if=/dev/urandom of=/dev/nvme0n1 bs=64k count=16 conv=fsync status=none
		cat "$WITNESS"
		grep -E '^socket (file|anon) - kernel' "$WITNESS"
		run ! grep ' user ' "$WITNESS"
	done
}
