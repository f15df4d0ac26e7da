/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/map.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "walctl/color.h"
#include "walctl/message.h"
#include "walctl/out.h"
#include "walctl/segments.h"

enum { COLUMNS_DEFAULT = 80, COLUMNS_MIN = 20, COLUMNS_MAX = 500 };

static bool yes, no;

const struct arg map_args[] = {
    {"map", 0, NULL, "draw the log's segments (default on a terminal)", take_flag, &yes},
    {"no-map", 0, NULL, "don't", take_flag, &no},
    {0}};

/* What a cell shows; a later one wins where a cell stands for several segments. */
enum cell { CELL_NONE, CELL_HOLE, CELL_EMPTY, CELL_SEALED, CELL_ACTIVE, CELL_DAMAGED, CELLS };

static const struct look {
    const char *ascii, *utf8, *name;
    enum color color;
} looks[CELLS] = {
    [CELL_NONE] = {" ", " ", NULL, COLOR_OFF},
    [CELL_HOLE] = {"-", "┄", "no longer there", COLOR_OFF},
    [CELL_EMPTY] = {".", "░", "without records", COLOR_OFF},
    [CELL_SEALED] = {"#", "█", "sealed", COLOR_GOOD},
    [CELL_ACTIVE] = {"+", "▓", "active", COLOR_TYPE},
    [CELL_DAMAGED] = {"!", "×", "damaged", COLOR_BAD},
};
static const struct look checkpoint = {"^", "▲", "newest checkpoint", COLOR_LSN};

struct map {
    const wal_segment_t *list;
    size_t n;
    uint64_t damaged;
    size_t columns;
    bool utf8;
    enum cell cells[COLUMNS_MAX];
    uint64_t checkpoint_lsn; /* of the newest one, 0: none */
    size_t checkpoint_cell;
};

bool map_wanted(void)
{
    return yes || (!no && out_is_terminal());
}

static bool speaks_utf8(void)
{
    locale_t here = newlocale(LC_CTYPE_MASK, "", (locale_t)0);

    if (here == (locale_t)0)
        return false;
    bool is = strcmp(nl_langinfo_l(CODESET, here), "UTF-8") == 0;
    freelocale(here);
    return is;
}

static size_t columns(void)
{
    struct winsize w;
    uint64_t n = 0;
    const char *set = getenv("COLUMNS");

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
        n = w.ws_col;
    else if (!set || !number_parse(set, UINT32_MAX, &n))
        n = COLUMNS_DEFAULT;
    return n < COLUMNS_MIN ? COLUMNS_MIN : n > COLUMNS_MAX ? COLUMNS_MAX : (size_t)n;
}

static enum cell cell_of(const struct map *m, const wal_segment_t *s)
{
    return s->number == m->damaged ? CELL_DAMAGED
           : segments_active(s)    ? CELL_ACTIVE
           : s->records == 0       ? CELL_EMPTY
                                   : CELL_SEALED;
}

static bool hole_before(const struct map *m, size_t k)
{
    return k > 0 && m->list[k].number > m->list[k - 1].number + 1;
}

/* Cells `from` to before `to` are this segment's: the checkpoint's record may lie among them. */
static void note_checkpoint(struct map *m, const wal_segment_t *s, size_t from, size_t to)
{
    if (s->records == 0 || m->checkpoint_lsn < s->first_lsn || m->checkpoint_lsn > s->last_lsn)
        return;
    double part = (double)(m->checkpoint_lsn - s->first_lsn) / (double)s->records;
    m->checkpoint_cell = from + (size_t)(part * (double)(to - from));
}

/* Each segment gets a cell, a gap before it, and its share by bytes of the cells that are left. */
static void lay_out_wide(struct map *m, size_t gaps)
{
    size_t spare = m->columns - m->n - gaps, at = 0;
    double total = 0, before = 0;

    for (size_t k = 0; k < m->n; k++)
        total += (double)m->list[k].bytes;
    for (size_t k = 0; k < m->n; k++) {
        const wal_segment_t *s = &m->list[k];
        size_t from = at += k > 0;
        if (hole_before(m, k)) {
            m->cells[at] = CELL_HOLE;
            from = at += 2;
        }
        size_t end = from + 1 + (size_t)((double)spare * (before + (double)s->bytes) / total) -
                     (size_t)((double)spare * before / total);
        for (; at < end; at++)
            m->cells[at] = cell_of(m, s);
        before += (double)s->bytes;
        note_checkpoint(m, s, from, end);
    }
    m->columns = at;
}

/* There are more of them: each cell stands for as many as it must, and holes don't show. */
static void lay_out_narrow(struct map *m)
{
    size_t in_cell = (m->n + m->columns - 1) / m->columns;

    for (size_t k = 0; k < m->n; k++) {
        size_t at = k / in_cell;
        enum cell cell = cell_of(m, &m->list[k]);
        if (cell > m->cells[at])
            m->cells[at] = cell;
        note_checkpoint(m, &m->list[k], at, at + 1);
    }
    m->columns = (m->n + in_cell - 1) / in_cell;
}

static void lay_out(struct map *m)
{
    size_t gaps = m->n - 1;

    for (size_t k = 0; k < m->n; k++)
        gaps += 2 * hole_before(m, k);
    if (m->n + gaps <= m->columns)
        lay_out_wide(m, gaps);
    else
        lay_out_narrow(m);
}

static const char *drawn(const struct map *m, const struct look *l)
{
    return m->utf8 ? l->utf8 : l->ascii;
}

static void print_cells(const struct map *m)
{
    enum cell before = CELL_NONE;

    for (size_t k = 0; k < m->columns; k++) {
        const struct look *l = &looks[m->cells[k]];
        if (m->cells[k] != before && before != CELL_NONE)
            fputs(color(COLOR_OFF), stdout);
        if (m->cells[k] != before && l->color != COLOR_OFF)
            fputs(color(l->color), stdout);
        fputs(drawn(m, l), stdout);
        before = m->cells[k];
    }
    printf("%s\n", color(COLOR_OFF));
}

/* Below the cells: the checkpoint, and at both ends which LSNs they are. */
static void print_scale(const struct map *m)
{
    char first[24], last[24];
    const wal_segment_t *end = &m->list[m->n - 1];

    if (m->checkpoint_lsn > 0)
        printf("%*s%s%s%s\n", (int)m->checkpoint_cell, "", color(checkpoint.color),
               drawn(m, &checkpoint), color(COLOR_OFF));
    if (end->last_lsn < m->list[0].first_lsn)
        return;
    snprintf(first, sizeof first, "%" PRIu64, m->list[0].first_lsn);
    snprintf(last, sizeof last, "%" PRIu64, end->last_lsn);
    int blanks = (int)m->columns - (int)strlen(first) - (int)strlen(last);
    printf("%s%*s%s\n", first, blanks < 4 ? 4 : blanks, blanks < 4 ? " to " : "", last);
}

static void print_word(const struct map *m, const struct look *l, const char **blank)
{
    printf("%s%s%s%s %s", *blank, l->color == COLOR_OFF ? "" : color(l->color), drawn(m, l),
           l->color == COLOR_OFF ? "" : color(COLOR_OFF), l->name);
    *blank = "  ";
}

static bool has(const struct map *m, enum cell cell)
{
    size_t k = 0;

    while (k < m->columns && m->cells[k] != cell)
        k++;
    return k < m->columns;
}

/* Of what was drawn. */
static void print_legend(const struct map *m)
{
    const char *blank = "";

    for (enum cell c = CELL_HOLE; c < CELLS; c++)
        if (has(m, c))
            print_word(m, &looks[c], &blank);
    if (m->checkpoint_lsn > 0) {
        print_word(m, &checkpoint, &blank);
        printf(", LSN %" PRIu64, m->checkpoint_lsn);
    }
    putchar('\n');
}

void map_print(const wal_segment_t *list, size_t n, uint64_t checkpoint_lsn, uint64_t damaged)
{
    struct map m = {.list = list,
                    .n = n,
                    .damaged = damaged,
                    .columns = columns(),
                    .utf8 = speaks_utf8(),
                    .checkpoint_lsn = checkpoint_lsn};

    if (n == 0)
        return;
    lay_out(&m);
    print_cells(&m);
    print_scale(&m);
    print_legend(&m);
}
