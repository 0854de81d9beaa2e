/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Settings: the parts of a policy, each of which is a knob of the kernel's and an option of the
 * module's, as texts that the module's own grammar reads and writes.
 */
#ifndef SPG_SETTINGS_H
#define SPG_SETTINGS_H

#include <limits.h>
#include <stdbool.h>
#include "grammar.h"
#include "policy.h"

/* The lock is the last one: it is written after the others. */
enum setting { MODE, TRUST, GROUP, LOCKED, SETTINGS };

/* What is set, as a mask of settings. */
#define ALL_SETTINGS ((1u << SETTINGS) - 1)

const char *setting_option(enum setting setting);
const char *setting_knob(enum setting setting);
bool setting_named(const char *name, size_t len, enum setting *setting);
int setting_parse(enum setting setting, const char *text, struct spg_policy *policy);
const char *setting_text(enum setting setting, const struct spg_policy *policy,
			 char text[SPG_TEXT]);
const char *setting_quoted(enum setting setting, const struct spg_policy *policy,
			   char text[SPG_TEXT + 2]);
const char *setting_words(enum setting setting, const struct spg_policy *policy,
			  char text[SPG_TEXT]);
void setting_copy(enum setting setting, const struct spg_policy *from, struct spg_policy *to);
bool setting_equal(enum setting setting, const struct spg_policy *a, const struct spg_policy *b);
bool setting_loosens(enum setting setting, const struct spg_policy *from,
		     const struct spg_policy *to);

int setting_read(enum setting setting, struct spg_policy *policy);
int setting_write(enum setting setting, const struct spg_policy *policy);

#endif
