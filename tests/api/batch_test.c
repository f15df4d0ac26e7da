/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: all or nothing, filled again, longer than a group, spilled, after close. */
#include "support/log_fixture.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { MARK = 0x5a5a, GROUP = 64 << 10 };

static void test_a_batch_goes_in_whole(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first = MARK, last = MARK;
    char buf[8];
    wal_record_t r = {.size = sizeof r};

    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    assert_int_equal(wal_batch_count(b), 0);
    fixture_add(b, "one");
    must(wal_batch_append(b, 65535, "two", 3));
    must(wal_batch_append(b, 0, NULL, 0));
    assert_int_equal(wal_batch_count(b), 3);
    assert_int_equal(wal_batch_bytes(b), 6);
    expect_range(f->log, 1, 0, 1, 0); /* nothing is in the log yet */
    assert_int_equal(fixture_append(f, "before"), 1);
    must(wal_batch_commit(b, 0, &first, &last));
    assert_int_equal(first, 2);
    assert_int_equal(last, 4);
    assert_int_equal(wal_batch_count(b), 0);
    assert_int_equal(wal_batch_bytes(b), 0);
    expect_range(f->log, 1, 4, 5, 4);
    for (uint64_t lsn = 2; lsn <= 4; lsn++) {
        must(wal_get(f->log, lsn, buf, sizeof buf, &r));
        assert_int_equal(r.flags, WAL_RECORD_DURABLE | (lsn == 4 ? WAL_RECORD_BATCH_LAST : 0));
        assert_int_equal(r.type, lsn == 3 ? 65535 : 0);
    }
    fixture_add(b, "again");
    must(wal_batch_commit(b, WAL_APPEND_ASYNC, NULL, NULL));
    expect_range(f->log, 1, 5, 6, 4);
    expect_record(f->log, 5, "again");
    wal_batch_free(b);
}

static void test_an_empty_batch_writes_nothing(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first = MARK, last = MARK;

    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    uint64_t written = fixture_stat(f->log, WAL_STAT_WRITTEN_BYTES);
    must(wal_batch_commit(b, 0, &first, &last));
    assert_int_equal(first, 0);
    assert_int_equal(last, 0);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_WRITTEN_BYTES), written);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_SYNCS), 0);
    expect_range(f->log, 1, 0, 1, 0);
    wal_batch_free(b);
}

static void test_records_from_a_flat_buffer(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t sizes[] = {3, 0, 5};
    const uint16_t types[] = {7, 65535, 0};
    uint64_t first = MARK, last = MARK;
    char buf[8];
    wal_record_t r = {.size = sizeof r};

    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    fixture_add(b, "one");
    must(wal_batch_append_packed(b, "twothree", sizes, types, 3));
    must(wal_batch_append_packed(b, "four", (const uint32_t[]){4}, NULL, 1));
    must(wal_batch_append_packed(b, NULL, (const uint32_t[]){0, 0}, NULL, 2));
    assert_int_equal(wal_batch_count(b), 7);
    assert_int_equal(wal_batch_bytes(b), 15);
    must(wal_batch_commit(b, 0, &first, &last));
    assert_true(first == 1 && last == 7);
    expect_record(f->log, 1, "one");
    expect_record(f->log, 2, "two");
    expect_record(f->log, 3, "");
    expect_record(f->log, 4, "three");
    expect_record(f->log, 5, "four");
    expect_record(f->log, 7, "");
    for (uint64_t lsn = 2; lsn <= 4; lsn++) {
        must(wal_get(f->log, lsn, buf, sizeof buf, &r));
        assert_int_equal(r.type, types[lsn - 2]);
        assert_int_equal(r.flags & WAL_RECORD_BATCH_LAST, 0);
    }
    wal_batch_free(b);
}

static void test_a_refused_flat_buffer_adds_nothing(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t sizes[] = {1, 101};
    const uint32_t huge[] = {1u << 30, 1u << 30, 1u << 30, 1u << 30};

    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 100);
    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    fixture_add(b, "kept");
    expect_error(WAL_E_TOOBIG, wal_batch_append_packed(b, "x", sizes, NULL, 2), "101");
    expect_error(WAL_E_INVAL, wal_batch_append_packed(b, "x", NULL, NULL, 1), "sizes");
    expect_error(WAL_E_INVAL, wal_batch_append_packed(b, "x", sizes, NULL, 0), "no records");
    expect_error(WAL_E_INVAL, wal_batch_append_packed(b, NULL, sizes, NULL, 1), "NULL");
    expect_error(WAL_E_INVAL, wal_batch_append_packed(NULL, "x", sizes, NULL, 1), "batch");
    assert_int_equal(wal_batch_count(b), 1);
    assert_int_equal(wal_batch_bytes(b), 4);
    must(wal_batch_commit(b, 0, NULL, NULL));
    expect_range(f->log, 1, 1, 2, 1);
    wal_batch_free(b);
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 1 << 30);
    fixture_reopen(f);
    b = fixture_batch(f);
    fixture_add(b, "x"); /* nothing of the buffer is read: together it is too much */
    expect_error(WAL_E_TOOBIG, wal_batch_append_packed(b, "x", huge, NULL, 4), "4 GiB");
    assert_int_equal(wal_batch_count(b), 1);
    wal_batch_free(b);
}

static void test_abort_throws_away(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first;

    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    fixture_add(b, "never");
    must(wal_batch_abort(b));
    assert_int_equal(wal_batch_count(b), 0);
    must(wal_batch_abort(b));
    fixture_add(b, "ever");
    must(wal_batch_commit(b, 0, &first, NULL));
    assert_int_equal(first, 1);
    expect_record(f->log, 1, "ever");
    fixture_add(b, "freed with it");
    wal_batch_free(b);
    expect_range(f->log, 1, 1, 2, 1);
    wal_batch_free(NULL);
}

static void test_a_refused_record_leaves_the_batch(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first = MARK, last = MARK;

    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 100);
    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    fixture_add(b, "kept");
    expect_error(WAL_E_TOOBIG, wal_batch_append(b, 0, fixture_bytes(101, 1), 101), "101");
    expect_error(WAL_E_INVAL, wal_batch_append(b, 65536, "x", 1), "65536");
    expect_error(WAL_E_INVAL, wal_batch_append(b, 0, NULL, 1), "NULL");
    assert_int_equal(wal_batch_count(b), 1);
    assert_int_equal(wal_batch_bytes(b), 4);
    expect_error(WAL_E_INVAL, wal_batch_commit(b, 16, &first, &last), "flags");
    expect_error(WAL_E_INVAL,
                 wal_batch_commit(b, WAL_APPEND_SYNC | WAL_APPEND_SUBMIT, &first, &last), "flags");
    assert_int_equal(first, MARK);
    assert_int_equal(last, MARK);
    assert_int_equal(wal_batch_count(b), 1); /* commit again */
    must(wal_batch_commit(b, 0, &first, &last));
    assert_int_equal(first, 1);
    assert_int_equal(last, 1);
    expect_record(f->log, 1, "kept");
    wal_batch_free(b);
}

static void test_nulls(void **state)
{
    struct log_fixture *f = *state;
    wal_batch_t *const mark = (wal_batch_t *)(uintptr_t)MARK;
    wal_batch_t *b = mark;

    fixture_open(f);
    expect_error(WAL_E_INVAL, wal_batch_new(f->log, NULL), "ret");
    expect_error(WAL_E_INVAL, wal_batch_new(NULL, &b), "NULL");
    assert_ptr_equal(b, mark);
    expect_error(WAL_E_INVAL, wal_batch_append(NULL, 0, "x", 1), "batch");
    expect_error(WAL_E_INVAL, wal_batch_commit(NULL, 0, NULL, NULL), "batch");
    expect_error(WAL_E_INVAL, wal_batch_abort(NULL), "batch");
}

static void test_several_at_once(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first[2], last[2];

    fixture_open(f);
    wal_batch_t *a = fixture_batch(f), *b = fixture_batch(f);
    for (int k = 0; k < 3; k++) {
        fixture_add(a, "a");
        fixture_add(b, "b");
    }
    must(wal_batch_commit(b, 0, &first[1], &last[1]));
    must(wal_batch_commit(a, 0, &first[0], &last[0]));
    assert_int_equal(first[1], 1);
    assert_int_equal(last[1], 3);
    assert_int_equal(first[0], 4);
    assert_int_equal(last[0], 6);
    expect_record(f->log, 3, "b");
    expect_record(f->log, 4, "a");
    wal_batch_free(a);
    wal_batch_free(b);
}

static void expect_numbered(wal_t *w, uint64_t first, unsigned n, size_t size)
{
    static char buf[1 << 16];
    wal_record_t r = {.size = sizeof r};

    for (unsigned k = 0; k < n; k++) {
        must(wal_get(w, first + k, buf, sizeof buf, &r));
        assert_int_equal(r.data_size, size);
        assert_memory_equal(buf, fixture_bytes(size, (int)(k % 251)), size);
        assert_int_equal(r.type, k % 65536);
        assert_int_equal(r.flags & WAL_RECORD_BATCH_LAST, k == n - 1 ? WAL_RECORD_BATCH_LAST : 0);
    }
}

static void add_numbered(wal_batch_t *b, unsigned n, size_t size)
{
    for (unsigned k = 0; k < n; k++)
        must(wal_batch_append(b, k, fixture_bytes(size, (int)(k % 251)), size));
}

/* Longer than a group, and kept in a file without a name. */
static void test_a_long_batch(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t modes[] = {WAL_SYNC_DATA, WAL_SYNC_NONE};
    uint64_t first, last, next = 1;

    fixture_set(f, WAL_OPT_GROUP_BYTES, GROUP);
    for (uint64_t k = 0; k < COUNT_OF(modes); k++) {
        fixture_set(f, WAL_OPT_SYNC, modes[k]);
        fixture_open(f);
        assert_int_equal(fixture_append_flags(f, "waits", WAL_APPEND_ASYNC), next);
        wal_batch_t *b = fixture_batch(f);
        add_numbered(b, 600, 1000);
        assert_int_equal(wal_batch_count(b), 600);
        assert_int_equal(wal_batch_bytes(b), 600000);
        must(wal_batch_commit(b, 0, &first, &last));
        assert_int_equal(first, next + 1);
        assert_int_equal(last, next + 600);
        if (k == 0)
            assert_int_equal(wal_durable_lsn(f->log), last);
        expect_numbered(f->log, first, 600, 1000);
        fixture_add(b, "short");
        must(wal_batch_commit(b, 0, &first, &last));
        assert_int_equal(first, next + 601);
        wal_batch_free(b);
        fixture_reopen(f);
        expect_numbered(f->log, next + 1, 600, 1000);
        expect_record(f->log, next, "waits");
        next += 602;
        fixture_close(f);
    }
}

static void test_a_long_array_is_one_batch(void **state)
{
    struct log_fixture *f = *state;
    enum { N = 300 };
    static wal_record_t many[N];
    static uint32_t sizes[N];
    static unsigned char payload[N * 1000];
    uint64_t first;

    for (unsigned k = 0; k < N; k++) {
        memset(payload + k * 1000, (int)(k % 251), 1000);
        sizes[k] = 1000;
        many[k] = (wal_record_t){
            .size = sizeof many[0], .type = k, .data = payload + k * 1000, .data_size = 1000};
    }
    fixture_set(f, WAL_OPT_GROUP_BYTES, GROUP);
    fixture_open(f);
    must(wal_append_many(f->log, many, N, 0, &first));
    assert_int_equal(first, 1);
    static uint16_t types[N];
    for (unsigned k = 0; k < N; k++)
        types[k] = (uint16_t)k;
    must(wal_append_packed(f->log, payload, sizes, types, N, 0, &first));
    assert_int_equal(first, N + 1);
    for (int round = 0; round < 2; round++) {
        expect_numbered(f->log, 1, N, 1000);
        expect_numbered(f->log, N + 1, N, 1000);
        fixture_crash(f);
        fixture_open(f);
    }
}

/* A batch stays in one segment, which may become larger than it was asked to. */
static void test_a_batch_never_crosses_segments(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first, last;

    fixture_set(f, WAL_OPT_GROUP_BYTES, GROUP);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 128 << 10);
    fixture_open(f);
    fixture_append(f, "x");
    wal_batch_t *b = fixture_batch(f);
    add_numbered(b, 400, 1000);
    must(wal_batch_commit(b, 0, &first, &last));
    wal_batch_free(b);
    fixture_append(f, "y");
    size_t n = fixture_segments(f->log), holders = 0;
    for (size_t k = 0; k < n; k++) {
        wal_segment_t s = fixture_segment(f->log, k);
        holders += s.first_lsn <= first && s.last_lsn >= last;
    }
    assert_int_equal(holders, 1);
    fixture_reopen(f);
    expect_numbered(f->log, first, 400, 1000);
    expect_record(f->log, last + 1, "y");
}

static void test_a_batch_that_needs_more_lsns_than_there_are(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first = MARK, last = MARK;
    const unsigned sizes[] = {3, 300}; /* the second one is spilled */

    fixture_set(f, WAL_OPT_GROUP_BYTES, GROUP);
    fixture_set(f, WAL_OPT_FIRST_LSN, UINT64_MAX - 2);
    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    for (size_t k = 0; k < COUNT_OF(sizes); k++) {
        add_numbered(b, sizes[k], 1000);
        expect_error(WAL_E_FULL, wal_batch_commit(b, 0, &first, &last), NULL);
        assert_int_equal(first, MARK);
        assert_int_equal(last, MARK);
        assert_int_equal(wal_batch_count(b), sizes[k]);
        must(wal_batch_abort(b));
    }
    fixture_add(b, "1");
    fixture_add(b, "2");
    must(wal_batch_commit(b, 0, &first, &last));
    assert_int_equal(first, UINT64_MAX - 2);
    assert_int_equal(last, UINT64_MAX - 1);
    wal_batch_free(b);
    fixture_reopen(f);
    expect_record(f->log, UINT64_MAX - 1, "2");
}

static unsigned names_in(const char *dir)
{
    DIR *d = opendir(dir);
    unsigned n = 0;
    if (!d)
        abort();
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static void test_a_spilled_batch_leaves_no_name(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_GROUP_BYTES, GROUP);
    fixture_open(f);
    unsigned names = names_in(f->dir);
    wal_batch_t *b = fixture_batch(f);
    add_numbered(b, 500, 1000);
    assert_int_equal(names_in(f->dir), names);
    must(wal_batch_abort(b));
    fixture_add(b, "small");
    must(wal_batch_commit(b, 0, NULL, NULL));
    add_numbered(b, 500, 1000);
    wal_batch_free(b);
    expect_range(f->log, 1, 1, 2, 1);
    expect_record(f->log, 1, "small");
}

static void test_a_batch_outlives_its_log(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first = MARK, last = MARK;

    fixture_set(f, WAL_OPT_GROUP_BYTES, GROUP);
    fixture_open(f);
    wal_batch_t *b = fixture_batch(f), *spilled = fixture_batch(f);
    fixture_add(b, "x");
    add_numbered(spilled, 200, 1000);
    fixture_close(f);
    expect_error(WAL_E_CLOSED, wal_batch_append(b, 0, "y", 1), f->dir);
    expect_error(WAL_E_CLOSED, wal_batch_commit(b, 0, &first, &last), f->dir);
    expect_error(WAL_E_CLOSED, wal_batch_commit(spilled, 0, &first, &last), f->dir);
    expect_error(WAL_E_CLOSED, wal_batch_abort(b), f->dir);
    assert_int_equal(first, MARK);
    assert_int_equal(last, MARK);
    fixture_open(f); /* another handle is no matter of theirs */
    wal_batch_free(spilled);
    expect_error(WAL_E_CLOSED, wal_batch_append(b, 0, "y", 1), f->dir);
    wal_batch_free(b);
    expect_range(f->log, 1, 0, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_a_batch_goes_in_whole),
        fixture_test(test_an_empty_batch_writes_nothing),
        fixture_test(test_records_from_a_flat_buffer),
        fixture_test(test_a_refused_flat_buffer_adds_nothing),
        fixture_test(test_abort_throws_away),
        fixture_test(test_a_refused_record_leaves_the_batch),
        fixture_test(test_nulls),
        fixture_test(test_several_at_once),
        fixture_test(test_a_long_batch),
        fixture_test(test_a_long_array_is_one_batch),
        fixture_test(test_a_batch_never_crosses_segments),
        fixture_test(test_a_batch_that_needs_more_lsns_than_there_are),
        fixture_test(test_a_spilled_batch_leaves_no_name),
        fixture_test(test_a_batch_outlives_its_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
