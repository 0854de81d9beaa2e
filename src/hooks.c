// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hooks: the only file that knows ftrace and kprobes.
 *
 * One ftrace_ops serves all hooks, so that taking the last one away costs a single wait for
 * RCU-tasks. It has IPMODIFY (the callback sets where the function goes on) and PERMANENT
 * (kernel.ftrace_enabled=0 cannot disarm it).
 *
 * A stand-in calls the original past its call site, so the callback never has to ask who called: a
 * function that we stand in for may well be called, or jumped to, from another one that we entered
 * (Documentation/trace/ftrace-uses.rst).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>
#include "arch.h"
#include "compat.h"
#include "hooks.h"

static const struct file_operations no_operations;
static struct inode dummy_inode;

struct file spg_dummy_file = { .f_op = &no_operations, .f_inode = &dummy_inode };
struct pipe_inode_info spg_dummy_pipe;

static struct spg_hook *const *hooks;
static int hook_count;

/* The task that proves hooks just now: its calls run as they are, and are noted. */
static struct task_struct *prover;

/*
 * No call is redirected before a first set of hooks is complete and proven: if loading fails, no
 * stand-in may be running.
 */
static bool armed;

static struct spg_hook *hook_at(unsigned long site)
{
	int i;

	for (i = 0; i < hook_count; i++)
		if (hooks[i]->site == site)
			return hooks[i];
	return NULL;
}

static void notrace redirect(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			     struct spg_ftrace_frame *frame)
{
	struct pt_regs *regs = spg_frame_regs(frame);
	struct spg_hook *hook = hook_at(ip);

	if (WARN_ON_ONCE(!hook || !regs))
		return;
	if (unlikely(READ_ONCE(prover) == current)) {
		hook->fired = true;
		return;
	}
	if (!READ_ONCE(armed) || (hook->admit && !hook->admit(regs)))
		return;
	spg_inflight_enter();
	spg_jump_to(regs, hook->standin);
}

static struct ftrace_ops ops = {
	.func = redirect,
	.flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT |
		 SPG_FTRACE_NO_RECURSION,
};

/*
 * A kprobe that is never armed gives a function's address, without a call to
 * kallsyms_lookup_name(): that one's landing pad is gone on kernels built with IBT. Its flags tell
 * whether the address is an ftrace call site.
 */
static unsigned long find_site(const char *name)
{
	struct kprobe probe = { .symbol_name = name, .flags = KPROBE_FLAG_DISABLED };
	unsigned long site = 0;

	if (register_kprobe(&probe))
		return 0;
	if (probe.flags & KPROBE_FLAG_FTRACE)
		site = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
	return site;
}

/**
 * spg_hooks_init() - find the functions of all hooks in this kernel
 * @table: the hooks; stays in use
 * @count: how many
 *
 * Registers nothing. A function that is not there is no error yet: see spg_hooks_missing(). May
 * sleep; from init only.
 *
 * Return: 0.
 */
int spg_hooks_init(struct spg_hook *const *table, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		struct spg_hook *hook = table[i];
		const char *const *name;

		for (name = hook->names; *name && !hook->site; name++) {
			hook->site = find_site(*name);
			hook->name = *name;
		}
		if (!hook->site) {
			hook->name = NULL;
			continue;
		}
		hook->bind((void *)hook->site, spg_past_call_site(hook->site));
	}
	hooks = table;
	hook_count = count;
	return 0;
}

/**
 * spg_hooks_missing() - does this kernel lack a function that a policy needs?
 * @policy: the policy
 *
 * Return: the name of the first such function, or NULL.
 */
const char *spg_hooks_missing(struct spg_policy policy)
{
	int i;

	for (i = 0; i < hook_count; i++)
		if (!hooks[i]->site && !hooks[i]->optional && hooks[i]->needed(policy))
			return hooks[i]->names[0];
	return NULL;
}

static bool any_registered(void)
{
	int i;

	for (i = 0; i < hook_count; i++)
		if (hooks[i]->registered)
			return true;
	return false;
}

static void forget_filter(void)
{
	ftrace_set_filter(&ops, NULL, 0, 1);
}

static void unregister_all(void)
{
	int i, err = unregister_ftrace_function(&ops);

	WARN_ONCE(err, "cannot take the hooks away: %d\n", err);
	forget_filter();
	for (i = 0; i < hook_count; i++)
		hooks[i]->registered = false;
}

static void unregister(struct spg_hook *hook)
{
	int err;

	hook->registered = false;
	/* An empty filter would mean every function of the kernel: the last goes with the ops. */
	if (!any_registered())
		return unregister_all();
	err = ftrace_set_filter_ip(&ops, hook->site, 1, 0);
	WARN_ONCE(err, "cannot take the hook of %s away: %d\n", hook->name, err);
}

static bool is_wanted(const struct spg_hook *hook, struct spg_policy policy)
{
	return hook->site && !hook->registered && hook->needed(policy);
}

/* All at once costs one pass over the kernel's call sites, but an error does not say where. */
static bool register_all(struct spg_policy policy)
{
	int i, err = 0;

	for (i = 0; i < hook_count && !err; i++)
		if (is_wanted(hooks[i], policy))
			err = ftrace_set_filter_ip(&ops, hooks[i]->site, 0, 0);
	if (!err)
		err = register_ftrace_function(&ops);
	if (err) {
		forget_filter();
		return false;
	}
	for (i = 0; i < hook_count; i++)
		if (is_wanted(hooks[i], policy))
			hooks[i]->registered = true;
	return true;
}

static int register_one(struct spg_hook *hook)
{
	bool first = !any_registered();
	int err;

	err = ftrace_set_filter_ip(&ops, hook->site, 0, 0);
	if (!err && first)
		err = register_ftrace_function(&ops);
	if (err) {
		if (first)
			forget_filter();
		pr_err("cannot hook %s: error %d\n", hook->name, err);
		if (err == -EBUSY)
			pr_err("a livepatch or another module owns it (see tracing/enabled_functions), or kernel.ftrace_enabled is 0\n");
		return hook->optional ? 0 : err;
	}
	hook->registered = true;
	return 0;
}

/*
 * ftrace may be patched and still not reach us; a machine that thinks it is protected and is not is
 * the worst case.
 */
static int prove(struct spg_hook *hook)
{
	hook->fired = false;
	WRITE_ONCE(prover, current);
	hook->prove();
	WRITE_ONCE(prover, NULL);
	if (hook->fired)
		return 0;
	pr_err("the hook of %s does not fire; is ftrace stopped? See /proc/sys/kernel/ftrace_enabled and the log\n",
	       hook->name);
	return -EIO;
}

/**
 * spg_hooks_add() - register the hooks that a policy needs and that are not there yet
 * @policy: the policy
 *
 * Each new hook has been seen to fire when this returns 0; otherwise all is as it was. Sleeps;
 * callers take turns by a mutex of their own. Stand-ins may run before it returns.
 *
 * Return: 0; -EOPNOTSUPP where the kernel lacks a function, -EBUSY where another owner has it, -EIO
 * where a hook does not fire, or an error of ftrace. The log names the function.
 */
int spg_hooks_add(struct spg_policy policy)
{
	const char *missing = spg_hooks_missing(policy);
	unsigned long added = 0;
	int i, err = 0;

	if (missing) {
		pr_err("this kernel has no function %s to hook; that mode is not to be had here\n",
		       missing);
		return -EOPNOTSUPP;
	}
	for (i = 0; i < hook_count; i++)
		if (is_wanted(hooks[i], policy))
			added |= BIT(i);
	if (!added)
		return 0;
	if (any_registered() || !register_all(policy))
		for (i = 0; i < hook_count && !err; i++)
			if (added & BIT(i))
				err = register_one(hooks[i]);
	for (i = 0; i < hook_count && !err; i++)
		if (added & BIT(i) && hooks[i]->registered)
			err = prove(hooks[i]);
	for (i = 0; i < hook_count && err; i++)
		if (added & BIT(i) && hooks[i]->registered)
			unregister(hooks[i]);
	if (!err)
		WRITE_ONCE(armed, true);
	return err;
}

/**
 * spg_hooks_remove() - take the hooks away that a policy does not need
 * @policy: the policy
 *
 * When it returns, no new call enters their stand-ins; calls that did may still be inside. Sleeps;
 * see spg_hooks_add().
 */
void spg_hooks_remove(struct spg_policy policy)
{
	bool all = true;
	int i;

	if (!any_registered())
		return;
	for (i = 0; i < hook_count; i++)
		all &= !hooks[i]->registered || !hooks[i]->needed(policy);
	if (all)
		return unregister_all();
	for (i = hook_count - 1; i >= 0; i--)
		if (hooks[i]->registered && !hooks[i]->needed(policy))
			unregister(hooks[i]);
}
