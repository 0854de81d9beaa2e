// SPDX-License-Identifier: GPL-2.0-only
/*
 * sendfile: the call itself, and the place where the kernel's internal pipe meets its sink.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pipe_fs_i.h>
#include <linux/splice.h>
#include "contents.h"
#include "facts.h"
#include "operations.h"
#include "pages.h"
#include "verdicts.h"

SPG_STAND_IN(sendfile, ssize_t,
	     (int out_fd, int in_fd, loff_t *ppos, size_t count, loff_t max),
	     (out_fd, in_fd, ppos, count, max))

/*
 * What would be refused is let in where it is trusted. The descriptors may change before the
 * original looks at them, so further down the pages are judged once more, and what is not trusted
 * after all is copied.
 */
static bool sendfile_is_admitted(int out_fd, int in_fd)
{
	unsigned int asked = spg_live_asks(SPG_SENDFILE);
	struct file *in, *out;
	unsigned int facts = 0;

	if (!(asked & SPG_SOURCE_FACTS))
		return false;
	in = fget(in_fd);
	out = fget(out_fd);
	if (in && out) {
		facts = spg_source_facts(asked, in);
		/* A pipe as the sink says nothing yet: what empties it will. */
		facts |= S_ISFIFO(file_inode(out)->i_mode) ? asked & SPG_NET :
			 spg_net_facts(asked, spg_net_of(out));
	}
	if (in)
		fput(in);
	if (out)
		fput(out);
	return spg_live_verdict(SPG_SENDFILE, facts) != SPG_REFUSE;
}

static void count_refused_sendfile(int out_fd, int in_fd, size_t count)
{
	struct file *in = NULL, *out = NULL;

	if (trace_verdict_enabled()) {
		in = fget(in_fd);
		out = fget(out_fd);
	}
	spg_refused(SPG_SENDFILE, count, spg_source_of(in), spg_sink_of(out));
	if (in)
		fput(in);
	if (out)
		fput(out);
}

static ssize_t sendfile_call(int out_fd, int in_fd, loff_t *ppos, size_t count, loff_t max)
{
	if (spg_verdict(SPG_SENDFILE, 0) == SPG_REFUSE && !sendfile_is_admitted(out_fd, in_fd)) {
		count_refused_sendfile(out_fd, in_fd, count);
		return -EINVAL;
	}
	return spg_original(sendfile)(out_fd, in_fd, ppos, count, max);
}

static void sendfile_prove(void)
{
	spg_entry(sendfile)(-1, -1, NULL, 0, 0);
}

static bool sendfile_needed(const struct spg_policy *policy)
{
	return spg_policy_mode(policy, SPG_SENDFILE) == SPG_BLOCK;
}

struct spg_hook spg_sendfile_hook = {
	.names = spg_names("do_sendfile"),
	.standin = sendfile_stand_in,
	.bind = sendfile_bind,
	.prove = sendfile_prove,
	.needed = sendfile_needed,
};

SPG_STAND_IN(sendfile_sink, int,
	     (struct pipe_inode_info *pipe, struct splice_desc *sd),
	     (pipe, sd))

/*
 * A call comes here once for each pipeful. Only __splice_from_pipe() uses num_spliced, and not of
 * this descriptor. @origin is NULL where nobody traces.
 */
static void count_pipeful(struct splice_desc *sd, enum spg_counter counter, size_t bytes,
			  const struct spg_origin *origin)
{
	bool first = !sd->num_spliced;

	if (first)
		spg_count(SPG_SENDFILE, counter, 1);
	sd->num_spliced = 1;
	if (origin)
		spg_trace_origin(SPG_SENDFILE, counter, bytes, first, origin,
				 spg_sink_of(sd->u.file));
}

/* What is known of the file that fills the internal pipe, and of the sink, and judged by it. */
static enum spg_verdict verdict_on_pipeful(struct pipe_inode_info *pipe, struct file *out)
{
	unsigned int asked = spg_live_asks(SPG_SENDFILE);
	unsigned int facts = 0;

	if (asked & SPG_SOURCE_FACTS)
		facts = spg_pipe_facts(pipe, SIZE_MAX, 0) | spg_net_facts(asked, spg_net_of(out));
	return spg_verdict_inside(SPG_SENDFILE, facts);
}

static noinline int make_private(struct pipe_inode_info *pipe, struct splice_desc *sd,
				 const struct spg_origin *origin)
{
	struct spg_outcome outcome;
	int err;

	spg_judge(pipe, SPG_SENDFILE);
	err = spg_make_private(pipe, pipe->tail, NULL, &outcome);
	if (err)
		return err;
	spg_count(SPG_SENDFILE, SPG_BYTES_COPIED, outcome.bytes);
	if (outcome.bytes)
		count_pipeful(sd, SPG_COPIED, outcome.bytes, origin);
	return 0;
}

/* Sockets copy in socket.c. Other sinks, an O_DIRECT file or a device, see private pages. */
static int sink_judged(struct pipe_inode_info *pipe, struct splice_desc *sd,
		       enum spg_verdict verdict, const struct spg_origin *origin)
{
	int ret;

	if (verdict == SPG_COPY && !S_ISSOCK(file_inode(sd->u.file)->i_mode)) {
		ret = make_private(pipe, sd, origin);
		if (ret)
			return ret == -ENODATA ? 0 : ret;
		return spg_original(sendfile_sink)(pipe, sd);
	}
	ret = spg_original(sendfile_sink)(pipe, sd);
	if (ret > 0 && verdict != SPG_STOCK)
		count_pipeful(sd, verdict == SPG_COPY ? SPG_COPIED :
			      verdict == SPG_TRUST ? SPG_TRUSTED : SPG_PASSED, ret, origin);
	return ret;
}

static noinline int sink_traced(struct pipe_inode_info *pipe, struct splice_desc *sd,
				enum spg_verdict verdict)
{
	/* Now: the pages are gone afterwards. */
	const struct spg_origin origin = spg_origin_behind(pipe);

	return sink_judged(pipe, sd, verdict, &origin);
}

/*
 * A buffered write is a copy, and so is a write into a pipe, which is how 5.10 sends a file to one.
 * copy_file_range() and overlayfs, when it copies a file up, come here too, with regular files.
 */
static int sendfile_sink_call(struct pipe_inode_info *pipe, struct splice_desc *sd)
{
	struct file *out = sd->u.file;
	enum spg_verdict verdict;

	if (S_ISFIFO(file_inode(out)->i_mode) || spg_write_copies(out))
		return spg_original(sendfile_sink)(pipe, sd);
	verdict = spg_live_only_logs(SPG_SENDFILE) ? SPG_PASS : verdict_on_pipeful(pipe, out);
	return trace_verdict_enabled() ? sink_traced(pipe, sd, verdict) :
					 sink_judged(pipe, sd, verdict, NULL);
}

static void sendfile_sink_prove(void)
{
	loff_t pos = 0;
	struct splice_desc sd = { .u.file = &spg_dummy_file, .opos = &pos };

	spg_entry(sendfile_sink)(&spg_dummy_pipe, &sd);
}

static bool sendfile_sink_needed(const struct spg_policy *policy)
{
	return spg_policy_mode(policy, SPG_SENDFILE) != SPG_OFF;
}

struct spg_hook spg_sendfile_sink_hook = {
	.names = spg_names("direct_splice_actor"),
	.standin = sendfile_sink_stand_in,
	.bind = sendfile_sink_bind,
	.prove = sendfile_sink_prove,
	.needed = sendfile_sink_needed,
};
