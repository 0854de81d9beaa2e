// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it takes to copy a byte once, from memory that is there to memory that is there, as kernels
 * copy on processors of today: "rep movsb" on amd64.
 *
 *	copy SIZE
 */
#include "bench.h"

struct copy {
	size_t size;
	char *from, *to;
};

static void copy(char *to, const char *from, size_t len)
{
#ifdef __x86_64__
	asm volatile("rep movsb" : "+D" (to), "+S" (from), "+c" (len) : : "memory");
#else
	memcpy(to, from, len);
	asm volatile("" : : : "memory");
#endif
}

static void run(void *context, size_t calls)
{
	struct copy *c = context;

	while (calls--)
		copy(c->to, c->from, c->size);
}

int main(int argc, char **argv)
{
	struct copy c = { .size = argc == 2 ? strtoul(argv[1], NULL, 0) : 0 };
	struct end end = { .run = run, .context = &c };
	char title[64];

	if (!c.size) {
		fprintf(stderr, "usage: copy SIZE\n");
		return 64;
	}
	c.from = resident(c.size);
	c.to = resident(c.size);
	snprintf(title, sizeof(title), "copy,memory,%zu", c.size);
	measure_ends(&end, 1, -1, title, c.size);
	return 0;
}
