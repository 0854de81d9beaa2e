// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: a witness that looks at the pages themselves. It changes nothing, and owns no
 * function.
 *
 * Pipes: whenever a user's pipe is unlocked by what splices, each of its buffers. A finding is a
 * page of a file, the zero page, or an anonymous page that more than one process has; a caller's
 * own vmspliced pages may wait in a pipe.
 *
 * Sockets: each socket buffer that is handed to a device, and each at the end of its life, which is
 * where those of unix and vsock come by. AF_ALG: the lists that it makes of what is spliced to it.
 * A finding there is any page of a file or of user memory.
 *
 * /proc/spliceguard_witness has a line for each kind of finding:
 *
 *	PLACE PAGE OPERATION WHOSE PROCESS FUNCTION COUNT
 *
 * PLACE is pipe, socket or alg, PAGE is file, zero or anon, OPERATION the system call that was
 * running or "-", WHOSE is kernel for sockets that no file stands for, and user. A write empties
 * it.
 */
#include <linux/if_ether.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/pipe_fs_i.h>
#include <linux/proc_fs.h>
#include <linux/sched/task_stack.h>
#include <linux/seq_file.h>
#include <linux/skbuff.h>
#include <linux/tracepoint.h>
#include <linux/uio.h>
#include <net/sock.h>
#include <asm/syscall.h>
#include <asm/unistd.h>
#include "compat.h"
#include "pages.h"

#define FINDINGS 512

struct finding {
	const char *place;
	const char *page;
	const char *operation;
	const char *whose;
	char process[TASK_COMM_LEN];
	const char *point;	/* a tracepoint, or */
	void *function;
	unsigned long count;
};

static struct finding findings[FINDINGS];
static unsigned int finding_count;
static unsigned long lost;
static DEFINE_RAW_SPINLOCK(findings_lock);

static bool is_same(const struct finding *a, const struct finding *b)
{
	return a->place == b->place && a->page == b->page && a->operation == b->operation &&
	       a->whose == b->whose && a->point == b->point && a->function == b->function &&
	       !strcmp(a->process, b->process);
}

/* Numbers of the 64-bit and of the 32-bit entries. */
static const struct { int native, narrow; const char *name; } calls[] = {
	{ __NR_sendfile, 187, "sendfile" },
	{ __NR_sendfile, 239, "sendfile" },
	{ __NR_io_uring_enter, 426, "io_uring" },
#ifdef CONFIG_X86_64
	{ __NR_splice, 313, "splice" },
	{ __NR_tee, 315, "tee" },
	{ __NR_vmsplice, 316, "vmsplice" },
	{ 532, -1, "vmsplice" },	/* x32 has its own */
	{ __NR_sendto, 369, "send" },
	{ __NR_sendmsg, 370, "send" },
	{ __NR_sendmmsg, 345, "send" },
#else
	{ __NR_splice, 340, "splice" },
	{ __NR_tee, 342, "tee" },
	{ __NR_vmsplice, 343, "vmsplice" },
	{ __NR_sendto, 290, "send" },
	{ __NR_sendmsg, 296, "send" },
	{ __NR_sendmmsg, 374, "send" },
#endif
};

static bool is_32bit_call(void)
{
#ifdef CONFIG_X86_64
	return in_ia32_syscall();
#else
	return in_compat_syscall();
#endif
}

static const char *operation(void)
{
	int nr, i;

	if (!in_task() || !current->mm)
		return "-";
	nr = syscall_get_nr(current, task_pt_regs(current));
#ifdef __X32_SYSCALL_BIT
	nr &= ~__X32_SYSCALL_BIT;
#endif
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (nr == (is_32bit_call() ? calls[i].narrow : calls[i].native))
			return calls[i].name;
	return "-";
}

static void record(const char *place, const char *page, const char *whose, const char *point,
		   void *function)
{
	struct finding found = { .place = place, .page = page, .operation = operation(),
				 .whose = whose, .point = point, .function = function };
	unsigned long flags;
	unsigned int i;

	memcpy(found.process, current->comm, sizeof(found.process));
	found.process[TASK_COMM_LEN - 1] = 0;
	raw_spin_lock_irqsave(&findings_lock, flags);
	for (i = 0; i < finding_count; i++)
		if (is_same(&findings[i], &found))
			break;
	if (i == FINDINGS) {
		lost++;
	} else {
		if (i == finding_count)
			findings[finding_count++] = found;
		findings[i].count++;
	}
	raw_spin_unlock_irqrestore(&findings_lock, flags);
}

/* What a page is: "file", "zero", "anon", or NULL for one that is nobody's. */
static const char *kind_of(struct page *page)
{
	struct page *head = compound_head(page);

	if (is_zero_pfn(page_to_pfn(page)))
		return "zero";
	if (PageSlab(head))
		return NULL;
	if (PageAnon(head))
		return "anon";
	return head->mapping ? "file" : NULL;
}

/* Can another process than its owner see this anonymous page? */
static bool is_co_owned(struct page *page)
{
#ifdef SPG_HAVE_PAGE_MAPCOUNT
	return PageKsm(page) || page_mapcount(page) > 1;
#else
	const struct folio *folio = page_folio(page);

	if (folio_test_large(folio) && PageAnonExclusive(page))
		return false;
	return folio_test_ksm(folio) || folio_mapcount(folio) > 1;
#endif
}

/*
 * Pipes. With their lock held, so the buffers stay. A page that was vmspliced before its owner
 * forked may be seen by two while it waits, and is let be.
 */
static int at_pipe_unlock(struct kprobe *probe, struct pt_regs *regs)
{
	struct pipe_inode_info *pipe = (void *)regs_get_kernel_argument(regs, 0);
	unsigned int i;

	if (!pipe || !pipe->files)
		return 0;
	for (i = pipe->tail; i != pipe->head; i++) {
		const struct pipe_buffer *buf = spg_slot(pipe, i);
		const char *kind = buf->len ? kind_of(buf->page) : NULL;

		if (kind && !strcmp(kind, "anon") &&
		    (strcmp(operation(), "vmsplice") || !is_co_owned(buf->page)))
			continue;
		if (kind)
			record("pipe", kind, "user", NULL, *(void **)regs->sp);
	}
	return 0;
}

/* Sockets */

static const char *owner_of(const struct sk_buff *skb)
{
	const struct sock *sk = skb->sk;
	const struct socket *sock;

	/* The small ones, for connections that are not there yet, have no more. */
	if (!sk || !sk_fullsock(sk))
		return "user";
#ifdef WITNESS_HAVE_TASK_FRAG
	/* The kernel's users have said so since 6.2: NVMe's sockets have files, for a time. */
	if (!sk->sk_use_task_frag)
		return "kernel";
#endif
	/* SMC gives a file to one that the kernel made. */
	sock = READ_ONCE(sk->sk_socket);
	if (sock)
		return sock->file ? "user" : "kernel";
	return sk->sk_kern_sock ? "kernel" : "user";
}

static bool are_readable(const struct sk_buff *skb)
{
#ifdef SPG_HAVE_ZEROCOPY_BINDING
	return skb_frags_readable(skb);
#else
	return true;
#endif
}

static void look_at_skb(struct sk_buff *skb, const char *point)
{
	struct sk_buff *member;
	int i;

	if (!are_readable(skb))
		return;
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const char *kind = kind_of(skb_frag_page(&skb_shinfo(skb)->frags[i]));

		if (kind)
			record("socket", kind, owner_of(skb), point, NULL);
	}
	skb_walk_frags(skb, member)
		look_at_skb(member, point);
}

struct place {
	const char *name;
	void (*look)(void *data, struct sk_buff *skb);
	struct tracepoint *point;
};

static void at_net_dev_queue(void *data, struct sk_buff *skb)
{
	look_at_skb(skb, "net_dev_queue");
}

/* What came by a device was seen there, with its owner, which the receiving end no longer knows. */
static bool came_by_device(const struct sk_buff *skb)
{
	return !skb->sk &&
	       (skb->protocol == htons(ETH_P_IP) || skb->protocol == htons(ETH_P_IPV6));
}

static void at_consume_skb(void *data, struct sk_buff *skb)
{
	if (!came_by_device(skb))
		look_at_skb(skb, "consume_skb");
}

static void at_kfree_skb(void *data, struct sk_buff *skb)
{
	if (!came_by_device(skb))
		look_at_skb(skb, "kfree_skb");
}

static struct place places[] = {
	{ "net_dev_queue", at_net_dev_queue },
	{ "consume_skb", at_consume_skb },
	{ "kfree_skb", at_kfree_skb },
};

static void find_place(struct tracepoint *point, void *data)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		if (!strcmp(point->name, places[i].name))
			places[i].point = point;
}

/* AF_ALG: by ->sendpage before 6.5, by a list made of a BVEC since then. */
static int at_alg_sendpage(struct kprobe *probe, struct pt_regs *regs)
{
	const char *kind = kind_of((void *)regs_get_kernel_argument(regs, 1));

	if (kind)
		record("alg", kind, "user", NULL, (void *)probe->addr);
	return 0;
}

static int at_extract(struct kprobe *probe, struct pt_regs *regs)
{
	const struct iov_iter *iter = (void *)regs_get_kernel_argument(regs, 0);
	unsigned int i;

	/* Network file systems come here, too, but not from these calls. */
	if (!iov_iter_is_bvec(iter) || !strcmp(operation(), "-"))
		return 0;
	for (i = 0; i < iter->nr_segs; i++) {
		const char *kind = kind_of(iter->bvec[i].bv_page);

		if (kind)
			record("alg", kind, "user", NULL, (void *)probe->addr);
	}
	return 0;
}

/* Only the first one must be there. */
static struct kprobe probes[] = {
	{ .symbol_name = "pipe_unlock", .pre_handler = at_pipe_unlock },
	{ .symbol_name = "af_alg_sendpage", .pre_handler = at_alg_sendpage },
	{ .symbol_name = "hash_sendpage", .pre_handler = at_alg_sendpage },
	{ .symbol_name = "extract_iter_to_sg", .pre_handler = at_extract },
};

static int show(struct seq_file *file, void *unused)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&findings_lock, flags);
	for (i = 0; i < finding_count; i++) {
		const struct finding *f = &findings[i];

		seq_printf(file, "%s %s %s %s %s ", f->place, f->page, f->operation, f->whose,
			   f->process);
		if (f->point)
			seq_printf(file, "%s %lu\n", f->point, f->count);
		else
			seq_printf(file, "%ps %lu\n", f->function, f->count);
	}
	if (lost)
		seq_printf(file, "lost - - user - - %lu\n", lost);
	raw_spin_unlock_irqrestore(&findings_lock, flags);
	return 0;
}

static int open_findings(struct inode *inode, struct file *file)
{
	return single_open(file, show, NULL);
}

static ssize_t empty_findings(struct file *file, const char __user *text, size_t len, loff_t *pos)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&findings_lock, flags);
	finding_count = 0;
	lost = 0;
	raw_spin_unlock_irqrestore(&findings_lock, flags);
	return len;
}

static const struct proc_ops findings_file = {
	.proc_open = open_findings,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_write = empty_findings,
	.proc_release = single_release,
};

static void stop_watching(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (probes[i].addr)
			unregister_kprobe(&probes[i]);
	for (i = 0; i < ARRAY_SIZE(places); i++)
		if (places[i].point)
			tracepoint_probe_unregister(places[i].point, places[i].look, NULL);
	tracepoint_synchronize_unregister();
}

static int __init witness_init(void)
{
	int i, err = 0;

	for_each_kernel_tracepoint(find_place, NULL);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		if (places[i].point)
			err = tracepoint_probe_register(places[i].point, places[i].look, NULL);
		if (!places[i].point || err) {
			places[i].point = NULL;
			err = err ?: -ENOENT;
			goto fail;
		}
	}
	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		err = register_kprobe(&probes[i]);
		if (err)
			probes[i].addr = NULL;
		if (err && !i)
			goto fail;
	}
	err = proc_create("spliceguard_witness", 0600, NULL, &findings_file) ? 0 : -ENOMEM;
	if (!err)
		return 0;
fail:
	stop_watching();
	return err;
}

static void __exit witness_exit(void)
{
	remove_proc_entry("spliceguard_witness", NULL);
	stop_watching();
}

module_init(witness_init);
module_exit(witness_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test: looks at the pages in pipes and socket buffers");
