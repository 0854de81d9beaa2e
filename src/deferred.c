// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deferred buffers. Programs edit in place what they have just vmspliced: libfuse its reply header.
 * So pages that only the caller owns go into the pipe by reference, and are copied when a consumer
 * takes them.
 *
 * Every consumer calls confirm() before it looks at a page: pipe_read(), the splice loops, and
 * fuse, which does so on a copy of the buffer and without the pipe's lock (fs/fuse/dev.c,
 * fuse_copy_fill()). Each caller owns the buffer that it confirms, so it may be changed there.
 * Moving a buffer from pipe to pipe, or tee, is no hand-off.
 *
 * Each buffer counts as in flight: its operations are this module's text.
 */
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include "deferred.h"
#include "inflight.h"
#include "pages.h"
#include "stats.h"

static int deferred_confirm(struct pipe_inode_info *pipe, struct pipe_buffer *buf)
{
	unsigned int len = buf->len;
	int err = spg_make_buffer_private(pipe, buf, NULL);

	if (!err)
		spg_count(SPG_VMSPLICE, SPG_BYTES_COPIED, len);
	return err;
}

static void deferred_release(struct pipe_inode_info *pipe, struct pipe_buffer *buf)
{
	generic_pipe_buf_release(pipe, buf);
	spg_inflight_leave();
}

static bool deferred_get(struct pipe_inode_info *pipe, struct pipe_buffer *buf)
{
	if (!generic_pipe_buf_get(pipe, buf))
		return false;
	spg_inflight_enter();
	return true;
}

/* No try_steal: there is nothing to steal in a page that is still the caller's. */
static const struct pipe_buf_operations deferred_ops = {
	.confirm = deferred_confirm,
	.release = deferred_release,
	.get = deferred_get,
};

/**
 * spg_buffer_is_deferred() - does this buffer wait to be copied at hand-off?
 * @buf: any buffer of a pipe
 *
 * Return: whether it does.
 */
bool spg_buffer_is_deferred(const struct pipe_buffer *buf)
{
	return buf->ops == &deferred_ops;
}

/**
 * spg_defer() - make a buffer that is copied at hand-off
 * @buf: the buffer to fill in
 * @page: a page of user memory; its reference becomes the buffer's
 * @offset: where the data begins in it
 * @len: how many bytes
 *
 * Whoever releases the buffer drops the reference, add_to_pipe() included when it fails.
 */
void spg_defer(struct pipe_buffer *buf, struct page *page, unsigned int offset, unsigned int len)
{
	spg_inflight_enter();
	*buf = (struct pipe_buffer){
		.page = page, .offset = offset, .len = len, .ops = &deferred_ops};
}
