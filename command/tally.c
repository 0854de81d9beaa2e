// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tally: a hash table of rows; see tally.h.
 */
#include <stdlib.h>
#include <string.h>
#include "command.h"
#include "tally.h"

static size_t slot_of(const struct tally *tally, const struct tally_key *key)
{
	const unsigned char *bytes = (const unsigned char *)key;
	uint64_t hash = 0xcbf29ce484222325;
	size_t i, slot;

	for (i = 0; i < sizeof(*key); i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3;
	slot = (hash ^ hash >> 32) & (tally->slot_count - 1);
	while (tally->slots[slot] &&
	       memcmp(&tally->rows[tally->slots[slot] - 1].key, key, sizeof(*key)))
		slot = (slot + 1) & (tally->slot_count - 1);
	return slot;
}

static void place_rows(struct tally *tally)
{
	size_t i;

	memset(tally->slots, 0, tally->slot_count * sizeof(*tally->slots));
	for (i = 0; i < tally->count; i++)
		tally->slots[slot_of(tally, &tally->rows[i].key)] = i + 1;
}

/* To twice the room, half of which is used at most. */
static void grow(struct tally *tally)
{
	tally->slot_count = tally->slot_count ? 2 * tally->slot_count : 256;
	tally->slots = realloc(tally->slots, tally->slot_count * sizeof(*tally->slots));
	tally->rows = realloc(tally->rows, tally->slot_count / 2 * sizeof(*tally->rows));
	if (!tally->slots || !tally->rows) {
		complain("out of memory");
		exit(ENDING_FAILED);
	}
	place_rows(tally);
}

/**
 * tally_of() - the row of a key
 * @tally: the tally
 * @key: the key
 *
 * Return: the row, a new one if there was none. It lasts until the next one is asked for.
 */
struct tally_row *tally_of(struct tally *tally, const struct tally_key *key)
{
	size_t slot;

	if (tally->count == tally->slot_count / 2)
		grow(tally);
	slot = slot_of(tally, key);
	if (!tally->slots[slot]) {
		tally->rows[tally->count++] = (struct tally_row){ .key = *key };
		tally->slots[slot] = tally->count;
	}
	return &tally->rows[tally->slots[slot] - 1];
}

/**
 * tally_sort() - put the rows in order
 * @tally: the tally
 * @compare: two rows, as for qsort()
 */
void tally_sort(struct tally *tally, int (*compare)(const void *a, const void *b))
{
	if (!tally->count)
		return;
	qsort(tally->rows, tally->count, sizeof(*tally->rows), compare);
	place_rows(tally);
}

/**
 * tally_clear() - forget all rows
 * @tally: the tally
 */
void tally_clear(struct tally *tally)
{
	tally->count = 0;
	if (tally->slots)
		place_rows(tally);
}
