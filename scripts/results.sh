# shellcheck shell=bash
# What checks count, and how many run at once. Sourced after common.sh.

# A guest is idle a good part of its time.
LANES=${LANES:-$(($(nproc) * 2))}

# begin_results NAME: count anew, in a file of that name in the cache.
begin_results() {
	RESULTS=$CACHE/$1
	: >"$RESULTS"
}

# result NAME STATUS: one line for each thing that was checked.
result() {
	if [ "$2" = 0 ]; then
		echo "ok $1" >>"$RESULTS"
		[ "${V:-0}" != 1 ] || say "ok: $1"
	else
		echo "not ok $1" >>"$RESULTS"
		say "NOT OK: $1"
	fi
}

# try NAME COMMAND...: a check whose output only matters when it fails.
try() {
	local name=$1 status=0
	shift
	quietly "$CACHE/log/$(tr -c 'A-Za-z0-9.\n' - <<<"$name").log" "$@" || status=1
	result "$name" $status
	return $status
}

# tap_results NAME FILE: take over what a TAP stream says, and why of what failed; the plan must be there, and be kept.
tap_results() {
	local plan count
	[ -e "$2" ] || : >"$2"
	plan=$(sed -n 's/^1\.\.\([0-9]*\)\r*$/\1/p' "$2" | tail -n 1)
	count=$(grep -cE '^(not )?ok [0-9]+' "$2" || true)
	# A test's lines in one write, which is no longer than what awk writes at once: others write there as well.
	tr -d '\r' <"$2" | awk -v whose="$1" '
		function out(i) {
			for (i = 1; i <= lines; i++) if (i <= 5 || i > lines - 20) text = text "\n  " line[i]
			if (text != "") { print text; fflush() }
			text = ""
			lines = 0
		}
		/^(not )?ok [0-9]+/ {
			out()
			verdict = /^not/ ? "not ok" : "ok"
			sub(/^(not )?ok [0-9]+ (- )?/, "")
			text = verdict " " whose ": " $0
		}
		/^#/ && text != "" && verdict == "not ok" { line[++lines] = substr($0, 1, 150) }
		END { out() }' >>"$RESULTS"
	[ -n "$plan" ] && [ "$plan" = "$count" ] && [ "$count" -gt 0 ]
	result "$1: the plan is there and kept (${plan:-none}, $count)" $?
}

# In turn through LANES lanes. Each job writes results of its own lines, so they may run side by side. One that dies before it
# has any is a failure.
pool() {
	while [ "$(jobs -rp | wc -l)" -ge "$LANES" ]; do wait -n || true; done
	{
		set +e
		(
			set -e
			"$@"
		)
		status=$?
		[ $status = 0 ] || result "$(basename "$1") ${*:2} ended early, with status $status" 1
	} &
}

# finish: say what was counted; succeeds only if something was and nothing failed.
finish() {
	local passed failed
	passed=$(grep -c '^ok ' "$RESULTS" || true)
	failed=$(grep -c '^not ok ' "$RESULTS" || true)
	if [ "$failed" != 0 ]; then
		say "failed:"
		awk '/^(not )?ok / { bad = sub(/^not ok /, "  ") } bad' "$RESULTS" >&2
	fi
	# Nothing run is nothing shown.
	[ "$passed" != 0 ] || failed=$((failed + 1))
	say "$(($(date +%s) - STARTED)) seconds"
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}
