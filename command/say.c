// SPDX-License-Identifier: GPL-2.0-only
/*
 * Speaking to the user: complaints, and colour where he wants it.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "command.h"

static void complain_of(const char *format, va_list args)
{
	fflush(stdout);
	fputs("spliceguard: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

/**
 * complain() - say on standard error what is wrong
 * @format: a sentence, without a full stop at its end
 */
void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_of(format, args);
	va_end(args);
}

/**
 * misused() - complain of how the command was called
 * @format: a sentence, without a full stop at its end
 *
 * Return: ENDING_USAGE.
 */
int misused(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_of(format, args);
	va_end(args);
	fputs("See 'spliceguard help'.\n", stderr);
	return ENDING_USAGE;
}

/**
 * not_loaded() - complain that the module is not there
 *
 * Return: ENDING_NOT_LOADED.
 */
int not_loaded(void)
{
	complain("the module is not loaded; 'modprobe spliceguard' loads it, 'spliceguard status' tells more");
	return ENDING_NOT_LOADED;
}

static bool colours;

/**
 * use_colour() - decide whether what is written has colours
 * @out: where it is written to: on a terminal it has, unless NO_COLOR is set
 */
void use_colour(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	colours = isatty(fileno(out)) && !(no_color && *no_color) && term && strcmp(term, "dumb");
}

/**
 * coloured() - what turns a colour on
 * @colour: the colour, or PLAIN for none
 *
 * Return: an escape sequence, or nothing where there are to be no colours.
 */
const char *coloured(enum colour colour)
{
	static const char *const sequences[] = {
		[PLAIN] = "\033[0m",
		[RED] = "\033[1;31m",
		[GREEN] = "\033[32m",
		[YELLOW] = "\033[33m",
	};

	return colours ? sequences[colour] : "";
}
