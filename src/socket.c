// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pipe to socket, for splice and for sendfile: the bytes are copied into ordinary socket buffers,
 * as if by send().
 *
 * For sendfile the pipe is the kernel's internal one and holds the file's pages by reference, so
 * the copy made here is the only one. Stands in for splice_to_socket(), and for
 * generic_splice_sendpage() before 6.5.
 *
 * Deferred buffers whose admission is good for this caller and this socket go by reference, each by
 * itself, between others that are copied.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/signal.h>
#include <linux/socket.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include <net/tcp.h>
#include "compat.h"
#include "contents.h"
#include "deferred.h"
#include "facts.h"
#include "frags.h"
#include "operations.h"
#include "pages.h"
#include "pipes.h"
#include "verdicts.h"

/*
 * As many buffers as splice_to_socket() takes at a time: for sockets that keep messages apart, that
 * is visible.
 */
#define BATCH 16

/* At most what a full record takes besides what it carries. */
#define TLS_OVERHEAD 64

SPG_STAND_IN(socket, ssize_t,
	     (struct pipe_inode_info *pipe, struct file *out, loff_t *ppos, size_t len,
	      unsigned int flags),
	     (pipe, out, ppos, len, flags))

/*
 * A KVEC, since that is what everybody copies at once: kTLS keeps pages of a BVEC for a moment.
 * AF_ALG hashes need a BVEC on kernels before 6.5 (af_alg_make_sg()) and read it in place, so for
 * AF_ALG the pages are made private first.
 */
struct batch {
	struct bio_vec pages[BATCH];
	struct kvec addresses[BATCH];
	unsigned int count;
	bool by_reference;
	bool more;
	bool broke_off;
};

/**
 * struct sink - where a pipe goes
 * @sock: the socket
 * @op: the operation
 * @net: what spg_net_of() says of it
 * @trusts: whether anything may go there by reference
 * @facts: what is known of it
 * @limit: how many buffers make a message
 * @whole: whether messages are kept apart, so that one cannot be half by reference
 * @fragments: whether it copies into fragments: TCP
 * @private: whether it wants private pages: AF_ALG
 */
struct sink {
	struct socket *sock;
	enum spg_op op;
	int net;
	bool trusts;
	unsigned int facts;
	unsigned int limit;
	bool whole;
	bool fragments;
	bool private;
};

static bool may_pass(const struct pipe_buffer *buf, const struct sink *sink)
{
	return spg_buffer_is_deferred(buf) && spg_deferred_may_pass(buf, sink->op, sink->facts);
}

/*
 * How many buffers, from the first on, go the same way, and *by_reference which one. As many as may
 * be, where no other way follows.
 */
static unsigned int same_way(struct pipe_inode_info *pipe, const struct sink *sink,
			     bool *by_reference)
{
	unsigned int count = 0;
	unsigned int i;

	*by_reference = false;
	if (!sink->trusts)
		return sink->limit;
	for (i = pipe->tail; i != pipe->head && count < sink->limit; i++) {
		const struct pipe_buffer *buf = spg_slot(pipe, i);
		bool passes = buf->len && may_pass(buf, sink);

		if (!buf->len)
			continue;
		if (count && passes != *by_reference) {
			if (!sink->whole)
				break;
			*by_reference = false;
			return sink->limit;
		}
		*by_reference = passes;
		count++;
	}
	if (i == pipe->head)
		count = sink->limit;
	return *by_reference ? min(count, SPG_REFERENCES_AT_ONCE) : count;
}

/*
 * Collect up to @len bytes of what the pipe holds. Returns how many, and in the batch whether more
 * of them follows.
 */
static ssize_t collect(struct pipe_inode_info *pipe, size_t len, const struct sink *sink,
		       struct batch *batch)
{
	unsigned int limit = same_way(pipe, sink, &batch->by_reference);
	bool private = sink->private && !batch->by_reference;
	size_t taken = 0;
	unsigned int i;
	int err = 0;

	batch->count = 0;
	for (i = pipe->tail; i != pipe->head; i++) {
		struct pipe_buffer *buf = spg_slot(pipe, i);
		size_t seg = min_t(size_t, len - taken, buf->len);

		if (!buf->len)
			continue;
		/* The copy made here is the hand-off of deferred buffers, so they need no other. */
		if (spg_buffer_is_deferred(buf))
			err = spg_deferred_ready(pipe, buf);
		else
			err = pipe_buf_confirm(pipe, buf);
		if (!err && private && !spg_buffer_is_private(buf))
			err = spg_make_buffer_private(pipe, buf, NULL);
		if (err)
			break;
		batch->pages[batch->count].bv_page = buf->page;
		batch->pages[batch->count].bv_offset = buf->offset;
		batch->pages[batch->count].bv_len = seg;
		batch->addresses[batch->count].iov_base = page_address(buf->page) + buf->offset;
		batch->addresses[batch->count].iov_len = seg;
		batch->count++;
		taken += seg;
		if (taken == len || batch->count == limit)
			break;
	}
	batch->more = taken < len && pipe_occupancy(pipe->head, i) > SPG_MORE_FOLLOWS;
	if (err && !batch->count)
		return err == -ENODATA ? 0 : err;
	return taken;
}

/* Drop what was sent. Returns whether a slot became free that a writer may wait for. */
static bool consume(struct pipe_inode_info *pipe, size_t sent)
{
	unsigned int tail = pipe->tail;

	while (sent) {
		struct pipe_buffer *buf = spg_slot(pipe, tail);
		size_t seg = min_t(size_t, sent, buf->len);

		buf->offset += seg;
		buf->len -= seg;
		sent -= seg;
		if (!buf->len) {
			spg_buffer_drop(pipe, buf);
			tail++;
		}
	}
	if (tail == pipe->tail)
		return false;
	pipe->tail = tail;
	return pipe->files;
}

/*
 * An empty buffer, which a write() leaves that fails half-way, is no data. Drops those in front, as
 * eat_empty_buffer() does. Returns whether the pipe is empty then. *wake: a slot became free.
 */
static bool eat_empty_buffers(struct pipe_inode_info *pipe, bool *wake)
{
	while (!pipe_empty(pipe->head, pipe->tail)) {
		struct pipe_buffer *buf = spg_slot(pipe, pipe->tail);

		if (buf->len)
			return false;
		pipe_buf_release(pipe, buf);
		pipe->tail++;
		*wake = pipe->files;
	}
	return true;
}

/*
 * Wait until there is data. Returns 1, or 0 where there will be none, or an error. @sent and *wake
 * as in send_pipe().
 */
static int wait_for_data(struct pipe_inode_info *pipe, unsigned int flags, size_t sent, bool *wake)
{
	/* A task that always finds data must stay killable. */
	if (signal_pending(current) && (!sent || SPG_SIGNAL_ENDS_PIPEFUL))
		return -ERESTARTSYS;
	while (eat_empty_buffers(pipe, wake)) {
		if (!pipe->writers || sent)
			return 0;
		if (flags & SPLICE_F_NONBLOCK)
			return -EAGAIN;
		if (signal_pending(current))
			return -ERESTARTSYS;
		if (*wake) {
			spg_pipe_wake_writers(pipe);
			*wake = false;
		}
		spg_pipe_wait_readable(pipe);
	}
	return 1;
}

/*
 * How much of @len to send at once, so that it goes into fragments that are used again, and whether
 * the socket is to be told that the rest follows.
 *
 * TLS in software makes records of it. Cut where one ends, they are the same, and it need not be
 * told. Two full ones are a little longer than a fragment of 32 KiB, so each gets one of its own.
 */
static size_t piece_of(const struct sink *sink, size_t len, bool *follows)
{
	struct sock *sk = sink->sock->sk;
	size_t records = spg_tls_records(sink->sock);
	size_t room;

	if (records) {
		len = min(len, records);
		spg_frags_renew(sk, len + TLS_OVERHEAD, len + TLS_OVERHEAD);
		return len;
	}
	room = spg_frags_renew(sk, len, SPG_FRAGS_REST);
	if (!spg_may_be_cut(sk))
		return len;
	*follows |= room < len;
	return room;
}

/*
 * As one send of @len bytes. Returns how many were sent, or an error if none was; in the batch is
 * whether an error came after some were.
 */
static ssize_t send_copies(const struct sink *sink, struct batch *batch, size_t len, int flags,
			   bool asked_more)
{
	struct msghdr msg = {};
	size_t sent = 0;
	size_t piece;
	int ret;

	if (sink->private)
		iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, batch->pages, batch->count, len);
	else
		iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, batch->addresses, batch->count, len);
	do {
		bool follows = batch->more;

		piece = len - sent;
		if (sink->fragments)
			piece = piece_of(sink, piece, &follows);
		msg.msg_flags = flags | spg_more_flags(sink->sock, asked_more, follows);
		iov_iter_truncate(&msg.msg_iter, piece);
		ret = sock_sendmsg(sink->sock, &msg);
		batch->broke_off = sent && ret <= 0;
		if (ret <= 0)
			return sent ?: ret;
		sent += ret;
		iov_iter_reexpand(&msg.msg_iter, len - sent);
	} while (ret == piece && sent < len);
	return sent;
}

static ssize_t send_batch(const struct sink *sink, struct batch *batch, size_t len, int flags,
			  bool asked_more)
{
	batch->broke_off = false;
	if (batch->by_reference) {
		int ret = spg_send_pages(sink->sock, sink->net == SPG_TCP, batch->pages,
					 batch->count, len, flags, asked_more, batch->more);

		if (ret != SPG_NOT_PLAIN_TCP)
			return ret;
		batch->by_reference = false;
	}
	return send_copies(sink, batch, len, flags, asked_more);
}

/* What a sink is, and what is trusted, may change while a call waits for data. */
static void look_at_sink(struct sink *sink)
{
	unsigned int asked = spg_live_asks(sink->op);

	sink->trusts = asked;
	sink->net = asked & SPG_NET ? spg_net_of_socket(sink->sock) : -ENOENT;
	sink->facts = spg_net_facts(asked, sink->net);
}

static ssize_t send_pipe(struct pipe_inode_info *pipe, struct file *out, size_t len,
			 unsigned int flags, enum spg_op op, size_t *copied)
{
	struct sink sink = { .sock = spg_sock_from_file(out), .op = op };
	bool wake = false;
	struct batch batch __uninitialized;
	size_t sent = 0;
	ssize_t ret = 0;

	sink.limit = spg_one_buffer_a_message(sink.sock) ? 1 : BATCH;
	sink.whole = sink.sock->type != SOCK_STREAM;
	sink.fragments = spg_is_tcp(sink.sock);
	sink.private = sink.sock->ops->family == PF_ALG;
	*copied = 0;

	pipe_lock(pipe);
	while (len) {
		ssize_t taken;

		ret = wait_for_data(pipe, flags, sent, &wake);
		if (ret <= 0)
			break;
		look_at_sink(&sink);
		taken = collect(pipe, len, &sink, &batch);
		ret = taken;
		if (taken <= 0)
			break;
		ret = send_batch(&sink, &batch, taken, out->f_flags & O_NONBLOCK ? MSG_DONTWAIT : 0,
				 flags & SPLICE_F_MORE);
		if (ret <= 0)
			break;
		sent += ret;
		len -= ret;
		if (!batch.by_reference)
			*copied += ret;
		wake |= consume(pipe, ret);
		/* The error is the socket's no more: who sent again would get another one. */
		if (batch.broke_off)
			break;
	}
	pipe_unlock(pipe);
	if (wake)
		spg_pipe_wake_writers(pipe);
	return sent ?: ret;
}

/*
 * A sendfile comes here once for each pipeful, so its calls are counted elsewhere: see sendfile.c.
 */
static ssize_t socket_call(struct pipe_inode_info *pipe, struct file *out, loff_t *ppos, size_t len,
			   unsigned int flags)
{
	enum spg_op op = spg_op_of(flags);
	enum spg_verdict verdict = spg_verdict_inside(op, 0);
	size_t copied = 0;
	ssize_t ret;

	if (verdict == SPG_COPY)
		ret = send_pipe(pipe, out, len, flags, op, &copied);
	else
		ret = spg_original(socket)(pipe, out, ppos, len, flags);
	if (ret <= 0)
		return ret;
	if (copied)
		spg_count(op, SPG_BYTES_COPIED, copied);
	if (op == SPG_SPLICE && verdict == SPG_COPY)
		spg_judged(op, copied ? SPG_COPIED : SPG_TRUSTED, copied ?: ret, spg_from_pipe,
			   spg_sink_of(out));
	else if (op == SPG_SPLICE && verdict != SPG_STOCK)
		spg_judged(op, verdict == SPG_TRUST ? SPG_TRUSTED : SPG_PASSED, ret, spg_from_pipe,
			   spg_sink_of(out));
	return ret;
}

static void socket_prove(void)
{
	loff_t pos = 0;

	spg_entry(socket)(&spg_dummy_pipe, &spg_dummy_file, &pos, 0, 0);
}

/* In log, who comes here is counted where he came from. */
static bool socket_admit(struct spg_ftrace_frame *frame)
{
	return spg_live_verdict(spg_op_of(spg_frame_argument(frame, 4)), 0) >= SPG_COPY;
}

static bool socket_needed(const struct spg_policy *policy)
{
	return spg_policy_mode(policy, SPG_SPLICE) >= SPG_DEGRADE ||
	       spg_policy_mode(policy, SPG_SENDFILE) >= SPG_DEGRADE;
}

struct spg_hook spg_socket_hook = {
	.names = spg_names("splice_to_socket", "generic_splice_sendpage"),
	.standin = socket_stand_in,
	.bind = socket_bind,
	.prove = socket_prove,
	.admit = socket_admit,
	.needed = socket_needed,
};
