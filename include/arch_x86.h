/* SPDX-License-Identifier: GPL-2.0-only */
/* See arch.h. */
#ifndef SPG_ARCH_X86_H
#define SPG_ARCH_X86_H

#define SPG_IF_SYSCALL32(...) __VA_ARGS__

#define SPG_SYSCALL64(name) "__x64_sys_" name
#define SPG_SYSCALL32(name) "__ia32_sys_" name

static inline void spg_args64(const struct pt_regs *regs, unsigned long args[4])
{
	args[0] = regs->di;
	args[1] = regs->si;
	args[2] = regs->dx;
	args[3] = regs->r10;
}

/* arch/x86/include/asm/syscall_wrapper.h, SC_IA32_REGS_TO_ARGS */
static inline void spg_args32(const struct pt_regs *regs, unsigned long args[4])
{
	args[0] = (u32)regs->bx;
	args[1] = (u32)regs->cx;
	args[2] = (u32)regs->dx;
	args[3] = (u32)regs->si;
}

#define SPG_REGS64(first) { .di = (first) }
#define SPG_REGS32(first) { .bx = (first) }

/* arch/x86/kernel/ftrace_64.S, restore_mcount_regs */
#ifdef SPG_HAVE_FTRACE_REGS
#define spg_frame_sixth(frame) (arch_ftrace_regs(frame)->regs.r9)
#else
#define spg_frame_sixth(frame) ((frame)->r9)
#endif

/*
 * An original is called past its call site, an address without ENDBR. Only a direct branch may go
 * there on a processor that enforces IBT, and only inline static calls are direct branches.
 */
static inline const char *spg_arch_refusal(void)
{
	if (!IS_ENABLED(CONFIG_HAVE_STATIC_CALL_INLINE))
		return "no call is static and inline (CONFIG_HAVE_STATIC_CALL_INLINE)";
	return NULL;
}

/* Probes at functions are made of ftrace here, and say so. */
static inline unsigned long spg_call_site(const struct kprobe *probe)
{
	return probe->flags & KPROBE_FLAG_FTRACE ? (unsigned long)probe->addr : 0;
}

static inline void *spg_function_entry(unsigned long site)
{
	return (void *)site;
}

/* The call site is one instruction. */
static inline void *spg_past_call_site(unsigned long site)
{
	return (void *)(site + MCOUNT_INSN_SIZE);
}

#endif
