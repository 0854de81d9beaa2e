// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pipe to socket, for splice and for sendfile: the bytes are copied into ordinary socket buffers,
 * as if by send().
 *
 * For sendfile the pipe is the kernel's internal one and holds the file's pages by reference, so
 * the copy made here is the only one. Stands in for splice_to_socket(), and for
 * generic_splice_sendpage() before 6.5.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/signal.h>
#include <linux/socket.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include "compat.h"
#include "deferred.h"
#include "live.h"
#include "operations.h"
#include "pages.h"
#include "pipes.h"
#include "stats.h"

/*
 * As many buffers as splice_to_socket() takes at a time: for sockets that keep messages apart, that
 * is visible.
 */
#define BATCH 16

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
};

/*
 * Collect up to @len bytes of what the pipe holds. Returns how many; *tail is the last buffer
 * taken, or the head.
 */
static ssize_t collect(struct pipe_inode_info *pipe, size_t len, unsigned int limit, bool private,
		       struct batch *batch, unsigned int *tail)
{
	size_t taken = 0;
	unsigned int i;

	batch->count = 0;
	for (i = pipe->tail; i != pipe->head; i++) {
		struct pipe_buffer *buf = spg_slot(pipe, i);
		size_t seg = min_t(size_t, len - taken, buf->len);
		int err = 0;

		if (!buf->len)
			continue;
		/*
		 * The copy made here is the hand-off of vmspliced buffers, so they need no other.
		 */
		if (!spg_buffer_is_deferred(buf))
			err = pipe_buf_confirm(pipe, buf);
		if (!err && private && !spg_buffer_is_private(buf))
			err = spg_make_buffer_private(pipe, buf, NULL);
		if (err) {
			*tail = i;
			return batch->count ? taken : err == -ENODATA ? 0 : err;
		}
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
	*tail = i;
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
			pipe_buf_release(pipe, buf);
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
 * as in send_copied().
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

static ssize_t send_copied(struct pipe_inode_info *pipe, struct file *out, size_t len,
			   unsigned int flags)
{
	struct socket *sock = spg_sock_from_file(out);
	unsigned int limit = spg_one_buffer_a_message(sock) ? 1 : BATCH;
	bool private = sock->ops->family == PF_ALG;
	bool wake = false;
	struct batch batch;
	size_t sent = 0;
	ssize_t ret = 0;

	pipe_lock(pipe);
	while (len) {
		struct msghdr msg = { };
		unsigned int tail;
		ssize_t taken;

		ret = wait_for_data(pipe, flags, sent, &wake);
		if (ret <= 0)
			break;
		taken = collect(pipe, len, limit, private, &batch, &tail);
		ret = taken;
		if (taken <= 0)
			break;

		msg.msg_flags = spg_more_flags(sock, flags & SPLICE_F_MORE, taken < len &&
					       pipe_occupancy(pipe->head, tail) > SPG_MORE_FOLLOWS);
		if (out->f_flags & O_NONBLOCK)
			msg.msg_flags |= MSG_DONTWAIT;
		if (private)
			iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, batch.pages, batch.count, taken);
		else
			iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, batch.addresses, batch.count,
				      taken);
		ret = sock_sendmsg(sock, &msg);
		if (ret <= 0)
			break;
		sent += ret;
		len -= ret;
		wake |= consume(pipe, ret);
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
	enum spg_verdict verdict = spg_verdict_inside(op);
	ssize_t ret;

	if (verdict == SPG_COPY)
		ret = send_copied(pipe, out, len, flags);
	else
		ret = spg_original(socket)(pipe, out, ppos, len, flags);
	if (ret <= 0)
		return ret;
	if (verdict == SPG_COPY)
		spg_count(op, SPG_BYTES_COPIED, ret);
	if (op == SPG_SPLICE && verdict == SPG_COPY)
		spg_count(op, SPG_COPIED, 1);
	if (op == SPG_SPLICE && verdict == SPG_PASS)
		spg_count(op, SPG_PASSED, 1);
	return ret;
}

static void socket_prove(void)
{
	loff_t pos = 0;

	spg_entry(socket)(&spg_dummy_pipe, &spg_dummy_file, &pos, 0, 0);
}

struct spg_hook spg_socket_hook = {
	.names = spg_names("splice_to_socket", "generic_splice_sendpage"),
	.standin = socket_stand_in,
	.bind = socket_bind,
	.prove = socket_prove,
	.needed = spg_splice_or_sendfile,
};
