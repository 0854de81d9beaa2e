// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmsplice: user memory into a pipe, and a pipe into user memory.
 *
 * The work behind the system call is inlined into it in every kernel, so this stands in for the
 * whole call, down to the loop that fills the pipe. Both directions: between a look at the
 * descriptor here and the original's, another thread could put the other end of the pipe there.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include "arch.h"
#include "compat.h"
#include "deferred.h"
#include "facts.h"
#include "operations.h"
#include "pages.h"
#include "pipes.h"
#include "verdicts.h"

/* How many pages are looked up at a time, as in iter_to_pipe(). */
#define PINNED_AT_ONCE 16

#define FLAGS_ALL (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

/*
 * Put one page, whose reference is ours to give, into the pipe. Pages of files, the zero page, and
 * pages that another process has as well are copied at once; the rest waits for its hand-off, and
 * all of it does with an admission. Returns the bytes added, or an error.
 */
static ssize_t add_page(struct pipe_inode_info *pipe, struct page *page, unsigned int offset,
			unsigned int len, struct spg_admission *admission, size_t *copied)
{
	struct pipe_buffer buf;
	bool at_once = !admission && !spg_page_is_only_ours(page);
	ssize_t ret;
	int err;

	spg_defer(&buf, page, offset, len, admission);
	if (at_once) {
		err = spg_make_buffer_private(pipe, &buf, NULL);
		if (err) {
			pipe_buf_release(pipe, &buf);
			return err;
		}
	}
	ret = add_to_pipe(pipe, &buf);
	if (ret > 0 && at_once)
		*copied += ret;
	return ret;
}

static ssize_t fill_from_memory(struct pipe_inode_info *pipe, struct iov_iter *from,
				struct spg_admission *admission, size_t *copied)
{
	struct page *pages[PINNED_AT_ONCE];
	size_t total = 0;
	ssize_t ret = 0;

	while (iov_iter_count(from)) {
		size_t offset;
		ssize_t left;
		unsigned int i, count;

		left = spg_get_user_pages(from, pages, PINNED_AT_ONCE, &offset);
		if (left <= 0) {
			ret = left;
			break;
		}
		count = DIV_ROUND_UP(left + offset, PAGE_SIZE);
		for (i = 0; i < count; i++) {
			unsigned int len = min_t(size_t, left, PAGE_SIZE - offset);

			ret = add_page(pipe, pages[i], offset, len, admission, copied);
			if (ret < 0) {
				while (++i < count)
					put_page(pages[i]);
				return total ?: ret;
			}
			total += ret;
			left -= len;
			offset = 0;
		}
	}
	return total ?: ret;
}

static ssize_t memory_to_pipe(struct file *file, struct iov_iter *from, unsigned int flags,
			      struct spg_admission *admission)
{
	struct pipe_inode_info *pipe = spg_pipe_of(file);
	size_t copied = 0;
	ssize_t ret;

	if (!pipe)
		return -EBADF;
	spg_pipe_clear_nowait(file);
	pipe_lock(pipe);
	ret = spg_pipe_wait_for_space(pipe, flags);
	if (!ret)
		ret = fill_from_memory(pipe, from, admission, &copied);
	pipe_unlock(pipe);
	if (ret > 0) {
		spg_pipe_wake_readers(pipe);
		spg_vmsplice_modified(file);
		spg_judged(SPG_VMSPLICE, admission ? SPG_TRUSTED : SPG_COPIED, ret, spg_from_memory,
			   "pipe");
		spg_count(SPG_VMSPLICE, SPG_BYTES_COPIED, copied);
	}
	return ret;
}

static int copy_to_memory(struct pipe_inode_info *pipe, struct pipe_buffer *buf,
			  struct splice_desc *sd)
{
	size_t n = copy_page_to_iter(buf->page, buf->offset, sd->len, sd->u.data);

	return n == sd->len ? n : -EFAULT;
}

/* As vmsplice_to_user(): a copy in every kernel. */
static ssize_t pipe_to_memory(struct file *file, struct iov_iter *to, unsigned int flags)
{
	struct pipe_inode_info *pipe = spg_pipe_of(file);
	struct splice_desc sd = { .total_len = iov_iter_count(to), .flags = flags, .u.data = to };
	ssize_t ret;

	if (!pipe)
		return -EBADF;
	spg_pipe_clear_nowait(file);
	pipe_lock(pipe);
	ret = __splice_from_pipe(pipe, &sd, copy_to_memory);
	pipe_unlock(pipe);
	if (ret > 0)
		spg_vmsplice_accessed(file);
	return ret;
}

static ssize_t vmsplice_file(struct file *file, const struct iovec __user *vector,
			     unsigned long count, unsigned int flags,
			     struct spg_admission *admission)
{
	struct iovec stack[UIO_FASTIOV];
	struct iovec *iov = stack;
	struct iov_iter iter;
	int direction;
	ssize_t ret;

	if (file->f_mode & FMODE_WRITE)
		direction = ITER_SOURCE;
	else if (file->f_mode & FMODE_READ)
		direction = ITER_DEST;
	else
		return -EBADF;
	ret = import_iovec(direction, vector, count, ARRAY_SIZE(stack), &iov, &iter);
	if (ret < 0)
		return ret;
	ret = 0;
	if (iov_iter_count(&iter))
		ret = direction == ITER_SOURCE ? memory_to_pipe(file, &iter, flags, admission) :
						 pipe_to_memory(file, &iter, flags);
	kfree(iov);
	return ret;
}

static long vmsplice_guarded(const unsigned long *args, struct spg_admission *admission)
{
	unsigned int flags = args[3];
	struct fd f;
	long ret;

	if (flags & ~FLAGS_ALL)
		return -EINVAL;
	f = fdget(args[0]);
	if (!fd_file(f))
		return -EBADF;
	ret = vmsplice_file(fd_file(f), (const struct iovec __user *)args[1], args[2], flags,
			    admission);
	fdput(f);
	return ret;
}

/*
 * Only a call that fills a pipe goes by reference. The descriptor may change under us, but it is
 * just a count.
 */
static bool fills_a_pipe(int fd)
{
	struct fd f = fdget(fd);
	bool fills = fd_file(f) && fd_file(f)->f_mode & FMODE_WRITE;

	fdput(f);
	return fills;
}

static size_t bytes_asked(const unsigned long *args)
{
	struct iovec stack[UIO_FASTIOV];
	struct iovec *iov = stack;
	struct iov_iter iter;
	size_t bytes;

	if (import_iovec(ITER_SOURCE, (const struct iovec __user *)args[1], args[2],
			 ARRAY_SIZE(stack), &iov, &iter) < 0)
		return 0;
	bytes = iov_iter_count(&iter);
	kfree(iov);
	return bytes;
}

static void count_refused_vmsplice(const unsigned long *args)
{
	struct file *file = trace_verdict_enabled() ? fget(args[0]) : NULL;
	bool fills = file && file->f_mode & FMODE_WRITE;

	spg_refused(SPG_VMSPLICE, bytes_asked(args), fills ? spg_from_memory : spg_source_of(file),
		    fills ? spg_sink_of(file) : "memory");
	if (file)
		fput(file);
}

static bool vmsplice_needed(const struct spg_policy *policy)
{
	return spg_policy_mode(policy, SPG_VMSPLICE) != SPG_OFF;
}

/* Is this call decided here, without the original? Then *ret is what it returns. */
static bool vmsplice_decided(const unsigned long *args, long *ret)
{
	unsigned int changes = spg_live_count();
	struct spg_admission *admission = NULL;

	switch (spg_verdict(SPG_VMSPLICE, 0)) {
	case SPG_REFUSE:
		count_refused_vmsplice(args);
		*ret = -EINVAL;
		return true;
	case SPG_TRUST:
		if (spg_live_verdict(SPG_VMSPLICE, 0) == SPG_PASS)
			return false;
		/* By reference only for consumers who are trusted, too. */
		admission = spg_admission_new(SPG_VMSPLICE, 0, changes);
		fallthrough;
	case SPG_COPY:
		*ret = vmsplice_guarded(args, admission);
		spg_admission_put(admission);
		return true;
	default:
		return false;
	}
}

static void vmsplice_passed(const unsigned long *args, long ret)
{
	enum spg_verdict verdict = spg_verdict(SPG_VMSPLICE, 0);

	if (ret > 0 && (verdict == SPG_PASS || verdict == SPG_TRUST) && fills_a_pipe(args[0]))
		spg_judged(SPG_VMSPLICE, verdict == SPG_TRUST ? SPG_TRUSTED : SPG_PASSED, ret,
			   spg_from_memory, "pipe");
}

/*
 * The two entries differ in where their arguments are; a 32-bit program's iovec is import_iovec()'s
 * affair.
 */
#define VMSPLICE_ENTRY(bits)									\
SPG_STAND_IN(vmsplice##bits, long, (const struct pt_regs *regs), (regs))			\
												\
static long vmsplice##bits##_call(const struct pt_regs *regs)					\
{												\
	unsigned long args[4];									\
	long ret;										\
												\
	spg_args##bits(regs, args);								\
	if (!spg_live_only_logs(SPG_VMSPLICE) && vmsplice_decided(args, &ret))			\
		return ret;									\
	ret = spg_original(vmsplice##bits)(regs);						\
	vmsplice_passed(args, ret);								\
	return ret;										\
}												\
												\
static void vmsplice##bits##_prove(void)							\
{												\
	static const struct pt_regs no_descriptor = SPG_REGS##bits(-1);				\
												\
	spg_entry(vmsplice##bits)(&no_descriptor);						\
}												\
												\
struct spg_hook spg_vmsplice##bits##_hook = {							\
	.names = spg_names(SPG_SYSCALL##bits("vmsplice")),					\
	.standin = vmsplice##bits##_stand_in,							\
	.bind = vmsplice##bits##_bind,								\
	.prove = vmsplice##bits##_prove,							\
	.needed = vmsplice_needed,								\
}

VMSPLICE_ENTRY(64);
SPG_IF_SYSCALL32(VMSPLICE_ENTRY(32);)
