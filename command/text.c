// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text for people; see text.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "text.h"

/**
 * table_cell() - add a cell to a table, after the one before
 * @table: the table
 * @colour: its colour
 * @format: what is in it
 */
void table_cell(struct table *table, enum colour colour, const char *format, ...)
{
	struct cell cell = { NULL, colour };
	va_list args;

	va_start(args, format);
	if (vasprintf(&cell.text, format, args) < 0)
		cell.text = NULL;
	va_end(args);
	table->cells = realloc(table->cells, (table->count + 1) * sizeof(cell));
	if (!table->cells || !cell.text) {
		complain("out of memory");
		exit(ENDING_FAILED);
	}
	table->cells[table->count++] = cell;
}

static void print_row(const struct table *table, FILE *out, const struct cell *row,
		      const int widths[TABLE_COLUMNS], int room)
{
	int column;

	for (column = 0; column < table->columns && room > 0; column++) {
		const struct cell *cell = &row[column];
		int len = strlen(cell->text), pad = widths[column] - len;
		bool last = column == table->columns - 1;

		if (table->right & 1u << column)
			fprintf(out, "%*s", pad < room ? pad : room, "");
		if (len > room)
			len = room;
		if (cell->colour)
			fputs(coloured(cell->colour), out);
		fprintf(out, "%.*s", len, cell->text);
		if (cell->colour)
			fputs(coloured(PLAIN), out);
		room -= widths[column] + 2;
		if (!last && room > 0)
			fprintf(out, "%*s", table->right & 1u << column ? 2 : pad + 2, "");
	}
	fputc('\n', out);
}

/**
 * table_print() - print a table, and empty it
 * @table: the table
 * @out: where to
 * @indent: what comes before each row
 * @rows: print so many at most; 0 for all
 * @width: of the paper; rows are cut off there. 0 for any
 */
void table_print(struct table *table, FILE *out, const char *indent, size_t rows, int width)
{
	int widths[TABLE_COLUMNS] = { 0 };
	size_t i;

	for (i = 0; i < table->count; i++) {
		int len = strlen(table->cells[i].text), column = i % table->columns;

		if (len > widths[column])
			widths[column] = len;
	}
	if (!rows || rows > table->count / table->columns)
		rows = table->count / table->columns;
	for (i = 0; i < rows; i++) {
		fputs(indent, out);
		print_row(table, out, &table->cells[i * table->columns], widths,
			  width ? width - (int)strlen(indent) : 10000);
	}
	for (i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
	table->cells = NULL;
	table->count = 0;
}

/**
 * bytes_text() - a number of bytes, to three digits or so
 * @bytes: the number
 * @text: takes the text
 *
 * Return: @text.
 */
const char *bytes_text(double bytes, char text[16])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	int unit = 0;

	while (bytes >= 1023.5 && unit < 5) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, 16, unit && bytes < 99.95 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
	return text;
}

/**
 * safe_text() - a name that somebody else has chosen, without what could speak to a terminal or
 *	put columns out of line
 * @from: the name
 * @text: takes it
 * @size: the room there
 *
 * Return: @text.
 */
const char *safe_text(const char *from, char *text, size_t size)
{
	size_t i;

	for (i = 0; from[i] && i < size - 1; i++)
		text[i] = from[i] < ' ' || from[i] > '~' ? '?' : from[i];
	text[i] = 0;
	return text;
}
