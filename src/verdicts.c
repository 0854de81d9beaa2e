// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verdicts, as those see them who trace: the event itself, and what is found out for it. None of
 * this runs where nobody does.
 */
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/rcupdate.h>
#include <linux/stat.h>
#include <net/sock.h>
#include "facts.h"
#include "grammar.h"
#include "pages.h"
#include "verdicts.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
/* It leaves that defined. */
#undef CREATE_TRACE_POINTS

static struct spg_origin origin_of_inode(const struct inode *inode)
{
	struct spg_origin origin = { .dev = inode->i_sb->s_dev, .ino = inode->i_ino };

	switch (inode->i_mode & S_IFMT) {
	case S_IFSOCK:
		origin.name = "socket";
		break;
	case S_IFIFO:
		origin.name = "pipe";
		break;
	case S_IFCHR:
	case S_IFBLK:
		/* It has more inodes than one. */
		origin = (struct spg_origin){ .name = "device", .dev = inode->i_rdev };
		break;
	default:
		origin.name = inode->i_sb->s_type->name;
	}
	return origin;
}

static struct spg_origin origin_of(struct spg_source source)
{
	const struct address_space *mapping;

	if (!source.file)
		return (struct spg_origin){ .name = source.name };
	mapping = spg_source_mapping(source.file);
	return origin_of_inode(mapping ? mapping->host : file_inode(source.file));
}

/**
 * spg_origin_behind() - the file that has filled the kernel's internal pipe
 * @pipe: the pipe
 *
 * Known by its pages; what it gave as a copy is from nowhere. Any context.
 *
 * Return: what to trace of it. The name lives as long as the file.
 */
struct spg_origin spg_origin_behind(const struct pipe_inode_info *pipe)
{
	struct spg_origin origin = { .name = "pipe" };
	unsigned int i;

	/* A page may leave its file meanwhile, but an inode is not freed as long as this takes. */
	rcu_read_lock();
	for (i = pipe->tail; i != pipe->head; i++) {
		struct page *page = compound_head(spg_slot(pipe, i)->page);
		const struct address_space *mapping = READ_ONCE(page->mapping);

		if (!mapping || PageSlab(page) || PageAnon(page) || !mapping->host)
			continue;
		origin = origin_of_inode(mapping->host);
		break;
	}
	rcu_read_unlock();
	return origin;
}

static const char *sink_of_net(int net)
{
	return net < 0 ? "socket" : spg_net_name(net);
}

/**
 * spg_sink_of_socket() - a socket as a sink
 * @sock: the socket, or NULL where it is not known
 *
 * Any context; no lock.
 *
 * Return: what to trace of it, a constant string.
 */
const char *spg_sink_of_socket(const struct socket *sock)
{
	return sink_of_net(sock ? spg_net_of_socket(sock) : -ENOENT);
}

/**
 * spg_sink_of_sock() - a socket as a sink, seen from below
 * @sk: the socket, or NULL where it is not known; somebody is sending to it
 *
 * Any context; no lock.
 *
 * Return: what to trace of it, a constant string.
 */
const char *spg_sink_of_sock(const struct sock *sk)
{
	return spg_sink_of_socket(sk ? READ_ONCE(sk->sk_socket) : NULL);
}

/**
 * spg_sink_of() - a file as a sink
 * @out: the file, or NULL where a descriptor has none
 *
 * Any context; no lock.
 *
 * Return: what to trace of it, a constant string.
 */
const char *spg_sink_of(struct file *out)
{
	if (!out)
		return "none";
	switch (file_inode(out)->i_mode & S_IFMT) {
	case S_IFSOCK:
		return sink_of_net(spg_net_of(out));
	case S_IFIFO:
		return "pipe";
	case S_IFCHR:
	case S_IFBLK:
		return "device";
	default:
		return "file";
	}
}

/**
 * spg_trace_origin() - the event
 * @op: the operation
 * @verdict: the counter of its verdict
 * @bytes: how many bytes it is about
 * @counted: whether the counter grows with it
 * @origin: where the pages are from
 * @sink: where they go
 *
 * Any context.
 */
void spg_trace_origin(enum spg_op op, enum spg_counter verdict, u64 bytes, bool counted,
		      const struct spg_origin *origin, const char *sink)
{
	trace_verdict(op, verdict, bytes, counted, origin, sink);
}

/**
 * spg_trace_source() - the event, of a source whose origin is to be found out
 * @op: the operation
 * @verdict: the counter of its verdict
 * @bytes: how many bytes it is about
 * @counted: whether the counter grows with it
 * @source: what the pages are taken from
 * @sink: where they go
 *
 * In task context; no lock. For spg_trace(), which asks first whether anybody wants to know.
 */
void spg_trace_source(enum spg_op op, enum spg_counter verdict, u64 bytes, bool counted,
		      struct spg_source source, const char *sink)
{
	const struct spg_origin origin = origin_of(source);

	spg_trace_origin(op, verdict, bytes, counted, &origin, sink);
}
