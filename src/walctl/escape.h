/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text: what goes to a terminal, or into JSON. Nothing here lets a control character
 * through. Errors of writing stay in the FILE. */
#ifndef WALCTL_ESCAPE_H
#define WALCTL_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

/* Printable UTF-8 as it is, but for the backslash: \\. \n, \r and \t as such, each byte of anything
 * else as \xNN. The bytes can be had back from it. */
void escape_text(FILE *to, const void *data, size_t size);
/* The same for messages: a backslash stays one. */
void escape_message(FILE *to, const char *text);
/* A JSON string with its quotes. What is no UTF-8 becomes U+FFFD. */
void escape_json(FILE *to, const void *data, size_t size);

#endif
