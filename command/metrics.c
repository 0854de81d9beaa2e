// SPDX-License-Identifier: GPL-2.0-only
/*
 * spliceguard metrics: all that can be counted or compared, in the text format of Prometheus.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "boot.h"
#include "command.h"
#include "module.h"
#include "settings.h"

static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP spliceguard_%s %s\n", name, help);
	fprintf(out, "# TYPE spliceguard_%s %s\n", name, type);
}

static void gauge(FILE *out, const char *name, bool value, const char *help)
{
	family(out, name, "gauge", help);
	fprintf(out, "spliceguard_%s %d\n", name, value);
}

static void put_modes(FILE *out, const struct spg_policy *policy)
{
	int op, mode;

	family(out, "mode", "gauge", "The mode of each operation: 1 for the one that is in force.");
	for (op = 0; op < SPG_OPS; op++)
		for (mode = 0; mode < SPG_MODES; mode++)
			fprintf(out, "spliceguard_mode{operation=\"%s\",mode=\"%s\"} %d\n",
				spg_op_name(op), spg_mode_name(mode),
				(int)spg_policy_mode(policy, op) == mode);
}

static void put_hooks(FILE *out, const struct module *module)
{
	static const char *const states[] = { "active", "idle", "missing", "failed" };
	size_t i;

	family(out, "hooks", "gauge", "Hooks by state; those that are active have been seen to fire just now.");
	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		fprintf(out, "spliceguard_hooks{state=\"%s\"} %d\n", states[i],
			module_hooks_in(module, states[i]));
}

static void put_counters(FILE *out, const struct module *module)
{
	int op, counter;

	family(out, "calls_total", "counter", "Calls that share pages on a stock kernel, by what was done with them.");
	for (op = 0; op < SPG_OPS; op++)
		for (counter = COPIED; counter < BYTES_COPIED; counter++)
			fprintf(out, "spliceguard_calls_total{operation=\"%s\",verdict=\"%s\"} %llu\n",
				spg_op_name(op), counter_name(counter),
				module->counters[op][counter]);
	family(out, "copied_bytes_total", "counter", "Bytes that were copied instead of shared.");
	for (op = 0; op < SPG_OPS; op++)
		fprintf(out, "spliceguard_copied_bytes_total{operation=\"%s\"} %llu\n",
			spg_op_name(op), module->counters[op][BYTES_COPIED]);
}

static bool as_configured(const struct module *module)
{
	struct boot boot;

	boot_look(&boot);
	return module->loaded && !spg_policy_loosens(&boot.policy, &module->policy);
}

static void put_all(FILE *out)
{
	struct list weaknesses = { NULL, 0 };
	struct utsname kernel;
	struct module module;

	module_look(&module);
	module_weaknesses(&module, &weaknesses);
	uname(&kernel);
	gauge(out, "loaded", module.loaded, "Whether the module is loaded.");
	gauge(out, "protected", !weaknesses.count, "Whether every operation is degraded or blocked and no hook has failed.");
	gauge(out, "as_configured", as_configured(&module), "Whether nothing in force is looser than what is configured.");
	if (!module.loaded)
		return;
	family(out, "info", "gauge", "The version of the module, and the kernel that it runs in.");
	fprintf(out, "spliceguard_info{version=\"%s\",kernel=\"%s\"} 1\n", module.version,
		kernel.release);
	gauge(out, "locked", module.policy.locked, "Whether nothing can be loosened until the next boot.");
	gauge(out, "trusts", module.policy.words || module.policy.fs_count || module.policy.nets ||
	      module.policy.group != SPG_NO_GROUP, "Whether splice_trust or splice_group admits anything.");
	put_modes(out, &module.policy);
	put_hooks(out, &module);
	put_counters(out, &module);
}

static int run_metrics(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		LAST_OPTIONS
	};
	const char *output = NULL;
	char *text = NULL;
	size_t size;
	FILE *out;
	int letter;

	while ((letter = next_option(argc, argv, "ho:", options)) != -1)
		output = optarg;
	if (optind < argc)
		return misused("'%s' is too much", argv[optind]);
	if (!output) {
		put_all(stdout);
		return ENDING_PROTECTED;
	}
	out = open_memstream(&text, &size);
	if (!out)
		return ENDING_FAILED;
	put_all(out);
	fclose(out);
	if (replace_file(output, text)) {
		complain("%s cannot be written: %s", output, strerror(errno));
		return errno == EACCES || errno == EPERM ? ENDING_NO_PRIVILEGE : ENDING_FAILED;
	}
	return ENDING_PROTECTED;
}

const struct command metrics_command = {
	.name = "metrics",
	.arguments = "[--output FILE]",
	.summary = "counters and states in the text format of Prometheus",
	.help =
	"Prints metrics, also where the module is not loaded: spliceguard_loaded is 0 then, and the exit code\n"
	"0 all the same. Needs no privilege.\n"
	"\n"
	"  -o, --output FILE   write them to FILE, which is whole at every moment, as the textfile collector\n"
	"                      of node_exporter needs it\n"
	"\n"
	"Examples:\n"
	"  spliceguard metrics | promtool check metrics\n"
	"  spliceguard metrics -o /var/lib/prometheus/node-exporter/spliceguard.prom\n",
	.run = run_metrics,
};
