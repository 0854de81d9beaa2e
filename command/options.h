/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Options of the module, as files of modprobe.d spell them.
 */
#ifndef SPG_OPTIONS_H
#define SPG_OPTIONS_H

#include <stdbool.h>
#include "files.h"
#include "settings.h"

/* The file whose options line the command keeps. */
#define OPTIONS_FILE "/etc/modprobe.d/spliceguard.conf"

/**
 * struct option_values - the values of the module's options
 * @value: as texts, or NULL where an option is not given
 */
struct option_values {
	char *value[SETTINGS];
};

char *next_option_word(char **rest, char **value);
char *options_of_line(char *line);
char *next_logical_line(char **rest);
void options_kept(struct option_values *values);
int options_keep(const struct option_values *values, unsigned int which);

#endif
