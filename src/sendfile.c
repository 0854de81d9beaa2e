// SPDX-License-Identifier: GPL-2.0-only
/*
 * sendfile: the call itself, and the place where the kernel's internal pipe meets its sink.
 */
#include <linux/fs.h>
#include <linux/pipe_fs_i.h>
#include <linux/splice.h>
#include "live.h"
#include "operations.h"
#include "pages.h"
#include "stats.h"

SPG_STAND_IN(sendfile, ssize_t,
	     (int out_fd, int in_fd, loff_t *ppos, size_t count, loff_t max),
	     (out_fd, in_fd, ppos, count, max))

static ssize_t sendfile_call(int out_fd, int in_fd, loff_t *ppos, size_t count, loff_t max)
{
	if (spg_verdict(SPG_SENDFILE) == SPG_REFUSE) {
		spg_count(SPG_SENDFILE, SPG_REFUSED, 1);
		return -EINVAL;
	}
	return spg_original(sendfile)(out_fd, in_fd, ppos, count, max);
}

static void sendfile_prove(void)
{
	spg_entry(sendfile)(-1, -1, NULL, 0, 0);
}

static bool sendfile_needed(struct spg_policy policy)
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
 * this descriptor.
 */
static void count_once(struct splice_desc *sd, enum spg_counter counter)
{
	if (!sd->num_spliced)
		spg_count(SPG_SENDFILE, counter, 1);
	sd->num_spliced = 1;
}

/*
 * Sockets copy in socket.c. A buffered write is a copy, and so is a write into a pipe, which is how
 * 5.10 sends a file to one. Other sinks, an O_DIRECT file or a device, see private pages.
 * copy_file_range() comes here too before 6.8, with regular files.
 */
static int sendfile_sink_call(struct pipe_inode_info *pipe, struct splice_desc *sd)
{
	const struct file *out = sd->u.file;
	umode_t mode = file_inode(out)->i_mode;
	enum spg_verdict verdict = spg_verdict_inside(SPG_SENDFILE);
	struct spg_outcome outcome = { };
	int ret;

	if (S_ISFIFO(mode) || spg_write_copies(out) ||
	    (verdict != SPG_COPY && verdict != SPG_PASS))
		return spg_original(sendfile_sink)(pipe, sd);

	if (verdict == SPG_COPY && !S_ISSOCK(mode)) {
		ret = spg_make_private(pipe, pipe->tail, NULL, &outcome);
		if (ret)
			return ret == -ENODATA ? 0 : ret;
		spg_count(SPG_SENDFILE, SPG_BYTES_COPIED, outcome.bytes);
		if (!outcome.bytes)
			return spg_original(sendfile_sink)(pipe, sd);
	}
	ret = spg_original(sendfile_sink)(pipe, sd);
	if (ret > 0)
		count_once(sd, verdict == SPG_COPY ? SPG_COPIED : SPG_PASSED);
	return ret;
}

static void sendfile_sink_prove(void)
{
	loff_t pos = 0;
	struct splice_desc sd = { .u.file = &spg_dummy_file, .opos = &pos };

	spg_entry(sendfile_sink)(&spg_dummy_pipe, &sd);
}

static bool sendfile_sink_needed(struct spg_policy policy)
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
