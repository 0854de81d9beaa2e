// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a file, or from memory, to a socket.
 *
 *	stream WAY SINK SIZE SOURCE [FILE]
 *
 * SINK is tcp, unix or tls. SOURCE names in the output what FILE is on, or that there is none.
 * WAY is how the bytes go there:
 *
 *	sendfile	a piece of FILE a call
 *	splice		FILE, pipe, socket
 *	readwrite	pread and send
 *	files		a whole small file a call, of many, by sendfile
 *	filesread	the same, by pread and send
 *	send		memory that is there already
 *	vmsplice	such memory, pipe, socket
 *	writesplice	the same with write in place of vmsplice
 */
#include "sinks.h"

#define FILES 64

struct sender {
	struct sink *sink;
	int file, files[FILES];
	unsigned int next_file;
	int pipe[2];
	size_t size, file_size;
	off_t pos;
	char *memory;
};

static void send_file(struct sender *s, int file, off_t pos)
{
	off_t end = pos + s->size;

	while (pos < end)
		if (sendfile(s->sink->to, file, &pos, end - pos) <= 0)
			die("sendfile");
}

static void read_and_send(struct sender *s, int file, off_t pos)
{
	size_t done = 0;

	if (pread(file, s->memory, s->size, pos) != (ssize_t)s->size)
		die("read");
	while (done < s->size) {
		ssize_t n = send(s->sink->to, s->memory + done, s->size - done, 0);

		if (n <= 0)
			die("send");
		done += n;
	}
}

static void pipe_to_socket(struct sender *s, size_t len, bool more)
{
	while (len) {
		ssize_t n = splice(s->pipe[0], NULL, s->sink->to, NULL, len, more ? SPLICE_F_MORE : 0);

		if (n <= 0)
			die("splice to the socket");
		len -= n;
	}
}

static void by_sendfile(struct sender *s)
{
	send_file(s, s->file, next_pos(&s->pos, s->size, s->file_size));
}

static void by_splice(struct sender *s)
{
	off_t pos = next_pos(&s->pos, s->size, s->file_size), end = pos + s->size;

	while (pos < end) {
		ssize_t n = splice(s->file, &pos, s->pipe[1], NULL, end - pos, 0);

		if (n <= 0)
			die("splice from the file");
		pipe_to_socket(s, n, pos < end);
	}
}

static void by_readwrite(struct sender *s)
{
	read_and_send(s, s->file, next_pos(&s->pos, s->size, s->file_size));
}

static void by_files(struct sender *s)
{
	send_file(s, s->files[s->next_file++ % FILES], 0);
}

static void by_filesread(struct sender *s)
{
	read_and_send(s, s->files[s->next_file++ % FILES], 0);
}

static void by_send(struct sender *s)
{
	size_t done = 0;

	while (done < s->size) {
		ssize_t n = send(s->sink->to, s->memory + done, s->size - done, 0);

		if (n <= 0)
			die("send");
		done += n;
	}
}

static void by_vmsplice(struct sender *s)
{
	struct iovec left = { s->memory, s->size };

	while (left.iov_len) {
		ssize_t n = vmsplice(s->pipe[1], &left, 1, 0);

		if (n <= 0)
			die("vmsplice");
		left.iov_base = (char *)left.iov_base + n;
		left.iov_len -= n;
		pipe_to_socket(s, n, left.iov_len);
	}
}

/* No more at a time than a pipe has room for, or else nobody would empty it. */
static void by_writesplice(struct sender *s)
{
	size_t done = 0;

	while (done < s->size) {
		size_t len = s->size - done < 65536 ? s->size - done : 65536;

		if (write(s->pipe[1], s->memory + done, len) != (ssize_t)len)
			die("write");
		done += len;
		pipe_to_socket(s, len, done < s->size);
	}
}

static const struct {
	const char *name;
	void (*call)(struct sender *s);
} ways[] = {
	{ "sendfile", by_sendfile },
	{ "splice", by_splice },
	{ "readwrite", by_readwrite },
	{ "files", by_files },
	{ "filesread", by_filesread },
	{ "send", by_send },
	{ "vmsplice", by_vmsplice },
	{ "writesplice", by_writesplice },
};

static void (*way)(struct sender *s);

static void run_sender(void *context, size_t calls)
{
	struct sender *s = context;

	if (!s->memory)
		s->memory = resident(s->size);
	while (calls--)
		way(s);
	end_slice(s->sink);
}

/* The first bytes of FILE, in files of their own beside it. */
static void make_files(struct sender *s, const char *file)
{
	char *first = resident(s->size);
	char name[4096];

	if (pread(s->file, first, s->size, 0) != (ssize_t)s->size)
		die("read");
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "%s.%d", file, i);
		s->files[i] = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
		unlink(name);
		if (s->files[i] < 0 || write(s->files[i], first, s->size) != (ssize_t)s->size)
			die("%s", name);
	}
	munmap(first, s->size);
}

int main(int argc, char **argv)
{
	struct sink sink = { };
	struct sender sender = { .sink = &sink, .file = -1 };
	struct end ends[] = { { .run = run_sender, .context = &sender },
			      { .run = run_taker, .context = &sink } };
	char title[128];
	struct stat st;

	for (size_t i = 0; argc >= 5 && i < ARRAY_SIZE(ways); i++)
		if (!strcmp(argv[1], ways[i].name))
			way = ways[i].call;
	if (!way) {
		fprintf(stderr, "usage: stream WAY SINK SIZE SOURCE [FILE]\n");
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	sender.size = strtoul(argv[3], NULL, 0);
	open_sink(&sink, argv[2], sender.size);
	make_pipe(sender.pipe);
	if (argc > 5) {
		sender.file = open(argv[5], O_RDONLY);
		if (sender.file < 0 || fstat(sender.file, &st))
			die("%s", argv[5]);
		sender.file_size = st.st_size;
		if (!strncmp(argv[1], "files", 5))
			make_files(&sender, argv[5]);
	}
	snprintf(title, sizeof(title), "%s-%s,%s,%zu", argv[1], argv[2], argv[4], sender.size);
	measure_ends(ends, ARRAY_SIZE(ends), -1, title, sender.size);
	return 0;
}
