// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the configuration says. In the order in which a boot reads it: modules-load.d has the module
 * loaded, with the options of modprobe.d and of the kernel's command line, and then the settings of
 * sysctl.d come. Nothing of this needs a privilege.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include "boot.h"
#include "options.h"

static char *trimmed(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = 0;
	return text;
}

/* modules-load.d */

static void look_at_load_files(struct boot *boot)
{
	struct list files = configuration_files("modules-load.d");
	size_t i;

	for (i = 0; i < files.count; i++) {
		char *text = read_text(files.items[i]), *rest = text, *line;

		while (text && (line = next_line(&rest)))
			if (!strcmp(trimmed(line), "spliceguard") && !boot->loaded_by)
				boot->loaded_by = strdup(files.items[i]);
		free(text);
	}
}

/* modprobe.d, and the kernel's command line */

static void take_option(struct boot *boot, const char *name, const char *value)
{
	enum setting setting;

	if (!setting_named(name, strlen(name), &setting))
		list_add(&boot->problems, "the module has no option '%s', and ignores it", name);
	else if (!value || setting_parse(setting, value, &boot->policy))
		list_add(&boot->problems, "the module refuses to be loaded with the option %s=\"%s\"",
			 name, value ? value : "");
}

static bool begins_with(const char *line, const char *word, char **rest)
{
	size_t len = strlen(word);

	if (strncmp(line, word, len) || (line[len] && !isspace((unsigned char)line[len])))
		return false;
	*rest = trimmed((char *)line + len);
	return true;
}

static void take_modprobe_line(struct boot *boot, char *line)
{
	char *rest = options_of_line(line), *name, *value;

	while (rest && (name = next_option_word(&rest, &value)))
		take_option(boot, name, value);
	if (begins_with(line, "blacklist", &rest) && !strcmp(rest, "spliceguard"))
		boot->prevented_by = "it is on modprobe's blacklist";
	if (begins_with(line, "install", &rest) && begins_with(rest, "spliceguard", &rest))
		boot->prevented_by = "modprobe.d has a command that is run instead of loading it";
}

/* kmod knows best which files count, in which order, and what the kernel's command line has. */
static void look_at_options(struct boot *boot)
{
	static const char *const above[] = {
		"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"
	};
	char directories[5][PATH_MAX], *argv[16] = { "modprobe", "-c" };
	char *line = NULL, path[64];
	size_t size = 0, i;
	int pid, code;
	FILE *from;

	for (i = 0; *root && i < 5; i++) {
		snprintf(path, sizeof(path), "%s/modprobe.d", above[i]);
		path_of(directories[i], path);
		argv[2 + 2 * i] = "-C";
		argv[3 + 2 * i] = directories[i];
	}
	from = start_program(argv, &pid);
	/* A long list of all modules' other names follows. */
	while (from && getline(&line, &size, from) > 0 && strncmp(line, "# End of config", 15)) {
		line[strcspn(line, "\n")] = 0;
		take_modprobe_line(boot, line);
	}
	free(line);
	code = from ? end_program(from, pid) : 127;
	if (code == 127)
		list_add(&boot->problems, "what modprobe.d says is not known: there is no modprobe");
}

/* Where options are from, which modprobe does not tell. The last one counts. */
static void note_origin(struct boot *boot, char *options, const char *where)
{
	enum setting setting;
	char *name, *value;

	while ((name = next_option_word(&options, &value)))
		if (setting_named(name, strlen(name), &setting))
			boot->origin[setting] = strdup(where);
}

static void look_for_origins(struct boot *boot)
{
	struct list files = configuration_files("modprobe.d");
	char *text, *rest, *line, *options, *value;
	size_t i;

	for (i = 0; i < files.count; i++) {
		text = read_text(files.items[i]);
		rest = text;
		while (text && (line = next_logical_line(&rest))) {
			options = options_of_line(line);
			if (options)
				note_origin(boot, options, files.items[i]);
		}
		free(text);
	}
	text = read_text("/proc/cmdline");
	rest = text;
	while (text && (line = next_option_word(&rest, &value)))
		if (!strncmp(line, "spliceguard.", 12))
			note_origin(boot, line + 12, "the kernel's command line");
	free(text);
}

/* sysctl.d */

/**
 * struct line - a line of sysctl.d that sets one of ours
 * @text: the value, or NULL
 * @where: its file and line
 * @order: when it comes
 */
struct line {
	const char *text;
	char *where;
	unsigned int order;
};

/*
 * Names are parted by dots or by slashes, whichever comes first; the other one is then part of a
 * name (sysctl.d(5)).
 */
static void normalise(char *key)
{
	char *c = key + strcspn(key, "./");

	if (*c != '.')
		return;
	for (; *c; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
}

/* What is set by its own name goes before what a pattern matches, wherever either stands. */
static void take_sysctl(struct line exact[SETTINGS], struct line pattern[SETTINGS], char *key,
			const char *text, const char *where, unsigned int order)
{
	char name[64];
	int i;

	normalise(key);
	for (i = 0; i < SETTINGS; i++) {
		struct line line = { text ? strdup(text) : NULL, strdup(where), order };

		snprintf(name, sizeof(name), "kernel/%s", setting_knob(i));
		if (!strcmp(key, name))
			exact[i] = line;
		else if (text && !fnmatch(key, name, FNM_PATHNAME))
			pattern[i] = line;
	}
}

static void take_sysctl_line(struct line exact[SETTINGS], struct line pattern[SETTINGS], char *line,
			     const char *where, unsigned int order)
{
	char *equals = strchr(line, '=');
	char *key = trimmed(line);

	if (!*key || strchr("#;", *key))
		return;
	if (equals)
		*equals = 0;
	else if (*key != '-')
		return;
	/* A dash: an error does not matter; or, without a value, no pattern is to match. */
	if (*key == '-')
		key++;
	take_sysctl(exact, pattern, trimmed(key), equals ? trimmed(equals + 1) : NULL, where,
		    order);
}

/* Does systemd, or another init, read /etc/sysctl.conf, after all of sysctl.d? */
static bool reads_sysctl_conf(const struct list *files)
{
	char conf[PATH_MAX], other[PATH_MAX], full[PATH_MAX];
	size_t i;

	path_of(full, "/etc/sysctl.conf");
	/* systemd does so only where a link in sysctl.d leads there. */
	if (!realpath(full, conf) || file_exists("/run/systemd/system"))
		return false;
	for (i = 0; i < files->count; i++) {
		path_of(full, files->items[i]);
		if (realpath(full, other) && !strcmp(conf, other))
			return false;
	}
	return true;
}

static void read_sysctls(struct line exact[SETTINGS], struct line pattern[SETTINGS])
{
	struct list files = configuration_files("sysctl.d");
	char *text, *rest, *line, where[PATH_MAX + 16];
	unsigned int order = 0, number;
	size_t i;

	if (reads_sysctl_conf(&files))
		list_add(&files, "/etc/sysctl.conf");
	for (i = 0; i < files.count; i++) {
		text = read_text(files.items[i]);
		rest = text;
		for (number = 1; text && (line = next_line(&rest)); number++) {
			snprintf(where, sizeof(where), "%s:%u", files.items[i], number);
			take_sysctl_line(exact, pattern, line, where, order++);
		}
		free(text);
	}
}

static void apply_sysctl(struct boot *boot, enum setting setting, const struct line *line)
{
	struct spg_policy wanted = boot->policy;
	const char *why = NULL;

	if (setting_parse(setting, line->text, &wanted))
		why = "is not understood";
	else if (boot->policy.locked && spg_policy_loosens(&boot->policy, &wanted))
		why = "comes after the lock, and would loosen";
	if (why) {
		list_add(&boot->problems, "%s sets kernel.%s to '%s', which %s", line->where,
			 setting_knob(setting), line->text, why);
		return;
	}
	boot->policy = wanted;
	boot->origin[setting] = line->where;
}

static void look_at_sysctls(struct boot *boot)
{
	struct line exact[SETTINGS] = { { 0 } }, pattern[SETTINGS] = { { 0 } };
	int i, next;

	read_sysctls(exact, pattern);
	for (i = 0; i < SETTINGS; i++)
		if (!exact[i].where)
			exact[i] = pattern[i];
	do {
		next = SETTINGS;
		for (i = 0; i < SETTINGS; i++)
			if (exact[i].text &&
			    (next == SETTINGS || exact[i].order < exact[next].order))
				next = i;
		if (next < SETTINGS) {
			apply_sysctl(boot, next, &exact[next]);
			exact[next].text = NULL;
		}
	} while (next < SETTINGS);
}

/**
 * boot_look() - read the configuration
 * @boot: takes what it says
 */
void boot_look(struct boot *boot)
{
	*boot = (struct boot){ .policy = SPG_DEFAULT_POLICY };
	look_at_load_files(boot);
	look_at_options(boot);
	look_for_origins(boot);
	look_at_sysctls(boot);
}
