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

#ifndef CONFIG_64BIT
#error "spliceguard needs every page to have a kernel address"
#endif

/*
 * Charged to the caller's cgroup, as the pages of pipe_write() are. A cgroup that is full gives
 * ENOMEM here and no killing: on a stock kernel this call would have needed no memory.
 */
#define PRIVATE_GFP (GFP_HIGHUSER | __GFP_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)
/* A buffer longer than a page is worth one try; then single pages will do, see spg_repack(). */
#define LONG_GFP (GFP_HIGHUSER | __GFP_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN | __GFP_COMP)

static struct page *get_private_page(struct spg_reserve *reserve)
{
	struct page *page;

	if (!reserve || list_empty(&reserve->pages))
		return alloc_page(PRIVATE_GFP);
	page = list_first_entry(&reserve->pages, struct page, lru);
	list_del_init(&page->lru);
	return page;
}

/**
 * spg_reserve_drop() - free what is left of a reserve
 * @reserve: the reserve
 */
void spg_reserve_drop(struct spg_reserve *reserve)
{
	while (!list_empty(&reserve->pages))
		put_page(get_private_page(reserve));
}

/**
 * spg_reserve_fill() - allocate pages before the source is read
 * @reserve: the reserve, which is initialised here
 * @count: how many pages
 *
 * May sleep.
 *
 * Return: 0, or -ENOMEM with nothing allocated.
 */
int spg_reserve_fill(struct spg_reserve *reserve, unsigned int count)
{
	INIT_LIST_HEAD(&reserve->pages);
	while (count--) {
		struct page *page = alloc_page(PRIVATE_GFP);

		if (!page) {
			spg_reserve_drop(reserve);
			return -ENOMEM;
		}
		list_add(&page->lru, &reserve->pages);
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
 * spg_buffer_is_private() - does nobody but this buffer know its page?
 * @buf: a buffer that has just been put into a pipe
 *
 * True only where that is sure: the buffer holds the one reference that there is, to a page of no
 * file and no process. A reference that a page pool or a socket buffer holds counts, so their pages
 * are not private.
 *
 * Return: whether the page is known to be private.
 */
bool spg_buffer_is_private(const struct pipe_buffer *buf)
{
	struct page *head = compound_head(buf->page);

	return buf->ops->release == generic_pipe_buf_release && page_count(head) == 1 &&
	       !head->mapping && !PageSlab(head) && !is_zero_pfn(page_to_pfn(buf->page));
}

static void copy_from_buffer(struct page *page, size_t to, const struct pipe_buffer *buf,
			     size_t from, size_t len)
{
	memcpy(page_address(page) + to, page_address(buf->page) + buf->offset + from, len);
}

static void set_private(struct pipe_buffer *buf, struct page *page, unsigned int offset)
{
	buf->page = page;
	buf->offset = offset;
	buf->ops = &nosteal_pipe_buf_ops;
	buf->flags &= ~(PIPE_BUF_FLAG_LRU | PIPE_BUF_FLAG_GIFT | PIPE_BUF_FLAG_CAN_MERGE);
	buf->private = 0;
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
int spg_make_buffer_private(struct pipe_inode_info *pipe, struct pipe_buffer *buf,
			    struct spg_reserve *reserve)
{
	unsigned int offset = private_offset(buf);
	unsigned int order = get_order(buf->len);
	struct page *page;

	page = order ? alloc_pages(LONG_GFP, order) : get_private_page(reserve);
	if (!page)
		return -ENOMEM;
	copy_from_buffer(page, offset, buf, 0, buf->len);
	pipe_buf_release(pipe, buf);
	set_private(buf, page, offset);
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
 * with at most a page's worth of bytes for each free slot, so there are slots enough. Needs the
 * pipe's lock. May sleep.
 *
 * Return: 0, -ENOMEM, or what a buffer's confirm() said.
 */
int spg_repack(struct pipe_inode_info *pipe, unsigned int start, struct spg_reserve *reserve,
	       struct spg_outcome *outcome)
{
	size_t total = 0, done = 0;
	struct spg_reserve pages;
	unsigned int i, count;
	int err;

	outcome->bytes = 0;
	outcome->end = start;
	for (i = start; i != pipe->head; i++) {
		err = pipe_buf_confirm(pipe, spg_slot(pipe, i));
		if (err)
			return err;
		total += spg_slot(pipe, i)->len;
	}
	count = DIV_ROUND_UP(total, PAGE_SIZE);
	if (count > pipe->max_usage - pipe_occupancy(start, pipe->tail))
		return -ENOMEM;
	INIT_LIST_HEAD(&pages.pages);
	for (i = 0; i < count; i++) {
		struct page *page = get_private_page(reserve);

		if (!page) {
			spg_reserve_drop(&pages);
			return -ENOMEM;
		}
		list_add(&page->lru, &pages.pages);
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

		memset(buf, 0, sizeof(*buf));
		set_private(buf, get_private_page(&pages), 0);
		buf->len = min_t(size_t, total - i * PAGE_SIZE, PAGE_SIZE);
	}
	pipe->head = start + count;
	outcome->bytes = total;
	outcome->end = pipe->head;
	return 0;
}
