#!/usr/bin/env bats
# What the command makes of the configuration: the same as a boot does.
load helper

@test "nothing is configured: the module's defaults, and nobody loads it" {
	same "$(boots '|[.loaded, .mode, .trust, .group, .locked, .origin.mode, .problems]')" '[false,"degrade",[],null,false,null,[]]'
}

@test "modprobe.d: options, in one line or many, quoted as the kernel takes it" {
	put etc/modprobe.d/a.conf 'options spliceguard mode="degrade vmsplice=block" trust="writable net:tcp fs:xfs"' \
		$'options spliceguard group=12 \\\n  locked=1'
	same "$(boots '|[.mode, .trust, .group, .locked]')" '["degrade vmsplice=block",["writable","fs:xfs","net:tcp"],12,true]'
	put etc/modprobe.d/a.conf 'options spliceguard "mode=log tee=block"	locked=0'
	same "$(boots '|[.mode, .locked]')" '["log tee=block",false]'
}

@test "modprobe.d: the last one counts, and a file of /etc hides that of its name elsewhere" {
	put usr/lib/modprobe.d/b.conf 'options spliceguard mode=block'
	put etc/modprobe.d/a.conf 'options spliceguard mode=log group=5'
	same "$(boots '|[.mode, .group, .origin.mode, .origin.group]')" '["block",5,"/usr/lib/modprobe.d/b.conf","/etc/modprobe.d/a.conf"]'
	put etc/modprobe.d/b.conf '# nothing'
	same "$(boots .mode)" log
	rm "$R/etc/modprobe.d/b.conf"
	ln -s /dev/null "$R/etc/modprobe.d/b.conf"
	same "$(boots .mode)" log
}

@test "modprobe.d: what the module would not take is told" {
	put etc/modprobe.d/a.conf 'options spliceguard mode=strict modes=off'
	run boots '.problems[]'
	[[ "$output" == *"refuses to be loaded with the option mode=\"strict\""* ]]
	[[ "$output" == *"no option 'modes'"* ]]
	same "$(boots .mode)" degrade
}

@test "modprobe.d: a blacklist, or a command to run instead" {
	put etc/modules-load.d/x.conf spliceguard
	same "$(boots '|[.loaded, .loaded_by]')" '[true,"/etc/modules-load.d/x.conf"]'
	put etc/modprobe.d/a.conf 'blacklist spliceguard'
	run boots '|[.loaded, .prevented_by]'
	[[ "$output" == *false*blacklist* ]]
	put etc/modprobe.d/a.conf 'install spliceguard /bin/true'
	run boots '|[.loaded, .prevented_by]'
	[[ "$output" == *false*"run instead"* ]]
	put etc/modprobe.d/a.conf 'blacklist spliceguardian' 'install other /bin/true'
	same "$(boots .loaded)" true
}

@test "modules-load.d: comments and masks" {
	put usr/lib/modules-load.d/spliceguard.conf '# spliceguard' '; spliceguard' '  spliceguard '
	same "$(boots .loaded_by)" /usr/lib/modules-load.d/spliceguard.conf
	ln -s /dev/null "$R/etc/modules-load.d/spliceguard.conf"
	same "$(boots .loaded)" false
}

@test "sysctl.d comes after, in the order of names, whatever the directory" {
	put etc/modprobe.d/a.conf 'options spliceguard mode=block trust=writable'
	put usr/lib/sysctl.d/90-b.conf 'kernel.splice_mode = log'
	put etc/sysctl.d/10-a.conf 'kernel.splice_mode=degrade' 'kernel/splice_group=7'
	same "$(boots '|[.mode, .trust, .group, .origin.mode, .origin.group]')" \
		'["log",["writable"],7,"/usr/lib/sysctl.d/90-b.conf:1","/etc/sysctl.d/10-a.conf:2"]'
	put run/sysctl.d/90-b.conf ''
	same "$(boots .mode)" degrade
}

@test "sysctl.d: dashes, blanks, comments, values with an equals sign" {
	put etc/sysctl.d/a.conf '# kernel.splice_mode=off' ';kernel.splice_mode=off' '' '  -kernel.splice_mode =  degrade vmsplice=block  ' 'kernel.splice_trust ='
	same "$(boots '|[.mode, .trust, .origin.trust]')" '["degrade vmsplice=block",[],"/etc/sysctl.d/a.conf:5"]'
}

@test "sysctl.d: patterns count where nothing is set by name, and can be excepted from" {
	put etc/sysctl.d/a.conf 'kernel.splice_mode=log' 'kernel.splice_group=4'
	put etc/sysctl.d/b.conf 'kernel.splice_m* = block' 'kernel.*_group = 9'
	same "$(boots '|[.mode, .group]')" '["log",4]'
	put etc/sysctl.d/a.conf '-kernel.splice_group'
	same "$(boots '|[.mode, .group]')" '["block",null]'
	put etc/sysctl.d/b.conf 'kernel.s.* = block' 'kernel* = block'
	same "$(boots '|[.mode, .origin.mode]')" '["degrade",null]'
}

@test "sysctl.d: what the kernel would refuse is told, and not taken" {
	put etc/sysctl.d/a.conf 'kernel.splice_mode=strict'
	same "$(boots '|[.mode, .problems[0]]')" \
		"[\"degrade\",\"/etc/sysctl.d/a.conf:1 sets kernel.splice_mode to 'strict', which is not understood\"]"
	put etc/modprobe.d/a.conf 'options spliceguard locked=1'
	put etc/sysctl.d/a.conf 'kernel.splice_mode=log'
	run boots '|[.mode, .problems[0]]'
	[[ "$output" == '["degrade",'*"comes after the lock, and would loosen"* ]]
	put etc/sysctl.d/a.conf 'kernel.splice_mode=block'
	same "$(boots '|[.mode, .problems]')" '["block",[]]'
	rm "$R/etc/modprobe.d/a.conf"
	put etc/sysctl.d/a.conf 'kernel.splice_mode_locked=1' 'kernel.splice_mode=off'
	run boots '|[.mode, .locked, .problems[0]]'
	[[ "$output" == '["degrade",true,'*"would loosen"* ]]
}

@test "/etc/sysctl.conf: systemd reads it by a link only, others last of all" {
	put etc/sysctl.conf 'kernel.splice_mode=off'
	put etc/sysctl.d/zz.conf 'kernel.splice_mode=log'
	same "$(boots .mode)" log
	ln -s ../sysctl.conf "$R/etc/sysctl.d/99-sysctl.conf"
	same "$(boots .mode)" log
	mv "$R/etc/sysctl.d/zz.conf" "$R/etc/sysctl.d/10.conf"
	same "$(boots .mode)" off
	rm -r "$R/etc/sysctl.d/99-sysctl.conf" "$R/run/systemd"
	same "$(boots '|[.mode, .origin.mode]')" '["off","/etc/sysctl.conf:1"]'
}
