/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Deferred buffers: shared pages that are in a pipe by reference until they are handed off.
 */
#ifndef SPG_DEFERRED_H
#define SPG_DEFERRED_H

#include <linux/pipe_fs_i.h>
#include <linux/types.h>
#include "policy.h"

struct address_space;
struct page;
struct spg_admission;

struct spg_admission *spg_admission_new(enum spg_op op, unsigned int facts,
					unsigned int changes);
void spg_admission_put(struct spg_admission *admission);

extern const struct pipe_buf_operations spg_deferred_ops;

/**
 * spg_buffer_is_deferred() - is this buffer still to be judged at its hand-off?
 * @buf: any buffer of a pipe
 *
 * Return: whether it is.
 */
static inline bool spg_buffer_is_deferred(const struct pipe_buffer *buf)
{
	return buf->ops == &spg_deferred_ops;
}

void spg_defer(struct pipe_buffer *buf, struct page *page, unsigned int offset, unsigned int len,
	       struct spg_admission *admission);
bool spg_defer_socket(struct pipe_buffer *buf);
bool spg_defer_source(struct pipe_inode_info *pipe, struct pipe_buffer *buf,
		      const struct address_space *mapping, struct spg_admission *admission);
void spg_undefer(struct pipe_buffer *buf);

int spg_deferred_ready(struct pipe_inode_info *pipe, struct pipe_buffer *buf);
unsigned int spg_deferred_facts(const struct pipe_buffer *buf);
bool spg_deferred_may_pass(const struct pipe_buffer *buf, enum spg_op op, unsigned int sink);

#endif
