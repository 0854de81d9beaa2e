// SPDX-License-Identifier: GPL-2.0-only
/*
 * Try to unload spliceguard by force.
 *
 *	unload		while another thread keeps changing the name in the system call's argument, so that whoever looks at it twice
 *			may see two names. Prints how often it was tried; exit code 1 if it worked.
 *	unload 32	once, by the 32-bit entry. Prints the error, or "unloaded".
 */
#include "common.h"
#include <pthread.h>

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

int main(int argc, char **argv)
{
	int tried, worked = 0;
	pthread_t thread;

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
