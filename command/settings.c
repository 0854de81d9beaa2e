// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings: texts of the policy's parts, in the kernel and out of it; see settings.h.
 */
#include <fcntl.h>
#include <string.h>
#include "files.h"
#include "settings.h"

static const struct {
	const char *option;
	const char *knob;
	int (*parse)(const char *text, size_t len, struct spg_policy *policy);
	int (*format)(const struct spg_policy *policy, char *text, size_t size);
} settings[SETTINGS] = {
	[MODE] = { "mode", "splice_mode", spg_parse_modes, spg_format_modes },
	[TRUST] = { "trust", "splice_trust", spg_parse_trust, spg_format_trust },
	[GROUP] = { "group", "splice_group", spg_parse_group, spg_format_group },
	[LOCKED] = { "locked", "splice_mode_locked", spg_parse_locked, spg_format_locked },
};

/**
 * setting_option() - what a setting is called as an option of the module
 * @setting: the setting
 *
 * Return: its name, as in "mode".
 */
const char *setting_option(enum setting setting)
{
	return settings[setting].option;
}

/**
 * setting_knob() - what a setting is called as a knob
 * @setting: the setting
 *
 * Return: its name below kernel, as in "splice_mode".
 */
const char *setting_knob(enum setting setting)
{
	return settings[setting].knob;
}

/**
 * setting_named() - find an option
 * @name: its name
 * @len: the length of that
 * @setting: takes the setting
 *
 * Return: whether the module has such an option.
 */
bool setting_named(const char *name, size_t len, enum setting *setting)
{
	int i;

	for (i = 0; i < SETTINGS; i++) {
		if (strlen(settings[i].option) == len && !memcmp(settings[i].option, name, len)) {
			*setting = i;
			return true;
		}
	}
	return false;
}

/**
 * setting_parse() - read a setting
 * @setting: the setting
 * @text: its text
 * @policy: whose part to set; unchanged on error
 *
 * Return: 0, or -EINVAL.
 */
int setting_parse(enum setting setting, const char *text, struct spg_policy *policy)
{
	return settings[setting].parse(text, strlen(text), policy);
}

/**
 * setting_text() - write a setting
 * @setting: the setting
 * @policy: the policy
 * @text: takes the text
 *
 * Return: @text.
 */
const char *setting_text(enum setting setting, const struct spg_policy *policy,
			 char text[SPG_TEXT])
{
	settings[setting].format(policy, text, SPG_TEXT);
	return text;
}

/**
 * setting_words() - write a setting for a table that people read
 * @setting: the setting
 * @policy: the policy
 * @text: takes the text
 *
 * Return: @text.
 */
const char *setting_words(enum setting setting, const struct spg_policy *policy,
			  char text[SPG_TEXT])
{
	setting_text(setting, policy, text);
	if (!*text)
		strcpy(text, "nobody");
	if (setting == GROUP && policy->group == SPG_NO_GROUP)
		strcpy(text, "none");
	if (setting == LOCKED)
		strcpy(text, policy->locked ? "yes, until the next boot" : "no");
	return text;
}

/**
 * setting_quoted() - write a setting for a sentence
 * @setting: the setting
 * @policy: the policy
 * @text: takes the text
 *
 * Return: @text.
 */
const char *setting_quoted(enum setting setting, const struct spg_policy *policy,
			   char text[SPG_TEXT + 2])
{
	char plain[SPG_TEXT];

	snprintf(text, SPG_TEXT + 2, "'%s'", setting_text(setting, policy, plain));
	return text;
}

/**
 * setting_copy() - take one setting over
 * @setting: the setting
 * @from: the policy that has it
 * @to: the policy that gets it
 */
void setting_copy(enum setting setting, const struct spg_policy *from, struct spg_policy *to)
{
	char text[SPG_TEXT];

	setting_parse(setting, setting_text(setting, from, text), to);
}

/**
 * setting_loosens() - would one setting let anything by that another one does not?
 * @setting: the setting
 * @from: the policy with the one
 * @to: the policy with the other
 *
 * Return: whether it would, as the lock sees it.
 */
bool setting_loosens(enum setting setting, const struct spg_policy *from,
		     const struct spg_policy *to)
{
	struct spg_policy changed = *from;

	setting_copy(setting, to, &changed);
	return spg_policy_loosens(from, &changed);
}

/**
 * setting_equal() - do two policies say the same?
 * @setting: in this setting
 * @a: the one
 * @b: the other
 *
 * Return: whether they do, in whatever order.
 */
bool setting_equal(enum setting setting, const struct spg_policy *a, const struct spg_policy *b)
{
	return !setting_loosens(setting, a, b) && !setting_loosens(setting, b, a);
}

static void knob_path(enum setting setting, char path[64])
{
	snprintf(path, 64, "/proc/sys/kernel/%s", settings[setting].knob);
}

/**
 * setting_read() - what the kernel has in force
 * @setting: of this setting
 * @policy: whose part to set
 *
 * Return: 0, or -1.
 */
int setting_read(enum setting setting, struct spg_policy *policy)
{
	char path[64], text[SPG_TEXT];

	knob_path(setting, path);
	if (read_word(path, text, sizeof(text)))
		return -1;
	return setting_parse(setting, text, policy) ? -1 : 0;
}

/**
 * setting_write() - put a setting in force
 * @setting: the setting
 * @policy: the policy with it
 *
 * Return: 0, or -1 with errno: EACCES where one may not, EPERM where the lock forbids it (or where
 * root is none), or what the module says.
 */
int setting_write(enum setting setting, const struct spg_policy *policy)
{
	char path[64], text[SPG_TEXT];

	knob_path(setting, path);
	setting_text(setting, policy, text);
	/* A write of nothing is none. */
	strcat(text, "\n");
	return write_text(path, text, strlen(text), 0);
}
