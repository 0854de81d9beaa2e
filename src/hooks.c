// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hooks: the only file that knows ftrace and kprobes.
 *
 * The hooks that are registered together share one ftrace_ops, so that taking them away costs a
 * single wait for RCU-tasks. A hook that comes later gets another: only register_ftrace_function()
 * asks BPF trampolines on a function to make room for IPMODIFY, a change of the filter of a
 * registered ops does not (kernel/trace/ftrace.c, prepare_direct_functions_for_ipmodify()).
 *
 * The ops have IPMODIFY (the callback sets where the function goes on) and PERMANENT
 * (kernel.ftrace_enabled=0 cannot disarm it).
 *
 * A stand-in calls the original past its call site, so the callback never has to ask who called: a
 * function that we stand in for may well be called, or jumped to, from another one that we entered
 * (Documentation/trace/ftrace-uses.rst).
 */
#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include "arch.h"
#include "compat.h"
#include "hooks.h"

static const struct file_operations no_operations;
static struct inode dummy_inode;

struct file spg_dummy_file = { .f_op = &no_operations, .f_inode = &dummy_inode };
struct pipe_inode_info spg_dummy_pipe;

static struct spg_hook *const *hooks;
static int hook_count;

/*
 * The task that proves a hook just now, which hook, and whether its call came to the callback and
 * to what stands in then. Under the mutex of those who change hooks.
 */
static struct task_struct *prover;
static const struct spg_hook *proven;
static bool redirected;
static bool fired;

/*
 * No call is redirected before a first set of hooks is complete and proven: if loading fails, no
 * stand-in may be running.
 */
static bool armed;

/* Armed, and no hook is being proven: all that the callback has to know as a rule. */
static bool settled;

/*
 * Hooks by their sites: open addressing, never more than half full. Most functions begin at
 * multiples of 16.
 */
#define PLACES (2 * SPG_HOOKS_MAX)
static struct spg_hook *places[PLACES];

static unsigned int place_of(unsigned long site)
{
	return (site / 16) % PLACES;
}

/* No part of the callback may be traced: ftrace would enter it again. */
static notrace struct spg_hook *hook_at(unsigned long site)
{
	struct spg_hook *hook;
	unsigned int i;

	for (i = place_of(site); (hook = places[i]) && hook->site != site; i = (i + 1) % PLACES)
		;
	return hook;
}

static void put_in_place(struct spg_hook *hook)
{
	unsigned int i = place_of(hook->site);

	while (places[i])
		i = (i + 1) % PLACES;
	places[i] = hook;
}

/*
 * Stands in for whatever is being proven. It counts the call out, as every stand-in does; the
 * callback counted it in.
 */
static noinline long proof(void)
{
	WRITE_ONCE(fired, true);
	spg_inflight_leave();
	return 0;
}

static __always_inline void go_on_at(struct spg_ftrace_frame *frame, void *to)
{
	spg_inflight_enter();
	spg_frame_jump(frame, to);
}

static __always_inline void redirect_settled(const struct spg_hook *hook,
					     struct spg_ftrace_frame *frame)
{
	if (!hook->admit || hook->admit(frame))
		go_on_at(frame, hook->standin);
}

static notrace noinline void redirect_unsettled(const struct spg_hook *hook,
						struct spg_ftrace_frame *frame)
{
	if (READ_ONCE(prover) != current) {
		if (READ_ONCE(armed))
			redirect_settled(hook, frame);
		return;
	}
	/* Its original may lead to another hook, whose firing says nothing of this one. */
	if (hook != proven)
		return;
	WRITE_ONCE(redirected, true);
	go_on_at(frame, proof);
}

static void notrace redirect(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			     struct spg_ftrace_frame *frame)
{
	const struct spg_hook *hook = hook_at(ip);

	if (WARN_ON_ONCE(!hook))
		return;
	if (likely(READ_ONCE(settled)))
		redirect_settled(hook, frame);
	else
		redirect_unsettled(hook, frame);
}

/*
 * A kprobe that is never armed gives a function's address, without a call to
 * kallsyms_lookup_name(): that one's landing pad is gone on kernels built with IBT. Returns whether
 * the probe must be unregistered.
 */
static bool find_site(struct spg_hook *hook, struct kprobe *probe)
{
	const char *const *name;

	for (name = hook->names; *name; name++) {
		*probe = (struct kprobe) { .symbol_name = *name, .flags = KPROBE_FLAG_DISABLED };
		if (register_kprobe(probe))
			continue;
		hook->site = spg_call_site(probe);
		if (hook->site)
			hook->name = *name;
		return true;
	}
	return false;
}

/**
 * spg_hooks_find() - the address of a kernel function, to be called by a static call only
 * @name: its name
 *
 * Sleeps; from init only.
 *
 * Return: the address, or NULL where this kernel has no such function.
 */
void *spg_hooks_find(const char *name)
{
	struct kprobe probe = { .symbol_name = name, .flags = KPROBE_FLAG_DISABLED };
	void *found;

	if (register_kprobe(&probe))
		return NULL;
	found = probe.addr;
	unregister_kprobe(&probe);
	return found;
}

/**
 * spg_hooks_init() - find the functions of all hooks in this kernel
 * @table: the hooks; stays in use
 * @count: how many
 *
 * Registers nothing. A function that is not there is no error yet: see spg_hooks_missing(). May
 * sleep; from init only.
 *
 * Return: 0 or -ENOMEM.
 */
int spg_hooks_init(struct spg_hook *const *table, int count)
{
	struct kprobe *probes = kcalloc(count, sizeof(*probes), GFP_KERNEL);
	struct kprobe **found = kcalloc(count, sizeof(*found), GFP_KERNEL);
	int i, n = 0, err = -ENOMEM;

	if (!probes || !found)
		goto out;
	for (i = 0; i < count; i++)
		if (find_site(table[i], &probes[i]))
			found[n++] = &probes[i];
	/* All at once: each time takes a grace period. */
	unregister_kprobes(found, n);
	for (i = 0; i < count; i++)
		if (table[i]->site) {
			put_in_place(table[i]);
			table[i]->bind(spg_function_entry(table[i]->site),
				       spg_past_call_site(table[i]->site));
		}
	hooks = table;
	hook_count = count;
	err = 0;
out:
	kfree(found);
	kfree(probes);
	return err;
}

/* What a lock rests on is not optional. */
static bool can_do_without(const struct spg_hook *hook, const struct spg_policy *policy)
{
	return hook->quickens || (hook->optional && !policy->locked);
}

/**
 * spg_hooks_missing() - does this kernel lack a function that a policy needs?
 * @policy: the policy
 *
 * Return: the names that the first such function has had, ending with NULL, or NULL.
 */
const char *const *spg_hooks_missing(const struct spg_policy *policy)
{
	int i;

	for (i = 0; i < hook_count; i++)
		if (!hooks[i]->site && !can_do_without(hooks[i], policy) &&
		    hooks[i]->needed(policy))
			return hooks[i]->names;
	return NULL;
}

static bool is_wanted(const struct spg_hook *hook, const struct spg_policy *policy)
{
	return hook->site && !hook->ops && !hook->given_up && hook->needed(policy);
}

static void free_ops(struct ftrace_ops *ops)
{
	ftrace_set_filter(ops, NULL, 0, 1);
	kfree(ops);
}

/* Register the hooks of a set as one. An error does not say which of them it was. */
static int register_set(unsigned long set)
{
	struct ftrace_ops *ops = kzalloc(sizeof(*ops), GFP_KERNEL);
	int i, err = 0;

	if (!ops)
		return -ENOMEM;
	ops->func = redirect;
	ops->flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT | SPG_FTRACE_FLAGS;
	for (i = 0; i < hook_count && !err; i++)
		if (set & BIT(i))
			err = ftrace_set_filter_ip(ops, hooks[i]->site, 0, 0);
	if (!err) {
		err = register_ftrace_function(ops);
		/* ftrace has stopped for good, maybe half-way: it may still use them. */
		if (err == -ENODEV)
			return err;
		/*
		 * They may have been on its list for a moment, without a wait at the end; who walks
		 * it does so with preemption off. The second wait is for where RCU does not watch,
		 * on kernels that trace there.
		 */
		if (err) {
			synchronize_rcu();
			synchronize_rcu_tasks_rude();
		}
	}
	if (err) {
		free_ops(ops);
		return err;
	}
	for (i = 0; i < hook_count; i++)
		if (set & BIT(i))
			hooks[i]->ops = ops;
	return 0;
}

static unsigned long quickening(unsigned long set)
{
	unsigned long quick = 0;
	int i;

	for (i = 0; i < hook_count; i++)
		if (set & BIT(i) && hooks[i]->quickens)
			quick |= BIT(i);
	return quick;
}

static void give_up(struct spg_hook *hook)
{
	hook->given_up = true;
	pr_notice("done without a hook of %s, which only makes calls quicker: it cannot be had now\n",
		  hook->name);
}

static int register_one(int i, const struct spg_policy *policy)
{
	int err = register_set(BIT(i));

	if (!err)
		return 0;
	if (hooks[i]->quickens) {
		give_up(hooks[i]);
		return 0;
	}
	pr_err("cannot hook %s: error %d\n", hooks[i]->name, err);
	if (err == -EBUSY)
		pr_err("a livepatch or another module owns it (see tracing/enabled_functions), or kernel.ftrace_enabled is 0\n");
	return can_do_without(hooks[i], policy) ? 0 : err;
}

/* As one; or else without those that only quicken, as one; or else one by one. */
static int register_all(unsigned long set, const struct spg_policy *policy)
{
	unsigned long quick = quickening(set);
	int i, err = 0;

	if (!register_set(set))
		return 0;
	if (quick && set != quick && !register_set(set & ~quick))
		set = quick;
	for (i = 0; i < hook_count && !err; i++)
		if (set & BIT(i))
			err = register_one(i, policy);
	return err;
}

/* Take away the hooks of a set. An ops that keeps none of its hooks goes as a whole. */
static void unregister_set(unsigned long set)
{
	int i, j, err;

	for (i = 0; i < hook_count; i++) {
		struct ftrace_ops *ops = hooks[i]->ops;
		bool whole = true;

		if (!ops || !(set & BIT(i)))
			continue;
		for (j = 0; j < hook_count; j++)
			whole &= hooks[j]->ops != ops || set & BIT(j);
		if (!whole) {
			/* Never the last one: an empty filter would mean every function. */
			err = ftrace_set_filter_ip(ops, hooks[i]->site, 1, 0);
			if (!err)
				hooks[i]->ops = NULL;
		} else {
			err = unregister_ftrace_function(ops);
			for (j = 0; j < hook_count; j++)
				if (hooks[j]->ops == ops)
					hooks[j]->ops = NULL;
			/* It waited until no processor uses them; if it could not, they stay. */
			if (!err)
				free_ops(ops);
		}
		WARN_ONCE(err, "cannot take the hook of %s away: %d\n", hooks[i]->name, err);
	}
}

/*
 * ftrace may be patched and still not reach us; a machine that thinks it is protected and is not is
 * the worst case. So call the function, and see whether the call comes to the stand-in.
 */
static bool fires(const struct spg_hook *hook)
{
	redirected = false;
	fired = false;
	proven = hook;
	WRITE_ONCE(prover, current);
	WRITE_ONCE(settled, false);
	hook->prove();
	WRITE_ONCE(settled, armed);
	WRITE_ONCE(prover, NULL);
	/* The callback counted it in, and nobody counted it out. */
	if (READ_ONCE(redirected) && !READ_ONCE(fired))
		spg_inflight_leave();
	return READ_ONCE(fired);
}

static int prove(const struct spg_hook *hook)
{
	if (fires(hook))
		return 0;
	pr_err("the hook of %s does not fire; is ftrace stopped, or a BPF program in its place? See the log\n",
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
int spg_hooks_add(const struct spg_policy *policy)
{
	const char *const *missing = spg_hooks_missing(policy);
	unsigned long added = 0;
	int i, err;

	if (missing) {
		for (; *missing; missing++)
			pr_err("this kernel has no function %s to hook%s\n", *missing,
			       missing[1] ? "" : "; that mode is not to be had here");
		return -EOPNOTSUPP;
	}
	for (i = 0; i < hook_count; i++)
		if (is_wanted(hooks[i], policy))
			added |= BIT(i);
	if (!added)
		return 0;
	err = register_all(added, policy);
	for (i = 0; i < hook_count && !err; i++) {
		if (!(added & BIT(i)) || !hooks[i]->ops)
			continue;
		err = prove(hooks[i]);
		if (err && hooks[i]->quickens) {
			unregister_set(BIT(i));
			give_up(hooks[i]);
			err = 0;
		}
	}
	if (err) {
		unregister_set(added);
		return err;
	}
	WRITE_ONCE(armed, true);
	WRITE_ONCE(settled, true);
	return 0;
}

/**
 * spg_hooks_remove() - take the hooks away that a policy does not need
 * @policy: the policy
 *
 * When it returns, no new call enters their stand-ins; calls that did may still be inside. Sleeps;
 * see spg_hooks_add().
 */
void spg_hooks_remove(const struct spg_policy *policy)
{
	unsigned long set = 0;
	int i;

	for (i = 0; i < hook_count; i++) {
		if (hooks[i]->needed(policy))
			continue;
		set |= BIT(i);
		hooks[i]->given_up = false;
	}
	unregister_set(set);
}

static const char *state_of(const struct spg_hook *hook, const struct spg_policy *policy)
{
	if (!hook->site)
		return "missing";
	if (hook->ops)
		return fires(hook) ? "active" : "failed";
	return hook->needed(policy) && !hook->quickens ? "failed" : "idle";
}

/**
 * spg_hooks_show() - say of each hook whether it is in place
 * @policy: the policy in force
 * @text: where that goes, a page that sysfs gave
 *
 * A line "FUNCTION STATE" each: "active", if it has been seen to fire just now; "idle", if the
 * policy does not need it, or it is not there and only makes calls quicker; "missing", if this
 * kernel has no such function; or "failed". See spg_hooks_add().
 *
 * Return: the length of the text.
 */
ssize_t spg_hooks_show(const struct spg_policy *policy, char *text)
{
	ssize_t len = 0;
	int i;

	for (i = 0; i < hook_count; i++)
		len += sysfs_emit_at(text, len, "%s %s\n", hooks[i]->name ?: hooks[i]->names[0],
				     state_of(hooks[i], policy));
	return len;
}
