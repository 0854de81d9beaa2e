// SPDX-License-Identifier: GPL-2.0-only
/*
 * For measuring: how many bytes processes of one name had copied since this was loaded; in
 * /sys/module/copies/parameters. By the functions that copy between an iterator and memory, and by
 * the module that is measured, when it is there. The former may not be traced, so events of tracefs
 * cannot count them.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uio.h>

enum { FROM_ITER, TO_ITER, MADE_PRIVATE, KINDS };

static char *process = "";
module_param(process, charp, 0444);

static DEFINE_PER_CPU(unsigned long [KINDS], bytes);

static void count(int kind, unsigned long len)
{
	if (!strcmp(current->comm, process))
		this_cpu_add(bytes[kind], len);
}

/* How many bytes at most, and the iterator. */
static unsigned long length(struct pt_regs *regs)
{
	const struct iov_iter *iter = (void *)regs_get_kernel_argument(regs, 2);

	return min_t(unsigned long, regs_get_kernel_argument(regs, 1), iov_iter_count(iter));
}

static int at_copy_from_iter(struct kprobe *probe, struct pt_regs *regs)
{
	count(FROM_ITER, length(regs));
	return 0;
}

static int at_copy_to_iter(struct kprobe *probe, struct pt_regs *regs)
{
	count(TO_ITER, length(regs));
	return 0;
}

static int at_make_buffer_private(struct kprobe *probe, struct pt_regs *regs)
{
	const struct pipe_buffer *buf = (void *)regs_get_kernel_argument(regs, 1);

	count(MADE_PRIVATE, buf->len);
	return 0;
}

static struct kprobe probes[KINDS] = {
	[FROM_ITER] = { .symbol_name = "_copy_from_iter", .pre_handler = at_copy_from_iter },
	[TO_ITER] = { .symbol_name = "_copy_to_iter", .pre_handler = at_copy_to_iter },
	[MADE_PRIVATE] = { .symbol_name = "spg_make_buffer_private",
			   .pre_handler = at_make_buffer_private },
};

static int show(char *buf, const struct kernel_param *param)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(bytes[(long)param->arg], cpu);
	return sprintf(buf, "%lu\n", sum);
}

static const struct kernel_param_ops ops = { .get = show };

module_param_cb(from_iter, &ops, (void *)FROM_ITER, 0444);
module_param_cb(to_iter, &ops, (void *)TO_ITER, 0444);
module_param_cb(made_private, &ops, (void *)MADE_PRIVATE, 0444);

static void stop(void)
{
	int i;

	for (i = 0; i < KINDS; i++)
		if (probes[i].addr)
			unregister_kprobe(&probes[i]);
}

static int __init copies_init(void)
{
	int i, err;

	for (i = 0; i < KINDS; i++) {
		err = register_kprobe(&probes[i]);
		if (err)
			probes[i].addr = NULL;
		/* The last one is there only where its module is. */
		if (err && i != MADE_PRIVATE) {
			stop();
			return err;
		}
	}
	return 0;
}

module_init(copies_init);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Measuring: bytes that were copied");
