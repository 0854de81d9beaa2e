/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grammar: policy as text, the way the knobs and the module's parameters spell it. As pure as
 * policy.
 */
#ifndef SPG_GRAMMAR_H
#define SPG_GRAMMAR_H

#include "policy.h"

/* The longest text that any of the knobs takes or gives, with its NUL. */
#define SPG_TEXT 1024

const char *spg_op_name(enum spg_op op);
const char *spg_mode_name(enum spg_mode mode);
const char *spg_net_name(enum spg_net net);

int spg_parse_modes(const char *text, size_t len, struct spg_policy *policy);
int spg_parse_trust(const char *text, size_t len, struct spg_policy *policy);
int spg_parse_group(const char *text, size_t len, struct spg_policy *policy);
int spg_parse_locked(const char *text, size_t len, struct spg_policy *policy);
int spg_format_modes(const struct spg_policy *policy, char *text, size_t size);
int spg_format_trust(const struct spg_policy *policy, char *text, size_t size);
int spg_format_group(const struct spg_policy *policy, char *text, size_t size);
int spg_format_locked(const struct spg_policy *policy, char *text, size_t size);

#endif
