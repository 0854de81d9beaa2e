/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What those share who make zero-copy calls to see what becomes of them, `spliceguard test` and the
 * test programs: giving up, patterns, pairs of sockets, and system calls by other entries.
 */
#ifndef SPG_CALLS_H
#define SPG_CALLS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#ifndef PAGE
#define PAGE 4096
#endif
#ifndef MAP_32BIT
#define MAP_32BIT 0
#endif

__attribute__((noreturn, format(printf, 1, 2)))
static inline void die(const char *format, ...)
{
	int error = errno;
	va_list args;

	__builtin_va_start(args, format);
	vfprintf(stderr, format, args);
	__builtin_va_end(args);
	fprintf(stderr, ": %s\n", strerror(error));
	exit(2);
}

/* Bytes that tell their place, and which of several contents they belong to. */
static inline void fill_pattern(char *to, size_t len, size_t pos, char salt)
{
	size_t i;

	for (i = 0; i < len; i++, pos++)
		to[i] = (char)(pos * 7 + (pos >> 8) * 13 + (pos >> 16) * 31 + salt);
}

static inline void make_pipe(int ends[2])
{
	if (pipe(ends))
		die("pipe");
}

static inline void unix_pair(int type, int ends[2])
{
	if (socketpair(AF_UNIX, type, 0, ends))
		die("socketpair");
}

/*
 * Two sockets that are connected over @address, whose port is any if it is 0. ends[0] is read from, ends[1] is sent to. @room is the
 * size of the receiver's buffer, or 0. Returns -1 where that cannot be had.
 */
static inline int pair_at(void *address, socklen_t len, int type, int protocol, int ends[2], int room)
{
	int family = ((struct sockaddr *)address)->sa_family;
	bool listens = type != SOCK_DGRAM && type != SOCK_RAW;
	int listener = socket(family, type, protocol);

	ends[0] = listener;
	ends[1] = -1;
	if (listener >= 0 && room)
		setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (listener < 0 || bind(listener, address, len) || getsockname(listener, address, &len) || (listens && listen(listener, 1)))
		return -1;
	ends[1] = socket(family, type, protocol);
	if (connect(ends[1], address, len))
		return -1;
	if (listens) {
		ends[0] = accept(listener, NULL, NULL);
		close(listener);
	}
	return ends[0] < 0 ? -1 : 0;
}

static inline void inet_pair_by(int family, int type, int protocol, int ends[2], int room)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };

	if (family == AF_INET ? pair_at(&v4, sizeof(v4), type, protocol, ends, room) : pair_at(&v6, sizeof(v6), type, protocol, ends, room))
		die("a pair of sockets");
}

static inline void inet_pair_of(int family, int type, int ends[2], int room)
{
	inet_pair_by(family, type, 0, ends, room);
}

static inline void inet_pair(int type, int ends[2])
{
	inet_pair_of(AF_INET, type, ends, 0);
}

static inline int vsock_pair(int ends[2])
{
	struct sockaddr_vm address = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_LOCAL, .svm_port = VMADDR_PORT_ANY };

	return pair_at(&address, sizeof(address), SOCK_STREAM, 0, ends, 0);
}

enum entry { ENTRY_64, ENTRY_32, ENTRY_X32 };

#ifdef __x86_64__
/* A system call by the 32-bit entry, which any process may use; pointers must be below 4 GiB. */
static inline long call32(long number, long a, long b, long c, long d, long e, long f)
{
	register long r8 asm("r8") = f;
	long ret;

	asm volatile("sub $128, %%rsp\n\t"
		     "push %%rbp\n\t"
		     "mov %%r8, %%rbp\n\t"
		     "int $0x80\n\t"
		     "pop %%rbp\n\t"
		     "add $128, %%rsp"
		     : "=a" (ret), "+r" (r8)
		     : "0" (number), "b" (a), "c" (b), "d" (c), "S" (d), "D" (e)
		     : "memory", "r9", "r10", "r11", "cc");
	if ((int)ret < 0 && (int)ret > -4096) {
		errno = -(int)ret;
		return -1;
	}
	return (int)ret;
}

#define callx32(number, ...) syscall((number) | 0x40000000, __VA_ARGS__)
#else
/* Here each kind of program has an entry of its own. */
static inline long no_such_entry(void)
{
	errno = ENOSYS;
	return -1;
}

#define call32(...) no_such_entry()
#define callx32(...) no_such_entry()
#endif

static inline ssize_t splice_by(enum entry entry, int in, loff_t *off_in, int out, size_t len, unsigned int flags)
{
	switch (entry) {
	case ENTRY_32:
		return call32(313, in, (long)off_in, out, 0, len, flags);
	case ENTRY_X32:
		return callx32(275, in, off_in, out, NULL, len, flags);
	default:
		return splice(in, off_in, out, NULL, len, flags);
	}
}

static inline ssize_t tee_by(enum entry entry, int in, int out, size_t len, unsigned int flags)
{
	switch (entry) {
	case ENTRY_32:
		return call32(315, in, out, len, flags, 0, 0);
	case ENTRY_X32:
		return callx32(276, in, out, len, flags);
	default:
		return tee(in, out, len, flags);
	}
}

static inline ssize_t sendfile_by(enum entry entry, int out, int in, size_t len)
{
	switch (entry) {
	case ENTRY_32:
		return call32(187, out, in, 0, len, 0, 0);
	case ENTRY_X32:
		return callx32(40, out, in, NULL, len);
	default:
		return sendfile(out, in, NULL, len);
	}
}

/*
 * One range. For the other two entries its description must be below 4 GiB, as the memory itself.
 */
static inline ssize_t vmsplice_by(enum entry entry, int fd, void *base, size_t len, unsigned int flags)
{
	struct iovec wide = { base, len };
	static struct { uint32_t base, len; } *narrow;

	if (entry == ENTRY_64)
		return vmsplice(fd, &wide, 1, flags);
	if (!narrow)
		narrow = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	narrow->base = (uintptr_t)base;
	narrow->len = len;
	if (entry == ENTRY_32)
		return call32(316, fd, (long)narrow, 1, flags, 0, 0);
	return callx32(532, fd, narrow, 1, flags);
}

/* Read until @len bytes are there; a short end, or nothing for two seconds, returns what came. */
static inline size_t read_all(int fd, char *to, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, to + done, len - done);

		if (n <= 0)
			break;
		done += n;
	}
	return done;
}

#endif
