// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event spliceguard:verdict: what its fields are and mean stands in include/trace.h of the
 * module.
 */
#include <string.h>
#include "tally.h"

enum { OP, VERDICT, BYTES, COUNTED, FSTYPE, DEV, INO, SINK };

struct event verdict_event = {
	.name = "spliceguard/verdict",
	.fields = {
		[OP] = "op",
		[VERDICT] = "verdict",
		[BYTES] = "bytes",
		[COUNTED] = "counted",
		[FSTYPE] = "fstype",
		[DEV] = "dev",
		[INO] = "ino",
		[SINK] = "sink",
	},
};

/**
 * verdict_key() - a verdict, as a key of a tally
 * @record: the event
 * @key: takes all but the process
 * @counted: takes whether it is the one by which its call is counted
 *
 * Return: the bytes that it is about.
 */
unsigned long long verdict_key(const struct record *record, struct tally_key *key, bool *counted)
{
	memset(key, 0, sizeof(*key));
	strcpy(key->op, record_symbol(record, OP));
	strcpy(key->verdict, record_symbol(record, VERDICT));
	record_text(record, FSTYPE, key->from, sizeof(key->from));
	record_text(record, SINK, key->to, sizeof(key->to));
	key->dev = record_number(record, DEV);
	key->ino = record_number(record, INO);
	*counted = record_number(record, COUNTED);
	return record_number(record, BYTES);
}
