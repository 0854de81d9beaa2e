/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files: reading small ones whole, replacing one without a moment in which it is not whole, and
 * directories of configuration.
 */
#ifndef SPG_FILES_H
#define SPG_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What stands before every path, as given by --root; "" otherwise. */
extern const char *root;

void path_of(char full[PATH_MAX], const char *path);
bool file_exists(const char *path);
char *read_text(const char *path);
int read_word(const char *path, char *text, size_t size);
int write_text(const char *path, const char *text, size_t len, int flags);
int replace_file(const char *path, const char *text);
int make_directory(const char *path);

/**
 * struct list - texts, in the order in which they were added
 * @items: the texts
 * @count: how many
 */
struct list {
	char **items;
	size_t count;
};

__attribute__((format(printf, 2, 3))) void list_add(struct list *list, const char *format, ...);

struct list configuration_files(const char *kind);
char *next_line(char **rest);

FILE *start_program(char *const argv[], int *pid);
int end_program(FILE *from, int pid);

#endif
