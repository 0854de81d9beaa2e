// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hold a read lease on a file, say "held", and "broken" when somebody opens it for writing.
 */
#include "common.h"

int main(int argc, char **argv)
{
	int fd = open(argc > 1 ? argv[1] : "", O_RDONLY), number;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (fd < 0 || fcntl(fd, F_SETLEASE, F_RDLCK))
		die("lease");
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("held");
	sigwait(&set, &number);
	puts("broken");
	return fcntl(fd, F_SETLEASE, F_UNLCK) != 0;
}
