/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a pipe holds, as a whole: making it private, and what is known of it.
 */
#ifndef SPG_CONTENTS_H
#define SPG_CONTENTS_H

#include <linux/types.h>
#include "policy.h"

struct address_space;
struct file;
struct pipe_inode_info;
struct spg_admission;
struct spg_outcome;
struct spg_reserve;

int spg_make_private(struct pipe_inode_info *pipe, unsigned int start, struct spg_reserve *reserve,
		     struct spg_outcome *outcome);
unsigned int spg_admit(struct pipe_inode_info *pipe, unsigned int start,
		       const struct address_space *mapping, struct spg_admission *admission);
size_t spg_defer_own(struct pipe_inode_info *pipe, unsigned int start);
void spg_judge(struct pipe_inode_info *pipe, enum spg_op op);
bool spg_pipe_holds_shared(struct pipe_inode_info *pipe, size_t len);
unsigned int spg_pipe_facts(struct pipe_inode_info *pipe, size_t len, unsigned int empty);
int spg_pipe_clean(struct pipe_inode_info *pipe, size_t hand_off, size_t *bytes);
int spg_pipe_clean_for(enum spg_op op, struct pipe_inode_info *pipe, size_t hand_off,
		       struct file *in, struct file *out);

#endif
