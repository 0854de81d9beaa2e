// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zero-copy sending of memory to a TCP socket.
 *
 *	zerocopy WAY SIZE
 *
 * WAY is zerocopy (send with MSG_ZEROCOPY), sendzc (io_uring's SEND_ZC) or uringsend (its SEND, to
 * compare with). Completions are taken when there are some, and waited for when many are missing.
 */
#include "sinks.h"
#include "../uring.h"
#include <linux/errqueue.h>
#include <poll.h>

/* As many sends may wait for their completion. */
#define OUTSTANDING 16

struct sender {
	struct sink *sink;
	size_t size;
	char *memory;
	struct uring ring;
	uint8_t opcode;
	unsigned int outstanding;
};

/* Take what completions there are. One message tells of a range of sends. */
static void take_completions(struct sender *s)
{
	char control[128];

	while (s->outstanding) {
		struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
		struct sock_extended_err *err;

		if (recvmsg(s->sink->to, &msg, MSG_ERRQUEUE) < 0) {
			if (errno == EAGAIN)
				return;
			die("MSG_ERRQUEUE");
		}
		err = (void *)CMSG_DATA(CMSG_FIRSTHDR(&msg));
		s->outstanding -= err->ee_data - err->ee_info + 1;
	}
}

/* Until no more than @left are missing. */
static void wait_for_completions(struct sender *s, unsigned int left)
{
	struct pollfd poll_one = { .fd = s->sink->to };

	take_completions(s);
	while (s->outstanding > left) {
		poll(&poll_one, 1, -1);
		take_completions(s);
	}
}

static void by_zerocopy(struct sender *s)
{
	size_t done = 0;

	while (done < s->size) {
		ssize_t n = send(s->sink->to, s->memory + done, s->size - done, MSG_ZEROCOPY);

		if (n <= 0)
			die("MSG_ZEROCOPY");
		done += n;
		if (++s->outstanding >= OUTSTANDING)
			wait_for_completions(s, OUTSTANDING / 2);
	}
}

static void by_uring(struct sender *s)
{
	size_t done = 0;

	while (done < s->size) {
		struct io_uring_sqe sqe = {
			.opcode = s->opcode, .fd = s->sink->to,
			.addr = (uintptr_t)s->memory + done, .len = s->size - done,
		};
		struct io_uring_cqe *cqe;

		uring_submit(&s->ring, &sqe);
		s->outstanding += s->opcode == URING_SEND_ZC;
		/* Notifications of earlier sends may come first. */
		while ((cqe = uring_next(&s->ring))->flags & URING_CQE_NOTIF)
			s->outstanding--;
		if (cqe->res <= 0) {
			errno = -cqe->res;
			die("io_uring send");
		}
		done += cqe->res;
		while (s->outstanding >= OUTSTANDING) {
			uring_next(&s->ring);
			s->outstanding--;
		}
	}
}

static void run_sender(void *context, size_t calls)
{
	struct sender *s = context;

	if (!s->memory)
		s->memory = resident(s->size);
	while (calls--)
		s->opcode ? by_uring(s) : by_zerocopy(s);
	if (!s->opcode)
		wait_for_completions(s, 0);
	for (; s->opcode && s->outstanding; s->outstanding--)
		uring_next(&s->ring);
}

int main(int argc, char **argv)
{
	static const int on = 1;
	struct sink sink = { };
	struct sender sender = { .sink = &sink };
	struct end ends[] = { { .run = run_sender, .context = &sender },
			      { .run = run_taker, .context = &sink } };
	bool zerocopy = argc == 3 && !strcmp(argv[1], "zerocopy");
	char title[128];

	if (argc == 3 && !strcmp(argv[1], "sendzc"))
		sender.opcode = URING_SEND_ZC;
	else if (argc == 3 && !strcmp(argv[1], "uringsend"))
		sender.opcode = IORING_OP_SEND;
	else if (!zerocopy) {
		fprintf(stderr, "usage: zerocopy zerocopy|sendzc|uringsend SIZE\n");
		return 64;
	}
	sender.size = strtoul(argv[2], NULL, 0);
	open_sink(&sink, "tcp", sender.size);
	if (zerocopy ? setsockopt(sink.to, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)) :
		       uring_open_of(&sender.ring, 2 * OUTSTANDING))
		die(zerocopy ? "SO_ZEROCOPY" : "io_uring");
	snprintf(title, sizeof(title), "%s-tcp,memory,%zu", argv[1], sender.size);
	measure_ends(ends, ARRAY_SIZE(ends), -1, title, sender.size);
	return 0;
}
