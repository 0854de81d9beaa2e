# shellcheck shell=bash
# What bats does on its own account takes a guest longer than most of what is tested, so some of it is done in another way here, by functions
# of bats 1.11's that these take the place of. Its files come as bats-preprocess makes them, see guest in scripts/check.sh.
# What no test here uses is not there: BATS_TEST_RETRIES, BATS_TEST_TIMEOUT, a skip in setup_file. Variables are bats' own.
# shellcheck disable=SC2034,SC2154,SC2317

# Before each command bats notes where it is, so as to know the line of a failure. The trap for failures knows it by itself.
trap - DEBUG
bats_debug_trap() {
	trap - DEBUG
}

bats_error_trap() {
	bats_check_status_from_trap
	[ -n "$BATS_DEBUG_LAST_STACK_TRACE_IS_VALID" ] || bats_capture_stack_trace
	BATS_DEBUG_LAST_STACK_TRACE_IS_VALID=1
}

# Bats runs each test in a process of its own, which reads all of bats and all of the file once more. Here the process that
# has read them, bats-exec-file, forks.
if [ -n "${tests_to_run:-}" ]; then
	declare -gA DESCRIPTIONS

	# bats_test_function --description TEXT --tags LIST -- NAME: what each @test line of the file is made into.
	bats_test_function() {
		eval "DESCRIPTIONS[${*: -1}]=\"$2\""
	}

	bats_run_tests() {
		local name number=$BATS_FILE_FIRST_TEST_NUMBER_IN_SUITE
		bats_exec_file_status=0
		trap - ERR
		for name in "${tests_to_run[@]}"; do
			((number += 1))
			# In what looks at a failure, as "if" does, none inside would end a test.
			set +e
			(
				trap - EXIT INT
				run_test "${flags[@]}" "$filename" "$name" "$number" $((number - BATS_FILE_FIRST_TEST_NUMBER_IN_SUITE)) 1
			)
			bats_exec_file_status=$((bats_exec_file_status | $?))
			set -e
		done
	}

	# run_test ARGUMENTS...: what bats-exec-test does with them, but for what has been read.
	run_test() {
		source() { :; }
		BATS_OUT=$BATS_RUN_TMPDIR/bats.$BASHPID.out
		BATS_TEST_COMMAND=("$name") BATS_TEST_TAGS=()
		export BATS_TEST_DESCRIPTION=${DESCRIPTIONS[$name]}
		# The last thing before the test.
		bats_evaluate_preprocessed_source() {
			unset -f source
		}
		builtin source "$BATS_LIBEXEC/bats-exec-test"
	}
fi
