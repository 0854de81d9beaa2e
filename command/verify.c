// SPDX-License-Identifier: GPL-2.0-only
/*
 * spliceguard verify: is the machine what its configuration says? For the unit that guards a boot,
 * and for whoever looks after many machines. One line a reason.
 */
#include <string.h>
#include "boot.h"
#include "command.h"
#include "module.h"
#include "settings.h"

static void check_settings(const struct module *module, const struct boot *boot,
			   struct list *reasons)
{
	char is[SPG_TEXT + 2], wanted[SPG_TEXT + 2];
	int setting;

	for (setting = 0; setting < SETTINGS; setting++)
		if (setting_loosens(setting, &boot->policy, &module->policy))
			list_add(reasons, "kernel.%s is %s, and %s is configured (%s)",
				 setting_knob(setting),
				 setting_quoted(setting, &module->policy, is),
				 setting_quoted(setting, &boot->policy, wanted),
				 boot->origin[setting] ? boot->origin[setting] : "the default");
}

static void check_loaded(const struct module *module, const char *installed, struct list *reasons)
{
	int i;

	for (i = 0; i < module->hook_count; i++)
		if (!strcmp(module->hooks[i].state, "failed"))
			list_add(reasons, "the hook of %s is not in place",
				 module->hooks[i].function);
	if (!module->hook_count)
		list_add(reasons, "the module does not tell which hooks are in place");
	if (!*installed)
		list_add(reasons, "no module is installed for this kernel: the one that is loaded will be gone after the next boot; see 'dkms status'");
	else if (strcmp(installed, module->version))
		list_add(reasons, "version %s is loaded, and %s is installed: 'modprobe -r spliceguard && modprobe spliceguard', or reboot",
			 module->version, installed);
}

static void check_not_loaded(const struct boot *boot, const char *installed, struct list *reasons)
{
	if (!*installed)
		list_add(reasons, "the module is not loaded: none is installed for this kernel; see 'dkms status'");
	else if (boot->prevented_by)
		list_add(reasons, "the module is not loaded: %s", boot->prevented_by);
	else if (!boot->loaded_by)
		list_add(reasons, "the module is not loaded: nothing loads it at boot");
	else
		list_add(reasons, "the module is not loaded; 'modprobe spliceguard' loads it, or 'dmesg' tells why not");
}

static int run_verify(int argc, char **argv)
{
	struct list reasons = { NULL, 0 };
	struct module module;
	struct boot boot;
	char installed[32], text[SPG_TEXT + 2];
	int code = no_arguments(argc, argv);
	size_t i;

	if (code)
		return code;
	module_look(&module);
	boot_look(&boot);
	module_installed_version(installed);
	if (module.loaded) {
		check_settings(&module, &boot, &reasons);
		check_loaded(&module, installed, &reasons);
	} else {
		check_not_loaded(&boot, installed, &reasons);
	}
	for (i = 0; i < boot.problems.count; i++)
		list_add(&reasons, "%s", boot.problems.items[i]);
	for (i = 0; i < reasons.count; i++)
		printf("%s\n", reasons.items[i]);
	if (!module.loaded)
		return ENDING_NOT_LOADED;
	if (reasons.count)
		return ENDING_NOT_PROTECTED;
	printf("as configured: kernel.splice_mode is %s, %d hooks are in place\n",
	       setting_quoted(MODE, &module.policy, text), module_hooks_in(&module, "active"));
	return ENDING_PROTECTED;
}

const struct command verify_command = {
	.name = "verify",
	.arguments = "",
	.summary = "check that what is in force is what is configured, for scripts and boot",
	.help =
	"Compares what is in force with what the configuration says (modprobe.d, the kernel's command line,\n"
	"sysctl.d), the version that is loaded with the one that is installed, and proves the hooks. Prints a\n"
	"line for each thing that is wrong. What is in force may be stricter than what is configured.\n"
	"\n"
	"Exit code 0: as configured; 1: not; 3: the module is not loaded. Needs no privilege.\n"
	"\n"
	"Where the configuration says 'off', a machine that is off is as configured: 'spliceguard status' tells\n"
	"whether it is protected.\n",
	.run = run_verify,
};
