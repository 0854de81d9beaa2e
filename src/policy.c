// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policy: modes, their names, and the verdict on one call. Pure functions; see policy.h.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <stdio.h>
#include <string.h>
#endif
#include "policy.h"

#define MODE_BITS 4
#define MODE_MASK ((1u << MODE_BITS) - 1)

static const char *const op_names[SPG_OPS] = {
	[SPG_SPLICE] = "splice",
	[SPG_SENDFILE] = "sendfile",
	[SPG_TEE] = "tee",
	[SPG_VMSPLICE] = "vmsplice",
	[SPG_ZEROCOPY] = "zerocopy",
};

static const char *const mode_names[SPG_MODES] = {
	[SPG_OFF] = "off",
	[SPG_LOG] = "log",
	[SPG_DEGRADE] = "degrade",
	[SPG_BLOCK] = "block",
};

/**
 * spg_op_name() - the word for an operation, as knobs and counters spell it
 * @op: the operation
 *
 * Return: a constant string.
 */
const char *spg_op_name(enum spg_op op)
{
	return op_names[op];
}

/**
 * spg_mode_name() - the word for a mode, as the knob spells it
 * @mode: the mode
 *
 * Return: a constant string.
 */
const char *spg_mode_name(enum spg_mode mode)
{
	return mode_names[mode];
}

static struct spg_policy with_mode(struct spg_policy policy, enum spg_op op, enum spg_mode mode)
{
	policy.modes &= ~(MODE_MASK << (op * MODE_BITS));
	policy.modes |= (unsigned int)mode << (op * MODE_BITS);
	return policy;
}

/**
 * spg_policy_uniform() - the policy that has one mode for all operations
 * @mode: that mode
 *
 * Return: the policy.
 */
struct spg_policy spg_policy_uniform(enum spg_mode mode)
{
	struct spg_policy policy = { 0 };
	int op;

	for (op = 0; op < SPG_OPS; op++)
		policy = with_mode(policy, op, mode);
	return policy;
}

/**
 * spg_policy_mode() - the mode of one operation
 * @policy: the policy
 * @op: the operation
 *
 * Return: its mode.
 */
enum spg_mode spg_policy_mode(struct spg_policy policy, enum spg_op op)
{
	return (policy.modes >> (op * MODE_BITS)) & MODE_MASK;
}

/**
 * spg_policy_verdict() - what policy says of one call
 * @policy: the policy
 * @op: the operation that the call is
 *
 * Return: the verdict.
 */
enum spg_verdict spg_policy_verdict(struct spg_policy policy, enum spg_op op)
{
	switch (spg_policy_mode(policy, op)) {
	case SPG_OFF:
		return SPG_STOCK;
	case SPG_LOG:
		return SPG_PASS;
	case SPG_DEGRADE:
		return SPG_COPY;
	default:
		return SPG_REFUSE;
	}
}

static int find_name(const char *const *names, int count, const char *word, size_t len)
{
	int i;

	for (i = 0; i < count; i++)
		if (strlen(names[i]) == len && !memcmp(names[i], word, len))
			return i;
	return -EINVAL;
}

static size_t word_length(const char *text, size_t len)
{
	size_t n;

	for (n = 0; n < len; n++)
		if (text[n] == ' ' || text[n] == '\t')
			break;
	return n;
}

static int parse_word(const char *word, size_t len, struct spg_policy *policy, unsigned int *seen)
{
	const char *equals = memchr(word, '=', len);
	int op, mode;

	if (!equals)
		return -EINVAL;
	op = find_name(op_names, SPG_OPS, word, equals - word);
	mode = find_name(mode_names, SPG_MODES, equals + 1, len - (equals + 1 - word));
	if (op < 0 || mode < 0 || *seen & 1u << op)
		return -EINVAL;
	*seen |= 1u << op;
	*policy = with_mode(*policy, op, mode);
	return 0;
}

/**
 * spg_policy_parse() - read a mode as an administrator writes it
 * @text: "MODE [OP=MODE]...", words separated by blanks; need not end with NUL
 * @len: its length in bytes; one newline at the end does not count
 * @policy: where the result goes; untouched on error
 *
 * An operation may be named once. Case matters, as in every other knob of the kernel.
 *
 * Return: 0, or -EINVAL.
 */
int spg_policy_parse(const char *text, size_t len, struct spg_policy *policy)
{
	struct spg_policy parsed = { 0 };
	unsigned int seen = 0;
	bool first = true;

	if (len && text[len - 1] == '\n')
		len--;
	while (len) {
		size_t n = word_length(text, len);

		if (!n) {
			text++;
			len--;
			continue;
		}
		if (first) {
			int mode = find_name(mode_names, SPG_MODES, text, n);

			if (mode < 0)
				return -EINVAL;
			parsed = spg_policy_uniform(mode);
			first = false;
		} else if (parse_word(text, n, &parsed, &seen)) {
			return -EINVAL;
		}
		text += n;
		len -= n;
	}
	if (first)
		return -EINVAL;
	*policy = parsed;
	return 0;
}

/* The mode that most operations have; of several, the strictest. */
static enum spg_mode common_mode(struct spg_policy policy)
{
	int count[SPG_MODES] = { 0 };
	int mode, best = SPG_BLOCK, op;

	for (op = 0; op < SPG_OPS; op++)
		count[spg_policy_mode(policy, op)]++;
	for (mode = SPG_BLOCK; mode >= SPG_OFF; mode--)
		if (count[mode] > count[best])
			best = mode;
	return best;
}

/**
 * spg_policy_format() - write a policy in its one canonical form
 * @policy: the policy
 * @text: where the text goes, ended with NUL, without a newline
 * @size: the room there; SPG_POLICY_TEXT is always enough
 *
 * What it writes, spg_policy_parse() reads back as the same policy.
 *
 * Return: the length of the text.
 */
int spg_policy_format(struct spg_policy policy, char *text, size_t size)
{
	enum spg_mode common = common_mode(policy);
	int op, n;

	n = snprintf(text, size, "%s", mode_names[common]);
	for (op = 0; op < SPG_OPS; op++) {
		enum spg_mode mode = spg_policy_mode(policy, op);

		if (mode != common)
			n += snprintf(text + n, size - n, " %s=%s", op_names[op], mode_names[mode]);
	}
	return n;
}
