// SPDX-License-Identifier: GPL-2.0-only
/* For tests: owns one function as a livepatch does, and changes nothing. */
#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/string.h>
#include "compat.h"

static char *function;
module_param(function, charp, 0444);

static void notrace own(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			struct spg_ftrace_frame *frame)
{
}

static struct ftrace_ops ops = {
	.func = own,
	.flags = FTRACE_OPS_FL_IPMODIFY | SPG_FTRACE_FLAGS,
};

static int __init owner_init(void)
{
	int err = ftrace_set_filter(&ops, function, strlen(function), 1);

	return err ?: register_ftrace_function(&ops);
}

static void __exit owner_exit(void)
{
	unregister_ftrace_function(&ops);
}

module_init(owner_init);
module_exit(owner_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test: another owner of a function");
