/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy in force, and the change from one to the next.
 */
#ifndef SPG_LIVE_H
#define SPG_LIVE_H

#include <linux/compiler.h>
#include "policy.h"

extern struct spg_policy spg_live;

/* Grows at the beginning and at the end of each change, so who sees it unchanged saw no change. */
extern unsigned int spg_live_changes;

/**
 * spg_verdict() - what the policy in force says of a call
 * @op: the operation that the call is
 *
 * Any context; no lock.
 *
 * Return: the verdict.
 */
static inline enum spg_verdict spg_verdict(enum spg_op op)
{
	struct spg_policy policy = { .modes = READ_ONCE(spg_live.modes) };

	return spg_policy_verdict(policy, op);
}

/**
 * spg_verdict_inside() - what to do in a call that is under way
 * @op: the operation that it is
 *
 * Any context; no lock.
 *
 * Return: the verdict; but what would be refused today, and began under another mode, is copied.
 */
static inline enum spg_verdict spg_verdict_inside(enum spg_op op)
{
	enum spg_verdict verdict = spg_verdict(op);

	return verdict == SPG_REFUSE ? SPG_COPY : verdict;
}

int spg_live_change(struct spg_policy policy);

#endif
