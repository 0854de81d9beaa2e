// SPDX-License-Identifier: GPL-2.0-only
/*
 * spliceguard set: what sysctl does, checked first, told in sentences, kept if wanted, and undone
 * if not.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include "boot.h"
#include "change.h"
#include "command.h"
#include "module.h"

/* "OP=MODE..." on its own changes these operations only. */
static int parse_single_modes(const char *words, struct spg_policy *policy)
{
	char text[SPG_TEXT + 8];
	struct spg_policy laxest = *policy, strictest = *policy;
	int op;

	snprintf(text, sizeof(text), "off %s", words);
	if (setting_parse(MODE, text, &laxest))
		return -1;
	snprintf(text, sizeof(text), "block %s", words);
	if (setting_parse(MODE, text, &strictest))
		return -1;
	/* Those that are named are the same in both. */
	for (op = 0; op < SPG_OPS; op++)
		if (spg_policy_mode(&laxest, op) == spg_policy_mode(&strictest, op))
			spg_policy_set_mode(policy, op, spg_policy_mode(&laxest, op));
	return 0;
}

static int parse_modes(int count, char **words, struct spg_policy *policy)
{
	char text[SPG_TEXT] = "";
	int i;

	for (i = 0; i < count; i++) {
		if (strlen(text) + strlen(words[i]) + 2 > sizeof(text))
			return -1;
		strcat(text, i ? " " : "");
		strcat(text, words[i]);
	}
	return strchr(words[0], '=') ? parse_single_modes(text, policy) :
		setting_parse(MODE, text, policy);
}

/* A gid, -1 or "none", or a name. */
static int parse_group(const char *text, struct spg_policy *policy)
{
	struct group *group;

	if (!strcmp(text, "none"))
		text = "-1";
	if (!setting_parse(GROUP, text, policy))
		return 0;
	group = getgrnam(text);
	if (!group)
		return -1;
	policy->group = group->gr_gid;
	return 0;
}

struct request {
	struct spg_policy policy;
	unsigned int given;	/* the settings on the command line, as a mask */
	bool persist;
};

static int parse(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
		{ "trust", required_argument, NULL, 't' },
		{ "group", required_argument, NULL, 'g' },
		{ "persist", no_argument, NULL, 'p' },
		LAST_OPTIONS
	};
	int letter;

	while ((letter = next_option(argc, argv, "ht:g:p", options)) != -1) {
		switch (letter) {
		case 't':
			if (setting_parse(TRUST, optarg, &request->policy))
				return misused("'%s' is no list of trust: words are writable, capable, quiescent, fs:NAME and net:NAME, each once; net: is one of tcp, udp, unix, vsock, sctp, mptcp, tls",
					       optarg);
			request->given |= 1u << TRUST;
			break;
		case 'g':
			if (parse_group(optarg, &request->policy))
				return misused("there is no group '%s'; 'none' is for none",
					       optarg);
			request->given |= 1u << GROUP;
			break;
		case 'p':
			request->persist = true;
			break;
		}
	}
	if (optind < argc) {
		if (parse_modes(argc - optind, argv + optind, &request->policy))
			return misused("this is no mode: off, log, degrade or block, then OP=MODE for single operations (splice, sendfile, tee, vmsplice, zerocopy), each once");
		request->given |= 1u << MODE;
	}
	if (!request->given && !request->persist)
		return misused("set what? As in 'spliceguard set degrade'");
	return 0;
}

/* Of settings that are in force, what is given is kept; if nothing is, all that is in force. */
static void plan_to_keep(const struct request *request, const struct boot *boot,
			 struct change *change)
{
	unsigned int which = request->given ? request->given : ALL_SETTINGS & ~(1u << LOCKED);
	char text[SPG_TEXT];
	int setting;

	for (setting = 0; setting < SETTINGS; setting++)
		if (which & 1u << setting)
			change->options.value[setting] =
				strdup(setting_text(setting, &request->policy, text));
	change->kept = which;
	change->load_file = !boot->loaded_by;
}

static int run_set(int argc, char **argv)
{
	struct change change = { .live = 0 };
	struct request request = { .given = 0 };
	struct module module;
	struct boot boot;
	int setting, code;

	module_look(&module);
	boot_look(&boot);
	request.policy = module.loaded ? module.policy : boot.policy;
	code = parse(argc, argv, &request);
	if (code)
		return code;
	if (!module.loaded && !request.persist)
		return not_loaded();
	change.policy = request.policy;
	for (setting = 0; module.loaded && setting < SETTINGS; setting++)
		if (!setting_equal(setting, &module.policy, &request.policy))
			change.live |= 1u << setting;
	if (request.persist)
		plan_to_keep(&request, &boot, &change);
	if (!change.live && !change.kept) {
		printf("nothing changes: this is in force already\n");
		return ENDING_PROTECTED;
	}
	if (!module.loaded)
		printf("the module is not loaded: this holds from the next time on that it is\n");
	return change_make(&change);
}

const struct command set_command = {
	.name = "set",
	.arguments = "[MODE] [OP=MODE]... [--trust LIST] [--group GROUP] [--persist]",
	.summary = "put a mode, trust or a group in force, and keep it for the next boot if wanted",
	.help =
	"MODE is what all operations do, off, log, degrade or block; OP=MODE is another one for a single\n"
	"operation: splice, sendfile, tee, vmsplice, zerocopy. OP=MODE without a MODE changes that operation\n"
	"alone. What is not named stays as it is. 'spliceguard undo' takes a change back.\n"
	"\n"
	"  -t, --trust LIST    who may keep zero-copy: any of writable, capable, quiescent, fs:NAME and\n"
	"                      net:NAME; '' for nobody\n"
	"  -g, --group GROUP   the group whose members do, by name or number; none for none\n"
	"  -p, --persist       keep it in /etc/modprobe.d/spliceguard.conf, too; with nothing else, keep what\n"
	"                      is in force now\n"
	"\n"
	"Needs root.\n"
	"\n"
	"Examples:\n"
	"  spliceguard set log                            as on stock, but counted\n"
	"  spliceguard set degrade vmsplice=block -p      now and at the next boot\n"
	"  spliceguard set sendfile=log                   that operation alone\n"
	"  spliceguard set --trust 'writable net:tcp fs:xfs' --group zerocopy\n",
	.run = run_set,
};
