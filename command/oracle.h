/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sharing oracle: the paths along which bytes of a file can be moved, and what the sink shows
 * once the file has changed. A program includes this once.
 */
#ifndef SPG_ORACLE_H
#define SPG_ORACLE_H

#include "calls.h"
#include "uring.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define LEN (3 * PAGE)

/* What a change puts in each byte's place, unless it takes the byte away. */
#define CHANGED 'X'

struct source {
	const char *name;	/* or NULL, if it has none */
	int fd;
	size_t file_len;
	char *low;		/* memory below 4 GiB */
};

struct sink {
	int fd;			/* read the bytes here */
	size_t len;		/* so many */
	size_t pos;		/* which begin at this place of the file */
	size_t skip;		/* after so many others */
	int corked;		/* what is to be sent an end to first, or 0 */
	int keep[6];		/* closed at the end */
	int kept;
};

static int keep(struct sink *sink, int fd)
{
	sink->keep[sink->kept++] = fd;
	return fd;
}

static void keep_pair(struct sink *sink, const int ends[2])
{
	keep(sink, ends[0]);
	keep(sink, ends[1]);
}

/* Paths: 0, or -1 with errno */

static int moved(struct sink *sink, int fd, ssize_t n)
{
	if (n < 0)
		return -1;
	sink->fd = fd;
	sink->len = n;
	return 0;
}

static int splice_at(struct source *source, struct sink *sink, enum entry entry, size_t pos, size_t len)
{
	loff_t *offset = (loff_t *)source->low;
	int ends[2];

	make_pipe(ends);
	keep_pair(sink, ends);
	*offset = pos;
	sink->pos = pos;
	return moved(sink, ends[0], splice_by(entry, source->fd, offset, ends[1], len, 0));
}

static int splice_pipe(struct source *source, struct sink *sink)
{
	return splice_at(source, sink, ENTRY_64, 0, LEN);
}

static int splice_unaligned(struct source *source, struct sink *sink)
{
	return splice_at(source, sink, ENTRY_64, 100, 5000);
}

static int splice_pipe_32(struct source *source, struct sink *sink)
{
	return splice_at(source, sink, ENTRY_32, 0, LEN);
}

static int splice_pipe_x32(struct source *source, struct sink *sink)
{
	return splice_at(source, sink, ENTRY_X32, 0, LEN);
}

static int sendfile_to(struct source *source, struct sink *sink, enum entry entry, const int ends[2])
{
	keep_pair(sink, ends);
	lseek(source->fd, 0, SEEK_SET);
	return moved(sink, ends[0], sendfile_by(entry, ends[1], source->fd, LEN));
}

static int sendfile_pipe(struct source *source, struct sink *sink)
{
	int ends[2];

	make_pipe(ends);
	return sendfile_to(source, sink, ENTRY_64, ends);
}

static int sendfile_tcp_by(struct source *source, struct sink *sink, enum entry entry)
{
	int ends[2];

	inet_pair(SOCK_STREAM, ends);
	return sendfile_to(source, sink, entry, ends);
}

static int sendfile_tcp(struct source *source, struct sink *sink)
{
	return sendfile_tcp_by(source, sink, ENTRY_64);
}

static int sendfile_tcp_32(struct source *source, struct sink *sink)
{
	return sendfile_tcp_by(source, sink, ENTRY_32);
}

static int sendfile_tcp_x32(struct source *source, struct sink *sink)
{
	return sendfile_tcp_by(source, sink, ENTRY_X32);
}

static int sendfile_unix(struct source *source, struct sink *sink)
{
	int ends[2];

	unix_pair(SOCK_STREAM, ends);
	return sendfile_to(source, sink, ENTRY_64, ends);
}

static int sendfile_udp(struct source *source, struct sink *sink)
{
	int ends[2];

	inet_pair(SOCK_DGRAM, ends);
	return sendfile_to(source, sink, ENTRY_64, ends);
}

/*
 * The file's bytes in a pipe, for a second step. Where the first one is refused they are written,
 * so that it is the second one's refusal that shows.
 */
static int pipe_filled(struct source *source, struct sink *sink)
{
	char text[LEN];

	if (!splice_pipe(source, sink))
		return 0;
	if (errno != EINVAL)
		return -1;
	fill_pattern(text, LEN, 0, 0);
	return moved(sink, sink->keep[sink->kept - 2], write(sink->keep[sink->kept - 1], text, LEN));
}

/* What the pipe of a first step holds goes on to a second one. */
static int splice_on(struct sink *sink, const int ends[2])
{
	keep_pair(sink, ends);
	return moved(sink, ends[0], splice(sink->fd, NULL, ends[1], NULL, sink->len, 0));
}

static int splice_tcp(struct source *source, struct sink *sink)
{
	int ends[2];

	if (pipe_filled(source, sink))
		return -1;
	inet_pair(SOCK_STREAM, ends);
	return splice_on(sink, ends);
}

static int splice_unix(struct source *source, struct sink *sink)
{
	int ends[2];

	if (pipe_filled(source, sink))
		return -1;
	unix_pair(SOCK_STREAM, ends);
	return splice_on(sink, ends);
}

static int splice_pipe_pipe(struct source *source, struct sink *sink)
{
	int ends[2];

	if (pipe_filled(source, sink))
		return -1;
	make_pipe(ends);
	return splice_on(sink, ends);
}

static int tee_of(struct source *source, struct sink *sink, enum entry entry, bool read_the_source)
{
	int first, ends[2];
	ssize_t n;

	if (pipe_filled(source, sink))
		return -1;
	first = sink->fd;
	make_pipe(ends);
	keep_pair(sink, ends);
	n = tee_by(entry, first, ends[1], LEN, 0);
	return moved(sink, read_the_source ? first : ends[0], n);
}

static int tee_pipe(struct source *source, struct sink *sink)
{
	return tee_of(source, sink, ENTRY_64, false);
}

static int tee_source(struct source *source, struct sink *sink)
{
	return tee_of(source, sink, ENTRY_64, true);
}

static int tee_pipe_32(struct source *source, struct sink *sink)
{
	return tee_of(source, sink, ENTRY_32, false);
}

static int tee_pipe_x32(struct source *source, struct sink *sink)
{
	return tee_of(source, sink, ENTRY_X32, false);
}

static int sendfile_unix_splice(struct source *source, struct sink *sink)
{
	int ends[2];

	if (sendfile_unix(source, sink)) {
		char text[LEN];

		if (errno != EINVAL)
			return -1;
		fill_pattern(text, LEN, 0, 0);
		if (moved(sink, sink->keep[0], write(sink->keep[1], text, LEN)))
			return -1;
	}
	make_pipe(ends);
	return splice_on(sink, ends);
}

static int vmsplice_of(struct source *source, struct sink *sink, enum entry entry)
{
	char *map = mmap(NULL, source->file_len, PROT_READ, MAP_SHARED | MAP_32BIT, source->fd, 0);
	int ends[2];
	ssize_t n;

	if (map == MAP_FAILED)
		return -1;
	make_pipe(ends);
	keep_pair(sink, ends);
	n = vmsplice_by(entry, ends[1], map, LEN, 0);
	munmap(map, source->file_len);
	return moved(sink, ends[0], n);
}

static int vmsplice_map(struct source *source, struct sink *sink)
{
	return vmsplice_of(source, sink, ENTRY_64);
}

static int vmsplice_map_32(struct source *source, struct sink *sink)
{
	return vmsplice_of(source, sink, ENTRY_32);
}

static int vmsplice_map_x32(struct source *source, struct sink *sink)
{
	return vmsplice_of(source, sink, ENTRY_X32);
}

static int uring_splice(struct source *source, struct sink *sink)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_SPLICE };
	struct uring ring;
	int ends[2], ret;

	if (uring_open(&ring))
		return -1;
	make_pipe(ends);
	keep_pair(sink, ends);
	sqe.fd = ends[1];
	sqe.off = -1;
	sqe.splice_fd_in = source->fd;
	sqe.len = LEN;
	ret = moved(sink, ends[0], uring_do(&ring, &sqe));
	uring_close(&ring);
	return ret;
}

static int uring_tee(struct source *source, struct sink *sink)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_TEE, .len = LEN };
	struct uring ring;
	int ends[2], ret;

	if (pipe_filled(source, sink))
		return -1;
	if (uring_open(&ring))
		return -1;
	make_pipe(ends);
	keep_pair(sink, ends);
	sqe.fd = ends[1];
	sqe.splice_fd_in = sink->fd;
	ret = moved(sink, ends[0], uring_do(&ring, &sqe));
	uring_close(&ring);
	return ret;
}

/*
 * Zero-copy sends of a mapping of the file. On the loopback device the receiver gets a copy of its
 * own, so they are looked at before they get there: behind other data that fills a TCP connection
 * up, or corked. Where a feature is not there, not by our doing, the error is ENOSYS.
 */
static char *mapped(struct source *source, int protection)
{
	char *map = mmap(NULL, source->file_len, protection, MAP_SHARED, source->fd, 0);

	if (map == MAP_FAILED)
		die("mmap");
	return map;
}

static int absent(void)
{
	errno = ENOSYS;
	return -1;
}

static int ask_for_zerocopy(int fd)
{
	int ret = setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &(int){ 1 }, sizeof(int));

	/* ENOTSUPP, which has no name outside the kernel: 5.10 says so of a vsock. */
	if (ret && errno == 524)
		errno = EOPNOTSUPP;
	return ret;
}

static ssize_t send_zerocopy(int fd, struct source *source, int flags)
{
	char *map = mapped(source, PROT_READ);
	ssize_t n = send(fd, map, LEN, MSG_ZEROCOPY | flags);

	munmap(map, source->file_len);
	return n;
}

/* A TCP connection whose receiver has no room left. */
static void full_tcp(struct sink *sink, int family, int ends[2])
{
	static const char filler[2000];
	ssize_t n;

	inet_pair_of(family, SOCK_STREAM, ends, 4096);
	keep_pair(sink, ends);
	setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &(int){ 1 << 20 }, sizeof(int));
	while (sink->skip < 200000 && (n = send(ends[1], filler, sizeof(filler), MSG_DONTWAIT)) > 0)
		sink->skip += n;
}

static int zerocopy_tcp_of(struct source *source, struct sink *sink, int family)
{
	int ends[2];

	full_tcp(sink, family, ends);
	if (ask_for_zerocopy(ends[1]))
		return -1;
	return moved(sink, ends[0], send_zerocopy(ends[1], source, 0));
}

static int zerocopy_tcp(struct source *source, struct sink *sink)
{
	return zerocopy_tcp_of(source, sink, AF_INET);
}

static int zerocopy_tcp6(struct source *source, struct sink *sink)
{
	return zerocopy_tcp_of(source, sink, AF_INET6);
}

/* Segments, since a corked datagram of one piece is always copied. */
static int zerocopy_udp_of(struct source *source, struct sink *sink, int family)
{
	int ends[2];

	inet_pair_of(family, SOCK_DGRAM, ends, 0);
	keep_pair(sink, ends);
	setsockopt(ends[1], IPPROTO_UDP, UDP_SEGMENT, &(int){ 1024 }, sizeof(int));
	if (ask_for_zerocopy(ends[1]))
		return -1;
	sink->corked = ends[1];
	return moved(sink, ends[0], send_zerocopy(ends[1], source, MSG_MORE));
}

static int zerocopy_udp(struct source *source, struct sink *sink)
{
	return zerocopy_udp_of(source, sink, AF_INET);
}

static int zerocopy_udp6(struct source *source, struct sink *sink)
{
	return zerocopy_udp_of(source, sink, AF_INET6);
}

static int zerocopy_vsock(struct source *source, struct sink *sink)
{
	int ends[2];

	if (vsock_pair(ends))
		return absent();
	keep_pair(sink, ends);
	if (ask_for_zerocopy(ends[1]))
		return -1;
	return moved(sink, ends[0], send_zerocopy(ends[1], source, 0));
}

static int send_zc(struct source *source, struct sink *sink, int opcode, bool fixed)
{
	/* What is registered must be writable. */
	char *map = mapped(source, fixed ? PROT_READ | PROT_WRITE : PROT_READ);
	struct iovec iov = { map, LEN };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring_sqe sqe = { .opcode = opcode, .addr = (uintptr_t)map, .len = LEN };
	struct uring ring;
	int ends[2], ret;

	full_tcp(sink, AF_INET, ends);
	sqe.fd = ends[1];
	if (uring_open(&ring))
		return -1;
	if (fixed) {
		sqe.ioprio = URING_FIXED_BUF;
		/* Pages of most file systems cannot be registered. */
		if (syscall(__NR_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &iov, 1)) {
			uring_close(&ring);
			return absent();
		}
	}
	if (opcode == URING_SENDMSG_ZC) {
		sqe.addr = (uintptr_t)&msg;
		sqe.len = 1;
	}
	ret = moved(sink, ends[0], uring_do(&ring, &sqe));
	munmap(map, source->file_len);
	uring_close(&ring);
	/* An opcode that this kernel does not know. */
	return ret && errno == EINVAL ? absent() : ret;
}

static int uring_send_zc(struct source *source, struct sink *sink)
{
	return send_zc(source, sink, URING_SEND_ZC, false);
}

static int uring_sendmsg_zc(struct source *source, struct sink *sink)
{
	return send_zc(source, sink, URING_SENDMSG_ZC, false);
}

static int uring_send_zc_fixed(struct source *source, struct sink *sink)
{
	return send_zc(source, sink, URING_SEND_ZC, true);
}

/* Into a file of the same file system, since 5.19 refuses others. */
static int copy_range(struct source *source, struct sink *sink)
{
	loff_t in = 0, out = 0;
	char name[4096];
	ssize_t n;
	int fd;

	if (source->name) {
		snprintf(name, sizeof(name), "%s.copy", source->name);
		fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
		unlink(name);
	} else {
		fd = memfd_create("copy", 0);
	}
	keep(sink, fd);
	n = copy_file_range(source->fd, &in, fd, &out, LEN, 0);
	return moved(sink, fd, n);
}

static int sendfile_file(struct source *source, struct sink *sink)
{
	char name[] = "/tmp/oracle.XXXXXX";
	int fd = keep(sink, mkstemp(name));
	ssize_t n;

	unlink(name);
	lseek(source->fd, 0, SEEK_SET);
	n = sendfile(fd, source->fd, NULL, LEN);
	lseek(fd, 0, SEEK_SET);
	return moved(sink, fd, n);
}

static int splice_file(struct source *source, struct sink *sink)
{
	char name[] = "/tmp/oracle.XXXXXX";
	int from, fd = keep(sink, mkstemp(name));
	ssize_t n;

	unlink(name);
	if (pipe_filled(source, sink))
		return -1;
	from = sink->fd;
	n = splice(from, NULL, fd, NULL, LEN, 0);
	lseek(fd, 0, SEEK_SET);
	return moved(sink, fd, n);
}

static const struct path {
	const char *name;
	int (*move)(struct source *source, struct sink *sink);
} paths[] = {
	{ "splice:file-pipe", splice_pipe },
	{ "splice:file-pipe,unaligned", splice_unaligned },
	{ "splice:file-pipe-tcp", splice_tcp },
	{ "splice:file-pipe-unix", splice_unix },
	{ "splice:file-pipe-pipe", splice_pipe_pipe },
	{ "splice:file-pipe-file", splice_file },
	{ "splice:file-unix-pipe", sendfile_unix_splice },
	{ "splice32:file-pipe", splice_pipe_32 },
	{ "splicex32:file-pipe", splice_pipe_x32 },
	{ "uring-splice:file-pipe", uring_splice },
	{ "sendfile:file-pipe", sendfile_pipe },
	{ "sendfile:file-tcp", sendfile_tcp },
	{ "sendfile:file-unix", sendfile_unix },
	{ "sendfile:file-udp", sendfile_udp },
	{ "sendfile:file-file", sendfile_file },
	{ "sendfile32:file-tcp", sendfile_tcp_32 },
	{ "sendfilex32:file-tcp", sendfile_tcp_x32 },
	{ "tee:pipe-pipe", tee_pipe },
	{ "tee:pipe-pipe,source", tee_source },
	{ "tee32:pipe-pipe", tee_pipe_32 },
	{ "teex32:pipe-pipe", tee_pipe_x32 },
	{ "uring-tee:pipe-pipe", uring_tee },
	{ "vmsplice:map-pipe", vmsplice_map },
	{ "vmsplice32:map-pipe", vmsplice_map_32 },
	{ "vmsplicex32:map-pipe", vmsplice_map_x32 },
	{ "zerocopy:map-tcp", zerocopy_tcp },
	{ "zerocopy:map-tcp6", zerocopy_tcp6 },
	{ "zerocopy:map-udp", zerocopy_udp },
	{ "zerocopy:map-udp6", zerocopy_udp6 },
	{ "zerocopy:map-vsock", zerocopy_vsock },
	{ "uring-send-zc:map-tcp", uring_send_zc },
	{ "uring-sendmsg-zc:map-tcp", uring_sendmsg_zc },
	{ "uring-send-zc:fixed-tcp", uring_send_zc_fixed },
	{ "copy_file_range:file-file", copy_range },
};

/* A read that waits for bytes that got lost ends with EINTR. */
static void give_up(int number)
{
	(void)number;
}

static const char *judge(const struct sink *sink)
{
	static char sent[LEN], got[LEN], skipped[200000];
	bool changed = false;
	size_t i, n;

	fill_pattern(sent, sink->len, sink->pos, 0);
	if (sink->corked)
		send(sink->corked, "", 0, 0);
	ualarm(500000, 0);
	if (read_all(sink->fd, skipped, sink->skip) != sink->skip)
		return "LOST";
	n = read_all(sink->fd, got, sink->len);
	alarm(0);
	if (n != sink->len)
		return "LOST";
	for (i = 0; i < n; i++) {
		if (got[i] == sent[i])
			continue;
		if (got[i] != CHANGED && got[i])
			return "BROKEN";
		changed = true;
	}
	return changed ? "SHARED" : "COPIED";
}

#endif
