// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a file or from memory to a socket.
 *
 *	stream WAY SINK SIZE SOURCE [FILE]
 *
 * WAY is how the bytes go there: sendfile, splice (through a pipe), readwrite, send (of memory that
 * is there already). SINK is tcp. SOURCE names in the output what FILE is on.
 * The receiver takes the bytes without looking at them, where the sink lets it: only what the sender does
 * is to differ.
 */
#include "bench.h"

/* How much a receiver takes at most. */
#define ROOM (1 << 20)

struct sender {
	int sock, file;
	int pipe[2];
	size_t size, file_size;
	off_t pos;
	char *memory;
};

struct receiver {
	int sock;
	size_t size;
};

/* Where in the file the next call begins: round and round. */
static off_t next_pos(struct sender *s)
{
	off_t pos = s->pos;

	s->pos += s->size;
	if (s->pos + s->size > s->file_size)
		s->pos = 0;
	return pos;
}

static void by_sendfile(struct sender *s)
{
	off_t pos = next_pos(s), end = pos + s->size;

	while (pos < end)
		if (sendfile(s->sock, s->file, &pos, end - pos) <= 0)
			die("sendfile");
}

static void by_splice(struct sender *s)
{
	off_t pos = next_pos(s), end = pos + s->size;

	while (pos < end) {
		ssize_t in = splice(s->file, &pos, s->pipe[1], NULL, end - pos, 0);

		if (in <= 0)
			die("splice from the file");
		while (in > 0) {
			ssize_t out = splice(s->pipe[0], NULL, s->sock, NULL, in, pos < end ? SPLICE_F_MORE : 0);

			if (out <= 0)
				die("splice to the socket");
			in -= out;
		}
	}
}

static void send_all(struct sender *s, const char *from, size_t len, int flags)
{
	while (len) {
		ssize_t n = send(s->sock, from, len, flags);

		if (n <= 0)
			die("send");
		from += n;
		len -= n;
	}
}

static void by_readwrite(struct sender *s)
{
	if (pread(s->file, s->memory, s->size, next_pos(s)) != (ssize_t)s->size)
		die("read");
	send_all(s, s->memory, s->size, 0);
}

static void by_send(struct sender *s)
{
	send_all(s, s->memory, s->size, 0);
}

static const struct {
	const char *name;
	void (*call)(struct sender *s);
} ways[] = {
	{ "sendfile", by_sendfile },
	{ "splice", by_splice },
	{ "readwrite", by_readwrite },
	{ "send", by_send },
};

static void (*way)(struct sender *s);

static void run_sender(void *context, size_t calls)
{
	while (calls--)
		way(context);
}

static void run_receiver(void *context, size_t calls)
{
	struct receiver *r = context;
	size_t left = calls * r->size;

	while (left) {
		ssize_t n = recv(r->sock, NULL, left < ROOM ? left : ROOM, MSG_TRUNC);

		if (n <= 0)
			die("recv");
		left -= n;
	}
}

int main(int argc, char **argv)
{
	struct sender sender = { .file = -1 };
	struct receiver receiver;
	struct end ends[2] = { { .run = run_sender, .context = &sender },
			       { .run = run_receiver, .context = &receiver } };
	char title[128];
	struct stat st;
	int pair[2];

	for (size_t i = 0; argc >= 5 && i < ARRAY_SIZE(ways); i++)
		if (!strcmp(argv[1], ways[i].name))
			way = ways[i].call;
	if (!way) {
		fprintf(stderr, "usage: stream WAY SINK SIZE SOURCE [FILE]\n");
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	sender.size = receiver.size = strtoul(argv[3], NULL, 0);
	if (argc > 5) {
		sender.file = open(argv[5], O_RDONLY);
		if (sender.file < 0 || fstat(sender.file, &st))
			die("%s", argv[5]);
		sender.file_size = st.st_size;
	}
	inet_pair(SOCK_STREAM, pair);
	receiver.sock = pair[0];
	sender.sock = pair[1];
	make_pipe(sender.pipe);
	sender.memory = mmap(NULL, sender.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (sender.memory == MAP_FAILED)
		die("mmap");
	snprintf(title, sizeof(title), "%s-%s,%s,%zu", argv[1], argv[2], argv[4], sender.size);
	measure_ends(ends, 2, -1, title, sender.size);
	return 0;
}
