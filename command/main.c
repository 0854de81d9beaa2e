// SPDX-License-Identifier: GPL-2.0-only
/*
 * spliceguard: look at, set and undo what kernel.splice_mode says. One file a subcommand; this one
 * finds it.
 */
#include <stdlib.h>
#include <string.h>
#include "command.h"
#include "files.h"

static const struct command *const commands[] = {
	&status_command,
	&test_command,
	&set_command,
	&lock_command,
	&undo_command,
	&top_command,
	&explain_command,
	&metrics_command,
	&bench_command,
	&verify_command,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *running;

static void print_overview(FILE *out)
{
	size_t i;

	fprintf(out, "usage: spliceguard COMMAND [ARGUMENT]...\n\n"
		"Zero-copy calls share pages of files; the module spliceguard has them copied or refused.\n\n");
	for (i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(out, "  %-8s %s\n\n", "help", "this, or of a COMMAND its options and examples");
	fprintf(out, "Exit codes: 0 protected (or done), 1 not, 3 module not loaded, 4 no privilege, 64 usage.\n"
		"Manuals: spliceguard(8), and spliceguard(7) for what the module does.\n");
}

static void print_help(FILE *out, const struct command *command)
{
	fprintf(out, "usage: spliceguard %s%s%s\n\n%s", command->name,
		*command->arguments ? " " : "", command->arguments, command->help);
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

/**
 * next_option() - the next of a subcommand's options
 * @argc: as its run() got it
 * @argv: likewise
 * @letters: the short ones, for getopt
 * @options: the long ones; ends with LAST_OPTIONS
 *
 * Help is given, and what is no option complained of, here.
 *
 * Return: its letter, or -1 after the last one.
 */
int next_option(int argc, char **argv, const char *letters, const struct option *options)
{
	int letter = getopt_long(argc, argv, letters, options, NULL);

	switch (letter) {
	case 'h':
		print_help(stdout, running);
		exit(ENDING_PROTECTED);
	case '?':
		fprintf(stderr, "See 'spliceguard help %s'.\n", running->name);
		exit(ENDING_USAGE);
	}
	return letter;
}

/**
 * no_arguments() - for a subcommand that takes no options but --help, and no arguments
 * @argc: as its run() got it
 * @argv: likewise
 *
 * Return: 0, or ENDING_USAGE.
 */
int no_arguments(int argc, char **argv)
{
	static const struct option options[] = { LAST_OPTIONS };

	while (next_option(argc, argv, "h", options) != -1)
		;
	return optind < argc ? misused("'%s' is too much", argv[optind]) : 0;
}

static int help(const char *name)
{
	const struct command *command;

	if (!name) {
		print_overview(stdout);
		return ENDING_PROTECTED;
	}
	command = find(name);
	if (!command)
		return misused("there is no command '%s'", name);
	print_help(stdout, command);
	return ENDING_PROTECTED;
}

static int run(int argc, char **argv)
{
	char called[64];

	running = find(argv[0]);
	if (!running)
		return misused("there is no command '%s'", argv[0]);
	snprintf(called, sizeof(called), "spliceguard %s", running->name);
	argv[0] = called;
	optind = 0;
	return running->run(argc, argv);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
		switch (letter) {
		case 'r':
			root = optarg;
			break;
		case 'V':
			printf("spliceguard %s\n", SPG_VERSION);
			return ENDING_PROTECTED;
		case 'h':
			return help(NULL);
		default:
			return ENDING_USAGE;
		}
	}
	if (optind == argc) {
		print_overview(stderr);
		return ENDING_USAGE;
	}
	argv += optind;
	argc -= optind;
	if (!strcmp(argv[0], "help"))
		return help(argv[1]);
	return run(argc, argv);
}
