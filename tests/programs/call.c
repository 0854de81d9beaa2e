// SPDX-License-Identifier: GPL-2.0-only
/*
 * One zero-copy call, or many of them, with whatever ends one likes; prints what it returned.
 *
 *	call [-n NAME] [-r TIMES] splice|sendfile|tee SOURCE SINK LEN
 *	call [-n NAME] [-r TIMES] vmsplice SINK LEN
 *
 * NAME is the caller's, as others see it. SOURCE and SINK are files, or "pipe" (as a source it holds a page of data, as a sink it
 * is empty), "tcp" and "unix" (somebody reads what is sent there), or "-", a descriptor that is not open.
 */
#include "common.h"
#include <sys/prctl.h>

static int open_source(const char *name)
{
	static char page[PAGE];
	int ends[2];

	if (!strcmp(name, "-"))
		return -1;
	if (strcmp(name, "pipe"))
		return open(name, O_RDONLY);
	make_pipe(ends);
	if (write(ends[1], page, PAGE) != PAGE)
		die("pipe");
	return ends[0];
}

static int open_sink(const char *name)
{
	static char text[1 << 16];
	int ends[2];

	if (!strcmp(name, "-"))
		return -1;
	if (!strcmp(name, "pipe")) {
		make_pipe(ends);
		return ends[1];
	}
	if (!strcmp(name, "tcp"))
		inet_pair(SOCK_STREAM, ends);
	else if (!strcmp(name, "unix"))
		unix_pair(SOCK_STREAM, ends);
	else
		return open(name, O_RDWR | O_CREAT, 0600);
	if (!fork()) {
		prctl(PR_SET_NAME, "reader");
		close(ends[1]);
		while (read(ends[0], text, sizeof(text)) > 0)
			;
		_exit(0);
	}
	close(ends[0]);
	return ends[1];
}

int main(int argc, char **argv)
{
	struct iovec iov = { .iov_len = PAGE };
	const char *name = "call", *call;
	int source, sink, option, times = 1;
	ssize_t ret = 0;
	size_t len;

	while ((option = getopt(argc, argv, "n:r:")) > 0) {
		if (option == 'n')
			name = optarg;
		else if (option == 'r')
			times = atoi(optarg);
		else
			return 64;
	}
	argv += optind;
	call = argv[0];
	if (!call || argc - optind != (strcmp(call, "vmsplice") ? 4 : 3))
		return 64;
	source = strcmp(call, "vmsplice") ? open_source(argv[1]) : -1;
	sink = open_sink(argv[argc - optind - 2]);
	len = atol(argv[argc - optind - 1]);
	iov.iov_len = len;
	iov.iov_base = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	prctl(PR_SET_NAME, name);
	while (times--) {
		if (!strcmp(call, "splice"))
			ret = splice(source, NULL, sink, NULL, len, 0);
		else if (!strcmp(call, "sendfile"))
			ret = sendfile(sink, source, NULL, len);
		else if (!strcmp(call, "tee"))
			ret = tee(source, sink, len, 0);
		else
			ret = vmsplice(sink, &iov, 1, 0);
	}
	if (ret < 0)
		printf("%s\n", strerrorname_np(errno));
	else
		printf("%zd\n", ret);
	return 0;
}
