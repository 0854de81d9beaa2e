#!/usr/bin/env bats
# The next boot, with an administrator's configuration; then a new version of the packages.

load helper

@test "protected before the network and before any login" {
	protected_before_all
}

@test "with the knobs that are configured, from the first moment on" {
	show journalctl -b -k -o cat --grep spliceguard
	[ "$(cat "$K/splice_mode")" = "degrade vmsplice=block" ]
	[ "$(cat "$K/splice_trust")" = writable ]
	[ "$(cat "$K/splice_group")" = 42 ]
	journalctl -b -k -o cat | grep -qxF "spliceguard: splice_mode is 'degrade vmsplice=block'"
	# Nobody changed them after that.
	journalctl -b -k -o cat >"$STATE/kernel.log"
	lacks -F "' -> '" "$STATE/kernel.log"
	guard_is_content
}

@test "a knob that differs from what is configured: the unit fails, with the reason" {
	echo off >"$K/splice_mode"
	run systemctl restart spliceguard.service
	[ "$status" -ne 0 ]
	guard_fails_with "off"
	guard_fails_with "degrade vmsplice=block"
	echo "degrade vmsplice=block" >"$K/splice_mode"
	systemctl restart spliceguard.service
	guard_is_content
}

@test "an upgrade swaps the module without a reboot, and keeps settings and knobs" {
	echo "block tee=degrade" >"$K/splice_mode"
	echo "capable" >"$K/splice_trust"
	echo 43 >"$K/splice_group"
	install_packages current
	cat "$STATE/apt.log"
	[ "$(loaded_version)" = "$CURRENT" ]
	[ "$(cat "$K/splice_mode")" = "block tee=degrade" ]
	[ "$(cat "$K/splice_trust")" = capable ]
	[ "$(cat "$K/splice_group")" = 43 ]
	sha256sum -c "$STATE/config"
	grep -F "version $PREVIOUS changed to $CURRENT" "$STATE/apt.log"
	[ ! -e "/usr/src/spliceguard-$PREVIOUS" ]
	lacks -F "$PREVIOUS" <(dkms status -m spliceguard)
}

@test "with a call inside, the old one stays, and is said to" {
	mkfifo "$STATE/hold"
	/test/programs/hold socket-pipe <>"$STATE/hold" >"$STATE/held" &
	for _ in $(seq 100); do
		! grep -q inside "$STATE/held" || break
		sleep 0.1
	done
	grep -q inside "$STATE/held"
	install_packages previous
	cat "$STATE/apt.log"
	[ "$(loaded_version)" = "$CURRENT" ]
	[ "$(cat "$K/splice_mode")" = "block tee=degrade" ]
	grep -F "version $CURRENT is in use and stays loaded" "$STATE/apt.log"
	is_unit failed spliceguard.service
}

@test "and when the call has ended, the new one comes" {
	echo >"$STATE/hold"
	for _ in $(seq 100); do
		pgrep -x hold >/dev/null || break
		sleep 0.1
	done
	run /usr/lib/spliceguard/module start
	echo "$output"
	[ "$status" = 0 ]
	[ "$(loaded_version)" = "$PREVIOUS" ]
	[ "$(cat "$K/splice_mode")" = "block tee=degrade" ]
	[ "$(cat "$K/splice_trust")" = capable ]
}

@test "a locked module stays, too" {
	echo 1 >"$K/splice_mode_locked"
	install_packages current
	cat "$STATE/apt.log"
	[ "$(loaded_version)" = "$PREVIOUS" ]
	grep -F "version $PREVIOUS is locked" "$STATE/apt.log"
}

# For the next boot.
@test "the module goes missing" {
	dkms uninstall -m spliceguard -v "$CURRENT" -k "$KERNEL"
	run modinfo spliceguard
	[ "$status" -ne 0 ]
}
