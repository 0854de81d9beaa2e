/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private pages: telling them from shared ones, and making a buffer private.
 */
#ifndef SPG_PAGES_H
#define SPG_PAGES_H

#include <linux/list.h>
#include <linux/pipe_fs_i.h>

/**
 * struct spg_reserve - private pages allocated before a source is read that cannot be read twice
 * @pages: the pages, linked by their lru
 * @count: how many there are
 * @owner: what spg_stash_owner() said when they were allocated, 0 where it changed meanwhile
 */
struct spg_reserve {
	struct list_head pages;
	unsigned int count;
	unsigned long owner;
};

/**
 * struct spg_outcome - what making a pipe's buffers private did
 * @bytes: bytes that it copied
 * @end: the first slot that it left as it was, where it failed; otherwise the pipe's head
 * @repacked: whether all was copied, deferred buffers among it
 */
struct spg_outcome {
	size_t bytes;
	unsigned int end;
	bool repacked;
};

/* The pipe's buffer with this running number; pipe_buf() of newer kernels. */
static inline struct pipe_buffer *spg_slot(const struct pipe_inode_info *pipe, unsigned int index)
{
	return &pipe->bufs[index & (pipe->ring_size - 1)];
}

/* None yet. */
static inline void spg_reserve_init(struct spg_reserve *reserve)
{
	INIT_LIST_HEAD(&reserve->pages);
	reserve->count = 0;
	reserve->owner = 0;
}

bool spg_page_is_private(struct page *page);

/**
 * spg_buffer_is_private() - does nobody but this buffer know its page?
 * @buf: a buffer that has just been put into a pipe
 *
 * True only where that is sure: the buffer holds the one reference that there is, to a page of no
 * file and no process. A reference that a page pool or a socket buffer holds counts, so their pages
 * are not private. Buffers of file pages have operations of their own.
 *
 * Return: whether the page is known to be private.
 */
static inline bool spg_buffer_is_private(const struct pipe_buffer *buf)
{
	return buf->ops->release == generic_pipe_buf_release && spg_page_is_private(buf->page);
}

int spg_reserve_fill(struct spg_reserve *reserve, unsigned int count);
void spg_reserve_drop(struct spg_reserve *reserve);

bool spg_write_copies(const struct file *out);
void spg_buffer_drop(struct pipe_inode_info *pipe, struct pipe_buffer *buf);

int spg_make_buffer_private(struct pipe_inode_info *pipe, struct pipe_buffer *buf,
			    struct spg_reserve *reserve);
int spg_repack(struct pipe_inode_info *pipe, unsigned int start, struct spg_reserve *reserve,
	       struct spg_outcome *outcome);

#endif
