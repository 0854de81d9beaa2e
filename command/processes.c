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

/* Its lines are "TID NAME". */
static bool find_saved(pid_t tid, char name[16])
{
	char start[16], *at;

	snprintf(start, sizeof(start), "%d ", tid);
	for (at = saved; at && *at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, start, strlen(start)))
			continue;
		at += strlen(start);
		snprintf(name, 16, "%.*s", (int)strcspn(at, "\n"), at);
		return true;
	}
	return false;
}

static void name_ended(pid_t tid, char name[16])
{
	if (find_saved(tid, name))
		return;
	/* It may have ended since that was read. */
	free(saved);
	saved = read_text("/sys/kernel/tracing/saved_cmdlines");
	if (!find_saved(tid, name))
		strcpy(name, "?");
}

static void ask(pid_t tid, struct known *it)
{
	char path[64], *text, *line;

	*it = (struct known){ .tid = tid, .pid = tid };
	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	text = read_text(path);
	line = text ? strstr(text, "\nTgid:") : NULL;
	if (line)
		it->pid = atoi(line + 6);
	free(text);
	snprintf(path, sizeof(path), "/proc/%d/comm", it->pid);
	if (read_word(path, it->name, sizeof(it->name)))
		name_ended(tid, it->name);
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
