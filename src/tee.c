// SPDX-License-Identifier: GPL-2.0-only
/*
 * tee: what is in a pipe is private already, but for what came in before the mode was switched on.
 */
#include <linux/fs.h>
#include "contents.h"
#include "facts.h"
#include "operations.h"
#include "pipes.h"
#include "verdicts.h"

SPG_STAND_IN(tee, ssize_t,
	     (struct file *in, struct file *out, size_t len, unsigned int flags),
	     (in, out, len, flags))

/*
 * As in splice.c: what would be refused is let in where all that it would move is trusted. What
 * empties the other pipe is judged then.
 */
static enum spg_verdict verdict_on_tee(struct pipe_inode_info *source, size_t len)
{
	enum spg_verdict verdict = spg_verdict(SPG_TEE, 0);
	unsigned int asked = spg_live_asks(SPG_TEE);
	unsigned int facts;

	if (verdict != SPG_REFUSE || !source || !(asked & SPG_SOURCE_FACTS))
		return verdict;
	facts = spg_pipe_facts(source, len, SPG_SOURCE_FACTS) | (asked & SPG_NET);
	return spg_live_verdict(SPG_TEE, facts) == SPG_REFUSE ? SPG_REFUSE : SPG_COPY;
}

static ssize_t tee_call(struct file *in, struct file *out, size_t len, unsigned int flags)
{
	struct pipe_inode_info *source = in->f_mode & FMODE_READ ? spg_pipe_of(in) : NULL;
	enum spg_verdict verdict = spg_live_only_logs(SPG_TEE) ? SPG_PASS :
								 verdict_on_tee(source, len);
	bool shares = false;
	ssize_t ret;
	int err;

	switch (verdict) {
	case SPG_REFUSE:
		spg_refused(SPG_TEE, len, spg_source_of(in), spg_sink_of(out));
		return -EINVAL;
	case SPG_COPY:
		if (!source)
			break;
		err = spg_pipe_clean_for(SPG_TEE, source, 0, in, out);
		if (err)
			return err;
		break;
	case SPG_PASS:
	case SPG_TRUST:
		shares = source && spg_pipe_holds_shared(source, len);
		break;
	default:
		break;
	}
	ret = spg_original(tee)(in, out, len, flags);
	if (shares && ret > 0)
		spg_judged(SPG_TEE, verdict == SPG_TRUST ? SPG_TRUSTED : SPG_PASSED, ret,
			   spg_source_of(in), spg_sink_of(out));
	return ret;
}

static void tee_prove(void)
{
	spg_entry(tee)(&spg_dummy_file, &spg_dummy_file, 0, 0);
}

static bool tee_needed(const struct spg_policy *policy)
{
	return spg_policy_mode(policy, SPG_TEE) != SPG_OFF;
}

struct spg_hook spg_tee_hook = {
	.names = spg_names("do_tee"),
	.standin = tee_stand_in,
	.bind = tee_bind,
	.prove = tee_prove,
	.needed = tee_needed,
};
