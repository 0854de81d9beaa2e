// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ends in a pipe or goes through one to a file.
 *
 *	pipes WAY SIZE [SOURCE FROM TO]
 *
 * WAY is vmsplice (memory, pipe, read), write (the same with write), splice (the file FROM, pipe, the
 * file TO) or readwrite (the same by pread and pwrite). SOURCE names in the output what the files are on.
 */
#include "bench.h"

struct pipes {
	size_t size, file_size;
	off_t pos;
	int pipe[2];
	int from, to;
	char *memory;
};

static char *own_memory(struct pipes *p)
{
	if (!p->memory)
		p->memory = resident(p->size);
	return p->memory;
}

static void run_vmsplice(void *context, size_t calls)
{
	struct pipes *p = context;

	while (calls--) {
		struct iovec left = { own_memory(p), p->size };

		while (left.iov_len) {
			ssize_t n = vmsplice(p->pipe[1], &left, 1, 0);

			if (n <= 0)
				die("vmsplice");
			left.iov_base = (char *)left.iov_base + n;
			left.iov_len -= n;
		}
	}
}

static void run_write(void *context, size_t calls)
{
	struct pipes *p = context;

	while (calls--)
		if (write(p->pipe[1], own_memory(p), p->size) != (ssize_t)p->size)
			die("write");
}

static void run_read(void *context, size_t calls)
{
	struct pipes *p = context;
	size_t left = calls * p->size;

	while (left) {
		ssize_t n = read(p->pipe[0], own_memory(p), left < p->size ? left : p->size);

		if (n <= 0)
			die("read");
		left -= n;
	}
}

static void run_splice(void *context, size_t calls)
{
	struct pipes *p = context;

	while (calls--) {
		off_t pos = next_pos(&p->pos, p->size, p->file_size), end = pos + p->size, to = pos;

		while (pos < end) {
			ssize_t n = splice(p->from, &pos, p->pipe[1], NULL, end - pos, 0);

			if (n <= 0)
				die("splice from the file");
			while (n) {
				ssize_t out = splice(p->pipe[0], NULL, p->to, &to, n, 0);

				if (out <= 0)
					die("splice to the file");
				n -= out;
			}
		}
	}
}

static void run_readwrite(void *context, size_t calls)
{
	struct pipes *p = context;

	while (calls--) {
		off_t pos = next_pos(&p->pos, p->size, p->file_size);

		if (pread(p->from, own_memory(p), p->size, pos) != (ssize_t)p->size ||
		    pwrite(p->to, own_memory(p), p->size, pos) != (ssize_t)p->size)
			die("read and write");
	}
}

static const struct {
	const char *name;
	void (*run)(void *context, size_t calls);
	bool to_file;
} ways[] = {
	{ "vmsplice", run_vmsplice, false },
	{ "write", run_write, false },
	{ "splice", run_splice, true },
	{ "readwrite", run_readwrite, true },
};

int main(int argc, char **argv)
{
	struct pipes pipes = { };
	struct end ends[] = { { .context = &pipes }, { .run = run_read, .context = &pipes } };
	char title[128];
	bool to_file = false;
	struct stat st;

	for (size_t i = 0; argc > 2 && i < ARRAY_SIZE(ways); i++)
		if (!strcmp(argv[1], ways[i].name) && argc == (ways[i].to_file ? 6 : 3)) {
			ends[0].run = ways[i].run;
			to_file = ways[i].to_file;
		}
	if (!ends[0].run) {
		fprintf(stderr, "usage: pipes WAY SIZE [SOURCE FROM TO]\n");
		return 64;
	}
	pipes.size = strtoul(argv[2], NULL, 0);
	make_pipe(pipes.pipe);
	if (to_file) {
		pipes.from = open(argv[4], O_RDONLY);
		pipes.to = open(argv[5], O_RDWR | O_CREAT, 0600);
		if (pipes.from < 0 || pipes.to < 0 || fstat(pipes.from, &st))
			die("%s, %s", argv[4], argv[5]);
		pipes.file_size = st.st_size;
	}
	snprintf(title, sizeof(title), "%s-%s,%s,%zu", argv[1], to_file ? "file" : "read",
		 to_file ? argv[3] : "memory", pipes.size);
	measure_ends(ends, to_file ? 1 : 2, -1, title, pipes.size);
	return 0;
}
