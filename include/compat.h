/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels, 5.10 to today, and the only place that names a kernel version.
 * SPG_HAVE_* come from Kbuild, which looks into the headers of the kernel that it builds for.
 */
#ifndef SPG_COMPAT_H
#define SPG_COMPAT_H

#include <linux/file.h>
#include <linux/freezer.h>
#include <linux/fs.h>
#include <linux/fsnotify.h>
#include <linux/ftrace.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched.h>
#include <linux/sysctl.h>
#include <linux/uio.h>
#include <linux/version.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/tls.h>

/*
 * ftrace: since 5.11 a callback gets an opaque frame, and handles its own recursion unless it asks
 * for help. With WITH_ARGS that frame holds the arguments and the place to go on at, and no more is
 * saved for us: all registers are twice the work.
 */
#if defined(CONFIG_HAVE_DYNAMIC_FTRACE_WITH_ARGS)
#define SPG_FTRACE_FLAGS 0
#elif defined(SPG_HAVE_FTRACE_REGS)
#define SPG_FTRACE_FLAGS FTRACE_OPS_FL_SAVE_REGS
#else
#define SPG_FTRACE_FLAGS (FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_RECURSION_SAFE)
#endif

/* What such a frame is made of has a name of its own since 6.13. */
#ifndef arch_ftrace_regs
#define arch_ftrace_regs(frame) (frame)
#endif

/*
 * spg_frame_argument(frame, n) - an argument of the function that a callback is about
 * spg_frame_jump(frame, to) - have it go on at @to
 */
#if !defined(SPG_HAVE_FTRACE_REGS)
#define spg_ftrace_frame pt_regs
#define spg_frame_argument(frame, n) regs_get_kernel_argument(frame, n)
#define spg_frame_jump(frame, to) instruction_pointer_set(frame, (unsigned long)(to))
#elif !defined(CONFIG_HAVE_DYNAMIC_FTRACE_WITH_ARGS)
#define spg_ftrace_frame ftrace_regs
#define spg_frame_argument(frame, n) regs_get_kernel_argument(ftrace_get_regs(frame), n)
#define spg_frame_jump(frame, to)								\
	instruction_pointer_set(ftrace_get_regs(frame), (unsigned long)(to))
#elif defined(SPG_HAVE_FTRACE_SET_IP)
#define spg_ftrace_frame ftrace_regs
#define spg_frame_argument(frame, n) ftrace_regs_get_argument(frame, n)
#define spg_frame_jump(frame, to) ftrace_regs_set_instruction_pointer(frame, (unsigned long)(to))
#else
#define spg_ftrace_frame ftrace_regs
#define spg_frame_argument(frame, n) regs_get_kernel_argument(&(frame)->regs, n)
#define spg_frame_jump(frame, to) ftrace_instruction_pointer_set(frame, (unsigned long)(to))
#endif

/* Kernels that clear all of the stack have a word for what need not be cleared, the newest ones. */
#ifndef __uninitialized
#if __has_attribute(__uninitialized__)
#define __uninitialized __attribute__((__uninitialized__))
#else
#define __uninitialized
#endif
#endif

/*
 * sysctl: tables became const for their handlers in 6.11, and lost their empty last entry when
 * sizes came, in 6.6.
 */
#ifdef SPG_HAVE_CONST_CTL_TABLE
#define spg_ctl_table const struct ctl_table
#else
#define spg_ctl_table struct ctl_table
#endif
#ifdef register_sysctl
#define SPG_CTL_TABLE_END
#else
#define SPG_CTL_TABLE_END { }
#endif

/* Exported for long, but in a header only later. */
int vfs_path_lookup(struct dentry *dentry, struct vfsmount *mnt, const char *name,
		    unsigned int flags, struct path *path);

/* Sleep for ever; suspend and hibernation do not wait for it (a flag of the state since 6.1). */
static inline void spg_sleep_for_ever(void)
{
#ifndef TASK_FREEZABLE
	freezer_do_not_count();
#endif
	for (;;) {
#ifdef TASK_FREEZABLE
		set_current_state(TASK_IDLE | TASK_FREEZABLE);
#else
		set_current_state(TASK_IDLE);
#endif
		schedule();
	}
}

/* In a header since 5.17. */
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

/* A file's path is not to be written since 6.17, but by who made it. */
#ifdef SPG_HAVE_WRITABLE_F_PATH
#define spg_file_path(file) (&(file)->__f_path)
#else
#define spg_file_path(file) (&(file)->f_path)
#endif

/* Since 6.10 a descriptor that was looked up shows its file by this only. */
#ifndef fd_file
#define fd_file(f) ((f).file)
#endif

/* The direction of an iov_iter got names of its own in 6.1. */
#ifndef ITER_SOURCE
#define ITER_SOURCE WRITE
#define ITER_DEST READ
#endif

#ifdef SPG_HAVE_SOCK_FROM_FILE_ERR
static inline struct socket *spg_sock_from_file(struct file *file)
{
	int err;

	return sock_from_file(file, &err);
}
#else
#define spg_sock_from_file sock_from_file
#endif

/* Both take references on up to @count pages; the later one also moves the iterator on. */
static inline ssize_t spg_get_user_pages(struct iov_iter *from, struct page **pages,
					 unsigned int count, size_t *start)
{
#ifdef SPG_HAVE_IOV_ITER_GET_PAGES2
	return iov_iter_get_pages2(from, pages, ~0UL, count, start);
#else
	ssize_t got = iov_iter_get_pages(from, pages, ~0UL, count, start);

	if (got > 0)
		iov_iter_advance(from, got);
	return got;
#endif
}

/*
 * Is @page, which was just found in current's memory, an anonymous page that no other process has?
 * One that KSM merged may get more owners, and one in the swap cache may have owners that have no
 * mapping of it just now.
 */
#ifdef SPG_HAVE_ANON_EXCLUSIVE
static inline bool spg_page_is_only_ours(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (!folio_test_anon(folio) || folio_test_ksm(folio))
		return false;
	if (folio_test_hugetlb(folio))
		page = &folio->page;
	/* Marked page by page, but a huge mapping on its first page only. */
	if (PageAnonExclusive(page))
		return true;
#ifdef SPG_HAVE_PAGE_MAPCOUNT
	return page_mapcount(page) == 1 && !folio_test_swapcache(folio);
#else
	return folio_mapcount(folio) == 1 && !folio_test_swapcache(folio);
#endif
}
#else
static inline bool spg_page_is_only_ours(struct page *page)
{
	return PageAnon(page) && !PageKsm(page) && page_mapcount(page) == 1 &&
	       !PageSwapCache(compound_head(page));
}
#endif

/* Is @page in some process's memory? 7.2 asks whole folios only. */
#ifdef SPG_HAVE_PAGE_MAPPED
#define spg_page_mapped(page) page_mapped(page)
#else
#define spg_page_mapped(page) folio_mapped(page_folio(page))
#endif

/*
 * The one way into a pipe: do_splice_read() since 6.8; before that vfs_splice_read() (6.4), which
 * later is but one of the callers and must not be taken for it; before that do_splice_to().
 */
#if defined(SPG_FILL_NAMES)
/* A test plays a kernel that has none of them. */
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define SPG_FILL_NAMES "do_splice_read"
#else
#define SPG_FILL_NAMES "do_splice_read", "vfs_splice_read", "do_splice_to"
#endif

/* A BPF program may count what is sent since 6.15. */
static inline bool spg_has_bpf_timestamps(const struct sock *sk)
{
#ifdef SPG_HAVE_BPF_CB_FLAGS
	return READ_ONCE(sk->sk_bpf_cb_flags);
#else
	return false;
#endif
}

/* Nothing asks about permissions below do_splice_direct() since 6.8: see direct.c. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define SPG_HAVE_DIRECT
#endif

/*
 * Before 6.5 a pipe went to a socket by ->sendpage, one buffer a call. Each was one message where
 * the socket keeps messages apart or has no sendpage of its own, and MSG_SENDPAGE_NOTLAST meant
 * more of the same only to a sendpage of its own. TLS in software did not heed MSG_MORE there, and
 * KCM's sendpage ended a message without it; both differ in sendmsg.
 *
 * Since then it is one sendmsg for up to 16 buffers. More follows when the pipe holds more than
 * SPG_MORE_FOLLOWS buffers, counted from the last one of the message: the new code counts that one,
 * too (fs/splice.c, splice_to_socket()). A signal ends the call after each sendmsg there; before,
 * what the pipe held went first, so that a datagram was never left half corked.
 */

static inline bool spg_is_tcp(const struct socket *sock)
{
	return (sock->ops->family == PF_INET || sock->ops->family == PF_INET6) &&
	       sock->type == SOCK_STREAM && sock->sk->sk_protocol == IPPROTO_TCP;
}

/* What TLS in software has, if it is that. Once there it stays as long as the socket's file. */
static inline const struct tls_context *spg_software_tls(const struct socket *sock)
{
	const struct tcp_ulp_ops *ulp;
	const struct tls_context *tls;

	if (!spg_is_tcp(sock))
		return NULL;
	ulp = READ_ONCE(inet_csk(sock->sk)->icsk_ulp_ops);
	if (!ulp || strcmp(ulp->name, "tls"))
		return NULL;
	tls = tls_get_ctx(sock->sk);
	return tls && tls->tx_conf == TLS_SW ? tls : NULL;
}

/*
 * How many bytes TLS in software makes whole records of, or 0 where it may not or is not that:
 * where a record is half full, the next one ends elsewhere. How long one may be can be told since
 * 6.19.
 */
static inline size_t spg_tls_records(const struct socket *sock)
{
	const struct tls_context *tls = spg_software_tls(sock);
	size_t record = TLS_MAX_PAYLOAD_SIZE;

	if (!tls || READ_ONCE(tls->pending_open_record_frags))
		return 0;
#ifdef SPG_HAVE_TLS_PAYLOAD_LEN
	record = clamp_t(size_t, READ_ONCE(tls->tx_max_payload_len), 1, TLS_MAX_PAYLOAD_SIZE);
#endif
	return rounddown(TLS_MAX_PAYLOAD_SIZE, record);
}

/*
 * A socket that was plain TCP when it was judged may be given an upper-layer protocol, or to a
 * sockmap, at any time; all that is done under its lock. So pages go to it by reference under that
 * lock, and only while it is plain; or else the answer is SPG_NOT_PLAIN_TCP, and nothing was sent.
 */
#define SPG_NOT_PLAIN_TCP (-MAX_ERRNO)
static inline bool spg_is_plain_tcp(struct sock *sk)
{
	return !inet_csk(sk)->icsk_ulp_ops && !READ_ONCE(sk->sk_user_data) &&
	       (sk->sk_state == TCP_ESTABLISHED || sk->sk_state == TCP_CLOSE_WAIT);
}

#ifdef SPG_HAVE_SENDPAGE
#define SPG_MORE_FOLLOWS 1
#define SPG_SIGNAL_ENDS_PIPEFUL 0
static inline bool spg_has_sendpage(const struct socket *sock)
{
	if (!sock->ops->sendpage || sock->ops->sendpage == sock_no_sendpage)
		return false;
	if (sock->ops->family == PF_INET || sock->ops->family == PF_INET6)
		return READ_ONCE(sock->sk->sk_prot)->sendpage;
	return true;
}

static inline bool spg_one_buffer_a_message(const struct socket *sock)
{
	return sock->type != SOCK_STREAM || !spg_has_sendpage(sock);
}

static inline int spg_more_flags(const struct socket *sock, bool asked, bool follows)
{
	if ((asked && !spg_software_tls(sock)) || (follows && spg_has_sendpage(sock)))
		return MSG_MORE;
	return sock->ops->family == PF_KCM ? MSG_EOR : 0;
}

/* Send pages by reference, as pipe_to_sendpage() does. See above for plain TCP. */
#define SPG_REFERENCES_AT_ONCE 1u
static inline int spg_send_pages(struct socket *sock, bool plain_tcp, struct bio_vec *pages,
				 unsigned int count, size_t len, int flags, bool asked,
				 bool follows)
{
	int ret = SPG_NOT_PLAIN_TCP;

	flags |= (asked ? MSG_MORE : 0) | (follows ? MSG_SENDPAGE_NOTLAST : 0);
	if (!plain_tcp)
		return kernel_sendpage(sock, pages->bv_page, pages->bv_offset, len, flags);
	lock_sock(sock->sk);
	if (spg_is_plain_tcp(sock->sk))
		ret = tcp_sendpage_locked(sock->sk, pages->bv_page, pages->bv_offset, len, flags);
	release_sock(sock->sk);
	return ret;
}
#else
#define SPG_MORE_FOLLOWS 0
#define SPG_SIGNAL_ENDS_PIPEFUL 1
static inline bool spg_one_buffer_a_message(const struct socket *sock)
{
	return false;
}

static inline int spg_more_flags(const struct socket *sock, bool asked, bool follows)
{
	return asked || follows ? MSG_MORE : 0;
}

/*
 * Send pages by reference, as splice_to_socket() does. See above for plain TCP; there the security
 * modules are asked by sending nothing first.
 */
#define SPG_REFERENCES_AT_ONCE UINT_MAX
static inline int spg_send_pages(struct socket *sock, bool plain_tcp, struct bio_vec *pages,
				 unsigned int count, size_t len, int flags, bool asked,
				 bool follows)
{
	struct msghdr nothing = { .msg_flags = flags };
	struct msghdr msg = { .msg_flags = flags | MSG_SPLICE_PAGES |
					   spg_more_flags(sock, asked, follows) };
	int ret;

	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, pages, count, len);
	if (!plain_tcp)
		return sock_sendmsg(sock, &msg);
	/* Nothing at all may be sent to one that is to connect by what is sent first. */
	if (!spg_is_plain_tcp(sock->sk))
		return SPG_NOT_PLAIN_TCP;
	iov_iter_bvec(&nothing.msg_iter, ITER_SOURCE, pages, 0, 0);
	ret = sock_sendmsg(sock, &nothing);
	if (ret < 0)
		return ret;
	ret = SPG_NOT_PLAIN_TCP;
	lock_sock(sock->sk);
	if (spg_is_plain_tcp(sock->sk))
		ret = tcp_sendmsg_locked(sock->sk, &msg, len);
	release_sock(sock->sk);
	return ret;
}
#endif

/*
 * MSG_ZEROCOPY: the message came in 6.0, and a binding to a device's memory in 6.16. That memory is
 * not the caller's, and stays as it is. SPG_FILL_SOCK: which argument of the one that fills is the
 * socket, counted from zero.
 */
#ifdef SPG_HAVE_ZEROCOPY_BINDING
#define SPG_STREAM_PARAMETERS									\
	(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, int len,			\
	 struct ubuf_info *uarg, struct net_devmem_dmabuf_binding *binding)
#define SPG_STREAM_ARGUMENTS (sk, skb, msg, len, uarg, binding)
#define SPG_FILL_PARAMETERS									\
	(struct msghdr *msg, struct sock *sk, struct sk_buff *skb, struct iov_iter *from,	\
	 size_t len, struct net_devmem_dmabuf_binding *binding)
#define SPG_FILL_ARGUMENTS (msg, sk, skb, from, len, binding)
#define SPG_IS_DEVICE_MEMORY (binding)
#else
#define SPG_STREAM_PARAMETERS									\
	(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, int len,			\
	 struct ubuf_info *uarg)
#define SPG_STREAM_ARGUMENTS (sk, skb, msg, len, uarg)
#define SPG_IS_DEVICE_MEMORY false
#endif
#ifdef SPG_HAVE_ZEROCOPY_MSG
#define SPG_FILL_MSG (msg)
#define SPG_FILL_SOCK 1
#define SPG_FILL_IS_NESTED (!msg)
#ifndef SPG_HAVE_ZEROCOPY_BINDING
#define SPG_FILL_PARAMETERS									\
	(struct msghdr *msg, struct sock *sk, struct sk_buff *skb, struct iov_iter *from,	\
	 size_t len)
#define SPG_FILL_ARGUMENTS (msg, sk, skb, from, len)
#endif
#else
#define SPG_FILL_MSG ((struct msghdr *)NULL)
#define SPG_FILL_SOCK 0
#define SPG_FILL_IS_NESTED false
#define SPG_FILL_PARAMETERS									\
	(struct sock *sk, struct sk_buff *skb, struct iov_iter *from, size_t len)
#define SPG_FILL_ARGUMENTS (sk, skb, from, len)
#endif

#ifdef SPG_HAVE_UBUF_OPS
#define SPG_EMPTY_UBUF { .ops = &(const struct ubuf_info_ops){ } }
#else
#define SPG_EMPTY_UBUF { }
#endif

/*
 * Have the completion of a zero-copy send say that its data was copied. MSG_ZEROCOPY has a flag;
 * another owner, io_uring, is told as if a socket buffer had gone, for which it needs a reference.
 */
static inline void spg_mark_copied(struct ubuf_info *uarg)
{
#ifdef SPG_HAVE_UBUF_OPS
	if (uarg->ops != &msg_zerocopy_ubuf_ops) {
		net_zcopy_get(uarg);
		uarg->ops->complete(NULL, uarg, false);
		return;
	}
#elif defined(SPG_HAVE_UBUF_MSGZC)
	if (uarg->callback != msg_zerocopy_callback) {
		net_zcopy_get(uarg);
		uarg->callback(NULL, uarg, false);
		return;
	}
#endif
#ifdef SPG_HAVE_UBUF_MSGZC
	uarg_to_msgzc(uarg)->zerocopy = 0;
#else
	uarg->zerocopy = 0;
#endif
}

/*
 * Before pages with a reference of their own go into a buffer: one of io_uring's may hold fragments
 * without (6.0), and one that holds user memory only is not charged to the socket (5.16) but is
 * from here on. As tcp_downgrade_zcopy_pure() and tcp_wmem_schedule(). Returns how much of @len the
 * socket may have.
 */
static inline size_t spg_own_fragments(struct sock *sk, struct sk_buff *skb, size_t len)
{
#ifdef SPG_HAVE_ZCOPY_MANAGED
	skb_zcopy_downgrade_managed(skb);
#endif
#ifdef SPG_HAVE_ZCOPY_PURE
	if (skb_zcopy_pure(skb)) {
		int extra = skb->truesize - SKB_TRUESIZE(skb_end_offset(skb));

		if (!sk_wmem_schedule(sk, extra + len))
			len = clamp_t(int, sk->sk_forward_alloc - extra, 0, len);
		if (!len)
			return 0;
		sk_mem_charge(sk, extra);
		skb_shinfo(skb)->flags &= ~SKBFL_PURE_ZEROCOPY;
	}
#endif
	return len;
}

/*
 * Where a socket is asked to change an option, of any level: by the socket since 6.7. Then
 * vsock came, which sets SO_ZEROCOPY itself; so does UDP, in 6.12 but not in 6.1 yet. Where UDP
 * does and the socket is not asked, block does not refuse it of UDP, whose sends are degraded.
 */
#ifdef SPG_HAVE_DO_SOCK_SETSOCKOPT
#define SPG_SETSOCKOPT_NAME "do_sock_setsockopt"
#define SPG_SETSOCKOPT_PARAMETERS						\
	(struct socket *sock, bool compat, int level, int optname, sockptr_t optval, int optlen)
#define SPG_SETSOCKOPT_ARGUMENTS (sock, compat, level, optname, optval, optlen)
#define SPG_SETSOCKOPT_DUMMY (NULL, false, 0, 0, KERNEL_SOCKPTR(NULL), -1)
#define SPG_SETSOCKOPT_LEVEL 2
#define SPG_SETSOCKOPT_SOCKET sock
#define SPG_SOCKETS_SET_ZEROCOPY true
#else
#define SPG_SETSOCKOPT_NAME "__sys_setsockopt"
#define SPG_SETSOCKOPT_PARAMETERS						\
	(int fd, int level, int optname, char __user *optval, int optlen)
#define SPG_SETSOCKOPT_ARGUMENTS (fd, level, optname, optval, optlen)
#define SPG_SETSOCKOPT_DUMMY (-1, 0, 0, NULL, -1)
#define SPG_SETSOCKOPT_LEVEL 1
#define SPG_SETSOCKOPT_SOCKET NULL
#define SPG_SOCKETS_SET_ZEROCOPY false
#endif

/* vmsplice tells fsnotify since 6.5; there is nothing in the headers to see it by. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define spg_vmsplice_accessed fsnotify_access
#define spg_vmsplice_modified fsnotify_modify
#else
static inline void spg_vmsplice_accessed(struct file *file) { }
static inline void spg_vmsplice_modified(struct file *file) { }
#endif

#endif
