// SPDX-License-Identifier: GPL-2.0-only
/*
 * Splice from sockets and a file, and read what came of it, in a cgroup that has run out of memory: nothing
 * is lost.
 *
 *	pressure CGROUP
 *
 * Best where sendfile alone is off: one of the sockets gets pages of a file then, among others.
 */
#include "common.h"
#include <sys/ioctl.h>
#include <sys/param.h>

#define TOTAL (600 * 1024)

static const char *group;

static int open_in_group(const char *name, int flags)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", group, name);
	fd = open(path, flags);
	if (fd < 0)
		die("%s", path);
	return fd;
}

static void set(const char *name, const char *value)
{
	int fd = open_in_group(name, O_WRONLY);

	if (write(fd, value, strlen(value)) < 0)
		die("%s", name);
	close(fd);
}

/* Opened before memory is short: opening a file takes some, and a full cgroup kills for that. */
static int max_fd, current_fd;

static void limit(long bytes)
{
	char text[32];
	int n = bytes < 0 ? sprintf(text, "max") : sprintf(text, "%ld", bytes);

	if (pwrite(max_fd, text, n, 0) != n)
		die("memory.max");
}

static long used(void)
{
	char text[32] = "";

	if (pread(current_fd, text, sizeof(text) - 1, 0) <= 0)
		die("memory.current");
	return atol(text);
}

/* Pipes full of private pages, until there is no memory for one more. */
#define HOGS 16
static int hogs[HOGS][2], hog_file;

static void take_all(void)
{
	ssize_t n;

	/* Pipes, too, have to be there before. */
	for (int i = 0; i < HOGS; i++)
		make_pipe(hogs[i]);
	limit(used() + 100 * 1024);
	for (int i = 0; i < HOGS; i++) {
		do {
			loff_t at = 0;

			n = splice(hog_file, &at, hogs[i][1], NULL, 4096, SPLICE_F_NONBLOCK);
		} while (n > 0);
		if (errno == ENOMEM)
			return;
	}
	fprintf(stderr, "pressure: memory does not end\n");
	exit(1);
}

static void let_go(void)
{
	limit(-1);
	for (int i = 0; i < HOGS; i++) {
		close(hogs[i][0]);
		close(hogs[i][1]);
	}
}

/* A call has failed: a page less is taken, or, the third time, none any more. */
static void give_back(bool by_page, int failures)
{
	static char page[PAGE];

	if (!by_page && failures == 3)
		limit(-1);
	for (int i = 0; by_page && i < HOGS; i++) {
		int waiting = 0;

		if (!ioctl(hogs[i][0], FIONREAD, &waiting) && waiting) {
			read(hogs[i][0], page, PAGE);
			return;
		}
	}
	if (by_page)
		limit(-1);
}

/*
 * With all memory taken, fill pipes from @from by calls of @len, and with all of it taken again read
 * them. Counts the calls that failed. @by_page: let there be memory by and by, for what needs none of
 * the kernel's own, which kills.
 */
static void run(const char *what, int from, size_t len, bool by_page, char *want, int *splices, int *reads)
{
	static char got[TOTAL];
	size_t done = 0, in_pipes = 0;
	int p[8][2], i;

	*splices = 0;
	*reads = 0;
	/* A fault that finds no memory is no ENOMEM: it kills. */
	memset(got, 0, sizeof(got));
	for (i = 0; i < 8; i++) {
		make_pipe(p[i]);
		fcntl(p[i][1], F_SETPIPE_SZ, 64 * PAGE);
		fcntl(p[i][0], F_SETFL, O_NONBLOCK);
	}
	take_all();
	for (i = 0; i < 8 && in_pipes < TOTAL; i++) {
		while (in_pipes < TOTAL) {
			ssize_t n = splice(from, NULL, p[i][1], NULL, len, SPLICE_F_NONBLOCK);

			if (n < 0 && errno == ENOMEM) {
				give_back(by_page, ++*splices);
				continue;
			}
			if (n <= 0)
				break;
			in_pipes += n;
		}
	}
	let_go();
	take_all();
	for (i = 0; i < 8; i++) {
		for (;;) {
			ssize_t n = read(p[i][0], got + done, TOTAL - done);

			if (n < 0 && errno == ENOMEM) {
				give_back(by_page, ++*reads);
				continue;
			}
			if (n <= 0)
				break;
			done += n;
		}
		close(p[i][0]);
		close(p[i][1]);
	}
	let_go();
	if (done != in_pipes || done != TOTAL || memcmp(got, want, done)) {
		printf("%s: %zu of %d bytes, or wrong ones\n", what, done, TOTAL);
		exit(1);
	}
	printf("%s: %d splices and %d reads failed with ENOMEM\n", what, *splices, *reads);
}

int main(int argc, char **argv)
{
	static char want[TOTAL];
	int u[2], t[2], m[2], fd, buffer = 2 * TOTAL, splices, reads;
	char pid[32];
	size_t i;

	if (argc != 2)
		return 64;
	group = argv[1];
	fill_pattern(want, TOTAL, 0, 6);
	unix_pair(SOCK_STREAM, u);
	inet_pair(SOCK_STREAM, t);
	inet_pair_of(AF_INET, SOCK_STREAM, m, 4 * TOTAL);
	setsockopt(m[1], SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	setsockopt(m[0], SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	setsockopt(u[1], SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	setsockopt(t[1], SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	setsockopt(t[0], SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	for (i = 0; i < TOTAL; i += 30720)
		if (write(u[1], want + i, 30720) != 30720 || write(t[1], want + i, 30720) != 30720)
			die("write");
	/* A TCP socket heeds its own flag only. */
	fcntl(t[0], F_SETFL, O_NONBLOCK);
	fcntl(m[0], F_SETFL, O_NONBLOCK);
	fd = memfd_create("pressure", 0);
	if (write(fd, want, TOTAL) != TOTAL || lseek(fd, 0, SEEK_SET))
		die("memfd");
	/* Pages of a file, where sendfile is off, between others. */
	for (i = 0; i < TOTAL;) {
		off_t at = i + 2000;

		i += write(m[1], want + i, MIN(2000, TOTAL - i));
		if (i < TOTAL)
			i += sendfile(m[1], fd, &at, MIN(6000, TOTAL - i));
	}
	snprintf(pid, sizeof(pid), "%d", getpid());
	max_fd = open_in_group("memory.max", O_WRONLY);
	current_fd = open_in_group("memory.current", O_RDONLY);
	used();
	set("cgroup.procs", pid);

	hog_file = fd;
	run("unix", u[0], 65536, false, want, &splices, &reads);
	if (!splices || !reads)
		return 1;
	run("tcp", t[0], 65536, false, want, &splices, &reads);
	if (!splices || !reads)
		return 1;
	run("mixed", m[0], PAGE, true, want, &splices, &reads);
	if (!splices)
		return 1;
	run("file", fd, 65536, false, want, &splices, &reads);
	if (!splices)
		return 1;
	printf("all bytes arrived\n");
	group = "/sys/fs/cgroup";
	set("cgroup.procs", pid);
	return 0;
}
