// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one call takes at least: a fixed sequence of calls, the least of many turns. Where a clock
 * counts instructions, that is nearly the same number each time.
 *
 *	percall works SIZE BATCH FILE	calls that move SIZE bytes, BATCH of them one after the other; without what is refused
 *	percall refused BATCH FILE	good calls, which the mode must refuse
 *	percall fails BATCH		the same calls, with descriptors that are none
 */
#include "bench.h"
#include "../uring.h"

#define TURNS 60

static struct {
	size_t size;
	int batch;
	int file;
	int pipe[2], other[2], tcp[2];
	bool zerocopy;
	struct uring ring;
	char *memory, *taken;
} c;

static ssize_t call_sendfile(void)
{
	off_t pos = 0;

	return sendfile(c.tcp[1], c.file, &pos, c.size);
}

static ssize_t call_splice_in(void)
{
	off_t pos = 0;

	return splice(c.file, &pos, c.pipe[1], NULL, c.size, 0);
}

static ssize_t call_splice_out(void)
{
	return splice(c.pipe[0], NULL, c.tcp[1], NULL, c.size, 0);
}

static ssize_t call_tee(void)
{
	return tee(c.pipe[0], c.other[1], c.size, 0);
}

static ssize_t call_vmsplice(void)
{
	struct iovec iov = { c.memory, c.size };

	return vmsplice(c.pipe[1], &iov, 1, 0);
}

static ssize_t call_zerocopy(void)
{
	/* It would be a plain one. */
	if (!c.zerocopy) {
		errno = EINVAL;
		return -1;
	}
	return send(c.tcp[1], c.memory, c.size, MSG_ZEROCOPY);
}

static ssize_t call_send(void)
{
	return send(c.tcp[1], c.memory, c.size, 0);
}

static ssize_t call_so_zerocopy(void)
{
	static const int on = 1;

	return setsockopt(c.tcp[1], SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on));
}

/* Without a socket, it fails where the module refuses it, and does not get as far as to notify. */
static ssize_t call_sendzc(void)
{
	struct io_uring_sqe sqe = {
		.opcode = URING_SEND_ZC, .fd = c.tcp[1], .addr = (uintptr_t)c.memory, .len = c.size,
		.__pad2 = { c.tcp[1] < 0 },
	};

	struct io_uring_cqe *cqe;

	uring_submit(&c.ring, &sqe);
	/* What is refused is notified of as well, and then that may still be there. */
	while ((cqe = uring_next(&c.ring))->flags & URING_CQE_NOTIF)
		;
	errno = -cqe->res;
	return cqe->res < 0 ? -1 : cqe->res;
}

/* Only with a splice that is let pass. */
static bool fill_pipe(void)
{
	for (int i = 0; i < c.batch; i++) {
		ssize_t ret = call_splice_in();

		if (ret < 0 && errno == EINVAL && !i)
			return false;
		if (ret != (ssize_t)c.size)
			die("splice");
	}
	return true;
}

static void drain(int fd)
{
	size_t len = c.batch * c.size;

	if (read_all(fd, c.taken, len) != len)
		die("drain");
}

static void drain_pipe(void)
{
	drain(c.pipe[0]);
}

static void drain_tcp(void)
{
	drain(c.tcp[0]);
}

/* A tee() takes what is in front, so the second one of a batch takes the same as the first. */
static void drain_tee(void)
{
	drain(c.pipe[0]);
	drain(c.other[0]);
}

static void drain_zerocopy(void)
{
	char control[128];
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };

	drain_tcp();
	while (recvmsg(c.tcp[1], &msg, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
		msg.msg_controllen = sizeof(control);
}

static const struct call {
	const char *name;
	bool (*prepare)(void);
	ssize_t (*call)(void);
	/* NULL for what only block changes. */
	void (*drain)(void);
	/* What it ends with in block, if it is refused, and with descriptors that are none. */
	int refusal, failure;
} calls[] = {
	{ "sendfile", NULL, call_sendfile, drain_tcp, EINVAL, EBADF },
	{ "splice-in", NULL, call_splice_in, drain_pipe, EINVAL, EBADF },
	{ "splice-out", fill_pipe, call_splice_out, drain_tcp, EINVAL, EBADF },
	{ "tee", fill_pipe, call_tee, drain_tee, EINVAL, EBADF },
	{ "vmsplice", NULL, call_vmsplice, drain_pipe, EINVAL, EBADF },
	{ "zerocopy", NULL, call_zerocopy, drain_zerocopy, 0, EBADF },
	{ "send", NULL, call_send, drain_tcp, 0, EBADF },
	{ "so-zerocopy", NULL, call_so_zerocopy, NULL, EOPNOTSUPP, EBADF },
	{ "sendzc", NULL, call_sendzc, NULL, EOPNOTSUPP, EINVAL },
};

static void swap_pipes(void)
{
	int pipe[2];

	memcpy(pipe, c.pipe, sizeof(pipe));
	memcpy(c.pipe, c.other, sizeof(pipe));
	memcpy(c.other, pipe, sizeof(pipe));
}

/*
 * @error is what each call must end with, or 0. Returns 0 for what is invalid instead from the first
 * one on: what should work and is refused, and what the kernel does not know.
 */
static uint64_t least_of(const struct call *call, int error)
{
	uint64_t least = UINT64_MAX;

	for (int turn = 0; turn < TURNS; turn++) {
		uint64_t before, spent;
		ssize_t ret = 0;
		int i;

		/* Two pipes are locked in the order of their addresses, which is chance, and one takes longer. */
		if (turn == TURNS / 2)
			swap_pipes();
		if (!error && call->prepare && !call->prepare())
			return 0;
		/* Raw: the other one is corrected now and then, which would be the least for ever. */
		before = nanoseconds(CLOCK_MONOTONIC_RAW);
		for (i = 0; i < c.batch; i++) {
			ret = call->call();
			if (error ? ret != -1 || errno != error : ret != (ssize_t)c.size)
				break;
		}
		spent = nanoseconds(CLOCK_MONOTONIC_RAW) - before;
		if (i < c.batch) {
			if (ret != -1 || errno != EINVAL || turn || i)
				die("%s", call->name);
			if (!error && call->prepare)
				drain_pipe();
			return 0;
		}
		if (!error)
			call->drain();
		if (spent < least)
			least = spent;
	}
	return least;
}

static void open_all(const char *file)
{
	static const int on = 1, room = 4 << 20;

	c.file = open(file, O_RDONLY);
	if (c.file < 0)
		die("%s", file);
	make_pipe(c.pipe);
	make_pipe(c.other);
	inet_pair(SOCK_STREAM, c.tcp);
	/* So that a batch has room; only root may. */
	setsockopt(c.tcp[0], SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(c.tcp[1], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	c.zerocopy = !setsockopt(c.tcp[1], SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on));
}

/*
 * One page of the largest size, if there is one: how many of a process's small pages lie side by
 * side is chance, and where they do, fewer have to be looked up.
 */
static char *side_by_side(size_t len)
{
	const size_t huge = 2 << 20;
	char *memory = mmap(NULL, 2 * huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || len > huge)
		die("mmap");
	memory += -(uintptr_t)memory % huge;
	madvise(memory, huge, MADV_HUGEPAGE);
	memset(memory, 1, huge);
	return memory;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	bool works = argc == 5 && !strcmp(what, "works");
	bool fails = argc == 3 && !strcmp(what, "fails");
	uint64_t least;

	if (!works && !fails && (argc != 4 || strcmp(what, "refused"))) {
		fprintf(stderr, "usage: percall works SIZE BATCH FILE | refused BATCH FILE | fails BATCH\n");
		return 64;
	}
	c.size = works ? strtoul(argv[2], NULL, 0) : PAGE;
	c.batch = atoi(argv[works ? 3 : 2]);
	c.memory = side_by_side(c.size);
	c.taken = resident(c.batch * c.size);
	memset(&c.pipe, -1, 3 * sizeof(c.pipe));
	c.file = -1;
	if (!fails)
		open_all(argv[argc - 1]);
	if (!works && uring_open(&c.ring))
		c.ring.fd = -1;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct call *call = &calls[i];

		if (works ? !call->drain : !call->refusal)
			continue;
		if (call->call == call_sendzc && c.ring.fd < 0)
			continue;
		least = least_of(call, works ? 0 : fails ? call->failure : call->refusal);
		if (least)
			printf("%s-%s,%s,%zu,least_ns,%.2f\n", what, call->name, works ? "batch" : "none", c.size, (double)least / c.batch);
		else
			fprintf(stderr, "%s: not possible here\n", call->name);
	}
	return 0;
}
