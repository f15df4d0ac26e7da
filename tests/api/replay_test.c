/* SPDX-License-Identifier: Apache-2.0 */
/* wal_replay: from where, in which order, stopped how. */
#include "support/log_fixture.h"

#include <string.h>

enum { MARK = 0x5a5a, FIRST_GROUP = 4096, GROUP_HEADER = 64, SMALL_GROUP = 128 };

struct seen {
    uint64_t first, last, n;
    uint64_t stop_at; /* 0: never */
    int answer;       /* there */
    int wrong;
};

static int see(void *ctx, const wal_record_t *r)
{
    struct seen *s = ctx;
    char text[24];

    snprintf(text, sizeof text, "%llu", (unsigned long long)r->lsn);
    s->wrong |= r->size != sizeof *r || r->tag || r->tag_size || !(r->flags & WAL_RECORD_DURABLE) ||
                r->data_size != strlen(text) || memcmp(r->data, text, strlen(text)) != 0 ||
                (s->n && r->lsn != s->last + 1);
    if (s->n++ == 0)
        s->first = r->lsn;
    s->last = r->lsn;
    return s->stop_at == r->lsn ? s->answer : 0;
}

static void expect_replayed(wal_t *w, uint64_t from, uint64_t first, uint64_t last)
{
    struct seen s = {0};
    uint64_t ret = MARK;

    must(wal_replay(w, from, see, &s, &ret));
    assert_false(s.wrong);
    assert_int_equal(s.n, first ? last - first + 1 : 0);
    assert_int_equal(s.first, first);
    assert_int_equal(s.last, last);
    assert_int_equal(ret, last);
}

static void test_from_anywhere_to_the_end(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 4);
    fixture_open(f);
    expect_replayed(f->log, 0, 0, 0);
    expect_replayed(f->log, 1, 0, 0);
    fixture_fill(f, 15);
    for (int round = 0; round < 2; round++) {
        expect_replayed(f->log, 0, 1, 15);
        expect_replayed(f->log, 1, 1, 15);
        expect_replayed(f->log, 6, 6, 15);
        expect_replayed(f->log, 15, 15, 15);
        expect_replayed(f->log, 16, 0, 0); /* none: 0 */
        fixture_reopen(f);
    }
    must(wal_replay(f->log, 0, see, &(struct seen){0}, NULL));
    must(wal_truncate_before(f->log, 7));
    expect_replayed(f->log, 0, 7, 15);
    expect_replayed(f->log, 7, 7, 15);
}

static void test_outside_the_log(void **state)
{
    struct log_fixture *f = *state;
    struct seen s = {0};
    uint64_t ret = MARK;

    fixture_open(f);
    expect_error(WAL_E_RANGE, wal_replay(f->log, 2, see, &s, &ret), "LSN 2");
    fixture_fill(f, 9);
    must(wal_truncate_before(f->log, 4));
    expect_error(WAL_E_RANGE, wal_replay(f->log, 3, see, &s, &ret), "4 .. 9");
    expect_error(WAL_E_RANGE, wal_replay(f->log, 11, see, &s, &ret), "LSN 11");
    expect_error(WAL_E_RANGE, wal_replay(f->log, UINT64_MAX, see, &s, &ret), NULL);
    expect_error(WAL_E_INVAL, wal_replay(f->log, 0, NULL, NULL, &ret), "fn");
    expect_error(WAL_E_INVAL, wal_replay(NULL, 0, see, &s, &ret), "NULL");
    assert_int_equal(ret, MARK);
    assert_int_equal(s.n, 0);
}

static void test_the_callback_stops_it(void **state)
{
    struct log_fixture *f = *state;
    uint64_t ret = MARK;
    wal_error_t e;

    fixture_open(f);
    fixture_fill(f, 9);
    struct seen s = {.stop_at = 4, .answer = 1};
    must(wal_replay(f->log, 0, see, &s, &ret));
    assert_int_equal(s.n, 4);
    assert_int_equal(ret, 4); /* it was delivered */
    s = (struct seen){.stop_at = 5, .answer = -1234};
    ret = MARK;
    expect_error(WAL_E_CALLBACK, wal_replay(f->log, 3, see, &s, &ret), "-1234");
    assert_int_equal(s.n, 3);
    assert_int_equal(ret, MARK);
    must(wal_last_error(&e, sizeof e));
    assert_int_equal(e.lsn, 5);
    expect_replayed(f->log, 0, 1, 9);
}

static void test_durable_records_only(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    fixture_fill(f, 3);
    expect_replayed(f->log, 0, 0, 0);
    must(wal_flush(f->log));
    expect_replayed(f->log, 0, 0, 0);
    must(wal_sync(f->log, 0));
    fixture_append(f, "4");
    expect_replayed(f->log, 0, 1, 3);
}

static int batch_ends(void *ctx, const wal_record_t *r)
{
    *(uint64_t *)ctx = *(uint64_t *)ctx << 1 | !!(r->flags & WAL_RECORD_BATCH_LAST);
    return 0;
}

static void test_batches_show_their_ends(void **state)
{
    struct log_fixture *f = *state;
    const wal_record_t r[3] = {{.size = sizeof r[0]}, {0}, {0}};
    uint64_t ends = 1;

    fixture_open(f);
    must(wal_append_many(f->log, r, 3, WAL_APPEND_ASYNC, NULL));
    must(wal_append_many(f->log, r, 2, WAL_APPEND_ASYNC, NULL));
    must(wal_append(f->log, NULL, 0, NULL));
    must(wal_replay(f->log, 0, batch_ends, &ends, NULL));
    assert_int_equal(ends, 0x4b); /* 1, then 001 01 1 */
}

static void flip(const char *path, uint64_t offset)
{
    unsigned char byte;

    fixture_read_file(path, offset, &byte, 1);
    byte ^= 2;
    fixture_write_file(path, offset, &byte, 1);
}

static void test_damage_stops_it(void **state)
{
    struct log_fixture *f = *state;
    struct seen s = {0};
    uint64_t ret = MARK;

    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_rotate(f->log));
    fixture_append(f, "4");
    fixture_close(f);
    flip(fixture_segment_path(f, 1), FIRST_GROUP + GROUP_HEADER + 16);
    fixture_open(f);
    expect_error(WAL_E_CORRUPT, wal_replay(f->log, 0, see, &s, &ret), "00000000000000000001.wal");
    assert_int_equal(s.n, 0);
    assert_int_equal(ret, MARK);
}

static void expect_damage(wal_t *w, uint64_t from, uint64_t segment, uint64_t offset)
{
    uint64_t ret = MARK;
    wal_error_t e;

    expect_error(WAL_E_CORRUPT, wal_replay(w, from, ignore_record, NULL, &ret), ".wal at offset");
    assert_int_equal(ret, MARK);
    must(wal_last_error(&e, sizeof e));
    assert_int_equal(e.segment, segment);
    assert_int_equal(e.offset, offset);
}

/* Each segment begins with the metadata. */
static void test_damage_in_front_of_a_segments_records(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    must(wal_meta_set(f->log, "k", 1, "v", 1));
    fixture_append(f, "1");
    must(wal_rotate(f->log));
    fixture_append(f, "2");
    must(wal_rotate(f->log));
    fixture_append(f, "3");
    fixture_close(f);
    flip(fixture_segment_path(f, 2), FIRST_GROUP + GROUP_HEADER + 16);
    fixture_open(f);
    expect_damage(f->log, 0, 2, FIRST_GROUP);
    expect_damage(f->log, 2, 2, FIRST_GROUP);
    must(wal_replay(f->log, 3, ignore_record, NULL, NULL));
}

/* Metadata behind LSN 90, in a segment of which only every fourth group is indexed: who begins a
 * little behind it comes from in front of it. */
static void test_damage_between_a_segments_records(void **state)
{
    struct log_fixture *f = *state;
    const uint64_t damaged = FIRST_GROUP + 90 * SMALL_GROUP;
    uint64_t from = 91;

    fixture_set(f, WAL_OPT_INDEX_BYTES, 4096);
    fixture_open(f);
    fixture_fill(f, 90);
    must(wal_meta_set(f->log, "k", 1, "v", 1));
    fixture_fill(f, 40);
    must(wal_rotate(f->log));
    fixture_append(f, "131");
    fixture_close(f);
    flip(fixture_segment_path(f, 1), damaged + GROUP_HEADER + 16);
    fixture_open(f);
    expect_damage(f->log, 0, 1, damaged);
    expect_damage(f->log, 90, 1, damaged);
    expect_damage(f->log, from++, 1, damaged);
    while (wal_replay(f->log, from, ignore_record, NULL, NULL) < 0)
        expect_damage(f->log, from++, 1, damaged);
    assert_in_range(from, 92, 95);
    must(wal_replay(f->log, from + 1, ignore_record, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_from_anywhere_to_the_end),
        fixture_test(test_outside_the_log),
        fixture_test(test_the_callback_stops_it),
        fixture_test(test_durable_records_only),
        fixture_test(test_batches_show_their_ends),
        fixture_test(test_damage_stops_it),
        fixture_test(test_damage_in_front_of_a_segments_records),
        fixture_test(test_damage_between_a_segments_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
