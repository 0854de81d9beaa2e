// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/spliceguard: the directory, and the file that says which hooks are in place. All of
 * it may be read by anybody.
 */
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/sysfs.h>
#include "live.h"
#include "stats.h"
#include "sysfs.h"

static struct kobject *root;

static ssize_t hooks_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return spg_live_show_hooks(buf);
}

static struct kobj_attribute hooks_file = __ATTR_RO(hooks);

/**
 * spg_sysfs_init() - make the files
 *
 * Sleeps.
 *
 * Return: 0 or -ENOMEM, or another error of sysfs; then nothing is left behind.
 */
int spg_sysfs_init(void)
{
	int err;

	root = kobject_create_and_add(KBUILD_MODNAME, kernel_kobj);
	if (!root)
		return -ENOMEM;
	err = sysfs_create_file(root, &hooks_file.attr);
	if (err)
		goto fail;
	err = spg_stats_init(root);
	if (err)
		goto fail;
	return 0;
fail:
	kobject_put(root);
	return err;
}

/**
 * spg_sysfs_exit() - remove the files
 *
 * Waits for readers of them. Sleeps.
 */
void spg_sysfs_exit(void)
{
	spg_stats_exit();
	kobject_put(root);
}
