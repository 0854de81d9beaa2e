#!/usr/bin/env bats
# The lock, and every way round it that root has without writing kernel memory. It holds until the guest ends, so this comes late.
load helper

setup_file() {
	modprobe rds
	# Off, so that loading anew begins a phase of its own.
	unload_module
}

setup() {
	# But for what is there before it.
	[[ "$BATS_TEST_DESCRIPTION" == *"before the lock"* ]] || load_locked
}

load_locked() {
	load_module 'mode="degrade tee=block sendfile=log"' 'trust="writable fs:ext4 net:tcp"' group=5000 locked=1
}

state() {
	cat "$KNOB" "$TRUST" "$GROUP" "$LOCKED"
}

# loosening KNOB TEXT: EPERM, nothing changed, and the log says why.
loosening() {
	local before
	before=$(state)
	run write_knob "$1" "$2"
	[ "$status" -ne 0 ]
	[[ "$output" == *"not permitted"* ]]
	[ "$(state)" = "$before" ]
}

# For somebody whom nothing trusts.
still_guarded() {
	[ "$(trust -f -u 1000:1000 /tmp/file splice:tcp)" = COPIED ]
	[ "$(trust -f -u 1000:1000 /tmp/file tee:tcp)" = EINVAL ]
	[ "$(trust -f -u 1000:1000 /tmp/file vmsplice:tcp)" = COPIED ]
}

# hold_bpf HOW FUNCTION...: BPF programs there, until end_bpf; see programs/bpf.c. /tmp/bpf tells what the kernel answered.
hold_bpf() {
	rm -f /tmp/bpf.go
	mkfifo /tmp/bpf.go
	bpf "$@" </tmp/bpf.go >/tmp/bpf 3>&- &
	exec 7>/tmp/bpf.go
	eventually grep -qx ready /tmp/bpf
}

end_bpf() {
	exec 7>&-
	wait $!
	grep '^ran' /tmp/bpf
}

# answers ANSWER[,ANSWER]...: those, and no others, in the order of the alphabet.
answers() {
	local got
	got=$(sed '/^ready$/d; s/^[^ ]* //' /tmp/bpf | sort -u | paste -sd,)
	[ "$got" = "$1" ] || { cat /tmp/bpf; return 1; }
}

# answer_to HOW: what this kernel says to each on the hooked functions. BEFORE is what it says to trampolines
# before the hooks are there.
answer_to() {
	case $1:$HOSTTYPE:$(uname -r) in
	# On arm64 much of it came later.
	multi:aarch64:6.*) echo 'attach EOPNOTSUPP' ;;
	fentry:aarch64:6.1.* | fexit:aarch64:6.1.*) echo 'attach ENOTSUPP' ;;
	*-multi:aarch64:[7-9].*) echo 'attach EOPNOTSUPP' ;;
	override:*) echo 'load EINVAL' ;;
	registers:*:[56].*) echo 'load EACCES' ;;
	registers:*) echo 'attach EINVAL' ;;
	kprobe:* | kretprobe:*) echo attached ;;
	multi:*:5.10.*) echo 'attach EINVAL' ;;
	multi:*:6.1.*) echo 'attach EOPNOTSUPP' ;;
	multi:*) echo attached ;;
	# A function that takes a structure by value has no trampoline there.
	fentry:*:5.10.* | fexit:*:5.10.*) echo "${BEFORE:-attach EBUSY},load EINVAL" ;;
	fentry:* | fexit:*) echo attached ;;
	fmod_ret:*:[56].*) echo 'load EINVAL' ;;
	# On entries of system calls.
	fmod_ret:*) echo 'attached,load EINVAL' ;;
	*-multi:*:[56].*) echo 'load EINVAL' ;;
	*-multi:*) echo "${BEFORE:-attach EAGAIN}" ;;
	esac
}

@test "BPF programs that are on the functions before the lock do not silence the hooks" {
	load_module
	names=$(hooked)
	unload_module
	for how in fmod_ret multi fentry-multi fexit-multi fentry fexit; do
		# shellcheck disable=SC2086
		hold_bpf $how $names
		expected=$(BEFORE=attached answer_to $how)
		answers "$expected"
		case $how:$(uname -r) in
		fentry:5.10.* | fexit:5.10.*)
			# There it is one or the other.
			run load_locked
			[ "$status" -ne 0 ]
			dmesg | tail -n 3 | grep 'cannot hook'
			[ ! -e "$KNOB" ]
			[ "$(trust -f /tmp/file splice:tcp)" = SHARED ]
			;;
		*)
			load_module 'mode="degrade tee=block"'
			still_guarded
			;;
		esac
		end_bpf
		[[ "$expected" != *attached* ]] || grep 'ran [1-9]' /tmp/bpf
		[ ! -e "$KNOB" ] || still_guarded
		unload_module
	done
	# And the lock comes with one there.
	case $(uname -r) in
	5.10.*) load_locked ;;
	*)
		# shellcheck disable=SC2086
		hold_bpf fexit $names
		load_locked
		still_guarded
		end_bpf
		;;
	esac
	still_guarded
}

@test "lock: BPF programs on the hooked functions neither silence the hooks nor change what they do" {
	before=$(state)
	names=$(hooked)
	[ "$(wc -w <<<"$names")" -ge 10 ]
	for how in override registers kprobe kretprobe multi fmod_ret fentry-multi fexit-multi fentry fexit; do
		# shellcheck disable=SC2086
		hold_bpf $how $names
		answers "$(answer_to $how)"
		still_guarded
		end_bpf
		[[ "$(answer_to $how)" != *attached* ]] || grep 'ran [1-9]' /tmp/bpf
		still_guarded
	done
	[ "$(state)" = "$before" ]
}

@test "lock: BPF programs on our own functions change nothing" {
	before=$(state)
	names='splice_stand_in spg_policy_verdict spg_live_verdict_on spg_make_private spg_live_change'
	# Only newer headers make a module that says where its functions are.
	attached=attached refused='load EINVAL' many=attached
	[ -e /sys/kernel/btf/spliceguard ] || attached='find ENOENT' refused='find ENOENT'
	case $HOSTTYPE:$(uname -r) in
	*:5.10.*) many='attach EINVAL' ;;
	*:6.1.* | aarch64:6.*) many='attach EOPNOTSUPP' ;;
	*) [ "$attached" = attached ] ;;
	esac
	for how in kprobe kretprobe fentry fexit fmod_ret answer; do
		# shellcheck disable=SC2086
		hold_bpf $how $names
		case $how in
		kprobe | kretprobe) answers attached ;;
		fentry | fexit) answers "$attached" ;;
		*) answers "$refused" ;;
		esac
		still_guarded
		end_bpf
	done
	# All that can be traced at once; and what does the hooking cannot be.
	# shellcheck disable=SC2046
	hold_bpf multi $(sed -n 's/ \[spliceguard\]$//p' /sys/kernel/tracing/available_filter_functions | grep '^spg_')
	answers "$many"
	still_guarded
	end_bpf
	for how in kprobe fentry; do
		hold_bpf $how redirect
		run ! answers attached
		end_bpf
	done
	still_guarded
	[ "$(state)" = "$before" ]
}

@test "lock: a BPF program that answers a system call in our stead lets nothing be shared" {
	hold_bpf answer "${ENTRY}vmsplice" "${ENTRY}delete_module"
	case $(uname -r) in
	[56].*)
		answers 'load EINVAL'
		still_guarded
		;;
	*)
		answers attached
		[ "$(trust -f /tmp/file vmsplice:tcp)" = EXDEV ]
		run ! command rmmod spliceguard
		;;
	esac
	end_bpf
	still_guarded
}

@test "lock: a BPF program that puts other texts into the knobs loosens nothing" {
	hold_bpf sysctl
	answers attached
	loosening "$KNOB" 'degrade sendfile=log tee=block'
	end_bpf
	grep 'ran [1-9]' /tmp/bpf
}

@test "lock: a BPF program that makes SO_ZEROCOPY of another option gets nothing by" {
	hold_bpf sockopt
	grep -x 'options attached' /tmp/bpf
	grep -x 'tcp zerocopy' /tmp/bpf
	grep -x 'rds option EOPNOTSUPP' /tmp/bpf
	end_bpf
	grep -x 'ran 2' /tmp/bpf
	[ "$(trust -f -u 1000:1000 /tmp/file zerocopy:tcp)" = COPIED ]
}

@test "lock: no mode of any operation is loosened" {
	[ "$(state)" = $'degrade sendfile=log tee=block\nwritable fs:ext4 net:tcp\n5000\n1' ]
	dmesg | grep "splice_mode is 'degrade sendfile=log tee=block', locked"
	for text in off log degrade 'block tee=degrade' 'degrade tee=log sendfile=log' 'degrade tee=block sendfile=off' 'block sendfile=off' \
		'degrade tee=block sendfile=log splice=log' 'degrade tee=block sendfile=log vmsplice=off' 'block zerocopy=log' 'block vmsplice=log'; do
		loosening "$KNOB" "$text"
	done
	dmesg | grep -E "splice_mode stays 'degrade sendfile=log tee=block': it is locked until the next boot, and .* would be looser; tried by .* uid 0"
}

@test "lock: no longer trust, no other group, no unlocking" {
	for text in 'writable capable fs:ext4 net:tcp' 'writable fs:ext4 fs:xfs net:tcp' 'writable fs:ext4 net:tcp net:udp' capable quiescent \
		'fs:xfs net:tcp' 'fs:ext4 net:unix'; do
		loosening "$TRUST" "$text"
	done
	for text in 0 1 4999 5001 4294967294; do loosening "$GROUP" "$text"; done
	loosening "$LOCKED" 0
	# What is no text at all is still EINVAL.
	knob "$KNOB" refused on 'degrade tee'
	knob "$TRUST" refused everything
	knob "$GROUP" refused root
	knob "$LOCKED" refused 2
}

@test "lock: each refused loosening is in the log with who tried it, and where audit is on there is a record" {
	# As many as are reported in five seconds were tried above.
	nap 5.2
	audit bash -c "echo off >$KNOB; echo capable >$TRUST; echo 5001 >$GROUP; echo 0 >$LOCKED; echo block tee=log >$KNOB" >/tmp/records
	grep 'op=set' /tmp/records
	[ "$(grep -cE '^1305 .*op=set splice_.* uid=0 .* comm="bash" .* res=0$' /tmp/records)" = 5 ]
	grep -F 'op=set splice_mode old="degrade,sendfile=log,tee=block" new="off"' /tmp/records
	grep -F 'op=set splice_trust old="writable,fs:ext4,net:tcp" new="capable"' /tmp/records
	grep -F 'op=set splice_group old="5000" new="5001"' /tmp/records
	grep -F 'op=set splice_mode_locked old="1" new="0"' /tmp/records
	for name in splice_mode splice_trust splice_group splice_mode_locked; do
		dmesg | tail -n 20 | grep -E "spliceguard: $name stays '.*': it is locked until the next boot, and '.*' would be looser; tried by bash\[[0-9]+\] uid 0"
	done
}

@test "lock: no unloading, not by force, not under a changing name" {
	before=$(state)
	for how in 'rmmod spliceguard' 'rmmod -f spliceguard' 'modprobe -r spliceguard' 'modprobe -r --remove-holders spliceguard'; do
		run $how
		[ -d /sys/module/spliceguard ]
	done
	run command rmmod spliceguard
	[ "$status" -ne 0 ]
	[[ "$output" == *"in use"* || "$output" == *busy* || "$output" == *"temporarily unavailable"* ]]
	run command rmmod -f spliceguard
	[ "$status" -ne 0 ]
	[[ "$output" == *"not permitted"* ]]
	dmesg | tail -n 20 | grep 'no module is unloaded by force while kernel.splice_mode_locked is 1'
	run unload
	[ "$status" = 0 ]
	[[ "$output" == "tried 3000 times" ]]
	[ -d /sys/module/spliceguard ]
	[ "$(state)" = "$before" ]
	# Other modules come and go as ever.
	modprobe dummy
	rmmod dummy
}

@test "lock: no module parameter is writable" {
	before=$(state)
	for file in /sys/module/spliceguard/parameters/*; do
		[ "$(stat -c %a "$file")" = 444 ]
		run sh -c "echo 0 >$file"
		[ "$status" -ne 0 ]
	done
	[ "$(state)" = "$before" ]
}

@test "lock: no second load, under its name or another" {
	before=$(state)
	run command insmod /test/spliceguard.ko mode=off
	[ "$status" -ne 0 ]
	# Another name, of the same length, throughout.
	sed 's/spliceguard/spliceguarx/g' /test/spliceguard.ko >/tmp/other.ko
	for parameter in mode=off mode=degrade mode=block locked=1; do
		run command insmod /tmp/other.ko $parameter
		[ "$status" -ne 0 ]
		[ ! -d /sys/module/spliceguarx ]
	done
	[ "$(state)" = "$before" ]
	dmesg | tail -n 5 | grep 'spliceguarx: there is a kernel.splice_mode already' || dmesg | tail -n 5 | grep 'spliceguarx: cannot hook'
	still_guarded
}

@test "lock: ftrace cannot be turned off, filtered or taken over beneath us" {
	sysctl -qw kernel.ftrace_enabled=0 || true
	mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug
	cd /sys/kernel/tracing
	echo 0 >tracing_on
	echo 'do_splice*' >set_ftrace_notrace
	echo 'do_tee' >>set_ftrace_notrace
	grep -x do_tee set_ftrace_notrace
	echo 'p:there do_tee' >kprobe_events
	echo 1 >events/kprobes/there/enable
	grep do_tee /sys/kernel/debug/kprobes/list
	still_guarded
	echo 0 >/sys/kernel/debug/kprobes/enabled
	still_guarded
	echo 1 >/sys/kernel/debug/kprobes/enabled
	echo 0 >events/kprobes/there/enable
	echo >kprobe_events
	echo >set_ftrace_notrace
	echo 1 >tracing_on
	echo "do_splice do_tee ${ENTRY}vmsplice" >set_ftrace_filter
	echo function_graph >current_tracer
	still_guarded
	# On 5.10 it goes by where a function goes on, and does not know that place.
	[[ "$(uname -r)" == 5.10.* ]] || grep do_tee trace
	echo nop >current_tracer
	echo >set_ftrace_filter
	sysctl -qw kernel.ftrace_enabled=1 || true
	for function in do_tee do_splice; do
		run command insmod /test/owner.ko function=$function
		[ "$status" -ne 0 ]
	done
	still_guarded
}

@test "lock: two writers at once, one of whom tightens: the other gets nothing past him" {
	(for text in 'degrade sendfile=log tee=block' 'degrade tee=block' 'degrade tee=block vmsplice=block' 'degrade splice=block tee=block vmsplice=block'; do
		for _ in {1..5}; do echo "$text" >"$KNOB" || true; done
	done) 2>/dev/null &
	(for _ in {1..20}; do
		echo 'degrade sendfile=log tee=block' >"$KNOB" || true
		echo 'off' >"$KNOB" || true
		echo 'writable capable' >"$TRUST" || true
		echo 'degrade tee=block vmsplice=block' >"$KNOB" || true
	done) 2>/dev/null &
	wait
	[ "$(state)" = $'block sendfile=degrade zerocopy=degrade\nwritable fs:ext4 net:tcp\n5000\n1' ]
}

@test "lock: tightening still works, part by part, down to nothing" {
	write_knob "$TRUST" 'fs:ext4 writable net:tcp'
	loosening "$TRUST" 'writable capable'
	write_knob "$TRUST" 'writable fs:ext4'
	loosening "$TRUST" 'writable fs:ext4 net:tcp'
	write_knob "$TRUST" ' '
	loosening "$TRUST" writable
	write_knob "$GROUP" -1
	loosening "$GROUP" 5000
	loosening "$KNOB" 'degrade tee=block vmsplice=block'
	write_knob "$KNOB" 'block sendfile=degrade zerocopy=degrade'
	loosening "$KNOB" 'block sendfile=log zerocopy=degrade'
	write_knob "$LOCKED" 1
	write_knob "$KNOB" block
	for text in off log degrade 'block tee=degrade' 'block vmsplice=off'; do loosening "$KNOB" "$text"; done
	write_knob "$KNOB" block
	[ "$(state)" = $'block\n\n-1\n1' ]
	hold_bpf sockopt
	grep -x 'tcp option EOPNOTSUPP' /tmp/bpf
	end_bpf
	expect_rows "$(oracle /tmp/f write splice:file-pipe sendfile:file-tcp tee:pipe-pipe vmsplice:map-pipe)" EINVAL
}

@test "lock: the command says what is locked" {
	run spliceguard set degrade
	[ "$status" = 1 ]
	[[ "$output" == *"kernel.splice_mode is locked until reboot; 'degrade' would loosen it, so it stays 'block'"* ]]
	run spliceguard set --group 5000 --trust writable
	[ "$status" = 1 ]
	[ "$(state)" = $'block\n\n-1\n1' ]
	run -0 spliceguard lock
	[[ "$output" == *"locked already"* ]]
	run -0 spliceguard status
	[[ "$output" == *"locked  yes, until the next boot"* ]]
}
