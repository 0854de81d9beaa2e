/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fragments: pages of socket buffers that have been sent, used again.
 */
#ifndef SPG_FRAGS_H
#define SPG_FRAGS_H

#include <linux/types.h>

struct sock;

size_t spg_frags_renew(struct sock *sk, size_t len);
void spg_frags_init(void);
void spg_frags_exit(void);

#endif
