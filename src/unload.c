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
 *
 * A lock holds the module by a reference, which forced unloading (rmmod -f) would ignore. So it is
 * refused then, whatever the module's name: the name is the caller's memory, which may be another
 * name by the time that the kernel reads it.
 */
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "arch.h"
#include "live.h"
#include "operations.h"

static bool names_us(unsigned long name)
{
	char text[sizeof(KBUILD_MODNAME)];

	return !copy_from_user_nofault(text, (const void __user *)name, sizeof(text)) &&
	       !memcmp(text, KBUILD_MODNAME, sizeof(text));
}

static bool unload_needed(const struct spg_policy *policy)
{
	return policy->locked || !spg_policy_is_off(policy);
}

static bool is_forced_in_spite_of_lock(unsigned long flags)
{
	return flags & O_TRUNC && spg_live_is_locked();
}

static bool is_refused(const unsigned long *args)
{
	return is_forced_in_spite_of_lock(args[1]) || (names_us(args[0]) && !spg_inflight_idle());
}

static long refuse_unload(const unsigned long *args)
{
	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	if (is_forced_in_spite_of_lock(args[1])) {
		pr_warn_ratelimited("no module is unloaded by force while kernel.splice_mode_locked is 1\n");
		return -EPERM;
	}
	pr_info_ratelimited("not unloaded: a call is inside, or a pipe holds a page by reference\n");
	return -EBUSY;
}

#define UNLOAD_ENTRY(bits)									\
SPG_STAND_IN(unload##bits, long, (const struct pt_regs *regs), (regs))				\
												\
static long unload##bits##_call(const struct pt_regs *regs)					\
{												\
	unsigned long args[4];									\
												\
	spg_args##bits(regs, args);								\
	return refuse_unload(args);								\
}												\
												\
static bool unload##bits##_admit(struct spg_ftrace_frame *frame)				\
{												\
	const struct pt_regs *call = (void *)spg_frame_argument(frame, 0);			\
	unsigned long args[4];									\
												\
	spg_args##bits(call, args);								\
	return is_refused(args);								\
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
SPG_IF_SYSCALL32(UNLOAD_ENTRY(32);)
