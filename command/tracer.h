/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracer: events of the kernel's, as they come, by an instance of tracefs of our own: whatever
 * others trace at the same time is neither seen nor disturbed.
 */
#ifndef SPG_TRACER_H
#define SPG_TRACER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define EVENT_FIELDS 8
#define EVENT_SYMBOLS 8

/* Where a field is, and the names that the event's format gives its numbers, if it does. */
struct field {
	unsigned int offset;
	unsigned int size;
	char symbols[EVENT_SYMBOLS][12];
};

/**
 * struct event - a kind of event
 * @name: "SYSTEM/EVENT"
 * @fields: the names of the fields that are of interest; ends with NULL
 * @id: what its records begin with
 * @pid: where the thread's id is
 * @field: where the fields are; those that it does not have are of size 0
 */
struct event {
	const char *name;
	const char *fields[EVENT_FIELDS + 1];
	unsigned int id;
	struct field pid;
	struct field field[EVENT_FIELDS];
};

/**
 * struct record - an event that happened; its data lasts until see() returns
 * @event: its kind
 * @tid: the thread
 * @data: its fields
 */
struct record {
	const struct event *event;
	pid_t tid;
	const char *data;
};

/* The signal by which it was asked to end, or 0; tracer_open() sees to that. */
extern volatile int tracer_stopped;

int tracer_open(void);
bool tracer_set(const char *file, const char *text);
bool tracer_enable(struct event *event);
unsigned long long tracer_read(void (*see)(const struct record *record));
void tracer_close(void);

uint64_t record_number(const struct record *record, int field);
void record_text(const struct record *record, int field, char *text, size_t size);
const char *record_symbol(const struct record *record, int field);

#endif
