// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracer; see tracer.h. Reads the ring buffers as they are, not their text: it is a tenth of the
 * work at high rates, has what the text has not, and no process can put a line of its own into it
 * by its name.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "command.h"
#include "files.h"
#include "tracer.h"

#define PREFIX "spliceguard-"
#define EVENTS_MAX 8
#define BUFFER (64 << 10)

volatile int tracer_stopped;

static char instance[PATH_MAX / 2];	/* its path below the root; "" if there is none */
static int *buffers, buffer_count;
static struct event *events[EVENTS_MAX];
static int event_count;

static void stop(int number)
{
	tracer_stopped = number;
}

static const char *place_for_instances(void)
{
	static const char *const places[] = {
		"/sys/kernel/tracing/instances", "/sys/kernel/debug/tracing/instances"
	};

	return file_exists(places[0]) || !file_exists(places[1]) ? places[0] : places[1];
}

/* What one left behind that was killed. An instance that is in use cannot be removed. */
static void remove_leftovers(const char *above)
{
	char full[PATH_MAX], one[PATH_MAX + NAME_MAX + 2];
	struct dirent *entry;
	DIR *directory;

	path_of(full, above);
	directory = opendir(full);
	while (directory && (entry = readdir(directory))) {
		pid_t pid = strncmp(entry->d_name, PREFIX, strlen(PREFIX)) ? 0 :
			atoi(entry->d_name + strlen(PREFIX));

		if (pid <= 0 || !kill(pid, 0) || errno != ESRCH)
			continue;
		snprintf(one, sizeof(one), "%s/%s", full, entry->d_name);
		rmdir(one);
	}
	if (directory)
		closedir(directory);
}

static int open_buffers(void)
{
	char path[PATH_MAX], full[PATH_MAX];
	long cpu, cpus = sysconf(_SC_NPROCESSORS_CONF);

	buffers = calloc(cpus, sizeof(*buffers));
	for (cpu = 0; buffers && cpu < cpus; cpu++) {
		snprintf(path, sizeof(path), "%s/per_cpu/cpu%ld/trace_pipe_raw", instance, cpu);
		path_of(full, path);
		buffers[buffer_count] = open(full, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (buffers[buffer_count] >= 0)
			buffer_count++;
	}
	return buffer_count ? 0 : -1;
}

/**
 * tracer_open() - begin
 *
 * Complains where that fails. tracer_close() is called at exit, too.
 *
 * Return: how it ended.
 */
int tracer_open(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = stop };
	const char *above = place_for_instances();
	char full[PATH_MAX];
	size_t i;

	remove_leftovers(above);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	/* Who reads us may go away: then we are to end, not to be ended. */
	signal(SIGPIPE, SIG_IGN);
	snprintf(instance, sizeof(instance), "%s/" PREFIX "%d", above, getpid());
	path_of(full, instance);
	if (mkdir(full, 0750)) {
		*instance = 0;
		if (errno == EACCES || errno == EPERM) {
			complain("only root may read the kernel's events (and nobody where lockdown is 'confidentiality')");
			return ENDING_NO_PRIVILEGE;
		}
		complain("%s cannot be made: %s; is tracefs mounted? Try 'mount -t tracefs none /sys/kernel/tracing'",
			 full, strerror(errno));
		return ENDING_FAILED;
	}
	atexit(tracer_close);
	if (open_buffers()) {
		complain("the kernel's events cannot be read: %s", strerror(errno));
		return ENDING_FAILED;
	}
	return ENDING_PROTECTED;
}

/**
 * tracer_set() - write to a file of the instance
 * @file: the file
 * @text: what; it is added to what is there
 *
 * Return: whether that worked.
 */
bool tracer_set(const char *file, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", instance, file);
	return !write_text(path, text, strlen(text), O_APPEND);
}

/* A line is "\tfield:TYPE NAME;\toffset:N;\tsize:N;...", where NAME may end with "[N]". */
static void find_field(const char *format, const char *name, struct field *field)
{
	size_t len = strlen(name);
	const char *at = format;

	memset(field, 0, sizeof(*field));
	while ((at = strstr(at, name))) {
		const char *after = at + len;

		if (at[-1] == ' ' && (*after == ';' || *after == '[') &&
		    sscanf(strchr(after, ';'), "; offset:%u; size:%u", &field->offset,
			   &field->size) == 2)
			return;
		at = after;
	}
}

/* In how the event is printed: '__print_symbolic(REC->NAME, { 0, "splice" }, ...'. */
static void find_symbols(const char *format, const char *name, struct field *field)
{
	char start[64], symbol[12];
	unsigned int number;
	const char *at;
	int len;

	snprintf(start, sizeof(start), "__print_symbolic(REC->%s", name);
	at = strstr(format, start);
	if (!at)
		return;
	at += strlen(start);
	while (sscanf(at, ", { %u, \"%11[^\"]\" }%n", &number, symbol, &len) == 2) {
		if (number < EVENT_SYMBOLS)
			strcpy(field->symbols[number], symbol);
		at += len;
	}
}

/**
 * tracer_enable() - have events of a kind
 * @event: the kind; @name and @fields are given
 *
 * Return: whether the kernel has them.
 */
bool tracer_enable(struct event *event)
{
	char path[PATH_MAX], file[128], *format;
	const char *id;
	int i;

	snprintf(path, sizeof(path), "%s/events/%s/format", instance, event->name);
	format = read_text(path);
	id = format ? strstr(format, "ID: ") : NULL;
	if (!id || event_count == EVENTS_MAX) {
		free(format);
		return false;
	}
	event->id = atoi(id + 4);
	find_field(format, "common_pid", &event->pid);
	for (i = 0; event->fields[i]; i++) {
		find_field(format, event->fields[i], &event->field[i]);
		find_symbols(format, event->fields[i], &event->field[i]);
	}
	free(format);
	snprintf(file, sizeof(file), "events/%s/enable", event->name);
	if (!tracer_set(file, "1"))
		return false;
	events[event_count++] = event;
	return true;
}

static void see_record(const char *data, unsigned int size,
		       void (*see)(const struct record *record))
{
	struct record record = { .data = data };
	uint16_t id;
	int32_t tid;
	int i;

	if (size < sizeof(id))
		return;
	memcpy(&id, data, sizeof(id));
	for (i = 0; i < event_count; i++) {
		if (events[i]->id != id)
			continue;
		memcpy(&tid, data + events[i]->pid.offset, sizeof(tid));
		record.event = events[i];
		record.tid = tid;
		see(&record);
	}
}

/*
 * A page: a time stamp and the length of what follows, of eight bytes each. Then records: a word
 * whose low five bits are a type, and what it says (Documentation/trace/ring-buffer-design.rst,
 * include/linux/ring_buffer.h). Returns how many events were lost before it.
 */
static unsigned long long see_page(const char *page, size_t size,
				   void (*see)(const struct record *record))
{
	uint64_t commit, lost = 0;
	size_t at = 16, end;

	memcpy(&commit, page + 8, sizeof(commit));
	end = 16 + (commit & 0xfffff);
	if (end > size)
		end = size;
	/* Some were lost, and how many stands after the last one, if there was room. */
	if (commit & 1u << 31) {
		lost = 1;
		if (commit & 1u << 30 && end + sizeof(lost) <= size)
			memcpy(&lost, page + end, sizeof(lost));
	}
	while (at + 8 <= end) {
		uint32_t head, word;
		size_t len;

		memcpy(&head, page + at, sizeof(head));
		memcpy(&word, page + at + 4, sizeof(word));
		switch (head & 0x1f) {
		case 29:	/* padding, or the end of the page */
			len = head >> 5 ? 4 + word : end - at;
			break;
		case 30:	/* more time */
		case 31:
			len = 8;
			break;
		case 0:
			len = 4 + word;
			if (at + len <= end)
				see_record(page + at + 8, len - 8, see);
			break;
		default:
			len = 4 + 4 * (head & 0x1f);
			if (at + len <= end)
				see_record(page + at + 4, len - 4, see);
		}
		if (len < 8)
			break;
		at += len;
	}
	return lost;
}

/**
 * tracer_read() - see all events that have come
 * @see: is called for each
 *
 * Does not wait.
 *
 * Return: how many were lost since the last time, by those who came too fast.
 */
unsigned long long tracer_read(void (*see)(const struct record *record))
{
	static char page[BUFFER];
	unsigned long long lost = 0;
	ssize_t n;
	int i;

	for (i = 0; i < buffer_count; i++)
		while ((n = read(buffers[i], page, sizeof(page))) > 16)
			lost += see_page(page, n, see);
	return lost;
}

/**
 * tracer_close() - end, and leave nothing behind
 */
void tracer_close(void)
{
	char full[PATH_MAX];

	if (!*instance)
		return;
	event_count = 0;
	tracer_set("events/enable", "0");
	while (buffer_count)
		close(buffers[--buffer_count]);
	path_of(full, instance);
	if (rmdir(full))
		complain("%s stays behind: %s", full, strerror(errno));
	*instance = 0;
}

/**
 * record_number() - a field that is a number
 * @record: the record
 * @field: the field's place among those of the event
 *
 * Return: the number, 0 where there is no such field.
 */
uint64_t record_number(const struct record *record, int field)
{
	const struct field *where = &record->event->field[field];
	uint64_t number = 0;

	if (where->size <= sizeof(number))
		memcpy(&number, record->data + where->offset, where->size);
	return number;
}

/**
 * record_text() - a field that is a text
 * @record: the record
 * @field: the field's place among those of the event
 * @text: takes it
 * @size: the room there
 */
void record_text(const struct record *record, int field, char *text, size_t size)
{
	const struct field *where = &record->event->field[field];

	snprintf(text, size, "%.*s", (int)where->size, record->data + where->offset);
}

/**
 * record_symbol() - a field whose numbers have names
 * @record: the record
 * @field: the field's place among those of the event
 *
 * Return: the name, or "?".
 */
const char *record_symbol(const struct record *record, int field)
{
	uint64_t number = record_number(record, field);
	const char *symbol = "";

	if (number < EVENT_SYMBOLS)
		symbol = record->event->field[field].symbols[number];
	return *symbol ? symbol : "?";
}
