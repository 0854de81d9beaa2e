// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON on standard output; see json.h.
 */
#include <stdio.h>
#include "json.h"

static int depth;
static bool first = true;

/* The length of the UTF-8 character there, or 0. Surrogates pass: no file name has any. */
static int utf8(const unsigned char *c)
{
	int i, len = 0;

	if (*c < 0x80)
		len = 1;
	else if (*c >= 0xc2 && *c < 0xe0)
		len = 2;
	else if (*c >= 0xe0 && *c < 0xf0)
		len = 3;
	else if (*c >= 0xf0 && *c < 0xf5)
		len = 4;

	for (i = 1; i < len; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static void put_text(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	putchar('"');
	while (*c) {
		int len = utf8(c);

		if (!len)
			fputs("\\ufffd", stdout);
		else if (*c < ' ')
			printf("\\u%04x", *c);
		else
			printf("%s%.*s", *c == '"' || *c == '\\' ? "\\" : "", len, c);
		c += len ? len : 1;
	}
	putchar('"');
}

static void begin(const char *key)
{
	if (depth)
		printf("%s\n%*s", first ? "" : ",", 2 * depth, "");
	first = false;
	if (key) {
		put_text(key);
		fputs(": ", stdout);
	}
}

/**
 * json_open() - begin an object or an array
 * @key: its key
 * @bracket: '{' or '['
 */
void json_open(const char *key, char bracket)
{
	begin(key);
	putchar(bracket);
	depth++;
	first = true;
}

/**
 * json_close() - end it
 * @bracket: '}' or ']'
 */
void json_close(char bracket)
{
	depth--;
	if (!first)
		printf("\n%*s", 2 * depth, "");
	putchar(bracket);
	first = false;
	if (!depth)
		putchar('\n');
}

/**
 * json_string() - a text
 * @key: its key
 * @value: the text, or NULL for null
 */
void json_string(const char *key, const char *value)
{
	begin(key);
	if (value)
		put_text(value);
	else
		fputs("null", stdout);
}

/**
 * json_number() - a number
 * @key: its key
 * @value: the number
 */
void json_number(const char *key, unsigned long long value)
{
	begin(key);
	printf("%llu", value);
}

/**
 * json_bool() - true or false
 * @key: its key
 * @value: which
 */
void json_bool(const char *key, bool value)
{
	begin(key);
	fputs(value ? "true" : "false", stdout);
}
