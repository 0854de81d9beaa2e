// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a plain send costs: the fewest instructions that one took, of many, in a guest that counts them.
 *
 *	plain	prints "ROW INSTRUCTIONS" for each row
 */
#include "common.h"

#define CONNECTIONS 3
#define TURNS 50

/*
 * The processor's own counter, which steps once an instruction there. The kernel's clocks are made from it and corrected now
 * and then, which would be counted.
 */
static uint64_t now(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	die("not for this processor");
#endif
}

/* One at a time: sixteen under way may need more memory than is at hand, or not, whichever was used before. */
static uint64_t least_of(const int ends[2], size_t len)
{
	static char text[PAGE];
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TURNS; i++) {
		uint64_t before = now(), after;

		if (send(ends[1], text, len, 0) != (ssize_t)len)
			die("send");
		after = now();
		if (after - before < least)
			least = after - before;
		read_all(ends[0], text, len);
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
