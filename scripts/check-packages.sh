#!/bin/bash
# check-packages.sh: the packages, on a freshly installed system of each release, in guests that boot with systemd and that release's own
# kernel. It compiles under emulation, so a release takes two processors about an hour, and it is no part of make check.
#
#   RELEASES="bookworm unstable" PARTS="machine secure_machine fleet" check-packages.sh       narrows it
#
# Ends with "N passed, N failed"; exit code 0 only if none failed.
. "$(dirname "$0")/common.sh"
. "$TOP/scripts/qemu.sh"
. "$TOP/scripts/results.sh"

ALL_RELEASES="bullseye bookworm trixie unstable"
RELEASES=${RELEASES:-$ALL_RELEASES}
# A machine of each release, and on one of them what takes longer.
ALL_PARTS="machine secure_machine fleet"
PARTS=${PARTS:-$ALL_PARTS}
CURRENT=$(module_version)
PREVIOUS=0.0.1

# stage MACHINE FILE KERNEL-DIRECTORY [ARGUMENTS...]: one boot of that machine, for one file of tests. With a directory esp, it boots from there.
stage() {
	local machine=$1 file=$2 kernel=$3 name=$1-${2%.bats} work=$CACHE/guest/packages-$1 status=0 boot
	local line="root=/dev/vda rw console=ttyS0 loglevel=7 panic=-1 oops=panic panic_on_warn=1 systemd.show_status=1 ${APPEND:-}"
	shift 3
	say "$name: booting"
	echo "bats/$file" >"$work/test/.file"
	make_disk "$work"
	if [ -d "$work/esp" ]; then
		cp "$kernel"/{vmlinuz,initrd.img} "$work/esp/"
		printf '%s\n' "linux /vmlinuz $line" 'initrd /initrd.img' boot >"$work/esp/EFI/debian/grub.cfg"
		# shellcheck disable=SC2054
		# Of another kind than the disks, so that they keep their names.
		boot=(-drive "file=fat:/cache/guest/packages-$machine/esp,format=raw,snapshot=on,if=none,id=esp" -device ide-hd,drive=esp,bootindex=0)
	else
		boot=(-kernel "/cache/${kernel#"$CACHE/"}/vmlinuz" -initrd "/cache/${kernel#"$CACHE/"}/initrd.img" -append "$line")
	fi
	(
		SMP=2 MEMORY=2048 TIMEOUT=${TIMEOUT:-3000} run_guest "packages-$name" -vga none -accel tcg,thread=multi -cpu max,-cx16,-erms,-fsrm,-la57 \
			-drive "file=/cache/guest/packages-$machine/disk.qcow2,if=virtio" \
			-drive "file=/cache/guest/packages-$machine/test.img,format=raw,if=virtio" "${boot[@]}" "$@"
	) || status=1
	tap_results "$name" "$CACHE/log/packages-$name.out"
	result "$name: a clean run of the guest" "$status"
	# Nothing that builds on it is worth its time.
	return "$status"
}

# The disk with what the test brings; what the guest adds to it can be read afterwards.
make_disk() {
	rm -f "$1/test.img"
	truncate -s 768M "$1/test.img"
	in_root "$CACHE/root/tools" mkfs.ext4 -q -L test -O ^orphan_file,^metadata_csum_seed -d "/cache/guest/${1##*/}/test" "/cache/guest/${1##*/}/test.img"
}

# prepare RELEASE DIRECTORY: a machine of its own, and what is brought to it.
prepare() {
	local work=$2
	rm -rf "$work"
	mkdir -p "$work/test/bats"
	in_root "$CACHE/root/tools" qemu-img create -q -f qcow2 -F raw -b "/cache/system/$1/disk.img" "/cache/guest/${2##*/}/disk.qcow2"
	cp -r "$CACHE/packages/previous" "$CACHE/packages/current" "$CACHE/packages/programs" "$work/test/"
	printf 'PREVIOUS=%s\nCURRENT=%s\n' "$PREVIOUS" "$CURRENT" >"$work/test/versions"
	cp "$TOP/tests/packages/run" "$work/test/"
	cp "$TOP"/tests/packages/*.bats "$TOP/tests/packages/helper.bash" "$work/test/bats/"
	cp -r "$CACHE/system/$1/second" "$work/test/"
	mkdir "$work/test/project"
	(cd "$TOP" && cp -r Makefile Kbuild dkms.conf src include command man scripts packaging "$work/test/project/")
}

machine() {
	local release=$1 work=$CACHE/guest/packages-$1 system=$CACHE/system/$1 file
	prepare "$release" "$work"
	stage "$release" 10-install.bats "$system" || return 0
	stage "$release" 20-configured.bats "$system" || return 0
	stage "$release" 30-missing.bats "$system" || return 0
	try "$release: the console says that the machine is not protected" \
		grep -aF 'THIS MACHINE IS NOT PROTECTED AS CONFIGURED' "$CACHE/log/packages-$release-30-missing.console" || true
	mkdir "$work/second"
	for file in vmlinuz initrd.img; do
		in_root "$CACHE/root/tools" debugfs -R "dump /out/$file /cache/guest/packages-$release/second/$file" "/cache/guest/packages-$release/test.img" 2>/dev/null
	done
	stage "$release" 40-kernel.bats "$work/second" || return 0
	rm -rf "$work"
}

# Secure Boot: firmware with Microsoft's keys, Debian's shim, GRUB and kernel, each of which verifies the next, and lockdown=integrity, which
# refuses modules that no known key has signed. First without DKMS's key, then with it enrolled, as MokManager does at the reboot after
# 'mokutil --import'.
secure_machine() {
	local release=$1 work=$CACHE/guest/packages-$1-secure system=$CACHE/system/$1 tools=$CACHE/root/tools
	# shellcheck disable=SC2054
	local machine=(-machine q35,smm=on -global driver=cfi.pflash01,property=secure,value=on
		-drive if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.ms.fd
		-drive "if=pflash,unit=1,format=raw,file=/cache/guest/packages-$1-secure/vars.fd")
	prepare "$release" "$work"
	cp "$tools/usr/share/OVMF/OVMF_VARS_4M.ms.fd" "$work/vars.fd"
	mkdir -p "$work"/esp/EFI/{BOOT,debian}
	cp "$tools/usr/lib/shim/shimx64.efi.signed" "$work/esp/EFI/BOOT/BOOTX64.EFI"
	cp "$tools/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" "$work/esp/EFI/BOOT/grubx64.efi"
	APPEND=lockdown=integrity stage "$release-secure" 50-unknown-key.bats "$system" "${machine[@]}" || return 0
	in_root "$tools" bash -euc '
		cd "$1"
		debugfs -R "dump /out/mok.pub mok.der" test.img 2>/dev/null
		openssl x509 -inform DER -in mok.der -out mok.pem
		virt-fw-vars --inplace vars.fd --add-mok "$(cat /proc/sys/kernel/random/uuid)" mok.pem
	' enrol "/cache/guest/${work##*/}"
	APPEND=lockdown=integrity stage "$release-secure" 60-enrolled-key.bats "$system" "${machine[@]}" || return 0
	rm -rf "$work"
}

# A machine that Ansible finds, with Debian's own ansible, as one of a fleet.
fleet() {
	local release=$1 work=$CACHE/guest/packages-$1-fleet system=$CACHE/system/$1
	prepare "$release" "$work"
	in_root "$CACHE/root/tools" ssh-keygen -q -t ed25519 -N '' -f "/cache/guest/${work##*/}/key"
	cp "$work/key.pub" "$work/test/"
	cp -r "$TOP/ansible/roles" "$work/roles"
	cat >"$work/play.yml" <<-'END'
		- hosts: all
		  roles: [spliceguard]
	END
	play_roles "$release" &
	stage "$release-fleet" 70-fleet.bats "$system" -netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$FLEET_PORT-:22" -device virtio-net-pci,netdev=net || true
	wait $!
	rm -rf "$work"
}

FLEET_PORT=10022

# play RELEASE ARGUMENTS...: the role, on the machine that fleet has booted.
play() {
	in_root "$CACHE/root/tools" bash -euc '
		cd "$1"
		shift
		export ANSIBLE_HOST_KEY_CHECKING=False ANSIBLE_NOCOLOR=1 ANSIBLE_ROLES_PATH=roles
		ansible-playbook -i machine, -e ansible_host=127.0.0.1 -e ansible_port='"$FLEET_PORT"' -e ansible_user=root -e ansible_ssh_private_key_file=key \
			-e ansible_python_interpreter=/usr/bin/python3 -e @settings.json play.yml "$@"
	' play "/cache/guest/packages-$1-fleet" "${@:2}"
}

# settings RELEASE MODE TRUST
settings() {
	in_root "$CACHE/root/tools" jq -n --arg mode "$2" --arg trust "$3" --arg debs "$(cd "$CACHE/packages/current" && ls spliceguard-dkms_*.deb spliceguard_*_amd64.deb)" --arg dir /cache/packages/current \
		'{ spliceguard_mode: $mode, spliceguard_trust: $trust, spliceguard_debs: ($debs | split("\n") | map($dir + "/" + .)) }' >"$CACHE/guest/packages-$1-fleet/settings.json"
}

over_ssh() {
	in_root "$CACHE/root/tools" ssh -q -i "/cache/guest/packages-$1-fleet/key" -p "$FLEET_PORT" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o ConnectTimeout=20 root@127.0.0.1 "${@:2}"
}

nothing_changed() {
	play "$@" | tee /dev/stderr | grep -qE 'changed=0 .*failed=0'
}

# The role installs, sets and verifies; a second time it finds nothing to do.
play_roles() {
	local release=$1 i
	for ((i = 0; i < 60; i++)); do
		! over_ssh "$release" true 2>/dev/null || break
		sleep 10
	done
	settings "$release" degrade ''
	try "$release-fleet: the role runs in check mode" play "$release" --check || true
	try "$release-fleet: and changes nothing then" over_ssh "$release" '! dpkg -s spliceguard >/dev/null 2>&1 && [ ! -e /proc/sys/kernel/splice_mode ]' || true
	try "$release-fleet: the role installs, sets and verifies" play "$release" || true
	try "$release-fleet: the second time nothing changes" nothing_changed "$release" || true
	settings "$release" 'degrade vmsplice=block' writable
	try "$release-fleet: the role sets something else" play "$release" || true
	over_ssh "$release" 'echo off >/proc/sys/kernel/splice_mode'
	try "$release-fleet: and puts right what somebody has loosened" play "$release" || true
	over_ssh "$release" 'touch /run/fleet-done'
}

need_root
mkdir -p "$CACHE/guest" "$CACHE/log"
begin_results results-packages
for release in $RELEASES; do
	[[ " $ALL_RELEASES " == *" $release "* ]] || die "unknown release '$release'; known: $ALL_RELEASES"
done
jobs=()
for part in $PARTS; do
	[[ " $ALL_PARTS " == *" $part "* ]] || die "unknown part '$part'; known: $ALL_PARTS"
	for release in $RELEASES; do
		[[ "$part" != machine && "$release" != trixie ]] || jobs+=("$part $release")
	done
done
[ ${#jobs[@]} -gt 0 ] || die "nothing to do: but for machine, parts are tried on trixie"
say "cache: $CACHE"
"$TOP/scripts/roots.sh" tools qemu-utils ovmf python3-virt-firmware shim-signed grub-efi-amd64-signed ansible-core ansible-lint openssh-client lintian rpm rpmlint
"$TOP/scripts/roots.sh" package
for release in $RELEASES; do "$TOP/scripts/roots.sh" system "$release"; done
rm -rf "$CACHE/packages"
try "the packages build, and lintian accepts them" env OUT="$CACHE/packages/current" "$TOP/scripts/packages.sh" deb || { finish; exit 1; }
try "the packages build as another version" env OUT="$CACHE/packages/previous" VERSION="$PREVIOUS" "$TOP/scripts/packages.sh" deb || { finish; exit 1; }
try "the spec builds, and rpmlint accepts it" env OUT="$CACHE/packages/rpm" "$TOP/scripts/packages.sh" rpm || true
mkdir "$CACHE/packages/programs"
in_root "$CACHE/root/tools" gcc -O2 -static -o /cache/packages/programs/hold /spliceguard/tests/programs/hold.c -I/spliceguard/command
try "the role is as ansible-lint wants it" in_root "$CACHE/root/tools" bash -c "cd /spliceguard/ansible && ansible-lint --offline -q roles" || true
# shellcheck disable=SC2086
for job in "${jobs[@]}"; do pool $job; done
wait
finish
