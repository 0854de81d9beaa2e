/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The frame of the measuring programs: each end of what is measured is a process of its own, which
 * does its share slice by slice, and tells how much processor time it took.
 *
 * The time is CLOCK_PROCESS_CPUTIME_ID, which is the first number of /proc/PID/schedstat, up to the
 * moment: what is read there of a process that runs just now may be a tick old. Where a clock counts
 * instructions, it counts them.
 */
#ifndef BENCH_H
#define BENCH_H

#include "../calls.h"
#include <sched.h>
#include <time.h>

/* Slices that are measured, after some that are not; the median counts. */
#define SLICES 5
#define WARM_UP 2

struct end {
	/* The share of this end in a slice of that many calls. */
	void (*run)(void *context, size_t calls);
	void *context;
	pid_t pid;
	int orders, reports;
};

static inline uint64_t nanoseconds(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		die("clock_gettime");
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static inline void end_main(const struct end *end, int orders, int reports)
{
	const struct sched_param none = { };
	size_t calls;

	/*
	 * No end preempts another when it is woken. Otherwise how often they switch, which costs
	 * as much as what is measured, is left to chance.
	 */
	if (sched_setscheduler(0, SCHED_BATCH, &none))
		die("sched_setscheduler");
	while (read(orders, &calls, sizeof(calls)) == sizeof(calls)) {
		uint64_t before = nanoseconds(CLOCK_PROCESS_CPUTIME_ID), spent;

		end->run(end->context, calls);
		spent = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - before;
		if (write(reports, &spent, sizeof(spent)) != sizeof(spent))
			die("report");
	}
	exit(0);
}

static inline void start_ends(struct end *ends, int count)
{
	for (int i = 0; i < count; i++) {
		int orders[2], reports[2];

		make_pipe(orders);
		make_pipe(reports);
		ends[i].pid = fork();
		if (ends[i].pid < 0)
			die("fork");
		if (!ends[i].pid) {
			close(orders[1]);
			close(reports[0]);
			/* Of the ends before, so that each sees when there are no more orders. */
			for (int j = 0; j < i; j++) {
				close(ends[j].orders);
				close(ends[j].reports);
			}
			end_main(&ends[i], orders[0], reports[1]);
		}
		close(orders[0]);
		close(reports[1]);
		ends[i].orders = orders[1];
		ends[i].reports = reports[0];
	}
}

/* One slice. spent[i] is the processor time of that end. */
static inline void run_slice(const struct end *ends, int count, size_t calls, uint64_t *spent)
{
	for (int i = 0; i < count; i++)
		if (write(ends[i].orders, &calls, sizeof(calls)) != sizeof(calls))
			die("order");
	for (int i = 0; i < count; i++)
		if (read(ends[i].reports, &spent[i], sizeof(spent[i])) != sizeof(spent[i])) {
			fprintf(stderr, "an end gave up\n");
			exit(2);
		}
}

static inline void stop_ends(const struct end *ends, int count)
{
	for (int i = 0; i < count; i++) {
		close(ends[i].orders);
		close(ends[i].reports);
		waitpid(ends[i].pid, NULL, 0);
	}
}

static inline int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static inline uint64_t median(uint64_t *of, int count)
{
	qsort(of, count, sizeof(*of), compare_numbers);
	return of[count / 2];
}

/*
 * Memory that is there. An end makes its own, since what a parent has made belongs to both: vmsplice
 * of it is another matter.
 */
static inline char *resident(size_t size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	memset(memory, 'x', size);
	return memory;
}

/* Where in a file of @file_size the next call of @size begins: round and round. */
static inline off_t next_pos(off_t *pos, size_t size, size_t file_size)
{
	off_t now = *pos;

	*pos += size;
	if (*pos + size > file_size)
		*pos = 0;
	return now;
}

/* How many calls make a slice: so many MiB, but of small ones less. */
static inline size_t calls_of(size_t size)
{
	const char *mib = getenv("BENCH_MIB");
	size_t calls = ((mib ? strtoul(mib, NULL, 0) : 8) << 20) / (size > 8192 ? size : 8192);

	return calls ? calls : 1;
}

/*
 * Measure: all ends together, and the @own of them alone when it is not -1. Prints CSV lines
 * "@title,METRIC,VALUE"; bytes is how many were moved in all.
 */
static inline void measure_ends(struct end *ends, int count, int own, const char *title, size_t size)
{
	size_t calls = calls_of(size);
	uint64_t all[SLICES], alone[SLICES], spent[8];

	start_ends(ends, count);
	for (int s = 0; s < WARM_UP; s++)
		run_slice(ends, count, calls, spent);
	for (int s = 0; s < SLICES; s++) {
		run_slice(ends, count, calls, spent);
		all[s] = 0;
		for (int i = 0; i < count; i++)
			all[s] += spent[i];
		alone[s] = own < 0 ? 0 : spent[own];
	}
	stop_ends(ends, count);
	printf("%s,ns_per_byte,%.4f\n", title, (double)median(all, SLICES) / calls / size);
	printf("%s,ns_per_call,%.1f\n", title, (double)all[SLICES / 2] / calls);
	printf("%s,bytes,%zu\n", title, (WARM_UP + SLICES) * calls * size);
	if (own >= 0)
		printf("%s,own_ns_per_byte,%.4f\n", title, (double)median(alone, SLICES) / calls / size);
	fflush(stdout);
}

#endif
