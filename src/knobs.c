// SPDX-License-Identifier: GPL-2.0-only
/*
 * Knobs: parse what an administrator writes, and put it in force.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <linux/uidgid.h>
#include "compat.h"
#include "hooks.h"
#include "knobs.h"
#include "live.h"

/* No legal text is longer, whatever its blanks. */
#define TEXT_MAX 256

static struct ctl_table_header *header;

static int show_text(char *text, void *buffer, size_t *lenp, loff_t *ppos)
{
	struct ctl_table table = { .data = text, .maxlen = strlen(text) + 1 };

	return proc_dostring(&table, 0, buffer, lenp, ppos);
}

static int change_mode(const char *text, size_t len)
{
	char before[SPG_POLICY_TEXT], after[SPG_POLICY_TEXT];
	struct spg_policy policy;
	int err;

	err = spg_policy_parse(text, len, &policy);
	if (err)
		return err;
	spg_policy_format((struct spg_policy){READ_ONCE(spg_live.modes)}, before, sizeof(before));
	spg_policy_format(policy, after, sizeof(after));
	err = spg_live_change(policy);
	if (err)
		pr_err("splice_mode stays '%s': '%s' failed with error %d\n", before, after, err);
	else if (strcmp(before, after))
		pr_info("splice_mode: '%s' -> '%s' by %s[%d] uid %u\n", before, after,
			current->comm, task_pid_nr(current),
			from_kuid(&init_user_ns, current_uid()));
	return err;
}

static int mode_handler(spg_ctl_table *table, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	char text[SPG_POLICY_TEXT];
	int err;

	if (!write) {
		spg_policy_format((struct spg_policy){READ_ONCE(spg_live.modes)}, text,
				  sizeof(text));
		return show_text(text, buffer, lenp, ppos);
	}
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	/* A word in two writes would be two words. */
	if (*ppos || *lenp > TEXT_MAX)
		return -EINVAL;
	err = change_mode(buffer, *lenp);
	if (!err)
		*ppos += *lenp;
	return err;
}

static int available_handler(spg_ctl_table *table, int write, void *buffer, size_t *lenp,
			     loff_t *ppos)
{
	char text[SPG_POLICY_TEXT] = "";
	int mode;

	for (mode = SPG_OFF; mode < SPG_MODES; mode++) {
		if (spg_hooks_missing(spg_policy_uniform(mode)))
			continue;
		if (*text)
			strcat(text, " ");
		strcat(text, spg_mode_name(mode));
	}
	return show_text(text, buffer, lenp, ppos);
}

static struct ctl_table knobs[] = {
	{
		.procname = "splice_mode",
		.mode = 0644,
		.proc_handler = mode_handler,
	},
	{
		.procname = "splice_mode_available",
		.mode = 0444,
		.proc_handler = available_handler,
	},
	SPG_CTL_TABLE_END
};

/**
 * spg_knobs_init() - make the knobs
 *
 * Sleeps.
 *
 * Return: 0, or -ENOMEM.
 */
int spg_knobs_init(void)
{
	header = register_sysctl("kernel", knobs);
	return header ? 0 : -ENOMEM;
}

/**
 * spg_knobs_exit() - remove the knobs
 *
 * Waits for those who are reading or writing them. Sleeps.
 */
void spg_knobs_exit(void)
{
	unregister_sysctl_table(header);
}
