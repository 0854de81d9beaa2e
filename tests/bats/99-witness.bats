#!/usr/bin/env bats
# What the witness saw in all the tests before. It runs last in each guest.
load helper

@test "witness: nothing shared while all was degraded or blocked, in any test so far" {
	judge_phase
	[ -e "$WITNESS" ]
	echo "$(wc -l <"$JUDGED") times in degrade or block"
	[ -s "$JUDGED" ]
	[ ! -e "$FINDINGS" ] || { cat "$FINDINGS"; false; }
}
