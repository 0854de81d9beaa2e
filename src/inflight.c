// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls in flight. A stand-in may sleep for hours in the original, and the page of a vmspliced
 * buffer may wait in a pipe as long, so both are counted, per processor: a module reference for
 * each call would make all processors write one cache line.
 *
 * Entries and exits are counted apart, and the exits are summed first: where the sums agree, there
 * was a moment between the two with nothing in flight (as SRCU does it, kernel/rcu/srcutree.c,
 * srcu_readers_active_idx_check()).
 */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include "inflight.h"

DEFINE_PER_CPU(struct spg_inflight, spg_inflight);

/* Whether the module holds a reference to itself until nothing is in flight. */
static int pinned;

/**
 * spg_inflight_idle() - is nothing in flight?
 *
 * Any context. The answer is exact for a moment during the call; it lasts only where no hook lets
 * new calls in.
 *
 * Return: true if there was a moment with no stand-in running and no buffer of ours in a pipe.
 */
bool spg_inflight_idle(void)
{
	unsigned long entered = 0, left = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		left += READ_ONCE(per_cpu(spg_inflight.left, cpu));
	smp_mb(); /* the exits before the entries: see above */
	for_each_possible_cpu(cpu)
		entered += READ_ONCE(per_cpu(spg_inflight.entered, cpu));
	return entered == left;
}

/**
 * spg_inflight_unpin() - drop the reference of spg_inflight_pin(), if it is still held
 *
 * Any context.
 */
void spg_inflight_unpin(void)
{
	if (xchg(&pinned, 0))
		module_put(THIS_MODULE);
}

/**
 * spg_inflight_leave() - one less needs the module's text
 *
 * Any context. The caller may not touch anything of the module afterwards but its own return.
 */
noinline void spg_inflight_leave(void)
{
	/*
	 * Either spg_inflight_pin() waits for this section, as for all that runs with preemption
	 * off, and then sees the exit, or the exit sees that it pinned.
	 */
	preempt_disable();
	this_cpu_inc(spg_inflight.left);
	if (unlikely(READ_ONCE(pinned))) {
		smp_mb(); /* of two last exits, one sees the other */
		if (spg_inflight_idle())
			spg_inflight_unpin();
	}
	preempt_enable();
}

/**
 * spg_inflight_pin() - keep the module from unloading until nothing is in flight
 *
 * For when the last hook is gone: from here on the number only falls. The module's exit waits for
 * the caller, a writer of the knob, or is the caller. May sleep.
 */
void spg_inflight_pin(void)
{
	if (spg_inflight_idle())
		return;
	/* The reference first: whoever sees the pin may drop it at once. */
	__module_get(THIS_MODULE);
	if (xchg(&pinned, 1)) {
		module_put(THIS_MODULE);
		return;
	}
	synchronize_rcu();
	if (spg_inflight_idle())
		spg_inflight_unpin();
}

/**
 * spg_inflight_drain() - wait until nothing is in flight and no stand-in is on its way out
 *
 * For the module's exit, when no hook is left. Sleeps.
 */
void spg_inflight_drain(void)
{
	while (!spg_inflight_idle())
		schedule_timeout_idle(HZ / 50);
	synchronize_rcu();
	synchronize_rcu_tasks();
}
