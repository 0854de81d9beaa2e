/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /sys/kernel/spliceguard: the counters, and which hooks are in place.
 */
#ifndef SPG_SYSFS_H
#define SPG_SYSFS_H

int spg_sysfs_init(void);
void spg_sysfs_exit(void);

#endif
