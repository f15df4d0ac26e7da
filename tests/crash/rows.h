/* SPDX-License-Identifier: Apache-2.0 */
/* A set of table rows, each once, and the tables of docs/recovery.md as such sets. */
#ifndef WAL_TESTS_ROWS_H
#define WAL_TESTS_ROWS_H

#include <stdbool.h>
#include <stdint.h>

enum { ROWS_MAX = 64, ROW_TEXT = 160, ROW_ORIGIN = 96 };

struct rows {
    uint32_t n;
    char text[ROWS_MAX][ROW_TEXT];
    char origin[ROWS_MAX][ROW_ORIGIN]; /* where it comes from, for messages */
};

/* A row that is there already stays as it is. More than ROWS_MAX stop the program. */
void rows_add(struct rows *r, const char *text, const char *origin);
/* The table behind the line of the document that has `mark` in it, each row cut off behind its
 * first `cells` cells. False: there is no such line, or no table behind it. */
bool rows_read(struct rows *ret, const char *path, const char *mark, int cells);
/* How many rows of a are not in b; each is printed behind `what`. */
uint32_t rows_missing(const struct rows *a, const struct rows *b, const char *what);

#endif
