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

/* The parts of a policy, one for each knob. */
#define SPG_PART_MODES	BIT(0)
#define SPG_PART_TRUST	BIT(1)
#define SPG_PART_GROUP	BIT(2)
#define SPG_PART_LOCKED	BIT(3)
#define SPG_PART_ALL	(SPG_PART_MODES | SPG_PART_TRUST | SPG_PART_GROUP | SPG_PART_LOCKED)

enum spg_verdict spg_live_consider(enum spg_op op, unsigned int facts, unsigned int *asked);
unsigned int spg_live_asks(enum spg_op op);
enum spg_verdict spg_live_verdict(enum spg_op op, unsigned int facts);
unsigned int spg_live_group(void);
bool spg_live_lists_fs(const char *name);
bool spg_live_lists_net(enum spg_net net);
bool spg_live_is_locked(void);
void spg_live_get(struct spg_policy *policy);
int spg_live_change(const struct spg_policy *wanted, unsigned int parts, struct spg_policy *before);
ssize_t spg_live_show_hooks(char *text);
void spg_live_end(void);

#endif
