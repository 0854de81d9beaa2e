// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a second stream on a second processor adds: file to TCP by sendfile, each stream on a
 * processor of its own.
 *
 *	scale FILE TURNS KNOB MODE...	each turn goes through these modes
 *	scale FILE TURNS - MODE		MODE is in force, and stays
 *
 * Prints "MODE,scale-sendfile,tmpfs,SIZE,gain,RATIO" of two streams to one, for each mode in each turn,
 * and at the end of a turn a line of the mode "machine": the same for two processes that only count. Where
 * that is not near 2, the machine had no second processor to give, and the turn tells nothing: TURNS are
 * those that tell something, and five times as many are tried.
 */
#include "bench.h"

#define PROCESSORS 2
#define ENOUGH 1.8
#define SIZE 65536
#define SETTLE_MS 15
#define STREAM_MS 60
#define SPIN_MS 20

/* What all share: how many of each kind run now, and each one's count on cache lines of its own. */
static struct shared {
	int streams, spinners;
	bool over;
	struct {
		uint64_t count;
	} __attribute__((aligned(128))) stream[PROCESSORS], spinner[PROCESSORS];
} *shared;

static void pin(int cpu)
{
	const struct sched_param none = { };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) || sched_setscheduler(0, SCHED_BATCH, &none))
		die("processor %d", cpu);
}

/* Wait until more than @index of the kind run. Returns whether there is more to do. */
static bool may_run(const int *running, int index)
{
	while (!__atomic_load_n(&shared->over, __ATOMIC_RELAXED)) {
		if (__atomic_load_n(running, __ATOMIC_RELAXED) > index)
			return true;
		usleep(1000);
	}
	return false;
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
	inet_pair(SOCK_STREAM, ends);
	if (!fork()) {
		close(ends[1]);
		take(ends[0]);
	}
	close(ends[0]);
	while (may_run(&shared->streams, index)) {
		off_t pos = 0;
		ssize_t n = sendfile(ends[1], file, &pos, SIZE);

		if (n <= 0)
			die("sendfile");
		__atomic_fetch_add(&shared->stream[index].count, n, __ATOMIC_RELAXED);
	}
	exit(0);
}

static void spinner(int index)
{
	pin(index);
	while (may_run(&shared->spinners, index))
		for (int i = 0; i < 1000; i++)
			__atomic_fetch_add(&shared->spinner[index].count, 1, __ATOMIC_RELAXED);
	exit(0);
}

static uint64_t sum_streams(void)
{
	return __atomic_load_n(&shared->stream[0].count, __ATOMIC_RELAXED) +
	       __atomic_load_n(&shared->stream[1].count, __ATOMIC_RELAXED);
}

static uint64_t sum_spinners(void)
{
	return __atomic_load_n(&shared->spinner[0].count, __ATOMIC_RELAXED) +
	       __atomic_load_n(&shared->spinner[1].count, __ATOMIC_RELAXED);
}

/* How much a second with @count of them makes. */
static double rate(int *running, int count, uint64_t (*sum)(void), int ms)
{
	uint64_t start, before;
	double rate;

	__atomic_store_n(running, count, __ATOMIC_RELAXED);
	usleep(SETTLE_MS * 1000);
	start = nanoseconds(CLOCK_MONOTONIC);
	before = sum();
	usleep(ms * 1000);
	rate = (sum() - before) * 1e9 / (nanoseconds(CLOCK_MONOTONIC) - start);
	__atomic_store_n(running, 0, __ATOMIC_RELAXED);
	return rate;
}

/* Or 0, of which nobody can make anything, where others had the machine all the while. */
static double gain(int *running, uint64_t (*sum)(void), int ms)
{
	double one = rate(running, 1, sum, ms);

	return one > 0 ? rate(running, 2, sum, ms) / one : 0;
}

static void set_mode(const char *knob, const char *mode)
{
	int fd;

	if (!strcmp(knob, "-"))
		return;
	fd = open(knob, O_WRONLY);
	if (fd < 0 || write(fd, mode, strlen(mode)) < 0)
		die("%s", knob);
	close(fd);
}

int main(int argc, char **argv)
{
	int turns = argc > 4 ? atoi(argv[2]) : 0, tries = 5 * turns;
	double machine, again, got;
	bool told;

	if (turns <= 0) {
		fprintf(stderr, "usage: scale FILE TURNS KNOB|- MODE...\n");
		return 64;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	for (int i = 0; i < PROCESSORS; i++) {
		if (!fork())
			stream(i, argv[1]);
		if (!fork())
			spinner(i);
	}
	machine = gain(&shared->spinners, sum_spinners, SPIN_MS);
	while (turns && tries--) {
		told = true;
		for (int i = 4; i < argc; i++) {
			set_mode(argv[3], argv[i]);
			got = gain(&shared->streams, sum_streams, STREAM_MS);
			told &= got > 0;
			printf("%s,scale-sendfile,tmpfs,%d,gain,%.3f\n", argv[i], SIZE, got);
		}
		again = gain(&shared->spinners, sum_spinners, SPIN_MS);
		if (again < machine)
			machine = again;
		printf("machine,scale-sendfile,tmpfs,%d,gain,%.3f\n", SIZE, machine);
		turns -= told && machine >= ENOUGH;
		machine = again;
	}
	__atomic_store_n(&shared->over, true, __ATOMIC_RELAXED);
	while (wait(NULL) > 0)
		;
	return 0;
}
