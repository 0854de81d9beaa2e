/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command `spliceguard`: what its subcommands are, and how they speak and end.
 */
#ifndef SPG_COMMAND_H
#define SPG_COMMAND_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

/* How it ends. For what only does something, 0 is success and 1 failure. */
enum ending {
	ENDING_PROTECTED = 0,
	ENDING_NOT_PROTECTED = 1,
	ENDING_FAILED = 1,
	ENDING_NOT_LOADED = 3,
	ENDING_NO_PRIVILEGE = 4,
	ENDING_USAGE = 64,
};

/**
 * struct command - a subcommand
 * @name: its name
 * @arguments: what follows it, for the first line of its help
 * @summary: what it does, in some words
 * @help: the rest of its help: options, examples
 * @run: does it, argv[0] being what it is called in messages; returns how it ended
 */
struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	const char *help;
	int (*run)(int argc, char **argv);
};

extern const struct command status_command, test_command, set_command, lock_command, undo_command,
	top_command, explain_command, metrics_command, bench_command, verify_command;

/* Ends each table of options: --help is for all. */
#define LAST_OPTIONS { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }

int next_option(int argc, char **argv, const char *letters, const struct option *options);
int no_arguments(int argc, char **argv);

/* say.c */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);
__attribute__((format(printf, 1, 2))) int misused(const char *format, ...);
int not_loaded(void);

enum colour { PLAIN, RED, GREEN, YELLOW };
void use_colour(FILE *out);
const char *coloured(enum colour colour);

#endif
