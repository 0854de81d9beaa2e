/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Verdicts, as others see them: counted, traced, and where a call is refused also in the log.
 */
#ifndef SPG_VERDICTS_H
#define SPG_VERDICTS_H

#include <linux/types.h>
#include "report.h"
#include "stats.h"
#include "trace.h"

struct file;
struct pipe_inode_info;
struct sock;
struct socket;

/**
 * struct spg_origin - where the pages of a call are from, as the tracepoint shows it
 * @name: the type of the file system, or what it is other than a file
 * @dev: the device of the inode, if there is one
 * @ino: its number
 */
struct spg_origin {
	const char *name;
	dev_t dev;
	unsigned long ino;
};

/**
 * struct spg_source - what a call takes pages from, of which more is found out only for who traces
 * @file: a file, or NULL
 * @name: what it is, where it is no file
 */
struct spg_source {
	struct file *file;
	const char *name;
};

#define spg_from_pipe ((struct spg_source){ .name = "pipe" })
#define spg_from_memory ((struct spg_source){ .name = "memory" })

/**
 * spg_source_of() - a file as a source
 * @in: the file, or NULL where a descriptor has none
 *
 * Return: the source.
 */
static inline struct spg_source spg_source_of(struct file *in)
{
	return (struct spg_source){ .file = in, .name = "none" };
}

struct spg_origin spg_origin_behind(const struct pipe_inode_info *pipe);
const char *spg_sink_of(struct file *out);
const char *spg_sink_of_socket(const struct socket *sock);
const char *spg_sink_of_sock(const struct sock *sk);
void spg_trace_origin(enum spg_op op, enum spg_counter verdict, u64 bytes, bool counted,
		      const struct spg_origin *origin, const char *sink);
void spg_trace_source(enum spg_op op, enum spg_counter verdict, u64 bytes, bool counted,
		      struct spg_source source, const char *sink);

/*
 * spg_trace(op, counter, bytes, counted, source, sink) - show a verdict to those who trace
 *
 * A macro: where nobody does, the sink (what spg_sink_of() returns) is not even found out. In task
 * context; no lock.
 */
#define spg_trace(op, counter, bytes, counted, source, sink)				\
	do {										\
		if (trace_verdict_enabled())						\
			spg_trace_source(op, counter, bytes, counted, source, sink);	\
	} while (0)

/* spg_judged(op, counter, bytes, source, sink) - count and show a verdict on a whole call */
#define spg_judged(op, counter, bytes, source, sink)					\
	do {										\
		spg_count(op, counter, 1);						\
		spg_trace(op, counter, bytes, true, source, sink);			\
	} while (0)

/* spg_refused(op, bytes, source, sink) - the same for a call that is refused, and report it */
#define spg_refused(op, bytes, source, sink)						\
	do {										\
		spg_judged(op, SPG_REFUSED, bytes, source, sink);			\
		spg_report_refusal(op);							\
	} while (0)

#endif
