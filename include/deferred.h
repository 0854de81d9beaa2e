/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Deferred buffers: vmspliced pages of the caller's own, in a pipe by reference until the hand-off.
 */
#ifndef SPG_DEFERRED_H
#define SPG_DEFERRED_H

#include <linux/types.h>

struct page;
struct pipe_buffer;

bool spg_buffer_is_deferred(const struct pipe_buffer *buf);
void spg_defer(struct pipe_buffer *buf, struct page *page, unsigned int offset, unsigned int len);

#endif
