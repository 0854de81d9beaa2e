// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unloading: delete_module(2) says EBUSY while a call is inside or a buffer of ours is in a pipe.
 *
 * The usual way, a reference to the module for each call, is the cache line that all processors
 * would write. So a hook on the system call itself looks at the counts. It looks before the kernel
 * does: a call that comes in between makes the module's exit wait for it.
 *
 * Redirects only the calls that it refuses. Others run as they are, and so our text may go while
 * they do.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "arch.h"
#include "operations.h"

static bool names_us(unsigned long name)
{
	char text[sizeof(KBUILD_MODNAME)];

	return !copy_from_user_nofault(text, (const void __user *)name, sizeof(text)) &&
	       !memcmp(text, KBUILD_MODNAME, sizeof(text));
}

static bool unload_needed(struct spg_policy policy)
{
	return policy.modes != spg_policy_uniform(SPG_OFF).modes;
}

static long refuse_unload(void)
{
	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	pr_info_ratelimited("not unloaded: a call is inside, or a pipe holds a vmspliced page\n");
	return -EBUSY;
}

#define UNLOAD_ENTRY(bits)									\
SPG_STAND_IN(unload##bits, long, (const struct pt_regs *regs), (regs))				\
												\
static long unload##bits##_call(const struct pt_regs *regs)					\
{												\
	return refuse_unload();									\
}												\
												\
static bool unload##bits##_admit(struct pt_regs *frame)						\
{												\
	const struct pt_regs *call = (void *)regs_get_kernel_argument(frame, 0);		\
	unsigned long args[4];									\
												\
	spg_args##bits(call, args);								\
	return names_us(args[0]) && !spg_inflight_idle();					\
}												\
												\
static void unload##bits##_prove(void)								\
{												\
	static const struct pt_regs no_name = SPG_REGS##bits(0);				\
												\
	spg_entry(unload##bits)(&no_name);							\
}												\
												\
struct spg_hook spg_unload##bits##_hook = {							\
	.names = spg_names(SPG_SYSCALL##bits("delete_module")),					\
	.optional = true,									\
	.standin = unload##bits##_stand_in,							\
	.bind = unload##bits##_bind,								\
	.prove = unload##bits##_prove,								\
	.needed = unload_needed,								\
	.admit = unload##bits##_admit,								\
}

UNLOAD_ENTRY(64);
UNLOAD_ENTRY(32);
