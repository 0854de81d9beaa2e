// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deferred buffers: shared pages that are in a pipe by reference until a consumer takes them, and
 * are judged, and mostly copied, then.
 *
 * Programs edit in place what they have just vmspliced: libfuse its reply header. So pages that
 * only the caller owns go into the pipe by reference, and are copied when they are handed off. So
 * do pages of the kernel's own that a socket has received, of which one copy is enough. And what
 * policy trusts at the source, and therefore lets into a pipe by reference, carries an admission:
 * what held there. Who consumes it is judged by that and by his own credentials, each buffer by
 * itself.
 *
 * Every consumer calls confirm() before it looks at a page: pipe_read(), the splice loops, and
 * fuse, which does so on a copy of the buffer and without the pipe's lock (fs/fuse/dev.c,
 * fuse_copy_fill()). Each caller owns the buffer that it confirms, so it may be changed there.
 * Moving a buffer from pipe to pipe, or tee, is no hand-off.
 *
 * Each buffer counts as in flight: its operations are this module's text.
 */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include "compat.h"
#include "deferred.h"
#include "facts.h"
#include "inflight.h"
#include "pages.h"
#include "stash.h"
#include "stats.h"

/**
 * struct spg_admission - what let pages into a pipe by reference
 * @users: how many buffers it stands for, and whoever is filling them
 * @op: the operation that put them there
 * @facts: what held of their source and of the caller
 * @caller: the credentials for which it did
 * @changes: spg_live_count() before that was found out
 * @ops: the operations that the buffers had, or NULL: those of memory have none to go back to
 */
struct spg_admission {
	refcount_t users;
	enum spg_op op;
	unsigned int facts;
	const struct cred *caller;
	unsigned int changes;
	const struct pipe_buf_operations *ops;
};

/**
 * spg_admission_new() - admit pages
 * @op: the operation that puts them into a pipe
 * @facts: what holds of their source, for current's credentials
 * @changes: spg_live_count() before that was found out
 *
 * May sleep.
 *
 * Return: the admission, with a reference for the caller, or NULL where there is no memory.
 */
struct spg_admission *spg_admission_new(enum spg_op op, unsigned int facts,
					unsigned int changes)
{
	struct spg_admission *admission =
		kmalloc(sizeof(*admission), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);

	if (!admission)
		return NULL;
	refcount_set(&admission->users, 1);
	admission->op = op;
	admission->facts = facts & SPG_SOURCE_FACTS;
	admission->facts |= spg_caller_facts(spg_live_asks(op));
	admission->caller = get_current_cred();
	admission->changes = changes;
	admission->ops = NULL;
	return admission;
}

/**
 * spg_admission_put() - drop a reference
 * @admission: the admission, or NULL
 *
 * Any context.
 */
void spg_admission_put(struct spg_admission *admission)
{
	if (!admission || !refcount_dec_and_test(&admission->users))
		return;
	put_cred(admission->caller);
	kfree(admission);
}

/* What stands for an admission in a buffer that has none: whose page it is. */
#define OF_MEMORY 0UL
#define OF_SOCKET 1UL

static struct spg_admission *admission_of(const struct pipe_buffer *buf)
{
	return buf->private > OF_SOCKET ? (struct spg_admission *)buf->private : NULL;
}

static enum spg_op filled_by(const struct pipe_buffer *buf)
{
	if (admission_of(buf))
		return admission_of(buf)->op;
	return buf->private == OF_SOCKET ? SPG_SPLICE : SPG_VMSPLICE;
}

static const struct pipe_buf_operations *source_ops(const struct pipe_buffer *buf)
{
	return admission_of(buf) ? admission_of(buf)->ops : NULL;
}

/* Private pages that are about to be consumed, and may be of use again afterwards. */
static void handed_off_release(struct pipe_inode_info *pipe, struct pipe_buffer *buf)
{
	spg_stash_give(buf->page, buf->private);
	spg_inflight_leave();
}

static bool handed_off_get(struct pipe_inode_info *pipe, struct pipe_buffer *buf)
{
	if (!generic_pipe_buf_get(pipe, buf))
		return false;
	spg_inflight_enter();
	return true;
}

static const struct pipe_buf_operations handed_off_ops = {
	.release = handed_off_release,
	.get = handed_off_get,
};

/*
 * Whoever consumes a user's pipe by reading or splicing from it. What goes to a socket is judged by
 * socket.c, which knows the protocol. In the kernel's internal pipe the sink has been seen to
 * before, or is one that copies.
 */
static int deferred_confirm(struct pipe_inode_info *pipe, struct pipe_buffer *buf)
{
	enum spg_op op = filled_by(buf);
	unsigned int len = buf->len;
	int err = spg_deferred_ready(pipe, buf);

	if (err || !pipe->files || spg_deferred_may_pass(buf, SPG_SPLICE, 0))
		return err;
	/* Before the buffer is counted out: the number may not come to nothing in between. */
	spg_inflight_enter();
	err = spg_make_buffer_private(pipe, buf, NULL);
	if (err) {
		spg_inflight_leave();
		return err;
	}
	buf->ops = &handed_off_ops;
	spg_count(op, SPG_BYTES_COPIED, len);
	return 0;
}

static void deferred_release(struct pipe_inode_info *pipe, struct pipe_buffer *buf)
{
	struct spg_admission *admission = admission_of(buf);

	if (source_ops(buf))
		source_ops(buf)->release(pipe, buf);
	else
		generic_pipe_buf_release(pipe, buf);
	spg_admission_put(admission);
	spg_inflight_leave();
}

/* There is nothing to steal in a page that is still its caller's memory. */
static bool deferred_try_steal(struct pipe_inode_info *pipe, struct pipe_buffer *buf)
{
	const struct pipe_buf_operations *ops = source_ops(buf);

	return ops && ops->try_steal && ops->try_steal(pipe, buf);
}

static bool deferred_get(struct pipe_inode_info *pipe, struct pipe_buffer *buf)
{
	if (!generic_pipe_buf_get(pipe, buf))
		return false;
	if (admission_of(buf))
		refcount_inc(&admission_of(buf)->users);
	spg_inflight_enter();
	return true;
}

const struct pipe_buf_operations spg_deferred_ops = {
	.confirm = deferred_confirm,
	.release = deferred_release,
	.try_steal = deferred_try_steal,
	.get = deferred_get,
};

static void set_deferred(struct pipe_buffer *buf, unsigned long private)
{
	buf->private = private;
	buf->ops = &spg_deferred_ops;
	if (admission_of(buf))
		refcount_inc(&admission_of(buf)->users);
	spg_inflight_enter();
}

/**
 * spg_defer() - make a buffer of user memory
 * @buf: the buffer to fill in
 * @page: a page of user memory; its reference becomes the buffer's
 * @offset: where the data begins in it
 * @len: how many bytes
 * @admission: what admits it, or NULL: then it is always copied
 *
 * Whoever releases the buffer drops the reference, add_to_pipe() included when it fails.
 */
void spg_defer(struct pipe_buffer *buf, struct page *page, unsigned int offset, unsigned int len,
	       struct spg_admission *admission)
{
	*buf = (struct pipe_buffer){ .page = page, .offset = offset, .len = len };
	set_deferred(buf, (unsigned long)admission);
}

/**
 * spg_defer_socket() - leave a page of a socket's own in a pipe until it is handed off
 * @buf: a buffer that a socket has just put there
 *
 * What came over a network is in pages of the kernel's own: of no file, not even of one that it was
 * cut off (those stay up to date), and in nobody's memory. No user writes to them, so a copy can
 * wait until somebody takes them, and where that is a socket again, its copy is the only one.
 *
 * A copy takes memory in one piece, so nothing is left that is longer than what can always be had.
 * Needs the pipe's lock.
 *
 * Return: whether it is left. If not, the buffer must be made private.
 */
bool spg_defer_socket(struct pipe_buffer *buf)
{
	struct page *head = compound_head(buf->page);

	if (!buf->len || buf->len > PAGE_SIZE << PAGE_ALLOC_COSTLY_ORDER ||
	    buf->ops != &nosteal_pipe_buf_ops || head->mapping || PageSlab(head) ||
	    PageUptodate(head) || PageLRU(head) || spg_page_mapped(buf->page) ||
	    is_zero_pfn(page_to_pfn(buf->page)))
		return false;
	set_deferred(buf, OF_SOCKET);
	return true;
}

/**
 * spg_defer_source() - have an admission stand for a buffer that a source has just put into a pipe
 * @pipe: the pipe
 * @buf: the buffer
 * @mapping: whose pages the admission is about, or NULL
 * @admission: the admission
 *
 * The page cache's buffers, which are known by their pages, and those of sockets
 * (nosteal_pipe_buf_ops): others may keep something of their own where the admission goes. None
 * longer than a page in a user's pipe: it might not be copied later for want of one piece as long,
 * and only now it can be split, see spg_repack().
 *
 * Needs the pipe's lock.
 *
 * Return: whether it does. If not, the buffer must be made private.
 */
bool spg_defer_source(struct pipe_inode_info *pipe, struct pipe_buffer *buf,
		      const struct address_space *mapping, struct spg_admission *admission)
{
	bool of_source = mapping && compound_head(buf->page)->mapping == mapping;

	if (!buf->len || buf->ops->get != generic_pipe_buf_get ||
	    (buf->len > PAGE_SIZE && pipe->files))
		return false;
	if (!of_source &&
	    (buf->ops != &nosteal_pipe_buf_ops || admission->facts & SPG_SOURCE_FACTS))
		return false;
	if (!admission->ops)
		admission->ops = buf->ops;
	if (admission->ops != buf->ops)
		return false;
	set_deferred(buf, (unsigned long)admission);
	return true;
}

/**
 * spg_undefer() - take back spg_defer_source()
 * @buf: a buffer that has an admission and came of a source
 *
 * Needs the pipe's lock. The buffer holds a shared page, and is not deferred any more.
 */
void spg_undefer(struct pipe_buffer *buf)
{
	struct spg_admission *admission = admission_of(buf);

	buf->ops = admission->ops;
	buf->private = 0;
	spg_admission_put(admission);
	spg_inflight_leave();
}

/**
 * spg_deferred_ready() - wait until a deferred buffer's page holds its data
 * @pipe: the pipe
 * @buf: the buffer
 *
 * What confirm() does on stock. Needs the pipe's lock. May sleep.
 *
 * Return: 0, -ENODATA for a page that was truncated meanwhile, or -EIO.
 */
int spg_deferred_ready(struct pipe_inode_info *pipe, struct pipe_buffer *buf)
{
	const struct pipe_buf_operations *ops = source_ops(buf);

	return ops && ops->confirm ? ops->confirm(pipe, buf) : 0;
}

/**
 * spg_deferred_facts() - what is known of a deferred buffer, for current
 * @buf: the buffer
 *
 * That the caller could open the file for writing was found out for the credentials that filled the
 * pipe, and says nothing of others. What is so of a caller must be so of both who fills a pipe and
 * who empties it. The group and the list of file systems may have changed since.
 *
 * Return: facts that hold.
 */
unsigned int spg_deferred_facts(const struct pipe_buffer *buf)
{
	const struct spg_admission *admission = admission_of(buf);
	unsigned int facts;

	if (!admission)
		return 0;
	facts = admission->facts & SPG_SOURCE_FACTS;
	if (!spg_is_lent())
		facts |= admission->facts & spg_caller_facts(admission->facts);
	if (spg_is_lent() || admission->caller != current_cred())
		facts &= ~SPG_WRITABLE;
	if (!spg_live_unchanged(admission->changes))
		facts &= ~(SPG_FS | SPG_MEMBER);
	return facts;
}

/**
 * spg_deferred_may_pass() - may current hand a deferred buffer on by reference?
 * @buf: the buffer
 * @op: the operation that does
 * @sink: what is known of the sink
 *
 * By what policy is now, for the operation that filled the pipe and for the one that empties it.
 *
 * Return: whether it may.
 */
bool spg_deferred_may_pass(const struct pipe_buffer *buf, enum spg_op op, unsigned int sink)
{
	unsigned int facts = spg_deferred_facts(buf) | sink;

	return admission_of(buf) && spg_live_verdict(admission_of(buf)->op, facts) <= SPG_TRUST &&
	       spg_live_verdict(op, facts) <= SPG_TRUST;
}
