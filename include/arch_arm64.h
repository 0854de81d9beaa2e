/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * See arch.h.
 *
 * A function that ftrace knows begins with two patchable instructions (arch/arm64/kernel/ftrace.c):
 *
 *	entry	[bti c]
 *		nop, or "mov x9, x30" once ftrace has been there
 *	site	nop, or "bl" to ftrace
 *	past	the function
 */
#ifndef SPG_ARCH_ARM64_H
#define SPG_ARCH_ARM64_H

#include <asm/insn.h>

/* A 32-bit program comes by the same entries: arch/arm64/include/asm/unistd32.h. */
#define SPG_IF_SYSCALL32(...)

#define SPG_SYSCALL64(name) "__arm64_sys_" name

/* arch/arm64/include/asm/syscall_wrapper.h, SC_ARM64_REGS_TO_ARGS */
static inline void spg_args64(const struct pt_regs *regs, unsigned long args[4])
{
	args[0] = regs->regs[0];
	args[1] = regs->regs[1];
	args[2] = regs->regs[2];
	args[3] = regs->regs[3];
}

#define SPG_REGS64(first) { .regs = { (first) } }

/* arch/arm64/kernel/entry-ftrace.S */
#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
#define spg_frame_sixth(frame) (arch_ftrace_regs(frame)->regs[5])
#else
#define spg_frame_sixth(frame) (ftrace_get_regs(frame)->regs[5])
#endif

/*
 * Without static calls that patch the text (there are none here so far), an original is called by a
 * pointer, and past its call site there is neither a landing pad, which BTI would want where the
 * kernel's text is guarded, nor a type's hash before it, which CFI would want.
 */
static inline const char *spg_arch_refusal(void)
{
	if (IS_ENABLED(CONFIG_HAVE_STATIC_CALL_INLINE))
		return NULL;
	if (IS_ENABLED(CONFIG_ARM64_BTI_KERNEL))
		return "branches are guarded (CONFIG_ARM64_BTI_KERNEL), and no call is static";
	if (IS_ENABLED(CONFIG_CFI_CLANG) || IS_ENABLED(CONFIG_CFI))
		return "calls by pointers are checked (CONFIG_CFI), and none is static";
	return NULL;
}

#define SPG_INSN_BTI_C 0xd503245f
#define SPG_INSN_NOP 0xd503201f
#define SPG_INSN_MOV_X9_X30 0xaa1e03e9

/* Probes are not made of ftrace here; so look what the function begins with. */
static inline unsigned long spg_call_site(const struct kprobe *probe)
{
	const __le32 *at = (const __le32 *)probe->addr;
	u32 first, second;

	if (le32_to_cpu(*at) == SPG_INSN_BTI_C)
		at++;
	first = le32_to_cpu(at[0]);
	second = le32_to_cpu(at[1]);
	if ((first == SPG_INSN_NOP && second == SPG_INSN_NOP) ||
	    (first == SPG_INSN_MOV_X9_X30 &&
	     (second == SPG_INSN_NOP || aarch64_insn_is_bl(second))))
		return (unsigned long)(at + 1);
	return 0;
}

static inline void *spg_function_entry(unsigned long site)
{
	return (void *)(site - AARCH64_INSN_SIZE);
}

static inline void *spg_past_call_site(unsigned long site)
{
	return (void *)(site + AARCH64_INSN_SIZE);
}

#endif
