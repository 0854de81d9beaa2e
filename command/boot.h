/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Boot: what the configuration makes of the machine at the next one.
 */
#ifndef SPG_BOOT_H
#define SPG_BOOT_H

#include <stdbool.h>
#include "files.h"
#include "settings.h"

/* Makes that the module is loaded at boot, where nothing else does. */
#define LOAD_FILE "/etc/modules-load.d/spliceguard.conf"

/**
 * struct boot - what the configuration says
 * @policy: what will be in force, once all of it was read
 * @origin: where each setting is from, or NULL where it is the module's default
 * @loaded_by: the file that has the module loaded at boot, or NULL
 * @prevented_by: why it is not loaded all the same, or NULL
 * @problems: what in it is not as its author will have meant it
 */
struct boot {
	struct spg_policy policy;
	char *origin[SETTINGS];
	char *loaded_by;
	char *prevented_by;
	struct list problems;
};

void boot_look(struct boot *boot);

#endif
