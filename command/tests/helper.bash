# shellcheck shell=bash
# What the tests of the command share. Each has a machine of its own: directories under $R that the command takes for the root.

bats_require_minimum_version 1.5.0

export SPLICEGUARD=$BATS_TEST_DIRNAME/../spliceguard
export OPTIONS=etc/modprobe.d/spliceguard.conf
export HISTORY=var/lib/spliceguard/undo

setup() {
	R=$BATS_TEST_TMPDIR/root
	mkdir -p "$R"/{etc,run,usr/lib}/{modprobe.d,sysctl.d,modules-load.d} "$R"/run/systemd/system "$R"/proc/{sys/kernel/random,self} "$R"/sys
	echo 11111111-1111 >"$R/proc/sys/kernel/random/boot_id"
	cd "$BATS_TEST_TMPDIR" || return
}

# spg ARGUMENTS...: the command, on that machine.
spg() {
	"$SPLICEGUARD" --root "$R" "$@"
}

# put FILE LINES...: a file on that machine.
put() {
	local file=$R/$1
	shift
	mkdir -p "${file%/*}"
	printf '%s\n' "$@" >"$file"
}

# load [MODE [TRUST [GROUP [LOCKED]]]]: the module, as it shows itself.
load() {
	local op counter n=0
	put proc/sys/kernel/splice_mode "${1:-degrade}"
	put proc/sys/kernel/splice_trust "${2:-}"
	put proc/sys/kernel/splice_group "${3:--1}"
	put proc/sys/kernel/splice_mode_locked "${4:-0}"
	put proc/sys/kernel/splice_mode_available 'off log degrade block'
	put sys/module/spliceguard/version 0.1.0
	put sys/kernel/spliceguard/hooks 'do_splice active' 'do_tee active' 'do_sendfile idle' 'no_such_function missing'
	for op in splice sendfile tee vmsplice zerocopy; do
		for counter in passed trusted copied refused bytes_copied; do
			n=$((n + 1))
			put sys/kernel/spliceguard/$op/$counter $n
		done
	done
}

# install_module VERSION: what modinfo finds.
install_module() {
	local dir release
	release=$(uname -r)
	dir=$R/lib/modules/$release
	mkdir -p "$dir/updates"
	printf 'version=%s\0license=GPL\0' "$1" >modinfo
	echo >empty.c
	gcc -c -o empty.o empty.c
	objcopy --add-section .modinfo=modinfo --set-section-flags .modinfo=alloc,readonly empty.o "$dir/updates/spliceguard.ko"
	touch "$dir"/modules.{order,builtin}
	depmod -b "$R" "$release"
}

knob() {
	head -n 1 "$R/proc/sys/kernel/$1"
}

# boots FIELD: what 'status' says of the next boot, as jq spells it.
boots() {
	spg status --json | jq -cr ".boot$1"
}

same() {
	[ "$1" = "$2" ] || { printf 'expected:\n%s\nis:\n%s\n' "$2" "$1"; return 1; }
}
