// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vmsplice promises about memory: "ROW RESULT" for each row.
 *
 * The rows "... after X" hand the pages off to X, then edit the memory, then read: SHARED or
 * COPIED. The rows "at-once ..." edit what another process or a file shares before anything is
 * read: SHARED or COPIED. The rows "before X" edit the caller's own memory before the hand-off: the
 * edit must be SEEN there, or it is LOST.
 */
#include "common.h"

static char *anonymous(void)
{
	char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(memory, 'a', 2 * PAGE);
	return memory;
}

static int vmspliced(char *memory, int *end)
{
	struct iovec iov = { memory, 2 * PAGE };
	int p[2];

	make_pipe(p);
	if (vmsplice(p[1], &iov, 1, SPLICE_F_GIFT) != 2 * PAGE) {
		if (errno == EINVAL)
			return -1;
		die("vmsplice");
	}
	*end = p[1];
	return p[0];
}

static void report(const char *row, int fd, char edit, const char *yes, const char *no)
{
	char got[2 * PAGE];

	alarm(5);
	if (fd < 0)
		printf("%s EINVAL\n", row);
	else if (read_all(fd, got, sizeof(got)) != sizeof(got))
		printf("%s BROKEN\n", row);
	else
		printf("%s %s\n", row, got[5] == edit && got[PAGE + 5] == edit ? yes : no);
	alarm(0);
}

static void edit(char *memory)
{
	memory[5] = memory[PAGE + 5] = 'b';
}

/* Hand off to a socket, a file or memory, then edit. */
static void after_socket(const char *row, const int ends[2])
{
	char *memory = anonymous();
	int end, p = vmspliced(memory, &end);

	if (p >= 0 && splice(p, NULL, ends[1], NULL, 2 * PAGE, 0) != 2 * PAGE) {
		printf("%s %s\n", row, strerrorname_np(errno));
		return;
	}
	edit(memory);
	report(row, p < 0 ? -1 : ends[0], 'b', "SHARED", "COPIED");
}

static void before(const char *row, const int ends[2])
{
	char *memory = anonymous();
	int end, p = vmspliced(memory, &end);

	edit(memory);
	if (ends && p >= 0) {
		if (splice(p, NULL, ends[1], NULL, 2 * PAGE, 0) != 2 * PAGE) {
			printf("%s %s\n", row, strerrorname_np(errno));
			return;
		}
		p = ends[0];
	}
	report(row, p, 'b', "SEEN", "LOST");
}

static void at_once_shared(const char *row, int flags, int fd, size_t len)
{
	char *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | flags, fd, 0);
	int end, p, status;
	pid_t child;

	if (memory == MAP_FAILED) {
		printf("%s absent\n", row);
		return;
	}
	memset(memory, 'a', 2 * PAGE);
	p = vmspliced(memory, &end);
	child = fork();
	if (!child) {
		edit(memory);
		_exit(0);
	}
	waitpid(child, &status, 0);
	report(row, p, 'b', "SHARED", "COPIED");
}

/* A private mapping that was never written to shows the file's own pages. */
static void at_once_private_file(void)
{
	int end, p, fd = memfd_create("handoff", 0);
	char text[2 * PAGE], *memory;

	memset(text, 'a', sizeof(text));
	if (write(fd, text, sizeof(text)) != sizeof(text))
		die("memfd");
	memory = mmap(NULL, sizeof(text), PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	p = vmspliced(memory, &end);
	memset(text, 'b', sizeof(text));
	if (pwrite(fd, text, sizeof(text), 0) != sizeof(text))
		die("memfd");
	report("at-once private-file", p, 'b', "SHARED", "COPIED");
}

static unsigned long bytes_copied(void)
{
	unsigned long bytes = 0;
	FILE *file = fopen("/sys/kernel/spliceguard/vmsplice/bytes_copied", "r");

	if (file) {
		if (fscanf(file, "%lu", &bytes) != 1)
			bytes = 0;
		fclose(file);
	}
	return bytes;
}

/*
 * What a fork shares cannot be told by its bytes, since either side's write makes a copy: so by the
 * counter.
 */
static void at_once_fork(void)
{
	char *memory = anonymous();
	int end, sync[2], status;
	unsigned long copied;
	pid_t child;

	make_pipe(sync);
	child = fork();
	if (!child) {
		close(sync[1]);
		_exit(read(sync[0], &status, 1) != 0);
	}
	copied = bytes_copied();
	if (vmspliced(memory, &end) < 0)
		printf("at-once fork EINVAL\n");
	else
		printf("at-once fork %s\n", bytes_copied() - copied == 2 * PAGE ? "COPIED" : "SHARED");
	close(sync[1]);
	waitpid(child, &status, 0);
	/* And once it is ours alone again, it waits for its hand-off. */
	memset(memory, 'c', 2 * PAGE);
	copied = bytes_copied();
	if (vmspliced(memory, &end) >= 0)
		printf("deferred own %s\n", bytes_copied() == copied ? "DEFERRED" : "COPIED");
}

int main(void)
{
	int u[2], t[2], p[2];
	const size_t huge = huge_page();
	char *memory;

	unix_pair(SOCK_STREAM, u);
	inet_pair(SOCK_STREAM, t);
	make_pipe(p);
	after_socket("after unix", u);
	after_socket("after tcp", t);
	before("before read", NULL);
	before("before pipe", p);
	before("before unix", u);
	before("before tcp", t);
	at_once_shared("at-once shared-memory", MAP_ANONYMOUS, -1, 2 * PAGE);
	at_once_shared("at-once hugetlb", MAP_ANONYMOUS | MAP_HUGETLB, -1, huge_page());
	at_once_private_file();
	at_once_fork();

	/* A huge page of the caller's own is edited in place like any other. */
	memory = mmap(NULL, 2 * huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memory = (char *)(((uintptr_t)memory + huge - 1) & ~(uintptr_t)(huge - 1));
	madvise(memory, huge, MADV_HUGEPAGE);
	memset(memory, 'a', huge);
	{
		int end, fd = vmspliced(memory + 64 * PAGE, &end);

		edit(memory + 64 * PAGE);
		report("before read,huge", fd, 'b', "SEEN", "LOST");
	}
	return 0;
}
