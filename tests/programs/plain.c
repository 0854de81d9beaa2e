// SPDX-License-Identifier: GPL-2.0-only
/*
 * What plain sends cost: in a guest whose clock counts instructions, the fewest that BATCH of them
 * took, of many. The clock rounds, so it is the difference in a batch that tells whether a send takes
 * one more.
 *
 *	plain	prints "ROW INSTRUCTIONS" for each row
 */
#include "common.h"
#include <time.h>

#define CONNECTIONS 3
#define TURNS 50
#define BATCH 16

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static uint64_t least_of(const int ends[2], size_t len)
{
	static char text[PAGE], got[BATCH * PAGE];
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TURNS; i++) {
		uint64_t before = now(), after;

		for (int n = 0; n < BATCH; n++)
			if (send(ends[1], text, len, 0) != (ssize_t)len)
				die("send");
		after = now();
		if (after - before < least)
			least = after - before;
		read_all(ends[0], got, BATCH * len);
	}
	return least;
}

/* Connections differ, too. */
static void measure(const char *row, int family, int type, size_t len)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < CONNECTIONS; i++) {
		uint64_t one;
		int ends[2];

		if (family == AF_UNIX)
			unix_pair(type, ends);
		else
			inet_pair(type, ends);
		one = least_of(ends, len);
		if (one < least)
			least = one;
		close(ends[0]);
		close(ends[1]);
	}
	printf("%s %lu\n", row, least);
}

int main(void)
{
	measure("tcp", AF_INET, SOCK_STREAM, 100);
	measure("tcp,512", AF_INET, SOCK_STREAM, 512);
	measure("udp", AF_INET, SOCK_DGRAM, 100);
	measure("unix", AF_UNIX, SOCK_STREAM, 100);
	return 0;
}
