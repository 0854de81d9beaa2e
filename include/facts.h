/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Facts: what policy asks of a caller, a source and a sink, found out.
 */
#ifndef SPG_FACTS_H
#define SPG_FACTS_H

#include <linux/cred.h>
#include "live.h"

struct address_space;
struct file;
struct socket;

/* Never defined: what security_file_open() looks like. */
int spg_file_open_type(struct file *file);

int spg_facts_init(void);
void spg_facts_exit(void);
unsigned int spg_caller_facts(unsigned int asked);
unsigned int spg_source_facts(unsigned int asked, struct file *in);
struct address_space *spg_source_mapping(struct file *in);
int spg_net_of(struct file *out);
int spg_net_of_socket(const struct socket *sock);
unsigned int spg_net_facts(unsigned int asked, int net);

/**
 * spg_is_lent() - do current's credentials belong to somebody else for a moment?
 *
 * overlayfs works on the files below with those of whoever mounted it (override_creds()).
 *
 * Return: whether they do.
 */
static inline bool spg_is_lent(void)
{
	return current_cred() != current_real_cred();
}

/**
 * spg_verdict() - the verdict on a call of current's
 * @op: the operation that the call is
 * @facts: what is known of its source and its sink
 *
 * In task context; no lock.
 *
 * Return: the verdict.
 */
static inline enum spg_verdict spg_verdict(enum spg_op op, unsigned int facts)
{
	unsigned int asked;
	enum spg_verdict verdict = spg_live_consider(op, facts, &asked);

	asked &= SPG_CALLER_FACTS;
	return likely(!asked) ? verdict :
				spg_live_verdict(op, facts | spg_caller_facts(asked));
}

/**
 * spg_verdict_inside() - what to do in a call that is under way
 * @op: the operation that it is
 * @facts: what is known of its source and its sink
 *
 * In task context; no lock.
 *
 * Return: the verdict; but what would be refused, and got in under another mode or for the sake of
 * other pages, is copied.
 */
static inline enum spg_verdict spg_verdict_inside(enum spg_op op, unsigned int facts)
{
	enum spg_verdict verdict = spg_verdict(op, facts);

	return verdict == SPG_REFUSE ? SPG_COPY : verdict;
}

#endif
