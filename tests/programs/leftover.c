// SPDX-License-Identifier: GPL-2.0-only
/* Fill a pipe in degrade, unload the module, read the pipe: "same" if every byte is right. */
#include "common.h"

int main(void)
{
	char text[10000], got[10000];
	int fd = memfd_create("leftover", 0), p[2];
	loff_t off = 0;

	make_pipe(p);
	fill_pattern(text, sizeof(text), 0, 2);
	if (write(fd, text, sizeof(text)) != sizeof(text) ||
	    splice(fd, &off, p[1], NULL, sizeof(text), 0) != sizeof(text))
		die("splice");
	if (system("rmmod spliceguard"))
		die("rmmod");
	if (read_all(p[0], got, sizeof(got)) != sizeof(got) || memcmp(got, text, sizeof(got))) {
		puts("different");
		return 1;
	}
	puts("same");
	return 0;
}
