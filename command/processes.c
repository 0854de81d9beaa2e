// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes: which one a thread is of, and what it is called. Asked once a thread, until all is
 * forgotten, since both may change. Of a thread that has ended, the kernel remembers the name.
 */
#include <stdlib.h>
#include <string.h>
#include "files.h"
#include "tally.h"
#include "text.h"

#define KNOWN_MAX 4096

static struct known {
	pid_t tid;
	pid_t pid;
	char name[16];
} known[KNOWN_MAX];

static char *saved;	/* names of threads that may have ended */

static void name_ended(pid_t tid, struct known *it)
{
	char start[16], *at;

	if (!saved)
		saved = read_text("/sys/kernel/tracing/saved_cmdlines");
	snprintf(start, sizeof(start), "%d ", tid);
	for (at = saved; at && *at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, start, strlen(start)))
			continue;
		at += strlen(start);
		snprintf(it->name, sizeof(it->name), "%.*s", (int)strcspn(at, "\n"), at);
		return;
	}
}

static void ask(pid_t tid, struct known *it)
{
	char path[64], *text, *line;

	*it = (struct known){ .tid = tid, .pid = tid, .name = "?" };
	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	text = read_text(path);
	if (!text) {
		name_ended(tid, it);
		return;
	}
	line = strstr(text, "\nTgid:");
	if (line)
		it->pid = atoi(line + 6);
	free(text);
	snprintf(path, sizeof(path), "/proc/%d/comm", it->pid);
	read_word(path, it->name, sizeof(it->name));
}

/**
 * process_of() - name the process in a key
 * @tid: one of its threads
 * @key: the key
 */
void process_of(pid_t tid, struct tally_key *key)
{
	struct known *it = &known[tid % KNOWN_MAX];

	if (it->tid != tid)
		ask(tid, it);
	key->pid = it->pid;
	safe_text(it->name, key->process, sizeof(key->process));
}

/**
 * processes_forget() - ask anew from now on
 */
void processes_forget(void)
{
	memset(known, 0, sizeof(known));
	free(saved);
	saved = NULL;
}
