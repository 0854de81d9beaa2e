// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a pipe holds, as a whole: making it private, and what is known of it.
 */
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include "contents.h"
#include "deferred.h"
#include "facts.h"
#include "pages.h"
#include "verdicts.h"

static bool wants_page(const struct pipe_buffer *buf, bool longer)
{
	return buf->len && (buf->len > PAGE_SIZE) == longer && !spg_buffer_is_private(buf) &&
	       !spg_buffer_is_deferred(buf);
}

/* One pass over the new buffers, for those longer than a page or for the others. */
static int make_private_pass(struct pipe_inode_info *pipe, unsigned int start, bool longer,
			     struct spg_reserve *reserve, struct spg_outcome *outcome)
{
	unsigned int i;
	int err = 0;

	for (i = start; i != pipe->head; i++) {
		struct pipe_buffer *buf = spg_slot(pipe, i);

		if (!wants_page(buf, longer))
			continue;
		err = pipe_buf_confirm(pipe, buf);
		if (!err)
			err = spg_make_buffer_private(pipe, buf, reserve);
		if (err)
			break;
		outcome->bytes += buf->len;
	}
	outcome->end = i;
	return err;
}

/* Copy all of it, deferred buffers, too: this is their hand-off, and needs no pages but those. */
static int repack_all(struct pipe_inode_info *pipe, unsigned int start,
		      struct spg_reserve *reserve, struct spg_outcome *outcome)
{
	unsigned int i;
	int err;

	outcome->end = start;
	outcome->bytes = 0;
	for (i = start; i != pipe->head; i++) {
		struct pipe_buffer *buf = spg_slot(pipe, i);

		err = spg_buffer_is_deferred(buf) ? spg_deferred_ready(pipe, buf) :
						    pipe_buf_confirm(pipe, buf);
		if (err)
			return err;
	}
	return spg_repack(pipe, start, reserve, outcome);
}

/* A source may have made more buffers of what it gave than there are pages in it. */
static int allocate_for_all(struct pipe_inode_info *pipe, unsigned int start,
			    struct spg_reserve *reserve)
{
	unsigned int i, count = 0;

	for (i = start; i != pipe->head; i++)
		count += wants_page(spg_slot(pipe, i), false);
	return spg_reserve_fill(reserve, count);
}

/**
 * spg_make_private() - make all buffers private that a source has just put into a pipe, but those
 * that are deferred
 * @pipe: the pipe
 * @start: the pipe's head before, or its tail for all buffers
 * @reserve: pages to take first, or NULL; with as many as all the bytes fill, -ENOMEM cannot happen
 * @outcome: how far it came
 *
 * Needs the pipe's lock. May sleep. On error the buffers from @outcome->end on may still be shared,
 * and the caller must not leave them in the pipe.
 *
 * Return: 0, -ENOMEM, or what a buffer's confirm() said.
 */
int spg_make_private(struct pipe_inode_info *pipe, unsigned int start, struct spg_reserve *reserve,
		     struct spg_outcome *outcome)
{
	int err;

	outcome->bytes = 0;
	outcome->repacked = false;
	/* The long ones first, while the reserve is whole. */
	err = make_private_pass(pipe, start, true, reserve, outcome);
	if (!err && reserve && reserve->count)
		err = allocate_for_all(pipe, start, reserve);
	if (err == -ENOMEM)
		return repack_all(pipe, start, reserve, outcome);
	if (err) {
		/* The short ones before it have not had their turn. */
		outcome->end = start;
		outcome->bytes = 0;
		return err;
	}
	return make_private_pass(pipe, start, false, reserve, outcome);
}

/**
 * spg_admit() - have an admission stand for what a source has just put into a pipe
 * @pipe: the pipe
 * @start: the pipe's head before
 * @mapping: whose pages the admission is about, or NULL
 * @admission: the admission
 *
 * Buffers that it cannot stand for, see spg_defer_source(), stay as they are, and so do private
 * ones. Needs the pipe's lock.
 *
 * Return: for how many buffers it stands now.
 */
unsigned int spg_admit(struct pipe_inode_info *pipe, unsigned int start,
		       const struct address_space *mapping, struct spg_admission *admission)
{
	unsigned int i, admitted = 0;

	for (i = start; i != pipe->head; i++) {
		struct pipe_buffer *buf = spg_slot(pipe, i);

		if (!spg_buffer_is_private(buf) && spg_defer_source(pipe, buf, mapping, admission))
			admitted++;
	}
	return admitted;
}

/**
 * spg_defer_own() - leave what a socket has just put into a pipe until it is handed off
 * @pipe: the pipe
 * @start: the pipe's head before
 *
 * What cannot be left, see spg_defer_socket(), stays as it is. Needs the pipe's lock.
 *
 * Return: how many bytes are left.
 */
size_t spg_defer_own(struct pipe_inode_info *pipe, unsigned int start)
{
	size_t bytes = 0;
	unsigned int i;

	for (i = start; i != pipe->head; i++) {
		struct pipe_buffer *buf = spg_slot(pipe, i);

		if (!spg_buffer_is_private(buf) && spg_defer_socket(buf))
			bytes += buf->len;
	}
	return bytes;
}

/**
 * spg_judge() - take the admissions back that do not let current hand pages on
 * @pipe: the kernel's internal pipe, filled from a source
 * @op: the operation
 *
 * To a sink of which nothing is known. What is deferred afterwards may pass by reference.
 */
void spg_judge(struct pipe_inode_info *pipe, enum spg_op op)
{
	unsigned int i;

	for (i = pipe->tail; i != pipe->head; i++) {
		struct pipe_buffer *buf = spg_slot(pipe, i);

		if (spg_buffer_is_deferred(buf) && !spg_deferred_may_pass(buf, op, 0))
			spg_undefer(buf);
	}
}

/*
 * Is this a page that degrade would never have let into a pipe: one of a file, of user memory, or
 * the zero page?
 *
 * For pipes that were filled before the mode was switched on. The pages of write() and private
 * pages are not shared, in however many pipes they are; deferred buffers are judged at their
 * hand-off.
 */
static bool is_shared(const struct pipe_buffer *buf)
{
	struct page *head = compound_head(buf->page);

	if (spg_buffer_is_deferred(buf))
		return false;
	return head->mapping || is_zero_pfn(page_to_pfn(buf->page));
}

/**
 * spg_pipe_holds_shared() - does a pipe still hold shared pages?
 * @pipe: a user's pipe
 * @len: how many of its bytes to look at
 *
 * Takes and drops the pipe's lock.
 *
 * Return: whether there is at least one.
 */
bool spg_pipe_holds_shared(struct pipe_inode_info *pipe, size_t len)
{
	bool found = false;
	unsigned int i;

	pipe_lock(pipe);
	for (i = pipe->tail; i != pipe->head && len && !found; i++) {
		len -= min_t(size_t, len, spg_slot(pipe, i)->len);
		found = is_shared(spg_slot(pipe, i));
	}
	pipe_unlock(pipe);
	return found;
}

/**
 * spg_pipe_facts() - what is known of the sources of all that a pipe holds
 * @pipe: a pipe
 * @len: how many of its bytes to look at
 * @empty: what to say of an empty pipe
 *
 * Takes and drops the pipe's lock; by then others may have read from it and written to it, so each
 * buffer is judged once more when it is taken.
 *
 * Return: facts that hold for each shared page there, and for current; none where all are private.
 */
unsigned int spg_pipe_facts(struct pipe_inode_info *pipe, size_t len, unsigned int empty)
{
	unsigned int facts = SPG_CALLER_FACTS | SPG_SOURCE_FACTS;
	bool found = false;
	unsigned int i;

	pipe_lock(pipe);
	if (pipe_empty(pipe->head, pipe->tail)) {
		facts = empty;
		found = true;
	}
	for (i = pipe->tail; i != pipe->head && len; i++) {
		const struct pipe_buffer *buf = spg_slot(pipe, i);

		len -= min_t(size_t, len, buf->len);
		if (spg_buffer_is_deferred(buf)) {
			facts &= spg_deferred_facts(buf);
			found = true;
		} else if (is_shared(buf)) {
			facts = 0;
			found = true;
		}
	}
	pipe_unlock(pipe);
	return found ? facts : 0;
}

/**
 * spg_pipe_clean() - make private what shared pages a pipe still holds from before the mode was
 * switched on
 * @pipe: a user's pipe
 * @hand_off: how many bytes are handed off now, other than to a socket: deferred buffers among them
 *	that may not pass are made private, too, since some sinks (fuse) lose what they have taken
 *	when there is no memory for it
 * @bytes: how many bytes were copied
 *
 * All of it: by the time that the caller hands bytes on, others may have read those in front. Takes
 * and drops the pipe's lock. May sleep.
 *
 * Return: 0, -ENOMEM, or what a buffer's confirm() said.
 */
int spg_pipe_clean(struct pipe_inode_info *pipe, size_t hand_off, size_t *bytes)
{
	unsigned int i;
	int err = 0;

	*bytes = 0;
	pipe_lock(pipe);
	for (i = pipe->tail; i != pipe->head; i++) {
		struct pipe_buffer *buf = spg_slot(pipe, i);

		bool deferred = spg_buffer_is_deferred(buf);
		bool wanted = buf->len && (deferred ? hand_off : is_shared(buf));

		hand_off -= min_t(size_t, hand_off, buf->len);
		if (!wanted)
			continue;
		/* A deferred buffer sees to itself. */
		err = pipe_buf_confirm(pipe, buf);
		if (!err && !deferred)
			err = spg_make_buffer_private(pipe, buf, NULL);
		/* What is wrong with its page, the sink meets when it gets there. */
		if (deferred && err != -ENOMEM)
			err = 0;
		if (err)
			break;
		if (deferred)
			continue;
		*bytes += buf->len;
	}
	pipe_unlock(pipe);
	return err;
}

/**
 * spg_pipe_clean_for() - the same for a call, counted as its verdict where there was anything
 * @op: the operation that the call is
 * @pipe: its source
 * @hand_off: see spg_pipe_clean()
 * @in: the file that is its source
 * @out: its sink
 *
 * Return: see spg_pipe_clean().
 */
noinline int spg_pipe_clean_for(enum spg_op op, struct pipe_inode_info *pipe, size_t hand_off,
				struct file *in, struct file *out)
{
	size_t bytes;
	int err = spg_pipe_clean(pipe, hand_off, &bytes);

	if (bytes) {
		spg_judged(op, SPG_COPIED, bytes, spg_source_of(in), spg_sink_of(out));
		spg_count(op, SPG_BYTES_COPIED, bytes);
	}
	return err;
}
