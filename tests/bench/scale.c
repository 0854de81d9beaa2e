// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a second stream on a second processor adds: file to TCP by sendfile, each stream on a
 * processor of its own, one stream and two in turn.
 *
 *	scale FILE TURNS	prints the medians of bytes per microsecond with one stream and with two
 */
#include "bench.h"

#define STREAMS 2
#define SIZE 65536
#define TURN_MS 200

/* What the streams share: whether they run, and each one's count on a cache line of its own. */
static struct shared {
	int running;
	struct {
		size_t bytes;
	} __attribute__((aligned(128))) stream[STREAMS];
} *shared;

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("processor %d", cpu);
}

static void be_batch(void)
{
	const struct sched_param none = { };

	if (sched_setscheduler(0, SCHED_BATCH, &none))
		die("sched_setscheduler");
}

static void take(int sock)
{
	while (recv(sock, NULL, 1 << 18, MSG_TRUNC) > 0)
		;
	exit(0);
}

static void stream(int index, const char *path)
{
	int ends[2], file = open(path, O_RDONLY);

	if (file < 0)
		die("%s", path);
	pin(index);
	be_batch();
	inet_pair(SOCK_STREAM, ends);
	if (!fork()) {
		close(ends[1]);
		take(ends[0]);
	}
	close(ends[0]);
	while (__atomic_load_n(&shared->running, __ATOMIC_RELAXED) >= 0) {
		off_t pos = 0;
		ssize_t n;

		if (__atomic_load_n(&shared->running, __ATOMIC_RELAXED) <= index) {
			usleep(1000);
			continue;
		}
		n = sendfile(ends[1], file, &pos, SIZE);
		if (n <= 0)
			die("sendfile");
		__atomic_fetch_add(&shared->stream[index].bytes, n, __ATOMIC_RELAXED);
	}
	exit(0);
}

static size_t bytes(void)
{
	size_t sum = 0;

	for (int i = 0; i < STREAMS; i++)
		sum += __atomic_load_n(&shared->stream[i].bytes, __ATOMIC_RELAXED);
	return sum;
}

/* Bytes per millisecond. */
static uint64_t turn(int streams)
{
	uint64_t before;
	size_t bytes_before;

	__atomic_store_n(&shared->running, streams, __ATOMIC_RELAXED);
	usleep(TURN_MS * 1000 / 4);
	before = nanoseconds(CLOCK_MONOTONIC);
	bytes_before = bytes();
	usleep(TURN_MS * 1000);
	return (bytes() - bytes_before) * 1000000 / (nanoseconds(CLOCK_MONOTONIC) - before);
}

int main(int argc, char **argv)
{
	int turns = argc == 3 ? atoi(argv[2]) : 0;
	uint64_t *one, *two;

	if (turns <= 0) {
		fprintf(stderr, "usage: scale FILE TURNS\n");
		return 64;
	}
	one = calloc(turns, sizeof(*one));
	two = calloc(turns, sizeof(*two));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!one || !two || shared == MAP_FAILED)
		die("memory");
	for (int i = 0; i < STREAMS; i++)
		if (!fork())
			stream(i, argv[1]);
	for (int i = 0; i < turns; i++) {
		one[i] = turn(1);
		two[i] = turn(2);
	}
	__atomic_store_n(&shared->running, -1, __ATOMIC_RELAXED);
	while (wait(NULL) > 0)
		;
	printf("scale-sendfile,tmpfs,%d,one_stream,%.3f\n", SIZE, median(one, turns) / 1000.0);
	printf("scale-sendfile,tmpfs,%d,two_streams,%.3f\n", SIZE, median(two, turns) / 1000.0);
	return 0;
}
