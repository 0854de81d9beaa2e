// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pipes that a user can reach. The kernel's own helpers (get_pipe_info(), pipe_wait_readable(),
 * wait_for_space(), ...) are not exported, and most lost their landing pads on kernels built with
 * IBT, so what is needed of them stands here, on exported primitives; each names its model in
 * fs/splice.c or fs/pipe.c.
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <linux/wait.h>
#include "compat.h"
#include "pipes.h"

/**
 * spg_pipe_of() - the pipe that a file is an end of
 * @file: the file
 *
 * As get_pipe_info(file, true): not for watch queues, which cannot be spliced. pipefifo_fops is not
 * exported, but a pipe's inode and its files know the same pipe, and nothing else does (fs/pipe.c,
 * fifo_open(), create_pipe_files()).
 *
 * Return: the pipe, or NULL where @file is none.
 */
struct pipe_inode_info *spg_pipe_of(const struct file *file)
{
	const struct inode *inode = file_inode(file);
	struct pipe_inode_info *pipe = file->private_data;

	if (!S_ISFIFO(inode->i_mode) || !pipe || inode->i_pipe != pipe)
		return NULL;
#ifdef CONFIG_WATCH_QUEUE
	if (pipe->watch_queue)
		return NULL;
#endif
	return pipe;
}

/**
 * spg_pipe_clear_nowait() - say that this pipe may block
 * @file: an end of it
 *
 * As pipe_clear_nowait(): splicing takes the pipe's lock for long. Where pipes never have the flag
 * this does nothing.
 */
void spg_pipe_clear_nowait(struct file *file)
{
	const unsigned int nowait = (__force unsigned int)FMODE_NOWAIT;
	unsigned int *at = (__force unsigned int *)&file->f_mode;
	unsigned int mode = READ_ONCE(*at);

	while (mode & nowait) {
		unsigned int seen = cmpxchg(at, mode, mode & ~nowait);

		if (seen == mode)
			break;
		mode = seen;
	}
}

static bool has_data(const struct pipe_inode_info *pipe)
{
	return !pipe_empty(READ_ONCE(pipe->head), READ_ONCE(pipe->tail)) ||
	       !READ_ONCE(pipe->writers);
}

static bool has_space(const struct pipe_inode_info *pipe)
{
	return !pipe_full(READ_ONCE(pipe->head), READ_ONCE(pipe->tail),
			  READ_ONCE(pipe->max_usage)) ||
	       !READ_ONCE(pipe->readers);
}

/**
 * spg_pipe_wait_readable() - wait for data, the last writer's leaving, or a signal
 * @pipe: the pipe, locked; the lock is dropped meanwhile
 */
void spg_pipe_wait_readable(struct pipe_inode_info *pipe)
{
	pipe_unlock(pipe);
	wait_event_interruptible(pipe->rd_wait, has_data(pipe));
	pipe_lock(pipe);
}

/**
 * spg_pipe_wait_for_space() - wait for the first free slot
 * @pipe: the pipe, locked; the lock is dropped meanwhile
 * @flags: SPLICE_F_NONBLOCK: do not wait
 *
 * As wait_for_space().
 *
 * Return: 0, -EPIPE (and SIGPIPE) without a reader, -EAGAIN, or -ERESTARTSYS.
 */
int spg_pipe_wait_for_space(struct pipe_inode_info *pipe, unsigned int flags)
{
	for (;;) {
		if (!pipe->readers) {
			send_sig(SIGPIPE, current, 0);
			return -EPIPE;
		}
		if (!pipe_full(pipe->head, pipe->tail, pipe->max_usage))
			return 0;
		if (flags & SPLICE_F_NONBLOCK)
			return -EAGAIN;
		if (signal_pending(current))
			return -ERESTARTSYS;
		pipe_unlock(pipe);
		wait_event_interruptible(pipe->wr_wait, has_space(pipe));
		pipe_lock(pipe);
	}
}

/**
 * spg_pipe_wake_readers() - tell readers, pollers and SIGIO that there is data
 * @pipe: the pipe; its lock is not needed
 */
void spg_pipe_wake_readers(struct pipe_inode_info *pipe)
{
	smp_mb(); /* the new head before the look for waiters */
	if (waitqueue_active(&pipe->rd_wait))
		wake_up_interruptible(&pipe->rd_wait);
	kill_fasync(&pipe->fasync_readers, SIGIO, POLL_IN);
}

/**
 * spg_pipe_wake_writers() - tell writers, pollers and SIGIO that there is space
 * @pipe: the pipe; its lock is not needed
 */
void spg_pipe_wake_writers(struct pipe_inode_info *pipe)
{
	smp_mb(); /* the new tail before the look for waiters */
	if (waitqueue_active(&pipe->wr_wait))
		wake_up_interruptible(&pipe->wr_wait);
	kill_fasync(&pipe->fasync_writers, SIGIO, POLL_OUT);
}
