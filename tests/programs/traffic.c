// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traffic: processes that splice, sendfile and vmsplice streams, and check every byte.
 *
 *	traffic SECONDS [PROCESSES [PAUSE]]
 *
 * Each process rests for PAUSE microseconds between two streams. SIGTERM ends it before its time.
 * A call that is refused with EINVAL is made up for by read and write, as well-behaved programs do,
 * so modes may change under it. Ends with status 0 and "N bytes" if every stream was right.
 */
#include "common.h"
#include <poll.h>
#include <time.h>

#define FILE_LEN (256 * 1024)

static time_t end;
static int pause_us;
static volatile sig_atomic_t stopped;
static pid_t children[64];

/* In the parent and in each child, which has no children to pass it on to. */
static void stop(int number)
{
	stopped = number;
	for (size_t i = 0; i < ARRAY_SIZE(children) && children[i]; i++)
		kill(children[i], number);
}
static char *file_text;

static bool going_on(void)
{
	if (pause_us)
		usleep(pause_us);
	return !stopped && time(NULL) < end;
}

static int file(void)
{
	int fd = memfd_create("traffic", 0);

	if (fd < 0 || write(fd, file_text, FILE_LEN) != FILE_LEN)
		die("memfd");
	return fd;
}

/* Read @len bytes and compare them with the file at @pos. */
static void verify(int fd, size_t pos, size_t len)
{
	static char got[FILE_LEN];
	size_t n = read_all(fd, got, len);

	if (n != len) {
		fprintf(stderr, "traffic: %zu of %zu bytes at %zu\n", n, len, pos);
		exit(1);
	}
	if (memcmp(got, file_text + pos, len)) {
		fprintf(stderr, "traffic: wrong bytes in %zu at %zu\n", len, pos);
		exit(1);
	}
}

static size_t by_hand(int from, loff_t *pos, int to, size_t len)
{
	char text[65536];
	ssize_t n = pread(from, text, len < sizeof(text) ? len : sizeof(text), *pos);

	if (n <= 0 || write(to, text, n) != n)
		die("write");
	*pos += n;
	return n;
}

static void check(ssize_t n, const char *what)
{
	if (n < 0 && errno != EINVAL)
		die("%s", what);
}

/* file -> pipe -> unix socket */
static size_t run_splice(void)
{
	int fd = file(), p[2], u[2];
	size_t total = 0;

	make_pipe(p);
	unix_pair(SOCK_STREAM, u);
	while (going_on()) {
		loff_t pos = 0;

		while (pos < FILE_LEN) {
			loff_t start = pos;
			ssize_t n = splice(fd, &pos, p[1], NULL, 40000, 0), moved = 0;

			check(n, "splice");
			if (n < 0)
				n = by_hand(fd, &pos, p[1], 40000);
			while (moved < n) {
				ssize_t m = splice(p[0], NULL, u[1], NULL, n - moved, 0);

				check(m, "splice to socket");
				if (m < 0) {
					char text[40000];

					m = read(p[0], text, n - moved);
					if (write(u[1], text, m) != m)
						die("write");
				}
				moved += m;
			}
			verify(u[0], start, n);
			total += n;
		}
	}
	return total;
}

/* file -> TCP, tried by sendfile */
static size_t run_sendfile(void)
{
	int fd = file(), t[2];
	size_t total = 0;

	inet_pair(SOCK_STREAM, t);
	while (going_on()) {
		loff_t pos = 0;

		while (pos < FILE_LEN) {
			loff_t start = pos;
			ssize_t n = sendfile(t[1], fd, &pos, 30001);

			check(n, "sendfile");
			if (n < 0)
				n = by_hand(fd, &pos, t[1], 30001);
			verify(t[0], start, n);
			total += n;
		}
	}
	return total;
}

/* memory -> pipe, edited in place before it is read; tee on the way */
static size_t run_vmsplice(void)
{
	char *memory = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t total = 0, pos = 0;
	int p[2], q[2];

	make_pipe(p);
	make_pipe(q);
	while (going_on()) {
		struct iovec iov = { memory, 8 * PAGE - 1 };
		ssize_t n, m;

		pos = (pos + 4099) % (FILE_LEN - 8 * PAGE);
		memcpy(memory, file_text + pos, 8 * PAGE);
		n = vmsplice(p[1], &iov, 1, 0);
		check(n, "vmsplice");
		if (n < 0)
			n = write(p[1], memory, 8 * PAGE - 1);
		m = tee(p[0], q[1], 3 * PAGE, 0);
		check(m, "tee");
		verify(p[0], pos, n);
		if (m > 0)
			verify(q[0], pos, m);
		total += n;
	}
	return total;
}

/* unix socket -> pipe -> pipe, by small and large pieces */
static size_t run_socket(void)
{
	int u[2], p[2], q[2];
	size_t total = 0, pos = 0, len = 1;

	unix_pair(SOCK_STREAM, u);
	make_pipe(p);
	make_pipe(q);
	while (going_on()) {
		size_t got = 0;

		pos = (pos + 4099) % (FILE_LEN - 65536);
		len = len * 7 % 60013;
		if (write(u[1], file_text + pos, len) != (ssize_t)len)
			die("write");
		while (got < len) {
			ssize_t n = splice(u[0], NULL, p[1], NULL, len - got, 0);

			check(n, "splice from socket");
			if (n < 0) {
				n = len - got < 16384 ? len - got : 16384;
				verify(u[0], pos + got, n);
			} else {
				ssize_t m = splice(p[0], NULL, q[1], NULL, n, 0);

				check(m, "splice to pipe");
				if (m < n)
					verify(p[0], pos + got + (m < 0 ? 0 : m), n - (m < 0 ? 0 : m));
				if (m > 0)
					verify(q[0], pos + got, m);
			}
			got += n;
		}
		total += len;
	}
	return total;
}

/* memory -> TCP by MSG_ZEROCOPY, some of it while the receiver has no room; what is sent never changes */
static size_t run_zerocopy(void)
{
	size_t total = 0, pos = 0, len = 1;
	int t[2];

	inet_pair_of(AF_INET, SOCK_STREAM, t, 16384);
	setsockopt(t[1], SOL_SOCKET, SO_SNDBUF, &(int){ 1 << 20 }, sizeof(int));
	/* In block the sends are plain ones. */
	if (setsockopt(t[1], SOL_SOCKET, SO_ZEROCOPY, &(int){ 1 }, sizeof(int)) && errno != EOPNOTSUPP)
		die("SO_ZEROCOPY");
	while (going_on()) {
		char control[200];
		struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
		ssize_t n;

		pos = (pos + 4099) % (FILE_LEN - 65536);
		len = len * 7 % 60013;
		n = send(t[1], file_text + pos, len, MSG_ZEROCOPY | (len & 1 ? MSG_MORE : 0));
		/* As much as may be locked is on its way. */
		if (n < 0 && errno != ENOBUFS)
			die("send");
		if (len & 1)
			setsockopt(t[1], IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
		if (n > 0)
			verify(t[0], pos, n);
		total += n > 0 ? n : 0;
		while (recvmsg(t[1], &msg, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
			msg.msg_controllen = sizeof(control);
	}
	return total;
}

static size_t (*const kinds[])(void) = { run_splice, run_sendfile, run_vmsplice, run_zerocopy, run_socket };

int main(int argc, char **argv)
{
	int seconds = argc > 1 ? atoi(argv[1]) : 5, processes = argc > 2 ? atoi(argv[2]) : 8;
	size_t *totals = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), total = 0;
	int i, status, failed = 0;

	pause_us = argc > 3 ? atoi(argv[3]) : 0;
	file_text = malloc(FILE_LEN);
	fill_pattern(file_text, FILE_LEN, 0, 9);
	end = time(NULL) + seconds;
	if (processes > (int)ARRAY_SIZE(children))
		return 64;
	/* A call that it comes between goes on. */
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = stop, .sa_flags = SA_RESTART }, NULL);
	for (i = 0; i < processes; i++) {
		children[i] = fork();
		if (children[i])
			continue;
		memset(children, 0, sizeof(children));
		alarm(seconds + 60);
		totals[i] = kinds[i % ARRAY_SIZE(kinds)]();
		_exit(0);
	}
	for (i = 0; i < processes; i++) {
		wait(&status);
		if (status) {
			fprintf(stderr, "traffic: a process ended with status %#x\n", status);
			failed = 1;
		}
	}
	for (i = 0; i < processes; i++) {
		total += totals[i];
		if (!totals[i]) {
			fprintf(stderr, "traffic: process %d moved nothing\n", i);
			failed = 1;
		}
	}
	printf("%zu bytes\n", total);
	return failed;
}
