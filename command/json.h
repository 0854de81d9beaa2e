/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON, written from its beginning to its end. Keys are NULL in arrays.
 */
#ifndef SPG_JSON_H
#define SPG_JSON_H

#include <stdbool.h>

void json_open(const char *key, char bracket);
void json_close(char bracket);
void json_string(const char *key, const char *value);
void json_number(const char *key, unsigned long long value);
void json_bool(const char *key, bool value);

#endif
