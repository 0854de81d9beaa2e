#!/bin/bash
# shared-writes.sh MODULE.ko: fails if what zero-copy calls run through in the module writes memory that processors share: one of the
# module's own variables, or anything by an atomic instruction or by a kernel function that takes a lock or a reference to the module.
# What is one processor's own, and the stack, are not shared. V=1 shows all that it finds.
#
# Every function counts but for those that run when the module, its mode or a knob changes; and what is known is let be: variables that are
# not written by calls as they come, and references to the very objects that a call works on, which stock takes, too.
set -euo pipefail

changing='spliceguard_init|init_module|spliceguard_exit|cleanup_module|refuse_for_ever|spg_sleep_for_ever|transition|lock_transition|spg_live_change'
changing+='|spg_live_end|spg_hooks_.*|register_set|register_one|unregister_set|find_site|prove|.*_prove|.*_bind|spg_facts_init|spg_facts_exit'
changing+='|spg_stats_init|spg_stats_exit|spg_knobs_init|spg_knobs_exit|spg_inflight_pin|spg_inflight_unpin|spg_inflight_drain|knob_handler'
changing+='|spg_live_show_hooks|hooks_show|fires|spg_sysfs_init|spg_sysfs_exit|spg_report_loosening|available_handler|change_policy|set_parameter|get_parameter|report|show_text|spg_parse_.*|free_idle|spg_frags_init|spg_frags_exit'

# Function and variable or kernel function; or function and how many atomic instructions it may have.
declare -A known=(
	[redirect_unsettled redirected]=1   # by the task that proves a hook
	[proof fired]=1
	[spg_inflight_leave pinned]=1       # by the last call, when the last hook has gone
	[spg_inflight_leave module_put]=1
	[fill_judged fill_seen]=2           # once; in two places
	[splice_judged fill_bypassed]=1
	[note_bypass fill_bypassed]=1
	[refuse_unload _rs]=2               # limits of the log
	[refuse_unload ___ratelimit]=2
	[spg_report_refusal limit]=3             # only of refused calls: those of the log
	# Pages that the call holds.
	[spg_reserve_drop atomic]=1
	[vmsplice_file atomic]=4            # and the pipe's file and the admission, inlined: see below
	[spg_stash_give atomic]=3
	[spg_stash_empty atomic]=1
	# The lock of the processor's own ring, fragments that it drops; and what frees it later, when it begins to keep some.
	[spg_frags_renew _raw_spin_lock]=1
	[spg_frags_renew _raw_spin_unlock]=6
	[spg_frags_renew idle_work]=2
	[spg_frags_renew atomic]=2
	[drop_all atomic]=1
	# The task's own fragment.
	[spg_frags_claim atomic]=2
	[spg_frags_settle atomic]=1
	[append_copy atomic]=2              # and the memory of its socket
	# The pipe's file, once.
	[spg_pipe_clear_nowait atomic]=1
	# What admits a page, which is the pipe's; and the credentials of who fills it, where something is trusted.
	[spg_admission_new atomic]=1
	[spg_admission_put atomic]=2
	[spg_defer atomic]=1
	[spg_defer_source atomic]=1
	[deferred_get atomic]=1
	# The completion of a zero-copy send.
	[zerocopy_stream_stand_in atomic]=1
	[zerocopy_judged atomic]=1
)

# Lines "function what count", and one for each function that there is.
writes() {
	gawk -v verbose="${V:-0}" -v variables=0 -v relocations=0 '
		# The variable of the module that is at this place of a section, or "". What the compiler has put there has no name.
		function variable_at(section, place,    i) {
			place += start[section]
			for (i = 0; i < variables; i++)
				if (in_section[i] == section && place >= first[i] && place < last[i])
					return name_of[i]
			return ""
		}
		# What a relocation of the instruction names: a variable, or whatever else.
		function named(relocation, next_address,    part, symbol, place, sign) {
			split(relocation, part, " ")
			symbol = part[3]
			place = 0
			if (match(symbol, /[-+]0x[0-9a-f]+$/)) {
				sign = substr(symbol, RSTART, 1) == "-" ? -1 : 1
				place = sign * strtonum(substr(symbol, RSTART + 1))
				symbol = substr(symbol, 1, RSTART - 1)
			}
			if (part[2] == "R_X86_64_PC32")
				place += next_address - strtonum("0x" substr(part[1], 1, length(part[1]) - 1))
			if (symbol in variable)
				return symbol
			return symbol ~ /^\./ ? variable_at(symbol, place) : symbol
		}
		function note(what) {
			sub(/\.[0-9]+$/, "", what)
			found[where " " what]++
			if (verbose)
				print where ": " instruction " " what >"/dev/stderr"
		}
		function judge(next_address,    name, what, i) {
			name = instruction
			sub(/ .*/, "", name)
			if (instruction ~ /%gs:|\(%rsp\)/)
				return
			for (i = 0; i < relocations; i++) {
				what = named(relocation[i], next_address)
				if (what ~ /^(mutex_lock|down_|_raw_|percpu_|__srcu|try_module_get|__module_get|module_put|___ratelimit)/) {
					note(what)
				} else if (what in variable) {
					# By its address, whatever is done with that; or as the last operand.
					if (name ~ /^lea/ || instruction ~ /^mov[a-z]* +\$0x0,/ ||
					    (instruction ~ /0x0(\([^)]*\))?$/ &&
					     name !~ /^(cmp|test|bt$|bt[lq]|push|call|jmp|nop|prefetch|i?mul|i?div)/))
						note(what)
					if (name == "lock" || name ~ /^xchg/)
						return
				}
			}
			if (name == "lock" || (name ~ /^xchg/ && instruction ~ /\(/))
				note("atomic")
		}
		function finish(next_address) {
			if (instruction != "")
				judge(next_address)
			instruction = ""
			relocations = 0
		}
		FNR == 1 { file++ }
		# Symbols: variables that may be written, but for those that each processor has.
		file == 1 && match($0, /^([0-9a-f]+) ..... O (\.(data|bss)[^\t]*)\t([0-9a-f]+) (.*)$/, field) && field[2] !~ /percpu/ {
			in_section[variables] = field[2]
			first[variables] = strtonum("0x" field[1])
			last[variables] = first[variables] + strtonum("0x" field[4])
			name_of[variables++] = field[5]
			variable[field[5]]
		}
		# Where sections start, which is not always at 0.
		file == 1 && match($0, /^([0-9a-f]+) l    d  ([^\t]*)\t/, field) { start[field[2]] = strtonum("0x" field[1]) }
		file == 1 { next }
		match($0, /^[0-9a-f]+ <([^.>]*).*>:$/, field) {
			finish(0)
			where = field[1]
			found[where " -"]
		}
		/R_X86_64/ { relocation[relocations++] = $0 }
		match($0, /^ *([0-9a-f]+):\t(.*)$/, field) {
			finish(strtonum("0x" field[1]))
			instruction = field[2]
			sub(/ *(#.*)?$/, "", instruction)
		}
		END {
			finish(0)
			for (what in found)
				print what, found[what] + 0
		}
	' <(objdump -t "$1") <(objdump -dr --no-show-raw-insn "$1")
}

status=0 functions=0 atomics=0
while read -r function what count; do
	[ "$what" != - ] || functions=$((functions + 1))
	[ "$what" != atomic ] || atomics=$((atomics + count))
	[[ ! "$function" =~ ^($changing)$ ]] || continue
	[ "$count" -gt "${known[$function $what]:-0}" ] || continue
	case $what in
	atomic) echo "$1: $function has $count atomic instructions, ${known[$function $what]:-0} are known" ;;
	*) echo "$1: $function writes or calls $what, which processors share" ;;
	esac
	status=1
done < <(writes "$1")
if [ "$functions" -lt 100 ] || [ "$atomics" = 0 ]; then
	echo "$1: $functions functions with $atomics atomic instructions; does this script still find them?"
	status=1
fi
exit $status
