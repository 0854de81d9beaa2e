// SPDX-License-Identifier: GPL-2.0-only
/*
 * Knobs: parse what an administrator writes, and put it in force; and the module's parameters,
 * which say what is in force from the first moment on.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mount.h>
#include <linux/path.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include "compat.h"
#include "grammar.h"
#include "hooks.h"
#include "knobs.h"
#include "live.h"
#include "report.h"

/**
 * struct knob - one part of the policy, as text
 * @name: what the log calls it
 * @part: which part, SPG_PART_*
 * @parse: reads it
 * @format: writes it
 */
struct knob {
	const char *name;
	unsigned int part;
	int (*parse)(const char *text, size_t len, struct spg_policy *policy);
	int (*format)(const struct spg_policy *policy, char *text, size_t size);
};

static const struct knob mode_knob = {
	"splice_mode", SPG_PART_MODES, spg_parse_modes, spg_format_modes
};

static const struct knob trust_knob = {
	"splice_trust", SPG_PART_TRUST, spg_parse_trust, spg_format_trust
};

static const struct knob group_knob = {
	"splice_group", SPG_PART_GROUP, spg_parse_group, spg_format_group
};

static const struct knob locked_knob = {
	"splice_mode_locked", SPG_PART_LOCKED, spg_parse_locked, spg_format_locked
};

/* The module's parameters */

/* What the parameters say, until it is in force; then what they said. */
struct spg_policy spg_boot_policy = SPG_DEFAULT_POLICY;

static int set_parameter(const char *text, const struct kernel_param *param)
{
	const struct knob *knob = param->arg;
	size_t len = strlen(text);

	return len < SPG_TEXT ? knob->parse(text, len, &spg_boot_policy) : -EINVAL;
}

static int get_parameter(char *text, const struct kernel_param *param)
{
	const struct knob *knob = param->arg;
	int n = knob->format(&spg_boot_policy, text, SPG_TEXT);

	text[n++] = '\n';
	text[n] = 0;
	return n;
}

static const struct kernel_param_ops parameter_ops = {
	.set = set_parameter,
	.get = get_parameter,
};

module_param_cb(mode, &parameter_ops, (void *)&mode_knob, 0444);
MODULE_PARM_DESC(mode, "kernel.splice_mode at load: off, log, degrade (default) or block, then OP=MODE for single operations, as in \"degrade vmsplice=block\"");
module_param_cb(trust, &parameter_ops, (void *)&trust_knob, 0444);
MODULE_PARM_DESC(trust, "kernel.splice_trust at load: any of writable, capable, quiescent, fs:NAME and net:NAME, as in \"writable fs:ext4 net:tcp\" (default: none)");
module_param_cb(group, &parameter_ops, (void *)&group_knob, 0444);
MODULE_PARM_DESC(group, "kernel.splice_group at load: the gid whose members keep zero-copy, or -1 for none (default)");
module_param_cb(locked, &parameter_ops, (void *)&locked_knob, 0444);
MODULE_PARM_DESC(locked, "kernel.splice_mode_locked at load: 1 lets nothing be loosened until the next boot (default: 0)");

/* The knobs */

static int show_text(char *text, void *buffer, size_t *lenp, loff_t *ppos)
{
	struct ctl_table table = { .data = text, .maxlen = strlen(text) + 1 };

	return proc_dostring(&table, 0, buffer, lenp, ppos);
}

static int show(const struct knob *knob, void *buffer, size_t *lenp, loff_t *ppos)
{
	struct spg_policy *policy = kmalloc(sizeof(*policy), GFP_KERNEL);
	char *text = kmalloc(SPG_TEXT, GFP_KERNEL);
	int err = -ENOMEM;

	if (policy && text) {
		spg_live_get(policy);
		knob->format(policy, text, SPG_TEXT);
		err = show_text(text, buffer, lenp, ppos);
	}
	kfree(text);
	kfree(policy);
	return err;
}

/* What a change needs that is too large for the stack. */
struct change {
	struct spg_policy before;
	struct spg_policy wanted;
	char from[SPG_TEXT];
	char to[SPG_TEXT];
};

static void report(const struct knob *knob, struct change *change, bool allowed, int err)
{
	knob->format(&change->before, change->from, SPG_TEXT);
	knob->format(&change->wanted, change->to, SPG_TEXT);
	if (!allowed)
		spg_report_loosening(knob->name, change->from, change->to,
				     "changing it needs CAP_SYS_ADMIN");
	else if (err == -EPERM)
		spg_report_loosening(knob->name, change->from, change->to,
				     "it is locked until the next boot");
	else if (err)
		spg_report_failure(knob->name, change->from, change->to, err);
	else if (strcmp(change->from, change->to))
		spg_report_change(knob->name, change->from, change->to);
	if (!err && knob == &trust_knob && !change->wanted.fs_count != !change->wanted.nets)
		pr_info("splice_trust: fs: and net: admit nothing without each other: both sides must be listed\n");
}

static int change_policy(const struct knob *knob, const char *text, size_t len)
{
	struct change *change = kmalloc(sizeof(*change), GFP_KERNEL);
	bool allowed = capable(CAP_SYS_ADMIN);
	int err;

	if (!change)
		return -ENOMEM;
	spg_live_get(&change->before);
	change->wanted = change->before;
	err = knob->parse(text, len, &change->wanted);
	if (err)
		goto out;
	err = -EPERM;
	if (allowed)
		err = spg_live_change(&change->wanted, knob->part, &change->before);
	if (allowed || spg_policy_loosens(&change->before, &change->wanted))
		report(knob, change, allowed, err);
out:
	kfree(change);
	return allowed ? err : -EPERM;
}

static int knob_handler(spg_ctl_table *table, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	const struct knob *knob = table->extra1;
	int err;

	if (!write)
		return show(knob, buffer, lenp, ppos);
	/* A word in two writes would be two words. */
	if (*ppos || *lenp > SPG_TEXT)
		return -EINVAL;
	err = change_policy(knob, buffer, *lenp);
	if (!err)
		*ppos += *lenp;
	return err;
}

static int available_handler(spg_ctl_table *table, int write, void *buffer, size_t *lenp,
			     loff_t *ppos)
{
	struct spg_policy *policy = kzalloc(sizeof(*policy), GFP_KERNEL);
	char text[64] = "";
	int mode;

	if (!policy)
		return -ENOMEM;
	for (mode = SPG_OFF; mode < SPG_MODES; mode++) {
		spg_policy_set_all(policy, mode);
		if (spg_hooks_missing(policy))
			continue;
		if (*text)
			strcat(text, " ");
		strcat(text, spg_mode_name(mode));
	}
	kfree(policy);
	return show_text(text, buffer, lenp, ppos);
}

#define KNOB(file, knob)		\
	{				\
		.procname = file,	\
		.mode = 0644,		\
		.proc_handler = knob_handler, \
		.extra1 = (void *)&(knob), \
	}

static struct ctl_table knobs[] = {
	KNOB("splice_mode", mode_knob),
	KNOB("splice_mode_locked", locked_knob),
	KNOB("splice_group", group_knob),
	KNOB("splice_trust", trust_knob),
	{
		.procname = "splice_mode_available",
		.mode = 0444,
		.proc_handler = available_handler,
	},
	SPG_CTL_TABLE_END
};

static struct ctl_table_header *header;

/*
 * Registering a name that is taken fails, and on the way out takes all of /proc/sys/kernel away: an
 * entry that is not in its tree yet is erased from it (fs/proc/proc_sysctl.c, insert_header()). So
 * look first, in a /proc of our own.
 */
static int find_taken_name(void)
{
	struct vfsmount *proc = kern_mount(get_fs_type("proc"));
	struct path path;
	char name[64];
	int i, err = 0;

	if (IS_ERR(proc))
		return PTR_ERR(proc);
	for (i = 0; i < ARRAY_SIZE(knobs) && knobs[i].procname && !err; i++) {
		snprintf(name, sizeof(name), "sys/kernel/%s", knobs[i].procname);
		err = vfs_path_lookup(proc->mnt_root, proc, name, 0, &path);
		if (err == -ENOENT) {
			err = 0;
		} else if (!err) {
			path_put(&path);
			pr_err("there is a kernel.%s already: the kernel's own, or another copy of this module under another name\n",
			       knobs[i].procname);
			err = -EEXIST;
		}
	}
	kern_unmount(proc);
	return err;
}

/**
 * spg_knobs_init() - make the knobs
 *
 * Sleeps.
 *
 * Return: 0, -EEXIST where there is one of that name, or another error.
 */
int spg_knobs_init(void)
{
	int err = find_taken_name();

	if (err)
		return err;
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
