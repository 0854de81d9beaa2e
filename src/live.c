// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy in force: a snapshot that is never written once it is published, and freed after a
 * grace period. Readers take no lock and write nothing.
 *
 * A change is one transition under one mutex: register the hooks that the new policy needs, publish
 * it, then remove those it does not need. On any failure the old policy stays, whole.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "hooks.h"
#include "inflight.h"
#include "live.h"

struct snapshot {
	struct spg_policy policy;
	struct rcu_head rcu;
};

/* What is in force before the module's parameters are, and after its exit: nothing. */
static struct snapshot nothing = { .policy = { .group = SPG_NO_GROUP } };
static struct snapshot __rcu *live = (struct snapshot __rcu __force *)&nothing;

unsigned int spg_live_changes;
unsigned int spg_live_outlook[SPG_OPS] __read_mostly;

static DEFINE_MUTEX(change_mutex);

/* Put a snapshot in force. A call that comes meanwhile is judged by what was, or by what is. */
static void publish(struct snapshot *next)
{
	int op;

	rcu_assign_pointer(live, next);
	for (op = 0; op < SPG_OPS; op++)
		WRITE_ONCE(spg_live_outlook[op],
			   spg_policy_asks(&next->policy, op) |
			   spg_policy_verdict(&next->policy, op, 0) << SPG_OUTLOOK_VERDICT);
}

/**
 * spg_live_verdict_on() - the verdict on a call of which something is known
 * @op: the operation that the call is
 * @facts: what is known of it
 *
 * For spg_live_consider(). Any context; no lock.
 *
 * Return: the verdict.
 */
enum spg_verdict spg_live_verdict_on(enum spg_op op, unsigned int facts)
{
	enum spg_verdict verdict;

	rcu_read_lock();
	verdict = spg_policy_verdict(&rcu_dereference(live)->policy, op, facts);
	rcu_read_unlock();
	return verdict;
}

/**
 * spg_live_group() - the group whose members are trusted
 *
 * Any context; no lock.
 *
 * Return: its gid in the initial user namespace, or SPG_NO_GROUP.
 */
unsigned int spg_live_group(void)
{
	unsigned int group;

	rcu_read_lock();
	group = rcu_dereference(live)->policy.group;
	rcu_read_unlock();
	return group;
}

/**
 * spg_live_lists_fs() - is this file system on the list of those that are trusted?
 * @name: the name of its type
 *
 * Any context; no lock.
 *
 * Return: whether it is.
 */
bool spg_live_lists_fs(const char *name)
{
	bool listed;

	rcu_read_lock();
	listed = spg_policy_lists_fs(&rcu_dereference(live)->policy, name);
	rcu_read_unlock();
	return listed;
}

/**
 * spg_live_lists_net() - is this protocol on the list of those that are trusted?
 * @net: the protocol
 *
 * Any context; no lock.
 *
 * Return: whether it is.
 */
bool spg_live_lists_net(enum spg_net net)
{
	bool listed;

	rcu_read_lock();
	listed = spg_policy_lists_net(&rcu_dereference(live)->policy, net);
	rcu_read_unlock();
	return listed;
}

/**
 * spg_live_is_locked() - is nothing to be loosened any more?
 *
 * Any context; no lock.
 *
 * Return: whether it is so.
 */
bool spg_live_is_locked(void)
{
	bool locked;

	rcu_read_lock();
	locked = rcu_dereference(live)->policy.locked;
	rcu_read_unlock();
	return locked;
}

/**
 * spg_live_get() - the policy in force
 * @policy: where it is copied to
 *
 * Any context; no lock.
 */
void spg_live_get(struct spg_policy *policy)
{
	rcu_read_lock();
	*policy = rcu_dereference(live)->policy;
	rcu_read_unlock();
}

static struct snapshot *in_force(void)
{
	return rcu_dereference_protected(live, lockdep_is_held(&change_mutex));
}

static void take_parts(struct spg_policy *to, const struct spg_policy *from, unsigned int parts)
{
	struct spg_policy old = *to;

	if (parts & SPG_PART_TRUST)
		*to = *from;
	to->modes = parts & SPG_PART_MODES ? from->modes : old.modes;
	to->group = parts & SPG_PART_GROUP ? from->group : old.group;
	to->locked = parts & SPG_PART_LOCKED ? from->locked : old.locked;
}

/* Register, publish, remove. The caller frees the old snapshot, or on failure the new one. */
static int transition(struct snapshot *next)
{
	const struct spg_policy *policy = &next->policy;
	bool off = spg_policy_is_off(policy);
	int err;

	WRITE_ONCE(spg_live_changes, spg_live_changes + 1);
	/* Pairs with spg_live_unchanged(): who sees any of what follows sees that it began. */
	smp_wmb();
	err = spg_hooks_add(policy);
	if (!err) {
		if (!off)
			spg_inflight_unpin();
		publish(next);
		spg_hooks_remove(policy);
	}
	/* Also where hooks were there for a moment: a call may have come in. */
	if (spg_policy_is_off(&in_force()->policy))
		spg_inflight_pin();
	/* Pairs with spg_live_count(): who sees that it has ended sees all of it. */
	smp_store_release(&spg_live_changes, spg_live_changes + 1);
	return err;
}

/* To a policy that locks. Not in a module that is on its way out already. */
static int lock_transition(struct snapshot *next)
{
	int err;

	if (!try_module_get(THIS_MODULE))
		return -EBUSY;
	err = transition(next);
	if (err)
		module_put(THIS_MODULE);
	return err;
}

static void free_snapshot(struct snapshot *snapshot)
{
	if (snapshot != &nothing)
		kfree_rcu(snapshot, rcu);
}

/**
 * spg_live_change() - put a policy, or parts of one, in force
 * @wanted: the policy
 * @parts: which parts of it to take, SPG_PART_*; the rest stays as it is
 * @before: where the policy goes that was in force until then
 *
 * Once it is locked, the module holds a reference to itself for ever. Sleeps. When it returns 0,
 * calls that begin from now on follow the new policy.
 *
 * Return: 0, -EPERM where a lock forbids it, -EBUSY where the module is being unloaded, -ENOMEM, or
 * the error of spg_hooks_add(); on error the old policy is in force.
 */
int spg_live_change(const struct spg_policy *wanted, unsigned int parts, struct spg_policy *before)
{
	struct snapshot *next = kzalloc(sizeof(*next), GFP_KERNEL);
	struct snapshot *old;
	int err;

	if (!next)
		return -ENOMEM;
	mutex_lock(&change_mutex);
	old = in_force();
	*before = old->policy;
	next->policy = old->policy;
	take_parts(&next->policy, wanted, parts);
	if (old->policy.locked && spg_policy_loosens(&old->policy, &next->policy))
		err = -EPERM;
	else if (next->policy.locked && !old->policy.locked)
		err = lock_transition(next);
	else
		err = transition(next);
	mutex_unlock(&change_mutex);
	free_snapshot(err ? next : old);
	return err;
}

/**
 * spg_live_show_hooks() - which hooks are in place now
 * @text: where that goes, a page; see spg_hooks_show()
 *
 * Waits for a change that is under way. Sleeps.
 *
 * Return: the length of the text, or -EINTR for a task that is to die.
 */
ssize_t spg_live_show_hooks(char *text)
{
	ssize_t len;

	if (mutex_lock_killable(&change_mutex))
		return -EINTR;
	len = spg_hooks_show(&in_force()->policy, text);
	mutex_unlock(&change_mutex);
	return len;
}

/**
 * spg_live_end() - put nothing in force, for good
 *
 * For the module's exit, and for an init that fails after all: no lock is asked then. Sleeps.
 */
void spg_live_end(void)
{
	struct snapshot *old;

	mutex_lock(&change_mutex);
	old = in_force();
	transition(&nothing);
	if (old->policy.locked)
		module_put(THIS_MODULE);
	mutex_unlock(&change_mutex);
	free_snapshot(old);
}
