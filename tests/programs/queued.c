// SPDX-License-Identifier: GPL-2.0-only
/*
 * What has been sent stays as it was, however long it waits, whatever is sent after it.
 *
 *	queued		"same" if every byte is right: of what waits in sockets and in pipes, and of all that comes after it
 *	queued pages	"sendfile PAGES" and "send PAGES": how many pages the machine allocates while 32 MiB go through a socket that
 *			is emptied after each call
 *	queued sent	"sent" if nothing of what a splice took waits in the socket for more to come, whatever its length
 */
#include "common.h"
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif

#define LATER 8
#define LENGTH (192 << 10)
#define ROUNDS 400

static char text[LENGTH], got[LENGTH];

static int file_of(char salt, size_t len)
{
	int fd = memfd_create("queued", 0);

	fill_pattern(text, len, 0, salt);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET))
		die("memfd");
	return fd;
}

static void expect(int fd, char salt, size_t len, const char *what)
{
	memset(got, 0, len);
	fill_pattern(text, len, 0, salt);
	if (read_all(fd, got, len) != len || memcmp(got, text, len)) {
		printf("different: %s, %zu bytes\n", what, len);
		exit(1);
	}
}

/* As much as goes in without anybody reading. */
static size_t queue_file(int socket, char salt)
{
	int fd = file_of(salt, LENGTH);
	size_t sent = 0;
	ssize_t ret;

	fcntl(socket, F_SETFL, O_NONBLOCK);
	while (sent < LENGTH && (ret = sendfile(socket, fd, NULL, LENGTH - sent)) > 0)
		sent += ret;
	close(fd);
	return sent;
}

static size_t queue_memory(int socket, char salt)
{
	size_t sent = 0;
	int one = 1;
	ssize_t ret;

	if (setsockopt(socket, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		die("SO_ZEROCOPY");
	fill_pattern(text, LENGTH, 0, salt);
	while (sent < LENGTH && (ret = send(socket, text + sent, LENGTH - sent, MSG_ZEROCOPY | MSG_DONTWAIT)) > 0)
		sent += ret;
	memset(text, 0, LENGTH);
	return sent;
}

static void send_file(int socket, char salt, size_t len)
{
	int fd = file_of(salt, len);
	size_t sent = 0;
	ssize_t ret;

	while (sent < len) {
		ret = sendfile(socket, fd, NULL, len - sent);
		if (ret <= 0)
			die("sendfile");
		sent += ret;
	}
	close(fd);
}

static int same(void)
{
	int sockets[LATER][2], pipes[LATER][2], now[2];
	size_t waiting[LATER], in_pipe[LATER];

	inet_pair(SOCK_STREAM, now);
	for (int i = 0; i < LATER; i++) {
		inet_pair(SOCK_STREAM, sockets[i]);
		waiting[i] = i % 2 ? queue_memory(sockets[i][1], i) : queue_file(sockets[i][1], i);
		if (waiting[i] < PAGE)
			die("nothing waits");
	}
	for (int i = 0; i < ROUNDS; i++) {
		size_t len = 1 + (i * 7919) % (64 << 10);
		char salt = 100 + i % 100;

		send_file(now[1], salt, len);
		if (i % (ROUNDS / LATER)) {
			expect(now[0], salt, len, "sent and read at once");
			continue;
		}
		/* What a socket has received goes into a pipe by reference. */
		make_pipe(pipes[i * LATER / ROUNDS]);
		in_pipe[i * LATER / ROUNDS] = 0;
		while (len) {
			ssize_t ret = splice(now[0], NULL, pipes[i * LATER / ROUNDS][1], NULL, len, SPLICE_F_NONBLOCK);

			if (ret <= 0)
				break;
			in_pipe[i * LATER / ROUNDS] += ret;
			len -= ret;
		}
		read_all(now[0], got, len);
	}
	for (int i = 0; i < LATER; i++) {
		expect(sockets[i][0], i, waiting[i], i % 2 ? "a zero-copy send that waited" : "a file that waited");
		expect(pipes[i][0], 100 + i * (ROUNDS / LATER) % 100, in_pipe[i], "what waited in a pipe");
	}
	puts("same");
	return 0;
}

static long allocated(void)
{
	FILE *vmstat = fopen("/proc/vmstat", "r");
	char line[128], zone[64];
	long sum = 0, pages;

	while (vmstat && fgets(line, sizeof(line), vmstat))
		if (sscanf(line, "pgalloc_%63s %ld", zone, &pages) == 2)
			sum += pages;
	if (!vmstat || !sum)
		die("/proc/vmstat");
	fclose(vmstat);
	return sum;
}

static long pages_for(bool by_sendfile)
{
	size_t len = 64 << 10;
	int fd = file_of(1, len), ends[2];
	long before = 0;

	inet_pair(SOCK_STREAM, ends);
	for (int i = -100; i < 512; i++) {
		loff_t off = 0;

		if (!i)
			before = allocated();
		if ((by_sendfile ? sendfile(ends[1], fd, &off, len) : send(ends[1], text, len, 0)) != (ssize_t)len)
			die("send");
		read_all(ends[0], got, len);
	}
	return allocated() - before;
}

/* Lengths of whole pages and odd ones, so that any of them may be just what there is room for. */
static int sent(void)
{
	int ends[2], p[2], waits = 0, one = 1;

	inet_pair(SOCK_STREAM, ends);
	if (setsockopt(ends[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		die("TCP_NODELAY");
	make_pipe(p);
	for (size_t len = 2048; len <= 32768; len += 2048) {
		for (int i = 0; i < 20; i++) {
			int left;

			fill_pattern(text, len, 0, i);
			if (write(p[1], text, len) != (ssize_t)len || splice(p[0], NULL, ends[1], NULL, 1 << 20, 0) != (ssize_t)len)
				die("splice");
			if (ioctl(ends[1], SIOCOUTQNSD, &left))
				die("SIOCOUTQNSD");
			if (left && !waits++)
				printf("%d of %zu bytes wait\n", left, len);
			expect(ends[0], i, len, "spliced");
		}
	}
	inet_pair(SOCK_DGRAM, ends);
	fill_pattern(text, 2048, 0, 1);
	if (write(p[1], text, 2048) != 2048 || splice(p[0], NULL, ends[1], NULL, 1 << 20, 0) != 2048)
		die("splice");
	if (recv(ends[0], got, LENGTH, MSG_DONTWAIT) != 2048 || memcmp(got, text, 2048)) {
		puts("a datagram waits");
		waits++;
	}
	if (!waits)
		puts("sent");
	return waits;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return same();
	if (!strcmp(argv[1], "sent"))
		return sent();
	printf("sendfile %ld\n", pages_for(true));
	printf("send %ld\n", pages_for(false));
	return 0;
}
