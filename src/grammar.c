// SPDX-License-Identifier: GPL-2.0-only
/*
 * Grammar: parsing and formatting of what the knobs hold. Pure functions.
 *
 * All texts are words between blanks and need not end with NUL; one newline at the end does not
 * count. Case matters, as in every other knob of the kernel. A parser changes its own part of the
 * policy only, and nothing at all on error; what a formatter writes, its parser reads back as the
 * same.
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
#include "grammar.h"

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

static const char *const net_names[SPG_NETS] = {
	[SPG_TCP] = "tcp",
	[SPG_UDP] = "udp",
	[SPG_UNIX] = "unix",
	[SPG_VSOCK] = "vsock",
	[SPG_SCTP] = "sctp",
	[SPG_MPTCP] = "mptcp",
	[SPG_TLS] = "tls",
};

/* Words of trust that stand alone, in the order in which the knob prints them. */
#define TRUST_NAMES 3
static const char *const trust_names[TRUST_NAMES] = { "writable", "capable", "quiescent" };
static const unsigned int trust_facts[TRUST_NAMES] = {
	SPG_WRITABLE, SPG_CAPABLE, SPG_QUIESCENT
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

/**
 * spg_net_name() - the word for a protocol, as trust spells it after "net:"
 * @net: the protocol
 *
 * Return: a constant string.
 */
const char *spg_net_name(enum spg_net net)
{
	return net_names[net];
}

static int find_name(const char *const *names, int count, const char *word, size_t len)
{
	int i;

	for (i = 0; i < count; i++)
		if (strlen(names[i]) == len && !memcmp(names[i], word, len))
			return i;
	return -EINVAL;
}

/* What is left of a text to read. */
struct words {
	const char *text;
	size_t len;
};

static struct words words_of(const char *text, size_t len)
{
	if (len && text[len - 1] == '\n')
		len--;
	return (struct words){ text, len };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The length of the next word, which begins at *word; 0 at the end. */
static size_t next_word(struct words *words, const char **word)
{
	size_t n = 0;

	while (words->len && is_blank(*words->text)) {
		words->text++;
		words->len--;
	}
	while (n < words->len && !is_blank(words->text[n]))
		n++;
	*word = words->text;
	words->text += n;
	words->len -= n;
	return n;
}

static int parse_op_mode(const char *word, size_t len, struct spg_policy *policy,
			 unsigned int *seen)
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
	spg_policy_set_mode(policy, op, mode);
	return 0;
}

/**
 * spg_parse_modes() - read "MODE [OP=MODE]..."
 * @text: the text
 * @len: its length in bytes
 * @policy: whose modes to set
 *
 * An operation may be named once.
 *
 * Return: 0, or -EINVAL.
 */
int spg_parse_modes(const char *text, size_t len, struct spg_policy *policy)
{
	struct words words = words_of(text, len);
	struct spg_policy parsed = { .modes = 0 };
	unsigned int seen = 0;
	const char *word;
	size_t n;
	int mode;

	n = next_word(&words, &word);
	mode = find_name(mode_names, SPG_MODES, word, n);
	if (mode < 0)
		return -EINVAL;
	spg_policy_set_all(&parsed, mode);
	while ((n = next_word(&words, &word)))
		if (parse_op_mode(word, n, &parsed, &seen))
			return -EINVAL;
	policy->modes = parsed.modes;
	return 0;
}

/* The mode that most operations have; of several, the strictest. */
static enum spg_mode common_mode(const struct spg_policy *policy)
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
 * spg_format_modes() - write the modes in their one canonical form
 * @policy: the policy
 * @text: where the text goes, ended with NUL, without a newline
 * @size: the room there; SPG_TEXT is always enough
 *
 * Return: the length of the text.
 */
int spg_format_modes(const struct spg_policy *policy, char *text, size_t size)
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

static bool is_name(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		char c = word[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '_' && c != '-' && c != '.')
			return false;
	}
	return len && len < SPG_FS_NAME;
}

static int add_fs(const char *name, size_t len, struct spg_policy *policy)
{
	char *to = policy->fs[policy->fs_count];

	if (!is_name(name, len) || policy->fs_count == SPG_FS_MAX)
		return -EINVAL;
	memcpy(to, name, len);
	to[len] = 0;
	if (spg_policy_lists_fs(policy, to))
		return -EINVAL;
	policy->fs_count++;
	return 0;
}

static int add_net(const char *name, size_t len, struct spg_policy *policy)
{
	int net = find_name(net_names, SPG_NETS, name, len);

	if (net < 0 || spg_policy_lists_net(policy, net))
		return -EINVAL;
	policy->nets |= 1u << net;
	return 0;
}

static int parse_trust_word(const char *word, size_t len, struct spg_policy *policy)
{
	int i;

	if (len > 3 && !memcmp(word, "fs:", 3))
		return add_fs(word + 3, len - 3, policy);
	if (len > 4 && !memcmp(word, "net:", 4))
		return add_net(word + 4, len - 4, policy);
	i = find_name(trust_names, TRUST_NAMES, word, len);
	if (i < 0 || policy->words & trust_facts[i])
		return -EINVAL;
	policy->words |= trust_facts[i];
	return 0;
}

/**
 * spg_parse_trust() - read "[writable] [capable] [quiescent] [fs:NAME]... [net:NAME]..."
 * @text: the text; no word at all means to trust nobody
 * @len: its length in bytes
 * @policy: whose trust to set
 *
 * In any order, but no word twice. Any name may be a file system's, since its module may come
 * later; protocols are those that net_names has.
 *
 * Return: 0, or -EINVAL.
 */
int spg_parse_trust(const char *text, size_t len, struct spg_policy *policy)
{
	struct words words = words_of(text, len);
	struct spg_policy parsed = *policy;
	const char *word;
	size_t n;

	parsed.words = 0;
	parsed.nets = 0;
	parsed.fs_count = 0;
	memset(parsed.fs, 0, sizeof(parsed.fs));
	while ((n = next_word(&words, &word)))
		if (parse_trust_word(word, n, &parsed))
			return -EINVAL;
	*policy = parsed;
	return 0;
}

/**
 * spg_format_trust() - write what is trusted in its one canonical form
 * @policy: the policy
 * @text: where the text goes, ended with NUL, without a newline
 * @size: the room there; SPG_TEXT is always enough
 *
 * File systems stand in the order in which they were given.
 *
 * Return: the length of the text.
 */
int spg_format_trust(const struct spg_policy *policy, char *text, size_t size)
{
	unsigned int fs;
	int i, n = 0;

	text[0] = 0;
	for (i = 0; i < TRUST_NAMES; i++)
		if (policy->words & trust_facts[i])
			n += snprintf(text + n, size - n, " %s", trust_names[i]);
	for (fs = 0; fs < policy->fs_count; fs++)
		n += snprintf(text + n, size - n, " fs:%s", policy->fs[fs]);
	for (i = 0; i < SPG_NETS; i++)
		if (spg_policy_lists_net(policy, i))
			n += snprintf(text + n, size - n, " net:%s", net_names[i]);
	if (!n)
		return 0;
	memmove(text, text + 1, n);
	return n - 1;
}

/* The one word of a text that has just one. Returns its length, or 0. */
static size_t only_word(const char *text, size_t len, const char **word)
{
	struct words words = words_of(text, len);
	size_t n = next_word(&words, word);
	const char *second;

	return next_word(&words, &second) ? 0 : n;
}

/**
 * spg_parse_group() - read a gid, or -1 for none
 * @text: the text, decimal
 * @len: its length in bytes
 * @policy: whose group to set
 *
 * Return: 0, or -EINVAL.
 */
int spg_parse_group(const char *text, size_t len, struct spg_policy *policy)
{
	unsigned long long gid = 0;
	const char *word;
	size_t n, i;

	n = only_word(text, len, &word);
	if (n == 2 && !memcmp(word, "-1", 2)) {
		policy->group = SPG_NO_GROUP;
		return 0;
	}
	/* No gid has more digits, and none begins with a 0. */
	if (!n || n > 10 || (n > 1 && word[0] == '0'))
		return -EINVAL;
	for (i = 0; i < n; i++) {
		if (word[i] < '0' || word[i] > '9')
			return -EINVAL;
		gid = gid * 10 + (word[i] - '0');
	}
	if (gid >= SPG_NO_GROUP)
		return -EINVAL;
	policy->group = gid;
	return 0;
}

/**
 * spg_format_group() - write the group
 * @policy: the policy
 * @text: where the text goes, ended with NUL, without a newline
 * @size: the room there; SPG_TEXT is always enough
 *
 * Return: the length of the text.
 */
int spg_format_group(const struct spg_policy *policy, char *text, size_t size)
{
	if (policy->group == SPG_NO_GROUP)
		return snprintf(text, size, "-1");
	return snprintf(text, size, "%u", policy->group);
}

/**
 * spg_parse_locked() - read 0 or 1
 * @text: the text
 * @len: its length in bytes
 * @policy: whose lock to set
 *
 * Return: 0, or -EINVAL.
 */
int spg_parse_locked(const char *text, size_t len, struct spg_policy *policy)
{
	const char *word;

	if (only_word(text, len, &word) != 1 || (*word != '0' && *word != '1'))
		return -EINVAL;
	policy->locked = *word == '1';
	return 0;
}

/**
 * spg_format_locked() - write the lock
 * @policy: the policy
 * @text: where the text goes, ended with NUL, without a newline
 * @size: the room there; SPG_TEXT is always enough
 *
 * Return: the length of the text.
 */
int spg_format_locked(const struct spg_policy *policy, char *text, size_t size)
{
	return snprintf(text, size, "%d", policy->locked);
}
