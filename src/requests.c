// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests for zero-copy that are refused: SO_ZEROCOPY where the socket is of a family whose sends
 * we do not stand in for, and in block SO_ZEROCOPY, SEND_ZC, rings and memory that is registered to
 * be sent or received from. These pages are no file's, so in degrade all but the first is let be.
 *
 * EOPNOTSUPP is what a kernel without the feature says, and what programs fall back on.
 */
#include <linux/file.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <linux/io_uring.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/sockptr.h>
#include <net/genetlink.h>
#include <net/sock.h>
#ifdef SPG_HAVE_SEND_ZC
#include <linux/io_uring_types.h>
#endif
#ifdef SPG_HAVE_BIND_TX
#include <uapi/linux/netdev.h>
#endif
#include "compat.h"
#include "facts.h"
#include "operations.h"
#include "verdicts.h"

/* @sock: whose zero-copy it is, or NULL where that is not at hand */
static int refuse(size_t bytes, const struct socket *sock)
{
	spg_refused(SPG_ZEROCOPY, bytes, spg_from_memory, spg_sink_of_socket(sock));
	return -EOPNOTSUPP;
}

static bool is_blocked(void)
{
	return spg_verdict(SPG_ZEROCOPY, 0) == SPG_REFUSE;
}

static bool block_needed(const struct spg_policy *policy)
{
	return spg_policy_mode(policy, SPG_ZEROCOPY) == SPG_BLOCK;
}

static bool is_zerocopy(int level, int name)
{
	return level == SOL_SOCKET && name == SO_ZEROCOPY;
}

/*
 * SO_ZEROCOPY is looked at where it is set, since a BPF program may have made it of another option
 * until then (BPF_CGROUP_SETSOCKOPT). But vsock and UDP set their own themselves.
 */
SPG_STAND_IN(option, int,
	     (struct socket *sock, int level, int optname, sockptr_t optval, unsigned int optlen),
	     (sock, level, optname, optval, optlen))

static bool is_ours(const struct socket *sock)
{
	switch (sock->sk->sk_family) {
	case PF_INET:
	case PF_INET6:
	case PF_VSOCK:
		return true;
	default:
		return false;
	}
}

static int option_call(struct socket *sock, int level, int optname, sockptr_t optval,
		       unsigned int optlen)
{
	enum spg_verdict verdict = spg_verdict(SPG_ZEROCOPY, 0);

	if (verdict == SPG_REFUSE || (verdict == SPG_COPY && !is_ours(sock)))
		return refuse(0, sock);
	return spg_original(option)(sock, level, optname, optval, optlen);
}

/* Nearly all options are none of our business, and set without us. */
static bool option_admit(struct spg_ftrace_frame *frame)
{
	return is_zerocopy(spg_frame_argument(frame, 1), spg_frame_argument(frame, 2));
}

static void option_prove(void)
{
	static struct sock sk;
	static struct socket sock = { .sk = &sk };

	spg_entry(option)(&sock, -1, -1, KERNEL_SOCKPTR(NULL), 0);
}

static bool option_needed(const struct spg_policy *policy)
{
	return spg_policy_mode(policy, SPG_ZEROCOPY) >= SPG_DEGRADE;
}

struct spg_hook spg_option_hook = {
	.names = spg_names("sock_setsockopt"),
	.standin = option_stand_in,
	.bind = option_bind,
	.prove = option_prove,
	.needed = option_needed,
	.admit = option_admit,
};

/* What block refuses of options that are not set there. */
SPG_STAND_IN(setsockopt, int, SPG_SETSOCKOPT_PARAMETERS, SPG_SETSOCKOPT_ARGUMENTS)

static int setsockopt_call SPG_SETSOCKOPT_PARAMETERS
{
	if (is_blocked())
		return refuse(0, SPG_SETSOCKOPT_SOCKET);
	return spg_original(setsockopt) SPG_SETSOCKOPT_ARGUMENTS;
}

/* A ring to send from, or memory of AF_XDP. Rings to receive by, tcpdump's, are let be. */
static bool setsockopt_admit(struct spg_ftrace_frame *frame)
{
	int level = spg_frame_argument(frame, SPG_SETSOCKOPT_LEVEL);
	int name = spg_frame_argument(frame, SPG_SETSOCKOPT_LEVEL + 1);

	return (level == SOL_PACKET && name == PACKET_TX_RING) ||
	       (level == SOL_XDP && name == XDP_UMEM_REG) ||
	       (SPG_SOCKETS_SET_ZEROCOPY && is_zerocopy(level, name));
}

static void setsockopt_prove(void)
{
	spg_entry(setsockopt) SPG_SETSOCKOPT_DUMMY;
}

struct spg_hook spg_setsockopt_hook = {
	.names = spg_names(SPG_SETSOCKOPT_NAME),
	.standin = setsockopt_stand_in,
	.bind = setsockopt_bind,
	.prove = setsockopt_prove,
	.needed = block_needed,
	.admit = setsockopt_admit,
};

/*
 * The rest is refused whole, and there only where the kernel has it. Each is proven with arguments
 * that it finds fault with at once.
 */
#define REFUSED_REQUEST(id, parameters, arguments, result, proof, ...)				\
SPG_STAND_IN(id, int, parameters, arguments)							\
												\
static int id##_call parameters									\
{												\
	return result;										\
}												\
												\
static void id##_prove(void)									\
{												\
	spg_entry(id) proof;									\
}												\
												\
struct spg_hook spg_##id##_hook = {								\
	.names = spg_names(__VA_ARGS__),							\
	.standin = id##_stand_in,								\
	.bind = id##_bind,									\
	.prove = id##_prove,									\
	.needed = block_needed,									\
}

#ifdef SPG_HAVE_SEND_ZC
/* A field that must be zero is not. */
static const struct io_uring_sqe odd_sqe = { .__pad2 = { 1 } };
static struct io_kiocb no_request;

static int send_zc_unless_blocked(struct io_kiocb *req, const struct io_uring_sqe *sqe);

/* Prepares both SEND_ZC and SENDMSG_ZC. */
REFUSED_REQUEST(send_zc,
		(struct io_kiocb *req, const struct io_uring_sqe *sqe), (req, sqe),
		send_zc_unless_blocked(req, sqe),
		(&no_request, &odd_sqe),
		"io_send_zc_prep", "io_sendzc_prep");

static int send_zc_unless_blocked(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct file *file = NULL;
	int ret;

	if (!is_blocked())
		return spg_original(send_zc)(req, sqe);
	/* What fails looks at what this sets first (io_uring/net.c, io_sendrecv_fail()). */
	spg_original(send_zc)(req, &odd_sqe);
	/* The entry is the caller's memory, and may change. */
	if (trace_verdict_enabled() && !(READ_ONCE(sqe->flags) & IOSQE_FIXED_FILE))
		file = fget(READ_ONCE(sqe->fd));
	ret = refuse(READ_ONCE(sqe->opcode) == IORING_OP_SEND_ZC ? READ_ONCE(sqe->len) : 0,
		     file ? spg_sock_from_file(file) : NULL);
	if (file)
		fput(file);
	return ret;
}
#endif

#ifdef SPG_HAVE_ZCRX
/* A ring without any of the flags that this needs. */
static struct io_ring_ctx no_ring;

REFUSED_REQUEST(zcrx,
		(struct io_ring_ctx *ctx, void __user *arg), (ctx, arg),
		is_blocked() ? refuse(0, NULL) : spg_original(zcrx)(ctx, arg),
		(&no_ring, NULL),
		"io_register_zcrx", "io_register_zcrx_ifq");
#endif

#ifdef SPG_HAVE_BIND_TX
/* Memory of a device to send from, by netlink. No attribute is there. */
static struct nlattr *no_attributes[NETDEV_A_DMABUF_MAX + NETDEV_A_DEV_MAX + 2];
static struct genl_info no_info = { .attrs = no_attributes };
static struct sk_buff no_message;

REFUSED_REQUEST(bind_tx,
		(struct sk_buff *skb, struct genl_info *info), (skb, info),
		is_blocked() ? refuse(0, NULL) : spg_original(bind_tx)(skb, info),
		(&no_message, &no_info),
		"netdev_nl_bind_tx_doit");
#endif
