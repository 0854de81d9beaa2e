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
#include <linux/string.h>
#include "stash.h"

#define STASH_PAGES 16

/*
 * What no pointer begins with and no small number, see spg_stash_owner(). Who else makes such
 * buffers leaves what was in memory in their private (skb_splice_bits()), so it may happen to be
 * one of these; the page is its buffer's alone nevertheless.
 */
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

/* Not with preemption off: on PREEMPT_RT freeing may sleep. */
static void put_pages(struct page **pages, unsigned int count)
{
	while (count)
		put_page(pages[--count]);
}

/**
 * spg_stash_give() - drop a reference to a page, which is kept if it was the last
 * @page: a page that was private, and may be known to others now
 * @owner: what spg_stash_owner() said when it was allocated
 *
 * Any context.
 */
noinline void spg_stash_give(struct page *page, unsigned long owner)
{
	struct page *old[STASH_PAGES + 1];
	unsigned int old_count = 0;
	struct stash *own;

	if (!in_task() || !owner || owner != spg_stash_owner() || page_count(page) != 1 ||
	    PageCompound(page) || PageHWPoison(page) || want_init_on_free()) {
		put_page(page);
		return;
	}
	own = get_cpu_ptr(&stash);
	if (own->owner != owner) {
		old_count = own->count;
		memcpy(old, own->pages, old_count * sizeof(*old));
		own->count = 0;
		own->owner = owner;
	}
	if (own->count < STASH_PAGES)
		own->pages[own->count++] = page;
	else
		old[old_count++] = page;
	put_cpu_ptr(&stash);
	put_pages(old, old_count);
}

/**
 * spg_stash_empty() - free all that is kept
 *
 * For the module's exit: nobody gives or takes any more.
 */
void spg_stash_empty(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct stash *own = per_cpu_ptr(&stash, cpu);

		put_pages(own->pages, own->count);
		own->count = 0;
	}
}
