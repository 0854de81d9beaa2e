// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fragments: pages of socket buffers that have been sent, used again.
 *
 * A send copies into a piece of memory that its task keeps for that (task_frag), and takes another
 * one from the allocator when it is full. Where that clears all that it gives (init_on_alloc), it
 * costs as much as the copy. The kernel begins a full one again where nobody else has it any more,
 * but what was sent last is still on its way (net/core/sock.c, skb_page_frag_refill()). So each
 * processor keeps those that it has filled last, as many as a TCP connection may have on its way,
 * and whoever has filled one more gets the oldest of them for it, if that has arrived by then.
 *
 * They are what send() allocates: of no file, in no process, and whoever has one holds a reference
 * to it. All that anybody gets to see of one is written first. No cgroup is charged for them.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/topology.h>
#include <linux/workqueue.h>
#include <net/sock.h>
#include "frags.h"

/* As net/core/sock.c has them. Where memory is short it takes single pages; those are not kept. */
#define FRAG_SIZE (PAGE_SIZE > SZ_32K ? PAGE_SIZE : SZ_32K)
/* Less than this is not worth a send of its own. */
#define FRAG_REST (FRAG_SIZE / 8)
/* As much as net.ipv4.tcp_wmem lets a connection have, unless somebody changes it. */
#define RING_MAX (SZ_4M / FRAG_SIZE)
/* All processors together keep at most one part in so many of the machine's memory, */
#define MEMORY_PARTS 256
/* and none what it has not used for one to two times as long. */
#define IDLE_TIME (30 * HZ)

/**
 * struct ring - what one processor keeps
 * @turn: counts up; its place is the oldest one's
 * @seen: @turn, when it was looked whether it still does
 * @late: how many turns it is since one could be used
 * @pages: the pages; NULL where there is none
 */
struct ring {
	unsigned int turn;
	unsigned int seen;
	unsigned int late;
	struct page *pages[RING_MAX];
};

static DEFINE_PER_CPU(struct ring, rings);

/* How many places there are, a power of two. */
static unsigned int ring_size;

static void free_idle(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(idle_work, free_idle);

/* Also while its processor uses it. */
static void empty_ring(struct ring *ring)
{
	unsigned int i;

	for (i = 0; i < ring_size; i++) {
		struct page *page = xchg(&ring->pages[i], NULL);

		if (page)
			put_page(page);
	}
}

/* Is pending whenever there may be a page in a ring: see renew(). */
static void free_idle(struct work_struct *work)
{
	bool again = false;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ring *ring = per_cpu_ptr(&rings, cpu);
		unsigned int turn = READ_ONCE(ring->turn);

		if (turn == ring->seen) {
			empty_ring(ring);
		} else {
			ring->seen = turn;
			again = true;
		}
	}
	if (again)
		schedule_delayed_work(&idle_work, IDLE_TIME);
}

/* As dev_page_is_reusable() asks, since 5.13; and what is freed may have to be cleared. */
static bool may_be_kept(const struct page_frag *frag)
{
	return frag->size == FRAG_SIZE && page_to_nid(frag->page) == numa_mem_id() &&
	       !page_is_pfmemalloc(frag->page) && !want_init_on_free();
}

/*
 * A page that is still on its way at its turn is left for the next one, unless all were for a whole
 * round: slow receivers would keep the ring from ever being of use.
 */
static void renew(struct page_frag *frag)
{
	struct ring *ring = get_cpu_ptr(&rings);
	struct page **place = &ring->pages[ring->turn % ring_size];
	struct page *got = xchg(place, frag->page);
	bool filled = frag->page && !got;
	bool free = got && page_ref_count(got) == 1;

	WRITE_ONCE(ring->turn, ring->turn + 1);
	if (free) {
		ring->late = 0;
	} else if (got && ring->late++ < ring_size) {
		got = xchg(place, got);
		filled = !got;
	}
	put_cpu_ptr(&rings);
	if (filled)
		schedule_delayed_work(&idle_work, IDLE_TIME);
	if (got && !free) {
		put_page(got);
		got = NULL;
	}
	frag->page = got;
	frag->offset = 0;
	frag->size = got ? FRAG_SIZE : 0;
}

/**
 * spg_frags_renew() - before a send: see that its fragment has room
 * @sk: the socket, one that copies into fragments
 * @len: how much there is to send
 *
 * In task context, where current does not send already. Does not sleep.
 *
 * Return: how much of @len to send at once, so that what comes next gets such a fragment, too.
 */
size_t spg_frags_renew(struct sock *sk, size_t len)
{
	struct page_frag *frag = &current->task_frag;
	size_t room = frag->page ? frag->size - frag->offset : 0;

	if (sk_page_frag(sk) != frag || (frag->page && !may_be_kept(frag)))
		return len;
	if (room < min_t(size_t, len, FRAG_REST)) {
		renew(frag);
		room = FRAG_SIZE;
	}
	return min(len, room);
}

/**
 * spg_frags_init() - find out how many fragments may be kept
 *
 * For the module's init.
 */
void spg_frags_init(void)
{
	unsigned long pages = totalram_pages() / MEMORY_PARTS / num_possible_cpus();

	ring_size = rounddown_pow_of_two(clamp(pages * PAGE_SIZE / FRAG_SIZE, 1UL, RING_MAX));
}

/**
 * spg_frags_exit() - free all that is kept
 *
 * For the module's exit: nobody sends any more. Sleeps.
 */
void spg_frags_exit(void)
{
	int cpu;

	cancel_delayed_work_sync(&idle_work);
	for_each_possible_cpu(cpu)
		empty_ring(per_cpu_ptr(&rings, cpu));
}
