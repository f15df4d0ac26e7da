/* SPDX-License-Identifier: Apache-2.0 */
/* Segments, statistics, histograms, disk bytes: they say what happened. */
#include "support/log_fixture.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static uint64_t realtime_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void test_segments_tell_what_lies_where(void **state)
{
    struct log_fixture *f = *state;
    struct stat st;
    uint64_t before = realtime_ns();

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 4);
    fixture_open(f);
    fixture_fill(f, 10);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(fixture_segments(f->log), 3);
        for (size_t k = 0; k < 3; k++) {
            wal_segment_t s = fixture_segment(f->log, k);
            assert_int_equal(s.size, sizeof s);
            assert_int_equal(s.flags, k == 2 ? WAL_SEGMENT_ACTIVE : WAL_SEGMENT_SEALED);
            assert_int_equal(s.first_lsn, 4 * k + 1);
            assert_int_equal(s.last_lsn, k == 2 ? 10 : 4 * k + 4);
            assert_int_equal(s.records, k == 2 ? 2 : 4);
            assert_int_equal(s.checkpoint_lsn, 0);
            assert_true(s.created_ns >= before && s.created_ns <= realtime_ns());
            assert_int_equal(stat(fixture_segment_path(f, s.number), &st), 0);
            assert_true(s.bytes > 4096 && s.bytes <= (uint64_t)st.st_size);
        }
        fixture_reopen(f);
    }
}

static void test_segments_take_room_and_tell_how_many(void **state)
{
    struct log_fixture *f = *state;
    wal_segment_t s[4];
    size_t n = 2;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 1);
    fixture_open(f);
    fixture_fill(f, 3);
    memset(s, 0xa5, sizeof s);
    must(wal_segments(f->log, s, sizeof s[0], &n)); /* room for two */
    assert_int_equal(n, 3);
    assert_int_equal(s[0].first_lsn, 1);
    assert_int_equal(s[1].first_lsn, 2);
    assert_int_equal(s[2].size, 0xa5a5a5a5);
    n = 4;
    must(wal_segments(f->log, s, sizeof s[0], &n));
    assert_int_equal(n, 3);
    assert_int_equal(s[2].first_lsn, 3);
    assert_int_equal(s[3].size, 0xa5a5a5a5);
    n = 0;
    must(wal_segments(f->log, NULL, sizeof s[0], &n));
    assert_int_equal(n, 3);
    expect_error(WAL_E_INVAL, wal_segments(f->log, NULL, sizeof s[0], &n), "array");
    expect_error(WAL_E_INVAL, wal_segments(f->log, s, sizeof s[0], NULL), "n is NULL");
    expect_error(WAL_E_INVAL, wal_segments(f->log, s, sizeof s[0] - 1, &n), "elem_size");
    expect_error(WAL_E_INVAL, wal_segments(NULL, s, sizeof s[0], &n), "NULL");
    assert_int_equal(n, 3);
}

static void test_segments_of_a_newer_program(void **state)
{
    enum { STRIDE = sizeof(wal_segment_t) + 16, N = 3 };
    struct log_fixture *f = *state;
    unsigned char *room = malloc((size_t)STRIDE * N); /* exactly */
    size_t n = N;

    assert_non_null(room);
    memset(room, 0xa5, (size_t)STRIDE * N);
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 1);
    fixture_open(f);
    fixture_fill(f, N);
    must(wal_segments(f->log, (wal_segment_t *)(void *)room, STRIDE, &n));
    for (size_t k = 0; k < N; k++) {
        wal_segment_t s;
        memcpy(&s, room + k * STRIDE, sizeof s);
        assert_int_equal(s.size, STRIDE);
        assert_int_equal(s.first_lsn, k + 1);
        for (size_t i = sizeof s; i < STRIDE; i++)
            assert_int_equal(room[k * STRIDE + i], 0);
    }
    free(room);
}

static void test_statistics_count(void **state)
{
    struct log_fixture *f = *state;
    uint64_t v[WAL_STAT_BROKEN_PINS + 1];
    const wal_record_t r[2] = {{.size = sizeof r[0], .data = "ab", .data_size = 2}, {0}};

    fixture_open(f);
    for (uint32_t k = 0; k < COUNT_OF(v); k++)
        if (k != WAL_STAT_RECOVERY_NS && k != WAL_STAT_WRITTEN_BYTES)
            assert_int_equal(fixture_stat(f->log, k), 0);
    fixture_append(f, "four");
    must(wal_append_many(f->log, r, 2, 0, NULL));
    must(wal_append_packed(f->log, "xyz", (const uint32_t[]){3}, NULL, 1, 0, NULL));
    must(wal_stats(f->log, v, COUNT_OF(v)));
    assert_int_equal(v[WAL_STAT_APPEND_RECORDS], 4);
    assert_int_equal(v[WAL_STAT_APPEND_BYTES], 9);
    assert_int_equal(v[WAL_STAT_GROUPS], 3);
    assert_int_equal(v[WAL_STAT_WRITES], 3);
    assert_int_equal(v[WAL_STAT_SYNCS], 3);
    assert_true(v[WAL_STAT_SYNC_NS] > 0);
    assert_true(v[WAL_STAT_WRITTEN_BYTES] >= 3 * 128);
    assert_int_equal(v[WAL_STAT_RAW_BYTES], 24 + 24 + 16 + 24); /* 16 a record, padded to 8 */
    assert_int_equal(v[WAL_STAT_STORED_BYTES], v[WAL_STAT_RAW_BYTES]);
    expect_error(WAL_E_TOOBIG, wal_append(f->log, "", SIZE_MAX, NULL), NULL);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_APPEND_RECORDS), 4); /* refused: not counted */
    fixture_append_flags(f, "buffered", WAL_APPEND_ASYNC);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_PENDING_BYTES), 24);
    must(wal_rotate(f->log));
    assert_int_equal(fixture_stat(f->log, WAL_STAT_ROTATIONS), 1);
    fixture_append(f, "x");
    must(wal_truncate_before(f->log, 6));
    must(wal_stats(f->log, v, COUNT_OF(v)));
    assert_int_equal(v[WAL_STAT_TRUNCATED_FRONT], 5);
    assert_int_equal(v[WAL_STAT_REMOVED_SEGMENTS], 1);
    must(wal_truncate_after(f->log, 5));
    assert_int_equal(fixture_stat(f->log, WAL_STAT_TRUNCATED_BACK), 1);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_WRITE_ERRORS), 0);
    fixture_reopen(f);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_APPEND_RECORDS), 0); /* since open */
}

static void test_statistics_by_name_and_number(void **state)
{
    struct log_fixture *f = *state;
    uint64_t v[30];

    fixture_open(f);
    fixture_append(f, "x");
    assert_int_equal(wal_stat_count(), WAL_STAT_BROKEN_PINS + 1);
    for (uint32_t k = 0; k < wal_stat_count(); k++)
        assert_non_null(wal_stat_name(k));
    assert_null(wal_stat_name(wal_stat_count()));
    assert_null(wal_stat_name(UINT32_MAX));
    assert_string_equal(wal_stat_name(WAL_STAT_APPEND_RECORDS), "append_records");
    assert_string_equal(wal_stat_name(WAL_STAT_BROKEN_PINS), "broken_pins");
    memset(v, 0xa5, sizeof v);
    must(wal_stats(f->log, v, 1));
    assert_int_equal(v[0], 1);
    assert_int_equal(v[1], UINT64_C(0xa5a5a5a5a5a5a5a5));
    must(wal_stats(f->log, v, 30));
    for (uint32_t k = wal_stat_count(); k < 30; k++)
        assert_int_equal(v[k], 0); /* of a newer library */
    must(wal_stats(f->log, NULL, 0));
    expect_error(WAL_E_INVAL, wal_stats(f->log, NULL, 1), "values");
    expect_error(WAL_E_INVAL, wal_stats(NULL, v, 1), "NULL");
}

static uint64_t samples(wal_t *w, uint32_t which, unsigned *ret_only)
{
    uint64_t buckets[64], n = 0;
    must(wal_histogram(w, which, buckets));
    for (unsigned k = 0; k < 64; k++) {
        n += buckets[k];
        if (buckets[k])
            *ret_only = k;
    }
    return n;
}

static void test_histograms_count(void **state)
{
    struct log_fixture *f = *state;
    uint64_t buckets[64] = {99};
    unsigned at;
    const wal_record_t r[5] = {{.size = sizeof r[0]}, {0}, {0}, {0}, {0}};

    fixture_open(f);
    for (uint32_t k = WAL_HIST_APPEND_NS; k <= WAL_HIST_READ_NS; k++)
        assert_int_equal(samples(f->log, k, &at), 0);
    must(wal_append_many(f->log, r, 5, 0, NULL));
    must(wal_append_many(f->log, r, 4, 0, NULL));
    assert_int_equal(samples(f->log, WAL_HIST_APPEND_NS, &at), 2);
    assert_int_equal(samples(f->log, WAL_HIST_SYNC_NS, &at), 2);
    assert_true(at > 0);
    assert_int_equal(samples(f->log, WAL_HIST_GROUP_RECORDS, &at), 2);
    assert_int_equal(at, 2); /* 4 .. 7 */
    assert_int_equal(samples(f->log, WAL_HIST_GROUP_BYTES, &at), 2);
    assert_true(at == 6 || at == 7);
    assert_int_equal(samples(f->log, WAL_HIST_READ_NS, &at), 0);
    expect_record(f->log, 3, "");
    assert_int_equal(samples(f->log, WAL_HIST_READ_NS, &at), 1);
    expect_error(WAL_E_INVAL, wal_histogram(f->log, WAL_HIST_READ_NS + 1, buckets), NULL);
    expect_error(WAL_E_INVAL, wal_histogram(f->log, UINT32_MAX, buckets), NULL);
    expect_error(WAL_E_INVAL, wal_histogram(f->log, 0, NULL), NULL);
    expect_error(WAL_E_INVAL, wal_histogram(NULL, 0, buckets), "NULL");
    assert_int_equal(buckets[0], 99);
}

static uint64_t disk_bytes_of(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *x;
    uint64_t bytes = 0;

    if (!d)
        abort();
    while ((x = readdir(d))) {
        struct stat st;
        if (x->d_name[0] != '.' && fstatat(dirfd(d), x->d_name, &st, 0) == 0)
            bytes += (uint64_t)st.st_blocks * 512;
    }
    closedir(d);
    return bytes;
}

static void test_disk_bytes(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
    for (int k = 0; k < 4; k++) /* more than zeros ahead of the new segment's end will be */
        must(wal_append(f->log, fixture_bytes(1 << 20, 1), 1 << 20, NULL));
    uint64_t bytes = wal_disk_bytes(f->log);
    assert_int_equal(bytes, disk_bytes_of(f->dir));
    assert_true(bytes >= 4 << 20);
    fixture_write_file(fixture_path(f, "stray"), 0, fixture_bytes(1 << 16, 1), 1 << 16);
    assert_int_equal(wal_disk_bytes(f->log), bytes); /* no file of the log */
    must(wal_reset(f->log, 1));
    assert_true(wal_disk_bytes(f->log) < bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_segments_tell_what_lies_where),
        fixture_test(test_segments_take_room_and_tell_how_many),
        fixture_test(test_segments_of_a_newer_program),
        fixture_test(test_statistics_count),
        fixture_test(test_statistics_by_name_and_number),
        fixture_test(test_histograms_count),
        fixture_test(test_disk_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
