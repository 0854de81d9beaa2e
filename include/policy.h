/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policy: what is to be done with a zero-copy call. No side effects, no locks, no kernel services:
 * the same file builds in user space, where its unit tests run.
 */
#ifndef SPG_POLICY_H
#define SPG_POLICY_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#endif

/* The operations that a mode is set for, in the order in which the knob prints them. */
enum spg_op {
	SPG_SPLICE,
	SPG_SENDFILE,
	SPG_TEE,
	SPG_VMSPLICE,
	SPG_ZEROCOPY,
	SPG_OPS
};

/* In order of strictness. */
enum spg_mode {
	SPG_OFF,
	SPG_LOG,
	SPG_DEGRADE,
	SPG_BLOCK,
	SPG_MODES
};

enum spg_verdict {
	SPG_STOCK,	/* not ours: as the kernel does, and not counted */
	SPG_PASS,	/* by reference, but counted */
	SPG_COPY,
	SPG_REFUSE
};

/**
 * struct spg_policy - a mode for each operation
 * @modes: four bits for each operation, so that one load reads them all
 */
struct spg_policy {
	unsigned int modes;
};

/* The longest text that spg_policy_format() makes, with its NUL. */
#define SPG_POLICY_TEXT 96

const char *spg_op_name(enum spg_op op);
const char *spg_mode_name(enum spg_mode mode);
struct spg_policy spg_policy_uniform(enum spg_mode mode);
enum spg_mode spg_policy_mode(struct spg_policy policy, enum spg_op op);
enum spg_verdict spg_policy_verdict(struct spg_policy policy, enum spg_op op);
int spg_policy_parse(const char *text, size_t len, struct spg_policy *policy);
int spg_policy_format(struct spg_policy policy, char *text, size_t size);

#endif
