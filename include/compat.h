/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels, 5.10 to today, and the only place that names a kernel version.
 * SPG_HAVE_* come from Kbuild, which looks into the headers of the kernel that it builds for.
 */
#ifndef SPG_COMPAT_H
#define SPG_COMPAT_H

#include <linux/fs.h>
#include <linux/fsnotify.h>
#include <linux/ftrace.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/pipe_fs_i.h>
#include <linux/sysctl.h>
#include <linux/uio.h>
#include <linux/version.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>
#include <net/tcp.h>
#ifdef SPG_HAVE_SENDPAGE
#include <net/tls.h>
#endif

/*
 * ftrace: since 5.11 a callback gets an opaque frame, and handles its own recursion unless it asks
 * for help.
 */
#ifdef SPG_HAVE_FTRACE_REGS
#define spg_ftrace_frame ftrace_regs
#define spg_frame_regs(frame) ftrace_get_regs(frame)
#define SPG_FTRACE_NO_RECURSION 0
#else
#define spg_ftrace_frame pt_regs
#define spg_frame_regs(frame) (frame)
#define SPG_FTRACE_NO_RECURSION FTRACE_OPS_FL_RECURSION_SAFE
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

/* In a header since 5.17. */
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
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

static inline bool spg_is_software_tls(const struct socket *sock)
{
	const struct tcp_ulp_ops *ulp;

	if ((sock->ops->family != PF_INET && sock->ops->family != PF_INET6) ||
	    sock->type != SOCK_STREAM || sock->sk->sk_protocol != IPPROTO_TCP)
		return false;
	ulp = READ_ONCE(inet_csk(sock->sk)->icsk_ulp_ops);
	return ulp && !strcmp(ulp->name, "tls") && tls_get_ctx(sock->sk)->tx_conf == TLS_SW;
}

static inline bool spg_one_buffer_a_message(const struct socket *sock)
{
	return sock->type != SOCK_STREAM || !spg_has_sendpage(sock);
}

static inline int spg_more_flags(const struct socket *sock, bool asked, bool follows)
{
	if ((asked && !spg_is_software_tls(sock)) || (follows && spg_has_sendpage(sock)))
		return MSG_MORE;
	return sock->ops->family == PF_KCM ? MSG_EOR : 0;
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
