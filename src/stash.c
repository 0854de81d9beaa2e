// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stash: pages that were private and are free again, kept for the next to need one. As a pipe
 * keeps two of those that it has been read of (fs/pipe.c, tmp_page), so each processor has a
 * pipeful here. An allocation costs as much as a copy where the kernel clears all that it allocates
 * (init_on_alloc), and here all that anybody gets to see of a page is written first.
 *
 * A page stays charged to the cgroup that it was allocated in, so nobody else gets it.
 */
#include <linux/cgroup.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include "stash.h"

#define STASH_PAGES 16

/* What no pointer begins with and no small number, see spg_stash_owner(). */
#define OWNER_BASE (0x5b1ceUL << 40)

/**
 * struct stash - what one processor has
 * @owner: whose pages they are
 * @count: how many
 * @pages: the pages
 */
struct stash {
	unsigned long owner;
	unsigned int count;
	struct page *pages[STASH_PAGES];
};

static DEFINE_PER_CPU(struct stash, stash);

/**
 * spg_stash_owner() - whom a page is charged to that current allocates now
 *
 * A number of its own for each cgroup that there ever is, not to be taken for anything else that
 * may be in a buffer's private. In task context.
 *
 * Return: that number, or 0: then its pages are for no stash.
 */
unsigned long spg_stash_owner(void)
{
	unsigned long owner = OWNER_BASE;

#ifdef CONFIG_MEMCG
	if (current->flags & PF_KTHREAD || current->active_memcg)
		return 0;
	rcu_read_lock();
	owner += task_css(current, memory_cgrp_id)->serial_nr;
	rcu_read_unlock();
#endif
	return owner;
}

/**
 * spg_stash_take() - get a page
 *
 * In task context; does not sleep.
 *
 * Return: a page, charged to current's cgroup, that nobody else knows and whose contents are to be
 * shown to nobody; or NULL.
 */
struct page *spg_stash_take(void)
{
	unsigned long owner = spg_stash_owner();
	struct stash *own = get_cpu_ptr(&stash);
	struct page *page = NULL;

	if (own->count && own->owner == owner)
		page = own->pages[--own->count];
	put_cpu_ptr(&stash);
	return page;
}

static void empty(struct stash *own)
{
	while (own->count)
		put_page(own->pages[--own->count]);
}

/**
 * spg_stash_give() - drop a reference to a page, which is kept if it was the last
 * @page: a page that was private, and may be known to others now
 * @owner: what spg_stash_owner() said when it was allocated
 *
 * Any context.
 */
void spg_stash_give(struct page *page, unsigned long owner)
{
	struct stash *own;

	if (!in_task() || !owner || owner != spg_stash_owner() || page_count(page) != 1 ||
	    PageCompound(page)) {
		put_page(page);
		return;
	}
	own = get_cpu_ptr(&stash);
	if (own->owner != owner)
		empty(own);
	own->owner = owner;
	if (own->count < STASH_PAGES)
		own->pages[own->count++] = page;
	else
		put_page(page);
	put_cpu_ptr(&stash);
}

/**
 * spg_stash_empty() - free all that is kept
 *
 * For the module's exit: nobody gives or takes any more.
 */
void spg_stash_empty(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		empty(per_cpu_ptr(&stash, cpu));
}
