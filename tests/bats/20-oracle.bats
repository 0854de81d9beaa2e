#!/usr/bin/env bats
# The sharing oracle: every way in and out, from every kind of file, after every kind of change.
load helper

setup_file() {
	load_module
	echo 8 >/proc/sys/vm/nr_hugepages
	modprobe -a loop fuse overlay vsock_loopback xfs 2>/dev/null || true
	mkdir -p /tmp/{ext4,xfs,fuse,tmpfs,overlay}
	truncate -s 48M /tmp/ext4.img /tmp/fuse.img
	truncate -s 320M /tmp/xfs.img
	mkfs.ext4 -q /tmp/ext4.img
	mkfs.ext4 -q -O ^has_journal /tmp/fuse.img
	mkfs.xfs -q -c options=/usr/share/xfsprogs/mkfs/lts_5.10.conf /tmp/xfs.img
	mount -o loop /tmp/ext4.img /tmp/ext4
	mount -o loop /tmp/xfs.img /tmp/xfs
	fuse2fs /tmp/fuse.img /tmp/fuse -o rw 3>&-
	mount -t tmpfs tmpfs /tmp/tmpfs
	mkdir -p /tmp/tmpfs/{lower,upper,work}
	mount -t overlay -o lowerdir=/tmp/tmpfs/lower,upperdir=/tmp/tmpfs/upper,workdir=/tmp/tmpfs/work overlay /tmp/overlay
	for fs in ext4 xfs fuse tmpfs overlay; do mountpoint -q /tmp/$fs; done
}

teardown_file() {
	mode off
	umount /tmp/overlay /tmp/tmpfs /tmp/fuse /tmp/ext4 /tmp/xfs
}

# What stock kernels copy already: buffered file sinks, sendfile to UDP before 6.5, and to a pipe on 5.10.
COPIED_BY_STOCK='file-file|file-pipe-file'
# What stock does not have at all.
ABSENT_IN_STOCK='^$'
# 5.10 does share with UDP, but a datagram that is changed on its way is dropped.
LOST_BY_STOCK='^$'
case $(uname -r) in
5.10.*)
	COPIED_BY_STOCK+='|sendfile:file-pipe'
	LOST_BY_STOCK='sendfile:file-udp'
	ABSENT_IN_STOCK='zerocopy:map-vsock'
	;;
6.1.*)
	COPIED_BY_STOCK+='|sendfile:file-udp'
	ABSENT_IN_STOCK='zerocopy:map-vsock'
	;;
esac

# whole_table FILE [CHANGES [UNSEEN]]: every path, after each change, in off and degrade, and in block. UNSEEN are changes that do
# not show in stock's pages either.
whole_table() {
	local file=$1 changes=${2:-write store other truncate punch} unseen=${3:-none} change
	mode off
	for change in $changes; do
		run oracle "$file" "$change"
		# "absent" is for the x32 entries, not for whatever goes wrong.
		[ "$(grep -cv ' absent$' <<<"$output")" -ge 20 ]
		if [ "$change" != "$unseen" ]; then
			expect_rows "$(grep -vE "^[^ ]*($COPIED_BY_STOCK|$LOST_BY_STOCK|$ABSENT_IN_STOCK)" <<<"$output")" SHARED
			expect_rows "$(grep -E "^[^ ]*($COPIED_BY_STOCK)" <<<"$output")" COPIED
		fi
	done
	mode degrade
	for change in $changes; do
		run oracle "$file" "$change"
		expect_rows "$(grep -vE "^($ABSENT_IN_STOCK)" <<<"$output")" COPIED
	done
	# What is refused cannot be changed afterwards.
	mode block
	run oracle "$file" write
	expect_rows "$output" EINVAL '^(splice|sendfile|tee|vmsplice|uring-splice|uring-tee)'
	expect_rows "$output" EOPNOTSUPP '^(zerocopy|uring-send)'
	expect_rows "$output" COPIED '^copy_file_range'
}

@test "oracle: tmpfs" {
	whole_table /tmp/tmpfs/f
}

@test "oracle: ext4" {
	whole_table /tmp/ext4/f
}

@test "oracle: xfs" {
	# XFS drops the pages from its cache before it punches a hole.
	whole_table /tmp/xfs/f "write store other truncate punch" punch
}

@test "oracle: overlayfs" {
	whole_table /tmp/overlay/f "write store truncate"
}

@test "oracle: a FUSE mount" {
	whole_table /tmp/fuse/f "write store other"
}

@test "oracle: ramfs (the guest's root)" {
	whole_table /f "write truncate"
}

@test "oracle: a memfd" {
	whole_table memfd: "write store punch"
}

@test "oracle: vmsplice of a huge page of a file" {
	for change in store other; do
		mode off
		[ "$(oracle hugetlb: $change vmsplice:map-pipe)" = "vmsplice:map-pipe SHARED" ]
		mode degrade
		[ "$(oracle hugetlb: $change vmsplice:map-pipe)" = "vmsplice:map-pipe COPIED" ]
	done
	mode block
	[ "$(oracle hugetlb: store vmsplice:map-pipe)" = "vmsplice:map-pipe EINVAL" ]
}

@test "oracle: by operation, one blocked and the others degraded" {
	mode 'degrade tee=block'
	run oracle /tmp/tmpfs/f write
	expect_rows "$(grep -E '^(tee|uring-tee)' <<<"$output")" EINVAL
	expect_rows "$(grep -vE "^(tee|uring-tee|$ABSENT_IN_STOCK)" <<<"$output")" COPIED
	mode 'off vmsplice=block sendfile=degrade'
	run oracle /tmp/tmpfs/f write
	expect_rows "$output" EINVAL '^vmsplice'
	expect_rows "$output" COPIED '^sendfile'
	expect_rows "$output" SHARED '^(splice:file-pipe|tee)[^f]*$'
	mode 'off splice=degrade'
	run oracle /tmp/tmpfs/f write sendfile:file-tcp splice:file-pipe splice:file-pipe-tcp
	[ "$output" = "$(printf '%s\n' 'splice:file-pipe COPIED' 'splice:file-pipe-tcp COPIED' 'sendfile:file-tcp SHARED')" ]
	mode 'off splice=block'
	run oracle /tmp/tmpfs/f write sendfile:file-tcp splice:file-pipe
	[ "$output" = "$(printf '%s\n' 'splice:file-pipe EINVAL' 'sendfile:file-tcp SHARED')" ]
}

@test "oracle: a pipe filled before the switch hands on private pages" {
	mode off
	run presplice degrade
	expect_rows "$output" COPIED
	mode off
	run presplice off
	expect_rows "$output" SHARED
}

@test "witness: in off it finds pages on every path that stock shares, in degrade on none" {
	for m in off degrade; do
		mode $m
		found=0
		for row in $(oracle | sed -n 's/^paths: //p'); do
			echo >"$WITNESS"
			result=$(oracle /tmp/tmpfs/f write "$row")
			findings=$(<"$WITNESS")
			echo "$m: $result: $findings"
			case $result in
			*SHARED | *LOST)
				[[ $'\n'$findings =~ $'\n'(pipe|socket)\ file\ [^$'\n']*\ user\  ]]
				found=$((found + 1))
				;;
			esac
			[ $m = off ] || [ -z "$findings" ]
		done
		[ $m = degrade ] || [ $found -ge 16 ]
	done
}

@test "witness: vmspliced memory may wait in a pipe, and is found in off when it leaves it" {
	mode off
	handoff
	cat "$WITNESS"
	grep -E '^socket anon .* user handoff net_dev_queue' "$WITNESS"
	grep -E '^socket anon .* user handoff consume_skb' "$WITNESS"
	grep -E '^pipe anon vmsplice user handoff' "$WITNESS"
	grep -E '^pipe file vmsplice user handoff' "$WITNESS"
	mode degrade
	handoff
	[ -z "$(cat "$WITNESS")" ]
}

@test "witness: what is spliced to a hash is found in off" {
	mode off
	behaviour /tmp/ext4 digest
	grep '^alg file .* user behaviour' "$WITNESS"
	mode degrade
	behaviour /tmp/ext4 digest
	[ -z "$(cat "$WITNESS")" ]
}

@test "log: everything is shared as on stock, and each call is counted" {
	mode log
	declare -A before
	for op in splice sendfile tee vmsplice zerocopy; do before[$op]=$(counter $op/passed); done
	run oracle /tmp/tmpfs/f write splice:file-pipe sendfile:file-tcp tee:pipe-pipe vmsplice:map-pipe zerocopy:map-tcp
	expect_rows "$output" SHARED
	# One that overlayfs passes on to the file below is one call.
	oracle /tmp/overlay/f write splice:file-pipe
	[ "$(counter splice/passed)" = $((before[splice] + 3)) ]
	[ "$(counter zerocopy/passed)" = $((before[zerocopy] + 1)) ]
	# The tee row fills its pipe by a splice.
	[ "$(counter sendfile/passed)" = $((before[sendfile] + 1)) ]
	[ "$(counter tee/passed)" = $((before[tee] + 1)) ]
	[ "$(counter vmsplice/passed)" = $((before[vmsplice] + 1)) ]
}

# Where pipes go to sockets, both operations pass, and each may have a mode of its own.
@test "counters: splice and sendfile in different modes, each counted once" {
	counts() { for c in splice/passed splice/copied sendfile/passed sendfile/copied; do counter $c; done; }
	while read -r modes splice sendfile grown; do
		mode "${modes//,/ }"
		# shellcheck disable=SC2207
		was=($(counts))
		run oracle /tmp/tmpfs/f write splice:file-pipe-tcp sendfile:file-tcp
		same "$output" "splice:file-pipe-tcp $splice"$'\n'"sendfile:file-tcp $sendfile"
		# shellcheck disable=SC2207
		is=($(counts))
		same "$modes $((is[0] - was[0])) $((is[1] - was[1])) $((is[2] - was[2])) $((is[3] - was[3]))" "$modes $grown"
	done <<-END
		log SHARED SHARED 2 0 1 0
		log,sendfile=degrade SHARED COPIED 2 0 0 1
		log,splice=degrade COPIED SHARED 0 2 1 0
		degrade,splice=off SHARED COPIED 0 0 0 1
		log,splice=off SHARED SHARED 0 0 1 0
		degrade,sendfile=off COPIED SHARED 0 2 0 0
		log,sendfile=off SHARED SHARED 2 0 0 0
		log,sendfile=block SHARED EINVAL 2 0 0 0
		block,splice=log SHARED EINVAL 2 0 0 0
	END
}

@test "counters: a relay from socket to socket copies each byte once, and so does a reader of its pipe" {
	mode degrade
	for by in splice read; do
		bytes=$(counter splice/bytes_copied)
		run -0 relay $by
		[ "$output" = "262144 bytes" ]
		[ "$(counter splice/bytes_copied)" = $((bytes + 262144)) ]
	done
}

@test "counters: degrade counts calls and bytes, block counts refusals" {
	mode degrade
	copied=$(counter sendfile/copied) bytes=$(counter sendfile/bytes_copied)
	oracle /tmp/tmpfs/f write sendfile:file-tcp
	[ "$(counter sendfile/copied)" = $((copied + 1)) ]
	[ "$(counter sendfile/bytes_copied)" = $((bytes + 12288)) ]
	# A buffered file takes a copy by itself; a device and an O_DIRECT file get private pages.
	copied=$(counter sendfile/copied) bytes=$(counter sendfile/bytes_copied)
	oracle /tmp/tmpfs/f write sendfile:file-file
	[ "$(counter sendfile/bytes_copied)" = "$bytes" ]
	behaviour /tmp/ext4 direct-sinks
	[ "$(counter sendfile/copied)" = $((copied + 1)) ]
	[ "$(counter sendfile/bytes_copied)" = $((bytes + 131072)) ]
	copied=$(counter splice/copied) bytes=$(counter splice/bytes_copied)
	oracle /tmp/tmpfs/f write splice:file-pipe
	[ "$(counter splice/copied)" = $((copied + 1)) ]
	[ "$(counter splice/bytes_copied)" = $((bytes + 12288)) ]
	mode block
	refused=$(counter vmsplice/refused)
	oracle /tmp/tmpfs/f write vmsplice:map-pipe
	[ "$(counter vmsplice/refused)" = $((refused + 1)) ]
	copied=$(counter zerocopy/copied) bytes=$(counter zerocopy/bytes_copied) refused=$(counter zerocopy/refused)
	oracle /tmp/tmpfs/f write zerocopy:map-tcp
	[ "$(counter zerocopy/refused)" = $((refused + 1)) ]
	mode degrade
	oracle /tmp/tmpfs/f write zerocopy:map-tcp
	[ "$(counter zerocopy/copied)" = $((copied + 1)) ]
	[ "$(counter zerocopy/bytes_copied)" = $((bytes + 12288)) ]
	[ "$(find "$STATS"/*/ -type f | wc -l)" = 25 ]
}
