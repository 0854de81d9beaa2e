// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy in force. A change is one transition under one mutex: register the hooks that the new
 * policy needs, publish it, then remove those it does not need. On any failure the old policy
 * stays, whole.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include "hooks.h"
#include "inflight.h"
#include "live.h"

struct spg_policy spg_live;
unsigned int spg_live_changes;

static DEFINE_MUTEX(change_mutex);

/**
 * spg_live_change() - put a policy in force
 * @policy: the policy
 *
 * Sleeps. When it returns 0, calls that begin from now on follow @policy.
 *
 * Return: 0, or the error of spg_hooks_add() with the old policy in force.
 */
int spg_live_change(struct spg_policy policy)
{
	const struct spg_policy off = spg_policy_uniform(SPG_OFF);
	int err;

	mutex_lock(&change_mutex);
	WRITE_ONCE(spg_live_changes, spg_live_changes + 1);
	err = spg_hooks_add(policy);
	if (!err) {
		if (policy.modes != off.modes)
			spg_inflight_unpin();
		WRITE_ONCE(spg_live.modes, policy.modes);
		spg_hooks_remove(policy);
	}
	/* Also where hooks were there for a moment: a call may have come in. */
	if (spg_live.modes == off.modes)
		spg_inflight_pin();
	WRITE_ONCE(spg_live_changes, spg_live_changes + 1);
	mutex_unlock(&change_mutex);
	return err;
}
