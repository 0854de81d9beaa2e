#!/usr/bin/env bats
# set, undo and lock: what they write, and what they say.
load helper

@test "set: a mode, and what that means for which operation" {
	load degrade
	run spg set degrade vmsplice=block tee=log
	[ "$status" = 0 ]
	same "$(knob splice_mode)" 'degrade tee=log vmsplice=block'
	[[ "$output" == *"'degrade' -> 'degrade tee=log vmsplice=block'"* ]]
	[[ "$output" == *"  tee: from now on as the kernel does"* ]]
	[[ "$output" == *"  vmsplice: from now on refused"* ]]
	[[ "$output" != *"splice, "* ]]
}

@test "set: OP=MODE alone changes that operation alone" {
	load 'log vmsplice=block'
	spg set sendfile=degrade
	same "$(knob splice_mode)" 'log sendfile=degrade vmsplice=block'
	spg set vmsplice=log sendfile=log
	same "$(knob splice_mode)" log
}

@test "set: trust and group, by name, number and none" {
	load degrade
	spg set --trust 'net:tcp  writable fs:xfs' --group daemon
	same "$(knob splice_trust)" 'writable fs:xfs net:tcp'
	same "$(knob splice_group)" "$(getent group daemon | cut -d: -f3)"
	same "$(knob splice_mode)" degrade
	run spg set --trust '' -g none
	same "$(knob splice_trust)" ''
	same "$(knob splice_group)" -1
	run spg set --trust quiescent
	[[ "$output" == *"no protection"* ]]
	run spg set --trust fs:xfs
	[[ "$output" == *"admit nothing without each other"* ]]
}

@test "set: what is no text for a knob changes nothing" {
	load degrade writable 3
	for text in strict 'degrade off' 'degrade tee=off tee=log' tee= =off 'degrade tee' tee=off,splice=off; do
		# shellcheck disable=SC2086
		run spg set $text
		[ "$status" = 64 ]
	done
	for text in writeable 'fs:' 'net:http' 'writable writable'; do
		run spg set --trust "$text"
		[ "$status" = 64 ]
	done
	for text in nosuchgroup -2 4294967295 ''; do
		run spg set --group "$text"
		[ "$status" = 64 ]
	done
	run spg set
	[ "$status" = 64 ]
	same "$(knob splice_mode):$(knob splice_trust):$(knob splice_group)" degrade:writable:3
	[ ! -e "$R/$HISTORY" ]
}

@test "set: the same again changes nothing, and forgets no history" {
	load degrade
	spg set log
	run spg set log
	[ "$status" = 0 ]
	[[ "$output" == *"nothing changes"* ]]
	spg undo
	same "$(knob splice_mode)" degrade
}

@test "set --persist: one line in a file of its own, and loaded at boot" {
	load off
	run spg set degrade vmsplice=block --trust 'writable net:tcp' --persist
	[ "$status" = 0 ]
	same "$(grep -v '^#' "$R/$OPTIONS")" 'options spliceguard mode="degrade vmsplice=block" trust="writable net:tcp"'
	same "$(grep -v '^#' "$R/etc/modules-load.d/spliceguard.conf")" spliceguard
	same "$(boots '|[.loaded, .mode, .trust]')" '[true,"degrade vmsplice=block",["writable","net:tcp"]]'
	same "$(find "$R/etc" -name '*.??????')" ''
}

@test "set --persist: all else in the file stays, to the byte" {
	load off
	printf '%s\n' '# mine' '' 'options other x="a b"' $'options spliceguard mode=log debug="a b" \\\n group=7' '#options spliceguard mode=off' \
		'  options	spliceguard	locked=1 mode=off' 'alias x spliceguard' >"$R/$OPTIONS"
	printf 'blacklist y' >>"$R/$OPTIONS"
	chmod 640 "$R/$OPTIONS"
	spg set block --persist
	same "$(cat "$R/$OPTIONS"; echo .)" "$(printf '%s\n' '# mine' '' 'options other x="a b"' \
		'options spliceguard mode="block" group=7 locked=1 debug="a b"' '#options spliceguard mode=off' 'alias x spliceguard'; echo 'blacklist y.')"
	same "$(stat -c %a "$R/$OPTIONS")" 640
}

@test "set --persist: a file without an end of line, or without a line of ours" {
	load off
	printf '# mine' >"$R/$OPTIONS"
	spg set log --persist
	same "$(cat "$R/$OPTIONS")" $'# mine\noptions spliceguard mode="log"'
}

@test "set --persist: begins with the file that it would hide" {
	load off
	put usr/lib/modprobe.d/spliceguard.conf '# the vendor' 'options spliceguard trust="writable"'
	spg set block --persist
	same "$(cat "$R/$OPTIONS")" $'# the vendor\noptions spliceguard mode="block" trust="writable"'
	spg undo
	[ ! -e "$R/$OPTIONS" ]
	same "$(boots '|[.mode, .trust]')" '["degrade",["writable"]]'
}

@test "set --persist: follows a link, and leaves alone what is masked" {
	load off
	put etc/elsewhere '# by a link'
	ln -s ../elsewhere "$R/$OPTIONS"
	spg set log --persist
	[ -L "$R/$OPTIONS" ]
	grep 'mode="log"' "$R/etc/elsewhere"
	rm "$R/$OPTIONS"
	ln -s /dev/null "$R/$OPTIONS"
	run spg set block --persist
	[ "$status" = 1 ]
	[[ "$output" == *"$OPTIONS cannot be written"*masked* ]]
	[ -c /dev/null ]
	[ -L "$R/$OPTIONS" ]
}

@test "set --persist alone keeps what is in force" {
	load 'log tee=block' capable 3
	put "$OPTIONS" 'options spliceguard locked=1'
	spg set --persist
	same "$(cat "$R/$OPTIONS")" 'options spliceguard mode="log tee=block" trust="capable" group=3 locked=1'
}

@test "set --persist: whoever has the last word is named" {
	load off
	put etc/sysctl.d/60-x.conf '# a' 'kernel.splice_mode = log'
	run spg set degrade --persist
	[ "$status" = 1 ]
	[[ "$output" == *"the next boot will end with mode 'log' all the same, from /etc/sysctl.d/60-x.conf:2"* ]]
	same "$(knob splice_mode)" degrade
	put etc/sysctl.d/60-x.conf 'kernel.splice_mode = degrade'
	run spg set degrade --persist
	[ "$status" = 0 ]
	put etc/modprobe.d/zz.conf 'options spliceguard mode=off'
	rm "$R/etc/sysctl.d/60-x.conf"
	run spg set block --persist
	[ "$status" = 1 ]
	[[ "$output" == *"from /etc/modprobe.d/zz.conf"* ]]
	put etc/modprobe.d/zz.conf 'blacklist spliceguard'
	run spg set block --persist
	[ "$status" = 1 ]
	[[ "$output" == *"does not load the module"*blacklist* ]]
}

@test "set: the module is not loaded" {
	run spg set degrade
	[ "$status" = 3 ]
	run spg set block --persist
	[ "$status" = 0 ]
	[[ "$output" == *"not loaded"* ]]
	same "$(boots .mode)" block
	run spg set tee=log --persist
	same "$(boots .mode)" 'block tee=log'
}

@test "set: somebody without the right" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	load degrade
	chmod -R a+rX "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR"
	cp "$SPLICEGUARD" command
	for arguments in 'set log' 'set log --persist' 'set --persist' 'lock --yes'; do
		# shellcheck disable=SC2086
		run setpriv --reuid 65534 --clear-groups ./command --root "$R" $arguments
		[ "$status" = 4 ]
		[[ "$output" == *"only root may"* ]]
		[ "${#lines[@]}" = 1 ]
	done
	same "$(knob splice_mode)" degrade
	run setpriv --reuid 65534 --clear-groups ./command --root "$R" status
	[ "$status" = 0 ]
}

@test "undo: what was in force and what was kept; and again" {
	load degrade writable 4
	put "$OPTIONS" '# mine' 'options spliceguard trust="capable" locked=1'
	before=$(cat "$R/$OPTIONS")
	spg set block --trust '' --persist
	same "$(knob splice_mode):$(knob splice_trust)" block:
	after=$(cat "$R/$OPTIONS")
	spg undo
	same "$(knob splice_mode):$(knob splice_trust):$(knob splice_group)" degrade:writable:4
	same "$(cat "$R/$OPTIONS")" "$before"
	[ ! -e "$R/etc/modules-load.d/spliceguard.conf" ]
	spg undo
	same "$(knob splice_mode):$(knob splice_trust)" block:
	same "$(cat "$R/$OPTIONS")" "$after"
	[ -e "$R/etc/modules-load.d/spliceguard.conf" ]
}

@test "undo: keeps what the administrator has edited meanwhile" {
	load degrade
	spg set log --persist
	echo '# later' >>"$R/$OPTIONS"
	spg undo
	grep '# later' "$R/$OPTIONS"
	run ! grep '^options' "$R/$OPTIONS"
}

@test "undo: at another boot, what was not kept has ended with its own" {
	load degrade
	spg set log
	put proc/sys/kernel/random/boot_id 22222222-2222
	run spg undo
	[ "$status" = 1 ]
	[[ "$output" == *"ended with its boot"* ]]
	same "$(knob splice_mode)" log
	spg set block --persist
	put proc/sys/kernel/random/boot_id 33333333-3333
	spg undo
	same "$(knob splice_mode)" log
	[ ! -e "$R/$OPTIONS" ]
}

@test "undo: nothing to undo; and what is locked stays" {
	load degrade
	run spg undo
	[ "$status" = 1 ]
	[[ "$output" == *"nothing to undo"* ]]
	spg set block --persist
	echo 1 >"$R/proc/sys/kernel/splice_mode_locked"
	run spg undo
	[ "$status" = 1 ]
	[[ "$output" == *"kernel.splice_mode is locked until reboot, and stays 'block'"* ]]
	same "$(knob splice_mode)" block
	[ ! -e "$R/$OPTIONS" ]
}

@test "undo: a history that is damaged is not taken" {
	load degrade
	put "$HISTORY" 'boot 11111111-1111' 'live mode strict'
	run spg undo
	[ "$status" = 1 ]
	same "$(knob splice_mode)" degrade
	put "$HISTORY" 'boot 11111111-1111' 'something else'
	run spg undo
	[ "$status" = 1 ]
}

@test "lock: asks on a terminal only, and does not lock unasked" {
	load degrade
	run spg lock </dev/null
	[ "$status" = 64 ]
	[[ "$output" == *"lock --yes"* ]]
	run script -qec "echo n | script -qec '$SPLICEGUARD --root $R lock' /dev/null" /dev/null
	[[ "$output" == *"Lock? [y/N]"*"not locked"* ]]
	same "$(knob splice_mode_locked)" 0
	run script -qec "echo y | script -qec '$SPLICEGUARD --root $R lock' /dev/null" /dev/null
	[[ "$output" == *"locked until the next boot"* ]]
	same "$(knob splice_mode_locked)" 1
}

@test "lock --yes --persist" {
	load block writable 3
	put "$OPTIONS" 'options spliceguard mode="block"'
	run spg lock --yes --persist
	[ "$status" = 0 ]
	same "$(knob splice_mode_locked)" 1
	same "$(cat "$R/$OPTIONS")" 'options spliceguard mode="block" locked=1'
	run spg lock
	[ "$status" = 0 ]
	[[ "$output" == *"locked already"* ]]
}
