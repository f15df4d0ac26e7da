/* SPDX-License-Identifier: Apache-2.0 */
/* Appends: arguments, sizes, flags, LSNs up to the last one. */
#include "support/log_fixture.h"

#include <stdlib.h>
#include <string.h>

#define LAST_LSN (UINT64_MAX - 1)
enum { MARK = 0x5a5a };

static void test_lsns_are_dense(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = MARK;
    const wal_record_t many[3] = {{.size = sizeof many[0], .data = "a", .data_size = 1},
                                  {.data = "bb", .data_size = 2, .type = 7},
                                  {.data = NULL, .data_size = 0}};

    fixture_open(f);
    must(wal_append(f->log, "x", 1, &lsn));
    assert_int_equal(lsn, 1);
    must(wal_append(f->log, "y", 1, NULL));
    must(wal_append_many(f->log, many, 3, 0, &lsn));
    assert_int_equal(lsn, 3);
    must(wal_append_many(f->log, many, 3, 0, NULL));
    must(wal_append_packed(f->log, "12333", (const uint32_t[]){1, 1, 3}, NULL, 3, 0, &lsn));
    assert_int_equal(lsn, 9);
    must(wal_append_packed(f->log, "z", (const uint32_t[]){1}, NULL, 1, 0, NULL));
    expect_range(f->log, 1, 12, 13, 12);
    expect_record(f->log, 4, "bb");
    expect_record(f->log, 5, "");
    expect_record(f->log, 11, "333");
    fixture_reopen(f);
    expect_record(f->log, 4, "bb");
    expect_record(f->log, 11, "333");
    assert_int_equal(fixture_append(f, "next"), 13);
}

static void test_empty_records(void **state)
{
    struct log_fixture *f = *state;
    char buf[1] = {'u'};
    wal_record_t r = {.size = sizeof r};

    fixture_open(f);
    must(wal_append(f->log, NULL, 0, NULL));
    must(wal_append(f->log, "", 0, NULL));
    must(wal_append_packed(f->log, NULL, (const uint32_t[]){0, 0}, NULL, 2, 0, NULL));
    fixture_reopen(f);
    for (uint64_t lsn = 1; lsn <= 4; lsn++)
        expect_record(f->log, lsn, "");
    must(wal_get(f->log, 1, NULL, 0, &r));
    must(wal_get(f->log, 1, buf, 1, &r));
    assert_int_equal(buf[0], 'u');
}

static void test_null_data(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = MARK;
    wal_record_t many[2] = {{.size = sizeof many[0]}, {.data = NULL, .data_size = 1}};
    const uint32_t one = 1;

    fixture_open(f);
    expect_error(WAL_E_INVAL, wal_append(f->log, NULL, 1, &lsn), "NULL");
    expect_error(WAL_E_INVAL, wal_append_typed(f->log, 0, NULL, 1, 0, &lsn), "NULL");
    expect_error(WAL_E_INVAL, wal_append_many(f->log, NULL, 1, 0, &lsn), "NULL");
    expect_error(WAL_E_INVAL, wal_append_many(f->log, many, 2, 0, &lsn), "NULL");
    expect_error(WAL_E_INVAL, wal_append_packed(f->log, NULL, &one, NULL, 1, 0, &lsn), "NULL");
    expect_error(WAL_E_INVAL, wal_append_packed(f->log, "x", NULL, NULL, 1, 0, &lsn), "NULL");
    expect_error(WAL_E_INVAL, wal_append(NULL, "x", 1, &lsn), "NULL");
    expect_error(WAL_E_INVAL, wal_append_typed(NULL, 0, "x", 1, 0, &lsn), "NULL");
    expect_error(WAL_E_INVAL, wal_append_many(NULL, many, 1, 0, &lsn), "NULL");
    expect_error(WAL_E_INVAL, wal_append_packed(NULL, "x", &one, NULL, 1, 0, &lsn), "NULL");
    expect_error(WAL_E_INVAL, wal_flush(NULL), "NULL");
    expect_error(WAL_E_INVAL, wal_sync(NULL, 0), "NULL");
    expect_error(WAL_E_INVAL, wal_wait(NULL, 1, 0), "NULL");
    assert_int_equal(lsn, MARK);
    expect_range(f->log, 1, 0, 1, 0);
}

static void test_nothing_is_no_batch(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = MARK;
    const wal_record_t r = {.size = sizeof r};

    fixture_open(f);
    expect_error(WAL_E_INVAL, wal_append_many(f->log, &r, 0, 0, &lsn), NULL);
    expect_error(WAL_E_INVAL,
                 wal_append_packed(f->log, "x", (const uint32_t[]){1}, NULL, 0, 0, &lsn), NULL);
    assert_int_equal(lsn, MARK);
}

static void test_flags_and_types(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = MARK;
    const uint32_t bad[] = {
        16u,
        1u << 31,
        WAL_APPEND_SYNC | WAL_APPEND_ASYNC,
        WAL_APPEND_SYNC | WAL_APPEND_SUBMIT,
        WAL_APPEND_ASYNC | WAL_APPEND_SUBMIT,
    };
    const wal_record_t r = {.size = sizeof r, .data = "x", .data_size = 1};
    wal_record_t typed = r;

    fixture_open(f);
    for (size_t k = 0; k < COUNT_OF(bad); k++) {
        expect_error(WAL_E_INVAL, wal_append_typed(f->log, 0, "x", 1, bad[k], &lsn), "flags");
        expect_error(WAL_E_INVAL, wal_append_many(f->log, &r, 1, bad[k], &lsn), "flags");
        expect_error(WAL_E_INVAL,
                     wal_append_packed(f->log, "x", (const uint32_t[]){1}, NULL, 1, bad[k], &lsn),
                     "flags");
        expect_error(WAL_E_INVAL, wal_replace_after(f->log, 0, &r, 1, bad[k], &lsn), "flags");
    }
    expect_error(WAL_E_INVAL, wal_append_typed(f->log, 65536, "x", 1, 0, &lsn), "65536");
    typed.type = 65536;
    expect_error(WAL_E_INVAL, wal_append_many(f->log, &typed, 1, 0, &lsn), "65536");
    assert_int_equal(lsn, MARK);
    expect_range(f->log, 1, 0, 1, 0);
    must(wal_append_typed(f->log, 65535, "x", 1, 0, &lsn));
    typed.type = 65534;
    must(wal_append_many(f->log, &typed, 1, 0, &lsn));
    must(wal_append_packed(f->log, "ab", (const uint32_t[]){1, 1}, (const uint16_t[]){9, 65535}, 2,
                           0, NULL));
    const uint32_t types[] = {65535, 65534, 9, 65535};
    for (uint64_t k = 0; k < COUNT_OF(types); k++) {
        char buf[4];
        wal_record_t got = {.size = sizeof got};
        must(wal_get(f->log, k + 1, buf, sizeof buf, &got));
        assert_int_equal(got.type, types[k]);
    }
}

static void test_submit_needs_the_background_thread(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = MARK;

    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
    expect_error(WAL_E_INVAL, wal_append_typed(f->log, 0, "x", 1, WAL_APPEND_SUBMIT, &lsn),
                 "background");
    assert_int_equal(lsn, MARK);
    fixture_set(f, WAL_OPT_BACKGROUND, 1);
    fixture_reopen(f);
    assert_int_equal(fixture_append_flags(f, "x", WAL_APPEND_SUBMIT), 1);
    must(wal_wait(f->log, 1, -1));
    assert_int_equal(wal_durable_lsn(f->log), 1);
}

static void test_a_record_above_the_limit(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = MARK;
    wal_record_t many[2] = {{.size = sizeof many[0], .data = "x", .data_size = 1},
                            {.data = fixture_bytes(101, 1), .data_size = 101}};

    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 100);
    fixture_open(f);
    const void *big = fixture_bytes(101, 'b');
    expect_error(WAL_E_TOOBIG, wal_append(f->log, big, 101, &lsn), "101");
    expect_error(WAL_E_TOOBIG, wal_append(f->log, big, SIZE_MAX, &lsn), NULL);
    expect_error(WAL_E_TOOBIG, wal_append_many(f->log, many, 2, 0, &lsn), "101");
    expect_error(WAL_E_TOOBIG,
                 wal_append_packed(f->log, big, (const uint32_t[]){1, 101}, NULL, 2, 0, &lsn),
                 "101");
    many[1].data_size = UINT64_MAX;
    expect_error(WAL_E_TOOBIG, wal_append_many(f->log, many, 2, 0, &lsn), NULL);
    assert_int_equal(lsn, MARK);
    expect_range(f->log, 1, 0, 1, 0); /* no LSN was burnt */
    must(wal_append(f->log, big, 100, &lsn));
    assert_int_equal(lsn, 1);
}

static void test_only_type_data_and_size_of_a_record_are_read(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t r[2];
    uint64_t first;

    memset(r, 0xa5, sizeof r);
    for (int k = 0; k < 2; k++) {
        r[k].size = k ? 3 : sizeof r[0]; /* element 0's alone counts */
        r[k].type = 5;
        r[k].data = "abc";
        r[k].data_size = 3;
    }
    fixture_open(f);
    must(wal_append_many(f->log, r, 2, 0, &first));
    assert_int_equal(first, 1);
    expect_record(f->log, 2, "abc");
}

/* Records of a newer program: larger structs, the first one's size is the stride. */
static void test_the_first_element_says_the_stride(void **state)
{
    enum { STRIDE = sizeof(wal_record_t) + 8 };
    struct log_fixture *f = *state;
    unsigned char *room = malloc((size_t)STRIDE * 3);
    uint64_t first = MARK;

    assert_non_null(room);
    memset(room, 0xa5, (size_t)STRIDE * 3);
    for (int k = 0; k < 3; k++) {
        wal_record_t r = {.size = STRIDE, .data = &"abc"[k], .data_size = 1, .type = (uint32_t)k};
        memcpy(room + (size_t)STRIDE * (size_t)k, &r, sizeof r);
    }
    fixture_open(f);
    must(wal_append_many(f->log, (wal_record_t *)(void *)room, 3, 0, &first));
    assert_int_equal(first, 1);
    expect_record(f->log, 1, "a");
    expect_record(f->log, 2, "b");
    expect_record(f->log, 3, "c");
    free(room);
}

static void test_a_smaller_record_struct_is_refused(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t *r = malloc(sizeof *r); /* exactly, so that a sanitizer sees a byte too many */
    uint64_t first = MARK;

    assert_non_null(r);
    *r = (wal_record_t){.size = sizeof *r - 1, .data = "x", .data_size = 1};
    fixture_open(f);
    expect_error(WAL_E_INVAL, wal_append_many(f->log, r, 1, 0, &first), "size");
    r->size = 0;
    expect_error(WAL_E_INVAL, wal_append_many(f->log, r, 1, 0, &first), "size");
    assert_int_equal(first, MARK);
    r->size = sizeof *r;
    must(wal_append_many(f->log, r, 1, 0, &first));
    free(r);
}

static void test_payloads_are_copied(void **state)
{
    struct log_fixture *f = *state;
    char text[] = "before";

    fixture_open(f);
    fixture_append_flags(f, text, WAL_APPEND_ASYNC);
    memcpy(text, "AFTER!", 6);
    expect_record(f->log, 1, "before");
    must(wal_sync(f->log, 0));
    expect_record(f->log, 1, "before");
}

static void test_lsns_run_out(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = MARK;
    const wal_record_t two[2] = {{.size = sizeof two[0], .data = "1", .data_size = 1},
                                 {.data = "2", .data_size = 1}};

    fixture_set(f, WAL_OPT_FIRST_LSN, LAST_LSN - 1);
    fixture_open(f);
    expect_range(f->log, LAST_LSN - 1, 0, LAST_LSN - 1, LAST_LSN - 2);
    assert_int_equal(fixture_append(f, "one"), LAST_LSN - 1);
    expect_error(WAL_E_FULL, wal_append_many(f->log, two, 2, 0, &lsn), NULL);
    assert_int_equal(lsn, MARK);
    expect_range(f->log, LAST_LSN - 1, LAST_LSN - 1, LAST_LSN, LAST_LSN - 1);
    assert_int_equal(fixture_append(f, "last"), LAST_LSN);
    for (int k = 0; k < 2; k++) {
        expect_range(f->log, LAST_LSN - 1, LAST_LSN, UINT64_MAX, LAST_LSN);
        expect_error(WAL_E_FULL, wal_append(f->log, "x", 1, &lsn), NULL);
        expect_error(WAL_E_FULL, wal_append_typed(f->log, 0, "x", 1, WAL_APPEND_ASYNC, &lsn), NULL);
        expect_error(WAL_E_FULL, wal_replace_after(f->log, LAST_LSN, two, 1, 0, &lsn), NULL);
        assert_int_equal(lsn, MARK);
        expect_record(f->log, LAST_LSN, "last");
        fixture_reopen(f);
    }
    must(wal_meta_set(f->log, "k", 1, "v", 1)); /* needs none */
    must(wal_rotate(f->log));
    fixture_crash(f);
    fixture_open(f);
    expect_record(f->log, LAST_LSN, "last");
    must(wal_truncate_after(f->log, LAST_LSN - 1));
    assert_int_equal(fixture_append(f, "again"), LAST_LSN);
    must(wal_reset(f->log, 1));
    assert_int_equal(fixture_append(f, "anew"), 1);
}

static void test_large_records_beside_small_ones(void **state)
{
    struct log_fixture *f = *state;
    static char buf[3 << 20];
    wal_record_t r = {.size = sizeof r};
    const size_t sizes[] = {1, 65535, 65536, 65537, (1 << 20) + 1, 3 << 20, 0, 100};

    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 1 << 20);
    fixture_open(f);
    for (size_t k = 0; k < COUNT_OF(sizes); k++)
        must(wal_append(f->log, fixture_bytes(sizes[k], (int)k + 1), sizes[k], NULL));
    for (int round = 0; round < 2; round++) {
        for (size_t k = 0; k < COUNT_OF(sizes); k++) {
            must(wal_get(f->log, k + 1, buf, sizeof buf, &r));
            assert_int_equal(r.data_size, sizes[k]);
            assert_memory_equal(buf, fixture_bytes(sizes[k], (int)k + 1), sizes[k]);
        }
        fixture_reopen(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_lsns_are_dense),
        fixture_test(test_empty_records),
        fixture_test(test_null_data),
        fixture_test(test_nothing_is_no_batch),
        fixture_test(test_flags_and_types),
        fixture_test(test_submit_needs_the_background_thread),
        fixture_test(test_a_record_above_the_limit),
        fixture_test(test_only_type_data_and_size_of_a_record_are_read),
        fixture_test(test_the_first_element_says_the_stride),
        fixture_test(test_a_smaller_record_struct_is_refused),
        fixture_test(test_payloads_are_copied),
        fixture_test(test_lsns_run_out),
        fixture_test(test_large_records_beside_small_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
