// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters and their files in sysfs, one value a file.
 */
#include <linux/cpumask.h>
#include <linux/kobject.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "grammar.h"
#include "stats.h"

DEFINE_PER_CPU(struct spg_stats, spg_stats);

static struct kobject *op_dirs[SPG_OPS];

static ssize_t show_counter(struct kobject *kobj, enum spg_counter counter, char *buf)
{
	unsigned long sum = 0;
	int op, cpu;

	for (op = 0; op < SPG_OPS - 1; op++)
		if (!strcmp(kobject_name(kobj), spg_op_name(op)))
			break;
	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(spg_stats.count[op][counter], cpu));
	return sysfs_emit(buf, "%lu\n", sum);
}

#define COUNTER_FILE(name, counter)								\
static ssize_t name##_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)	\
{												\
	return show_counter(kobj, counter, buf);						\
}												\
static struct kobj_attribute name##_file = __ATTR_RO(name)

COUNTER_FILE(passed, SPG_PASSED);
COUNTER_FILE(trusted, SPG_TRUSTED);
COUNTER_FILE(copied, SPG_COPIED);
COUNTER_FILE(refused, SPG_REFUSED);
COUNTER_FILE(bytes_copied, SPG_BYTES_COPIED);

static const struct attribute *const files[] = {
	&passed_file.attr,
	&trusted_file.attr,
	&copied_file.attr,
	&refused_file.attr,
	&bytes_copied_file.attr,
	NULL
};

/**
 * spg_stats_exit() - remove the files
 *
 * Waits for readers of them. Sleeps.
 */
void spg_stats_exit(void)
{
	int op;

	for (op = 0; op < SPG_OPS; op++)
		kobject_put(op_dirs[op]);
}

/**
 * spg_stats_init() - make the files
 * @root: the directory for them
 *
 * Sleeps.
 *
 * Return: 0 or -ENOMEM, or another error of sysfs; then nothing is left behind.
 */
int spg_stats_init(struct kobject *root)
{
	int op, err;

	for (op = 0; op < SPG_OPS; op++) {
		err = -ENOMEM;
		op_dirs[op] = kobject_create_and_add(spg_op_name(op), root);
		if (!op_dirs[op])
			goto fail;
		err = sysfs_create_files(op_dirs[op], (const struct attribute **)files);
		if (err)
			goto fail;
	}
	return 0;
fail:
	spg_stats_exit();
	return err;
}
