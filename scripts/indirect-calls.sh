#!/bin/bash
# indirect-calls.sh MODULE.ko: fails if the module has an indirect call or jump other than through the operations of a pipe
# buffer, of a dentry or of a zero-copy completion, the probes of its tracepoint, or the tables of its own hooks and knobs. On a kernel with IBT, a call through a pointer to a function that is not exported
# may hit one whose landing pad was removed at boot, and kill the machine; originals are reached by direct branches only.
set -euo pipefail

# Function, and how many indirect calls it may have: to operations that file systems have in tables of theirs, or to members of struct
# spg_hook and struct knob, which are functions of this module.
declare -A allowed=(
	[redirect]=1                 # hook->admit
	[redirect_unsettled]=1
	[fires]=1                    # hook->prove
	[spg_hooks_init]=1           # hook->bind
	[spg_hooks_missing]=1        # hook->needed
	[is_wanted]=1
	[spg_hooks_add]=6            # the same; hook->prove
	[spg_hooks_remove]=2         # hook->needed
	[spg_hooks_show]=2           # both
	[set_parameter]=1            # knob->parse
	[get_parameter]=1            # knob->format
	[knob_handler]=6             # both, inlined, and some twice
	[show]=1
	[report]=2
	[change_policy]=5
	[real_inode]=2               # d_real, of the dentry's file system
	[spg_source_mapping]=2
	[spg_trace_source]=2
	[spg_source_facts]=6
	[is_writable]=2
	[is_quiescent]=2
	[is_on_listed_fs]=2
	[spg_deferred_ready]=1       # confirm of the buffer's source
	[deferred_confirm]=2
	[deferred_release]=1
	[deferred_try_steal]=1
	[spg_make_buffer_private]=1  # release
	[spg_repack]=2               # confirm, release
	[spg_buffer_drop]=2          # release, in two places
	[spg_make_private]=9         # confirm and release, inlined
	[make_private_pass]=2
	[spg_pipe_clean]=2
	[eat_empty_buffers]=1        # release
	[wait_for_data]=2
	[collect]=2                  # confirm
	[send_pipe]=6                # confirm and release, inlined
	[socket_call]=6
	[socket_stand_in]=6
	[fill_call]=2                # release
	[fill_stand_in]=2
	[fill_users]=2
	[fill_guarded]=2
	[take_back]=1
	[read_piece]=1               # read_iter, of the file's file system
	[end_here]=1                 # splice_eof, of sockets
	[add_page]=2
	[fill_from_memory]=3
	[memory_to_pipe]=3
	[vmsplice_guarded]=3
	[vmsplice_file]=3
	[__traceiter_verdict]=1      # probes of the tracepoint: whoever traces has taken their address, so their landing pads are there
	[fill_copied]=1              # ubuf_info's complete(), as the kernel calls it
	[zerocopy_judged]=1
	[zerocopy_stream_call]=1
	[zerocopy_stream_stand_in]=1
)

status=0 function='' seen=0
declare -A found=()
while read -r line; do
	case $line in
	*'>:')
		function=${line#*<}
		function=${function%%>*}
		function=${function%%.*}
		;;
	*)
		found[$function]=$((${found[$function]:-0} + 1))
		seen=$((seen + 1))
		;;
	esac
done < <(objdump -dr --no-show-raw-insn "$1" |
	grep -E '^[0-9a-f]+ <.*>:$|R_X86_64_(PLT32|PC32).*__x86_indirect_thunk|(call|jmp) +\*%|(call|jmp) +\*.*\(%')

for function in "${!found[@]}"; do
	if [ "${found[$function]}" -gt "${allowed[$function]:-0}" ]; then
		echo "$1: $function has ${found[$function]} indirect calls, ${allowed[$function]:-0} are known"
		status=1
	fi
done
[ "$seen" -gt 0 ] || { echo "$1: no indirect call at all; does this script still find them?"; status=1; }
exit $status
