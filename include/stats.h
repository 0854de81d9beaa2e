/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters, per processor, and the files that show their sums: /sys/kernel/spliceguard/OP/COUNTER.
 */
#ifndef SPG_STATS_H
#define SPG_STATS_H

#include <linux/percpu.h>
#include "policy.h"

struct kobject;

enum spg_counter {
	SPG_PASSED,
	SPG_TRUSTED,
	SPG_COPIED,
	SPG_REFUSED,
	SPG_BYTES_COPIED,
	SPG_COUNTERS
};

struct spg_stats {
	unsigned long count[SPG_OPS][SPG_COUNTERS];
};

DECLARE_PER_CPU(struct spg_stats, spg_stats);

/**
 * spg_count() - add to a counter
 * @op: the operation
 * @counter: which of its counters
 * @amount: how much
 *
 * Any context. Writes memory of this processor only.
 */
static inline void spg_count(enum spg_op op, enum spg_counter counter, unsigned long amount)
{
	this_cpu_add(spg_stats.count[op][counter], amount);
}

int spg_stats_init(struct kobject *root);
void spg_stats_exit(void);

#endif
