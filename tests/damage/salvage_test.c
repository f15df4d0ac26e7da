/* SPDX-License-Identifier: Apache-2.0 */
/* A bit of a log is wrong, or a sector of it: what is salvaged is what was put in, and what isn't
 * is told, wherever something that is right still speaks of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "log_made.h"
#include "trial.h"

enum { SECTOR = 512, BIT_STEP = 37 };

static wal_options_t *options;
static size_t step; /* every so many of each kind one */

struct salvaged {
    const struct history *h;
    uint64_t next; /* behind the last record or gap */
    unsigned long records, lost;
    const char *wrong;
};

static int take(void *ctx, const wal_record_t *r)
{
    struct salvaged *s = ctx;
    const struct entry *e = &s->h->entries[r->lsn % HISTORY_MAX];
    const uint8_t *data = r->data;

    if (r->lsn < s->h->first || r->lsn > s->h->submitted)
        s->wrong = "a record that was never there";
    else if (s->next && r->lsn != s->next)
        s->wrong = "a hole that isn't told";
    else if (r->data_size != e->size || r->type != e->type)
        s->wrong = "another record";
    else if (r->tag_size && made_tag_number(r->tag, r->tag_size) != e->tag)
        s->wrong = "another tag";
    for (size_t k = 0; !s->wrong && k < e->size; k++)
        if (data[k] != entry_byte(e, r->lsn, k))
            s->wrong = "other bytes";
    s->next = r->lsn + 1;
    s->records++;
    return s->wrong ? -1 : 0;
}

static int take_gap(void *ctx, uint64_t first, uint64_t last)
{
    struct salvaged *s = ctx;
    if (last < first || (s->next && first != s->next))
        s->wrong = "a gap at the wrong place";
    s->next = last + 1;
    s->lost += last - first + 1;
    return s->wrong ? -1 : 0;
}

/* vouched: something says how far the log goes. */
static void salvage(const struct stand *stand, const struct made *m, const char *what, bool vouched,
                    unsigned long most)
{
    struct salvaged s = {.h = &m->history};
    int e = wal_salvage(stand->path, options, take, take_gap, &s);

    if (s.wrong)
        fail_msg("log '%s', %s: %s at LSN %llu", m->name, what, s.wrong,
                 (unsigned long long)s.next);
    if (e != (s.lost ? WAL_E_CORRUPT : 0))
        fail_msg("log '%s', %s: %s", m->name, what, wal_error_name(e));
    if (vouched && s.next <= m->history.acked)
        fail_msg("log '%s', %s: nobody tells of LSN %llu", m->name, what,
                 (unsigned long long)s.next);
    if (s.lost > most)
        fail_msg("log '%s', %s: %lu records are lost", m->name, what, s.lost);
}

static bool is_control(const struct image_file *f)
{
    return strcmp(f->name, NAME_CONTROL) == 0;
}

static void spoil(const struct made *m, struct stand *stand, struct image *now, unsigned file)
{
    struct image_file *f = &now->files[file];
    char what[80];
    uint8_t sector[SECTOR];

    for (size_t at = 0; at < f->size; at += BIT_STEP * step) {
        f->bytes[at] ^= (uint8_t)(1u << at % 8);
        stand_put(stand, now);
        snprintf(what, sizeof what, "%s, bit in byte %zu", f->name, at);
        salvage(stand, m, what, !is_control(f), is_control(f) ? 0 : 10);
        f->bytes[at] ^= (uint8_t)(1u << at % 8);
    }
    for (size_t at = 0; at + SECTOR <= f->size; at += SECTOR * step) {
        memcpy(sector, f->bytes + at, SECTOR);
        memset(f->bytes + at, at % 1024 ? 0 : 0xee, SECTOR);
        stand_put(stand, now);
        snprintf(what, sizeof what, "%s, sector at %zu", f->name, at);
        salvage(stand, m, what, !is_control(f), is_control(f) ? 0 : 40);
        memcpy(f->bytes + at, sector, SECTOR);
    }
}

static void all_kinds(enum made_encoding encoding)
{
    static const enum made_kind kinds[] = {MADE_CLOSED, MADE_KILLED, MADE_TORN, MADE_CUT};
    static struct made m;
    struct stand stand;
    struct image now;

    made_encode(encoding);
    options = made_options(true);
    stand_make(&stand);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        made_make(&m, kinds[k]);
        image_copy(&now, &m.now);
        stand_put(&stand, &now);
        salvage(&stand, &m, "whole", true, 0);
        for (unsigned file = 0; file < now.n; file++)
            spoil(&m, &stand, &now, file);
        image_free(&now);
        made_free(&m);
    }
    stand_remove(&stand);
    wal_options_free(options);
    made_encode(MADE_PLAIN);
}

static void test_bits_and_sectors(void **state)
{
    (void)state;
    step = 1;
    all_kinds(MADE_PLAIN);
}

static void test_encoded(void **state)
{
    (void)state;
    step = 5;
    all_kinds(MADE_ZLIB);
    all_kinds(MADE_SEALED);
    all_kinds(MADE_BOTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bits_and_sectors),
                                       cmocka_unit_test(test_encoded)};
    return cmocka_run_group_tests_name("salvage", tests, NULL, NULL);
}
