// SPDX-License-Identifier: GPL-2.0-only
/*
 * spliceguard status: all that there is to know, for people and as JSON.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <string.h>
#include <sys/utsname.h>
#include "boot.h"
#include "command.h"
#include "json.h"
#include "module.h"
#include "settings.h"
#include "text.h"

struct status {
	struct utsname kernel;
	struct module module;
	struct boot boot;
	struct list weaknesses;
	char installed[32];
};

static void look(struct status *status)
{
	uname(&status->kernel);
	module_look(&status->module);
	boot_look(&status->boot);
	module_weaknesses(&status->module, &status->weaknesses);
	module_installed_version(status->installed);
}

static int ending(const struct status *status)
{
	if (!status->module.loaded)
		return ENDING_NOT_LOADED;
	return status->weaknesses.count ? ENDING_NOT_PROTECTED : ENDING_PROTECTED;
}

/* As text */

static void print_heading(const struct status *status)
{
	bool protected = ending(status) == ENDING_PROTECTED;
	size_t i;

	if (status->module.loaded)
		printf("spliceguard %s", status->module.version);
	else
		printf("spliceguard");
	printf(" on Linux %s: %s%s%s\n", status->kernel.release, coloured(protected ? GREEN : RED),
	       protected ? "protected" : "not protected", coloured(PLAIN));
	for (i = 0; i < status->weaknesses.count; i++)
		printf("  because %s\n", status->weaknesses.items[i]);
}

static void print_policy(const struct module *module)
{
	struct table table = { .columns = 2 };
	int failed = module_hooks_in(module, "failed"), setting;
	char text[SPG_TEXT];

	for (setting = 0; setting < SETTINGS; setting++) {
		table_cell(&table, PLAIN, "%s", setting_option(setting));
		table_cell(&table, PLAIN, "%s", setting_words(setting, &module->policy, text));
	}
	table_cell(&table, PLAIN, "hooks");
	table_cell(&table, failed ? RED : PLAIN,
		   "%d active, which have been seen to fire just now; %d not needed; %d failed",
		   module_hooks_in(module, "active"),
		   module_hooks_in(module, "idle") + module_hooks_in(module, "missing"), failed);
	printf("\n");
	table_print(&table, stdout, "  ", 0, 0);
}

static void print_counters(const struct module *module)
{
	static const char *const titles[] = {
		"OPERATION", "MODE", "COPIED", "BYTES COPIED", "REFUSED", "TRUSTED", "PASSED"
	};
	struct table table = { .columns = 7, .right = 0x7c };
	char text[16];
	size_t i;
	int op;

	for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		table_cell(&table, PLAIN, "%s", titles[i]);
	for (op = 0; op < SPG_OPS; op++) {
		const unsigned long long *counters = module->counters[op];
		enum spg_mode mode = spg_policy_mode(&module->policy, op);

		table_cell(&table, PLAIN, "%s", spg_op_name(op));
		table_cell(&table, mode < SPG_DEGRADE ? RED : GREEN, "%s", spg_mode_name(mode));
		table_cell(&table, PLAIN, "%llu", counters[COPIED]);
		table_cell(&table, PLAIN, "%s", bytes_text(counters[BYTES_COPIED], text));
		table_cell(&table, PLAIN, "%llu", counters[REFUSED]);
		table_cell(&table, PLAIN, "%llu", counters[TRUSTED]);
		table_cell(&table, PLAIN, "%llu", counters[PASSED]);
	}
	printf("\n");
	table_print(&table, stdout, "  ", 0, 0);
}

/* One row: what, its value, and where that is from or what else there is to say. */
static void boot_row(struct table *table, const char *what, enum colour colour, const char *value,
		     const char *remark)
{
	table_cell(table, PLAIN, "%s", what);
	table_cell(table, colour, "%s", value);
	table_cell(table, PLAIN, "%s", remark);
}

static void add_loading(struct table *table, const struct boot *boot)
{
	if (boot->prevented_by)
		boot_row(table, "loaded", RED, "no", boot->prevented_by);
	else if (boot->loaded_by)
		boot_row(table, "loaded", PLAIN, "yes", boot->loaded_by);
	else
		boot_row(table, "loaded", RED, "no",
			 "nothing does that; 'spliceguard set --persist' makes a file that does");
}

static void add_installed(struct table *table, const struct status *status)
{
	if (!*status->installed)
		boot_row(table, "version", RED, "none",
			 "no module is installed for this kernel; see 'dkms status'");
	else if (status->module.loaded && strcmp(status->installed, status->module.version))
		boot_row(table, "version", YELLOW, status->installed,
			 "another one than is loaded; 'modprobe -r spliceguard && modprobe spliceguard'");
	else
		boot_row(table, "version", PLAIN, status->installed, "");
}

static void print_boot(const struct status *status)
{
	const struct boot *boot = &status->boot;
	struct table table = { .columns = 3 };
	char text[SPG_TEXT];
	size_t i;
	int s;

	add_loading(&table, boot);
	add_installed(&table, status);
	for (s = 0; s < SETTINGS; s++) {
		bool differs = status->module.loaded &&
			       !setting_equal(s, &boot->policy, &status->module.policy);

		boot_row(&table, setting_option(s), differs ? YELLOW : PLAIN,
			 setting_words(s, &boot->policy, text),
			 boot->origin[s] ? boot->origin[s] : "by default");
	}
	printf("\nAt the next boot\n");
	table_print(&table, stdout, "  ", 0, 0);
	for (i = 0; i < boot->problems.count; i++)
		printf("  %sbut%s %s\n", coloured(YELLOW), coloured(PLAIN),
		       boot->problems.items[i]);
}

static void print_text(const struct status *status)
{
	use_colour(stdout);
	print_heading(status);
	if (status->module.loaded) {
		print_policy(&status->module);
		print_counters(&status->module);
	}
	print_boot(status);
}

/* As JSON */

static void json_words(const char *key, char *text)
{
	char *word;

	json_open(key, '[');
	while ((word = strsep(&text, " ")))
		if (*word)
			json_string(NULL, word);
	json_close(']');
}

static void json_policy(const struct spg_policy *policy)
{
	char text[SPG_TEXT];
	int op;

	json_string("mode", setting_text(MODE, policy, text));
	json_open("modes", '{');
	for (op = 0; op < SPG_OPS; op++)
		json_string(spg_op_name(op), spg_mode_name(spg_policy_mode(policy, op)));
	json_close('}');
	setting_text(TRUST, policy, text);
	json_words("trust", text);
	if (policy->group == SPG_NO_GROUP)
		json_string("group", NULL);
	else
		json_number("group", policy->group);
	json_bool("locked", policy->locked);
}

static void json_list(const char *key, const struct list *list)
{
	size_t i;

	json_open(key, '[');
	for (i = 0; i < list->count; i++)
		json_string(NULL, list->items[i]);
	json_close(']');
}

static void json_module(struct module *module)
{
	int op, counter, i;

	json_open("live", '{');
	json_words("modes_available", module->available);
	json_policy(&module->policy);
	json_open("hooks", '{');
	for (i = 0; i < module->hook_count; i++)
		json_string(module->hooks[i].function, module->hooks[i].state);
	json_close('}');
	json_open("counters", '{');
	for (op = 0; op < SPG_OPS; op++) {
		json_open(spg_op_name(op), '{');
		for (counter = 0; counter < COUNTERS; counter++)
			json_number(counter_name(counter), module->counters[op][counter]);
		json_close('}');
	}
	json_close('}');
	json_close('}');
}

static void json_boot(const struct status *status)
{
	const struct boot *boot = &status->boot;
	bool same = true;
	int s;

	json_open("boot", '{');
	json_bool("loaded", boot->loaded_by && !boot->prevented_by);
	json_string("loaded_by", boot->loaded_by);
	json_string("prevented_by", boot->prevented_by);
	json_policy(&boot->policy);
	json_open("origin", '{');
	for (s = 0; s < SETTINGS; s++) {
		json_string(setting_option(s), boot->origin[s]);
		same &= setting_equal(s, &boot->policy, &status->module.policy);
	}
	json_close('}');
	if (status->module.loaded)
		json_bool("same_as_live", same);
	json_list("problems", &boot->problems);
	json_close('}');
}

static void print_json(struct status *status)
{
	json_open(NULL, '{');
	json_bool("loaded", status->module.loaded);
	json_bool("protected", ending(status) == ENDING_PROTECTED);
	json_list("reasons", &status->weaknesses);
	json_string("kernel", status->kernel.release);
	json_string("version", status->module.loaded ? status->module.version : NULL);
	json_string("installed_version", *status->installed ? status->installed : NULL);
	if (status->module.loaded)
		json_module(&status->module);
	json_boot(status);
	json_close('}');
}

static int run_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		LAST_OPTIONS
	};
	struct status status = { 0 };
	bool json = false;
	int letter;

	while ((letter = next_option(argc, argv, "hj", options)) != -1)
		json |= letter == 'j';
	if (optind < argc)
		return misused("'%s' is too much", argv[optind]);
	look(&status);
	if (json)
		print_json(&status);
	else
		print_text(&status);
	return ending(&status);
}

const struct command status_command = {
	.name = "status",
	.arguments = "[--json]",
	.summary = "what is in force, whether it is in place, and what the next boot brings",
	.help =
	"Shows the mode of each operation, trust, group and lock, the hooks, each of which is proven to\n"
	"fire at that moment, the counters, and what the configuration makes of the next boot.\n"
	"Needs no privilege.\n"
	"\n"
	"  -j, --json   the same for programs\n"
	"\n"
	"Protected (exit code 0) is a kernel where every operation is in degrade or block and no hook has\n"
	"failed. What splice_trust and splice_group admit is a choice, but for 'quiescent', which admits all.\n"
	"\n"
	"Examples:\n"
	"  spliceguard status\n"
	"  spliceguard status --json | jq -r .live.mode\n",
	.run = run_status,
};
