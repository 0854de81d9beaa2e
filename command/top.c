// SPDX-License-Identifier: GPL-2.0-only
/*
 * spliceguard top: who uses zero-copy calls now. A table on a terminal, lines elsewhere.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "command.h"
#include "module.h"
#include "settings.h"
#include "tally.h"
#include "text.h"

/* How often the kernel's buffers are emptied, in milliseconds. */
#define TICK 100

static struct tally tally;

static void see(const struct record *record)
{
	struct tally_key key;
	struct tally_row *row;
	unsigned long long bytes;
	bool counted;

	bytes = verdict_key(record, &key, &counted);
	/* Files are not told apart here. */
	key.dev = 0;
	key.ino = 0;
	process_of(record->tid, &key);
	row = tally_of(&tally, &key);
	row->calls += counted;
	row->bytes += bytes;
}

static int most_bytes(const void *a, const void *b)
{
	const struct tally_row *one = a, *other = b;

	if (one->bytes != other->bytes)
		return one->bytes < other->bytes ? 1 : -1;
	if (one->calls != other->calls)
		return one->calls < other->calls ? 1 : -1;
	return memcmp(&one->key, &other->key, sizeof(one->key));
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* The terminal */

static struct termios terminal;
static bool has_keys;

static void restore_terminal(void)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &terminal);
}

/* Keys one by one, so that q can end it. */
static void prepare_terminal(void)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &terminal))
		return;
	raw = terminal;
	raw.c_lflag &= ~(ICANON | ECHO);
	has_keys = !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	atexit(restore_terminal);
}

/* Wait a little, unless q is pressed. */
static bool pause_unless_q(int milliseconds)
{
	struct pollfd key = { .fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN };
	char c;

	if (poll(&key, 1, milliseconds) > 0) {
		if (read(STDIN_FILENO, &c, 1) == 1)
			return c != 'q';
		has_keys = false;
	}
	return true;
}

static const char *verdict_word(const struct tally_key *key)
{
	return strcmp(key->verdict, "pass") ? key->verdict : "passed";
}

static void put_rows(FILE *out, double seconds, size_t rows, int width)
{
	static const char *const titles[] = {
		"PROCESS", "PID", "OPERATION", "FROM", "TO", "VERDICT", "CALLS/s", "BYTES/s"
	};
	struct table table = { .columns = 8, .right = 0xc2 };
	char text[16];
	size_t i;

	for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		table_cell(&table, PLAIN, "%s", titles[i]);
	for (i = 0; i < tally.count; i++) {
		const struct tally_row *row = &tally.rows[i];

		table_cell(&table, PLAIN, "%s", row->key.process);
		table_cell(&table, PLAIN, "%d", row->key.pid);
		table_cell(&table, PLAIN, "%s", row->key.op);
		table_cell(&table, PLAIN, "%s", row->key.from);
		table_cell(&table, PLAIN, "%s", row->key.to);
		table_cell(&table, PLAIN, "%s", verdict_word(&row->key));
		table_cell(&table, PLAIN, "%.1f", row->calls / seconds);
		table_cell(&table, PLAIN, "%s", bytes_text(row->bytes / seconds, text));
	}
	table_print(&table, out, "", rows, width);
}

static void show_table(double seconds, unsigned long long lost)
{
	struct winsize window = { .ws_row = 0 };
	struct spg_policy policy = { 0 };
	char *screen = NULL, mode[SPG_TEXT], clock[16];
	size_t size;
	FILE *out = open_memstream(&screen, &size);
	time_t wall = time(NULL);

	if (!out)
		return;
	/* A serial line does not know its size. */
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) || !window.ws_row || !window.ws_col)
		window = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	strftime(clock, sizeof(clock), "%T", localtime(&wall));
	setting_read(MODE, &policy);
	fprintf(out, "\033[H\033[2Jspliceguard top, %s: mode %s; q ends it\n", clock,
		setting_text(MODE, &policy, mode));
	if (lost)
		fprintf(out, "%llu events came too fast and are missing\n", lost);
	fputc('\n', out);
	if (window.ws_row < 6)
		window.ws_row = 6;
	put_rows(out, seconds, window.ws_row - 4, window.ws_col);
	fclose(out);
	fputs(screen, stdout);
	free(screen);
}

static void show_lines(double seconds, unsigned long long lost)
{
	char clock[32];
	time_t wall = time(NULL);
	size_t i;

	strftime(clock, sizeof(clock), "%FT%T%z", localtime(&wall));
	for (i = 0; i < tally.count; i++) {
		const struct tally_row *row = &tally.rows[i];

		printf("time=%s seconds=%.1f pid=%d process=\"%s\" op=%s from=%s to=%s verdict=%s calls=%llu bytes=%llu\n",
		       clock, seconds, row->key.pid, row->key.process, row->key.op, row->key.from,
		       row->key.to, verdict_word(&row->key), row->calls, row->bytes);
	}
	if (lost)
		printf("time=%s seconds=%.1f lost=%llu\n", clock, seconds, lost);
}

/* One interval. Whether there is to be another. */
static bool interval(double delay, bool table)
{
	double start = now(), seconds;
	unsigned long long lost = 0;
	bool more = true;

	tally_clear(&tally);
	processes_forget();
	do {
		double left = start + delay - now();

		more = pause_unless_q(left * 1000 < TICK ? left * 1000 + 1 : TICK);
		lost += tracer_read(see);
		seconds = now() - start;
	} while (more && !tracer_stopped && seconds < delay);
	tally_sort(&tally, most_bytes);
	if (table)
		show_table(seconds, lost);
	else
		show_lines(seconds, lost);
	return !fflush(stdout) && more && !tracer_stopped;
}

static int check_mode(void)
{
	struct spg_policy policy = { 0 };

	if (!module_is_loaded())
		return not_loaded();
	setting_read(MODE, &policy);
	if (spg_policy_is_off(&policy)) {
		complain("kernel.splice_mode is 'off', so nothing is hooked and nothing to be seen; 'spliceguard set log' changes nothing but that");
		return ENDING_FAILED;
	}
	return ENDING_PROTECTED;
}

static int watch(double delay, long times)
{
	bool table = isatty(STDOUT_FILENO);
	int code = tracer_open();

	if (code)
		return code;
	if (!tracer_enable(&verdict_event)) {
		complain("the module that is loaded has no tracepoint spliceguard:verdict");
		return ENDING_FAILED;
	}
	if (table)
		prepare_terminal();
	while (interval(delay, table) && (!times || --times))
		;
	return ENDING_PROTECTED;
}

static int run_top(int argc, char **argv)
{
	static const struct option options[] = {
		{ "delay", required_argument, NULL, 'd' },
		{ "iterations", required_argument, NULL, 'n' },
		LAST_OPTIONS
	};
	double delay = 1;
	char *end = "";
	long times = 0;
	int letter, code;

	while ((letter = next_option(argc, argv, "hd:n:", options)) != -1) {
		if (letter == 'd')
			delay = strtod(optarg, &end);
		else
			times = strtol(optarg, &end, 10);
		if (*end || end == optarg || !(delay >= 0.1 && delay <= 86400) || times < 0)
			return misused("'%s' is no such number: -d takes seconds from 0.1, -n a count",
				       optarg);
	}
	if (optind < argc)
		return misused("'%s' is too much", argv[optind]);
	code = check_mode();
	if (!code)
		code = watch(delay, times);
	tracer_close();
	return code;
}

const struct command top_command = {
	.name = "top",
	.arguments = "[-d SECONDS] [-n COUNT]",
	.summary = "who uses zero-copy calls now, and what becomes of them",
	.help =
	"A table on a terminal, the most bytes first; a line for each of its rows where the output goes\n"
	"elsewhere, with the calls and bytes of that interval.\n"
	"\n"
	"  -d, --delay SECONDS     the interval, 1 by default\n"
	"  -n, --iterations COUNT  end after so many; q and Ctrl-C end it at any time\n"
	"\n"
	"FROM is a type of file system, or socket, pipe, device or memory; TO a protocol, or pipe, file, device\n"
	"or socket. VERDICT is what became of the call, as the counters call it; those that are in mode 'off',\n"
	"and those that share nothing anyway, are not seen.\n"
	"\n"
	"Needs root: it reads the tracepoint spliceguard:verdict, by an instance of tracefs of its own.\n"
	"\n"
	"Examples:\n"
	"  spliceguard top\n"
	"  spliceguard top -d 60 -n 1 | grep op=sendfile\n",
	.run = run_top,
};
