/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stash: pages that were private and are free again, kept for the next to need one.
 */
#ifndef SPG_STASH_H
#define SPG_STASH_H

struct page;

unsigned long spg_stash_owner(void);
struct page *spg_stash_take(void);
void spg_stash_give(struct page *page, unsigned long owner);
void spg_stash_empty(void);

#endif
