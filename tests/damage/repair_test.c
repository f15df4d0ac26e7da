/* SPDX-License-Identifier: Apache-2.0 */
/* A bit of a log is wrong, or a sector of it: after a repair it opens, what is in it is what was
 * put in, without a hole, and as much of it as lies in front of the damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "layout.h"
#include "log_made.h"
#include "support/log_fixture.h"
#include "trial.h"

enum { SECTOR = 512, BIT_STEP = 131, SECTOR_STEP = 1024 };

static struct made made;
static struct image now;
static struct stand stand;
static wal_options_t *options;
static size_t step; /* every so many of each kind one */
static unsigned long repaired, untouched, refused;

static void check_record(const wal_record_t *r, const char *what)
{
    const struct entry *e = &made.history.entries[r->lsn % HISTORY_MAX];
    const uint8_t *data = r->data;
    bool right = r->lsn <= made.history.submitted && r->data_size == e->size &&
                 r->type == e->type && made_tag_number(r->tag, r->tag_size) == e->tag;

    for (size_t k = 0; right && k < e->size; k++)
        right = data[k] == entry_byte(e, r->lsn, k);
    if (!right)
        fail_msg("log '%s', %s: LSN %llu is another record", made.name, what,
                 (unsigned long long)r->lsn);
}

/* A truncation may have left a part of a batch. */
static bool was_cut_behind(uint64_t lsn)
{
    const struct entry *e = &made.history.entries[lsn % HISTORY_MAX];
    return lsn < made.history.submitted && e[0].seed != e[1].seed;
}

/* Reads all of it, whole batches at the end. Returns the last LSN. */
static uint64_t read_all(const char *what)
{
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *reader;
    uint64_t last = made.history.first - 1;
    bool whole = true;
    wal_t *w;
    int e = wal_open(stand.path, options, &w);

    if (e < 0)
        fail_msg("log '%s', %s: open says %s", made.name, what, wal_error_name(e));
    assert_int_equal(wal_first_lsn(w), made.history.first);
    assert_int_equal(wal_reader_open(w, 0, 0, &reader), 0);
    while ((e = wal_reader_next(reader, &r)) == 1) {
        check_record(&r, what);
        last = r.lsn;
        whole = r.flags & WAL_RECORD_BATCH_LAST;
        r.size = sizeof r;
    }
    assert_int_equal(e, 0);
    assert_int_equal(wal_last_lsn(w), last < made.history.first ? 0 : last);
    if (!whole && !was_cut_behind(last))
        fail_msg("log '%s', %s: a part of a batch up to LSN %llu", made.name, what,
                 (unsigned long long)last);
    wal_reader_close(reader);
    assert_int_equal(wal_append(w, "new", 3, NULL), 0);
    assert_int_equal(wal_close(w), 0);
    return last;
}

/* base: of the segment that is damaged; what lies in front of it stays. */
static void repair(const char *what, uint64_t base)
{
    wal_verify_t before, v;
    char path[128];
    const uint32_t both = WAL_REPAIR_CUT_AT_DAMAGE | WAL_REPAIR_REBUILD_CONTROL;

    stand_put(&stand, &now);
    int found = wal_verify(stand.path, options, NULL, NULL, &before, sizeof before);
    int e = wal_repair(stand.path, options, both, &v, sizeof v);
    if (e == WAL_E_CORRUPT && found == e) {
        refused++;
        assert_true(stand_holds(&stand, &now));
        return;
    }
    if (e != 0)
        fail_msg("log '%s', %s: repair says %s", made.name, what, wal_error_name(e));
    repaired += found == WAL_E_CORRUPT;
    untouched += found != WAL_E_CORRUPT;
    if (found != WAL_E_CORRUPT)
        assert_true(stand_holds(&stand, &now));
    uint64_t last = read_all(what);
    if (last + 1 < base)
        fail_msg("log '%s', %s: the log ends at LSN %llu", made.name, what,
                 (unsigned long long)last);
    snprintf(path, sizeof path, "%s/" NAME_QUARANTINE, stand.path);
    if (found == WAL_E_CORRUPT) {
        assert_true(fixture_exists(path));
        fixture_remove_all(path);
    }
}

static uint64_t base_of(const struct image_file *f)
{
    static struct layout l;
    uint64_t number;

    if (!name_is_segment(f->name, &number))
        return made.history.acked + 1;
    layout_of(&l, f, UINT64_MAX);
    return l.header.base_lsn > made.history.first ? l.header.base_lsn : 0;
}

static void spoil(struct image_file *f)
{
    uint64_t base = base_of(f);
    char what[80];
    uint8_t sector[SECTOR];

    for (size_t at = 0; at < f->size; at += BIT_STEP * step) {
        f->bytes[at] ^= (uint8_t)(1u << at % 8);
        snprintf(what, sizeof what, "%s, bit in byte %zu", f->name, at);
        repair(what, base);
        f->bytes[at] ^= (uint8_t)(1u << at % 8);
    }
    for (size_t at = 0; at + SECTOR <= f->size; at += SECTOR_STEP * step) {
        memcpy(sector, f->bytes + at, SECTOR);
        memset(f->bytes + at, at % 2048 ? 0 : 0xee, SECTOR);
        snprintf(what, sizeof what, "%s, sector at %zu", f->name, at);
        repair(what, base);
        memcpy(f->bytes + at, sector, SECTOR);
    }
}

static void all_kinds(enum made_encoding encoding)
{
    static const enum made_kind kinds[] = {MADE_CLOSED, MADE_KILLED, MADE_TORN, MADE_CUT};

    made_encode(encoding);
    repaired = untouched = refused = 0;
    stand_make(&stand);
    options = made_options(false);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        made_make(&made, kinds[k]);
        image_copy(&now, &made.now);
        repair("whole", made.history.acked + 1);
        for (unsigned file = 0; file < now.n; file++)
            spoil(&now.files[file]);
        image_free(&now);
        made_free(&made);
    }
    wal_options_free(options);
    stand_remove(&stand);
    print_message("%lu repaired, %lu not damaged, %lu refused\n", repaired, untouched, refused);
    assert_true(repaired > 50 / step);
    assert_int_equal(refused, 0);
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
    step = 3;
    all_kinds(MADE_ZLIB);
    all_kinds(MADE_SEALED);
    all_kinds(MADE_BOTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bits_and_sectors),
                                       cmocka_unit_test(test_encoded)};
    return cmocka_run_group_tests_name("repair", tests, NULL, NULL);
}
