// SPDX-License-Identifier: GPL-2.0-only
/*
 * spliceguard explain: run a program, or watch one, and say what degrade would copy of it and block
 * would refuse. The rehearsal before a mode is set.
 *
 * Where an operation is in mode off, it is in log meanwhile, which changes nothing for anybody.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "change.h"
#include "command.h"
#include "module.h"
#include "settings.h"
#include "tally.h"
#include "text.h"

/* In ticks: how often the buffers are emptied, and processes looked for. */
#define TICK_NSEC 50000000
#define TICKS_PER_SECOND 20

/* What was seen */

static struct tally verdicts;	/* bytes and calls that share something, or would */
static struct tally calls;	/* system calls that succeeded, by process and operation */
static unsigned long long requests;	/* for zero-copy, by setsockopt() */
static unsigned long long rings;	/* of io_uring */
static unsigned long long lost;
static bool by_file;

#define SYSTEM_CALL(call) { .name = "syscalls/sys_exit_" call, .fields = { "ret" } }

static struct event exits[] = {
	SYSTEM_CALL("splice"),
	SYSTEM_CALL("sendfile64"),
	SYSTEM_CALL("tee"),
	SYSTEM_CALL("vmsplice"),
};

/* Filtered: SOL_SOCKET, SO_ZEROCOPY */
static struct event setsockopt_event = { .name = "syscalls/sys_enter_setsockopt" };
#define SETSOCKOPT_FILTER "level == 1 && optname == 60"

static struct event ring_event = { .name = "syscalls/sys_enter_io_uring_setup" };

static void see_verdict(const struct record *record)
{
	struct tally_key key;
	struct tally_row *row;
	unsigned long long bytes;
	bool counted;

	bytes = verdict_key(record, &key, &counted);
	if (!by_file) {
		key.dev = 0;
		key.ino = 0;
	}
	process_of(record->tid, &key);
	row = tally_of(&verdicts, &key);
	row->calls += counted;
	row->bytes += bytes;
}

static void see_exit(const struct record *record)
{
	static const enum spg_op ops[] = { SPG_SPLICE, SPG_SENDFILE, SPG_TEE, SPG_VMSPLICE };
	struct tally_key key = { .pid = 0 };

	if ((int64_t)record_number(record, 0) < 0)
		return;
	process_of(record->tid, &key);
	strcpy(key.op, spg_op_name(ops[record->event - exits]));
	tally_of(&calls, &key)->calls++;
}

static void see(const struct record *record)
{
	if (record->event == &verdict_event)
		see_verdict(record);
	else if (record->event == &setsockopt_event)
		requests++;
	else if (record->event == &ring_event)
		rings++;
	else
		see_exit(record);
}

static void drain(void)
{
	lost += tracer_read(see);
	processes_forget();
}

/* The mode meanwhile */

static struct spg_policy before, meanwhile;
static bool has_changed_mode;

static void restore_mode(void)
{
	char text[SPG_TEXT + 2];
	struct spg_policy now = before;

	if (!has_changed_mode)
		return;
	has_changed_mode = false;
	if (setting_read(MODE, &now) || now.modes != meanwhile.modes) {
		complain("kernel.splice_mode has been changed by somebody else meanwhile, and stays");
		return;
	}
	if (!change_live(MODE, &meanwhile, &before))
		complain("kernel.splice_mode is %s again", setting_quoted(MODE, &before, text));
}

static int raise_mode(void)
{
	char is[SPG_TEXT + 2], wanted[SPG_TEXT + 2];
	struct module module;
	int op, code;

	module_look(&module);
	if (!module.loaded)
		return not_loaded();
	before = module.policy;
	meanwhile = before;
	for (op = 0; op < SPG_OPS; op++)
		if (spg_policy_mode(&before, op) == SPG_OFF)
			spg_policy_set_mode(&meanwhile, op, SPG_LOG);
	if (before.modes == meanwhile.modes)
		return ENDING_PROTECTED;
	setting_quoted(MODE, &before, is);
	if (before.locked) {
		complain("kernel.splice_mode is %s and locked: it would have to be 'log' meanwhile, and could not be set back",
			 is);
		return ENDING_FAILED;
	}
	code = change_live(MODE, &before, &meanwhile);
	if (code)
		return code;
	has_changed_mode = true;
	atexit(restore_mode);
	complain("kernel.splice_mode is %s; it is %s while this watches, which changes nothing for any program",
		 is, setting_quoted(MODE, &meanwhile, wanted));
	return ENDING_PROTECTED;
}

/* Whom to watch */

static pid_t *watched;
static size_t watched_count;

static void watch_thread(pid_t tid)
{
	char text[16];
	size_t i;

	for (i = 0; i < watched_count; i++)
		if (watched[i] == tid)
			return;
	watched = realloc(watched, (watched_count + 1) * sizeof(*watched));
	if (!watched) {
		complain("out of memory");
		exit(ENDING_FAILED);
	}
	watched[watched_count++] = tid;
	snprintf(text, sizeof(text), "%d", tid);
	tracer_set("set_event_pid", text);
}

/* All numbers in a directory of /proc. */
static void call_for_ids(const char *path, void (*call)(pid_t id))
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (isdigit((unsigned char)*entry->d_name))
			call(atoi(entry->d_name));
	if (directory)
		closedir(directory);
}

static void watch_threads(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	call_for_ids(path, watch_thread);
}

static bool has_new_child;

static void watch_child(pid_t pid)
{
	char path[64], *text, *end;
	size_t i, count = watched_count;
	pid_t parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	text = read_text(path);
	/* "PID (NAME) STATE PARENT ...": a name may have anything in it. */
	end = text ? strrchr(text, ')') : NULL;
	if (end)
		sscanf(end, ") %*c %d", &parent);
	free(text);
	for (i = 0; parent && i < count; i++) {
		if (watched[i] != parent)
			continue;
		watch_threads(pid);
		has_new_child |= watched_count > count;
		return;
	}
}

/*
 * The threads of a process, its children and theirs. From then on the kernel adds their children
 * itself; not so threads that it makes for io_uring, which this finds.
 */
static void watch_family(pid_t pid)
{
	watch_threads(pid);
	do {
		has_new_child = false;
		call_for_ids("/proc", watch_child);
	} while (has_new_child);
}

static int begin(void)
{
	size_t i;

	if (!tracer_set("options/event-fork", "1")) {
		complain("this kernel cannot trace a program with its children");
		return ENDING_FAILED;
	}
	if (!tracer_enable(&verdict_event)) {
		complain("the module that is loaded has no tracepoint spliceguard:verdict");
		return ENDING_FAILED;
	}
	for (i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
		tracer_enable(&exits[i]);
	if (tracer_set("events/syscalls/sys_enter_setsockopt/filter", SETSOCKOPT_FILTER))
		tracer_enable(&setsockopt_event);
	tracer_enable(&ring_event);
	return ENDING_PROTECTED;
}

static void tick(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = TICK_NSEC }, NULL);
	drain();
}

static void watch_process(pid_t pid, double seconds)
{
	unsigned int ticks;

	for (ticks = 1; !tracer_stopped && !kill(pid, 0); ticks++) {
		tick();
		if (seconds && ticks >= seconds * TICKS_PER_SECOND)
			break;
		if (ticks % TICKS_PER_SECOND == 0)
			watch_family(pid);
	}
	drain();
}

/* In the child: wait until it is watched, and become the program. */
static void become(char **argv, const int go[2], int failed)
{
	char c;
	int error;

	close(go[1]);
	if (read(go[0], &c, 1) != 0)
		_exit(1);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	error = errno;
	_exit(write(failed, &error, sizeof(error)) == sizeof(error) ? 0 : 1);
}

/* A signal from the terminal has gone to the program, too; others are handed on. */
static void hand_on(pid_t child)
{
	int number = tracer_stopped;

	tracer_stopped = 0;
	if (number == SIGTERM || number == SIGHUP)
		kill(child, number);
}

static int run_program(char **argv)
{
	siginfo_t ended = { .si_pid = 0 };
	int go[2], failed[2], error = 0, ticks;
	pid_t child;

	child = pipe2(go, O_CLOEXEC) || pipe2(failed, O_CLOEXEC) ? -1 : fork();
	if (child < 0) {
		complain("%s cannot be run: %s", argv[0], strerror(errno));
		return ENDING_FAILED;
	}
	if (!child)
		become(argv, go, failed[1]);
	close(failed[1]);
	watch_thread(child);
	close(go[0]);
	close(go[1]);
	/* It stays a zombie until all has been read, so that it has its name. */
	for (ticks = 1; !ended.si_pid; ticks++) {
		tick();
		if (tracer_stopped)
			hand_on(child);
		if (ticks % TICKS_PER_SECOND == 0)
			watch_family(child);
		waitid(P_PID, child, &ended, WEXITED | WNOHANG | WNOWAIT);
	}
	drain();
	waitpid(child, NULL, 0);
	if (read(failed[0], &error, sizeof(error)) == sizeof(error)) {
		complain("%s cannot be run: %s", argv[0], strerror(error));
		return ENDING_FAILED;
	}
	if (ended.si_code != CLD_EXITED)
		complain("%s was ended by signal %d", argv[0], ended.si_status);
	else if (ended.si_status)
		complain("%s ended with exit code %d", argv[0], ended.si_status);
	return ENDING_PROTECTED;
}

/* The report */

static int by_process(const void *a, const void *b)
{
	const struct tally_row *one = a, *other = b;

	if (one->bytes != other->bytes)
		return one->bytes < other->bytes ? 1 : -1;
	return memcmp(&one->key, &other->key, sizeof(one->key));
}

/* Calls that shared nothing: they have no verdict in log, but block refuses them, too. */
static unsigned long long sharing_nothing(const struct tally_row *row)
{
	unsigned long long sharing = 0;
	size_t i;

	for (i = 0; i < verdicts.count; i++) {
		const struct tally_key *key = &verdicts.rows[i].key;

		if (key->pid == row->key.pid && !strcmp(key->op, row->key.op) &&
		    strcmp(key->verdict, "refused"))
			sharing += verdicts.rows[i].calls;
	}
	return row->calls > sharing ? row->calls - sharing : 0;
}

static const char *in_degrade(const struct tally_key *key)
{
	return strcmp(key->verdict, "trusted") ? "copied" : "shared (trusted)";
}

static const char *in_block(const struct tally_key *key)
{
	if (!strcmp(key->verdict, "trusted"))
		return "shared (trusted)";
	return strcmp(key->op, spg_op_name(SPG_ZEROCOPY)) ? "EINVAL" : "EOPNOTSUPP";
}

static void put_source(struct table *table, const struct tally_key *key)
{
	if (key->ino)
		table_cell(table, PLAIN, "%s %u:%u inode %llu", key->from, key->dev >> 20,
			   key->dev & 0xfffff, (unsigned long long)key->ino);
	else
		table_cell(table, PLAIN, "%s", key->from);
}

static void put_row(struct table *table, const struct tally_row *row)
{
	bool trusted = !strcmp(row->key.verdict, "trusted");
	char text[16];

	table_cell(table, PLAIN, "%s", row->key.process);
	table_cell(table, PLAIN, "%d", row->key.pid);
	table_cell(table, PLAIN, "%s", row->key.op);
	put_source(table, &row->key);
	table_cell(table, PLAIN, "%s", row->key.to);
	table_cell(table, PLAIN, "%llu", row->calls);
	table_cell(table, PLAIN, "%s", bytes_text(row->bytes, text));
	table_cell(table, trusted ? YELLOW : GREEN, "%s", in_degrade(&row->key));
	table_cell(table, trusted ? YELLOW : RED, "%s", in_block(&row->key));
}

static void put_call(struct table *table, const struct tally_row *row, unsigned long long count)
{
	table_cell(table, PLAIN, "%s", row->key.process);
	table_cell(table, PLAIN, "%d", row->key.pid);
	table_cell(table, PLAIN, "%s", row->key.op);
	table_cell(table, PLAIN, "nothing shared");
	table_cell(table, PLAIN, "-");
	table_cell(table, PLAIN, "%llu", count);
	table_cell(table, PLAIN, "-");
	table_cell(table, PLAIN, "as on stock");
	table_cell(table, RED, "EINVAL");
}

static void put_table(FILE *out)
{
	static const char *const titles[] = {
		"PROCESS", "PID", "OPERATION", "FROM", "TO", "CALLS", "BYTES", "IN DEGRADE", "IN BLOCK"
	};
	struct table table = { .columns = 9, .right = 0x62 };
	size_t i;

	for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		table_cell(&table, PLAIN, "%s", titles[i]);
	for (i = 0; i < verdicts.count; i++)
		put_row(&table, &verdicts.rows[i]);
	for (i = 0; i < calls.count; i++)
		if (sharing_nothing(&calls.rows[i]))
			put_call(&table, &calls.rows[i], sharing_nothing(&calls.rows[i]));
	table_print(&table, out, "  ", 0, 0);
}

static void put_summary(FILE *out)
{
	unsigned long long copied_calls = 0, copied_bytes = 0, refused = 0, trusted = 0;
	char text[16];
	size_t i;

	for (i = 0; i < verdicts.count; i++) {
		const struct tally_row *row = &verdicts.rows[i];

		if (!strcmp(row->key.verdict, "trusted")) {
			trusted += row->calls;
			continue;
		}
		copied_calls += row->calls;
		copied_bytes += row->bytes;
		refused += row->calls;
	}
	for (i = 0; i < calls.count; i++)
		refused += sharing_nothing(&calls.rows[i]);
	fprintf(out, "\ndegrade copies %s in %llu calls%s, which takes time; nothing else changes for the program.\n",
		bytes_text(copied_bytes, text), copied_calls,
		trusted ? ", and lets by those that are trusted" : "");
	fprintf(out, "block refuses %llu calls: a program that does not fall back to read and write fails then.\n",
		refused);
	if (requests)
		fprintf(out, "SO_ZEROCOPY was asked for %llu times, which block refuses, too.\n",
			requests);
}

static void report(FILE *out)
{
	use_colour(out);
	tally_sort(&verdicts, by_process);
	tally_sort(&calls, by_process);
	fprintf(out, "\n");
	if (verdicts.count || calls.count) {
		put_table(out);
		put_summary(out);
	} else {
		fprintf(out, "No zero-copy call was seen: neither degrade nor block changes anything here.\n");
	}
	if (rings)
		fprintf(out, "io_uring is used: calls that kernel threads make for it are seen only where these live for some time, and not at all on Linux 5.10.\n");
	if (lost)
		fprintf(out, "%llu events came too fast and are missing: the numbers are too small.\n",
			lost);
}

static bool is_pid(char *const *words, pid_t *pid)
{
	char *end;
	long number = strtol(words[0], &end, 10);

	*pid = number;
	return !*end && number > 0 && number <= INT_MAX && !words[1];
}

static int watch(char **words, double seconds)
{
	bool process;
	pid_t pid;
	int code;

	process = is_pid(words, &pid);
	if (process && kill(pid, 0) && errno == ESRCH) {
		complain("there is no process %d", pid);
		return ENDING_FAILED;
	}
	code = tracer_open();
	if (!code)
		code = raise_mode();
	if (code)
		return code;
	/* Before the events, or those of all would come. */
	watch_family(process ? pid : getpid());
	code = begin();
	if (code)
		return code;
	if (process) {
		fprintf(stderr, "watching process %d and its children; Ctrl-C ends it\n", pid);
		watch_process(pid, seconds);
	} else {
		code = run_program(words);
	}
	tracer_close();
	restore_mode();
	if (!code)
		report(process ? stdout : stderr);
	return code;
}

static int run_explain(int argc, char **argv)
{
	static const struct option options[] = {
		{ "delay", required_argument, NULL, 'd' },
		{ "files", no_argument, NULL, 'f' },
		LAST_OPTIONS
	};
	double seconds = 0;
	char *end = "";
	int letter;

	while ((letter = next_option(argc, argv, "+hd:f", options)) != -1) {
		if (letter == 'f')
			by_file = true;
		else
			seconds = strtod(optarg, &end);
		if (*end || !(seconds >= 0))
			return misused("'%s' is no number of seconds", optarg);
	}
	if (optind == argc)
		return misused("explain what? A process's number, or a command");
	return watch(argv + optind, seconds);
}

const struct command explain_command = {
	.name = "explain",
	.arguments = "[-f] [-d SECONDS] PID|COMMAND...",
	.summary = "run or watch a program: what degrade would copy of it, and block refuse",
	.help =
	"Runs COMMAND, or watches the process PID until it ends or Ctrl-C, with all children and threads, and\n"
	"tells each kind of zero-copy call that was made, what it moved, and what it is in degrade and in\n"
	"block. Operations that are in mode 'off' are in 'log' meanwhile, for all; no program notices that.\n"
	"\n"
	"  -d, --delay SECONDS  watch PID for so long\n"
	"  -f, --files          a row for each file, by its device and inode\n"
	"\n"
	"The report is written to standard error where COMMAND has the standard output. Needs root; to run\n"
	"COMMAND as somebody else, say so in it.\n"
	"\n"
	"Examples:\n"
	"  spliceguard explain runuser -u www-data -- rsync -a /srv/www/ /tmp/copy/\n"
	"  spliceguard explain -d 60 $(pidof -s nginx)\n",
	.run = run_explain,
};
