// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files, texts, and programs whose output is read; see files.h. Memory that is asked for is there:
 * these are small texts, and without them there is nothing to do but give up.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "command.h"
#include "files.h"

const char *root = "";

/**
 * path_of() - where a file is
 * @full: takes that
 * @path: its path below the root
 */
void path_of(char full[PATH_MAX], const char *path)
{
	if (snprintf(full, PATH_MAX, "%s%s", root, path) >= PATH_MAX) {
		complain("%s%s is too long a path", root, path);
		exit(ENDING_FAILED);
	}
}

static void *sure(void *memory)
{
	if (!memory) {
		complain("out of memory");
		exit(ENDING_FAILED);
	}
	return memory;
}

/**
 * file_exists() - is there such a file?
 * @path: its path
 *
 * Return: whether there is.
 */
bool file_exists(const char *path)
{
	char full[PATH_MAX];

	path_of(full, path);
	return !access(full, F_OK);
}

static int open_file(const char *path, int flags)
{
	char full[PATH_MAX];

	path_of(full, path);
	return open(full, flags | O_CLOEXEC, 0644);
}

/**
 * read_text() - a file as a text
 * @path: the file
 *
 * Return: its content, to be freed, or NULL with errno.
 */
char *read_text(const char *path)
{
	size_t size = 4096, len = 0;
	int error, fd = open_file(path, O_RDONLY);
	char *text;
	ssize_t n;

	if (fd < 0)
		return NULL;
	text = sure(malloc(size));
	while ((n = read(fd, text + len, size - len - 1)) > 0) {
		len += n;
		if (len == size - 1)
			text = sure(realloc(text, size *= 2));
	}
	error = errno;
	close(fd);
	text[len] = 0;
	if (n < 0) {
		free(text);
		errno = error;
		return NULL;
	}
	return text;
}

/**
 * read_word() - a file of one line, as those of /proc and /sys are
 * @path: the file
 * @text: takes the line, without its end
 * @size: the room there
 *
 * Return: 0, or -1 with errno; then the text is empty.
 */
int read_word(const char *path, char *text, size_t size)
{
	char *whole = read_text(path);

	*text = 0;
	if (!whole)
		return -1;
	snprintf(text, size, "%.*s", (int)strcspn(whole, "\n"), whole);
	free(whole);
	return 0;
}

/**
 * write_text() - write to a file, in one call
 * @path: the file
 * @text: what
 * @len: its length
 * @flags: for open(2), beside O_WRONLY
 *
 * Return: 0, or -1 with errno; EACCES where it could not even be opened.
 */
int write_text(const char *path, const char *text, size_t len, int flags)
{
	int error, fd = open_file(path, O_WRONLY | flags);
	ssize_t n;

	if (fd < 0) {
		if (errno == EPERM)
			errno = EACCES;
		return -1;
	}
	n = write(fd, text, len);
	error = n < 0 ? errno : EIO;
	close(fd);
	errno = error;
	return n == (ssize_t)len ? 0 : -1;
}

/**
 * make_directory() - have a directory, and those above it
 * @path: the directory
 *
 * Return: 0, or -1 with errno.
 */
int make_directory(const char *path)
{
	char full[PATH_MAX], *slash;

	path_of(full, path);
	for (slash = full + strlen(root); (slash = strchr(slash + 1, '/'));) {
		*slash = 0;
		mkdir(full, 0755);
		*slash = '/';
	}
	return mkdir(full, 0755) && errno != EEXIST ? -1 : 0;
}

static int sync_directory(char *file)
{
	char *slash = strrchr(file, '/');
	int ret, fd;

	/* The slash stays, for what is in /. */
	if (slash)
		slash[1] = 0;
	fd = open(slash ? file : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = fsync(fd);
	close(fd);
	return ret;
}

static int fill(int fd, const char *text, const char *like)
{
	size_t len = strlen(text);
	struct stat st = { .st_mode = 0644 };

	/* A file that is there keeps its owner and rights. */
	if (!stat(like, &st)) {
		/* What a link to /dev/null leads to is not to be replaced. */
		if (!S_ISREG(st.st_mode)) {
			errno = EOPNOTSUPP;
			return -1;
		}
		if (fchown(fd, st.st_uid, st.st_gid))
			return -1;
	}
	if (fchmod(fd, st.st_mode & 07777))
		return -1;
	if (write(fd, text, len) != (ssize_t)len)
		return -1;
	return fsync(fd);
}

/**
 * replace_file() - give a file a new content, or make it
 * @path: the file, in a directory that is there; of a symbolic link, what it leads to
 * @text: the content
 *
 * Whoever reads it meanwhile, or after a crash, finds the old content or the new one.
 *
 * Return: 0, or -1 with errno; then it is as it was.
 */
int replace_file(const char *path, const char *text)
{
	char full[PATH_MAX], target[PATH_MAX], temporary[PATH_MAX + 16];
	int fd, error = 0;

	path_of(full, path);
	if (!realpath(full, target)) {
		if (errno != ENOENT)
			return -1;
		strcpy(target, full);
	}
	/* Not one more name that ends like the file's: its directory may be read by such. */
	snprintf(temporary, sizeof(temporary), "%s.XXXXXX", target);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fill(fd, text, target))
		error = errno;
	close(fd);
	if (!error && rename(temporary, target))
		error = errno;
	if (error) {
		unlink(temporary);
		errno = error;
		return -1;
	}
	return sync_directory(target);
}

/**
 * list_add() - add a text
 * @list: to these
 * @format: the text
 */
void list_add(struct list *list, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	list->items = sure(realloc(list->items, (list->count + 1) * sizeof(*list->items)));
	list->items[list->count++] = sure(text);
}

static const char *base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

static int by_base_name(const void *a, const void *b)
{
	return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

static bool has_base_name(const struct list *list, const char *path)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (!strcmp(base_name(list->items[i]), base_name(path)))
			return true;
	return false;
}

/**
 * configuration_files() - the files of a directory of configuration that count
 * @kind: what it is called: "sysctl.d", "modprobe.d", "modules-load.d"
 *
 * As systemd and kmod do it: of several with one name, that of the first directory; all in the
 * order of their names. A link to /dev/null is one of them, and empty.
 *
 * Return: their paths below the root.
 */
struct list configuration_files(const char *kind)
{
	static const char *const above[] = { "/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib" };
	struct list list = { NULL, 0 };
	size_t i, j;

	for (i = 0; i < sizeof(above) / sizeof(above[0]); i++) {
		char path[PATH_MAX], pattern[PATH_MAX];
		glob_t found;

		snprintf(path, sizeof(path), "%s/%s/*.conf", above[i], kind);
		path_of(pattern, path);
		if (glob(pattern, 0, NULL, &found))
			continue;
		for (j = 0; j < found.gl_pathc; j++)
			if (!has_base_name(&list, found.gl_pathv[j]))
				list_add(&list, "%s", found.gl_pathv[j] + strlen(root));
		globfree(&found);
	}
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), by_base_name);
	return list;
}

/**
 * next_line() - take the next line off a text
 * @rest: the text; what is left of it afterwards
 *
 * Return: the line, without its end, or NULL at the end of the text.
 */
char *next_line(char **rest)
{
	char *line = *rest, *end;

	if (!*line)
		return NULL;
	end = strchrnul(line, '\n');
	*rest = *end ? end + 1 : end;
	*end = 0;
	return line;
}

/**
 * start_program() - run a program of the system's, to read what it says
 * @argv: the program and its arguments
 * @pid: takes its process
 *
 * Only the system's own directories are looked in, which include those that are not in the PATH of
 * users. Its complaints go nowhere.
 *
 * Return: its standard output, or NULL with errno.
 */
FILE *start_program(char *const argv[], int *pid)
{
	FILE *from;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return NULL;
	*pid = fork();
	if (!*pid) {
		setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
		setenv("LC_ALL", "C", 1);
		dup2(ends[1], STDOUT_FILENO);
		dup2(open("/dev/null", O_RDWR), STDERR_FILENO);
		signal(SIGPIPE, SIG_DFL);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(ends[1]);
	from = *pid < 0 ? NULL : fdopen(ends[0], "r");
	if (!from)
		close(ends[0]);
	return from;
}

/**
 * end_program() - be done with a program
 * @from: what start_program() gave
 * @pid: likewise
 *
 * Return: its exit code, 127 where it could not be run, -1 where it did not end by itself.
 */
int end_program(FILE *from, int pid)
{
	int status;

	fclose(from);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
