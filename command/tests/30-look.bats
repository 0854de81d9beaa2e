#!/usr/bin/env bats
# status, verify, metrics, help: what they say, to people and programs, and how they end.
load helper

@test "status: protected, or not and why" {
	load degrade
	run spg status
	[ "$status" = 0 ]
	[[ "${lines[0]}" == "spliceguard 0.1.0 on Linux $(uname -r): protected" ]]
	load 'degrade tee=log splice=off'
	run spg status
	[ "$status" = 1 ]
	[[ "$output" == *"because the mode of splice is 'off'"*"because the mode of tee is 'log'"* ]]
	load log
	run spg status
	[[ "$output" == *"because the mode is 'log'"* ]]
	load block quiescent
	run spg status
	[ "$status" = 1 ]
	[[ "$output" == *"because splice_trust has 'quiescent'"* ]]
	load block 'writable capable fs:xfs net:tcp' 5
	run spg status
	[ "$status" = 0 ]
	put sys/kernel/spliceguard/hooks 'do_splice active' 'do_tee failed'
	run spg status
	[ "$status" = 1 ]
	[[ "$output" == *"because the hook of do_tee is not in place"* ]]
	rm "$R/sys/kernel/spliceguard/hooks"
	run spg status
	[ "$status" = 1 ]
}

@test "status: columns are aligned" {
	load degrade
	run spg status
	rows=$(grep -E '^  (OPERATION|splice|sendfile|tee|vmsplice|zerocopy) ' <<<"$output")
	same "$(wc -l <<<"$rows")" 6
	same "$(awk '{ print length }' <<<"$rows" | sort -u | wc -l)" 1
	grep -E '^  sendfile +degrade +8 +10 B +9 +7 +6$' <<<"$rows"
}

@test "status: not loaded" {
	run spg status
	[ "$status" = 3 ]
	[[ "$output" == *"not protected"*"because the module is not loaded"*"no module is installed for this kernel"* ]]
	install_module 0.1.0
	run spg status
	[[ "$output" == *"0.1.0"* ]]
	[[ "$output" != *"no module is installed"* ]]
}

@test "status --json: valid for two parsers, whatever is in it" {
	load 'degrade vmsplice=block' 'writable fs:ext4' 7 1
	printf 'options spliceguard mode=\xff"\\\n' >"$R/etc/modprobe.d/a.conf"
	printf 'kernel.splice_mode=\x01"\\\xc3\xa4\t' >"$R/etc/sysctl.d/ä.conf"
	spg status --json >out
	python3 -m json.tool <out >/dev/null
	same "$(jq -c '[.loaded, .protected, .version, .live.mode, .live.modes.vmsplice, .live.trust, .live.group, .live.locked]' out)" \
		'[true,true,"0.1.0","degrade vmsplice=block","block",["writable","fs:ext4"],7,true]'
	same "$(jq -c '[.live.hooks.do_splice, .live.counters.splice.passed, .live.counters.zerocopy.bytes_copied, .live.modes_available]' out)" \
		'["active",1,25,["off","log","degrade","block"]]'
	same "$(jq -r '.boot.problems[1]' out)" $'/etc/sysctl.d/ä.conf:1 sets kernel.splice_mode to \'\x01"\\ä\', which is not understood'
	rm -r "$R/proc/sys/kernel/splice_mode"
	spg status --json >out || [ $? = 3 ]
	python3 -m json.tool <out >/dev/null
	same "$(jq -c '[.loaded, .protected, .version, .live]' out)" '[false,false,null,null]'
}

@test "colours: on a terminal only, and not with NO_COLOR" {
	load log
	run spg status
	[[ "$output" != *$'\e'* ]]
	run env TERM=xterm NO_COLOR= script -qec "$SPLICEGUARD --root $R status" /dev/null
	[[ "$output" == *$'\e[1;31mnot protected\e[0m'* ]]
	run env TERM=xterm NO_COLOR=1 script -qec "$SPLICEGUARD --root $R status" /dev/null
	[[ "$output" != *$'\e'* ]]
	run env TERM=dumb script -qec "$SPLICEGUARD --root $R status" /dev/null
	[[ "$output" != *$'\e'* ]]
}

@test "verify: as configured" {
	install_module 0.1.0
	load 'degrade vmsplice=block' writable
	put etc/modprobe.d/a.conf 'options spliceguard mode="degrade vmsplice=block" trust=writable'
	run spg verify
	[ "$status" = 0 ]
	[ "${#lines[@]}" = 1 ]
	# Stricter is as well.
	load block '' -1 1
	run spg verify
	[ "$status" = 0 ]
}

@test "verify: each thing that is wrong is a line" {
	install_module 0.1.0
	put etc/modprobe.d/a.conf 'options spliceguard mode=block locked=1'
	load degrade writable 3
	put sys/kernel/spliceguard/hooks 'do_splice active' 'do_tee failed'
	put sys/module/spliceguard/version 0.0.9
	put etc/sysctl.d/a.conf 'kernel.splice_mode=strict'
	run spg verify
	[ "$status" = 1 ]
	same "$output" "kernel.splice_mode is 'degrade', and 'block' is configured (/etc/modprobe.d/a.conf)
kernel.splice_trust is 'writable', and '' is configured (the default)
kernel.splice_group is '3', and '-1' is configured (the default)
kernel.splice_mode_locked is '0', and '1' is configured (/etc/modprobe.d/a.conf)
the hook of do_tee is not in place
version 0.0.9 is loaded, and 0.1.0 is installed: 'modprobe -r spliceguard && modprobe spliceguard', or reboot
/etc/sysctl.d/a.conf:1 sets kernel.splice_mode to 'strict', which is not understood"
}

@test "verify: not loaded, and why" {
	run spg verify
	[ "$status" = 3 ]
	same "$output" "the module is not loaded: none is installed for this kernel; see 'dkms status'"
	install_module 0.1.0
	run spg verify
	[[ "$output" == "the module is not loaded: nothing loads it at boot" ]]
	put etc/modules-load.d/a.conf spliceguard
	run spg verify
	[ "$status" = 3 ]
	[[ "$output" == "the module is not loaded; 'modprobe spliceguard'"* ]]
	put etc/modprobe.d/a.conf 'blacklist spliceguard'
	run spg verify
	[[ "$output" == *"it is on modprobe's blacklist" ]]
}

@test "verify: off is as configured where off is configured" {
	install_module 0.1.0
	put etc/modprobe.d/a.conf 'options spliceguard mode=off'
	load off
	run spg verify
	[ "$status" = 0 ]
}

@test "metrics: clean for promtool, loaded and not" {
	load 'degrade tee=log' writable
	spg metrics >out
	promtool check metrics <out
	grep -Fx 'spliceguard_mode{operation="tee",mode="log"} 1' out
	grep -Fx 'spliceguard_mode{operation="tee",mode="degrade"} 0' out
	grep -Fx 'spliceguard_calls_total{operation="sendfile",verdict="refused"} 9' out
	grep -Fx 'spliceguard_copied_bytes_total{operation="zerocopy"} 25' out
	grep -Fx 'spliceguard_hooks{state="active"} 2' out
	grep -Fx 'spliceguard_protected 0' out
	grep -Fx 'spliceguard_as_configured 0' out
	load degrade
	spg metrics >out
	grep -Fx 'spliceguard_protected 1' out
	grep -Fx 'spliceguard_as_configured 1' out
	rm "$R/proc/sys/kernel/splice_mode"
	run -0 spg metrics
	promtool check metrics <<<"$output"
	grep -Fx 'spliceguard_loaded 0' <<<"$output"
	grep -Fx 'spliceguard_protected 0' <<<"$output"
}

@test "metrics --output: a whole file that others may read" {
	load degrade
	spg metrics >out
	spg metrics --output /run/x.prom
	same "$(cat "$R/run/x.prom")" "$(cat out)"
	same "$(stat -c %a "$R/run/x.prom")" 644
	"$SPLICEGUARD" metrics --output here.prom
	[ -s here.prom ]
	run spg metrics --output /no/such/directory
	[ "$status" = 1 ]
	same "$(find "$R/run" -name 'x.prom?*')" ''
}

@test "help: for each command, with its options; and for none" {
	commands=$(spg help | sed -n 's/^  \([a-z]*\) .*/\1/p' | grep -v help)
	same "$(wc -w <<<"$commands")" 10
	for command in $commands; do
		run -0 spg help "$command"
		[[ "$output" == "usage: spliceguard $command"* ]]
		same "$(spg "$command" --help)" "$output"
		same "$(spg "$command" -h)" "$output"
		# Nothing is wider than a page.
		run ! grep -E '.{105}' <<<"$output"
	done
	run spg
	[ "$status" = 64 ]
	run -0 spg --help
	same "$(spg --version)" "spliceguard $(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$BATS_TEST_DIRNAME/../../dkms.conf")"
}

@test "usage: what is wrong is 64, and named" {
	load degrade
	for arguments in frobnicate 'status x' 'status --bogus' 'verify x' 'undo x' 'lock x' 'metrics x' 'bench x' 'bench moves calls scale nginx moves' 'top x' 'top -d 0' 'top -n x' 'top -d' explain \
		'explain -d x true' 'test a b' 'help frobnicate' --bogus; do
		# shellcheck disable=SC2086
		run spg $arguments
		[ "$status" = 64 ]
		[ -n "$output" ]
	done
}

@test "top and explain: not loaded, or nothing hooked" {
	run spg top -n 1
	[ "$status" = 3 ]
	load off
	run spg top -n 1
	[ "$status" = 1 ]
	[[ "$output" == *"is 'off'"* ]]
	run spg explain 99999999
	[ "$status" = 1 ]
	[[ "$output" == *"no process"* ]]
}

# fake_bench: in place of what measures.
fake_bench() {
	put usr/lib/spliceguard/bench/here.sh '#!/bin/sh' 'echo "$MODES:$*"' 'exit ${ENDING:-0}'
	chmod 755 "$R/usr/lib/spliceguard/bench/here.sh"
}

@test "bench: what is measured, and where that goes" {
	run -1 spg bench
	[[ "$output" == *"here.sh cannot be run"* ]]
	fake_bench
	same "$(MODES=here spg bench)" ":spliceguard-bench"
	same "$(spg bench -o x calls moves)" ":x calls moves"
	ENDING=5 run -5 spg bench
}

@test "bench --modes: not without the right to set them" {
	fake_bench
	run -4 setpriv --reuid 1000 --clear-groups "$SPLICEGUARD" --root "$R" bench --modes
	load degrade '' -1 1
	run -1 spg bench --modes
	[[ "$output" == *locked* ]]
	load degrade
	run -0 spg bench --modes
	[[ "$output" == *"here:spliceguard-bench"* ]]
	[[ "$output" == *"for all programs"* ]]
}

@test "bench: the report of what was measured" {
	local bench=$BATS_TEST_DIRNAME/../bench
	printf '%s\n' any,copy,memory,65536,ns_per_byte,1 any,send-tcp,memory,65536,ns_per_byte,2 any,readwrite-tcp,tmpfs,65536,ns_per_byte,4 \
		stock,sendfile-tcp,tmpfs,65536,ns_per_byte,0.5 degrade,sendfile-tcp,tmpfs,65536,ns_per_byte,1.7 \
		stock,works-sendfile,batch,65536,least_ns,10 log,works-sendfile,batch,65536,least_ns,1000 \
		{off,degrade,machine}",scale-sendfile,tmpfs,65536,gain,1.9" {off,degrade}",scale-sendfile,tmpfs,65536,gain,0.000" machine,scale-sendfile,tmpfs,65536,gain,1.9 | sed 's/^/6.12,/' >6.12.csv
	"$bench/report.sh" . 6.12 title ns 2>said
	grep -qx title 6.12.txt
	grep -q 'MISSED.*stock and one copy: <= 1; 1.133' 6.12.txt
	grep -q 'met.*read and write: <= 0.500; 0.425' 6.12.txt
	# A turn in which one stream got nowhere tells nothing.
	grep -q 'in 1 of 2 turns the machine had' 6.12.txt
	# Nanoseconds are no instructions there.
	grep -q 'not judged *instructions more in a call' 6.12.txt
	"$bench/report.sh" . 6.12 title
	grep -q 'MISSED *instructions more in a call' 6.12.txt
	[[ "$(sed -n 's/^  sendfile-tcp *tmpfs *degrade *//p' 6.12.txt)" == 1.700 ]]
	if command -v gnuplot; then grep -q '</svg>' 6.12.svg; else grep -q gnuplot-nox said; fi
}

@test "bash completion" {
	# shellcheck source=command/completion.bash
	. "$BATS_TEST_DIRNAME/../completion.bash"
	complete_line() {
		read -ra COMP_WORDS <<<"$1"
		[[ $1 != *' ' ]] || COMP_WORDS+=('')
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_spliceguard
		echo "${COMPREPLY[*]}"
	}
	same "$(complete_line 'spliceguard st')" status
	same "$(complete_line 'spliceguard help me')" metrics
	same "$(complete_line 'spliceguard set de')" degrade
	same "$(complete_line 'spliceguard set vm')" 'vmsplice='
	same "$(complete_line 'spliceguard set vmsplice = b')" block
	same "$(complete_line 'spliceguard set vmsplice =')" 'off log degrade block'
	same "$(complete_line 'spliceguard set --trust net:v')" net:vsock
	same "$(complete_line 'spliceguard set --group daem')" daemon
	same "$(complete_line 'spliceguard lock --p')" --persist
	same "$(complete_line 'spliceguard --root / ver')" verify
	same "$(complete_line 'spliceguard status --')" '--json --help'
	same "$(complete_line 'spliceguard explain --f')" --files
	same "$(complete_line 'spliceguard bench ca')" calls
	[[ "$(complete_line 'spliceguard explain tru')" == *true* ]]
}

@test "zsh completion is understood by zsh" {
	zsh -n "$BATS_TEST_DIRNAME/../completion.zsh"
}

@test "manual pages: no warning, and each command and option is there" {
	man=$BATS_TEST_DIRNAME/../../man
	for page in 7 8; do
		same "$(mandoc -T lint -W warning "$man/spliceguard.$page")" ''
		same "$(man --warnings -l "$man/spliceguard.$page" 2>&1 >/dev/null)" ''
	done
	text=$(man -l "$man/spliceguard.8" | col -b)
	for command in $(spg help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
		grep -E "^ +$command" <<<"$text"
		for option in $(spg help "$command" | grep -oE '^  -., --[a-z]+' | grep -oE -- '--[a-z]+'); do
			grep -F -- "$option" <<<"$text"
		done
	done
}
