// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking at the module; see module.h. Nothing of this needs a privilege.
 */
#include <stdlib.h>
#include <string.h>
#include "module.h"
#include "settings.h"

/**
 * module_is_loaded() - is the module there?
 *
 * Return: whether it is, and has its knobs.
 */
bool module_is_loaded(void)
{
	return file_exists("/proc/sys/kernel/splice_mode");
}

/**
 * counter_name() - what a counter is called
 * @counter: the counter
 *
 * Return: the name of its file.
 */
const char *counter_name(enum counter counter)
{
	static const char *const names[COUNTERS] = {
		[COPIED] = "copied",
		[REFUSED] = "refused",
		[TRUSTED] = "trusted",
		[PASSED] = "passed",
		[BYTES_COPIED] = "bytes_copied",
	};

	return names[counter];
}

static void look_at_counters(struct module *module)
{
	char path[128], text[32];
	int op, counter;

	for (op = 0; op < SPG_OPS; op++) {
		for (counter = 0; counter < COUNTERS; counter++) {
			snprintf(path, sizeof(path), "/sys/kernel/spliceguard/%s/%s",
				 spg_op_name(op), counter_name(counter));
			read_word(path, text, sizeof(text));
			module->counters[op][counter] = strtoull(text, NULL, 10);
		}
	}
}

static void look_at_hooks(struct module *module)
{
	char *text = read_text("/sys/kernel/spliceguard/hooks"), *rest = text, *line;
	int room = sizeof(module->hooks) / sizeof(module->hooks[0]);

	while (text && module->hook_count < room && (line = next_line(&rest))) {
		struct hook *hook = &module->hooks[module->hook_count];

		if (sscanf(line, "%63s %15s", hook->function, hook->state) == 2)
			module->hook_count++;
	}
	free(text);
}

/**
 * module_look() - look at the module
 * @module: takes what is seen
 */
void module_look(struct module *module)
{
	int setting;

	memset(module, 0, sizeof(*module));
	module->policy.group = SPG_NO_GROUP;
	if (!module_is_loaded())
		return;
	module->loaded = true;
	for (setting = 0; setting < SETTINGS; setting++)
		setting_read(setting, &module->policy);
	read_word("/sys/module/spliceguard/version", module->version, sizeof(module->version));
	read_word("/proc/sys/kernel/splice_mode_available", module->available,
		  sizeof(module->available));
	look_at_hooks(module);
	look_at_counters(module);
}

/**
 * module_hooks_in() - how many hooks are in a state
 * @module: the module
 * @state: "active", "idle", "missing" or "failed"
 *
 * Return: how many.
 */
int module_hooks_in(const struct module *module, const char *state)
{
	int i, count = 0;

	for (i = 0; i < module->hook_count; i++)
		count += !strcmp(module->hooks[i].state, state);
	return count;
}

static void lax_modes(const struct module *module, struct list *reasons)
{
	int mode, op;

	for (mode = SPG_OFF; mode < SPG_DEGRADE; mode++) {
		char ops[64] = "";
		int count = 0;

		for (op = 0; op < SPG_OPS; op++) {
			if ((int)spg_policy_mode(&module->policy, op) != mode)
				continue;
			strcat(ops, count++ ? ", " : "");
			strcat(ops, spg_op_name(op));
		}
		if (count == SPG_OPS)
			list_add(reasons, "the mode is '%s'", spg_mode_name(mode));
		else if (count)
			list_add(reasons, "the mode of %s is '%s'", ops, spg_mode_name(mode));
	}
}

/**
 * module_weaknesses() - why the running kernel is not protected
 * @module: the module
 * @reasons: takes the reasons, none where it is
 *
 * What is trusted is the administrator's choice, and no reason, but for "quiescent", which lets
 * every reader of a file share its pages.
 */
void module_weaknesses(const struct module *module, struct list *reasons)
{
	int i;

	if (!module->loaded) {
		list_add(reasons, "the module is not loaded");
		return;
	}
	lax_modes(module, reasons);
	if (module->policy.words & SPG_QUIESCENT)
		list_add(reasons, "splice_trust has 'quiescent', so whoever can read a file shares its pages");
	if (!module->hook_count)
		list_add(reasons, "the module does not tell which hooks are in place");
	for (i = 0; i < module->hook_count; i++)
		if (!strcmp(module->hooks[i].state, "failed"))
			list_add(reasons, "the hook of %s is not in place; see 'dmesg | grep spliceguard'",
				 module->hooks[i].function);
}

/**
 * module_installed_version() - the version that would be loaded on this kernel
 * @version: takes it
 *
 * Return: whether there is one.
 */
bool module_installed_version(char version[32])
{
	char *argv[8] = { "modinfo", "-F", "version", "spliceguard" };
	FILE *from;
	int pid;

	*version = 0;
	if (*root) {
		argv[4] = "-b";
		argv[5] = (char *)root;
	}
	from = start_program(argv, &pid);
	if (!from)
		return false;
	if (fgets(version, 32, from))
		version[strcspn(version, "\n")] = 0;
	return !end_program(from, pid) && *version;
}
