// SPDX-License-Identifier: GPL-2.0-only
/*
 * spliceguard lock: the one change that cannot be taken back, so it asks first.
 */
#include <string.h>
#include <unistd.h>
#include "change.h"
#include "command.h"
#include "module.h"

static bool confirmed(const struct spg_policy *policy)
{
	char mode[SPG_TEXT + 2], trust[SPG_TEXT + 2], group[SPG_TEXT + 2], answer[16] = "";

	printf("Mode %s, trust %s and group %s: until the next boot none of them can be loosened, nor the module\n"
	       "unloaded, by anybody. Tightening stays possible.\n"
	       "Lock? [y/N] ", setting_quoted(MODE, policy, mode),
	       setting_quoted(TRUST, policy, trust), setting_quoted(GROUP, policy, group));
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		printf("\n");
	return !strcmp(answer, "y\n") || !strcmp(answer, "yes\n");
}

static int lock_now(const struct spg_policy *from, const struct spg_policy *to)
{
	int code;

	if (from->locked) {
		printf("it is locked already\n");
		return ENDING_PROTECTED;
	}
	code = change_live(LOCKED, from, to);
	if (!code)
		printf("locked until the next boot\n");
	return code;
}

static int run_lock(int argc, char **argv)
{
	static const struct option options[] = {
		{ "yes", no_argument, NULL, 'y' },
		{ "persist", no_argument, NULL, 'p' },
		LAST_OPTIONS
	};
	struct change change = { .options.value[LOCKED] = "1" };
	struct module module;
	bool yes = false;
	int letter, code;

	while ((letter = next_option(argc, argv, "hyp", options)) != -1) {
		yes |= letter == 'y';
		if (letter == 'p')
			change.kept = 1u << LOCKED;
	}
	if (optind < argc)
		return misused("'%s' is too much", argv[optind]);
	module_look(&module);
	if (!module.loaded)
		return not_loaded();
	if (!yes && !module.policy.locked) {
		if (!isatty(STDIN_FILENO))
			return misused("nobody is there to confirm it: say 'spliceguard lock --yes'");
		if (!confirmed(&module.policy)) {
			printf("not locked\n");
			return ENDING_FAILED;
		}
	}
	change.policy = module.policy;
	change.policy.locked = true;
	code = lock_now(&module.policy, &change.policy);
	return code || !change.kept ? code : change_keep(&change);
}

const struct command lock_command = {
	.name = "lock",
	.arguments = "[--yes] [--persist]",
	.summary = "let nothing be loosened until the next boot",
	.help =
	"Sets kernel.splice_mode_locked. From then on no mode, trust or group can be loosened and the module\n"
	"cannot be unloaded, whoever asks, until the machine boots. Asks first on a terminal.\n"
	"\n"
	"  -y, --yes       do not ask\n"
	"  -p, --persist   and lock at each boot, as soon as the module is loaded\n"
	"\n"
	"Needs root.\n"
	"\n"
	"Example:\n"
	"  spliceguard set degrade --persist && spliceguard lock\n",
	.run = run_lock,
};
