/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Knobs: kernel.splice_mode and its companions under /proc/sys/kernel.
 */
#ifndef SPG_KNOBS_H
#define SPG_KNOBS_H

int spg_knobs_init(void);
void spg_knobs_exit(void);

#endif
