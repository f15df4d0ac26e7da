/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 2048 };

static uint32_t find(const struct rows *r, const char *text)
{
    uint32_t k = 0;
    while (k < r->n && strcmp(r->text[k], text) != 0)
        k++;
    return k;
}

void rows_add(struct rows *r, const char *text, const char *origin)
{
    uint32_t k = find(r, text);
    if (k < r->n)
        return;
    if (k == ROWS_MAX) {
        fprintf(stderr, "more than %d rows\n", ROWS_MAX);
        abort();
    }
    snprintf(r->text[k], ROW_TEXT, "%s", text);
    snprintf(r->origin[k], ROW_ORIGIN, "%s", origin);
    r->n++;
}

/* Cuts a line off behind so many cells. */
static void keep_cells(char *line, int cells)
{
    char *p = line;
    for (int k = 0; k <= cells && p != NULL; k++)
        p = strchr(p + (k > 0), '|');
    if (p != NULL)
        p[1] = 0;
    line[strcspn(line, "\n")] = 0;
}

bool rows_read(struct rows *ret, const char *path, const char *mark, int cells)
{
    char line[LINE_BYTES], origin[ROW_ORIGIN];
    bool marked = false;
    int number = 0, in_table = 0;
    FILE *f = fopen(path, "r");

    *ret = (struct rows){0};
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        number++;
        marked |= strstr(line, mark) != NULL;
        if (line[0] != '|' && in_table > 0)
            break;
        if (!marked || line[0] != '|' || ++in_table <= 2) /* head and ruler */
            continue;
        keep_cells(line, cells);
        snprintf(origin, sizeof origin, "line %d", number);
        rows_add(ret, line, origin);
    }
    if (f != NULL)
        fclose(f);
    return ret->n > 0;
}

uint32_t rows_missing(const struct rows *a, const struct rows *b, const char *what)
{
    uint32_t missing = 0;
    for (uint32_t k = 0; k < a->n; k++) {
        if (find(b, a->text[k]) < b->n)
            continue;
        printf("%s: %s  (%s)\n", what, a->text[k], a->origin[k]);
        missing++;
    }
    return missing;
}
