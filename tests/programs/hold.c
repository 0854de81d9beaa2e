// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hold a call inside: begin one that sleeps, say "inside", wait for a line on standard input, let
 * it end, say how.
 *
 *	hold KIND
 *
 * KIND: socket-pipe (nothing to read), file-pipe (a full pipe), pipe-socket (an empty pipe),
 * sendfile (1 MiB to a socket that is not read), short-sendfile (1000 bytes to a TCP socket that is
 * full), vmsplice (a full pipe), tee (an empty pipe), buffer (no call: a pipe that holds a
 * vmspliced page), received (no call: one that holds what a socket received), admitted (no call:
 * one that holds a page of a file by reference, where that is trusted).
 */
#include "common.h"

#define LONG (1 << 20)

static int p[2], q[2], t[2], u[2];

/* What is there before the call. */
static size_t before;

/* Until there is no room left. */
static size_t fill(int fd)
{
	char text[PAGE] = "";
	size_t all = 0;
	ssize_t n;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while ((n = write(fd, text, sizeof(text))) > 0)
		all += n;
	fcntl(fd, F_SETFL, 0);
	return all;
}

static int long_file(void)
{
	int fd = memfd_create("long", 0);

	if (ftruncate(fd, LONG))
		die("memfd");
	return fd;
}

static ssize_t call(const char *kind)
{
	static char page[PAGE] __attribute__((aligned(PAGE))) = "page";
	struct iovec iov = { page, sizeof(page) };

	if (!strcmp(kind, "socket-pipe"))
		return splice(u[0], NULL, p[1], NULL, 100, 0);
	if (!strcmp(kind, "file-pipe"))
		return splice(open("/proc/self/exe", O_RDONLY), NULL, q[1], NULL, 100, 0);
	if (!strcmp(kind, "pipe-socket"))
		return splice(p[0], NULL, u[1], NULL, 100, 0);
	if (!strcmp(kind, "sendfile"))
		return sendfile(u[1], long_file(), NULL, LONG);
	if (!strcmp(kind, "short-sendfile"))
		return sendfile(t[1], long_file(), NULL, 1000);
	if (!strcmp(kind, "vmsplice"))
		return vmsplice(q[1], &iov, 1, 0);
	if (!strcmp(kind, "tee"))
		return tee(p[0], q[1], 100, 0);
	fprintf(stderr, "hold: unknown kind '%s'\n", kind);
	exit(64);
}

static void let_go(const char *kind)
{
	static char text[LONG];

	if (!strcmp(kind, "socket-pipe"))
		write(u[1], "x", 1);
	else if (!strcmp(kind, "sendfile"))
		read_all(u[0], text, LONG);
	else if (!strcmp(kind, "short-sendfile"))
		/* It is woken before all is taken that was there before. */
		for (size_t n; before; before -= n) {
			n = before < LONG ? before : LONG;
			if (read_all(t[0], text, n) != n)
				die("drain");
		}
	else if (!strcmp(kind, "file-pipe") || !strcmp(kind, "vmsplice"))
		read(q[0], text, PAGE);
	else
		write(p[1], "x", 1);
}

/* Until the child sleeps, and has for a while. */
static void wait_until_asleep(pid_t child)
{
	char name[64], text[512];
	int quiet = 0;

	snprintf(name, sizeof(name), "/proc/%d/stat", child);
	while (quiet < 4) {
		int fd = open(name, O_RDONLY);
		ssize_t n = read(fd, text, sizeof(text) - 1);
		char *state;

		close(fd);
		if (n <= 0)
			die("the call ended at once");
		text[n] = 0;
		state = strrchr(text, ')');
		quiet = state && (state[2] == 'S' || state[2] == 'D') ? quiet + 1 : 0;
		usleep(10000);
	}
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	char text[PAGE] = "";
	ssize_t ret;
	pid_t child;
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	make_pipe(p);
	make_pipe(q);
	inet_pair(SOCK_STREAM, t);
	unix_pair(SOCK_STREAM, u);
	if (!strcmp(kind, "buffer") || !strcmp(kind, "received") || !strcmp(kind, "admitted")) {
		char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		struct iovec iov = { page, PAGE };

		strcpy(page, "page");
		if (!strcmp(kind, "buffer"))
			ret = vmsplice(p[1], &iov, 1, 0);
		else if (!strcmp(kind, "received"))
			ret = write(t[1], page, PAGE) == PAGE ? splice(t[0], NULL, p[1], NULL, PAGE, 0) : -1;
		else
			ret = splice(open("/proc/self/exe", O_RDONLY), NULL, p[1], NULL, PAGE, 0);
		if (ret != PAGE)
			die("cannot fill the pipe");
		puts("inside");
		read(0, text, 1);
		ret = read(p[0], text, sizeof(text));
		printf("ended %zd %s\n", ret, text);
		return 0;
	}
	if (!strcmp(kind, "file-pipe") || !strcmp(kind, "vmsplice"))
		before = fill(q[1]);
	else if (!strcmp(kind, "short-sendfile"))
		before = fill(t[1]);
	child = fork();
	if (!child) {
		ret = call(kind);
		if (ret < 0)
			printf("ended %s\n", strerrorname_np(errno));
		else
			printf("ended %zd\n", ret);
		return 0;
	}
	wait_until_asleep(child);
	puts("inside");
	read(0, text, 1);
	let_go(kind);
	waitpid(child, &status, 0);
	return status != 0;
}
