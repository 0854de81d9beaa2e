// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zero-copy sending, as programs see it. "ROW RESULT" for each row.
 *
 *	zerocopy completions	what the error queue and io_uring say of sends: the ranges, and how
 *				many were "copied" and "by-reference"
 *	zerocopy requests	which requests for it the kernel takes: "ok", or the error's name
 *	zerocopy before MODE	sockets ask for it; then the mode is switched; then they send, and edit
 *				what they sent: SHARED or COPIED
 *
 * On the loopback device stock copies at the receiver, and says so. Rows that end with "dummy" send
 * to a device of that kind, 10.99.0.0/24, where nothing copies.
 */
#include "common.h"
#include "../../command/uring.h"
#include <linux/errqueue.h>
#include <linux/genetlink.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <linux/netlink.h>
#include <poll.h>

#define SENDS 6
#define LEN (3 * PAGE)

/* linux/netdev.h */
#define BIND_TX 15

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#ifndef AF_RDS
#define AF_RDS 21
#endif

static char *memory(void)
{
	char *text = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(text, 'a', LEN);
	return text;
}

static const char *outcome(int failed)
{
	if (!failed)
		return "ok";
	/* ENOTSUPP, which has no name outside the kernel. */
	return errno == 524 ? "EOPNOTSUPP" : strerrorname_np(errno);
}

static int ask(int fd)
{
	return setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &(int){ 1 }, sizeof(int));
}

/* Ranges that wait on the error queue: a second's patience for the first. */
static int read_completions(int fd, int *copied, int *by_reference)
{
	struct pollfd poll_fd = { .fd = fd };
	int found = 0;

	poll(&poll_fd, 1, 1000);
	for (;;) {
		char control[200];
		struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
		struct sock_extended_err *err;
		struct cmsghdr *cmsg;

		if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return found;
		cmsg = CMSG_FIRSTHDR(&msg);
		if (!cmsg)
			continue;
		err = (void *)CMSG_DATA(cmsg);
		if (err->ee_origin != SO_EE_ORIGIN_ZEROCOPY || err->ee_errno)
			continue;
		printf(" %u-%u", err->ee_info, err->ee_data);
		found += err->ee_data - err->ee_info + 1;
		if (err->ee_code & SO_EE_CODE_ZEROCOPY_COPIED)
			*copied += err->ee_data - err->ee_info + 1;
		else
			*by_reference += err->ee_data - err->ee_info + 1;
	}
}

/*
 * Some sends, each read by the receiver, if there is one; the completions are read after each or
 * after all.
 */
static void completions(const char *row, const int ends[2], size_t len, bool after_each, int flags)
{
	int copied = 0, by_reference = 0, found = 0, i;
	char *text = memory(), got[LEN];

	printf("%s", row);
	if (ends[1] < 0 || ask(ends[1])) {
		printf(" absent\n");
		return;
	}
	for (i = 0; i < SENDS; i++) {
		if (send(ends[1], text, len, MSG_ZEROCOPY | (i % 2 ? 0 : flags)) != (ssize_t)len) {
			printf(" %s\n", outcome(-1));
			return;
		}
		if (ends[0] >= 0 && (i % 2 || !flags))
			read_all(ends[0], got, flags ? 2 * len : len);
		if (after_each)
			found += read_completions(ends[1], &copied, &by_reference);
	}
	usleep(50000);
	for (i = 0; i < 10 && found < SENDS; i++)
		found += read_completions(ends[1], &copied, &by_reference);
	printf(" copied=%d by-reference=%d\n", copied, by_reference);
	close(ends[0]);
	close(ends[1]);
}

static void to_dummy(int ends[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0x0a630002) };

	ends[0] = -1;
	ends[1] = socket(AF_INET, SOCK_DGRAM, 0);
	if (connect(ends[1], (void *)&address, sizeof(address)))
		die("10.99.0.2");
}

/* io_uring: the result, and then what the notification says. */
static void uring_completions(const char *row, int fd, int opcode, size_t len, bool fixed)
{
	struct iovec iov = { memory(), len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring_sqe sqe = { .opcode = opcode, .fd = fd, .addr = (uintptr_t)iov.iov_base, .len = len };
	struct io_uring_cqe *notification;
	struct uring ring;
	ssize_t n;

	printf("%s", row);
	if (uring_open(&ring)) {
		printf(" absent\n");
		return;
	}
	if (opcode == IORING_OP_SENDMSG_ZC) {
		sqe.addr = (uintptr_t)&msg;
		sqe.len = 1;
	}
	sqe.ioprio = IORING_SEND_ZC_REPORT_USAGE;
	if (fixed) {
		sqe.ioprio |= IORING_RECVSEND_FIXED_BUF;
		if (syscall(__NR_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &iov, 1))
			die("register");
	}
	n = uring_do(&ring, &sqe);
	/* An opcode, or a flag, that this kernel does not know. */
	if (n < 0 && errno == EINVAL) {
		printf(" absent\n");
		return;
	}
	if (n < 0) {
		printf(" %s\n", outcome(-1));
		return;
	}
	notification = uring_next(&ring);
	printf(" %zd notified=%d %s\n", n, !!(notification->flags & IORING_CQE_F_NOTIF),
	       notification->res & IORING_NOTIF_USAGE_ZC_COPIED ? "copied=1" : "by-reference=1");
	uring_close(&ring);
}

static void all_completions(void)
{
	static const struct { const char *row; int family, type; size_t len; bool after_each; int flags; } rows[] = {
		{ "tcp,each", AF_INET, SOCK_STREAM, LEN, true, 0 },
		{ "tcp,all", AF_INET, SOCK_STREAM, LEN, false, 0 },
		{ "tcp,small", AF_INET, SOCK_STREAM, 10, false, 0 },
		{ "tcp,more", AF_INET, SOCK_STREAM, 100, false, MSG_MORE },
		{ "tcp6,all", AF_INET6, SOCK_STREAM, LEN, false, 0 },
		{ "udp,each", AF_INET, SOCK_DGRAM, LEN, true, 0 },
		{ "udp,all", AF_INET, SOCK_DGRAM, LEN, false, 0 },
		{ "udp,more", AF_INET, SOCK_DGRAM, 100, false, MSG_MORE },
		{ "udp6,all", AF_INET6, SOCK_DGRAM, LEN, false, 0 },
	};
	int ends[2];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		inet_pair_of(rows[i].family, rows[i].type, ends, 0);
		completions(rows[i].row, ends, rows[i].len, rows[i].after_each, rows[i].flags);
	}
	if (vsock_pair(ends))
		ends[1] = -1;
	completions("vsock,all", ends, LEN, false, 0);
	to_dummy(ends);
	completions("udp,dummy", ends, 1000, false, 0);
	inet_pair(SOCK_STREAM, ends);
	uring_completions("uring-send,tcp", ends[1], IORING_OP_SEND_ZC, LEN, false);
	uring_completions("uring-sendmsg,tcp", ends[1], IORING_OP_SENDMSG_ZC, LEN, false);
	uring_completions("uring-fixed,tcp", ends[1], IORING_OP_SEND_ZC, LEN, true);
	to_dummy(ends);
	uring_completions("uring-send,dummy", ends[1], IORING_OP_SEND_ZC, 1000, false);
	uring_completions("uring-fixed,dummy", ends[1], IORING_OP_SEND_ZC, 1000, true);
}

static void option(const char *row, int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);

	printf("%s %s\n", row, fd < 0 ? "absent" : outcome(ask(fd)));
	close(fd);
}

static void packet_ring(const char *row, int name)
{
	unsigned int page = getpagesize();
	struct tpacket_req req = { .tp_block_size = page, .tp_block_nr = 4, .tp_frame_size = page / 2, .tp_frame_nr = 8 };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	printf("%s %s\n", row, outcome(setsockopt(fd, SOL_PACKET, name, &req, sizeof(req))));
	close(fd);
}

static void xdp_umem(void)
{
	struct xdp_umem_reg reg = { .len = 16 * PAGE, .chunk_size = PAGE };
	int fd = socket(AF_XDP, SOCK_RAW, 0);

	reg.addr = (uintptr_t)mmap(NULL, reg.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("xdp-umem %s\n", fd < 0 ? "absent" : outcome(setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg))));
	close(fd);
}

/* A ring that cannot have it: EINVAL is as far as this gets without a network card that can. */
static void zcrx(void)
{
	char nothing[256] = "";
	struct uring ring;

	if (uring_open(&ring))
		die("io_uring");
	printf("zcrx %s\n", outcome(syscall(__NR_io_uring_register, ring.fd, 32, nothing, 1) < 0));
	uring_close(&ring);
}

/* One netlink request to a generic family, and the error that it is answered with. */
static int genl(int fd, int family, int command, const void *attribute, int len, char *answer, size_t room)
{
	struct { struct nlmsghdr header; struct genlmsghdr genl; char attributes[64]; } request = {
		.header = { .nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) + len, .nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.genl = { .cmd = command, .version = 1 },
	};
	struct nlmsghdr *header = (void *)answer;

	memcpy(request.attributes, attribute, len);
	if (send(fd, &request, request.header.nlmsg_len, 0) < 0 || recv(fd, answer, room, 0) < (ssize_t)sizeof(*header))
		die("netlink");
	if (header->nlmsg_type == NLMSG_ERROR) {
		errno = -((struct nlmsgerr *)NLMSG_DATA(header))->error;
		return errno ? -1 : 0;
	}
	return 0;
}

/* Without an attribute: EINVAL where it is not refused. */
static void bind_tx(void)
{
	struct { struct nlattr header; char name[8]; } name = { { NLA_HDRLEN + 7, CTRL_ATTR_FAMILY_NAME }, "netdev" };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC), family = 0;
	char answer[4096];
	struct nlattr *at;

	if (genl(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, &name, sizeof(name), answer, sizeof(answer))) {
		printf("bind-tx absent\n");
		return;
	}
	for (at = (void *)(answer + NLMSG_LENGTH(GENL_HDRLEN)); (char *)at < answer + ((struct nlmsghdr *)answer)->nlmsg_len;
	     at = (void *)((char *)at + NLA_ALIGN(at->nla_len)))
		if (at->nla_type == CTRL_ATTR_FAMILY_ID)
			family = *(uint16_t *)(at + 1);
	/* What is left of the first answer. */
	recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
	printf("bind-tx %s\n", outcome(genl(fd, family, BIND_TX, "", 0, answer, sizeof(answer))));
	close(fd);
}

static void uring_request(const char *row, int opcode)
{
	struct io_uring_sqe sqe = { .opcode = opcode, .addr = (uintptr_t)memory(), .len = 10 };
	struct iovec iov = { memory(), 10 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct uring ring;
	int ends[2];

	inet_pair(SOCK_STREAM, ends);
	if (uring_open(&ring))
		die("io_uring");
	sqe.fd = ends[1];
	if (opcode == IORING_OP_SENDMSG_ZC) {
		sqe.addr = (uintptr_t)&msg;
		sqe.len = 1;
	}
	printf("%s %s\n", row, outcome(uring_do(&ring, &sqe) < 0));
	uring_close(&ring);
}

static void all_requests(void)
{
	option("option,tcp", AF_INET, SOCK_STREAM, 0);
	option("option,udp", AF_INET, SOCK_DGRAM, 0);
	option("option,tcp6", AF_INET6, SOCK_STREAM, 0);
	option("option,udp6", AF_INET6, SOCK_DGRAM, 0);
	option("option,vsock", AF_VSOCK, SOCK_STREAM, 0);
	option("option,rds", AF_RDS, SOCK_SEQPACKET, 0);
	option("option,unix", AF_UNIX, SOCK_STREAM, 0);
	uring_request("uring,send", IORING_OP_SEND_ZC);
	uring_request("uring,sendmsg", IORING_OP_SENDMSG_ZC);
	packet_ring("packet,tx-ring", PACKET_TX_RING);
	packet_ring("packet,rx-ring", PACKET_RX_RING);
	xdp_umem();
	zcrx();
	bind_tx();
}

/* The data waits where the receiver has no room, or is corked, until it was edited. */
static void edited(const char *row, const int ends[2], int flags, size_t skip)
{
	static char got[300000];
	char *text = memory();

	if (send(ends[1], text, LEN, MSG_ZEROCOPY | flags) != LEN) {
		printf("%s %s\n", row, outcome(-1));
		return;
	}
	memset(text, 'b', LEN);
	if (flags)
		send(ends[1], "", 0, 0);
	if (read_all(ends[0], got, skip + LEN) != skip + LEN)
		die("read");
	printf("%s %s\n", row, got[skip + LEN - 1] == 'b' ? "SHARED" : "COPIED");
}

static void before(const char *mode)
{
	int tcp[2], udp[2], knob = open("/proc/sys/kernel/splice_mode", O_WRONLY);
	static char filler[200000];
	ssize_t filled;

	inet_pair_of(AF_INET, SOCK_STREAM, tcp, 4096);
	setsockopt(tcp[1], SOL_SOCKET, SO_SNDBUF, &(int){ 1 << 20 }, sizeof(int));
	inet_pair(SOCK_DGRAM, udp);
	setsockopt(udp[1], IPPROTO_UDP, UDP_SEGMENT, &(int){ 1024 }, sizeof(int));
	if (ask(tcp[1]) || ask(udp[1]))
		die("SO_ZEROCOPY");
	filled = send(tcp[1], filler, sizeof(filler), MSG_DONTWAIT);
	if (filled < 0 || write(knob, mode, strlen(mode)) < 0)
		die("%s", mode);
	edited("tcp", tcp, 0, filled);
	edited("udp", udp, MSG_MORE, 0);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(60);
	if (argc == 2 && !strcmp(argv[1], "completions"))
		all_completions();
	else if (argc == 2 && !strcmp(argv[1], "requests"))
		all_requests();
	else if (argc == 3 && !strcmp(argv[1], "before"))
		before(argv[2]);
	else
		return 64;
	return 0;
}
