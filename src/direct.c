// SPDX-License-Identifier: GPL-2.0-only
/*
 * A short sendfile from a file to TCP, without the kernel's internal pipe: the file is read into
 * the fragment that a send() would copy into, and what was read is sent from there. That is one
 * copy, as it is through the pipe (socket.c), but no page has to be put into a pipe, found in it
 * and dropped again. For longer ones that makes no difference.
 *
 * Stands in for do_splice_direct(), which do_sendfile() calls when all permissions have been
 * checked. From there splice_direct_to_actor() would read by ->splice_read. The ->read_iter of the
 * file systems that are named below gives the same bytes in the same way, from the page cache and
 * under the same locks; it is also what copy_splice_read() calls. All other sources and sinks, and
 * all where anything is trusted, go through the pipe, and would without this hook.
 *
 * Before 6.8 each pipeful is verified once more (rw_verify_area() in do_splice_to()), which
 * fanotify and security modules see and modules cannot do. So the way through the pipe is the only
 * one there.
 */
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/netdev_features.h>
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include <net/sock.h>
#include "compat.h"
#include "facts.h"
#include "frags.h"
#include "operations.h"
#include "verdicts.h"

SPG_STAND_IN(direct, ssize_t,
	     (struct file *in, loff_t *ppos, struct file *out, loff_t *opos, size_t len,
	      unsigned int flags),
	     (in, ppos, out, opos, len, flags))

static bool reads_alike(const struct super_block *sb)
{
	switch (sb->s_magic) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
		return true;
	default:
		return false;
	}
}

/* Also what splice_direct_to_actor() and do_splice_read() ask. */
static bool is_plain_source(const struct file *in)
{
	return S_ISREG(file_inode(in)->i_mode) && in->f_mode & FMODE_LSEEK &&
	       in->f_op->splice_read && in->f_op->read_iter && !(in->f_flags & O_DIRECT) &&
	       !IS_DAX(in->f_mapping->host) && reads_alike(file_inode(in)->i_sb);
}

/*
 * Also what do_splice_direct() asks. What a device cannot gather, TCP would copy once more. Where
 * there is little room, only the way through the pipe copies no more than fits.
 */
static bool is_plain_sink(const struct file *out, size_t len)
{
	const struct sock *sk;

	if (!S_ISSOCK(file_inode(out)->i_mode) || !(out->f_mode & FMODE_WRITE) ||
	    out->f_flags & O_APPEND)
		return false;
	sk = SOCKET_I(file_inode(out))->sk;
	/* None but TCP may be cut. */
	return spg_may_be_cut(sk) && READ_ONCE(sk->sk_route_caps) & NETIF_F_SG &&
	       (!(out->f_flags & O_NONBLOCK) || sk_stream_wspace(sk) >= (int)len);
}

/* Read into a piece of the fragment. Returns how much, or 0 at the end of the file, or an error. */
static noinline ssize_t read_piece(struct file *in, loff_t pos, struct bio_vec *piece)
{
	struct iov_iter to;
	struct kiocb kiocb;

	iov_iter_bvec(&to, ITER_DEST, piece, 1, piece->bv_len);
	init_sync_kiocb(&kiocb, in);
	/* Somebody may set O_DIRECT just now. */
	kiocb.ki_flags &= ~IOCB_DIRECT;
	kiocb.ki_pos = pos;
	return in->f_op->read_iter(&kiocb, &to);
}

/*
 * Nobody but this piece has its bytes, so they are sent as those of a send(): nothing shared. As
 * splice_to_socket(), until all is sent. Returns how much was, and *err what ended it.
 */
static size_t send_piece(struct file *out, struct bio_vec piece, size_t len, bool more, int *err)
{
	size_t sent = 0;

	do {
		struct msghdr msg = {
			.msg_flags = MSG_SPLICE_PAGES | MSG_NO_SHARED_FRAGS |
				     (more ? MSG_MORE : 0) |
				     (out->f_flags & O_NONBLOCK ? MSG_DONTWAIT : 0),
		};

		iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, &piece, 1, len - sent);
		*err = signal_pending(current) ?
		       -ERESTARTSYS : sock_sendmsg(SOCKET_I(file_inode(out)), &msg);
		if (*err <= 0)
			break;
		sent += *err;
		piece.bv_offset += *err;
		piece.bv_len -= *err;
	} while (sent < len);
	return sent;
}

/* What was sent with MSG_MORE so far is all there is. */
static noinline void end_here(struct file *out)
{
	if (out->f_op->splice_eof)
		out->f_op->splice_eof(out);
}

/*
 * As splice_direct_to_actor(). Once, as a rule: a read that is short is followed by one that says
 * why. Returns how much was sent, or an error if nothing was.
 */
static ssize_t send_file(struct file *in, loff_t pos, struct file *out, size_t len)
{
	struct sock *sk = SOCKET_I(file_inode(out))->sk;
	size_t sent = 0;
	int err = 0;

	while (sent < len) {
		struct bio_vec piece;
		size_t gone = 0;
		ssize_t taken = 0;

		err = spg_frags_claim(sk, len - sent, &piece);
		if (!err) {
			taken = read_piece(in, pos + sent, &piece);
			if (taken > 0)
				gone = send_piece(out, piece, taken, taken < len - sent, &err);
			else
				err = taken;
			spg_frags_settle(&piece, gone);
		}
		if (!taken && sent)
			end_here(out);
		sent += gone;
		if (taken <= 0 || gone < taken)
			break;
	}
	return sent ?: err;
}

static ssize_t direct_call(struct file *in, loff_t *ppos, struct file *out, loff_t *opos,
			   size_t len, unsigned int flags)
{
	ssize_t ret = send_file(in, *ppos, out, len);

	/* No memory for it, or an upper-layer protocol just before it was sent, as kTLS says. */
	if (ret == -ENOMEM ||
	    (ret == -EOPNOTSUPP && !spg_may_be_cut(SOCKET_I(file_inode(out))->sk)))
		return spg_original(direct)(in, ppos, out, opos, len, flags);
	if (ret <= 0)
		return ret;
	*ppos += ret;
	spg_count(SPG_SENDFILE, SPG_BYTES_COPIED, ret);
	spg_judged(SPG_SENDFILE, SPG_COPIED, ret, spg_source_of(in), spg_sink_of(out));
	return ret;
}

static void direct_prove(void)
{
	loff_t pos = 0;

	spg_entry(direct)(&spg_dummy_file, &pos, &spg_dummy_file, &pos, 0, 0);
}

/* Where nothing is trusted, a call that was not refused is copied. */
static bool direct_admit(struct spg_ftrace_frame *frame)
{
	const struct file *in = (void *)spg_frame_argument(frame, 0);
	const struct file *out = (void *)spg_frame_argument(frame, 2);
	size_t len = spg_frame_argument(frame, 4);
	unsigned int asked;

	/* A length of nothing only has the file accessed. */
	return len && len <= SPG_FRAGS_PIECE &&
	       spg_live_consider(SPG_SENDFILE, 0, &asked) >= SPG_COPY && !asked &&
	       is_plain_sink(out, len) && is_plain_source(in);
}

static bool direct_needed(const struct spg_policy *policy)
{
	return spg_policy_mode(policy, SPG_SENDFILE) >= SPG_DEGRADE;
}

struct spg_hook spg_direct_hook = {
	.names = spg_names("do_splice_direct"),
	.quickens = true,
	.standin = direct_stand_in,
	.bind = direct_bind,
	.prove = direct_prove,
	.admit = direct_admit,
	.needed = direct_needed,
};
