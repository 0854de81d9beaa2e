// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options of the module: reading what files of modprobe.d say, and keeping the one line in a file
 * of ours. Everything else in that file is the administrator's, and stays as it is to the byte.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "options.h"

#define HEADER "# Options of the module spliceguard. 'spliceguard set --persist' keeps the line that begins with\n" \
	       "# 'options spliceguard' up to date, and leaves all others alone.\n"

/**
 * next_option_word() - take the next option off a list of them
 * @rest: the list, as the kernel gets it; what is left of it afterwards
 * @value: takes the option's value, or NULL where it has none
 *
 * By the kernel's rules (lib/cmdline.c, next_arg()): blanks part options but between double quotes,
 * and one pair of quotes around a value, or around all, is not part of it.
 *
 * Return: the option's name, or NULL at the end.
 */
char *next_option_word(char **rest, char **value)
{
	char *word = *rest, *end, *equals = NULL;
	bool quoted = false, whole;

	while (isspace((unsigned char)*word))
		word++;
	if (!*word)
		return NULL;
	for (end = word; *end && (quoted || !isspace((unsigned char)*end)); end++) {
		if (*end == '"')
			quoted = !quoted;
		else if (*end == '=' && !equals)
			equals = end;
	}
	*rest = *end ? end + 1 : end;
	*end = 0;
	whole = *word == '"';
	if (whole)
		word++;
	*value = equals ? equals + 1 : NULL;
	if (equals)
		*equals = 0;
	if (equals && **value == '"') {
		++*value;
		whole = true;
	}
	if (whole && end > word && end[-1] == '"')
		end[-1] = 0;
	return word;
}

/**
 * next_logical_line() - take the next line off a file of modprobe.d
 * @rest: the file; what is left of it afterwards
 *
 * A backslash at the end joins it with the next one.
 *
 * Return: the line with all its parts, or NULL at the end.
 */
char *next_logical_line(char **rest)
{
	char *line = next_line(rest), *end;

	while (line && *line && **rest && (end = strchr(line, 0))[-1] == '\\') {
		/* Both become blanks, and the end of this part is gone. */
		end[-1] = ' ';
		*end = ' ';
		next_line(rest);
	}
	return line;
}

static bool is_spliceguard(const char *word, size_t len)
{
	return len == strlen("spliceguard") && !memcmp(word, "spliceguard", len);
}

/**
 * options_of_line() - is this a line with our options?
 * @line: a logical line
 *
 * Return: where the options begin, or NULL where it is none.
 */
char *options_of_line(char *line)
{
	size_t len;

	line += strspn(line, " \t");
	len = strcspn(line, " \t");
	if (len != strlen("options") || memcmp(line, "options", len))
		return NULL;
	line += len;
	line += strspn(line, " \t");
	len = strcspn(line, " \t");
	return is_spliceguard(line, len) ? line + len : NULL;
}

/* What a file of ours begins with: what it hides, if another directory has one of the name. */
static char *first_content(void)
{
	static const char *const hidden[] = { "/run", "/usr/local/lib", "/usr/lib", "/lib" };
	char *text = NULL, path[64];
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]) && !text; i++) {
		snprintf(path, sizeof(path), "%s/modprobe.d%s", hidden[i],
			 strrchr(OPTIONS_FILE, '/'));
		text = read_text(path);
	}
	return text ? text : strdup(HEADER);
}

static char *present_content(void)
{
	char *text = read_text(OPTIONS_FILE);

	return text ? text : first_content();
}

/* One line's options, taken over one by one; those that we do not know go to @others. */
static void take_options(char *options, struct option_values *values, struct list *others)
{
	char *name, *value;
	enum setting setting;

	while ((name = next_option_word(&options, &value))) {
		if (setting_named(name, strlen(name), &setting) && value)
			values->value[setting] = strdup(value);
		else if (others && value)
			list_add(others, " %s=\"%s\"", name, value);
		else if (others)
			list_add(others, " %s", name);
	}
}

/**
 * options_kept() - what the file of ours says
 * @values: takes the values
 */
void options_kept(struct option_values *values)
{
	char *text = present_content(), *rest = text, *line, *options;

	memset(values, 0, sizeof(*values));
	while ((line = next_logical_line(&rest))) {
		options = options_of_line(line);
		if (options)
			take_options(options, values, NULL);
	}
	free(text);
}

static void put_options(FILE *out, const struct option_values *values, const struct list *others)
{
	bool any = others->count;
	size_t i;

	for (i = 0; i < SETTINGS; i++)
		any |= !!values->value[i];
	if (!any)
		return;
	fputs("options spliceguard", out);
	for (i = 0; i < SETTINGS; i++) {
		const char *value = values->value[i];

		/* Numbers need no quotes. */
		if (value)
			fprintf(out, strspn(value, "-0123456789") == strlen(value) && *value ?
				" %s=%s" : " %s=\"%s\"", setting_option(i), value);
	}
	for (i = 0; i < others->count; i++)
		fputs(others->items[i], out);
	fputc('\n', out);
}

/* @text with its options lines made one, where the first one was, or else at the end. */
static char *edited(const char *text, const struct option_values *values, unsigned int which)
{
	struct option_values now = { { NULL } };
	struct list others = { NULL, 0 };
	char *new = NULL, *copy = strdup(text), *rest = copy, *line, *options;
	const char *first = NULL, *from;
	size_t size;
	FILE *out = open_memstream(&new, &size);
	int i;

	while ((line = next_logical_line(&rest))) {
		options = options_of_line(line);
		if (!options)
			continue;
		if (!first)
			first = text + (line - copy);
		take_options(options, &now, &others);
	}
	for (i = 0; i < SETTINGS; i++)
		if (which & 1u << i)
			now.value[i] = values->value[i];

	free(copy);
	copy = strdup(text);
	rest = copy;
	while (from = text + (rest - copy), (line = next_logical_line(&rest))) {
		if (from == first)
			put_options(out, &now, &others);
		if (!options_of_line(line))
			fwrite(from, 1, rest - line, out);
	}
	if (!first) {
		if (*text && text[strlen(text) - 1] != '\n')
			fputc('\n', out);
		put_options(out, &now, &others);
	}
	free(copy);
	return fclose(out) ? NULL : new;
}

/**
 * options_keep() - have these options at the next load
 * @values: their values; an option of which there is none here shall not be given
 * @which: which of them, as a mask of settings; the others stay as they are
 *
 * A file that would say no more than what it began with, is removed.
 *
 * Return: 0, or -1 with errno; then all is as it was.
 */
int options_keep(const struct option_values *values, unsigned int which)
{
	char *before = present_content(), *first = first_content();
	char *text = edited(before, values, which), full[PATH_MAX];
	int ret = -1;

	path_of(full, OPTIONS_FILE);
	if (!text)
		errno = ENOMEM;
	else if (!strcmp(text, first))
		ret = unlink(full) && errno != ENOENT ? -1 : 0;
	else if (!make_directory("/etc/modprobe.d"))
		ret = replace_file(OPTIONS_FILE, text);
	free(before);
	free(first);
	free(text);
	return ret;
}
