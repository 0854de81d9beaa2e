/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policy: what is to be done with a zero-copy call. No side effects, no locks, no kernel services:
 * the same files build in user space, where their unit tests run.
 */
#ifndef SPG_POLICY_H
#define SPG_POLICY_H

#ifdef __KERNEL__
#include <linux/bits.h>
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#define BIT(n) (1u << (n))
#endif

/* The operations that a mode is set for, in the order in which the knob prints them. */
enum spg_op {
	SPG_SPLICE,
	SPG_SENDFILE,
	SPG_TEE,
	SPG_VMSPLICE,
	SPG_ZEROCOPY,
	SPG_OPS
};

/* In order of strictness. */
enum spg_mode {
	SPG_OFF,
	SPG_LOG,
	SPG_DEGRADE,
	SPG_BLOCK,
	SPG_MODES
};

enum spg_verdict {
	SPG_STOCK,	/* not ours: as the kernel does, and not counted */
	SPG_PASS,	/* by reference, but counted */
	SPG_TRUST,	/* by reference, for those who are trusted only */
	SPG_COPY,
	SPG_REFUSE
};

/* The protocols that trust can name. */
enum spg_net {
	SPG_TCP,
	SPG_UDP,
	SPG_UNIX,
	SPG_VSOCK,
	SPG_SCTP,
	SPG_MPTCP,
	SPG_TLS,
	SPG_NETS
};

/*
 * What may be known of a call. The caller, ...
 */
#define SPG_MEMBER	BIT(0)	/* is in the group */
#define SPG_CAPABLE	BIT(1)	/* has CAP_SYS_RAWIO */
/* ... the source, a regular file, ... */
#define SPG_WRITABLE	BIT(2)	/* could be opened for writing by the caller */
#define SPG_QUIESCENT	BIT(3)	/* is not mapped, clean, and nobody has it open for writing */
#define SPG_FS		BIT(4)	/* is on a listed file system */
/* ... and the sink. */
#define SPG_NET		BIT(5)	/* speaks a listed protocol */

#define SPG_CALLER_FACTS (SPG_MEMBER | SPG_CAPABLE)
#define SPG_SOURCE_FACTS (SPG_WRITABLE | SPG_QUIESCENT | SPG_FS)
#define SPG_ALL_FACTS (SPG_CALLER_FACTS | SPG_SOURCE_FACTS | SPG_NET)

#define SPG_NO_GROUP (~0u)

/* As many file systems may be listed, with names as long as this, NUL included. */
#define SPG_FS_MAX 16
#define SPG_FS_NAME 32

/**
 * struct spg_policy - everything that the knobs say
 * @modes: four bits for each operation
 * @group: the gid, of the initial user namespace, whose members are trusted, or SPG_NO_GROUP
 * @locked: whether nothing may be loosened any more
 * @words: of SPG_CAPABLE, SPG_WRITABLE and SPG_QUIESCENT, those that suffice for trust
 * @nets: a bit for each listed protocol
 * @fs_count: how many file systems are listed
 * @fs: their names
 */
struct spg_policy {
	unsigned int modes;
	unsigned int group;
	bool locked;
	unsigned int words;
	unsigned int nets;
	unsigned int fs_count;
	char fs[SPG_FS_MAX][SPG_FS_NAME];
};

/* Whoever asks for nothing else wants protection. */
#define SPG_DEFAULT_POLICY { .modes = 0x22222, .group = SPG_NO_GROUP }

enum spg_mode spg_policy_mode(const struct spg_policy *policy, enum spg_op op);
void spg_policy_set_mode(struct spg_policy *policy, enum spg_op op, enum spg_mode mode);
void spg_policy_set_all(struct spg_policy *policy, enum spg_mode mode);
bool spg_policy_is_off(const struct spg_policy *policy);
unsigned int spg_policy_asks(const struct spg_policy *policy, enum spg_op op);
enum spg_verdict spg_policy_verdict(const struct spg_policy *policy, enum spg_op op,
				    unsigned int facts);
bool spg_policy_lists_fs(const struct spg_policy *policy, const char *name);
bool spg_policy_lists_net(const struct spg_policy *policy, enum spg_net net);
bool spg_policy_loosens(const struct spg_policy *from, const struct spg_policy *to);

#endif
