// SPDX-License-Identifier: GPL-2.0-only
/*
 * Private pages. A private page was allocated for one use and is known to nobody else; a shared
 * page belongs to a file, to user memory, or may be seen by another holder.
 *
 * A private page in a pipe has nosteal_pipe_buf_ops, which live in the kernel: it needs this module
 * no more.
 *
 * Everything here runs under the pipe's lock, except on the kernel's internal pipe, which no other
 * task can reach.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/string.h>
#include "compat.h"
#include "pages.h"
#include "stash.h"

#ifndef CONFIG_64BIT
#error "spliceguard needs every page to have a kernel address"
#endif

/*
 * Charged to the caller's cgroup, as the pages of pipe_write() are. A cgroup that is full gives
 * ENOMEM here and no killing: on a stock kernel this call would have needed no memory.
 */
#define PRIVATE_GFP (GFP_HIGHUSER | __GFP_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)
/*
 * A buffer longer than what can always be had is worth one try; then single pages will do, see
 * spg_repack().
 */
#define LONG_GFP (GFP_HIGHUSER | __GFP_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN | __GFP_COMP)

/* *owner: whom it is charged to, see spg_stash_owner(). */
static struct page *get_private_page(struct spg_reserve *reserve, unsigned long *owner)
{
	struct page *page;

	if (!reserve || !reserve->count) {
		*owner = spg_stash_owner();
		return spg_stash_take() ?: alloc_page(PRIVATE_GFP);
	}
	*owner = reserve->owner;
	page = list_first_entry(&reserve->pages, struct page, lru);
	list_del_init(&page->lru);
	reserve->count--;
	return page;
}

static void add_to_reserve(struct spg_reserve *reserve, struct page *page, unsigned long owner)
{
	reserve->owner = !reserve->count || reserve->owner == owner ? owner : 0;
	list_add(&page->lru, &reserve->pages);
	reserve->count++;
}

/**
 * spg_reserve_drop() - free what is left of a reserve
 * @reserve: the reserve
 */
void spg_reserve_drop(struct spg_reserve *reserve)
{
	unsigned long owner;

	while (reserve->count) {
		struct page *page = get_private_page(reserve, &owner);

		spg_stash_give(page, owner);
	}
}

/**
 * spg_reserve_fill() - allocate pages before they are needed
 * @reserve: the reserve
 * @count: how many pages it shall have
 *
 * May sleep.
 *
 * Return: 0, or -ENOMEM, with what it has so far.
 */
int spg_reserve_fill(struct spg_reserve *reserve, unsigned int count)
{
	unsigned long owner;

	while (reserve->count < count) {
		struct page *page = get_private_page(NULL, &owner);

		if (!page)
			return -ENOMEM;
		add_to_reserve(reserve, page, owner);
	}
	return 0;
}

/**
 * spg_write_copies() - is a write to this file a copy already?
 * @out: a file that is open for writing
 *
 * Sure for regular files, without O_DIRECT, whose file system keeps them on a block device or in
 * memory. FUSE, 9p and others may hand the writer's own pages on, to a daemon or a virtual machine;
 * overlayfs may be on top of such a one.
 *
 * Return: whether that is sure.
 */
bool spg_write_copies(const struct file *out)
{
	const struct super_block *sb = file_inode(out)->i_sb;

	if (!S_ISREG(file_inode(out)->i_mode) || out->f_flags & O_DIRECT)
		return false;
	return sb->s_magic == TMPFS_MAGIC || sb->s_magic == RAMFS_MAGIC ||
	       (sb->s_type->fs_flags & FS_REQUIRES_DEV && sb->s_magic != FUSE_SUPER_MAGIC);
}

/**
 * spg_page_is_private() - has nobody but one pipe buffer a page?
 * @page: the page, of a buffer that has just been put into a pipe and holds a plain reference to it
 *
 * For spg_buffer_is_private(). Any context; no lock.
 *
 * Return: whether that is sure.
 */
bool spg_page_is_private(struct page *page)
{
	struct page *head = compound_head(page);

	return page_count(head) == 1 && !head->mapping && !PageSlab(head) &&
	       !is_zero_pfn(page_to_pfn(page));
}

static void copy_from_buffer(struct page *page, size_t to, const struct pipe_buffer *buf,
			     size_t from, size_t len)
{
	const void *source = page_address(buf->page) + buf->offset + from;

	if (len == PAGE_SIZE && !to && IS_ALIGNED((unsigned long)source, PAGE_SIZE))
		copy_page(page_address(page), (void *)source);
	else
		memcpy(page_address(page) + to, source, len);
}

static void set_private(struct pipe_buffer *buf, struct page *page, unsigned int offset,
			unsigned long owner)
{
	buf->page = page;
	buf->offset = offset;
	buf->ops = &nosteal_pipe_buf_ops;
	buf->flags &= ~(PIPE_BUF_FLAG_LRU | PIPE_BUF_FLAG_GIFT | PIPE_BUF_FLAG_CAN_MERGE);
	buf->private = owner;
}

/**
 * spg_buffer_drop() - release a buffer of which all was taken
 * @pipe: the pipe it is in
 * @buf: the buffer
 *
 * A page that spg_make_buffer_private() has put there may be of use again. Needs the pipe's lock.
 */
void spg_buffer_drop(struct pipe_inode_info *pipe, struct pipe_buffer *buf)
{
	struct page *page = buf->page;

	if (buf->ops != &nosteal_pipe_buf_ops || buf->private != spg_stash_owner() ||
	    page->mapping || PageSlab(page)) {
		pipe_buf_release(pipe, buf);
		return;
	}
	buf->ops = NULL;
	spg_stash_give(page, buf->private);
}

/*
 * Where a buffer's bytes go in its private page. Alignment may matter to the sink (O_DIRECT), so
 * the offset within the page stays, unless the buffer crosses the end of a page only because of it.
 */
static unsigned int private_offset(const struct pipe_buffer *buf)
{
	unsigned int offset = offset_in_page(buf->offset);

	return offset + buf->len <= PAGE_SIZE << get_order(buf->len) ? offset : 0;
}

/**
 * spg_make_buffer_private() - replace a buffer's page by a private one with the same bytes
 * @pipe: the pipe it is in, for the buffer's operations
 * @buf: the buffer, confirmed and not empty
 * @reserve: pages to take first, or NULL
 *
 * Needs what the buffer's owner needs to change it: the pipe's lock, unless the buffer is a copy of
 * the caller's own. May sleep. On error the buffer is as it was.
 *
 * Return: 0 or -ENOMEM.
 */
noinline int spg_make_buffer_private(struct pipe_inode_info *pipe, struct pipe_buffer *buf,
				     struct spg_reserve *reserve)
{
	unsigned int offset = private_offset(buf);
	unsigned int order = get_order(buf->len);
	unsigned long owner = 0;
	struct page *page;

	if (!order)
		page = get_private_page(reserve, &owner);
	else if (order <= PAGE_ALLOC_COSTLY_ORDER)
		page = alloc_pages(PRIVATE_GFP | __GFP_COMP, order);
	else
		page = alloc_pages(LONG_GFP, order);
	if (!page)
		return -ENOMEM;
	copy_from_buffer(page, offset, buf, 0, buf->len);
	pipe_buf_release(pipe, buf);
	set_private(buf, page, offset, owner);
	return 0;
}

/**
 * spg_repack() - move all bytes from a slot on into single pages, one after the other
 * @pipe: the pipe
 * @start: the slot
 * @reserve: pages to take first, or NULL
 * @outcome: how far it came: all of it, or nothing
 *
 * For when a buffer longer than a page finds no room in one piece: a splice_read() fills a pipe
 * with at most a page's worth of bytes for each free slot, so there are slots enough. The buffers
 * are ready: confirmed, or deferred ones whose data is there. Needs the pipe's lock. May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int spg_repack(struct pipe_inode_info *pipe, unsigned int start, struct spg_reserve *reserve,
	       struct spg_outcome *outcome)
{
	size_t total = 0, done = 0;
	struct spg_reserve pages;
	unsigned int i, count;
	unsigned long owner;

	outcome->bytes = 0;
	outcome->end = start;
	for (i = start; i != pipe->head; i++)
		total += spg_slot(pipe, i)->len;
	count = DIV_ROUND_UP(total, PAGE_SIZE);
	if (count > pipe->max_usage - pipe_occupancy(start, pipe->tail))
		return -ENOMEM;
	spg_reserve_init(&pages);
	while (pages.count < count) {
		struct page *page = get_private_page(reserve, &owner);

		if (!page) {
			spg_reserve_drop(&pages);
			return -ENOMEM;
		}
		add_to_reserve(&pages, page, owner);
	}

	/*
	 * From here on nothing can fail. The bytes go into the pages, which wait in their list, ...
	 */
	for (i = start; i != pipe->head; i++) {
		struct pipe_buffer *buf = spg_slot(pipe, i);
		size_t from = 0;

		while (from < buf->len) {
			size_t to = offset_in_page(done);
			size_t len = min_t(size_t, buf->len - from, PAGE_SIZE - to);

			if (!to)
				list_move_tail(pages.pages.next, &pages.pages);
			copy_from_buffer(list_last_entry(&pages.pages, struct page, lru), to, buf,
					 from, len);
			from += len;
			done += len;
		}
		pipe_buf_release(pipe, buf);
	}
	/*
	 * ... until the slots are free. The list has gone round once, so it begins with the first
	 * page again.
	 */
	for (i = 0; i < count; i++) {
		struct pipe_buffer *buf = spg_slot(pipe, start + i);
		struct page *page = get_private_page(&pages, &owner);

		memset(buf, 0, sizeof(*buf));
		set_private(buf, page, 0, owner);
		buf->len = min_t(size_t, total - i * PAGE_SIZE, PAGE_SIZE);
	}
	pipe->head = start + count;
	outcome->bytes = total;
	outcome->end = pipe->head;
	outcome->repacked = true;
	return 0;
}
