/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Knobs: kernel.splice_mode and its companions under /proc/sys/kernel, and the module's parameters
 * of the same names.
 */
#ifndef SPG_KNOBS_H
#define SPG_KNOBS_H

#include "policy.h"

extern struct spg_policy spg_boot_policy;

int spg_knobs_init(void);
void spg_knobs_exit(void);

#endif
