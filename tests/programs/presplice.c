// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pipe that was filled by reference before the mode was switched: "ROW RESULT" for each way out
 * of it.
 *
 *	presplice MODE		fills a pipe in the mode that is in force, switches to MODE, hands on, changes the file, reads
 */
#include "common.h"

static void set_mode(const char *mode)
{
	int fd = open("/proc/sys/kernel/splice_mode", O_WRONLY);

	if (fd < 0 || write(fd, mode, strlen(mode)) < 0)
		die("splice_mode");
	close(fd);
}

static void row(const char *name, const char *mode)
{
	char text[2 * PAGE], got[2 * PAGE];
	int fd = memfd_create("presplice", 0), p[2], q[2], from;
	loff_t off = 0;

	make_pipe(p);
	make_pipe(q);
	set_mode("off");
	memset(text, 'a', sizeof(text));
	if (write(fd, text, sizeof(text)) != sizeof(text))
		die("memfd");
	if (splice(fd, &off, p[1], NULL, 2 * PAGE, 0) != 2 * PAGE)
		die("splice");
	set_mode(mode);
	from = q[0];
	if (!strcmp(name, "pipe"))
		splice(p[0], NULL, q[1], NULL, 2 * PAGE, 0);
	else if (!strcmp(name, "tee"))
		tee(p[0], q[1], 2 * PAGE, 0);
	else if (!strcmp(name, "tcp") || !strcmp(name, "unix")) {
		if (*name == 't')
			inet_pair(SOCK_STREAM, q);
		else
			unix_pair(SOCK_STREAM, q);
		splice(p[0], NULL, q[1], NULL, 2 * PAGE, 0);
		from = q[0];
	}
	memset(text, 'X', sizeof(text));
	if (pwrite(fd, text, sizeof(text), 0) != sizeof(text))
		die("memfd");
	alarm(5);
	if (read_all(from, got, sizeof(got)) != sizeof(got))
		printf("%s BROKEN\n", name);
	else
		printf("%s %s\n", name, got[5] == 'X' ? "SHARED" : "COPIED");
	alarm(0);
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "pipe", "tee", "tcp", "unix" };
	size_t i;

	for (i = 0; argc == 2 && i < ARRAY_SIZE(names); i++)
		row(names[i], argv[1]);
	return argc != 2;
}
