#!/usr/bin/env bats
# Trust: each word and the group, with what they admit and what they must not. See programs/trust.c.
load helper

setup_file() {
	load_module
	mode degrade
	modprobe -a fuse kcm loop overlay sctp tls vsock_loopback 2>/dev/null || true
	mkdir -p /tmp/trust/{ext4,tmpfs,overlay}
	truncate -s 32M /tmp/trust.img
	mkfs.ext4 -q /tmp/trust.img
	mount -o loop /tmp/trust.img /tmp/trust/ext4
	mount -t tmpfs tmpfs /tmp/trust/tmpfs
	mkdir /tmp/trust/ext4/{lower,upper,work}
	trust -i /tmp/trust/ext4/lower/f
	mount -t overlay -o lowerdir=/tmp/trust/ext4/lower,upperdir=/tmp/trust/ext4/upper,workdir=/tmp/trust/ext4/work overlay /tmp/trust/overlay
}

teardown_file() {
	mode off
	umount /tmp/trust/overlay /tmp/trust/tmpfs /tmp/trust/ext4
}

teardown() {
	# The last test of all judges what was found; in here that is done test by test.
	load_module
	judge_phase
	echo -1 >"$GROUP"
	echo >"$TRUST"
	quick_mode degrade
	begin_phase
}

E=/tmp/trust/ext4/f
T=/tmp/trust/tmpfs/f

# fresh FILE [OWNER [MODE]]
fresh() {
	rm -f "$1"
	trust -i "$1"
	chown "${2:-0:0}" "$1"
	chmod "${3:-644}" "$1"
}

# result RESULT OPTION... FILE PATH: that is what it gives, and what the witness says, too. HAND-OFF is COPIED, but only when the page
# leaves the pipe. FILE is filled anew where it has a name, unless KEEP is set.
result() {
	local expected=$1 file=${*: -2:1} got place page rest
	shift
	echo >"$WITNESS"
	if [[ "$file" == /* && -z "${KEEP:-}" ]]; then set -- -f "$@"; fi
	got=$(exec trust "$@" 2>&1) || true
	if [ "$got" != "${expected/HAND-OFF/COPIED}" ]; then
		echo "trust $*: $got, not $expected; witness:"
		cat "$WITNESS"
		return 1
	fi
	got=
	while read -r place page rest; do
		[[ $got == *"$place $page "* ]] || got+="$place $page "
	done <"$WITNESS"
	case $expected:$got in
	# A page that goes by reference is seen on its way. Memory may wait in a pipe.
	*SHARED*:*"socket file "* | *SHARED*:*"socket anon "* | *SHARED*:*"pipe file "*) ;;
	# A datagram whose checksum is that of the page before it was overwritten.
	LOST:*"socket file "*) ;;
	*HAND-OFF*:"pipe file ") ;;
	E*:*"socket "*) echo "trust $*: $expected, but the witness saw '$got'"; return 1 ;;
	E*:*) ;;
	*SHARED*:* | *HAND-OFF*:*) echo "trust $*: $expected, but the witness saw '$got'"; return 1 ;;
	*:) ;;
	*) echo "trust $*: $expected, but the witness saw '$got'"; return 1 ;;
	esac
}

@test "trust: without it nothing is shared, whoever asks" {
	fresh $E 1000:1000
	for path in sendfile:tcp splice:tcp splice:unix tee:tcp move:tcp vmsplice:tcp; do
		result COPIED -u 1000:1000 $E $path
		result COPIED $E $path
	done
	mode off
	for path in sendfile:tcp splice:tcp splice:unix tee:tcp move:tcp vmsplice:tcp; do
		result SHARED -u 1000:1000 $E $path
	done
}

@test "writable: who may open the file for writing keeps zero-copy, others do not" {
	trusted writable
	for file in $E $T; do
		fresh "$file" 1000:1000
		for path in sendfile:tcp sendfile:unix splice:tcp splice:unix tee:tcp move:tcp; do
			result SHARED -u 1000:1000 "$file" $path
			result COPIED -u 1001:1001 "$file" $path
		done
		# Root may, by CAP_DAC_OVERRIDE.
		result SHARED "$file" sendfile:tcp
	done
	# Sinks that are no plain TCP, too: who may write anyway, needs no exploit.
	! modprobe -q tls || result SHARED -u 1000:1000 $E sendfile:tls
}

@test "writable: mode bits, groups, supplementary groups and ACLs" {
	trusted writable
	fresh $E 1000:1000 444
	result COPIED -u 1000:1000 $E sendfile:tcp
	fresh $E 0:5000 664
	result SHARED -u 1001:5000 $E splice:tcp
	result SHARED -u 1001:1001,5000 $E splice:tcp
	result SHARED -u 1001:1001,4999,5000 $E sendfile:tcp
	result COPIED -u 1001:1001,4999 $E sendfile:tcp
	fresh $E 0:0 644
	setfacl -m u:1001:rw $E
	result SHARED -u 1001:1001 $E sendfile:tcp
	result COPIED -u 1002:1002 $E sendfile:tcp
	setfacl -m m::r $E
	result COPIED -u 1001:1001 $E sendfile:tcp
	# An ACL that takes away what the group would have.
	fresh $E 0:5000 664
	setfacl -m u:1001:r $E
	result COPIED -u 1001:5000 $E sendfile:tcp
}

@test "writable: not by a read-only mount or file system" {
	trusted writable
	fresh $E 1000:1000
	mkdir -p /tmp/trust/ro
	mount --bind /tmp/trust/ext4 /tmp/trust/ro
	mount -o remount,bind,ro /tmp/trust/ro
	KEEP=1 result COPIED -u 1000:1000 -c $E /tmp/trust/ro/f sendfile:tcp
	result SHARED -u 1000:1000 $E sendfile:tcp
	umount /tmp/trust/ro
	# Read-only as a whole: what changes it is a mount of its image that may write.
	truncate -s 8M /tmp/ro.img
	mkfs.ext4 -q /tmp/ro.img
	mount -o loop /tmp/ro.img /tmp/trust/ro
	fresh /tmp/trust/ro/f 1000:1000
	mount -o remount,ro /tmp/trust/ro
	bytes=$(counter sendfile/bytes_copied)
	echo >"$WITNESS"
	run trust -u 1000:1000 /tmp/trust/ro/f sendfile:tcp
	[[ "$output" == *"root cannot change the file"* ]]
	[ -z "$(cat "$WITNESS")" ]
	[ "$(counter sendfile/bytes_copied)" = $((bytes + 4096)) ]
	umount /tmp/trust/ro
}

@test "writable: not immutable files, not those that may only be appended to" {
	trusted writable
	for flag in i a; do
		fresh $E 1000:1000
		chattr +$flag $E
		KEEP=1 result COPIED -u 1000:1000 $E sendfile:tcp
		KEEP='' result SHARED -u 1000:1000 $E sendfile:tcp
	done
}

@test "writable: not a file that is being executed" {
	trusted writable
	cp "$(command -v sleep)" /tmp/trust/ext4/sleep
	chown 1000:1000 /tmp/trust/ext4/sleep
	sync
	/tmp/trust/ext4/sleep 60 3>&- &
	eventually grep -q ext4/sleep /proc/$!/maps
	trusted=$(counter sendfile/trusted) copied=$(counter sendfile/copied)
	run trust -u 1000:1000 /tmp/trust/ext4/sleep sendfile:tcp
	[ "$(counter sendfile/trusted) $(counter sendfile/copied)" = "$trusted $((copied + 1))" ]
	kill $!
	wait || true
	trust -u 1000:1000 /tmp/trust/ext4/sleep sendfile:tcp
	[ "$(counter sendfile/trusted) $(counter sendfile/copied)" = "$((trusted + 1)) $((copied + 1))" ]
}

@test "writable: a memfd that is not sealed" {
	trusted writable
	result SHARED memfd: sendfile:tcp
	result SHARED memfd: splice:unix
	# F_SEAL_GROW says nothing of the bytes there are; F_SEAL_WRITE and F_SEAL_FUTURE_WRITE do.
	result SHARED memfd:4 sendfile:tcp
	result COPIED memfd:8 sendfile:tcp
	result COPIED memfd:16 sendfile:tcp
	result COPIED memfd:16 splice:unix
}

@test "writable: not a file whose privileges a write would take away" {
	trusted writable
	fresh $E 1000:1000 755
	result SHARED -u 1000:1000 $E sendfile:tcp
	for mode in 4755 2755 6755; do
		fresh $E 1000:1000 $mode
		KEEP=1 result COPIED -u 1000:1000 $E sendfile:tcp
	done
	fresh $E 1000:1000 755
	KEEP=1 result COPIED -s -u 1000:1000 $E sendfile:tcp
}

@test "writable: not where a daemon decides when a file is opened (FUSE)" {
	mkdir -p /tmp/trust/fuse
	truncate -s 8M /tmp/fuse.img
	mkfs.ext4 -q -O ^has_journal /tmp/fuse.img
	fuse2fs /tmp/fuse.img /tmp/trust/fuse -o rw,allow_other 3>&-
	mountpoint -q /tmp/trust/fuse
	fresh /tmp/trust/fuse/f 0:0 644
	trusted 'writable quiescent'
	result COPIED -u 1001:1001 /tmp/trust/fuse/f sendfile:tcp
	result COPIED -u 1001:1001 /tmp/trust/fuse/f splice:tcp
	result COPIED /tmp/trust/fuse/f sendfile:tcp
	umount /tmp/trust/fuse
}

@test "writable: not what overlayfs shows of the file below" {
	trusted writable
	chown 1000:1000 /tmp/trust/overlay/f
	# Copied up by that, and still of another inode than the one that is opened.
	KEEP=1 result COPIED -u 1000:1000 -c /tmp/trust/ext4/upper/f /tmp/trust/overlay/f sendfile:tcp
	trust -i /tmp/trust/ext4/upper/f
	KEEP=1 result COPIED -c /tmp/trust/ext4/upper/f /tmp/trust/overlay/f splice:tcp
}

@test "writable: security modules are asked as by open (Landlock)" {
	grep -q landlock /sys/kernel/security/lsm || skip "this kernel has no Landlock"
	trusted writable
	fresh $E 1000:1000
	result SHARED -u 1000:1000 $E sendfile:tcp
	result COPIED -l -u 1000:1000 $E sendfile:tcp
	result COPIED -l -u 1000:1000 $E splice:tcp
	result COPIED -l $E sendfile:tcp
}

@test "writable: security modules are asked as by open (AppArmor)" {
	grep -q apparmor /sys/kernel/security/lsm
	printf 'profile %s {\n capability,\n network,\n unix,\n signal,\n /** %s,\n}\n' reads r writes rw >/tmp/profiles
	apparmor_parser -rKT /tmp/profiles
	trusted writable
	fresh $E 1000:1000
	result SHARED -a writes -u 1000:1000 $E sendfile:tcp
	result COPIED -a reads -u 1000:1000 $E sendfile:tcp
	result COPIED -a reads $E splice:tcp
	apparmor_parser -RK /tmp/profiles
}

@test "writable: asking breaks no lease" {
	trusted writable
	fresh $E 1000:1000
	lease $E >/tmp/lease 2>&1 3>&- &
	eventually grep -q held /tmp/lease
	trusted=$(counter sendfile/trusted)
	run trust -u 1000:1000 -c /tmp/trust/none $E sendfile:tcp
	[ "$(counter sendfile/trusted)" = $((trusted + 1)) ]
	sleep 0.1
	run ! grep broken /tmp/lease
	# One that may break it does.
	(echo >>$E) &
	eventually grep -q broken /tmp/lease
	wait || true
}

@test "writable: root of a user namespace is who he is outside" {
	trusted writable
	fresh $E 1000:1000
	result COPIED -n -u 1001:1001 $E sendfile:tcp
	result COPIED -n -u 1001:1001 $E splice:tcp
	result SHARED -n -u 1000:1000 $E sendfile:tcp
}

@test "writable: mounts that a user makes in a namespace of his own widen nothing" {
	trusted writable
	mkdir -p /tmp/trust/own
	fresh $E 0:0 644
	in_own_namespace() {
		setpriv --reuid 1000 --regid 1000 --clear-groups unshare --user --map-root-user --mount sh -euc "$1"
	}
	# A file of his, on a file system of his.
	[ "$(in_own_namespace 'mount -t tmpfs tmpfs /tmp/trust/own; exec trust -f /tmp/trust/own/f sendfile:tcp')" = SHARED ]
	# Root's file, through a mount of his. Nobody there can change it, so the witness tells.
	echo >"$WITNESS"
	bytes=$(counter sendfile/bytes_copied) trusted=$(counter sendfile/trusted)
	in_own_namespace 'mount --bind /tmp/trust/ext4 /tmp/trust/own; trust /tmp/trust/own/f splice:tcp || true; trust /tmp/trust/own/f sendfile:tcp' || true
	[ "$(counter sendfile/bytes_copied) $(counter sendfile/trusted)" = "$((bytes + 4096)) $trusted" ]
	[ -z "$(cat "$WITNESS")" ]
	# And what overlayfs of his shows of it.
	in_own_namespace 'mount -t tmpfs tmpfs /tmp/trust/own; mkdir /tmp/trust/own/u /tmp/trust/own/w /tmp/trust/own/m
		mount -t overlay -o userxattr,lowerdir=/tmp/trust/ext4,upperdir=/tmp/trust/own/u,workdir=/tmp/trust/own/w overlay /tmp/trust/own/m
		trust /tmp/trust/own/m/f sendfile:tcp || true; trust /tmp/trust/own/m/f splice:tcp' || true
	[ "$(counter sendfile/trusted)" = "$trusted" ]
	[ -z "$(cat "$WITNESS")" ]
}

@test "writable: an idmapped mount counts with its own ids" {
	mkdir -p /tmp/trust/idmapped
	mount --bind -o X-mount.idmap=b:1000:1001:1 /tmp/trust/ext4 /tmp/trust/idmapped ||
		skip "this kernel has no idmapped mounts"
	trusted writable
	fresh $E 1000:1000
	# There the file is 1001's, ...
	[ "$(stat -c %u /tmp/trust/idmapped/f)" = 1001 ]
	KEEP=1 result SHARED -u 1001:1001 -c $E /tmp/trust/idmapped/f sendfile:tcp
	trust -i $E
	# ... and not its owner's.
	KEEP=1 result COPIED -u 1000:1000 -c $E /tmp/trust/idmapped/f sendfile:tcp
	trust -i $E
	KEEP=1 result COPIED -u 1000:1000 -c $E /tmp/trust/idmapped/f splice:tcp
	result COPIED -u 1001:1001 $E sendfile:tcp
	result SHARED -u 1000:1000 $E sendfile:tcp
	umount /tmp/trust/idmapped
}

@test "writable: says nothing of memory" {
	trusted writable
	fresh $E 1000:1000
	result COPIED -u 1000:1000 $E vmsplice:tcp
	result COPIED -u 1000:1000 $E vmsplice:unix
	trusted=$(counter zerocopy/trusted)
	result COPIED -u 1000:1000 $E zerocopy:tcp
	[ "$(counter zerocopy/trusted)" = "$trusted" ]
}

@test "pipes: a trusted page is copied when somebody else hands it on" {
	trusted writable
	fresh $E 1000:1000
	for path in splice:tcp splice:unix tee:tcp move:tcp; do
		# By setuid between source and sink, to one who may not write the file, and to one who may, but was not asked.
		result HAND-OFF -u 1000:1000 -t 1001:1001 $E $path
		result HAND-OFF -u 1000:1000 -t 0:0 $E $path
		result HAND-OFF -u 1000:1000 -p $E $path
		result SHARED -u 1000:1000 $E $path
	done
}

@test "pipes: pages of one pipe are each treated by their own" {
	trusted writable
	fresh $E 1000:1000
	fresh /tmp/trust/ext4/root
	for kind in tcp unix; do
		trust -i /tmp/trust/ext4/root
		result COPIED,SHARED,COPIED -u 1000:1000 -o /tmp/trust/ext4/root $E mixed:$kind
		# And each page that is trusted, with its neighbours.
		trust -i /tmp/trust/ext4/root
		result SHARED,SHARED,COPIED -o /tmp/trust/ext4/root $E mixed:$kind
		trust -i /tmp/trust/ext4/root
		result COPIED,HAND-OFF,COPIED -u 1000:1000 -t 1001:1001 -o /tmp/trust/ext4/root $E mixed:$kind
	done
}

@test "pipes: what is not trusted any more is copied when it is handed on" {
	fresh $E 1000:1000
	for path in splice:tcp move:unix tee:tcp; do
		trusted writable
		result HAND-OFF -u 1000:1000 -k capable $E $path
		trusted writable
		result SHARED -u 1000:1000 -k 'writable quiescent' $E $path
	done
	# A list that is another now, even if both sides are on it still.
	trusted 'fs:ext4 fs:tmpfs net:tcp'
	result HAND-OFF -u 1000:1000 -k 'fs:tmpfs net:tcp' $E splice:tcp
	trusted 'fs:ext4 fs:tmpfs net:udp'
	result HAND-OFF -u 1000:1000 -k 'fs:tmpfs net:tcp' $E splice:tcp
}

@test "capable: CAP_SYS_RAWIO of the first user namespace, and no other" {
	trusted capable
	fresh $E
	for path in sendfile:tcp splice:tcp splice:unix tee:tcp move:tcp vmsplice:tcp vmsplice:unix; do
		result SHARED $E $path
		result SHARED -u 1000:1000 -r 17 $E $path
		result COPIED -u 1000:1000 $E $path
		result COPIED -u 1000:1000 -r 21 $E $path
	done
	result COPIED -n -u 1000:1000 $E sendfile:tcp
	result COPIED -n -u 1000:1000 $E splice:tcp
	# Of both who fill and who empty a pipe.
	for path in splice:tcp tee:unix; do
		result HAND-OFF -u 0:0 -t 1000:1000 $E $path
		result COPIED -u 1000:1000 -t 0:0 $E $path
	done
	result COPIED -u 0:0 -t 1000:1000 $E vmsplice:tcp
	result COPIED -u 1000:1000 -t 0:0 $E vmsplice:tcp
	before=$(counter zerocopy/trusted) copied=$(counter zerocopy/copied)
	trust $E zerocopy:tcp
	[ "$(counter zerocopy/trusted) $(counter zerocopy/copied)" = "$((before + 1)) $copied" ]
	result COPIED -u 1000:1000 $E zerocopy:tcp
	[ "$(counter zerocopy/trusted) $(counter zerocopy/copied)" = "$((before + 1)) $((copied + 1))" ]
}

@test "quiescent: a file that is not mapped, clean, and that nobody has open for writing" {
	trusted quiescent
	fresh $E
	for path in sendfile:tcp splice:tcp splice:unix tee:tcp; do
		result SHARED -u 1000:1000 $E $path
		result COPIED -m -u 1000:1000 $E $path
	done
	result SHARED -u 1000:1000 -t 1001:1001 $E splice:tcp
	result SHARED -u 1000:1000 -p $E splice:tcp
	exec 9<>$E
	result COPIED -u 1000:1000 $E sendfile:tcp
	result COPIED -u 1000:1000 $E splice:tcp
	exec 9>&-
	# Dirty: written and not on disk yet.
	trust -i $E
	dd if=$E of=$E bs=4096 count=1 conv=notrunc status=none
	KEEP=1 result COPIED -u 1000:1000 $E sendfile:tcp
	trust -i $E
	sync
	KEEP=1 result SHARED -u 1000:1000 $E sendfile:tcp
	# Of overlayfs it is the file below that counts.
	trust -i /tmp/trust/ext4/upper/f
	KEEP=1 result SHARED -u 1000:1000 -c /tmp/trust/ext4/upper/f /tmp/trust/overlay/f sendfile:tcp
	trust -i /tmp/trust/ext4/upper/f
	exec 9<>/tmp/trust/overlay/f
	KEEP=1 result COPIED -u 1000:1000 -c /tmp/trust/ext4/upper/f /tmp/trust/overlay/f sendfile:tcp
	exec 9>&-
	# Of memory it says nothing, and nobody counts who may write a memfd.
	result COPIED -u 1000:1000 $E vmsplice:tcp
	result COPIED -u 1000:1000 memfd: sendfile:tcp
}

@test "fs and net: both sides must be listed" {
	fresh $E
	fresh $T
	trusted 'fs:ext4 net:tcp'
	for path in sendfile:tcp splice:tcp tee:tcp move:tcp; do
		result SHARED -u 1000:1000 $E $path
		result COPIED -u 1000:1000 $T $path
	done
	result SHARED -u 1000:1000 -t 1001:1001 $E splice:tcp
	result SHARED -u 1000:1000 -p $E splice:tcp
	for path in splice:unix tee:unix splice:seqpacket; do
		result HAND-OFF -u 1000:1000 $E $path
	done
	result COPIED -u 1000:1000 $E sendfile:unix
	result COPIED -u 1000:1000 $E vmsplice:tcp
	fresh /tmp/trust/tmpfs/other
	result COPIED,SHARED,COPIED -u 1000:1000 -o /tmp/trust/tmpfs/other $E mixed:tcp
	trust -i /tmp/trust/tmpfs/other
	result COPIED,HAND-OFF,COPIED -u 1000:1000 -o /tmp/trust/tmpfs/other $E mixed:unix
	for half in fs:ext4 net:tcp 'fs:xfs net:tcp'; do
		trusted "$half"
		result COPIED -u 1000:1000 $E sendfile:tcp
		result COPIED -u 1000:1000 $E splice:tcp
	done
	trusted 'fs:ext4 net:udp'
	result COPIED -u 1000:1000 $E sendfile:tcp
	result HAND-OFF -u 1000:1000 $E splice:tcp
	trusted 'fs:ext4 fs:tmpfs net:unix'
	for file in $E $T; do
		result SHARED -u 1000:1000 "$file" sendfile:unix
		result SHARED -u 1000:1000 "$file" splice:unix
		result COPIED -u 1000:1000 "$file" sendfile:tcp
	done
}

# sent trusted|copied RESULT OPTION... FILE PATH: as result; and that is what the call is counted as, by which a page that is let by is known
# where stock itself copies.
sent() {
	local how=$1 op=${*: -1} copied trusted
	op=${op%:*}
	op=${op/late*/splice}
	copied=$(counter "$op"/copied) trusted=$(counter "$op"/trusted)
	shift
	result "$@"
	if [ "$how" = trusted ]; then
		[ "$(counter "$op"/copied)" = "$copied" ]
		[ "$(counter "$op"/trusted)" -gt "$trusted" ]
	else
		[ "$(counter "$op"/copied)" = $((copied + 1)) ]
	fi
}

@test "net: each protocol is let by where its own word is listed, as on stock, and not where all the others are" {
	local -A stock
	local absent=' '
	fresh $E
	mode off
	for kind in tcp udp unix seqpacket vsock sctp mptcp tls; do
		for how in sendfile splice; do
			stock[$how:$kind]=$(trust -f -u 1000:1000 $E $how:$kind 2>&1) || absent+="$how:$kind "
		done
	done
	declare -p stock
	# What no word can do anything for.
	case $(uname -r) in
	5.10.*) [ "$absent" = ' sendfile:mptcp splice:mptcp sendfile:tls splice:tls ' ] ;;
	*) [ "$absent" = ' ' ] ;;
	esac
	mode degrade
	for kind in tcp udp unix seqpacket vsock sctp mptcp tls; do
		word=${kind/seqpacket/unix}
		others=
		for other in tcp udp unix vsock sctp mptcp tls; do [ $other = "$word" ] || others+=" net:$other"; done
		for how in sendfile splice; do
			path=$how:$kind
			[[ "$absent" != *" $path "* ]] || continue
			# In a pipe it is by reference, whatever comes of it.
			copy=COPIED
			[ $how = sendfile ] || copy=HAND-OFF
			expected=${stock[$path]/COPIED/$copy}
			trusted "fs:ext4 net:$word"
			sent trusted "$expected" -u 1000:1000 $E $path
			trusted "fs:ext4$others"
			sent copied $copy -u 1000:1000 $E $path
			trusted "fs:xfs net:$word"
			result COPIED -u 1000:1000 $E $path
		done
	done
}

@test "net: what has no word, or something else has taken over, is let by by none" {
	local kinds='udp-encap raw tcp-sockmap tcp-verdict kcm tcp-kcm'
	fresh $E
	case $(uname -r) in
	5.10.*)
		kinds=${kinds% kcm *}
		[[ "$(trust $E sendfile:kcm 2>&1)" == "no KCM here"* ]]
		;;
	esac
	mode off
	# On stock a page gets by there, ...
	result SHARED -u 1000:1000 $E sendfile:tcp-sockmap
	mode degrade
	trusted 'fs:ext4 net:tcp net:udp net:unix net:vsock net:sctp net:mptcp net:tls'
	for kind in $kinds; do
		sent copied COPIED -u 1000:1000 $E "sendfile:$kind"
		sent copied HAND-OFF -u 1000:1000 $E "splice:$kind"
	done
}

@test "net: TCP with an upper-layer protocol is not tcp, nor what is taken over while a call waits on it" {
	local takers='sockmap verdict tls kcm'
	fresh $E
	case $(uname -r) in
	5.10.*)
		takers='sockmap verdict'
		for taker in tls kcm; do [[ "$(trust $E late-$taker:tcp 2>&1)" == "no ${taker^^} here"* ]]; done
		;;
	esac
	trusted 'fs:ext4 net:tcp'
	[[ "$takers" != *tls* ]] || sent copied COPIED -u 1000:1000 $E sendfile:tls
	sent trusted SHARED -u 1000:1000 $E late:tcp
	for taker in $takers; do sent copied HAND-OFF -u 1000:1000 $E "late-$taker:tcp"; done
}

@test "fs: overlayfs takes both its name and that of the file system below" {
	for words in 'fs:overlay net:tcp' 'fs:ext4 net:tcp'; do
		trusted "$words"
		trust -i /tmp/trust/ext4/upper/f
		KEEP=1 result COPIED -u 1000:1000 -c /tmp/trust/ext4/upper/f /tmp/trust/overlay/f sendfile:tcp
	done
	trusted 'fs:overlay fs:ext4 net:tcp'
	trust -i /tmp/trust/ext4/upper/f
	KEEP=1 result SHARED -u 1000:1000 -c /tmp/trust/ext4/upper/f /tmp/trust/overlay/f sendfile:tcp
	trust -i /tmp/trust/ext4/upper/f
	KEEP=1 result SHARED -u 1000:1000 -c /tmp/trust/ext4/upper/f /tmp/trust/overlay/f splice:tcp
}

@test "group: members keep stock behaviour, by their ids in the first user namespace" {
	group 5000
	fresh $E
	for path in sendfile:tcp splice:tcp splice:unix tee:tcp move:tcp vmsplice:tcp; do
		result SHARED -u 1000:5000 $E $path
		result SHARED -u 1000:1000,4999,5000 $E $path
		result COPIED -u 1000:1000,4999 $E $path
		result COPIED $E $path
		# A member's pages are copied when one who is not hands them on.
		case $path in
		sendfile:*) ;;
		vmsplice:*) result COPIED -u 1000:5000 -t 1001:1001 $E $path ;;
		*) result HAND-OFF -u 1000:5000 -t 1001:1001 $E $path ;;
		esac
	done
	# In the namespace, 5000 is his number.
	result COPIED -n -u 1000:1000 $E sendfile:tcp
	result SHARED -n -u 1000:1000,5000 $E sendfile:tcp
	before=$(counter zerocopy/trusted)
	trust -u 1000:5000 $E zerocopy:tcp
	[ "$(counter zerocopy/trusted)" = $((before + 1)) ]
	group 0
	result SHARED $E sendfile:tcp
	result COPIED -u 1000:5000 $E sendfile:tcp
}

@test "block: what is trusted passes, the rest is refused" {
	fresh $E 1000:1000
	fresh /tmp/trust/ext4/root
	quick_mode block
	trusted writable
	for path in sendfile:tcp sendfile:unix splice:tcp tee:unix move:tcp; do
		result SHARED -u 1000:1000 $E $path
		result EINVAL -u 1001:1001 $E $path
	done
	result EINVAL -u 1000:1000 $E vmsplice:tcp
	result EOPNOTSUPP -u 1000:1000 $E zerocopy:tcp
	result EINVAL -u 1000:1000 -t 1001:1001 $E splice:tcp
	result EINVAL -u 1000:1000 -o /tmp/trust/ext4/root $E mixed:tcp
	trusted 'fs:ext4 net:tcp'
	for path in sendfile:tcp splice:tcp tee:tcp; do result SHARED -u 1001:1001 $E $path; done
	for path in sendfile:unix splice:unix tee:unix; do result EINVAL -u 1001:1001 $E $path; done
	trusted ''
	group 5000
	for path in sendfile:tcp splice:tcp tee:tcp vmsplice:tcp; do
		result SHARED -u 1000:5000 $E $path
		result EINVAL -u 1000:1000 $E $path
	done
	[ "$(trust -u 1000:5000 $E zerocopy:tcp)" != EOPNOTSUPP ]
}

@test "block: an empty pipe ends as on stock where trust could admit what comes; private pages alone are refused" {
	fresh $E 1000:1000
	fresh /tmp/trust/ext4/root
	trusted writable
	quick_mode block
	result END -u 1000:1000 $E end:tcp
	result EINVAL -u 1000:1000 $E header:tcp
	result EINVAL -u 1001:1001 $E splice:tcp
	trusted capable
	result EINVAL -u 1000:1000 $E end:tcp
	result EINVAL -u 1000:1000 $E header:tcp
}

@test "log: what is trusted is not counted as what degrade would copy" {
	fresh $E 1000:1000
	quick_mode log
	trusted writable
	for path in sendfile:tcp splice:tcp; do
		op=${path%:*}
		passed=$(counter "$op"/passed) trusted=$(counter "$op"/trusted)
		result SHARED -u 1000:1000 $E $path
		[ "$(counter "$op"/passed)" = "$passed" ]
		[ "$(counter "$op"/trusted)" -gt "$trusted" ]
		trusted=$(counter "$op"/trusted)
		result SHARED -u 1001:1001 $E $path
		[ "$(counter "$op"/passed)" -gt "$passed" ]
		[ "$(counter "$op"/trusted)" = "$trusted" ]
	done
}

@test "counters: trusted counts what goes by reference, once a call" {
	fresh $E 1000:1000
	trusted writable
	trusted=$(counter sendfile/trusted) copied=$(counter sendfile/copied) bytes=$(counter sendfile/bytes_copied)
	result SHARED -u 1000:1000 $E sendfile:tcp
	[ "$(counter sendfile/trusted) $(counter sendfile/copied) $(counter sendfile/bytes_copied)" = "$((trusted + 1)) $copied $bytes" ]
	result COPIED -u 1001:1001 $E sendfile:tcp
	[ "$(counter sendfile/trusted) $(counter sendfile/copied) $(counter sendfile/bytes_copied)" = "$((trusted + 1)) $((copied + 1)) $((bytes + 4096))" ]
}

# How many of its sends a signal leaves alone is a matter of speed.
observed() {
	behaviour /tmp/trust/ext4 | sed 's/whole=[1-9][0-9]*/whole=some/'
}

@test "behaviour: where all is trusted, and where pages are, programs observe the same as on stock" {
	mode off
	observed >/tmp/off.behaviour
	mode degrade
	# Root is a member: its calls are the kernel's own, but for what they leave in pipes.
	group 0
	observed >/tmp/trusted.behaviour
	diff /tmp/off.behaviour /tmp/trusted.behaviour
	group -1
	trusted 'writable fs:ext4 net:tcp'
	observed >/tmp/trusted.behaviour
	diff /tmp/off.behaviour /tmp/trusted.behaviour
}

@test "unloading waits for trusted pages in a pipe, too" {
	trusted capable
	hold_call admitted
	run rmmod spliceguard
	[ "$status" -ne 0 ]
	[[ "$output" == *busy* ]]
	let_go
	[[ "$HELD" == 'ended 4096'* ]]
	trusted ""
	eventually rmmod spliceguard
	load_module
}

@test "changing trust and group under ten processes: every byte is right" {
	# What is found belongs to no one setting.
	mode log
	traffic 6 10 >/tmp/traffic 2>&1 3>&- &
	traffic=$!
	while kill -0 $traffic 2>/dev/null; do
		for words in '' capable 'writable quiescent' 'fs:tmpfs fs:rootfs fs:ramfs fs:ext4 net:tcp net:unix' ''; do
			echo "$words" >"$TRUST"
			echo 0 >"$GROUP"
			echo -1 >"$GROUP"
		done
		quick_mode degrade
		quick_mode log
	done
	wait $traffic || { cat /tmp/traffic; false; }
	grep bytes /tmp/traffic
}
