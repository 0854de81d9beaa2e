// SPDX-License-Identifier: GPL-2.0-only
/*
 * spliceguard undo: back to before the last `set`; twice is where one was.
 */
#include <errno.h>
#include <string.h>
#include "change.h"
#include "command.h"
#include "module.h"

/* What the lock does not let be undone now is left out; whether there is any. */
static bool drop_locked(const struct module *module, struct change *change)
{
	char text[SPG_TEXT + 2];
	bool any = false;
	int setting;

	for (setting = 0; setting < SETTINGS; setting++) {
		if (!(change->live & 1u << setting) || !module->policy.locked ||
		    !setting_loosens(setting, &module->policy, &change->policy))
			continue;
		complain("kernel.%s is locked until reboot, and stays %s", setting_knob(setting),
			 setting_quoted(setting, &module->policy, text));
		change->live &= ~(1u << setting);
		any = true;
	}
	return any;
}

static int run_undo(int argc, char **argv)
{
	struct module module;
	struct change change;
	int code = no_arguments(argc, argv);
	bool locked;

	if (code)
		return code;
	if (change_last(&change)) {
		if (errno == ESTALE)
			complain("the last 'spliceguard set' was not kept, and ended with its boot");
		else if (errno == ENOENT)
			complain("there is nothing to undo: 'spliceguard set' has not been used");
		else
			complain("what the last 'spliceguard set' changed cannot be read: %s",
				 strerror(errno));
		return ENDING_FAILED;
	}
	module_look(&module);
	if (!module.loaded) {
		change.live = 0;
		if (!change.kept)
			return not_loaded();
	}
	locked = drop_locked(&module, &change);
	if (locked && !change.live && !change.kept)
		return ENDING_FAILED;
	code = change_make(&change);
	return code ? code : locked ? ENDING_FAILED : ENDING_PROTECTED;
}

const struct command undo_command = {
	.name = "undo",
	.arguments = "",
	.summary = "go back to before the last 'set', now and for the next boot",
	.help =
	"Takes back what the last 'spliceguard set' changed: what was in force is in force again, and with\n"
	"--persist, what was kept for the next boot is kept again. Undo again to get the change back.\n"
	"What is locked stays, and is named.\n"
	"\n"
	"Needs root.\n",
	.run = run_undo,
};
