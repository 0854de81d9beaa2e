/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy in force, and the change from one to the next.
 */
#ifndef SPG_LIVE_H
#define SPG_LIVE_H

#include <linux/compiler.h>
#include <asm/barrier.h>
#include "policy.h"

/* Grows at the beginning and at the end of each change, so who sees it unchanged saw no change. */
extern unsigned int spg_live_changes;

/**
 * spg_live_count() - how often what is in force has begun or ended to change; odd in between
 *
 * Return: the count, for spg_live_unchanged(); what is read after it is no older.
 */
static inline unsigned int spg_live_count(void)
{
	/* Pairs with the release in transition(). */
	return smp_load_acquire(&spg_live_changes);
}

/**
 * spg_live_unchanged() - has nothing changed, nor begun to, since then?
 * @count: what spg_live_count() said then
 *
 * Return: true if all that was read between is of one and the same state.
 */
static inline bool spg_live_unchanged(unsigned int count)
{
	/* Pairs with the barrier in transition(). */
	smp_rmb();
	return !(count & 1) && count == READ_ONCE(spg_live_changes);
}

/*
 * What is known beforehand of every call of an operation: what would be worth to find out (the low
 * bits) and the verdict where nothing is known. One word, so both are of one policy.
 */
extern unsigned int spg_live_outlook[SPG_OPS];
#define SPG_OUTLOOK_VERDICT 8
static_assert(SPG_ALL_FACTS < BIT(SPG_OUTLOOK_VERDICT));

/* The parts of a policy, one for each knob. */
#define SPG_PART_MODES	BIT(0)
#define SPG_PART_TRUST	BIT(1)
#define SPG_PART_GROUP	BIT(2)
#define SPG_PART_LOCKED	BIT(3)
#define SPG_PART_ALL	(SPG_PART_MODES | SPG_PART_TRUST | SPG_PART_GROUP | SPG_PART_LOCKED)

enum spg_verdict spg_live_verdict_on(enum spg_op op, unsigned int facts);
unsigned int spg_live_group(void);
bool spg_live_lists_fs(const char *name);
bool spg_live_lists_net(enum spg_net net);
bool spg_live_is_locked(void);
void spg_live_get(struct spg_policy *policy);
int spg_live_change(const struct spg_policy *wanted, unsigned int parts, struct spg_policy *before);
ssize_t spg_live_show_hooks(char *text);
void spg_live_end(void);

/**
 * spg_live_consider() - what the policy in force says of a call so far
 * @op: the operation that the call is
 * @facts: what is known of it
 * @asked: what else would be worth to find out; see spg_live_asks()
 *
 * Any context; no lock.
 *
 * Return: the verdict.
 */
static inline enum spg_verdict spg_live_consider(enum spg_op op, unsigned int facts,
						 unsigned int *asked)
{
	unsigned int outlook = READ_ONCE(spg_live_outlook[op]);

	*asked = outlook & SPG_ALL_FACTS;
	return likely(!(facts & *asked)) ? outlook >> SPG_OUTLOOK_VERDICT :
					   spg_live_verdict_on(op, facts);
}

/**
 * spg_live_only_logs() - does every call of an operation pass, whatever may be known of it?
 * @op: the operation
 *
 * Any context; no lock.
 *
 * Return: whether it is so: log, and nothing is trusted.
 */
static inline bool spg_live_only_logs(enum spg_op op)
{
	return READ_ONCE(spg_live_outlook[op]) == SPG_PASS << SPG_OUTLOOK_VERDICT;
}

/**
 * spg_live_asks() - what has to be known of a call before there is a verdict
 * @op: the operation that the call is
 *
 * Any context; no lock.
 *
 * Return: facts that are worth to find out.
 */
static inline unsigned int spg_live_asks(enum spg_op op)
{
	return READ_ONCE(spg_live_outlook[op]) & SPG_ALL_FACTS;
}

/**
 * spg_live_verdict() - what the policy in force says of a call
 * @op: the operation that the call is
 * @facts: what is known of it. What a policy that came in force meanwhile would have asked for is
 *	not, and does not hold
 *
 * Any context; no lock.
 *
 * Return: the verdict.
 */
static inline enum spg_verdict spg_live_verdict(enum spg_op op, unsigned int facts)
{
	unsigned int asked;

	return spg_live_consider(op, facts, &asked);
}

#endif
