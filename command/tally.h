/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tally: how often, and how many bytes, by who, what, from where and where to.
 */
#ifndef SPG_TALLY_H
#define SPG_TALLY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "tracer.h"

/* Compared byte by byte: what is not filled in is 0. */
struct tally_key {
	pid_t pid;
	char process[16];
	char op[12];
	char verdict[12];
	char from[32];
	char to[16];
	uint32_t dev;
	uint64_t ino;
};

struct tally_row {
	struct tally_key key;
	unsigned long long calls;
	unsigned long long bytes;
};

struct tally {
	struct tally_row *rows;
	size_t count;
	uint32_t *slots;	/* the number of a row, plus 1 */
	size_t slot_count;
};

struct tally_row *tally_of(struct tally *tally, const struct tally_key *key);
void tally_sort(struct tally *tally, int (*compare)(const void *a, const void *b));
void tally_clear(struct tally *tally);

/* verdicts.c: the event spliceguard:verdict, as such a key */
extern struct event verdict_event;
unsigned long long verdict_key(const struct record *record, struct tally_key *key, bool *counted);

/* processes.c */
void process_of(pid_t tid, struct tally_key *key);
void processes_forget(void);

#endif
