/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls in flight: how many stand-ins run, and how many pipe buffers have our operations, so that
 * the module's text stays while one of them needs it.
 */
#ifndef SPG_INFLIGHT_H
#define SPG_INFLIGHT_H

#include <linux/percpu.h>

struct spg_inflight {
	unsigned long entered;
	unsigned long left;
};

DECLARE_PER_CPU(struct spg_inflight, spg_inflight);

/**
 * spg_inflight_enter() - one more needs the module's text
 *
 * Any context. Writes memory of this processor only.
 */
static __always_inline void spg_inflight_enter(void)
{
	this_cpu_inc(spg_inflight.entered);
}

void spg_inflight_leave(void);
bool spg_inflight_idle(void);
void spg_inflight_pin(void);
void spg_inflight_unpin(void);
void spg_inflight_drain(void);

#endif
