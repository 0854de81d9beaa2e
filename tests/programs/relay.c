// SPDX-License-Identifier: GPL-2.0-only
/*
 * A relay: what comes from one TCP connection goes through a pipe, by splice on both sides, or out of the
 * pipe by read().
 *
 *	relay splice|read	prints "N bytes" if every byte was right
 */
#include "common.h"

#define TOTAL (256 * 1024)
#define PIECE 10000

int main(int argc, char **argv)
{
	static char text[TOTAL], got[TOTAL];
	int from[2], to[2], p[2], buffer = 4 * TOTAL;
	bool reads = argc > 1 && !strcmp(argv[1], "read");
	size_t done = 0;

	if (argc != 2 || (!reads && strcmp(argv[1], "splice")))
		return 64;
	inet_pair_of(AF_INET, SOCK_STREAM, from, buffer);
	inet_pair_of(AF_INET, SOCK_STREAM, to, buffer);
	make_pipe(p);
	fill_pattern(text, TOTAL, 0, 3);
	while (done < TOTAL) {
		size_t len = TOTAL - done < PIECE ? TOTAL - done : PIECE;
		size_t left = len;

		if (write(from[1], text + done, len) != (ssize_t)len)
			die("write");
		while (left) {
			ssize_t n = splice(from[0], NULL, p[1], NULL, left, 0);

			if (n <= 0)
				die("splice from a socket");
			left -= n;
			if (!reads && splice(p[0], NULL, to[1], NULL, n, 0) != n)
				die("splice to a socket");
			if (read_all(reads ? p[0] : to[0], got + done, n) != (size_t)n)
				die("read");
			done += n;
		}
	}
	if (memcmp(text, got, TOTAL)) {
		puts("wrong bytes");
		return 1;
	}
	printf("%zu bytes\n", done);
	return 0;
}
