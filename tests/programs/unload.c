// SPDX-License-Identifier: GPL-2.0-only
/*
 * Try to unload spliceguard by force.
 *
 *	unload		while another thread keeps changing the name in the system call's argument, so that whoever looks at it twice
 *			may see two names. Prints how often it was tried; exit code 1 if it worked.
 *	unload 32	once, by the 32-bit entry. Prints the error, or "unloaded".
 *	unload late	with a call that begins now, and is kept waiting for its name until a line comes on standard input. Prints
 *			"begun" before, and "returned" should the call ever do so.
 */
#include "common.h"
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>

static char name[] = "spliceguard";
static volatile bool stop;

static void *change(void *unused)
{
	(void)unused;
	while (!stop) {
		((volatile char *)name)[0] = 'x';
		((volatile char *)name)[0] = 's';
	}
	return NULL;
}

static int by_32(void)
{
	char *low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	strcpy(low, name);
	puts(call32(129, (long)low, O_NONBLOCK | O_TRUNC, 0, 0, 0, 0) ? strerrorname_np(errno) : "unloaded");
	return 0;
}

static void *unload_by(void *page)
{
	syscall(SYS_delete_module, page, O_NONBLOCK | O_TRUNC);
	puts("returned");
	return NULL;
}

/* The name's page is not there until we say so. */
static int late(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *text = aligned_alloc(PAGE, PAGE);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range = { (uintptr_t)page, PAGE }, .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_copy copy = { .dst = (uintptr_t)page, .src = (uintptr_t)text, .len = PAGE };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffd_msg fault;
	pthread_t thread;

	setvbuf(stdout, NULL, _IOLBF, 0);
	strcpy(text, name);
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range) ||
	    pthread_create(&thread, NULL, unload_by, page) || read(fd, &fault, sizeof(fault)) != sizeof(fault))
		die("userfaultfd");
	puts("begun");
	getchar();
	if (ioctl(fd, UFFDIO_COPY, &copy))
		die("UFFDIO_COPY");
	pthread_join(thread, NULL);
	return 1;
}

int main(int argc, char **argv)
{
	int tried, worked = 0;
	pthread_t thread;

	if (argc > 1 && !strcmp(argv[1], "late"))
		return late();
	if (argc > 1)
		return strcmp(argv[1], "32") ? 64 : by_32();
	if (pthread_create(&thread, NULL, change, NULL))
		die("thread");
	for (tried = 0; tried < 3000 && !worked; tried++) {
		worked = !syscall(SYS_delete_module, name, O_NONBLOCK | O_TRUNC);
		if (!(tried % 16))
			usleep(100);
	}
	stop = true;
	pthread_join(thread, NULL);
	printf("tried %d times\n", tried);
	return worked;
}
