// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: takes our callback away from under the hooks, as somebody would who writes kernel
 * memory.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

static void do_nothing(void)
{
}

/* The callback returns before it begins. */
static int skip(struct kprobe *probe, struct pt_regs *regs)
{
	instruction_pointer_set(regs, (unsigned long)do_nothing);
	return 1;
}

/* Where there is this one, a probe is not turned into a jump, whose handler can skip nothing. */
static void after(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe = {
	.symbol_name = "spliceguard:redirect",
	.pre_handler = skip,
	.post_handler = after,
};

static int __init disarm_init(void)
{
	return register_kprobe(&probe);
}

static void __exit disarm_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(disarm_init);
module_exit(disarm_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test: hooks that do not fire");
