/* SPDX-License-Identifier: GPL-2.0-only */
/* What the test programs share, also with the command `spliceguard`, whose `test` makes the same calls. */
#ifndef COMMON_H
#define COMMON_H

#include "../../command/calls.h"

/* How large the kernel's huge pages are: 2 MiB, where other pages are 4 KiB. */
static inline size_t huge_page(void)
{
	FILE *meminfo = fopen("/proc/meminfo", "r");
	size_t kib = 2048;
	char line[128];

	while (meminfo && fgets(line, sizeof(line), meminfo))
		if (sscanf(line, "Hugepagesize: %zu", &kib) == 1)
			break;
	if (meminfo)
		fclose(meminfo);
	return kib << 10;
}

#endif
