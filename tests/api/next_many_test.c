/* SPDX-License-Identifier: Apache-2.0 */
/* wal_reader_next_many: the records of wal_reader_next, many at a time. */
#include "support/log_fixture.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "support/crew.h"

enum { ROOM = 64, MARK = 0x5a };

static wal_record_t got[ROOM];

static wal_reader_t *open_reader(wal_t *w, uint64_t from, uint32_t flags)
{
    wal_reader_t *r = NULL;
    must(wal_reader_open(w, from, flags, &r));
    return r;
}

/* The call that is right in everything but what a test wants. */
static int next_many(wal_reader_t *r, size_t max, size_t max_bytes, size_t *ret_n)
{
    memset(got, MARK, sizeof got);
    got[0].size = sizeof got[0];
    return wal_reader_next_many(r, got, max, max_bytes, ret_n);
}

#define expect_many(r, max, max_bytes, first, last)                                                \
    check_many(r, max, max_bytes, first, last, __FILE__, __LINE__)

/* Exactly the records first .. last (downwards where last is smaller), each with its number as text
 * as fixture_fill makes them. */
static void check_many(wal_reader_t *r, size_t max, size_t max_bytes, uint64_t first, uint64_t last,
                       const char *file, int line)
{
    char text[24];
    size_t n = 99, want = (size_t)(first < last ? last - first : first - last) + 1;

    int e = fixture_must((errno = ERRNO_MARK, next_many(r, max, max_bytes, &n)), "next_many", file,
                         line);
    _assert_int_equal((uintmax_t)e, 1, file, line);
    _assert_int_equal(n, want, file, line);
    for (size_t k = 0; k < n; k++) {
        const wal_record_t *x = &got[k];
        uint64_t lsn = first < last ? first + k : first - k;
        snprintf(text, sizeof text, "%llu", (unsigned long long)lsn);
        _assert_int_equal(x->lsn, lsn, file, line);
        _assert_int_equal(x->size, sizeof *x, file, line);
        _assert_int_equal(x->data_size, strlen(text), file, line);
        _assert_memory_equal(x->data, text, strlen(text), file, line);
        _assert_true(x->tag == NULL && x->tag_size == 0, "tag", file, line);
    }
    if (n < ROOM)
        _assert_int_equal(got[n].lsn, UINT64_C(0x5a5a5a5a5a5a5a5a), file, line);
}

static void expect_end(wal_reader_t *r)
{
    size_t n = 99;
    assert_int_equal(must(next_many(r, ROOM, SIZE_MAX, &n)), 0);
    assert_int_equal(n, 0);
    assert_int_equal(got[0].lsn, UINT64_C(0x5a5a5a5a5a5a5a5a));
}

static void test_groups_that_were_read_together(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 20); /* a group each */
    wal_reader_t *r = open_reader(f->log, 0, 0);
    expect_many(r, ROOM, SIZE_MAX, 1, 20);
    assert_int_equal(wal_reader_position(r), 21);
    expect_end(r);
    expect_end(r);
    fixture_append(f, "21");
    expect_many(r, ROOM, SIZE_MAX, 21, 21);
    must(wal_reader_seek(r, 3));
    expect_many(r, 5, SIZE_MAX, 3, 7);
    expect_next(r, 8, "8"); /* both ways in turn */
    expect_many(r, 1, SIZE_MAX, 9, 9);
    expect_next(r, 10, "10");
    expect_many(r, 2, SIZE_MAX, 11, 12);
    expect_many(r, ROOM, SIZE_MAX, 13, 21);
    wal_reader_close(r);
}

static void test_from_within_a_group(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    fixture_fill(f, 15); /* one group */
    must(wal_sync(f->log, 0));
    wal_reader_t *r = open_reader(f->log, 6, 0), *back = open_reader(f->log, 6, WAL_READ_REVERSE);
    expect_many(r, 4, SIZE_MAX, 6, 9);
    expect_many(r, ROOM, SIZE_MAX, 10, 15);
    expect_many(back, 4, SIZE_MAX, 6, 3);
    expect_many(back, ROOM, SIZE_MAX, 2, 1);
    expect_end(back);
    wal_reader_close(r);
    wal_reader_close(back);
}

static void test_backward(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 4);
    must(wal_truncate_before(f->log, 2));
    wal_reader_t *r = open_reader(f->log, 0, WAL_READ_REVERSE);
    for (uint64_t lsn = 4; lsn >= 2; lsn--) { /* no more than one group at a time */
        assert_int_equal(wal_reader_position(r), lsn);
        expect_many(r, ROOM, SIZE_MAX, lsn, lsn);
    }
    assert_int_equal(wal_reader_position(r), 0);
    expect_end(r);
    must(wal_reader_seek(r, 3));
    expect_next(r, 3, "3");
    expect_many(r, ROOM, SIZE_MAX, 2, 2);
    wal_reader_close(r);
}

/* The first LSN lies within a group. */
static void test_backward_to_a_first_lsn_within_a_group(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    fixture_fill(f, 9);
    must(wal_truncate_before(f->log, 4));
    wal_reader_t *r = open_reader(f->log, 0, WAL_READ_REVERSE);
    expect_many(r, ROOM, SIZE_MAX, 9, 4);
    expect_end(r);
    wal_reader_close(r);
}

static void append_sizes(struct log_fixture *f, const size_t *sizes, size_t n)
{
    for (size_t k = 0; k < n; k++)
        must(wal_append(f->log, fixture_bytes(sizes[k], (int)k + 1), sizes[k], NULL));
}

static void expect_sizes(wal_reader_t *r, size_t max_bytes, const size_t *sizes, size_t count)
{
    size_t n = 0;

    assert_int_equal(must(next_many(r, ROOM, max_bytes, &n)), 1);
    assert_int_equal(n, count);
    for (size_t k = 0; k < n; k++)
        assert_int_equal(got[k].data_size, sizes[k]);
}

static void test_bytes(void **state)
{
    static const size_t sizes[] = {10, 10, 0, 30, 0, 0, 100, 5, 5, 0, 200};
    struct log_fixture *f = *state;

    fixture_open(f);
    append_sizes(f, sizes, COUNT_OF(sizes));
    wal_reader_t *r = open_reader(f->log, 0, 0);
    expect_sizes(r, 20, sizes, 3);
    expect_sizes(r, 29, sizes + 3, 1); /* above it: alone, and what is empty is another call's */
    expect_sizes(r, 0, sizes + 4, 2);
    expect_sizes(r, 0, sizes + 6, 1);
    expect_sizes(r, 9, sizes + 7, 1);
    expect_sizes(r, 204, sizes + 8, 2); /* 5 and 200 are 1 too many */
    expect_sizes(r, 200, sizes + 10, 1);
    expect_end(r);
    must(wal_reader_seek(r, 1));
    expect_sizes(r, 360, sizes, COUNT_OF(sizes));
    wal_reader_close(r);
    r = open_reader(f->log, 7, WAL_READ_REVERSE);
    expect_sizes(r, 50, sizes + 6, 1);
    wal_reader_close(r);
}

static void test_bytes_within_a_group(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    fixture_fill(f, 12);
    must(wal_sync(f->log, 0));
    wal_reader_t *r = open_reader(f->log, 0, 0), *back = open_reader(f->log, 0, WAL_READ_REVERSE);
    expect_many(r, ROOM, 10, 1, 9); /* 9 of 1 byte, then 2 */
    expect_many(r, ROOM, 1, 10, 10);
    expect_next(r, 11, "11");
    expect_many(r, ROOM, 0, 12, 12);
    expect_many(back, ROOM, 7, 12, 9);
    expect_many(back, ROOM, 0, 8, 8);
    expect_next(back, 7, "7");
    expect_many(back, ROOM, 6, 6, 1);
    wal_reader_close(r);
    wal_reader_close(back);
}

static void test_arguments(void **state)
{
    struct log_fixture *f = *state;
    size_t n = 99;

    fixture_open(f);
    fixture_fill(f, 3);
    wal_reader_t *r = open_reader(f->log, 0, 0);
    expect_error(WAL_E_INVAL, next_many(r, 0, SIZE_MAX, &n), "max");
    expect_error(WAL_E_INVAL, next_many(NULL, ROOM, SIZE_MAX, &n), "reader");
    expect_error(WAL_E_INVAL, next_many(r, ROOM, SIZE_MAX, NULL), "ret_n");
    expect_error(WAL_E_INVAL, wal_reader_next_many(r, NULL, ROOM, SIZE_MAX, &n), "records");
    const uint32_t sizes[] = {0, sizeof got[0] - 8, sizeof got[0] + 4, sizeof got[0] + 1};
    for (size_t k = 0; k < COUNT_OF(sizes); k++) {
        got[0].size = sizes[k];
        expect_error(WAL_E_INVAL, wal_reader_next_many(r, got, ROOM, SIZE_MAX, &n), "size");
    }
    assert_int_equal(n, 99);
    expect_many(r, ROOM, SIZE_MAX, 1, 3); /* nothing was lost */
    fixture_close(f);
    expect_error(WAL_E_CLOSED, next_many(r, ROOM, SIZE_MAX, &n), f->dir);
    wal_reader_close(r);
}

static void test_the_array_of_a_newer_program(void **state)
{
    enum { STRIDE = sizeof(wal_record_t) + 24, N = 5 };
    struct log_fixture *f = *state;
    unsigned char *array = malloc((size_t)STRIDE * N); /* exactly */
    const uint32_t stride = STRIDE;
    size_t n = 0;

    assert_non_null(array);
    memset(array, MARK, (size_t)STRIDE * N);
    memcpy(array, &stride, sizeof stride);
    fixture_open(f);
    fixture_fill(f, N + 1);
    wal_reader_t *r = open_reader(f->log, 0, 0);
    must(wal_reader_next_many(r, (wal_record_t *)(void *)array, N, SIZE_MAX, &n));
    assert_int_equal(n, N);
    for (size_t k = 0; k < N; k++) {
        wal_record_t x;
        memcpy(&x, array + k * STRIDE, sizeof x);
        assert_int_equal(x.size, STRIDE);
        assert_int_equal(x.lsn, k + 1);
        for (size_t i = sizeof x; i < STRIDE; i++)
            assert_int_equal(array[k * STRIDE + i], 0);
    }
    wal_reader_close(r);
    free(array);
}

static void test_types_and_flags(void **state)
{
    const wal_record_t batch[2] = {{.size = sizeof batch[0], .type = 7}, {.type = 65535}};
    const uint32_t flags[] = {WAL_RECORD_DURABLE, WAL_RECORD_DURABLE | WAL_RECORD_BATCH_LAST,
                              WAL_RECORD_BATCH_LAST};
    struct log_fixture *f = *state;
    size_t n = 0;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    must(wal_append_many(f->log, batch, 2, 0, NULL));
    must(wal_sync(f->log, 0));
    fixture_append(f, "written");
    must(wal_flush(f->log));
    wal_reader_t *r = open_reader(f->log, 0, 0), *all = open_reader(f->log, 0, WAL_READ_WRITTEN);
    assert_int_equal(must(next_many(r, ROOM, SIZE_MAX, &n)), 1);
    assert_int_equal(n, 2);
    expect_end(r);
    assert_int_equal(must(next_many(all, ROOM, SIZE_MAX, &n)), 1);
    assert_int_equal(n, 3);
    for (size_t k = 0; k < n; k++) {
        assert_int_equal(got[k].flags, flags[k]);
        assert_int_equal(got[k].type, k < 2 ? batch[k].type : 0);
    }
    wal_reader_close(r);
    wal_reader_close(all);
}

/* Metadata and seals lie between, and have no records. */
static void test_groups_without_records(void **state)
{
    struct log_fixture *f = *state;
    size_t n = 0;
    uint64_t next = 1;
    char text[8];

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 7);
    fixture_open(f);
    for (unsigned k = 1; k <= 40; k++) {
        snprintf(text, sizeof text, "%u", k);
        fixture_append(f, text);
        must(wal_meta_set(f->log, "k", 1, text, strlen(text)));
        if (k % 3 == 0)
            must(wal_meta_set(f->log, "l", 1, text, strlen(text)));
    }
    wal_reader_t *r = open_reader(f->log, 0, 0);
    while (must(next_many(r, ROOM, SIZE_MAX, &n)) == 1)
        for (size_t k = 0; k < n; k++) {
            snprintf(text, sizeof text, "%u", (unsigned)next);
            assert_int_equal(got[k].lsn, next++);
            assert_memory_equal(got[k].data, text, strlen(text));
        }
    assert_int_equal(next, 41);
    wal_reader_close(r);
}

/* Random sizes in random groups, read in random portions: all there, all right, all valid until the
 * next call, in both directions. */
enum { MANY = 4000 };

static size_t size_of(uint64_t lsn)
{
    return (size_t)(lsn * 2654435761u % 1000 * (lsn % 97 == 0 ? 100 : 1));
}

static void check_content(const wal_record_t *x, uint64_t lsn)
{
    assert_int_equal(x->lsn, lsn);
    assert_int_equal(x->data_size, size_of(lsn));
    const unsigned char *data = x->data;
    for (size_t i = 0; i < x->data_size; i += 37)
        assert_int_equal(data[i], lsn % 251);
}

static void read_all(wal_reader_t *r, bool back, uint64_t *seed)
{
    uint64_t lsn = back ? MANY : 1;
    size_t n = 0;

    for (;;) {
        size_t max = 1 + crew_random(seed) % (crew_random(seed) % 2 ? 3 : ROOM);
        size_t max_bytes = crew_random(seed) % 2 ? SIZE_MAX : crew_random(seed) % 5000, bytes = 0;
        if (must(next_many(r, max, max_bytes, &n)) == 0)
            break;
        assert_in_range(n, 1, max);
        for (size_t k = 0; k < n; k++, lsn = back ? lsn - 1 : lsn + 1) {
            check_content(&got[k], lsn);
            bytes += got[k].data_size;
        }
        assert_true(bytes <= max_bytes || n == 1);
    }
    assert_int_equal(lsn, back ? 0 : MANY + 1);
}

static void test_random_portions(void **state)
{
    struct log_fixture *f = *state;
    uint64_t seed = 2024;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 512 << 10);
    fixture_open(f);
    for (uint64_t lsn = 1; lsn <= MANY; lsn++) {
        must(wal_append(f->log, fixture_bytes(size_of(lsn), (int)(lsn % 251)), size_of(lsn), NULL));
        if (crew_random(&seed) % 4 == 0)
            must(wal_flush(f->log));
    }
    must(wal_sync(f->log, 0));
    for (int round = 0; round < 4; round++) {
        wal_reader_t *r = open_reader(f->log, 0, 0), *back = open_reader(f->log, 0, 2);
        read_all(r, false, &seed);
        read_all(back, true, &seed);
        wal_reader_close(r);
        wal_reader_close(back);
        if (round == 1)
            fixture_reopen(f);
    }
}

static void test_cuts(void **state)
{
    struct log_fixture *f = *state;
    size_t n = 99;

    fixture_open(f);
    fixture_fill(f, 9);
    wal_reader_t *below = open_reader(f->log, 1, 0), *above = open_reader(f->log, 7, 0);
    expect_many(below, 3, SIZE_MAX, 1, 3); /* 4 to 9 are read ahead */
    must(wal_truncate_after(f->log, 5));
    fixture_append(f, "6");
    fixture_append(f, "7");
    must(wal_truncate_after(f->log, 6));
    expect_many(below, ROOM, SIZE_MAX, 4, 5); /* they lie in another segment now */
    expect_many(below, ROOM, SIZE_MAX, 6, 6);
    expect_end(below);
    for (int k = 0; k < 2; k++)
        expect_error(WAL_E_TRIMMED, next_many(above, ROOM, SIZE_MAX, &n), NULL);
    must(wal_reader_seek(below, 1));
    must(wal_truncate_before(f->log, 3));
    expect_error(WAL_E_TRIMMED, next_many(below, ROOM, SIZE_MAX, &n), "LSN 1");
    assert_int_equal(n, 99);
    wal_reader_close(below);
    wal_reader_close(above);
}

static void test_what_lies_before_damage_is_given(void **state)
{
    enum { GROUP = 128 }; /* one small record */
    struct log_fixture *f = *state;
    size_t n = 99;
    wal_error_t before, after;

    fixture_open(f);
    fixture_fill(f, 5);
    expect_error(WAL_E_RANGE, wal_sync(f->log, 77), NULL);
    must(wal_last_error(&before, sizeof before));
    fixture_write_file(fixture_segment_path(f, 1), 4096 + 2 * GROUP + 64 + 16, "\xff", 1);
    wal_reader_t *r = open_reader(f->log, 0, 0);
    expect_many(r, ROOM, SIZE_MAX, 1, 2);
    must(wal_last_error(&after, sizeof after)); /* nothing has failed yet */
    assert_int_equal(after.code, WAL_E_RANGE);
    assert_string_equal(after.message, before.message);
    for (int k = 0; k < 2; k++) {
        expect_error(WAL_E_CORRUPT, next_many(r, ROOM, SIZE_MAX, &n), "00000000000000000001.wal");
        assert_int_equal(wal_reader_position(r), 3);
    }
    assert_int_equal(n, 99);
    fixture_write_file(fixture_segment_path(f, 1), 4096 + 2 * GROUP + 64 + 16, "3", 1);
    must(wal_reader_seek(r, 3));
    expect_many(r, ROOM, SIZE_MAX, 3, 5);
    wal_reader_close(r);
}

static void test_on_a_read_only_log(void **state)
{
    struct log_fixture *f = *state;
    char text[8];

    fixture_open(f);
    wal_t *follower = fixture_open_read_only(f);
    wal_reader_t *r = open_reader(follower, 0, 0);
    expect_end(r);
    for (unsigned k = 1; k <= 30; k += 3) {
        for (unsigned i = k; i < k + 3; i++) {
            snprintf(text, sizeof text, "%u", i);
            fixture_append(f, text);
        }
        expect_many(r, ROOM, SIZE_MAX, k, k + 2);
        expect_end(r);
    }
    wal_reader_close(r);
    must(wal_close(follower));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_groups_that_were_read_together),
        fixture_test(test_from_within_a_group),
        fixture_test(test_backward),
        fixture_test(test_backward_to_a_first_lsn_within_a_group),
        fixture_test(test_bytes),
        fixture_test(test_bytes_within_a_group),
        fixture_test(test_arguments),
        fixture_test(test_the_array_of_a_newer_program),
        fixture_test(test_types_and_flags),
        fixture_test(test_groups_without_records),
        fixture_test(test_random_portions),
        fixture_test(test_cuts),
        fixture_test(test_what_lies_before_damage_is_given),
        fixture_test(test_on_a_read_only_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
