/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pipes that a user can reach: find, wait for, and wake.
 */
#ifndef SPG_PIPES_H
#define SPG_PIPES_H

#include <linux/types.h>

struct file;
struct pipe_inode_info;

struct pipe_inode_info *spg_pipe_of(const struct file *file);
void spg_pipe_clear_nowait(struct file *file);
void spg_pipe_wait_readable(struct pipe_inode_info *pipe);
int spg_pipe_wait_for_space(struct pipe_inode_info *pipe, unsigned int flags);
void spg_pipe_wake_readers(struct pipe_inode_info *pipe);
void spg_pipe_wake_writers(struct pipe_inode_info *pipe);

#endif
