// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policy: the verdict on one call, and which policies are looser than others. Pure functions; see
 * policy.h.
 */
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif
#include "policy.h"

#define MODE_BITS 4
#define MODE_MASK ((1u << MODE_BITS) - 1)

/**
 * spg_policy_mode() - the mode of one operation
 * @policy: the policy
 * @op: the operation
 *
 * Return: its mode.
 */
enum spg_mode spg_policy_mode(const struct spg_policy *policy, enum spg_op op)
{
	return (policy->modes >> (op * MODE_BITS)) & MODE_MASK;
}

/**
 * spg_policy_set_mode() - give one operation a mode
 * @policy: the policy to change
 * @op: the operation
 * @mode: its mode
 */
void spg_policy_set_mode(struct spg_policy *policy, enum spg_op op, enum spg_mode mode)
{
	policy->modes &= ~(MODE_MASK << (op * MODE_BITS));
	policy->modes |= (unsigned int)mode << (op * MODE_BITS);
}

/**
 * spg_policy_set_all() - give all operations one mode
 * @policy: the policy to change
 * @mode: that mode
 */
void spg_policy_set_all(struct spg_policy *policy, enum spg_mode mode)
{
	int op;

	for (op = 0; op < SPG_OPS; op++)
		spg_policy_set_mode(policy, op, mode);
}

/**
 * spg_policy_is_off() - are all operations as on stock?
 * @policy: the policy
 *
 * Return: whether they are.
 */
bool spg_policy_is_off(const struct spg_policy *policy)
{
	return !policy->modes;
}

/**
 * spg_policy_asks() - what has to be known for a verdict
 * @policy: the policy
 * @op: the operation that the call is
 *
 * Return: the facts that can change the verdict; the others need not be found out.
 */
unsigned int spg_policy_asks(const struct spg_policy *policy, enum spg_op op)
{
	unsigned int asked = policy->words;

	if (spg_policy_mode(policy, op) == SPG_OFF)
		return 0;
	if (policy->group != SPG_NO_GROUP)
		asked |= SPG_MEMBER;
	if (policy->fs_count && policy->nets)
		asked |= SPG_FS | SPG_NET;
	return asked;
}

static bool is_trusted(const struct spg_policy *policy, unsigned int facts)
{
	if (facts & SPG_MEMBER && policy->group != SPG_NO_GROUP)
		return true;
	if (facts & policy->words)
		return true;
	return facts & SPG_FS && facts & SPG_NET && policy->fs_count && policy->nets;
}

/**
 * spg_policy_verdict() - what policy says of one call
 * @policy: the policy
 * @op: the operation that the call is
 * @facts: what is known of its caller, source and sink; what is not known does not hold
 *
 * Return: the verdict.
 */
enum spg_verdict spg_policy_verdict(const struct spg_policy *policy, enum spg_op op,
				    unsigned int facts)
{
	enum spg_mode mode = spg_policy_mode(policy, op);

	if (mode == SPG_OFF)
		return SPG_STOCK;
	if (is_trusted(policy, facts))
		return SPG_TRUST;
	switch (mode) {
	case SPG_LOG:
		return SPG_PASS;
	case SPG_DEGRADE:
		return SPG_COPY;
	default:
		return SPG_REFUSE;
	}
}

/**
 * spg_policy_lists_fs() - does trust name this file system?
 * @policy: the policy
 * @name: the name of its type
 *
 * Return: whether it does.
 */
bool spg_policy_lists_fs(const struct spg_policy *policy, const char *name)
{
	unsigned int i;

	for (i = 0; i < policy->fs_count; i++)
		if (!strcmp(policy->fs[i], name))
			return true;
	return false;
}

/**
 * spg_policy_lists_net() - does trust name this protocol?
 * @policy: the policy
 * @net: the protocol
 *
 * Return: whether it does.
 */
bool spg_policy_lists_net(const struct spg_policy *policy, enum spg_net net)
{
	return policy->nets & 1u << net;
}

/**
 * spg_policy_loosens() - would a policy let anything by that another does not?
 * @from: the policy in force
 * @to: the one that is to follow
 *
 * By what they say, not by what they come to: "fs:ext4" more is looser even where no protocol is
 * listed.
 *
 * Return: whether @to has a laxer mode for some operation, a word of trust more, another group than
 * none, or no lock.
 */
bool spg_policy_loosens(const struct spg_policy *from, const struct spg_policy *to)
{
	unsigned int i;
	int op;

	for (op = 0; op < SPG_OPS; op++)
		if (spg_policy_mode(to, op) < spg_policy_mode(from, op))
			return true;
	if (to->words & ~from->words || to->nets & ~from->nets)
		return true;
	for (i = 0; i < to->fs_count; i++)
		if (!spg_policy_lists_fs(from, to->fs[i]))
			return true;
	if (to->group != SPG_NO_GROUP && to->group != from->group)
		return true;
	return from->locked && !to->locked;
}
