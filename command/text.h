/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text for people: tables whose columns are aligned, numbers, and names that others have chosen.
 */
#ifndef SPG_TEXT_H
#define SPG_TEXT_H

#include <stdio.h>
#include "command.h"

#define TABLE_COLUMNS 10

/**
 * struct table - rows that are printed once all of them are known
 * @columns: how many columns
 * @right: those that are aligned to the right, as a mask
 * @cells: the rows, one after the other
 * @count: how many cells
 */
struct table {
	int columns;
	unsigned int right;
	struct cell {
		char *text;
		enum colour colour;
	} *cells;
	size_t count;
};

__attribute__((format(printf, 3, 4)))
void table_cell(struct table *table, enum colour colour, const char *format, ...);
void table_print(struct table *table, FILE *out, const char *indent, size_t rows, int width);

const char *bytes_text(double bytes, char text[16]);
const char *safe_text(const char *from, char *text, size_t size);

#endif
