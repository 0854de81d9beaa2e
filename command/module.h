/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module as it is now: what is in force, which hooks are in place, what was counted.
 */
#ifndef SPG_MODULE_H
#define SPG_MODULE_H

#include <stdbool.h>
#include "files.h"
#include "policy.h"

/* In the order of the columns of tables. */
enum counter { COPIED, REFUSED, TRUSTED, PASSED, BYTES_COPIED, COUNTERS };

struct hook {
	char function[64];
	char state[16];
};

/**
 * struct module - the module as it is now
 * @loaded: whether it is there; nothing else is told if not
 * @version: its version
 * @policy: what is in force
 * @available: the modes that this kernel offers
 * @hooks: its hooks, which were proven just now
 * @hook_count: how many; 0 where the module does not tell
 * @counters: what it has counted
 */
struct module {
	bool loaded;
	char version[32];
	struct spg_policy policy;
	char available[64];
	struct hook hooks[64];
	int hook_count;
	unsigned long long counters[SPG_OPS][COUNTERS];
};

bool module_is_loaded(void);
void module_look(struct module *module);
int module_hooks_in(const struct module *module, const char *state);
const char *counter_name(enum counter counter);
void module_weaknesses(const struct module *module, struct list *reasons);
bool module_installed_version(char version[32]);

#endif
