// SPDX-License-Identifier: GPL-2.0-only
/*
 * spliceguard test: what this kernel does, proven by doing it. Each row moves the bytes of a file
 * of its own that its user may only read at that moment, then has the owner change the file, and
 * looks at what was moved. Nobody else's file is touched, and no privilege is used: root becomes
 * nobody first. Works without the module, too.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "oracle.h"
#include <grp.h>
#include <poll.h>
#include <sys/sysmacros.h>
#include "command.h"
#include "module.h"
#include "settings.h"
#include "text.h"

#define NOBODY 65534

static const struct row {
	const char *call;
	const char *way;
	const char *path;	/* of the oracle */
} rows[] = {
	{ "splice", "file -> pipe", "splice:file-pipe" },
	{ "splice", "file -> pipe -> TCP", "splice:file-pipe-tcp" },
	{ "splice", "file -> pipe -> unix socket", "splice:file-pipe-unix" },
	{ "sendfile", "file -> pipe", "sendfile:file-pipe" },
	{ "sendfile", "file -> TCP", "sendfile:file-tcp" },
	{ "sendfile", "file -> unix socket", "sendfile:file-unix" },
	{ "tee", "pipe -> pipe", "tee:pipe-pipe" },
	{ "vmsplice", "mapped file -> pipe", "vmsplice:map-pipe" },
	{ "vmsplice", "the same, by its 32-bit entry", "vmsplice32:map-pipe" },
	{ "MSG_ZEROCOPY", "mapped file -> TCP", "zerocopy:map-tcp" },
	{ "MSG_ZEROCOPY", "mapped file -> UDP", "zerocopy:map-udp" },
	{ "io_uring SPLICE", "file -> pipe", "uring-splice:file-pipe" },
	{ "io_uring TEE", "pipe -> pipe", "uring-tee:pipe-pipe" },
	{ "io_uring SEND_ZC", "mapped file -> TCP", "uring-send-zc:map-tcp" },
};

/* What a row says of itself, through a pipe. */
struct answer {
	char result[16];	/* of the oracle's, or "" */
	int error;		/* or how the call failed */
};

static char file[PATH_MAX];

static int make_file(struct source *source)
{
	char text[LEN];
	int fd;

	fill_pattern(text, LEN, 0, 0);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, LEN) != LEN || fsync(fd) || fchmod(fd, 0400) || close(fd))
		return -1;
	*source = (struct source){ .name = file, .file_len = LEN };
	/* Where offsets are for the 32-bit entry. */
	source->low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	source->fd = open(file, O_RDONLY | O_CLOEXEC);
	return source->fd < 0 || source->low == MAP_FAILED ? -1 : 0;
}

static int change_file(void)
{
	char text[LEN];
	int fd;

	memset(text, CHANGED, LEN);
	if (chmod(file, 0600))
		return -1;
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || pwrite(fd, text, LEN, 0) != LEN)
		return -1;
	return close(fd);
}

static const struct path *find_path(const char *name)
{
	const struct path *path = paths;

	while (strcmp(path->name, name))
		path++;
	return path;
}

static void answer_row(const struct row *row, int to)
{
	struct answer answer = { .error = 0 };
	struct sink sink = { .fd = -1 };
	struct source source;

	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = give_up }, NULL);
	unlink(file);
	if (make_file(&source))
		die("%s", file);
	if (find_path(row->path)->move(&source, &sink))
		answer.error = errno;
	else if (change_file())
		die("%s", file);
	else
		snprintf(answer.result, sizeof(answer.result), "%s", judge(&sink));
	_exit(write(to, &answer, sizeof(answer)) == sizeof(answer) ? 0 : 1);
}

/* In a process of its own, since it may be killed, or wait for ever. */
static bool ask_row(const struct row *row, struct answer *answer)
{
	struct pollfd waiting = { .events = POLLIN };
	bool answered = false;
	int ends[2], status;
	pid_t child;

	make_pipe(ends);
	child = fork();
	if (child < 0)
		die("fork");
	if (!child) {
		close(ends[0]);
		/* What it complains of is that something cannot be tried. */
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		answer_row(row, ends[1]);
	}
	close(ends[1]);
	waiting.fd = ends[0];
	if (poll(&waiting, 1, 20000) > 0)
		answered = read(ends[0], answer, sizeof(*answer)) == sizeof(*answer);
	if (!answered)
		kill(child, SIGKILL);
	waitpid(child, &status, 0);
	close(ends[0]);
	return answered;
}

enum found { ABSENT, PRIVATE, SHARED };

/* "Not there" comes in several errors: ENOSYS, and EPERM where io_uring is switched off. */
static enum found say_row(const struct row *row, struct table *table)
{
	struct answer answer;
	enum found found = ABSENT;
	bool answered = ask_row(row, &answer);

	table_cell(table, PLAIN, "%s", row->call);
	table_cell(table, PLAIN, "%s", row->way);
	if (!answered) {
		table_cell(table, PLAIN, "not possible here");
	} else if (answer.error == ENOSYS || answer.error == EPERM) {
		table_cell(table, PLAIN, "not available");
	} else if (answer.error) {
		table_cell(table, GREEN, "refused (%s)", strerror(answer.error));
		found = PRIVATE;
	} else if (!strcmp(answer.result, "COPIED")) {
		table_cell(table, GREEN, "COPIED");
		found = PRIVATE;
	} else {
		table_cell(table, RED, "%s", answer.result);
		found = SHARED;
	}
	return found;
}

/* The name of the file system that a directory is on, as /proc has it. */
static void name_filesystem(const char *directory, char name[32])
{
	char *text = read_text("/proc/self/mountinfo"), *rest = text, *line, device[32];
	struct stat st;

	strcpy(name, "?");
	if (stat(directory, &st))
		return;
	snprintf(device, sizeof(device), " %u:%u ", major(st.st_dev), minor(st.st_dev));
	while (text && (line = next_line(&rest)))
		if (strstr(line, device) && strstr(line, " - "))
			sscanf(strstr(line, " - "), " - %31s", name);
	free(text);
}

/* Root is trusted by much, and may write any file. */
static bool become_nobody(void)
{
	return !geteuid() && !setgroups(0, NULL) && !setresgid(NOBODY, NOBODY, NOBODY) &&
	       !setresuid(NOBODY, NOBODY, NOBODY);
}

static void say_trust(void)
{
	char trust[SPG_TEXT], group[SPG_TEXT];
	struct module module;

	module_look(&module);
	if (!module.loaded) {
		printf("The module spliceguard is not loaded.\n");
		return;
	}
	setting_text(TRUST, &module.policy, trust);
	setting_text(GROUP, &module.policy, group);
	if (*trust || module.policy.group != SPG_NO_GROUP)
		printf("What is shared may be by choice: splice_trust is '%s', splice_group is %s.\n",
		       trust, group);
}

static int summarise(const int counts[SHARED + 1])
{
	if (counts[SHARED]) {
		printf("%sNot protected%s: what was handed over changed with the file in %d of %d ways.\n",
		       coloured(RED), coloured(PLAIN), counts[SHARED],
		       counts[SHARED] + counts[PRIVATE]);
		say_trust();
		return ENDING_NOT_PROTECTED;
	}
	if (!counts[PRIVATE]) {
		printf("Nothing could be tried here, so nothing is proven.\n");
		return ENDING_NOT_PROTECTED;
	}
	printf("%sProtected%s: nothing was shared.\n", coloured(GREEN), coloured(PLAIN));
	return ENDING_PROTECTED;
}

static int test_in(char *directory, bool nobody)
{
	struct table table = { .columns = 3 };
	int counts[SHARED + 1] = { 0 };
	char filesystem[32];
	size_t i;

	name_filesystem(directory, filesystem);
	printf("Moving bytes of files of my own in %s (%s), as user %u%s; no other file is touched.\n\n",
	       directory, filesystem, getuid(), nobody ? " instead of root" : "");
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		counts[say_row(&rows[i], &table)]++;
	table_print(&table, stdout, "  ", 0, 0);
	printf("\n");
	return summarise(counts);
}

static int run_test(int argc, char **argv)
{
	static const struct option options[] = { LAST_OPTIONS };
	const char *above = getenv("TMPDIR");
	char directory[PATH_MAX - 8];
	bool nobody;
	int code;

	while (next_option(argc, argv, "h", options) != -1)
		;
	if (optind + 1 < argc)
		return misused("'%s' is too much", argv[optind + 1]);
	nobody = become_nobody();
	if (argv[optind])
		above = argv[optind];
	else if (!above || nobody)
		above = "/tmp";
	snprintf(directory, sizeof(directory), "%s/spliceguard-test.XXXXXX", above);
	if (!mkdtemp(directory)) {
		complain("user %u cannot make a directory in %s: %s", getuid(), above,
			 strerror(errno));
		return ENDING_FAILED;
	}
	snprintf(file, sizeof(file), "%s/file", directory);
	use_colour(stdout);
	code = test_in(directory, nobody);
	unlink(file);
	rmdir(directory);
	return code;
}

const struct command test_command = {
	.name = "test",
	.arguments = "[DIRECTORY]",
	.summary = "prove on the running kernel what is shared and what is not, harmlessly",
	.help =
	"Moves bytes of a file along each way that there is, changes the file afterwards, and looks whether\n"
	"what was moved has changed, too:\n"
	"\n"
	"  SHARED   it has: whoever gets it holds the file's own pages\n"
	"  COPIED   it has not\n"
	"  refused  the call fails\n"
	"  LOST     it did not arrive, since its checksum does not fit any more: it had been shared\n"
	"\n"
	"The files are its own, in a new directory in DIRECTORY ($TMPDIR, or /tmp), and are removed at the\n"
	"end; nothing else is written to. Needs no privilege, and uses none: root becomes the user nobody\n"
	"first. Works without the module, too. Exit code 0 if nothing was shared, 1 if something was.\n",
	.run = run_test,
};
