// SPDX-License-Identifier: GPL-2.0-only
/*
 * For measuring: the proposal made upstream, every regular file read into a pipe by
 * copy_splice_read(). A socket still gets the pipe's pages by reference.
 *
 * Stands in for do_splice_read(), and there for what that one does with such a file.
 */
#include <linux/ftrace.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pipe_fs_i.h>
#include <linux/string.h>
#include "compat.h"

#ifdef SPG_HAVE_COPY_SPLICE_READ
#define FUNCTION "do_splice_read"

static ssize_t read_copied(struct file *in, loff_t *ppos, struct pipe_inode_info *pipe, size_t len,
			   unsigned int flags)
{
	size_t room = pipe->max_usage - pipe_occupancy(pipe->head, pipe->tail);

	return copy_splice_read(in, ppos, pipe, min(len, room << PAGE_SHIFT), flags);
}

static void notrace redirect(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			     struct spg_ftrace_frame *frame)
{
	struct file *in = (void *)spg_frame_argument(frame, 0);
	size_t len = spg_frame_argument(frame, 3);

	if (S_ISREG(file_inode(in)->i_mode) && in->f_mode & FMODE_READ && len)
		spg_frame_jump(frame, read_copied);
}

static struct ftrace_ops ops = {
	.func = redirect,
	.flags = FTRACE_OPS_FL_IPMODIFY | SPG_FTRACE_FLAGS,
};

static int __init proposal_init(void)
{
	int err = ftrace_set_filter(&ops, FUNCTION, strlen(FUNCTION), 1);

	return err ?: register_ftrace_function(&ops);
}

static void __exit proposal_exit(void)
{
	unregister_ftrace_function(&ops);
	/* Calls that are inside return into this text; the guest that measures has none by now. */
}
#else
static int __init proposal_init(void)
{
	return -EOPNOTSUPP;
}

static void __exit proposal_exit(void) { }
#endif

module_init(proposal_init);
module_exit(proposal_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Measuring: every file read into a pipe by copy_splice_read()");
