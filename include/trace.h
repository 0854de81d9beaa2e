/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracepoint spliceguard:verdict.
 *
 * One event for each verdict on a user's call. Most calls get one. A sendfile through the kernel's
 * internal pipe is judged anew for each pipeful (64 KiB), and a zero-copy send for each piece that
 * goes into a socket buffer: then each event has the bytes of its own, and one of them is
 * "counted", when the call's counter grows. Calls that share nothing, such as a splice into a
 * buffered file, have no event, as they have no counter; nor has what is in a mode of "off". What
 * is let into a pipe by reference for now, and copied when somebody takes it, has no second event.
 *
 * op, verdict: as the counters are called. "pass": degrade would copy this.
 * bytes: how many it is about; of a refused call, how many were asked for, 0 where it is the
 *	request for zero-copy itself.
 * fstype, dev, ino: where the pages are from: the type of the file system and the inode, through
 *	overlayfs of the file below; else socket, pipe, device (with its own number), memory, or
 *	none: a descriptor of nothing. What is in a user's pipe is not followed any further back.
 * sink: pipe, file, device, memory, none; a socket's protocol as splice_trust calls it, or socket.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM spliceguard

#if !defined(SPG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SPG_TRACE_H

#include <linux/kdev_t.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/types.h>
#include "policy.h"
#include "stats.h"

struct spg_origin;

/* The longest name of a sink, NUL included: those of protocols and kinds. */
#define SPG_SINK_NAME 8

TRACE_DEFINE_ENUM(SPG_SPLICE);
TRACE_DEFINE_ENUM(SPG_SENDFILE);
TRACE_DEFINE_ENUM(SPG_TEE);
TRACE_DEFINE_ENUM(SPG_VMSPLICE);
TRACE_DEFINE_ENUM(SPG_ZEROCOPY);
TRACE_DEFINE_ENUM(SPG_PASSED);
TRACE_DEFINE_ENUM(SPG_TRUSTED);
TRACE_DEFINE_ENUM(SPG_COPIED);
TRACE_DEFINE_ENUM(SPG_REFUSED);

TRACE_EVENT(verdict,
	    TP_PROTO(enum spg_op op, enum spg_counter verdict, u64 bytes, bool counted,
		     const struct spg_origin *origin, const char *sink),

	    TP_ARGS(op, verdict, bytes, counted, origin, sink),

	    TP_STRUCT__entry(__field(u64, bytes)
			     __field(unsigned long, ino)
			     __field(dev_t, dev)
			     __field(u8, op)
			     __field(u8, verdict)
			     __field(bool, counted)
			     __array(char, fstype, SPG_FS_NAME)
			     __array(char, sink, SPG_SINK_NAME)),

	    TP_fast_assign(__entry->bytes = bytes;
			   __entry->ino = origin->ino;
			   __entry->dev = origin->dev;
			   __entry->op = op;
			   __entry->verdict = verdict;
			   __entry->counted = counted;
			   strscpy_pad(__entry->fstype, origin->name, SPG_FS_NAME);
			   strscpy_pad(__entry->sink, sink, SPG_SINK_NAME);),

	    TP_printk("op=%s verdict=%s bytes=%llu source=%s dev=%u:%u ino=%lu sink=%s",
		      __print_symbolic(__entry->op,
				       { SPG_SPLICE, "splice" },
				       { SPG_SENDFILE, "sendfile" },
				       { SPG_TEE, "tee" },
				       { SPG_VMSPLICE, "vmsplice" },
				       { SPG_ZEROCOPY, "zerocopy" }),
		      __print_symbolic(__entry->verdict,
				       { SPG_PASSED, "pass" },
				       { SPG_TRUSTED, "trusted" },
				       { SPG_COPIED, "copied" },
				       { SPG_REFUSED, "refused" }),
		      __entry->bytes, __entry->fstype, MAJOR(__entry->dev),
		      MINOR(__entry->dev), __entry->ino, __entry->sink)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
