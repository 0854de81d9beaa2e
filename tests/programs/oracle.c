// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sharing oracle: move data, change the source, read the sink.
 *
 *	oracle FILE CHANGE PATH...
 *
 * For each path it makes FILE anew, moves its bytes along the path, makes the change, and prints
 * "PATH RESULT":
 *
 *	SHARED	the sink shows the change
 *	COPIED	the sink has the bytes that were sent
 *	ENAME	the call failed so
 *	absent	this kernel does not have the call, or the source does not take part in it
 *	LOST	bytes did not arrive. Stock 5.10 drops a UDP datagram whose shared pages were changed:
 *		its checksum no longer fits
 *	BROKEN	neither: bytes got mixed up
 *
 * FILE may be "memfd:" or "hugetlb:" for a file without a name. Without arguments it lists the
 * changes and paths.
 */
#include "common.h"
#include "../../command/oracle.h"

/* Changes */

static int do_write(struct source *source)
{
	char text[LEN];

	memset(text, CHANGED, sizeof(text));
	return pwrite(source->fd, text, sizeof(text), 0) == sizeof(text) ? 0 : -1;
}

static int store(int fd, size_t len)
{
	char *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return -1;
	memset(map, CHANGED, LEN);
	return munmap(map, len);
}

static int do_store(struct source *source)
{
	return store(source->fd, source->file_len);
}

/* Another process, with a file and a mapping of its own. */
static int do_other(struct source *source)
{
	int status;
	pid_t child = fork();

	if (!child) {
		int fd = source->name ? open(source->name, O_RDWR) : source->fd;

		_exit(store(fd, source->file_len) ? 1 : 0);
	}
	return waitpid(child, &status, 0) == child && !status ? 0 : -1;
}

static int do_truncate(struct source *source)
{
	return ftruncate(source->fd, 16);
}

static int do_punch(struct source *source)
{
	return fallocate(source->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 16, LEN - 32);
}

static const struct change {
	const char *name;
	int (*make)(struct source *source);
} changes[] = {
	{ "write", do_write },
	{ "store", do_store },
	{ "other", do_other },
	{ "truncate", do_truncate },
	{ "punch", do_punch },
};

static void open_source(struct source *source, const char *name)
{
	char text[LEN];

	source->name = NULL;
	source->file_len = LEN;
	if (!strcmp(name, "memfd:")) {
		source->fd = memfd_create("oracle", 0);
	} else if (!strcmp(name, "hugetlb:")) {
		source->fd = memfd_create("oracle", MFD_HUGETLB);
		source->file_len = huge_page();
	} else {
		source->name = name;
		unlink(name);
		source->fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	}
	if (source->fd < 0)
		die("cannot make %s", name);
	fill_pattern(text, sizeof(text), 0, 0);
	if (source->file_len > LEN) {
		char *map = NULL;

		if (!ftruncate(source->fd, source->file_len))
			map = mmap(NULL, source->file_len, PROT_READ | PROT_WRITE, MAP_SHARED, source->fd, 0);
		if (!map || map == MAP_FAILED)
			die("cannot fill %s", name);
		memcpy(map, text, sizeof(text));
		munmap(map, source->file_len);
	} else if (pwrite(source->fd, text, sizeof(text), 0) != sizeof(text)) {
		die("cannot fill %s", name);
	}
}

static const char *failed(const char *path)
{
	if (errno == ENOSYS || (strstr(path, "uring") && errno == EPERM))
		return "absent";
	return strerrorname_np(errno);
}

int main(int argc, char **argv)
{
	const struct change *change = NULL;
	struct source source = { 0 };
	size_t i;
	int arg;

	if (argc < 3) {
		printf("changes:");
		for (i = 0; i < ARRAY_SIZE(changes); i++)
			printf(" %s", changes[i].name);
		printf("\npaths:");
		for (i = 0; i < ARRAY_SIZE(paths); i++)
			printf(" %s", paths[i].name);
		printf("\n");
		return argc == 1 ? 0 : 64;
	}
	for (i = 0; i < ARRAY_SIZE(changes); i++)
		if (!strcmp(argv[2], changes[i].name))
			change = &changes[i];
	if (!change) {
		fprintf(stderr, "oracle: unknown change '%s'\n", argv[2]);
		return 64;
	}
	source.low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = give_up }, NULL);

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		struct sink sink = { .fd = -1 };
		bool wanted = argc == 3;
		const char *result;

		for (arg = 3; arg < argc; arg++)
			wanted |= !strcmp(argv[arg], paths[i].name);
		if (!wanted)
			continue;
		open_source(&source, argv[1]);
		if (paths[i].move(&source, &sink))
			result = failed(paths[i].name);
		else if (change->make(&source))
			result = errno == EOPNOTSUPP || errno == EINVAL || errno == ENODEV ? "absent" : "BROKEN";
		else
			result = judge(&sink);
		printf("%s %s\n", paths[i].name, result);
		close(source.fd);
		while (sink.kept)
			close(sink.keep[--sink.kept]);
	}
	return 0;
}
