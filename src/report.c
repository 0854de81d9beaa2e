// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reports: the kernel's log, and audit records, of refused calls and of what is written to knobs.
 *
 * A program can be refused as often as it likes, so that is reported a few times, and counted for
 * ever. The name of a task is what its user wants it to be.
 */
#include <linux/atomic.h>
#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include "grammar.h"
#include "live.h"
#include "report.h"

/**
 * struct limit - so many reports in an interval
 * @begin: when the interval began, in jiffies
 * @left: how many reports are left of it
 *
 * As struct ratelimit_state, but once there are none left, nothing is written that processors
 * share.
 */
struct limit {
	unsigned long begin;
	atomic_t left;
};

/* May there be a report? *last: there will be no other for a while. */
static bool is_within(struct limit *limit, bool *last)
{
	unsigned long begin = READ_ONCE(limit->begin), now = jiffies;
	int left;

	if ((!begin || time_after(now, begin + DEFAULT_RATELIMIT_INTERVAL)) &&
	    cmpxchg(&limit->begin, begin, now) == begin)
		atomic_set(&limit->left, DEFAULT_RATELIMIT_BURST);
	if (atomic_read(&limit->left) <= 0)
		return false;
	left = atomic_dec_return(&limit->left);
	*last = !left;
	return left >= 0;
}

/* A name of four times its length, a process number, two user numbers, and the words between. */
#define WHO_LEN (4 * TASK_COMM_LEN + 64)

/* Who current is. Its name has nothing but printable ASCII: all else, and backslashes, as \xHH. */
static const char *who(char text[WHO_LEN])
{
	kuid_t auid = audit_get_loginuid(current);
	char name[TASK_COMM_LEN];
	const char *c;
	int n = 0;

	get_task_comm(name, current);
	for (c = name; *c; c++)
		n += snprintf(text + n, WHO_LEN - n, *c < ' ' || *c > '~' || *c == '\\' ?
			      "\\x%02x" : "%c", (unsigned char)*c);
	n += snprintf(text + n, WHO_LEN - n, "[%d] uid %u", task_tgid_nr(current),
		      from_kuid(&init_user_ns, current_uid()));
	if (uid_valid(auid))
		snprintf(text + n, WHO_LEN - n, " auid %u", from_kuid(&init_user_ns, auid));
	return text;
}

/* Audit records, where audit is on. Those who read them know fields by the blanks between. */
static void audit_field(struct audit_buffer *record, const char *name, const char *text)
{
	audit_log_format(record, " %s=\"", name);
	while (*text) {
		int n = strcspn(text, " ");

		audit_log_format(record, "%.*s%s", n, text, text[n] ? "," : "");
		text += n + !!text[n];
	}
	audit_log_format(record, "\"");
}

static struct audit_buffer *begin_record(int type)
{
	return audit_enabled ? audit_log_start(audit_context(), GFP_KERNEL, type) : NULL;
}

static void end_record(struct audit_buffer *record, bool success)
{
	audit_log_task_info(record);
	audit_log_format(record, " res=%d", success);
	audit_log_end(record);
}

static void audit_refusal(enum spg_op op, const char *mode)
{
	struct audit_buffer *record = begin_record(AUDIT_KERNEL_OTHER);

	if (!record)
		return;
	audit_log_format(record, "module=\"" KBUILD_MODNAME "\" op=%s", spg_op_name(op));
	audit_field(record, "splice_mode", mode);
	end_record(record, false);
}

static void audit_change(const char *knob, const char *from, const char *to, bool success)
{
	struct audit_buffer *record = begin_record(AUDIT_CONFIG_CHANGE);

	if (!record)
		return;
	audit_log_format(record, "op=set %s", knob);
	audit_field(record, "old", from);
	audit_field(record, "new", to);
	end_record(record, success);
}

/**
 * spg_report_refusal() - a call of current's is refused
 * @op: the operation that it is
 *
 * In task context; may sleep.
 */
void spg_report_refusal(enum spg_op op)
{
	static struct limit limit;
	struct {
		struct spg_policy policy;
		char mode[SPG_TEXT];
		char who[WHO_LEN];
	} *text;
	bool last;

	if (!is_within(&limit, &last))
		return;
	text = kmalloc(sizeof(*text), GFP_KERNEL);
	if (!text)
		return;
	spg_live_get(&text->policy);
	spg_format_modes(&text->policy, text->mode, SPG_TEXT);
	pr_notice("refused %s of %s (kernel.splice_mode=%s); see spliceguard(7)\n", spg_op_name(op),
		  who(text->who), text->mode);
	if (last)
		pr_notice("what is refused in the next seconds is counted only, in /sys/kernel/spliceguard\n");
	audit_refusal(op, text->mode);
	kfree(text);
}

/**
 * spg_report_change() - current has changed a knob
 * @knob: its name
 * @from: what it held
 * @to: what it holds now
 *
 * In task context; may sleep.
 */
void spg_report_change(const char *knob, const char *from, const char *to)
{
	char text[WHO_LEN];

	pr_info("%s: '%s' -> '%s' by %s\n", knob, from, to, who(text));
	audit_change(knob, from, to, true);
}

/**
 * spg_report_failure() - current could not change a knob, although it may
 * @knob: its name
 * @from: what it holds
 * @to: what was tried
 * @err: how that failed
 *
 * In task context; may sleep.
 */
void spg_report_failure(const char *knob, const char *from, const char *to, int err)
{
	char text[WHO_LEN];

	pr_err("%s stays '%s': '%s' failed with error %d; tried by %s\n", knob, from, to, err,
	       who(text));
	audit_change(knob, from, to, false);
}

/**
 * spg_report_loosening() - current wanted to loosen a knob, and may not
 * @knob: its name
 * @from: what it holds
 * @to: what was tried
 * @why: what forbids it, a clause
 *
 * In task context; may sleep.
 */
void spg_report_loosening(const char *knob, const char *from, const char *to, const char *why)
{
	static struct limit limit;
	char text[WHO_LEN];
	bool last;

	if (!is_within(&limit, &last))
		return;
	pr_warn("%s stays '%s': %s, and '%s' would be looser; tried by %s\n", knob, from, why, to,
		who(text));
	audit_change(knob, from, to, false);
	if (last)
		pr_warn("more of the kind in the next seconds is not reported\n");
}
