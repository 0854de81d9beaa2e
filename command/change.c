// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making changes, saying in plain sentences what they change, and noting what was before, in
 * HISTORY, so that the last one can be undone.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "boot.h"
#include "change.h"
#include "command.h"
#include "module.h"

#define HISTORY "/var/lib/spliceguard/undo"

/* Now */

/**
 * change_live() - put one setting in force
 * @setting: the setting
 * @from: the policy in force
 * @to: the policy with the new one
 *
 * Complains where that fails.
 *
 * Return: how it ended.
 */
int change_live(enum setting setting, const struct spg_policy *from, const struct spg_policy *to)
{
	char is[SPG_TEXT + 2], wanted[SPG_TEXT + 2];
	const char *knob = setting_knob(setting);

	if (!setting_write(setting, to))
		return ENDING_PROTECTED;
	setting_quoted(setting, from, is);
	setting_quoted(setting, to, wanted);
	switch (errno) {
	case EACCES:
		complain("only root may set kernel.%s", knob);
		return ENDING_NO_PRIVILEGE;
	case EPERM:
		if (from->locked) {
			complain("kernel.%s is locked until reboot; %s would loosen it, so it stays %s",
				 knob, wanted, is);
			return ENDING_FAILED;
		}
		complain("setting kernel.%s needs CAP_SYS_ADMIN in the initial user namespace",
			 knob);
		return ENDING_NO_PRIVILEGE;
	case ENOENT:
		return not_loaded();
	case EINVAL:
		complain("the module that is loaded does not take %s for kernel.%s, which stays %s",
			 wanted, knob, is);
		return ENDING_FAILED;
	default:
		complain("kernel.%s stays %s: the module could not do %s (%s); 'dmesg | grep spliceguard' names the function",
			 knob, is, wanted, strerror(errno));
		return ENDING_FAILED;
	}
}

/* What tightens comes first, so that nothing is open on the way that is not at either end. */
static int put_in_force(const struct spg_policy *from, const struct change *change)
{
	unsigned int done = 0;
	int pass, setting, code;

	for (pass = 0; pass < 2; pass++) {
		for (setting = 0; setting < SETTINGS; setting++) {
			if (!(change->live & 1u << setting) ||
			    setting_loosens(setting, from, &change->policy) != !!pass)
				continue;
			code = change_live(setting, from, &change->policy);
			if (code)
				goto back;
			done |= 1u << setting;
		}
	}
	return ENDING_PROTECTED;
back:
	for (setting = 0; setting < SETTINGS; setting++)
		if (done & 1u << setting && setting_write(setting, from))
			complain("kernel.%s has changed already, and cannot be set back: %s",
				 setting_knob(setting), strerror(errno));
	return code;
}

/* In sentences */

static void say_modes(const struct spg_policy *from, const struct spg_policy *to)
{
	static const char *const phrases[SPG_MODES] = {
		[SPG_OFF] = "as the kernel does: pages are shared, and nothing is hooked",
		[SPG_LOG] = "as the kernel does: pages are shared; calls are counted",
		[SPG_DEGRADE] = "an ordinary copy; nothing is shared any more",
		[SPG_BLOCK] = "refused",
	};
	char is[SPG_TEXT + 2], wanted[SPG_TEXT + 2];
	int mode, op;

	printf("kernel.splice_mode: %s -> %s\n", setting_quoted(MODE, from, is),
	       setting_quoted(MODE, to, wanted));
	for (mode = 0; mode < SPG_MODES; mode++) {
		bool any = false;

		for (op = 0; op < SPG_OPS; op++) {
			if ((int)spg_policy_mode(to, op) != mode ||
			    (int)spg_policy_mode(from, op) == mode)
				continue;
			printf("%s%s", any ? ", " : "  ", spg_op_name(op));
			any = true;
		}
		if (any)
			printf(": from now on %s\n", phrases[mode]);
	}
}

static void say_trust(const struct spg_policy *policy)
{
	if (!policy->fs_count != !policy->nets)
		printf("  fs: and net: admit nothing without each other: both sides must be listed\n");
	if (policy->words & SPG_QUIESCENT)
		printf("  quiescent: whoever can read a file shares its pages; no protection from code that writes into them\n");
}

static void say_live(const struct spg_policy *from, const struct change *change)
{
	char is[SPG_TEXT + 2], wanted[SPG_TEXT + 2];
	int setting;

	if (change->live & 1u << MODE)
		say_modes(from, &change->policy);
	for (setting = MODE + 1; setting < SETTINGS; setting++) {
		if (!(change->live & 1u << setting))
			continue;
		printf("kernel.%s: %s -> %s\n", setting_knob(setting),
		       setting_quoted(setting, from, is),
		       setting_quoted(setting, &change->policy, wanted));
		if (setting == TRUST)
			say_trust(&change->policy);
		if (setting == LOCKED)
			printf("  nothing can be loosened any more until the next boot\n");
	}
}

/* For the next boot */

static int failed_to_write(const char *path)
{
	if (errno == EACCES || errno == EPERM) {
		complain("only root may write %s", path);
		return ENDING_NO_PRIVILEGE;
	}
	complain("%s cannot be written, so the next boot brings what it did before: %s", path,
		 errno == EOPNOTSUPP ? "it is masked, a link to something that is no file" :
		 strerror(errno));
	return ENDING_FAILED;
}

static int write_load_file(int wanted)
{
	char full[PATH_MAX];

	path_of(full, LOAD_FILE);
	if (wanted < 0)
		return unlink(full) && errno != ENOENT ? -1 : 0;
	if (make_directory("/etc/modules-load.d"))
		return -1;
	return replace_file(LOAD_FILE, "# Load spliceguard at boot. Its options are in "
			    OPTIONS_FILE ".\nspliceguard\n");
}

/* What else there is that has the last word. */
static int check_kept(const struct change *change)
{
	struct spg_policy wanted = SPG_DEFAULT_POLICY;
	char text[SPG_TEXT + 2];
	struct boot boot;
	int setting, code = ENDING_PROTECTED;

	boot_look(&boot);
	for (setting = 0; setting < SETTINGS; setting++) {
		const char *value = change->options.value[setting];

		if (!(change->kept & 1u << setting) || !value ||
		    setting_parse(setting, value, &wanted) ||
		    setting_equal(setting, &boot.policy, &wanted))
			continue;
		complain("the next boot will end with %s %s all the same, from %s",
			 setting_option(setting), setting_quoted(setting, &boot.policy, text),
			 boot.origin[setting] ? boot.origin[setting] : "elsewhere");
		code = ENDING_FAILED;
	}
	if (boot.prevented_by) {
		complain("the next boot does not load the module: %s", boot.prevented_by);
		code = ENDING_FAILED;
	}
	return code;
}

/**
 * change_keep() - make a change for the next boot
 * @change: the change
 *
 * Complains where that fails, or where something else has the last word.
 *
 * Return: how it ended.
 */
int change_keep(const struct change *change)
{
	if (options_keep(&change->options, change->kept))
		return failed_to_write(OPTIONS_FILE);
	if (change->load_file && write_load_file(change->load_file))
		return failed_to_write(LOAD_FILE);
	printf("kept for the next boot in %s%s\n", OPTIONS_FILE,
	       change->load_file > 0 ? "; " LOAD_FILE " loads the module" : "");
	return check_kept(change);
}

/**
 * change_may_keep() - may configuration be written?
 *
 * Complains where not.
 *
 * Return: how that ends.
 */
int change_may_keep(void)
{
	char full[PATH_MAX];

	path_of(full, "/etc");
	return access(full, W_OK) ? failed_to_write(OPTIONS_FILE) : ENDING_PROTECTED;
}

/* What was before */

static void this_boot(char id[64])
{
	read_word("/proc/sys/kernel/random/boot_id", id, 64);
}

static int note(const struct spg_policy *was, const struct change *change)
{
	struct option_values options;
	char *text = NULL, value[SPG_TEXT], id[64];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int setting, ret;

	if (!out)
		return -1;
	this_boot(id);
	options_kept(&options);
	fprintf(out, "# What was before the last change, for 'spliceguard undo'.\nboot %s\n", id);
	for (setting = 0; setting < SETTINGS; setting++) {
		if (change->live & 1u << setting)
			fprintf(out, "live %s %s\n", setting_option(setting),
				setting_text(setting, was, value));
		if (change->kept & 1u << setting && options.value[setting])
			fprintf(out, "kept %s %s\n", setting_option(setting),
				options.value[setting]);
		else if (change->kept & 1u << setting)
			fprintf(out, "absent %s -\n", setting_option(setting));
	}
	if (change->load_file)
		fprintf(out, "load-file %d\n", -change->load_file);
	fclose(out);
	ret = make_directory("/var/lib/spliceguard");
	if (!ret)
		ret = replace_file(HISTORY, text);
	free(text);
	return ret;
}

static bool read_history_line(struct change *change, char *line)
{
	char *kind = strsep(&line, " "), *name = strsep(&line, " ");
	enum setting setting;

	if (!line || !setting_named(name, strlen(name), &setting))
		return false;
	if (!strcmp(kind, "live")) {
		change->live |= 1u << setting;
		return !setting_parse(setting, line, &change->policy);
	}
	change->kept |= 1u << setting;
	if (!strcmp(kind, "kept"))
		change->options.value[setting] = strdup(line);
	return !strcmp(kind, "kept") || !strcmp(kind, "absent");
}

/**
 * change_last() - what takes the last change back
 * @change: takes it
 *
 * What was in force at another boot is not put in force any more, unless it was kept, too.
 *
 * Return: 0; -1 where there is nothing to be undone, with errno EACCES where one may not know, and
 * ESTALE where it ended with its boot.
 */
int change_last(struct change *change)
{
	char *text = read_text(HISTORY), *rest = text, *line, id[64];
	bool other_boot = false;

	memset(change, 0, sizeof(*change));
	if (!text)
		return -1;
	this_boot(id);
	while ((line = next_line(&rest))) {
		if (!strncmp(line, "boot ", 5)) {
			other_boot = strcmp(line + 5, id);
		} else if (!strncmp(line, "load-file ", 10)) {
			change->load_file = atoi(line + 10);
		} else if (*line != '#' && !read_history_line(change, line)) {
			errno = EINVAL;
			return -1;
		}
	}
	free(text);
	if (other_boot && !change->kept) {
		errno = ESTALE;
		return -1;
	}
	return 0;
}

/**
 * change_make() - make a change, and say what it changes
 * @change: the change; @live none where the module is not loaded
 *
 * Return: how it ended.
 */
int change_make(const struct change *change)
{
	struct module module;
	int code;

	module_look(&module);
	code = change->kept ? change_may_keep() : ENDING_PROTECTED;
	if (!code)
		code = put_in_force(&module.policy, change);
	if (code)
		return code;
	if (note(&module.policy, change))
		complain("this cannot be undone: %s cannot be written: %s", HISTORY,
			 strerror(errno));
	say_live(&module.policy, change);
	return change->kept ? change_keep(change) : ENDING_PROTECTED;
}
