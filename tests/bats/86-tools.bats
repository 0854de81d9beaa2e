#!/usr/bin/env bats
# What others see, with the tools that administrators look with: perf, bpftrace, auditd. In a guest of its own, with these packages.
load helper

setup_file() {
	load_module
	mount -t bpf bpf /sys/fs/bpf || true
	mkdir -p /var/log/audit
}

setup() {
	load_module
	is_mode degrade || mode degrade
}

@test "perf: records verdicts, counts them, and knows their fields" {
	perf record -q -e spliceguard:verdict -o /tmp/perf.data -- oracle /tmp/f write splice:file-pipe sendfile:file-tcp
	perf script -i /tmp/perf.data -F comm,event,trace
	perf script -i /tmp/perf.data -F comm,event,trace |
		grep -E 'oracle +spliceguard:verdict: op=splice verdict=copied bytes=12288 source=tmpfs dev=0:[0-9]+ ino=[0-9]+ sink=pipe$'
	perf script -i /tmp/perf.data -F event,trace |
		grep -E 'op=sendfile verdict=copied bytes=12288 source=tmpfs dev=0:[0-9]+ ino=[0-9]+ sink=tcp$'
	perf stat -x, -e spliceguard:verdict --filter 'counted == 1 && sink == "tcp"' -o /tmp/perf.stat -- oracle /tmp/f write sendfile:file-tcp splice:file-pipe
	grep -E '^1,.*spliceguard:verdict' /tmp/perf.stat
}

@test "perf: while it looks, the module is in use" {
	perf record -q -e spliceguard:verdict -a -o /tmp/perf.data -- sleep 3 3>&- &
	perf=$!
	eventually grep -v '^0$' /sys/module/spliceguard/refcnt
	run command rmmod spliceguard
	[ "$status" -ne 0 ]
	kill $perf
	wait $perf || true
	eventually grep '^0$' /sys/module/spliceguard/refcnt
}

@test "bpftrace: bytes by program, source and sink" {
	run bpftrace -e 'tracepoint:spliceguard:verdict /args.counted/ { @calls[comm, args.op] = count(); }
		tracepoint:spliceguard:verdict { @bytes[comm, args.fstype, args.sink] = sum(args.bytes); }' \
		-c '/test/programs/oracle /tmp/f write splice:file-pipe-tcp sendfile:file-tcp'
	[ "$status" = 0 ]
	grep -Fx '@bytes[oracle, tmpfs, pipe]: 12288' <<<"$output"
	grep -Fx '@bytes[oracle, pipe, tcp]: 12288' <<<"$output"
	grep -Fx '@bytes[oracle, tmpfs, tcp]: 12288' <<<"$output"
	grep -Fx '@calls[oracle, 0]: 2' <<<"$output"
	grep -Fx '@calls[oracle, 1]: 1' <<<"$output"
}

teardown() {
	[ ! -e /run/auditd.pid ] || kill "$(cat /run/auditd.pid)"
}

@test "auditd and ausearch: changes of knobs and refusals are found" {
	auditd 3>&-
	eventually auditctl -e 1
	mode 'degrade vmsplice=block'
	setpriv --reuid 33 --clear-groups call -n nginx vmsplice pipe 4096
	mode degrade
	eventually grep -q KERNEL_OTHER /var/log/audit/audit.log
	ausearch -m CONFIG_CHANGE -i | tee /tmp/found
	grep -E 'op=set splice_mode old="degrade" new="degrade,vmsplice=block" .* uid=root .* comm=bash .* res=yes' /tmp/found
	grep -E 'op=set splice_mode old="degrade,vmsplice=block" new="degrade" .* res=yes' /tmp/found
	ausearch -m KERNEL_OTHER -i | tee /tmp/found
	grep -E 'module="spliceguard" op=vmsplice splice_mode="degrade,vmsplice=block" .* uid=www-data .* comm=nginx exe=/test/programs/call .* res=no' /tmp/found
	# By their fields: a change by who had logged in; a refusal by user and program.
	[ "$(ausearch -m CONFIG_CHANGE -ul -1 -sv yes --raw | grep -c 'op=set splice_mode')" = 2 ]
	ausearch -ui 33 -x /test/programs/call -i | grep KERNEL_OTHER
	auditctl -e 0
}
