/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata changes: the whole map in a group of its own, durable, or nothing. */
#include "spied_log.h"

#include <errno.h>

#include "log/meta.h"
#include "log/meta_changes.h"

static int set(struct log_fixture *f, const char *key, const char *value)
{
    struct meta_change change;
    assert_int_equal(meta_change_make(&change, key, strlen(key), value, value ? strlen(value) : 0),
                     0);
    return meta_set(f->log, &change);
}

static void expect(struct log_fixture *f, const char *key, const char *value)
{
    char buf[64];
    size_t size = 0;
    int e = meta_get(f->log, key, strlen(key), buf, sizeof buf, &size);
    if (!value) {
        assert_int_equal(e, WAL_E_NOTFOUND);
        return;
    }
    assert_int_equal(e, 0);
    assert_int_equal(size, strlen(value));
    assert_memory_equal(buf, value, size);
}

static void changes_are_durable_and_survive(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    spy_clear(&spy);
    assert_int_equal(set(f, "vote", "7"), 0);
    assert_true(spied_at("sync tmp-00000000000000000001", 1) >
                spied_at("write tmp-00000000000000000001", 1));
    assert_int_equal(set(f, "term", "12"), 0);
    assert_int_equal(set(f, "vote", "8"), 0);
    expect(f, "vote", "8");
    fixture_append(f, "1");
    must(wal_rotate(f->log));
    must(wal_rotate(f->log));
    fixture_append(f, "2");
    must(wal_truncate_before(f->log, 3)); /* the segment that held them goes */
    fixture_crash(f);
    fixture_open(f);
    expect(f, "vote", "8");
    expect(f, "term", "12");
    assert_int_equal(set(f, "vote", NULL), 0);
    assert_int_equal(set(f, "vote", NULL), WAL_E_NOTFOUND);
    fixture_reopen(f);
    expect(f, "vote", NULL);
    expect(f, "term", "12");
}

static void buffered_records_keep_their_place(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append_flags(f, "1", WAL_APPEND_ASYNC);
    assert_int_equal(set(f, "a", "b"), 0);
    assert_int_equal(wal_durable_lsn(f->log), 1); /* its sync covers them */
    assert_int_equal(fixture_append(f, "2"), 2);
    fixture_reopen(f);
    expect_record(f->log, 1, "1");
    expect_record(f->log, 2, "2");
}

static void failed_write_leaves_the_old_map(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    assert_int_equal(set(f, "a", "old"), 0);
    spy_short(&spy, SPY_WRITE, 1, 70);
    spy_fail(&spy, SPY_WRITE, 2, ENOSPC);
    assert_int_equal(set(f, "a", "new"), WAL_E_NOSPC);
    expect(f, "a", "old");
    assert_int_equal(f->log->failure, 0);
    assert_int_equal(set(f, "b", "new"), 0);
    fixture_reopen(f);
    expect(f, "a", "old");
    expect(f, "b", "new");
}

static void failed_sync_is_doubt_and_shows_the_old_map(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    assert_int_equal(set(f, "a", "old"), 0);
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    assert_int_equal(set(f, "a", "new"), WAL_E_INDOUBT);
    expect(f, "a", "old");
    assert_int_equal(set(f, "a", "new"), WAL_E_FAILED);
}

static void small_buffers_and_snapshots(void **state)
{
    struct log_fixture *f = *state;
    struct meta_map map;
    char buf[2] = "xx";
    size_t size = 0;

    fixture_open(f);
    assert_int_equal(meta_snapshot(f->log, &map), 0);
    assert_null(meta_map_find(&map, "a", 1));
    meta_map_free(&map, f->log->alloc);
    assert_int_equal(set(f, "a", "old"), 0);
    assert_int_equal(meta_get(f->log, "a", 1, buf, 2, &size), WAL_E_TOOBIG);
    assert_int_equal(size, 3);
    assert_memory_equal(buf, "xx", 2);
    assert_int_equal(meta_snapshot(f->log, &map), 0);
    assert_int_equal(set(f, "a", "new"), 0);
    assert_memory_equal(meta_map_find(&map, "a", 1)->value, "old", 3);
    meta_map_free(&map, f->log->alloc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(changes_are_durable_and_survive),
        spied_test(buffered_records_keep_their_place),
        spied_test(failed_write_leaves_the_old_map),
        spied_test(failed_sync_is_doubt_and_shows_the_old_map),
        spied_test(small_buffers_and_snapshots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
