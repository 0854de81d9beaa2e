// SPDX-License-Identifier: GPL-2.0-only
/*
 * splice: the call itself, and the place where files, sockets and devices fill a pipe.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/printk.h>
#include <linux/splice.h>
#include "compat.h"
#include "contents.h"
#include "deferred.h"
#include "facts.h"
#include "operations.h"
#include "pages.h"
#include "pipes.h"
#include "verdicts.h"

SPG_STAND_IN(splice, ssize_t,
	     (struct file *in, loff_t *off_in, struct file *out, loff_t *off_out, size_t len,
	      unsigned int flags),
	     (in, off_in, out, off_out, len, flags))

/*
 * A hook that fires may still not be on the way: a compiler can inline the function into one of its
 * callers and keep it for the others. So until the first splice into a pipe has come by where pipes
 * are filled, each is watched; where one did not, its pages are made private late, and from then
 * on splices into pipes are refused.
 */
static bool fill_seen;
static bool fill_bypassed;

static bool leaves_pipe(const struct file *in)
{
	return S_ISFIFO(file_inode(in)->i_mode);
}

static bool enters_socket(const struct file *out)
{
	return S_ISSOCK(file_inode(out)->i_mode);
}

static bool fills_pipe(const struct file *in, const struct file *out)
{
	return !spg_pipe_of(in) && spg_pipe_of(out);
}

static void note_bypass(struct file *out)
{
	size_t bytes;

	WRITE_ONCE(fill_bypassed, true);
	pr_crit("splice fills pipes past our hook on this kernel: refused from now on. Please report this\n");
	spg_pipe_clean(spg_pipe_of(out), 0, &bytes);
}

/*
 * What would be refused is let in where all that it would move is trusted; further down each page
 * is judged by itself, and what is not trusted after all is copied. A pipe as the sink says nothing
 * yet: what empties it will. An empty pipe as the source lets its reader wait, or see the end.
 */
static bool splice_is_admitted(struct pipe_inode_info *source, struct file *in,
			       struct file *out, size_t len)
{
	unsigned int asked = spg_live_asks(SPG_SPLICE);
	unsigned int facts;

	if (!(asked & SPG_SOURCE_FACTS))
		return false;
	facts = source ? spg_pipe_facts(source, len, SPG_SOURCE_FACTS) :
			 spg_source_facts(asked, in);
	facts |= spg_pipe_of(out) ? asked & SPG_NET : spg_net_facts(asked, spg_net_of(out));
	return spg_live_verdict(SPG_SPLICE, facts) != SPG_REFUSE;
}

static noinline ssize_t splice_judged(struct file *in, loff_t *off_in, struct file *out,
				      loff_t *off_out, size_t len, unsigned int flags)
{
	unsigned int changes = spg_live_count();
	enum spg_verdict verdict = spg_verdict(SPG_SPLICE, 0);
	struct pipe_inode_info *source = spg_pipe_of(in);
	ssize_t ret;
	int err;

	if (verdict == SPG_REFUSE && splice_is_admitted(source, in, out, len))
		verdict = SPG_COPY;
	if (verdict == SPG_COPY && unlikely(READ_ONCE(fill_bypassed)) && fills_pipe(in, out))
		verdict = SPG_REFUSE;
	if (verdict == SPG_REFUSE) {
		spg_refused(SPG_SPLICE, len, spg_source_of(in), spg_sink_of(out));
		return -EINVAL;
	}
	/* Sockets get a copy from our own sender. */
	if (verdict == SPG_COPY && source && in->f_mode & FMODE_READ && !enters_socket(out) &&
	    !spg_write_copies(out)) {
		err = spg_pipe_clean_for(SPG_SPLICE, source, spg_pipe_of(out) ? 0 : len, in, out);
		if (err)
			return err;
	}
	ret = spg_original(splice)(in, off_in, out, off_out, len, flags);
	/* Not where the hook may have gone meanwhile, by a change of the mode. */
	if (verdict == SPG_COPY && ret > 0 && unlikely(!READ_ONCE(fill_seen)) &&
	    spg_live_unchanged(changes) && fills_pipe(in, out))
		note_bypass(out);
	return ret;
}

/* In log: would degrade copy some of what goes to a socket? */
static bool would_copy(struct pipe_inode_info *pipe, struct file *out, size_t len)
{
	unsigned int asked = spg_live_asks(SPG_SPLICE);
	unsigned int facts;

	if (!(asked & SPG_SOURCE_FACTS))
		return true;
	facts = spg_pipe_facts(pipe, len, 0) | spg_net_facts(asked, spg_net_of(out));
	return spg_live_verdict(SPG_SPLICE, facts) != SPG_TRUST;
}

/* In log: from a pipe to a socket; how pipes were filled is counted there. */
static ssize_t splice_counted(struct file *in, loff_t *off_in, struct file *out, loff_t *off_out,
			      size_t len, unsigned int flags)
{
	struct pipe_inode_info *source = spg_pipe_of(in);
	bool is_trusted = source && !would_copy(source, out, len);
	ssize_t ret;

	/* The pipe's lock may have taken its time, and the mode have changed meanwhile. */
	if (spg_live_verdict(SPG_SPLICE, 0) != SPG_PASS)
		return splice_judged(in, off_in, out, off_out, len, flags);
	is_trusted |= spg_verdict(SPG_SPLICE, 0) == SPG_TRUST;
	ret = spg_original(splice)(in, off_in, out, off_out, len, flags);
	if (ret > 0)
		spg_judged(SPG_SPLICE, is_trusted ? SPG_TRUSTED : SPG_PASSED, ret, spg_from_pipe,
			   spg_sink_of(out));
	return ret;
}

static ssize_t splice_call(struct file *in, loff_t *off_in, struct file *out, loff_t *off_out,
			   size_t len, unsigned int flags)
{
	if (spg_live_verdict(SPG_SPLICE, 0) == SPG_PASS && leaves_pipe(in) && enters_socket(out))
		return splice_counted(in, off_in, out, off_out, len, flags);
	return splice_judged(in, off_in, out, off_out, len, flags);
}

static void splice_prove(void)
{
	spg_entry(splice)(&spg_dummy_file, NULL, &spg_dummy_file, NULL, 0, 0);
}

/*
 * Marks the call. In log that is all, but for what a pipe gives to a socket, and in degrade, but
 * for what it gives to others, and until pipes are known to be filled where we see it.
 */
static bool splice_admit(struct spg_ftrace_frame *frame)
{
	const struct file *in = (void *)spg_frame_argument(frame, 0);
	const struct file *out = (void *)spg_frame_argument(frame, 2);

	spg_frame_sixth(frame) |= SPG_F_SPLICE;
	switch (spg_live_verdict(SPG_SPLICE, 0)) {
	case SPG_REFUSE:
		return true;
	case SPG_COPY:
		return (leaves_pipe(in) && !enters_socket(out)) ||
		       unlikely(!READ_ONCE(fill_seen) || READ_ONCE(fill_bypassed));
	case SPG_PASS:
		return enters_socket(out) && leaves_pipe(in);
	default:
		return false;
	}
}

struct spg_hook spg_splice_hook = {
	.names = spg_names("do_splice"),
	.standin = splice_stand_in,
	.bind = splice_bind,
	.prove = splice_prove,
	.admit = splice_admit,
	/* For sendfile alone, too: splices could not be told from it without. */
	.needed = spg_splice_or_sendfile,
};

SPG_STAND_IN(fill, ssize_t,
	     (struct file *in, loff_t *ppos, struct pipe_inode_info *pipe, size_t len,
	      unsigned int flags),
	     (in, ppos, pipe, len, flags))

/*
 * Files give the same bytes again. Pages of sockets, /dev/fuse, ring buffers and their like are
 * gone once read.
 */
static bool can_read_again(const struct file *in)
{
	umode_t mode = file_inode(in)->i_mode;

	return (S_ISREG(mode) || S_ISBLK(mode)) && in->f_mode & FMODE_PREAD;
}

/* Take back what could not be made private; the source gives it again. */
static ssize_t take_back(struct pipe_inode_info *pipe, unsigned int end, loff_t *ppos, ssize_t ret,
			 int err)
{
	ssize_t dropped = 0;

	while (pipe->head != end) {
		struct pipe_buffer *buf = spg_slot(pipe, --pipe->head);

		dropped += buf->len;
		pipe_buf_release(pipe, buf);
	}
	*ppos -= dropped;
	ret -= dropped;
	/*
	 * A page that was truncated while it was read is the end of the file, as in
	 * splice_from_pipe_feed().
	 */
	return ret ?: err == -ENODATA ? 0 : err;
}

/* With a frame of its own, since what is passed on needs one. */
static noinline void trace_filled(enum spg_op op, enum spg_counter counter, size_t bytes,
				  struct file *in)
{
	spg_trace_source(op, counter, bytes, true, spg_source_of(in), "pipe");
}

static __always_inline void judge_filled(enum spg_op op, enum spg_counter counter, size_t bytes,
					 struct file *in)
{
	spg_count(op, counter, 1);
	if (trace_verdict_enabled())
		trace_filled(op, counter, bytes, in);
}

/*
 * Fill a user's pipe. With an admission, what it can stand for stays by reference; so do a socket's
 * own pages until they are handed off; all else is made private. With a frame of its own, which not
 * every call has to pay for.
 */
static noinline ssize_t fill_guarded(struct file *in, loff_t *ppos, struct pipe_inode_info *pipe,
				     size_t len, unsigned int flags,
				     const struct address_space *mapping,
				     struct spg_admission *admission)
{
	unsigned int start = pipe->head;
	unsigned int space =
		pipe->max_usage - min(pipe->max_usage, pipe_occupancy(start, pipe->tail));
	unsigned int admitted = 0;
	struct spg_outcome outcome;
	struct spg_reserve reserve;
	size_t bytes = 0;
	ssize_t ret;
	int err;

	spg_reserve_init(&reserve);
	err = spg_reserve_fill(&reserve, can_read_again(in) ? 0 :
			       min_t(size_t, space, DIV_ROUND_UP(len, PAGE_SIZE)));
	if (err) {
		spg_reserve_drop(&reserve);
		return err;
	}
	ret = spg_original(fill)(in, ppos, pipe, len, flags | SPG_F_FILLING);
	if (admission)
		admitted = spg_admit(pipe, start, mapping, admission);
	if (S_ISSOCK(file_inode(in)->i_mode))
		bytes = spg_defer_own(pipe, start);
	err = spg_make_private(pipe, start, &reserve, &outcome);
	spg_reserve_drop(&reserve);
	if (err)
		ret = take_back(pipe, outcome.end, ppos, ret, err);
	bytes = outcome.repacked ? outcome.bytes : bytes + outcome.bytes;
	if (bytes) {
		judge_filled(spg_op_of(flags), SPG_COPIED, bytes, in);
		spg_count(spg_op_of(flags), SPG_BYTES_COPIED, outcome.bytes);
	} else if (admitted) {
		judge_filled(spg_op_of(flags), SPG_TRUSTED, ret, in);
	}
	return ret;
}

static __always_inline ssize_t fill_counted(struct file *in, loff_t *ppos,
					    struct pipe_inode_info *pipe, size_t len,
					    unsigned int flags, enum spg_counter counter)
{
	unsigned int start = pipe->head;
	unsigned int i;
	ssize_t ret = spg_original(fill)(in, ppos, pipe, len, flags | SPG_F_FILLING);

	for (i = start; i != pipe->head; i++) {
		if (spg_buffer_is_private(spg_slot(pipe, i)))
			continue;
		judge_filled(spg_op_of(flags), counter, ret, in);
		break;
	}
	return ret;
}

/* In log: an admission only tells whoever counts at the other end. */
static ssize_t fill_logged(struct file *in, loff_t *ppos, struct pipe_inode_info *pipe, size_t len,
			   unsigned int flags, const struct address_space *mapping,
			   struct spg_admission *admission)
{
	unsigned int start = pipe->head;
	ssize_t ret;

	if (!admission)
		return fill_counted(in, ppos, pipe, len, flags, SPG_PASSED);
	ret = fill_counted(in, ppos, pipe, len, flags, SPG_TRUSTED);
	spg_admit(pipe, start, mapping, admission);
	return ret;
}

/*
 * Fill a user's pipe, by what is known of the source. Of what empties it nothing is known yet, so
 * what may depend on it is let in.
 */
static noinline ssize_t fill_judged(struct file *in, loff_t *ppos, struct pipe_inode_info *pipe,
				    size_t len, unsigned int flags)
{
	unsigned int changes = spg_live_count();
	enum spg_op op = spg_op_of(flags);
	unsigned int asked = spg_live_asks(op);
	const struct address_space *mapping = asked ? spg_source_mapping(in) : NULL;
	unsigned int facts = asked ? spg_source_facts(asked, in) : 0;
	enum spg_verdict verdict = spg_verdict_inside(op, facts | (asked & SPG_NET));
	struct spg_admission *admission = NULL;
	ssize_t ret;

	if (unlikely(!READ_ONCE(fill_seen)) && flags & SPG_F_SPLICE)
		WRITE_ONCE(fill_seen, true);
	if (verdict == SPG_STOCK)
		return spg_original(fill)(in, ppos, pipe, len, flags);
	/* Without memory for it, there is no trust. */
	if (verdict == SPG_TRUST)
		admission = spg_admission_new(op, facts, changes);
	if (spg_live_verdict(op, 0) == SPG_PASS)
		ret = fill_logged(in, ppos, pipe, len, flags, mapping, admission);
	else
		ret = fill_guarded(in, ppos, pipe, len, flags, mapping, admission);
	spg_admission_put(admission);
	return ret;
}

/* In log, where nothing is trusted, there is nothing to know. */
static ssize_t fill_users(struct file *in, loff_t *ppos, struct pipe_inode_info *pipe, size_t len,
			  unsigned int flags)
{
	if (spg_live_only_logs(spg_op_of(flags)))
		return fill_counted(in, ppos, pipe, len, flags, SPG_PASSED);
	return fill_judged(in, ppos, pipe, len, flags);
}

/*
 * The kernel's internal pipe is left as it is, since no user reaches it, and the sink takes care of
 * what it holds. But only here the source is known, so what holds of it goes along. What the
 * kernel's own threads move, nfsd's for one, and overlayfs in its mounter's name, is none of our
 * business.
 */
static noinline ssize_t fill_internal(struct file *in, loff_t *ppos, struct pipe_inode_info *pipe,
				      size_t len, unsigned int flags)
{
	unsigned int changes = spg_live_count();
	unsigned int asked = spg_live_asks(SPG_SENDFILE) & (SPG_SOURCE_FACTS | SPG_NET);
	const struct address_space *mapping = asked ? spg_source_mapping(in) : NULL;
	unsigned int start = pipe->head;
	struct spg_admission *admission = NULL;
	unsigned int facts = 0;
	ssize_t ret;

	if (mapping && !(current->flags & PF_KTHREAD) && !spg_is_lent())
		facts = spg_source_facts(asked, in);
	if (facts && spg_live_verdict(SPG_SENDFILE, facts | (asked & SPG_NET)) == SPG_TRUST)
		admission = spg_admission_new(SPG_SENDFILE, facts, changes);
	ret = spg_original(fill)(in, ppos, pipe, len, flags | SPG_F_FILLING);
	if (admission) {
		spg_admit(pipe, start, mapping, admission);
		spg_admission_put(admission);
	}
	return ret;
}

/*
 * Runs under the pipe's lock, from before the source is read until its pages are private, so nobody
 * sees them shared.
 */
static ssize_t fill_call(struct file *in, loff_t *ppos, struct pipe_inode_info *pipe, size_t len,
			 unsigned int flags)
{
	if (!pipe->files)
		return fill_internal(in, ppos, pipe, len, flags);
	return fill_users(in, ppos, pipe, len, flags);
}

static void fill_prove(void)
{
	loff_t pos = 0;

	spg_entry(fill)(&spg_dummy_file, &pos, &spg_dummy_pipe, 0, 0);
}

/*
 * File systems on top of others get here twice, and only the first time there is something to do.
 * Nor is there with the kernel's internal pipe, but where its source may be trusted.
 */
static bool fill_admit(struct spg_ftrace_frame *frame)
{
	const struct pipe_inode_info *pipe = (void *)spg_frame_argument(frame, 2);

	if (spg_frame_argument(frame, 4) & SPG_F_FILLING)
		return false;
	return pipe->files || spg_live_asks(SPG_SENDFILE);
}

struct spg_hook spg_fill_hook = {
	.names = spg_names(SPG_FILL_NAMES),
	.standin = fill_stand_in,
	.bind = fill_bind,
	.prove = fill_prove,
	.admit = fill_admit,
	.needed = spg_splice_or_sendfile,
};
