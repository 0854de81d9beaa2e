// SPDX-License-Identifier: GPL-2.0-only
/*
 * Facts: what policy asks of a caller, a source and a sink, found out.
 *
 * What cannot be found out does not hold, and nothing is asked that policy does not need. The one
 * question that others can see is that to the security modules: what they refuse they may log, and
 * what they allow they may learn.
 */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/net.h>
#include <linux/pagemap.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/sched/task.h>
#include <linux/shmem_fs.h>
#include <linux/static_call.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/udp.h>
#include <linux/xattr.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>
#include <net/tcp.h>
#include "compat.h"
#include "facts.h"
#include "hooks.h"

/* The caller */

/**
 * spg_caller_facts() - what policy asks of the caller
 * @asked: which facts to find out; others than SPG_CALLER_FACTS are left out
 *
 * By the credentials that the call runs with, and in ids of the initial user namespace. In task
 * context; no lock.
 *
 * Return: those facts that hold.
 */
unsigned int spg_caller_facts(unsigned int asked)
{
	unsigned int facts = 0;

	if (asked & SPG_MEMBER) {
		kgid_t group = make_kgid(&init_user_ns, spg_live_group());

		if (gid_valid(group) && in_group_p(group))
			facts |= SPG_MEMBER;
	}
	/* No audit record: that the caller lacks it is no attempt at anything. */
	if (asked & SPG_CAPABLE && ns_capable_noaudit(&init_user_ns, CAP_SYS_RAWIO))
		facts |= SPG_CAPABLE;
	return facts;
}

/* The source */

/*
 * The inode that the pages are of: of a union file system, the one below. overlayfs reads files
 * from there, and who writes to its own file gets another inode first.
 */
static struct inode *real_inode(struct file *in)
{
	return d_real_inode(file_dentry(in));
}

/**
 * spg_source_mapping() - whose pages a file's readers get
 * @in: the file
 *
 * What is known of a source is known of these pages, and of no others that a file system may give.
 * To be asked before the facts are: overlayfs changes to another file when somebody writes.
 *
 * Return: the page cache, or NULL where @in is no regular file.
 */
struct address_space *spg_source_mapping(struct file *in)
{
	return S_ISREG(file_inode(in)->i_mode) ? real_inode(in)->i_mapping : NULL;
}

/*
 * Is this a file system whose permissions are decided by the kernel, and by nothing but what is
 * asked here? On others the answer comes when a file is opened: from a server (NFS, CIFS, 9p,
 * ceph), from a daemon (FUSE, which lets all pass before), or from open() itself.
 */
static bool decides_here(const struct super_block *sb)
{
	switch (sb->s_magic) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
		return true;
	default:
		return false;
	}
}

static bool is_sealed(const struct inode *inode)
{
#ifdef CONFIG_SHMEM
	if (inode->i_sb->s_magic == TMPFS_MAGIC)
		return SHMEM_I((struct inode *)inode)->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);
#endif
	return false;
}

/*
 * What the security modules say to an opening for writing. Those that go by paths (AppArmor,
 * Landlock, TOMOYO) answer in security_file_open() only. It is not exported, hence the direct call;
 * and it keeps what it allowed with the file that it is asked about, so it is asked about one of
 * our own, which stands for @in meanwhile. To open @in itself would break leases and have execve()
 * fail with ETXTBSY.
 *
 * A processor has one such file to lend, since fput() frees none before the system call ends.
 */
DEFINE_STATIC_CALL_NULL(spg_file_open, spg_file_open_type);

static DEFINE_PER_CPU(struct file *, stand_in);

/* Whose the files are between two questions: not the first caller's, who may be gone for long. */
static struct cred *nobodys_cred;

static struct file *borrow_stand_in(void)
{
	struct file *file = this_cpu_xchg(stand_in, NULL);
	const struct cred *old;

	if (file)
		return file;
	old = override_creds(nobodys_cred);
	/* Operations of the kernel's: the file may outlive us. */
	file = anon_inode_getfile("[spliceguard]", &generic_ro_fops, NULL,
				  O_WRONLY | O_LARGEFILE);
	revert_creds(old);
	return file;
}

static void return_stand_in(struct file *file)
{
	/* Another task may have run here, and left one. */
	if (this_cpu_cmpxchg(stand_in, NULL, file))
		fput(file);
}

static int ask_file_open(struct file *in, struct file *file)
{
	const struct cred *cred = file->f_cred;
	struct inode *inode = file->f_inode;
	struct path path = file->f_path;
	fmode_t mode = file->f_mode;
	int err;

	*spg_file_path(file) = in->f_path;
	file->f_inode = file_inode(in);
	file->f_cred = current_cred();
	/* fanotify is not to be asked for permission: nobody opens anything. */
	file->f_mode |= FMODE_WRITE | FMODE_NONOTIFY;
	err = static_call(spg_file_open)(file);
	file->f_mode = mode;
	file->f_cred = cred;
	file->f_inode = inode;
	*spg_file_path(file) = path;
	return err;
}

static bool modules_let_write(struct file *in)
{
	struct file *file;
	int err;

	file = borrow_stand_in();
	if (IS_ERR(file))
		return false;
	err = ask_file_open(in, file);
	return_stand_in(file);
	return !err;
}

/* A write() takes set-id bits and capabilities away from a file. Who writes in place does not. */
static bool grants_privileges(struct file *in)
{
	struct inode *inode = file_inode(in);
	ssize_t caps;

	if (inode->i_mode & (S_ISUID | S_ISGID))
		return true;
	caps = __vfs_getxattr(file_dentry(in), inode, XATTR_NAME_CAPS, NULL, 0);
	return caps != -ENODATA && caps != -EOPNOTSUPP;
}

/*
 * Would an opening for writing succeed, and could a write then do what a write in place does? As
 * may_open(), do_dentry_open() and their callees (fs/namei.c, fs/open.c), of which
 * file_permission() covers mode bits, ACLs, read-only file systems, immutable files and ids that
 * are not mapped.
 */
static bool is_writable(struct file *in)
{
	struct inode *inode = file_inode(in);

	if (!nobodys_cred || real_inode(in) != inode || !decides_here(inode->i_sb))
		return false;
	/* One that may only be appended to keeps what it has. */
	if (IS_APPEND(inode) || IS_SWAPFILE(inode) || IS_VERITY(inode) || is_sealed(inode))
		return false;
	/* Signed, maybe: integrity appraisal answers when the file is opened. */
	if (IS_IMA(inode))
		return false;
	/* Less than none: it is being executed. */
	if (atomic_read(&inode->i_writecount) < 0)
		return false;
	return !grants_privileges(in) && !__mnt_is_readonly(in->f_path.mnt) &&
	       !file_permission(in, MAY_WRITE) && modules_let_write(in);
}

/*
 * Files of mounts that are the kernel's own (memfd_create()) are not counted as open for writing,
 * and what others than this machine may write is not known here at all.
 */
static bool is_quiescent(struct file *in)
{
	struct inode *inode = real_inode(in);
	struct address_space *mapping = inode->i_mapping;

	return decides_here(inode->i_sb) && !(inode->i_sb->s_flags & SB_KERNMOUNT) &&
	       !mapping_mapped(mapping) && !mapping_tagged(mapping, PAGECACHE_TAG_DIRTY) &&
	       !mapping_tagged(mapping, PAGECACHE_TAG_WRITEBACK) &&
	       atomic_read(&inode->i_writecount) <= 0;
}

static bool is_on_listed_fs(struct file *in)
{
	return spg_live_lists_fs(file_inode(in)->i_sb->s_type->name) &&
	       spg_live_lists_fs(real_inode(in)->i_sb->s_type->name);
}

/**
 * spg_source_facts() - what policy asks of a source
 * @asked: which facts to find out; others than SPG_SOURCE_FACTS are left out
 * @in: the source
 *
 * They hold for the pages of spg_source_mapping(@in). May sleep.
 *
 * Return: those facts that hold.
 */
unsigned int spg_source_facts(unsigned int asked, struct file *in)
{
	unsigned int facts = 0;

	if (!S_ISREG(file_inode(in)->i_mode) || !(in->f_mode & FMODE_READ))
		return 0;
	if (asked & SPG_FS && is_on_listed_fs(in))
		facts |= SPG_FS;
	if (asked & SPG_QUIESCENT && is_quiescent(in))
		facts |= SPG_QUIESCENT;
	if (asked & SPG_WRITABLE && is_writable(in))
		facts |= SPG_WRITABLE;
	return facts;
}

/* The sink */

static int inet_net_of(const struct sock *sk)
{
	const struct tcp_ulp_ops *ulp;

	if (sk->sk_type == SOCK_RAW)
		return -ENOENT;
	switch (sk->sk_protocol) {
	case IPPROTO_TCP:
		ulp = READ_ONCE(inet_csk(sk)->icsk_ulp_ops);
		if (ulp)
			return strcmp(ulp->name, "tls") ? -ENOENT : SPG_TLS;
		return SPG_TCP;
	case IPPROTO_UDP:
		return udp_sk(sk)->encap_type ? -ENOENT : SPG_UDP;
	case IPPROTO_SCTP:
		return SPG_SCTP;
#ifdef IPPROTO_MPTCP
	case IPPROTO_MPTCP:
		return SPG_MPTCP;
#endif
	default:
		return -ENOENT;
	}
}

/**
 * spg_net_of_socket() - the protocol that a socket speaks
 * @sock: the socket
 *
 * A socket that something else has taken over (a BPF sockmap, KCM, a tunnel) speaks none that has a
 * name here. No lock, so that another thread of the caller's may change what it is at once; see
 * socket.c.
 *
 * Return: an enum spg_net, or -ENOENT.
 */
int spg_net_of_socket(const struct socket *sock)
{
	const struct sock *sk = sock->sk;

	if (!sk)
		return -ENOENT;
	if (READ_ONCE(sk->sk_user_data))
		return -ENOENT;
	switch (sock->ops->family) {
	case PF_INET:
	case PF_INET6:
		return inet_net_of(sk);
	case PF_UNIX:
		return SPG_UNIX;
	case PF_VSOCK:
		return SPG_VSOCK;
	default:
		return -ENOENT;
	}
}

/**
 * spg_net_of() - the protocol that a sink speaks
 * @out: the sink
 *
 * Of its socket at this moment: SMC gives a file another one when it falls back to TCP.
 *
 * Return: an enum spg_net, or -ENOENT.
 */
int spg_net_of(struct file *out)
{
	const struct socket *sock;

	if (!S_ISSOCK(file_inode(out)->i_mode))
		return -ENOENT;
	sock = spg_sock_from_file(out);
	return sock ? spg_net_of_socket(sock) : -ENOENT;
}

/**
 * spg_net_facts() - what policy asks of a sink
 * @asked: which facts to find out; others than SPG_NET are left out
 * @net: what spg_net_of() said of it
 *
 * Any context; no lock.
 *
 * Return: those facts that hold.
 */
unsigned int spg_net_facts(unsigned int asked, int net)
{
	return asked & SPG_NET && net >= 0 && spg_live_lists_net(net) ? SPG_NET : 0;
}

/**
 * spg_facts_init() - find what facts need of the kernel
 *
 * Sleeps; from init only.
 *
 * Return: 0 or -ENOMEM.
 */
int spg_facts_init(void)
{
	void *file_open = spg_hooks_find("security_file_open");

	if (!file_open) {
		pr_warn("this kernel has no function security_file_open; 'writable' in splice_trust will admit nothing\n");
		return 0;
	}
	static_call_update(spg_file_open, (typeof(spg_file_open_type) *)file_open);
	nobodys_cred = prepare_kernel_cred(&init_task);
	return nobodys_cred ? 0 : -ENOMEM;
}

/**
 * spg_facts_exit() - give back what facts hold
 *
 * When nothing is in flight any more.
 */
void spg_facts_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (per_cpu(stand_in, cpu))
			fput(per_cpu(stand_in, cpu));
	if (nobodys_cred)
		put_cred(nobodys_cred);
}
