/* SPDX-License-Identifier: GPL-2.0-only */
/* io_uring, a request at a time, by bare system calls. */
#ifndef SPG_URING_H
#define SPG_URING_H

#include <linux/io_uring.h>
#include "calls.h"

/* As linux/io_uring.h calls them, but for Debian 11's, which does not know them yet. */
#define URING_SEND_ZC 47
#define URING_SENDMSG_ZC 48
#define URING_FIXED_BUF (1U << 2)
#define URING_CQE_NOTIF (1U << 3)

struct uring {
	int fd;
	struct io_uring_params params;
	char *rings;
	size_t rings_len;
	struct io_uring_sqe *sqes;
};

/* @entries is a power of two. */
static inline int uring_open_of(struct uring *ring, unsigned int entries)
{
	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(__NR_io_uring_setup, entries, &ring->params);
	if (ring->fd < 0)
		return -1;
	/* One mapping for both rings, since 5.4; not a byte too long, for 5.10. */
	ring->rings_len = ring->params.cq_off.cqes + ring->params.cq_entries * sizeof(struct io_uring_cqe);
	ring->rings = mmap(NULL, ring->rings_len, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, entries * sizeof(*ring->sqes), PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	if (ring->rings == MAP_FAILED || ring->sqes == MAP_FAILED)
		die("io_uring mmap");
	return 0;
}

static inline int uring_open(struct uring *ring)
{
	return uring_open_of(ring, 4);
}

/* The next completion, which lasts until the one after the next is asked for. */
static inline struct io_uring_cqe *uring_next(struct uring *ring)
{
	unsigned int *head = (void *)(ring->rings + ring->params.cq_off.head);
	unsigned int *tail = (void *)(ring->rings + ring->params.cq_off.tail);
	struct io_uring_cqe *cqes = (void *)(ring->rings + ring->params.cq_off.cqes);
	unsigned int slot = *head & (ring->params.cq_entries - 1);

	while (__atomic_load_n(tail, __ATOMIC_ACQUIRE) == *head)
		if (syscall(__NR_io_uring_enter, ring->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0 && errno != EINTR)
			die("io_uring_enter");
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return &cqes[slot];
}

/* Submit @sqe, and wait until there is a completion, whosever. */
static inline int uring_submit(struct uring *ring, const struct io_uring_sqe *sqe)
{
	unsigned int *sq_tail = (void *)(ring->rings + ring->params.sq_off.tail);
	unsigned int *sq_array = (void *)(ring->rings + ring->params.sq_off.array);
	unsigned int slot = *sq_tail & (ring->params.sq_entries - 1);

	ring->sqes[slot] = *sqe;
	sq_array[slot] = slot;
	__atomic_store_n(sq_tail, *sq_tail + 1, __ATOMIC_RELEASE);
	return syscall(__NR_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

/* Submit @sqe, wait for it, return its result; errors as errno and -1. */
static inline ssize_t uring_do(struct uring *ring, const struct io_uring_sqe *sqe)
{
	ssize_t ret;

	if (uring_submit(ring, sqe) < 0)
		return -1;
	ret = uring_next(ring)->res;
	if (ret < 0) {
		errno = -ret;
		return -1;
	}
	return ret;
}

static inline void uring_close(struct uring *ring)
{
	munmap(ring->rings, ring->rings_len);
	munmap(ring->sqes, ring->params.sq_entries * sizeof(*ring->sqes));
	close(ring->fd);
}

#endif
