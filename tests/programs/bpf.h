/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF by its system call, without a library. */
#ifndef TESTS_BPF_H
#define TESTS_BPF_H

#include "common.h"
#include <linux/bpf.h>
#include <stddef.h>

static inline int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* Instructions: registers are numbers. */
#define INSN(what, dst, src, offset, number) \
	((struct bpf_insn){ .code = (what), .dst_reg = (dst), .src_reg = (src), .off = (offset), .imm = (number) })
#define INSN_SET(dst, number) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, number)
#define INSN_COPY(dst, src) INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define INSN_PLUS(dst, number) INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, number)
#define INSN_GET(size, dst, src, offset) INSN(BPF_LDX | BPF_MEM | (size), dst, src, offset, 0)
#define INSN_STORE(size, dst, offset, number) INSN(BPF_ST | BPF_MEM | (size), dst, 0, offset, number)
#define INSN_CALL(function) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define INSN_END INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* Load a program of the type and for what @attr says; returns its descriptor. */
static inline int bpf_load(union bpf_attr attr, const struct bpf_insn *code, size_t count)
{
	attr.insns = (uintptr_t)code;
	attr.insn_cnt = count;
	attr.license = (uintptr_t)"GPL";
	return bpf(BPF_PROG_LOAD, &attr);
}

static inline int bpf_map(int type, int key, int value)
{
	return bpf(BPF_MAP_CREATE, &(union bpf_attr){ .map_type = type, .key_size = key, .value_size = value, .max_entries = 1 });
}

#endif
