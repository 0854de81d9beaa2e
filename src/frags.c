// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fragments: memory of socket buffers that has been sent, used again.
 *
 * A send copies into a piece of memory that its task keeps for that (task_frag), and takes another
 * one from the allocator when it is full. Where that clears all that it gives (init_on_alloc), it
 * costs as much as the copy. The kernel begins a full one again where nobody else has it any more,
 * but what was sent last is still on its way (net/core/sock.c, skb_page_frag_refill()). So each
 * processor keeps those that it has used last, as many as a TCP connection may have on its way, and
 * whoever has one more without the room that he needs gets the oldest of them for it, if that has
 * arrived by then.
 *
 * They are what send() allocates: of no file, in no process, and whoever has one holds a reference
 * to it. All that anybody gets to see of one is written first; and they stay with the cgroup whose
 * tasks filled them, so that not even a mistake in that carries data from one container to another.
 * No cgroup is charged for them.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/topology.h>
#include <linux/workqueue.h>
#include <net/sock.h>
#include "frags.h"
#include "stash.h"

/* As net/core/sock.c has them. Where memory is short it takes single pages; those are not kept. */
#define FRAG_SIZE SPG_FRAGS_SIZE
/* As much as net.ipv4.tcp_wmem lets a connection have, unless somebody changes it. */
#define RING_MAX (SZ_4M / FRAG_SIZE)
/* All processors together keep at most one part in so many of the machine's memory. */
#define MEMORY_PARTS 256
/* In rounds of a ring, see exchange(). */
#define PATIENCE 4
/* A processor on which nobody has needed one for this long, at most twice, keeps none. */
#define IDLE_TIME (30 * HZ)

/**
 * struct ring - what one processor keeps
 * @lock: for all of it; others than the processor itself take it once in IDLE_TIME
 * @owner: whose they are, see spg_stash_owner()
 * @strangers: how often others came since its owner did
 * @turn: counts up; its place is the oldest one's
 * @seen: @turn, when it was looked whether it still does
 * @late: how many turns it is since one could be used
 * @count: how many there are
 * @pages: they, and NULL
 */
struct ring {
	spinlock_t lock; /* for all of it */
	unsigned long owner;
	unsigned int strangers;
	unsigned int turn;
	unsigned int seen;
	unsigned int late;
	unsigned int count;
	struct page *pages[RING_MAX];
};

static DEFINE_PER_CPU(struct ring, rings);

/* How many places there are, a power of two. */
static unsigned int ring_size;

static void free_idle(struct work_struct *work);
static DECLARE_DELAYED_WORK(idle_work, free_idle);

static void drop_at(struct ring *ring, unsigned int place)
{
	if (!ring->pages[place])
		return;
	put_page(ring->pages[place]);
	ring->pages[place] = NULL;
	ring->count--;
}

static void drop_all(struct ring *ring)
{
	unsigned int i;

	for (i = 0; i < ring_size; i++)
		drop_at(ring, i);
}

static bool is_poisoned(struct page *page)
{
	unsigned int i;

	for (i = 0; i < FRAG_SIZE / PAGE_SIZE; i++)
		if (PageHWPoison(page + i))
			return true;
	return false;
}

/* Returns whether it keeps some. */
static bool look_after(struct ring *ring)
{
	unsigned int i;

	if (ring->turn == ring->seen)
		drop_all(ring);
	ring->seen = ring->turn;
	for (i = 0; i < ring_size; i++)
		if (ring->pages[i] && is_poisoned(ring->pages[i]))
			drop_at(ring, i);
	return ring->count;
}

/* Is pending whenever a ring keeps some: see exchange(). */
static void free_idle(struct work_struct *work)
{
	bool again = false;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ring *ring = per_cpu_ptr(&rings, cpu);

		spin_lock(&ring->lock);
		again |= look_after(ring);
		spin_unlock(&ring->lock);
		cond_resched();
	}
	if (again)
		schedule_delayed_work(&idle_work, IDLE_TIME);
}

/*
 * Whether a ring is this owner's, or is now: what an owner kept who does not come any more goes.
 */
static bool claim(struct ring *ring, unsigned long owner)
{
	if (ring->owner == owner) {
		ring->strangers = 0;
		return true;
	}
	if (ring->count && ring->strangers++ < ring_size)
		return false;
	drop_all(ring);
	ring->owner = owner;
	ring->strangers = 0;
	return true;
}

/*
 * Keep a page, or NULL, for which the oldest is given if it has arrived, and nothing where a place
 * is free. One that is still on its way at its turn is left for the next one, unless all were for a
 * whole round, or for PATIENCE rounds if this page is not full: slow receivers would keep the ring
 * from ever being of use.
 *
 * Returns whether it did; *page is what the caller has now.
 */
static bool exchange(struct ring *ring, struct page **page, bool full)
{
	struct page **place = &ring->pages[ring->turn++ % ring_size];

	if (*place && page_ref_count(*place) != 1) {
		if (ring->late++ < (full ? ring_size : PATIENCE * ring_size))
			return false;
		drop_at(ring, place - ring->pages);
	} else if (*place) {
		ring->late = 0;
		ring->count--;
	}
	swap(*place, *page);
	if (*place)
		ring->count++;
	return true;
}

/* As dev_page_is_reusable() asks, since 5.13. */
static bool may_be_kept(const struct page_frag *frag)
{
	return frag->size == FRAG_SIZE && page_to_nid(frag->page) == numa_mem_id() &&
	       !page_is_pfmemalloc(frag->page);
}

/* Returns whether the fragment has room, or none at all. */
static bool renew(struct page_frag *frag, bool full)
{
	unsigned long owner = spg_stash_owner();
	struct ring *ring = raw_cpu_ptr(&rings);
	bool was_empty, is_first, exchanged;

	if (!owner)
		return false;
	spin_lock(&ring->lock);
	was_empty = !ring->count;
	exchanged = claim(ring, owner) && exchange(ring, &frag->page, full);
	is_first = was_empty && ring->count;
	spin_unlock(&ring->lock);
	if (is_first)
		schedule_delayed_work(&idle_work, IDLE_TIME);
	if (!exchanged)
		return false;
	frag->offset = 0;
	frag->size = frag->page ? FRAG_SIZE : 0;
	return true;
}

/**
 * spg_frags_renew() - before a send: see that its fragment has room
 * @sk: the socket, one that copies into fragments
 * @len: how much there is to send
 * @least: how much room to be content with
 *
 * In task context, also within a send that is about to ask for its fragment: nobody keeps what he
 * has seen of it from before. Takes a lock of the processor's own.
 *
 * Return: how much of @len to send at once, so that what comes next gets such a fragment, too.
 */
size_t spg_frags_renew(struct sock *sk, size_t len, size_t least)
{
	struct page_frag *frag = &current->task_frag;
	size_t room = 0;

	/* What is freed may have to be cleared. */
	if (want_init_on_free() || sk_page_frag(sk) != frag || (frag->page && !may_be_kept(frag)))
		return len;
	if (frag->page) {
		/* As skb_page_frag_refill() does. */
		if (page_ref_count(frag->page) == 1)
			frag->offset = 0;
		room = frag->size - frag->offset;
	}
	if (room >= min(len, least))
		return min(len, room);
	return renew(frag, room < SPG_FRAGS_REST) ? min_t(size_t, len, FRAG_SIZE) : len;
}

#ifdef SPG_HAVE_DIRECT
/**
 * spg_frags_claim() - take a piece of the task's fragment, to be written before it is sent
 * @sk: the TCP socket that it will be sent to
 * @len: how long it is to be, at most SPG_FRAGS_PIECE
 * @piece: the piece
 *
 * What is sent meanwhile in this task's name gets what comes after it. May sleep.
 *
 * Return: 0, and the caller has a reference to the piece's page, for spg_frags_settle(); or
 * -ENOMEM, also where this socket uses another fragment, and the piece is not to be used.
 */
noinline int spg_frags_claim(struct sock *sk, size_t len, struct bio_vec *piece)
{
	struct page_frag *frag = &current->task_frag;

	if (sk_page_frag(sk) != frag)
		return -ENOMEM;
	spg_frags_renew(sk, len, len);
	if (!skb_page_frag_refill(len, frag, sk->sk_allocation) || frag->size - frag->offset < len)
		return -ENOMEM;
	piece->bv_page = frag->page;
	piece->bv_offset = frag->offset;
	piece->bv_len = len;
	get_page(piece->bv_page);
	frag->offset += len;
	return 0;
}

/**
 * spg_frags_settle() - give back what was not sent of a piece
 * @piece: the piece
 * @sent: how much was sent
 *
 * In the task that claimed it.
 */
noinline void spg_frags_settle(const struct bio_vec *piece, size_t sent)
{
	struct page_frag *frag = &current->task_frag;

	if (frag->page == piece->bv_page && frag->offset == piece->bv_offset + piece->bv_len)
		frag->offset = piece->bv_offset + sent;
	put_page(piece->bv_page);
}
#endif

/**
 * spg_frags_init() - find out how many fragments may be kept
 *
 * For the module's init.
 */
void spg_frags_init(void)
{
	unsigned long pages = totalram_pages() / MEMORY_PARTS / num_possible_cpus();
	int cpu;

	for_each_possible_cpu(cpu)
		spin_lock_init(per_cpu_ptr(&rings.lock, cpu));
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
		drop_all(per_cpu_ptr(&rings, cpu));
}
