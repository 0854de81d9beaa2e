/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between architectures: how a system call's entry is named and how its arguments are
 * read, and where a function goes on after its ftrace call site. Nothing else in this module knows.
 */
#ifndef SPG_ARCH_H
#define SPG_ARCH_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include <linux/static_call.h>

#ifndef CONFIG_X86_64
#error "spliceguard knows amd64 only so far"
#endif

/*
 * An original is called past its ftrace call site, an address without ENDBR. Only a direct branch
 * may go there on a processor that enforces IBT, and only inline static calls are direct branches.
 */
#ifndef CONFIG_HAVE_STATIC_CALL_INLINE
#error "spliceguard needs CONFIG_HAVE_STATIC_CALL_INLINE: see arch.h"
#endif

#define SPG_SYSCALL64(name) "__x64_sys_" name
#define SPG_SYSCALL32(name) "__ia32_sys_" name

/* The first four arguments of a system call, from what its entry __x64_sys_*(regs) was given. */
static inline void spg_args64(const struct pt_regs *regs, unsigned long args[4])
{
	args[0] = regs->di;
	args[1] = regs->si;
	args[2] = regs->dx;
	args[3] = regs->r10;
}

/* And __ia32_sys_*(regs): arch/x86/include/asm/syscall_wrapper.h, SC_IA32_REGS_TO_ARGS. */
static inline void spg_args32(const struct pt_regs *regs, unsigned long args[4])
{
	args[0] = (u32)regs->bx;
	args[1] = (u32)regs->cx;
	args[2] = (u32)regs->dx;
	args[3] = (u32)regs->si;
}

/* Arguments for such an entry, to prove its hook with: the first as given, the rest zero. */
#define SPG_REGS64(first) { .di = (first) }
#define SPG_REGS32(first) { .bx = (first) }

/* The call site is one instruction, at the address by which ftrace knows the function. */
static inline void *spg_past_call_site(unsigned long site)
{
	return (void *)(site + MCOUNT_INSN_SIZE);
}

#endif
