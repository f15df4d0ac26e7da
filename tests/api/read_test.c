/* SPDX-License-Identifier: Apache-2.0 */
/* wal_get: limits, sizes, flags, records in memory and in files, damage. */
#include "support/log_fixture.h"

#include <stdlib.h>
#include <string.h>

static void test_outside_the_log(void **state)
{
    struct log_fixture *f = *state;
    char buf[8] = "uuuuuuu";
    wal_record_t r = {.size = sizeof r, .lsn = 99};

    fixture_open(f);
    expect_error(WAL_E_RANGE, wal_get(f->log, 0, buf, sizeof buf, &r), "LSN 0");
    expect_error(WAL_E_RANGE, wal_get(f->log, 1, buf, sizeof buf, &r), "LSN 1");
    fixture_fill(f, 5);
    must(wal_truncate_before(f->log, 3));
    expect_error(WAL_E_RANGE, wal_get(f->log, 0, buf, sizeof buf, &r), "LSN 0");
    expect_error(WAL_E_RANGE, wal_get(f->log, 2, buf, sizeof buf, &r), "3 .. 5");
    expect_error(WAL_E_RANGE, wal_get(f->log, 6, buf, sizeof buf, &r), "LSN 6");
    expect_error(WAL_E_RANGE, wal_get(f->log, UINT64_MAX, buf, sizeof buf, &r), NULL);
    assert_int_equal(r.lsn, 99);
    assert_string_equal(buf, "uuuuuuu");
    expect_record(f->log, 3, "3");
    expect_record(f->log, 5, "5");
}

static void test_arguments(void **state)
{
    struct log_fixture *f = *state;
    char buf[8] = "uuuuuuu";
    wal_record_t r = {.size = sizeof r - 1, .lsn = 99};

    fixture_open(f);
    fixture_append(f, "text");
    expect_error(WAL_E_INVAL, wal_get(NULL, 1, buf, sizeof buf, &r), "NULL");
    expect_error(WAL_E_INVAL, wal_get(f->log, 1, buf, sizeof buf, NULL), "ret");
    expect_error(WAL_E_INVAL, wal_get(f->log, 1, buf, sizeof buf, &r), "size");
    r.size = 0;
    expect_error(WAL_E_INVAL, wal_get(f->log, 1, buf, sizeof buf, &r), "size");
    r.size = sizeof r;
    expect_error(WAL_E_INVAL, wal_get(f->log, 1, NULL, 8, &r), "buf");
    assert_int_equal(r.lsn, 99);
    assert_string_equal(buf, "uuuuuuu");
}

static void test_a_small_buffer_is_told_the_size(void **state)
{
    struct log_fixture *f = *state;
    char buf[8] = "uuuuuuu";
    wal_record_t r;
    const uint32_t flags[] = {WAL_APPEND_ASYNC, 0};

    fixture_open(f);
    for (uint64_t k = 0; k < COUNT_OF(flags); k++) { /* in memory, and in the file */
        fixture_append_flags(f, "12345", flags[k]);
        memset(&r, 0xa5, sizeof r);
        r.size = sizeof r;
        expect_error(WAL_E_TOOBIG, wal_get(f->log, k + 1, buf, 4, &r), "5 bytes");
        assert_int_equal(r.data_size, 5);
        assert_int_equal(r.lsn, UINT64_C(0xa5a5a5a5a5a5a5a5)); /* nothing else is written */
        assert_int_equal(r.type, 0xa5a5a5a5);
        assert_int_equal(r.flags, 0xa5a5a5a5);
        expect_error(WAL_E_TOOBIG, wal_get(f->log, k + 1, NULL, 0, &r), NULL);
        assert_int_equal(r.data_size, 5);
        assert_string_equal(buf, "uuuuuuu");
        must(wal_get(f->log, k + 1, buf, 5, &r));
        assert_ptr_equal(r.data, buf);
        assert_memory_equal(buf, "12345uu", 8);
        memcpy(buf, "uuuuuuu", 8);
    }
}

/* Structs of an older and a newer program. The older one is allocated exactly, so that a sanitizer
 * sees a byte too many. */
static void test_struct_sizes(void **state)
{
    enum { NEWER = sizeof(wal_record_t) + 24 };
    struct log_fixture *f = *state;
    wal_record_t *exact = malloc(sizeof *exact), copy;
    unsigned char *newer = malloc(NEWER);
    char buf[8];

    assert_true(exact && newer);
    fixture_open(f);
    fixture_append(f, "text");
    exact->size = sizeof *exact;
    must(wal_get(f->log, 1, buf, sizeof buf, exact));
    assert_int_equal(exact->lsn, 1);
    memset(newer, 0xa5, NEWER);
    memcpy(newer, &(uint32_t){NEWER}, sizeof(uint32_t));
    must(wal_get(f->log, 1, buf, sizeof buf, (wal_record_t *)(void *)newer));
    memcpy(&copy, newer, sizeof copy);
    assert_int_equal(copy.size, NEWER);
    assert_int_equal(copy.data_size, 4);
    for (size_t k = sizeof copy; k < NEWER; k++)
        assert_int_equal(newer[k], 0);
    free(exact);
    free(newer);
}

static void test_records_wherever_they_are(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    fixture_fill(f, 10);
    must(wal_rotate(f->log)); /* sealed */
    fixture_append(f, "11");
    must(wal_sync(f->log, 0)); /* durable */
    fixture_append(f, "12");
    must(wal_flush(f->log)); /* written */
    fixture_append(f, "13"); /* in memory */
    expect_range(f->log, 1, 13, 14, 11);
    for (uint64_t lsn = 1; lsn <= 13; lsn++) {
        char text[8], buf[8];
        wal_record_t r = {.size = sizeof r};
        snprintf(text, sizeof text, "%d", (int)lsn);
        expect_record(f->log, lsn, text);
        must(wal_get(f->log, lsn, buf, sizeof buf, &r));
        assert_int_equal(r.flags & WAL_RECORD_DURABLE, lsn <= 11 ? WAL_RECORD_DURABLE : 0);
        assert_true(r.flags & WAL_RECORD_BATCH_LAST);
    }
    must(wal_truncate_after(f->log, 12));
    expect_error(WAL_E_RANGE,
                 wal_get(f->log, 13, NULL, 0, &(wal_record_t){.size = sizeof(wal_record_t)}), NULL);
    assert_int_equal(fixture_append(f, "new 13"), 13);
    expect_record(f->log, 13, "new 13");
}

static void test_a_small_index_finds_everything(void **state)
{
    struct log_fixture *f = *state;
    char text[16];

    fixture_set(f, WAL_OPT_INDEX_BYTES, 4096);
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 100);
    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    for (int k = 1; k <= 2000; k++) {
        snprintf(text, sizeof text, "%d", k);
        fixture_append(f, text);
        if (k % 7 == 0)
            must(wal_flush(f->log)); /* many groups */
    }
    fixture_reopen(f);
    for (unsigned k = 0; k < 2000; k++) {
        unsigned lsn = 1 + k * 1237 % 2000;
        snprintf(text, sizeof text, "%u", lsn);
        expect_record(f->log, lsn, text);
    }
    assert_true(fixture_stat(f->log, WAL_STAT_INDEX_BYTES) <= 3 * 4096);
}

/* The first 10 records lie in segment 1, sealed, in one group. */
static void damage_a_sealed_record(struct log_fixture *f)
{
    fixture_open(f);
    fixture_fill(f, 10);
    must(wal_rotate(f->log));
    fixture_append(f, "after");
    fixture_close(f);
    unsigned char byte;
    fixture_read_file(fixture_segment_path(f, 1), 4096 + 64 + 16, &byte, 1);
    byte ^= 1;
    fixture_write_file(fixture_segment_path(f, 1), 4096 + 64 + 16, &byte, 1);
}

static void test_damage_is_an_error_with_its_place(void **state)
{
    struct log_fixture *f = *state;
    char buf[8] = "uuuuuuu";
    wal_record_t r = {.size = sizeof r, .lsn = 99};
    wal_error_t e;

    damage_a_sealed_record(f);
    fixture_open(f);
    expect_error(WAL_E_CORRUPT, wal_get(f->log, 1, buf, sizeof buf, &r), ".wal");
    must(wal_last_error(&e, sizeof e));
    assert_int_equal(e.lsn, 1);
    assert_int_equal(e.segment, 1);
    assert_int_equal(e.offset, 4096);
    assert_non_null(strstr(e.message, f->dir));
    assert_int_equal(r.lsn, 99);
    assert_string_equal(buf, "uuuuuuu");
    assert_int_equal(fixture_stat(f->log, WAL_STAT_CORRUPTIONS), 1);
    assert_int_equal(wal_failure(f->log), 0); /* the rest still works */
    expect_record(f->log, 11, "after");
    assert_int_equal(fixture_append(f, "more"), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_outside_the_log),
        fixture_test(test_arguments),
        fixture_test(test_a_small_buffer_is_told_the_size),
        fixture_test(test_struct_sizes),
        fixture_test(test_records_wherever_they_are),
        fixture_test(test_a_small_index_finds_everything),
        fixture_test(test_damage_is_an_error_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
