// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program can observe of splice, tee, vmsplice and sendfile, apart from sharing: return
 * values, errors, offsets, signals, wake-ups and bytes. Run it in two modes and compare.
 *
 *	behaviour DIRECTORY [CASE...]	prints a line for each case
 *	behaviour			lists the cases
 *
 * DIRECTORY is where it makes its files. How many bytes a socket takes before it is full is not
 * shown: degrade fills sockets as send() does, and each socket counts copied and shared pages in
 * its own way.
 */
#include "common.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <linux/if_alg.h>
#include <linux/tls.h>

#define BIG (1 << 20)

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

static void on(int number)
{
	struct sigaction action = { .sa_handler = count_signal };	/* no SA_RESTART */

	sigaction(number, &action, NULL);
}

static void r(const char *what, ssize_t ret)
{
	if (ret < 0)
		printf(" %s=%s", what, strerrorname_np(errno));
	else
		printf(" %s=%zd", what, ret);
}

static int file_of(size_t len)
{
	char *text = malloc(len);
	int fd = open("source", O_RDWR | O_CREAT | O_TRUNC, 0600);

	fill_pattern(text, len, 0, 1);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		die("source");
	lseek(fd, 0, SEEK_SET);
	free(text);
	return fd;
}

static int sink_file(int flags)
{
	int fd = open("sink", O_RDWR | O_CREAT | O_TRUNC | flags, 0600);

	if (fd < 0)
		die("sink");
	return fd;
}

/* Read what is there, without waiting, and show how much it is and its sum. */
static void rest(const char *what, int fd)
{
	static unsigned char text[2 * BIG];
	size_t len = 0;
	uint32_t sum = 0;
	ssize_t n;

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	while (len < sizeof(text) && (n = read(fd, text + len, sizeof(text) - len)) > 0)
		len += n;
	for (size_t i = 0; i < len; i++)
		sum = sum * 31 + text[i];
	printf(" %s=%zu:%08x", what, len, sum);
}

static int pipe_of_size(int ends[2], int size)
{
	make_pipe(ends);
	return fcntl(ends[1], F_SETPIPE_SZ, size);
}

static void fill_pipe(int fd)
{
	char text[PAGE] = "";

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, text, sizeof(text)) > 0)
		;
	fcntl(fd, F_SETFL, 0);
}

static void counts_and_offsets(void)
{
	int p[2], fd = file_of(3 * BIG / 2);
	loff_t off = 4097;

	make_pipe(p);
	r("long", splice(fd, NULL, p[1], NULL, BIG, SPLICE_F_NONBLOCK));
	printf(" pos=%ld", (long)lseek(fd, 0, SEEK_CUR));
	rest("bytes", p[0]);
	r("given", splice(fd, &off, p[1], NULL, 10000, 0));
	printf(" off=%ld pos=%ld", (long)off, (long)lseek(fd, 0, SEEK_CUR));
	rest("bytes", p[0]);
	off = 3 * BIG / 2 - 10;
	r("tail", splice(fd, &off, p[1], NULL, 100, 0));
	r("eof", splice(fd, &off, p[1], NULL, 100, 0));
	off = 1L << 40;
	r("beyond", splice(fd, &off, p[1], NULL, 100, 0));
	printf(" off=%ld", (long)off);
	rest("bytes", p[0]);
}

static void odd_lengths(void)
{
	int p[2], fd = file_of(100000);
	loff_t off = 0, negative = -1;

	make_pipe(p);
	r("zero", splice(fd, &off, p[1], NULL, 0, 0));
	r("2g", splice(fd, &off, p[1], NULL, 1UL << 31, 0));
	rest("bytes", p[0]);
	r("8g", splice(fd, &off, p[1], NULL, 1UL << 33, 0));
	rest("bytes", p[0]);
	r("max", splice(fd, &off, p[1], NULL, SIZE_MAX, 0));
	r("max2", splice(p[0], NULL, p[1], NULL, SIZE_MAX, 0));
	r("negative", splice(fd, &negative, p[1], NULL, 10, 0));
	r("sendfile-negative", sendfile(p[1], fd, &negative, 10));
	off = 0;
	r("sendfile-max", sendfile(sink_file(0), fd, &off, SIZE_MAX));
	off = 0;
	r("sendfile-2g", sendfile(sink_file(0), fd, &off, 1UL << 31));
	r("sendfile-zero", sendfile(p[1], fd, &off, 0));
	r("tee-zero", tee(p[0], p[1], 0, 0));
	off = 0x7fffffffffffff00;
	r("far", splice(fd, &off, p[1], NULL, 0x1000, 0));
}

static void bad_arguments(void)
{
	int p[2], q[2], u[2], fd = file_of(1000), ro = open("source", O_RDONLY), wo = open("source", O_WRONLY);
	int dir = open(".", O_RDONLY), path = open("source", O_PATH);
	struct iovec iov = { p, sizeof(p) };
	loff_t off = 0;

	make_pipe(p);
	make_pipe(q);
	unix_pair(SOCK_STREAM, u);
	r("badfd", splice(-1, NULL, p[1], NULL, 10, 0));
	r("badfd2", splice(fd, NULL, 999, NULL, 10, 0));
	r("flags", splice(fd, NULL, p[1], NULL, 10, 0x40));
	r("highflags", splice(fd, NULL, p[1], NULL, 10, 1u << 28));
	r("nopipe", splice(fd, NULL, wo, NULL, 10, 0));
	r("writeonly", splice(wo, NULL, p[1], NULL, 10, 0));
	r("readend", splice(fd, NULL, p[0], NULL, 10, 0));
	r("writeend", splice(p[1], NULL, wo, NULL, 10, 0));
	r("pipeoffset", splice(p[0], &off, wo, NULL, 10, 0));
	r("pipeoffset2", splice(fd, NULL, p[1], &off, 10, 0));
	r("readonly", splice(p[0], NULL, ro, NULL, 10, SPLICE_F_NONBLOCK));
	r("self", splice(p[0], NULL, p[1], NULL, 10, 0));
	r("dir", splice(dir, NULL, p[1], NULL, 10, 0));
	r("path", splice(path, NULL, p[1], NULL, 10, 0));
	r("socketoffset", splice(u[0], &off, p[1], NULL, 10, SPLICE_F_NONBLOCK));
	r("badpointer", splice(fd, (void *)8, p[1], NULL, 10, 0));
	r("tee-self", tee(p[0], p[1], 10, 0));
	r("tee-file", tee(fd, p[1], 10, 0));
	r("tee-flags", tee(p[0], q[1], 10, 0x40));
	r("tee-ends", tee(p[1], q[0], 10, SPLICE_F_NONBLOCK));
	r("sendfile-dir", sendfile(p[1], dir, NULL, 10));
	r("sendfile-ro", sendfile(ro, fd, NULL, 10));
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	r("sendfile-pipe", sendfile(fd, p[0], NULL, 10));
	fcntl(u[0], F_SETFL, O_NONBLOCK);
	r("sendfile-socket", sendfile(p[1], u[0], NULL, 10));
	r("sendfile-badfd", sendfile(-1, fd, NULL, 10));
	r("vmsplice-file", vmsplice(fd, &iov, 1, 0));
	r("vmsplice-badfd", vmsplice(-1, &iov, 1, 0));
	r("vmsplice-flags", vmsplice(p[1], &iov, 1, 0x40));
	r("vmsplice-many", vmsplice(p[1], &iov, 1025, 0));
	r("vmsplice-none", vmsplice(p[1], &iov, 0, 0));
	r("vmsplice-path", vmsplice(path, &iov, 1, 0));
	rest("left", p[0]);
}

static void would_block(void)
{
	int p[2], q[2], u[2], fd = file_of(BIG);
	char text[PAGE] = "";
	struct iovec iov = { text, sizeof(text) };

	make_pipe(p);
	make_pipe(q);
	unix_pair(SOCK_STREAM, u);
	fill_pipe(p[1]);
	r("full-flag", splice(fd, NULL, p[1], NULL, 10, SPLICE_F_NONBLOCK));
	r("full-vmsplice", vmsplice(p[1], &iov, 1, SPLICE_F_NONBLOCK));
	r("empty-flag", splice(q[0], NULL, u[1], NULL, 10, SPLICE_F_NONBLOCK));
	r("empty-tee", tee(q[0], p[1], 10, SPLICE_F_NONBLOCK));
	r("full-tee", tee(p[0], q[1], 10, SPLICE_F_NONBLOCK));
	r("socket-flag", splice(u[0], NULL, q[1], NULL, 10, SPLICE_F_NONBLOCK));
	fcntl(p[1], F_SETFL, O_NONBLOCK);
	r("full-file", splice(fd, NULL, p[1], NULL, 10, 0));
	r("full-sendfile", sendfile(p[1], fd, NULL, 10));
	rest("q", q[0]);
	fcntl(q[0], F_SETFL, O_NONBLOCK);
	r("empty-file", splice(q[0], NULL, u[1], NULL, 10, 0));
	r("empty-pipe", splice(q[0], NULL, p[1], NULL, 10, 0));
	fcntl(u[0], F_SETFL, O_NONBLOCK);
	r("socket-file", splice(u[0], NULL, q[1], NULL, 10, 0));
}

/*
 * Fill a socket that does not block by splice or sendfile: at the end EAGAIN, and all bytes that it
 * took arrive.
 */
static void full_socket(int type, bool tcp, bool use_sendfile)
{
	int ends[2], p[2], fd = file_of(BIG);
	static char got[BIG], want[BIG];
	ssize_t n = 0, sent = 0, in_pipe = 0;
	size_t received = 0;

	if (tcp)
		inet_pair(type, ends);
	else
		unix_pair(type, ends);
	make_pipe(p);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	for (int turn = 0; turn < 2000; turn++) {
		if (use_sendfile) {
			n = sendfile(ends[1], fd, NULL, 50000);
		} else {
			if (!in_pipe)
				in_pipe = splice(fd, NULL, p[1], NULL, 50000, 0);
			n = in_pipe ? splice(p[0], NULL, ends[1], NULL, in_pipe, 0) : 0;
			if (n > 0)
				in_pipe -= n;
		}
		if (n < 0 && errno == EAGAIN) {
			/* All of it at once only where there is so much. */
			ssize_t m = read(ends[0], got + received, 30000);

			if (m > 0)
				received += m;
			continue;
		}
		if (n <= 0)
			break;
		sent += n;
	}
	r(use_sendfile ? "sendfile-end" : "splice-end", n);
	printf(" sent=%zd pos=%ld", sent, (long)lseek(fd, 0, SEEK_CUR));
	received += read_all(ends[0], got + received, sent - received);
	fill_pattern(want, BIG, 0, 1);
	printf(" same=%d", received == (size_t)sent && !memcmp(got, want, sent));
}

static void full_sockets(void)
{
	full_socket(SOCK_STREAM, true, true);
	full_socket(SOCK_STREAM, true, false);
	full_socket(SOCK_STREAM, false, true);
	full_socket(SOCK_STREAM, false, false);
}

static void broken_pipes(void)
{
	int p[2], q[2], u[2], t[2], fd = file_of(100000);
	char text[PAGE] = "";
	struct iovec iov = { text, sizeof(text) };

	on(SIGPIPE);
	make_pipe(p);
	make_pipe(q);
	unix_pair(SOCK_STREAM, u);
	inet_pair(SOCK_STREAM, t);
	r("fill", splice(fd, NULL, q[1], NULL, 20000, 0));
	close(p[0]);
	r("splice", splice(fd, NULL, p[1], NULL, 10, 0));
	printf(" signals=%d", signals);
	r("vmsplice", vmsplice(p[1], &iov, 1, 0));
	printf(" signals=%d", signals);
	r("tee", tee(q[0], p[1], 10, 0));
	printf(" signals=%d", signals);
	r("move", splice(q[0], NULL, p[1], NULL, 10, 0));
	printf(" signals=%d", signals);
	r("sendfile-pipe", sendfile(p[1], fd, NULL, 10));
	printf(" signals=%d", signals);
	close(u[0]);
	r("unix", splice(q[0], NULL, u[1], NULL, 5000, 0));
	printf(" signals=%d", signals);
	r("sendfile-unix", sendfile(u[1], fd, NULL, 5000));
	printf(" signals=%d", signals);
	shutdown(t[1], SHUT_WR);
	r("tcp", splice(q[0], NULL, t[1], NULL, 5000, 0));
	printf(" signals=%d", signals);
	r("sendfile-tcp", sendfile(t[1], fd, NULL, 5000));
	printf(" signals=%d", signals);
	rest("left", q[0]);
}

/* A write that fails half-way leaves an empty buffer on kernels before 7; it is no end of the data. */
static void empty_buffer(void)
{
	char *nothing = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int p[2], u[2];

	make_pipe(p);
	unix_pair(SOCK_STREAM, u);
	r("fault", write(p[1], nothing, 10));
	r("write", write(p[1], "data", 4));
	r("splice", splice(p[0], NULL, u[1], NULL, 10, SPLICE_F_NONBLOCK));
	rest("bytes", u[0]);
}

static void end_of_input(void)
{
	int p[2], q[2], u[2], t[2];

	make_pipe(p);
	make_pipe(q);
	unix_pair(SOCK_STREAM, u);
	inet_pair(SOCK_STREAM, t);
	close(p[1]);
	r("pipe-pipe", splice(p[0], NULL, q[1], NULL, 10, 0));
	r("pipe-unix", splice(p[0], NULL, u[1], NULL, 10, 0));
	r("pipe-file", splice(p[0], NULL, sink_file(0), NULL, 10, 0));
	r("tee", tee(p[0], q[1], 10, 0));
	if (write(u[1], "rest", 4) != 4 || write(t[1], "rest", 4) != 4)
		die("write");
	close(u[1]);
	close(t[1]);
	r("unix", splice(u[0], NULL, q[1], NULL, 10, 0));
	r("unix-end", splice(u[0], NULL, q[1], NULL, 10, 0));
	r("tcp", splice(t[0], NULL, q[1], NULL, 10, 0));
	r("tcp-end", splice(t[0], NULL, q[1], NULL, 10, 0));
	rest("bytes", q[0]);
}

static void alarm_in(int milliseconds)
{
	struct itimerval timer = { .it_value.tv_usec = milliseconds * 1000 };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void interrupted(void)
{
	int p[2], q[2], u[2], fd = file_of(1000);
	char text[PAGE] = "";
	struct iovec iov = { text, sizeof(text) };

	on(SIGALRM);
	make_pipe(p);
	make_pipe(q);
	unix_pair(SOCK_STREAM, u);
	fill_pipe(p[1]);
	alarm_in(50);
	r("full", splice(fd, NULL, p[1], NULL, 10, 0));
	alarm_in(50);
	r("vmsplice", vmsplice(p[1], &iov, 1, 0));
	alarm_in(50);
	r("empty-unix", splice(q[0], NULL, u[1], NULL, 10, 0));
	alarm_in(50);
	r("empty-file", splice(q[0], NULL, sink_file(0), NULL, 10, 0));
	alarm_in(50);
	r("empty-pipe", splice(q[0], NULL, p[1], NULL, 10, 0));
	alarm_in(50);
	r("tee", tee(q[0], p[1], 10, 0));
	alarm_in(50);
	r("socket", splice(u[0], NULL, q[1], NULL, 10, 0));
	alarm_in(50);
	iov.iov_len = 10;
	r("to-user", vmsplice(q[0], &iov, 1, 0));
	printf(" signals=%d", signals);
}

static void sizes(void)
{
	int p[2], fd = file_of(BIG);
	loff_t off = 100;

	r("one-slot", pipe_of_size(p, PAGE));
	r("crossing", splice(fd, &off, p[1], NULL, 2 * PAGE, SPLICE_F_NONBLOCK));
	r("more", splice(fd, &off, p[1], NULL, 10, SPLICE_F_NONBLOCK));
	rest("bytes", p[0]);
	r("two-slots", pipe_of_size(p, 2 * PAGE));
	r("crossing", splice(fd, &off, p[1], NULL, 2 * PAGE, SPLICE_F_NONBLOCK));
	r("more", splice(fd, &off, p[1], NULL, 10, SPLICE_F_NONBLOCK));
	r("shrink", fcntl(p[1], F_SETPIPE_SZ, PAGE));
	rest("bytes", p[0]);
	r("grown", pipe_of_size(p, BIG));
	off = 1;
	r("splice", splice(fd, &off, p[1], NULL, BIG, SPLICE_F_NONBLOCK));
	r("shrink", fcntl(p[1], F_SETPIPE_SZ, 65536));
	fcntl(p[1], F_SETFL, O_NONBLOCK);
	r("sendfile", sendfile(p[1], fd, &off, 4096));
	rest("bytes", p[0]);
}

/* How many slots do small pieces take? Fill the rest one by one. */
static void slots(void)
{
	int p[2], u[2], fd = file_of(BIG), count = 0, waiting;
	loff_t off = 4000;
	char text[60000];

	make_pipe(p);
	r("two", splice(fd, &off, p[1], NULL, 200, 0));
	unix_pair(SOCK_STREAM, u);
	for (int i = 0; i < 5; i++)
		if (write(u[1], "abc", 3) != 3)
			die("write");
	r("unix", splice(u[0], NULL, p[1], NULL, 12, 0));
	fill_pattern(text, sizeof(text), 0, 5);
	if (write(u[1], text, sizeof(text)) != sizeof(text))
		die("write");
	r("long", splice(u[0], NULL, p[1], NULL, 100000, SPLICE_F_NONBLOCK));
	ioctl(p[0], FIONREAD, &waiting);
	while (splice(fd, NULL, p[1], NULL, 1, SPLICE_F_NONBLOCK) == 1)
		count++;
	printf(" waiting=%d free=%d", waiting, count);
	rest("bytes", p[0]);
	rest("unread", u[0]);
}

/* Socket buffers longer than a page, and whatever offsets they begin at. */
static void long_buffers(void)
{
	int p[2], u[2], t[2];
	static char text[200000];
	size_t chunks[] = { 1, 4095, 4096, 4097, 30000, 65000 };

	fill_pattern(text, sizeof(text), 0, 3);
	pipe_of_size(p, BIG);
	for (size_t i = 0; i < ARRAY_SIZE(chunks); i++) {
		unix_pair(SOCK_STREAM, u);
		inet_pair(SOCK_STREAM, t);
		if (write(u[1], text + i, chunks[i]) != (ssize_t)chunks[i] ||
		    write(t[1], text + i, chunks[i]) != (ssize_t)chunks[i])
			die("write");
		close(u[1]);
		close(t[1]);
		r("unix", splice(u[0], NULL, p[1], NULL, BIG, 0));
		rest("bytes", p[0]);
		while (splice(t[0], NULL, p[1], NULL, BIG, 0) > 0)
			;
		rest("tcp", p[0]);
		close(u[0]);
		close(t[0]);
	}
}

static void tee_parts(void)
{
	int p[2], q[2], s[2], fd = file_of(BIG);
	char text[100];

	make_pipe(p);
	make_pipe(q);
	make_pipe(s);
	r("splice", splice(fd, NULL, p[1], NULL, 20000, 0));
	r("read", read(p[0], text, sizeof(text)));
	r("tee", tee(p[0], q[1], 6000, 0));
	r("part", splice(p[0], NULL, s[1], NULL, 1000, 0));
	r("tee2", tee(p[0], s[1], 100000, 0));
	rest("q", q[0]);
	rest("p", p[0]);
	rest("s", s[0]);
}

static void messages_of(const char *what, int fd)
{
	static char text[70000];
	ssize_t n;

	printf(" %s", what);
	while ((n = recv(fd, text, sizeof(text), MSG_DONTWAIT)) >= 0) {
		printf(":%zd", n);
		if (!n)
			break;
	}
}

static void messages(void)
{
	static const int types[] = { SOCK_DGRAM, SOCK_SEQPACKET };
	int p[2], u[2], fd = file_of(100000);
	loff_t off;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		off = 100;
		unix_pair(types[i], u);
		make_pipe(p);
		r("sendfile", sendfile(u[1], fd, &off, 10000));
		messages_of("got", u[0]);
		r("fill", splice(fd, &off, p[1], NULL, 12000, 0));
		r("splice", splice(p[0], NULL, u[1], NULL, 12000, 0));
		messages_of("got", u[0]);
		rest("left", p[0]);
	}
	off = 0;
	inet_pair(SOCK_DGRAM, u);
	r("udp", sendfile(u[1], fd, &off, 10000));
	messages_of("got", u[0]);
	make_pipe(p);
	r("fill", splice(fd, &off, p[1], NULL, 6000, 0));
	r("more", splice(p[0], NULL, u[1], NULL, 3000, SPLICE_F_MORE));
	messages_of("got", u[0]);
	r("last", splice(p[0], NULL, u[1], NULL, 3000, 0));
	messages_of("got", u[0]);
}

/*
 * A signal at any moment of a sendfile of several pages: what was sent is one datagram, and none
 * stays behind, half made.
 */
static void whole_datagrams(void)
{
	static const struct itimerval often = { { 0, 83 }, { 0, 83 } }, never;
	int u[2], fd = file_of(3 * PAGE), whole = 0, broken = 0;
	static char text[70000];
	ssize_t sent, got;
	loff_t off;

	on(SIGALRM);
	inet_pair(SOCK_DGRAM, u);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int turn = 0; turn < 20000 && whole < 2000 && !broken; turn++) {
		off = 0;
		sent = sendfile(u[1], fd, &off, 3 * PAGE);
		/* On a busy machine it is still on its way. */
		for (int tries = 0; tries < 20000; tries++) {
			got = recv(u[0], text, sizeof(text), sent == 3 * PAGE ? 0 : MSG_DONTWAIT);
			if (got >= 0 || errno != EINTR)
				break;
		}
		whole += sent == 3 * PAGE && got == sent;
		broken += sent != 3 * PAGE && (sent > 0 || got >= 0);
		broken += sent == 3 * PAGE && got != sent;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	printf(" whole=%d broken=%d interrupted=%d", whole, broken, signals > 100);
}

static void digest(void)
{
	struct sockaddr_alg address = { .salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256" };
	int alg = socket(AF_ALG, SOCK_SEQPACKET, 0), fd = file_of(100000), p[2], op;
	unsigned char sum[32];
	loff_t off = 7;

	if (alg < 0 || bind(alg, (void *)&address, sizeof(address))) {
		printf(" absent");
		return;
	}
	op = accept(alg, NULL, NULL);
	r("sendfile", sendfile(op, fd, &off, 90000));
	r("read", read(op, sum, sizeof(sum)));
	printf(" %02x%02x", sum[0], sum[31]);
	make_pipe(p);
	off = 1;
	r("fill", splice(fd, &off, p[1], NULL, 50000, 0));
	r("splice", splice(p[0], NULL, op, NULL, 50000, 0));
	r("read", read(op, sum, sizeof(sum)));
	printf(" %02x%02x", sum[0], sum[31]);
}

/* Bytes that must be there, and their sum. */
static void exactly(const char *what, int fd, size_t len)
{
	static unsigned char text[BIG];
	size_t n = read_all(fd, (char *)text, len);
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = sum * 31 + text[i];
	printf(" %s=%zu:%08x", what, n, sum);
}

/* Does all that was sent arrive while nobody sends more? */
static void arrives_soon(const char *what, int fd, int len)
{
	int got = 0;

	for (int i = 0; i < 10 && got < len; i++) {
		usleep(10000);
		ioctl(fd, FIONREAD, &got);
	}
	printf(" %s=%d", what, got >= len);
}

/* Woken where it was full, by who asked for edges only. */
static void edge(int fd, int other_end)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int epoll = epoll_create1(0), big = open("source", O_RDONLY);
	static char text[2 * BIG];
	loff_t off = 0;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	epoll_wait(epoll, &event, 1, 0);
	for (int i = 0; i < 10000 && sendfile(fd, big, &off, 7001) > 0; i++)
		off = i % 7;
	r("full", sendfile(fd, big, &off, 1));
	r("none", epoll_wait(epoll, &event, 1, 0));
	fcntl(other_end, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 20; i++) {
		while (read(other_end, text, sizeof(text)) > 0)
			;
		usleep(1000);
	}
	r("edge", epoll_wait(epoll, &event, 1, 2000));
}

static void file_to_tcp(void)
{
	int t[2], fd = file_of(50001), other;
	loff_t off = 1;
	ssize_t n;

	/* Longer than it is, where the last bytes fill no page, no segment and no fragment. */
	inet_pair(SOCK_STREAM, t);
	r("longer", sendfile(t[1], fd, &off, 1 << 30));
	printf(" off=%ld", (long)off);
	arrives_soon("soon", t[0], 50000);
	exactly("bytes", t[0], 50000);
	r("end", sendfile(t[1], fd, &off, 100));
	off = 50001 - 4500;
	r("beyond", sendfile(t[1], fd, &off, 8000));
	arrives_soon("soon", t[0], 4500);
	exactly("bytes", t[0], 4500);
	r("nothing", sendfile(t[1], fd, NULL, 0));
	r("short", sendfile(t[1], fd, NULL, 1000));
	r("on", sendfile(t[1], fd, NULL, 33333));
	printf(" pos=%ld", (long)lseek(fd, 0, SEEK_CUR));
	arrives_soon("soon", t[0], 34333);
	exactly("bytes", t[0], 34333);
	/* Between others that share the fragment. */
	for (int i = 0; i < 40; i++) {
		off = i * 17;
		if (sendfile(t[1], fd, &off, 1000 + i) != 1000 + i || send(t[1], "between", 7, i & 1 ? MSG_MORE : 0) != 7)
			r("between", -1);
	}
	arrives_soon("soon", t[0], 40 * 1007 + 39 * 20);
	exactly("bytes", t[0], 40 * 1007 + 39 * 20);
	/* Not from the page cache. */
	fsync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	off = 5;
	r("cold", sendfile(t[1], fd, &off, 4000));
	exactly("bytes", t[0], 4000);
	other = open("source", O_RDONLY | O_DIRECT);
	if (other >= 0) {
		r("direct", sendfile(t[1], other, NULL, 8192));
		exactly("bytes", t[0], 8192);
	}
	other = open("source", O_RDONLY | O_APPEND);
	r("append", sendfile(t[1], other, NULL, 100));
	fcntl(t[1], F_SETFL, O_APPEND);
	r("append-socket", sendfile(t[1], fd, NULL, 100));
	fcntl(t[1], F_SETFL, 0);
	exactly("bytes", t[0], 100);
	/* Cannot be spliced from; and what can, but is no file of a disk's. */
	other = open("/proc/self/status", O_RDONLY);
	r("proc", sendfile(t[1], other, NULL, 5));
	other = open("/proc/sys/kernel/ostype", O_RDONLY);
	n = sendfile(t[1], other, NULL, 5);
	r("sysctl", n);
	if (n > 0)
		exactly("bytes", t[0], n);
	edge(t[1], t[0]);
}

/* @in may be -1: it gets what TLS sends. Returns whether there is TLS here. */
static bool have_tls(int out, int in)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info = { .version = TLS_1_2_VERSION, .cipher_type = TLS_CIPHER_AES_GCM_128 }, .key = "0123456789abcde" };

	if (setsockopt(out, IPPROTO_TCP, TCP_ULP, "tls", 4) || setsockopt(out, SOL_TLS, TLS_TX, &info, sizeof(info)) ||
	    (in >= 0 && (setsockopt(in, IPPROTO_TCP, TCP_ULP, "tls", 4) || setsockopt(in, SOL_TLS, TLS_RX, &info, sizeof(info))))) {
		printf(" absent");
		return false;
	}
	return true;
}

/* TLS in the kernel: what is spliced to it arrives, whole records or half ones, and in order. */
static void tls(void)
{
	int t[2], p[2], q[2], fd = file_of(BIG);
	loff_t off = 3;

	inet_pair(SOCK_STREAM, t);
	make_pipe(p);
	make_pipe(q);
	if (!have_tls(t[1], t[0]))
		return;
	r("sendfile", sendfile(t[1], fd, &off, 50000));
	exactly("bytes", t[0], 50000);
	r("fill", splice(fd, &off, p[1], NULL, 30000, 0));
	r("more", splice(p[0], NULL, t[1], NULL, 10000, SPLICE_F_MORE));
	r("rest", splice(p[0], NULL, t[1], NULL, 20000, 0));
	exactly("bytes", t[0], 30000);
	r("send", send(t[1], "plain", 5, 0));
	r("sendfile", sendfile(t[1], fd, &off, 100));
	exactly("bytes", t[0], 105);
	r("sendfile", sendfile(t[1], fd, &off, 10000));
	r("receive", splice(t[0], NULL, q[1], NULL, 10000, 0));
	exactly("bytes", q[0], 10000);
}

#define RECORD_OVERHEAD (8 + 16)

/* The records that come, until the end or until they carry so many bytes, with @list each one's length. Returns how many they carry. */
static size_t read_records(int fd, size_t most, bool list)
{
	static char text[1 << 16];
	unsigned char header[5];
	size_t bytes = 0, n = 0;

	while (bytes < most && (n = read_all(fd, (char *)header, sizeof(header))) == sizeof(header)) {
		size_t len = header[3] << 8 | header[4];

		if (list)
			printf(" %d:%zu", header[0], len);
		if (read_all(fd, text, len) != len)
			printf(" cut");
		bytes += len - RECORD_OVERHEAD;
	}
	if (n % sizeof(header))
		printf(" half-a-header");
	return bytes;
}

/* A connection on which t[1] sends records, at most @limit bytes long unless that is 0, and a pipe. */
static bool have_records(int t[2], int p[2], unsigned short limit)
{
	inet_pair(SOCK_STREAM, t);
	make_pipe(p);
	if (!have_tls(t[1], -1))
		return false;
	if (limit)
		r("limit", setsockopt(t[1], SOL_TLS, 5 /* TLS_TX_MAX_PAYLOAD_LEN, since 6.19 */, &limit, sizeof(limit)));
	return true;
}

/* @count buffers of @len bytes, each of another page. Of more pieces than a record has room for, stock makes it earlier. */
static void fill_in_parts(int pipe, int fd, size_t len, int count)
{
	while (count--) {
		loff_t off = count * PAGE % BIG;

		if (splice(fd, &off, pipe, NULL, len, SPLICE_F_NONBLOCK) != (ssize_t)len)
			printf(" short-fill");
	}
}

/* Where records end, somebody on the wire sees. @limit: how long one may be, or 0. */
static void send_records(unsigned short limit)
{
	int t[2], p[2], fd = file_of(BIG);
	loff_t off = 3;
	pid_t reader;

	if (!have_records(t, p, limit))
		return;
	fflush(stdout);
	reader = fork();
	if (!reader) {
		close(t[1]);
		read_records(t[0], SIZE_MAX, true);
		fflush(stdout);
		_exit(0);
	}
	r("sendfile", sendfile(t[1], fd, &off, 300000));
	r("one", sendfile(t[1], fd, &off, 16384));
	r("one-more", sendfile(t[1], fd, &off, 16385));
	r("fill", splice(fd, &off, p[1], NULL, 60000, 0));
	r("more", splice(p[0], NULL, t[1], NULL, 10000, SPLICE_F_MORE));
	r("open", sendfile(t[1], fd, &off, 100000));
	r("more", splice(p[0], NULL, t[1], NULL, 20000, SPLICE_F_MORE));
	r("rest", splice(p[0], NULL, t[1], NULL, 30000, 0));
	fill_in_parts(p[1], fd, 700, 12);
	r("small", splice(p[0], NULL, t[1], NULL, 50000, SPLICE_F_NONBLOCK));
	/* Whether more follows is asked after 16 buffers each. */
	fcntl(p[1], F_SETPIPE_SZ, 64 * PAGE);
	fill_in_parts(p[1], fd, 3000, 20);
	r("many", splice(p[0], NULL, t[1], NULL, BIG, SPLICE_F_NONBLOCK));
	fill_in_parts(p[1], fd, 3000, 16);
	r("sixteen", splice(p[0], NULL, t[1], NULL, BIG, SPLICE_F_NONBLOCK));
	r("send-more", send(t[1], "plain", 5, MSG_MORE));
	r("sendfile", sendfile(t[1], fd, &off, 70000));
	fflush(stdout);
	close(t[1]);
	waitpid(reader, NULL, 0);
}

/* What a call says that it has sent into a full socket is in records, also where one was half full before. */
static void fill_with_records(unsigned short limit)
{
	int t[2], p[2], fd = file_of(BIG), size = 100000;
	struct timeval patience = { .tv_sec = 3 };
	size_t sent = 5;
	loff_t off = 0;
	ssize_t n;
	pid_t reader;

	if (!have_records(t, p, limit))
		return;
	setsockopt(t[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	fcntl(t[1], F_SETFL, O_NONBLOCK);
	r("send-more", send(t[1], "plain", 5, MSG_MORE));
	do {
		off %= BIG / 2;
		splice(fd, &off, p[1], NULL, 16 * PAGE, SPLICE_F_NONBLOCK);
		n = splice(p[0], NULL, t[1], NULL, 16 * PAGE, SPLICE_F_NONBLOCK);
		if (n > 0)
			sent += n;
	} while (n > 0);
	r("full", n);
	fflush(stdout);
	reader = fork();
	if (!reader) {
		setsockopt(t[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		printf(" all=%d", read_records(t[0], sent, false) == sent);
		fflush(stdout);
		_exit(0);
	}
	waitpid(reader, NULL, 0);
	close(t[1]);
}

static void tls_records(void)
{
	send_records(0);
	send_records(5000);
}

static void tls_full(void)
{
	fill_with_records(0);
	fill_with_records(5000);
}

static void file_sinks(void)
{
	int p[2], fd = file_of(BIG), sink = sink_file(O_APPEND), null = open("/dev/null", O_WRONLY);
	struct rlimit limit = { 10000, RLIM_INFINITY };
	loff_t off = 0, out = 8192;

	on(SIGXFSZ);
	make_pipe(p);
	r("fill", splice(fd, &off, p[1], NULL, 60000, 0));
	r("append", splice(p[0], NULL, sink, NULL, 10, 0));
	r("sendfile-append", sendfile(sink, fd, NULL, 10));
	sink = sink_file(0);
	r("file", splice(p[0], NULL, sink, &out, 20000, 0));
	printf(" out=%ld pos=%ld", (long)out, (long)lseek(sink, 0, SEEK_CUR));
	r("null", splice(p[0], NULL, null, NULL, 5000, 0));
	r("sendfile-null", sendfile(null, fd, &off, 100000));
	setrlimit(RLIMIT_FSIZE, &limit);
	r("limit", splice(p[0], NULL, sink, NULL, 20000, 0));
	r("beyond", splice(p[0], NULL, sink, &out, 20000, 0));
	printf(" signals=%d", signals);
	out = 0;
	r("sendfile-limit", sendfile(sink, fd, &out, 60000));
	printf(" signals=%d", signals);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	rest("left", p[0]);
	lseek(sink, 0, SEEK_SET);
	rest("sink", sink);
}

static void direct_sinks(void)
{
	int p[2], fd = file_of(BIG), sink = open("sink", O_RDWR | O_CREAT | O_TRUNC | O_DIRECT, 0600);
	loff_t off = 0;

	if (sink < 0) {
		printf(" absent");
		return;
	}
	make_pipe(p);
	r("fill", splice(fd, &off, p[1], NULL, 65536, 0));
	r("splice", splice(p[0], NULL, sink, NULL, 65536, 0));
	off = 0;
	r("sendfile", sendfile(sink, fd, &off, 131072));
	sink = open("sink", O_RDONLY);
	rest("sink", sink);
}

static void memory(void)
{
	char *map = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec parts[4] = { { map + 10, 5000 }, { map + 3 * PAGE, 0 }, { map + 4 * PAGE + 1, 1 }, { map + 6 * PAGE, 9000 } };
	struct iovec all = { map, 64 * PAGE }, hole = { map + 32 * PAGE, 8 * PAGE }, bad = { (void *)8, 10 };
	struct iovec two[2] = { { map, 100 }, { (void *)8, 10 } };
	char text[300];
	struct iovec into = { text, sizeof(text) };
	int p[2];

	fill_pattern(map, 64 * PAGE, 0, 4);
	make_pipe(p);
	r("parts", vmsplice(p[1], parts, 4, 0));
	rest("bytes", p[0]);
	r("all", vmsplice(p[1], &all, 1, 0));
	r("again", vmsplice(p[1], &all, 1, SPLICE_F_NONBLOCK));
	rest("bytes", p[0]);
	r("gift", vmsplice(p[1], &parts[3], 1, SPLICE_F_GIFT));
	rest("bytes", p[0]);
	r("bad", vmsplice(p[1], &bad, 1, 0));
	r("half", vmsplice(p[1], two, 2, 0));
	rest("bytes", p[0]);
	munmap(map + 36 * PAGE, PAGE);
	r("hole", vmsplice(p[1], &hole, 1, 0));
	rest("bytes", p[0]);
	mprotect(map, PAGE, PROT_NONE);
	r("none", vmsplice(p[1], &all, 1, 0));
	fcntl(p[0], F_SETFL, 0);
	r("write", write(p[1], "hello", 5));
	r("to-user", vmsplice(p[0], &into, 1, 0));
	r("write", write(p[1], "hello", 5));
	into.iov_base = (void *)8;
	r("to-bad", vmsplice(p[0], &into, 1, 0));
	rest("bytes", p[0]);
}

/*
 * Edit in place after vmsplice, and before the hand-off: seen. A program's own pages, one that a
 * fork shared, and munmap.
 */
static void edits(void)
{
	char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec iov = { map, 3 * PAGE };
	char text[3 * PAGE];
	int p[2], q[2];

	make_pipe(p);
	make_pipe(q);
	memset(map, 'a', 4 * PAGE);
	r("vmsplice", vmsplice(p[1], &iov, 1, 0));
	map[5] = 'b';
	map[2 * PAGE + 5] = 'c';
	r("move", splice(p[0], NULL, q[1], NULL, 2 * PAGE, 0));
	map[6] = 'd';
	r("tee", tee(q[0], p[1], 100, 0));
	map[7] = 'e';
	r("read", read(q[0], text, 10));
	printf(" %.10s", text);
	r("read", read(p[0], text, PAGE));
	printf(" %.10s", text);
	munmap(map, 4 * PAGE);
	rest("q", q[0]);
	rest("p", p[0]);
}

/* Holes, which some file systems fill with the zero page. */
static void holes(void)
{
	int p[2], t[2], fd = sink_file(0);
	loff_t off = 100;

	if (ftruncate(fd, 50000) || pwrite(fd, "middle", 6, 20000) != 6)
		die("sink");
	make_pipe(p);
	inet_pair(SOCK_STREAM, t);
	r("splice", splice(fd, &off, p[1], NULL, 40000, 0));
	rest("bytes", p[0]);
	off = 3;
	r("sendfile", sendfile(t[1], fd, &off, 45000));
	shutdown(t[1], SHUT_WR);
	usleep(50000);
	rest("bytes", t[0]);
}

static void devices(void)
{
	static const char *const names[] = { "/dev/zero", "/proc/sys/kernel/ostype", "/sys/kernel/profiling", "/proc/self/comm" };
	int p[2], fd;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		fd = open(names[i], O_RDONLY);
		if (fd < 0)
			continue;
		make_pipe(p);
		r(names[i], splice(fd, NULL, p[1], NULL, 10000, 0));
		rest("bytes", p[0]);
		r("next", splice(fd, NULL, p[1], NULL, 10000, SPLICE_F_NONBLOCK));
		rest("bytes", p[0]);
		lseek(fd, 0, SEEK_SET);
		r("sendfile", sendfile(p[1], fd, NULL, 100));
	}
}

static int ready(int fd, int events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	return poll(&poll_fd, 1, 0) < 0 ? -1 : poll_fd.revents;
}

/* A child sleeps in poll or epoll; does the call wake it? */
static void wakes(const char *what, int fd, int events, ssize_t (*call)(const int *fds), const int *fds)
{
	int epoll = epoll_create1(0), status;
	struct epoll_event event = { .events = events | EPOLLET };
	pid_t child;

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	epoll_wait(epoll, &event, 1, 0);
	child = fork();
	if (!child)
		_exit(epoll_wait(epoll, &event, 1, 3000) == 1 ? 0 : 1);
	usleep(30000);
	r(what, call(fds));
	waitpid(child, &status, 0);
	printf(" woken=%d", !status);
	close(epoll);
}

static ssize_t call_splice(const int *fds)
{
	return splice(fds[0], NULL, fds[1], NULL, 65536, 0);
}

static ssize_t call_vmsplice(const int *fds)
{
	static char text[100] = "text";
	struct iovec iov = { text, sizeof(text) };

	return vmsplice(fds[1], &iov, 1, 0);
}

static ssize_t call_tee(const int *fds)
{
	return tee(fds[0], fds[1], 65536, 0);
}

static void wake_ups(void)
{
	int p[2], q[2], u[2], fd = file_of(BIG), null = open("/dev/null", O_WRONLY);

	make_pipe(p);
	make_pipe(q);
	unix_pair(SOCK_STREAM, u);
	wakes("file-pipe", p[0], POLLIN, call_splice, (int[]){ fd, p[1] });
	printf(" in=%d out=%d", ready(p[0], POLLIN), ready(p[1], POLLOUT));
	wakes("tee", q[0], POLLIN, call_tee, (int[]){ p[0], q[1] });
	rest("q", q[0]);
	wakes("pipe-unix", p[1], POLLOUT, call_splice, (int[]){ p[0], u[1] });
	printf(" in=%d out=%d", ready(p[0], POLLIN), ready(p[1], POLLOUT));
	wakes("unix-pipe", p[0], POLLIN, call_splice, (int[]){ u[0], p[1] });
	rest("p", p[0]);
	wakes("vmsplice", p[0], POLLIN, call_vmsplice, (int[]){ -1, p[1] });
	fill_pipe(p[1]);
	wakes("pipe-null", p[1], POLLOUT, call_splice, (int[]){ p[0], null });
}

static void watched(void)
{
	int fd, sink, fifo, p[2], watch = inotify_init1(IN_NONBLOCK);
	char text[4096], page[100] = "";
	struct iovec iov = { page, sizeof(page) };
	ssize_t n;

	unlink("fifo");
	if (mkfifo("fifo", 0600))
		die("mkfifo");
	fd = file_of(10000);
	sink = sink_file(0);
	fifo = open("fifo", O_RDWR);
	make_pipe(p);
	inotify_add_watch(watch, "source", IN_ACCESS | IN_MODIFY);
	inotify_add_watch(watch, "sink", IN_ACCESS | IN_MODIFY);
	inotify_add_watch(watch, "fifo", IN_ACCESS | IN_MODIFY);
	r("splice", splice(fd, NULL, p[1], NULL, 1000, 0));
	r("file", splice(p[0], NULL, sink, NULL, 1000, 0));
	r("sendfile", sendfile(sink, fd, NULL, 1000));
	r("vmsplice", vmsplice(fifo, &iov, 1, 0));
	r("fifo", splice(fifo, NULL, p[1], NULL, 100, 0));
	while ((n = read(watch, text, sizeof(text))) > 0)
		for (char *at = text; at < text + n;) {
			struct inotify_event *event = (void *)at;

			printf(" %d:%x", event->wd, event->mask);
			at += sizeof(*event) + event->len;
		}
}

/*
 * A writer that sleeps on a full pipe goes on at the first free slot, and then returns a short
 * count.
 */
static void first_slot(void)
{
	int p[2], fd = file_of(BIG), status;
	char text[PAGE];
	pid_t child;

	pipe_of_size(p, 4 * PAGE);
	fill_pipe(p[1]);
	fflush(stdout);
	child = fork();
	if (!child)
		_exit(splice(fd, NULL, p[1], NULL, 10 * PAGE, 0) == PAGE ? 0 : 1);
	usleep(50000);
	r("read", read(p[0], text, sizeof(text)));
	waitpid(child, &status, 0);
	printf(" splice=%d", status);
	child = fork();
	if (!child) {
		static char pages[10 * PAGE] __attribute__((aligned(PAGE)));
		struct iovec iov = { pages, sizeof(pages) };

		_exit(vmsplice(p[1], &iov, 1, 0) == PAGE ? 0 : 1);
	}
	usleep(50000);
	r("read", read(p[0], text, sizeof(text)));
	waitpid(child, &status, 0);
	printf(" vmsplice=%d", status);
	rest("bytes", p[0]);
}

static const struct { const char *name; void (*run)(void); } cases[] = {
	{ "counts-and-offsets", counts_and_offsets },
	{ "odd-lengths", odd_lengths },
	{ "bad-arguments", bad_arguments },
	{ "would-block", would_block },
	{ "full-sockets", full_sockets },
	{ "file-to-tcp", file_to_tcp },
	{ "broken-pipes", broken_pipes },
	{ "empty-buffer", empty_buffer },
	{ "end-of-input", end_of_input },
	{ "interrupted", interrupted },
	{ "sizes", sizes },
	{ "slots", slots },
	{ "long-buffers", long_buffers },
	{ "tee-parts", tee_parts },
	{ "messages", messages },
	{ "whole-datagrams", whole_datagrams },
	{ "digest", digest },
	{ "tls", tls },
	{ "tls-records", tls_records },
	{ "tls-full", tls_full },
	{ "file-sinks", file_sinks },
	{ "direct-sinks", direct_sinks },
	{ "memory", memory },
	{ "edits", edits },
	{ "holes", holes },
	{ "devices", devices },
	{ "wake-ups", wake_ups },
	{ "watched", watched },
	{ "first-slot", first_slot },
};

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 1 && chdir(argv[1]))
		die("%s", argv[1]);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		bool wanted = argc == 2;
		int arg, status;
		pid_t child;

		if (argc == 1) {
			puts(cases[i].name);
			continue;
		}
		for (arg = 2; arg < argc; arg++)
			wanted |= !strcmp(argv[arg], cases[i].name);
		if (!wanted)
			continue;
		fflush(stdout);
		child = fork();
		if (!child) {
			alarm(60);
			printf("%s:", cases[i].name);
			cases[i].run();
			printf("\n");
			fflush(stdout);
			_exit(0);
		}
		waitpid(child, &status, 0);
		if (status) {
			printf("%s: ended with status %#x\n", cases[i].name, status);
			return 1;
		}
	}
	return 0;
}
