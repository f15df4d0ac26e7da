/* SPDX-License-Identifier: Apache-2.0 */
/* What a log tells about itself. */
#include "spied_log.h"

#include <sys/stat.h>

#include "log/info.h"

static void segments_oldest_first(void **state)
{
    struct log_fixture *f = *state;
    struct segment_info *list = NULL;
    size_t n = 0;

    fixture_open(f);
    for (int k = 0; k < 20; k++) { /* more than the list has room for at first */
        fixture_append(f, "a");
        fixture_append(f, "b");
        must(wal_rotate(f->log));
    }
    must(wal_truncate_before(f->log, 6));
    fixture_append_flags(f, "c", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    assert_int_equal(info_segments(f->log, &list, &n), 0);
    assert_int_equal(n, 19);
    for (size_t k = 0; k < n; k++) {
        assert_int_equal(list[k].number, 3 + k);
        assert_int_equal(list[k].first_lsn, k ? 5 + 2 * k : 6); /* of the records that count */
        assert_int_equal(list[k].last_lsn, k + 1 < n ? 6 + 2 * k : 41);
        assert_int_equal(list[k].active, k + 1 == n);
        assert_true(list[k].bytes > 4096 && list[k].created_ns > 0);
    }
    assert_int_equal(list[n - 1].bytes, f->log->writer.end.offset);
    mem_free(f->log->alloc, list);
}

static void empty_segment(void **state)
{
    struct log_fixture *f = *state;
    struct segment_info *list = NULL;
    size_t n = 0;

    fixture_set(f, WAL_OPT_FIRST_LSN, 100);
    fixture_open(f);
    assert_int_equal(info_segments(f->log, &list, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(list->first_lsn, 100);
    assert_int_equal(list->last_lsn, 99);
    mem_free(f->log->alloc, list);
}

static uint64_t blocks_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (uint64_t)st.st_blocks * 512;
}

static void the_logs_own_files_count(void **state)
{
    struct log_fixture *f = *state;
    uint64_t bytes = 0, right = 0;

    fixture_open(f);
    must(wal_append(f->log, fixture_bytes(100000, 'a'), 100000, NULL));
    must(wal_rotate(f->log));
    fixture_write_file(fixture_path(f, "stranger"), 0, fixture_bytes(500000, 'x'), 500000);
    right = blocks_of(fixture_path(f, "control"));
    for (uint64_t k = 1; k <= 2; k++)
        right += blocks_of(fixture_segment_path(f, k));
    assert_int_equal(info_disk_bytes(f->log, &bytes), 0);
    assert_int_equal(bytes, right);
}

static void present_values(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    info_refresh_stats(f->log);
    assert_int_equal(stat_get(&f->log->stats, WAL_STAT_PENDING_BYTES), 0);
    fixture_append(f, "a");
    fixture_append_flags(f, "12345678", WAL_APPEND_ASYNC);
    info_refresh_stats(f->log);
    assert_int_equal(stat_get(&f->log->stats, WAL_STAT_PENDING_BYTES), 24);
    assert_true(stat_get(&f->log->stats, WAL_STAT_INDEX_BYTES) > 0);
    must(wal_flush(f->log));
    info_refresh_stats(f->log);
    assert_int_equal(stat_get(&f->log->stats, WAL_STAT_PENDING_BYTES), 0);
}

static void the_newest_header_and_strays(void **state)
{
    struct log_fixture *f = *state;
    struct segment_header h;
    uint64_t strays = 99;

    fixture_open(f);
    fixture_append(f, "1");
    must(wal_rotate(f->log));
    fixture_write_file(fixture_path(f, "stray"), 0, "x", 1);
    assert_int_equal(info_log(f->log, &h, &strays), 0);
    assert_memory_equal(&h, &f->log->writer.segment.header, sizeof h);
    assert_int_equal(h.number, 2);
    assert_int_equal(strays, 1);
    strays = 99;
    spy_fail(&spy, SPY_LIST, 1, EIO);
    assert_int_equal(info_log(f->log, &h, &strays), WAL_E_IO);
    assert_int_equal(strays, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(segments_oldest_first),        spied_test(empty_segment),
        spied_test(the_logs_own_files_count),     spied_test(present_values),
        spied_test(the_newest_header_and_strays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
