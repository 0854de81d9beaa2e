// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write texts to a knob, each in one write, and read it back.
 *
 *	knob FILE refused TEXT...		each gives EINVAL and changes nothing
 *	knob FILE accepted TEXT READS...	each TEXT is taken and reads back as READS, and that can be written again
 *
 * Says what was otherwise; exit code 1 then.
 */
#include "common.h"

static const char *file;
static int bad;

static int put(const char *text)
{
	int fd = open(file, O_WRONLY), err = 0;

	if (fd < 0)
		die("%s", file);
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err = errno;
	close(fd);
	return err;
}

static const char *get(void)
{
	static char text[2][4096];
	static int turn;
	char *to = text[turn ^= 1];
	int fd = open(file, O_RDONLY);
	ssize_t n = read(fd, to, sizeof(text[0]) - 1);

	close(fd);
	if (n < 1 || to[n - 1] != '\n')
		die("cannot read %s", file);
	to[n - 1] = 0;
	return to;
}

static void complain(const char *what, const char *text, const char *detail)
{
	printf("'%s': %s %s\n", text, what, detail);
	bad = 1;
}

static void refused(const char *text)
{
	const char *before = get(), *after;
	int err = put(text);

	after = get();
	if (err != EINVAL)
		complain("gave", text, err ? strerrorname_np(err) : "no error");
	if (strcmp(before, after))
		complain("changed the knob to", text, after);
}

static void accepted(const char *text, const char *reads)
{
	char again[4096];
	int err = put(text);

	if (err)
		complain("gave", text, strerrorname_np(err));
	if (strcmp(get(), reads))
		complain("reads back as", text, get());
	snprintf(again, sizeof(again), "%s\n", reads);
	if (put(again) || strcmp(get(), reads))
		complain("cannot be written back:", text, reads);
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 4)
		return 64;
	file = argv[1];
	for (i = 3; i < argc; i++) {
		if (!strcmp(argv[2], "refused"))
			refused(argv[i]);
		else if (i + 1 < argc)
			accepted(argv[i], argv[i + 1]), i++;
	}
	return bad;
}
