/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A change of settings, now and for the next boot, that can be undone.
 */
#ifndef SPG_CHANGE_H
#define SPG_CHANGE_H

#include <stdbool.h>
#include "options.h"
#include "settings.h"

/**
 * struct change - what is to be
 * @policy: the settings
 * @live: which of them to put in force now, as a mask
 * @options: options of the module for the next boot
 * @kept: which of them to keep, as a mask
 * @load_file: whether LOAD_FILE is to be made, or with -1 to be removed; 0 leaves it
 */
struct change {
	struct spg_policy policy;
	unsigned int live;
	struct option_values options;
	unsigned int kept;
	int load_file;
};

int change_make(const struct change *change);
int change_last(struct change *change);
int change_live(enum setting setting, const struct spg_policy *from, const struct spg_policy *to);
int change_keep(const struct change *change);
int change_may_keep(void);

#endif
