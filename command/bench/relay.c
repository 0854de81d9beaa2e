// SPDX-License-Identifier: GPL-2.0-only
/*
 * A proxy: TCP to TCP, through a third process between a sender and a taker.
 *
 *	relay WAY SIZE
 *
 * WAY is splice (through a pipe) or recvsend. The time of the proxy is told apart.
 */
#include "sinks.h"

struct relay {
	/* From the sender, and to the taker. */
	struct sink in, out;
	size_t size;
	int pipe[2];
	char *memory;
};

static void send_all(int sock, const char *from, size_t len)
{
	while (len) {
		ssize_t n = send(sock, from, len, 0);

		if (n <= 0)
			die("send");
		from += n;
		len -= n;
	}
}

static void run_sender(void *context, size_t calls)
{
	struct relay *r = context;

	while (calls--)
		send_all(r->in.to, r->memory, r->size);
}

static void by_splice(void *context, size_t calls)
{
	struct relay *r = context;
	size_t left = calls * r->size;

	while (left) {
		ssize_t in = splice(r->in.from, NULL, r->pipe[1], NULL, left < r->size ? left : r->size, 0);

		if (in <= 0)
			die("splice from the socket");
		left -= in;
		while (in) {
			ssize_t out = splice(r->pipe[0], NULL, r->out.to, NULL, in, 0);

			if (out <= 0)
				die("splice to the socket");
			in -= out;
		}
	}
}

static void by_recvsend(void *context, size_t calls)
{
	struct relay *r = context;
	size_t left = calls * r->size;

	while (left) {
		ssize_t n = recv(r->in.from, r->memory, left < r->size ? left : r->size, 0);

		if (n <= 0)
			die("recv");
		left -= n;
		send_all(r->out.to, r->memory, n);
	}
}

int main(int argc, char **argv)
{
	struct relay relay = { };
	struct end ends[] = { { .run = run_sender, .context = &relay },
			      { .run = by_splice, .context = &relay },
			      { .run = run_taker, .context = &relay.out } };
	char title[128];

	if (argc == 3 && !strcmp(argv[1], "recvsend")) {
		ends[1].run = by_recvsend;
	} else if (argc != 3 || strcmp(argv[1], "splice")) {
		fprintf(stderr, "usage: relay splice|recvsend SIZE\n");
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	relay.size = strtoul(argv[2], NULL, 0);
	relay.memory = resident(relay.size);
	open_sink(&relay.in, "tcp", relay.size);
	open_sink(&relay.out, "tcp", relay.size);
	make_pipe(relay.pipe);
	snprintf(title, sizeof(title), "proxy-%s,tcp,%zu", argv[1], relay.size);
	measure_ends(ends, ARRAY_SIZE(ends), 1, title, relay.size);
	return 0;
}
