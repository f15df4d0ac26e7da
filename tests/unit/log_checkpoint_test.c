/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: in which order they are written, what a failure leaves, and what is carried where.
 */
#include "spied_log.h"

#include <errno.h>

#include "log/checkpoint.h"

static int put(struct log_fixture *f, uint64_t lsn, const char *text)
{
    struct checkpoint_state s = {.lsn = lsn, .size = strlen(text), .bytes = (const uint8_t *)text};
    return checkpoint_put(f->log, &s);
}

static void expect(struct log_fixture *f, uint64_t lsn, const char *text)
{
    char buf[64];
    struct checkpoint_state s;
    assert_int_equal(checkpoint_get(f->log, buf, sizeof buf, &s), 0);
    assert_int_equal(s.lsn, lsn);
    assert_int_equal(s.size, strlen(text));
    assert_memory_equal(buf, text, s.size);
}

static void it_is_synced_before_it_counts(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "1");
    spy_clear(&spy);
    assert_int_equal(put(f, 1, "a"), 0);
    int written = spied_at("write tmp-00000000000000000001", 1);
    assert_true(written >= 0);
    assert_true(spied_behind("sync tmp-00000000000000000001", written) > written);
    expect(f, 1, "a");
}

static void a_failed_write_leaves_the_old_one(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "1");
    assert_int_equal(put(f, 1, "old"), 0);
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    assert_int_equal(put(f, 1, "new"), WAL_E_NOSPC);
    expect(f, 1, "old");
    assert_int_equal(wal_failure(f->log), 0);
    fixture_append(f, "2");
    assert_int_equal(put(f, 2, "next"), 0);
    fixture_crash(f);
    fixture_open(f);
    expect(f, 2, "next");
    expect_record(f->log, 2, "2");
}

static void a_failed_sync_is_doubt(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "1");
    assert_int_equal(put(f, 1, "old"), 0);
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    assert_int_equal(put(f, 1, "new"), WAL_E_INDOUBT);
    expect(f, 1, "old");
    assert_int_equal(wal_failure(f->log), WAL_E_IO);
}

/* The copy is durable before control says that the old segment is gone. */
static void a_front_cut_copies_it_first(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "1");
    assert_int_equal(put(f, 1, "a"), 0);
    must(wal_rotate(f->log));
    fixture_append(f, "2");
    spy_clear(&spy);
    must(wal_truncate_before(f->log, 2));
    int copied = spied_at("write tmp-00000000000000000002", 1);
    int synced = spied_behind("sync tmp-00000000000000000002", copied);
    int stated = spied_behind("write control", synced);
    int removed = spied_behind("unlink 00000000000000000001.wal", stated);
    assert_true(copied >= 0 && synced > copied && stated > synced && removed > stated);
    expect(f, 1, "a");
    spy_clear(&spy);
    must(wal_truncate_before(f->log, 3)); /* it lies above this cut already */
    assert_int_equal(spied_at("write tmp-00000000000000000002", 1), -1);
}

static void without_space_nothing_is_cut(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "1");
    assert_int_equal(put(f, 1, "a"), 0);
    must(wal_rotate(f->log));
    fixture_append(f, "2");
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_truncate_before(f->log, 2), NULL);
    expect_record(f->log, 1, "1");
    expect(f, 1, "a");
    must(wal_truncate_before(f->log, 2));
    expect(f, 1, "a");
}

static void it_goes_over_where_its_segment_ends_before_it(void **state)
{
    struct log_fixture *f = *state;
    struct births b = {0};
    struct member *m;
    fixture_open(f);
    fixture_append(f, "1");
    assert_int_equal(checkpoint_carry(f->log, 1, 0, &b, &m), 0);
    assert_null(m);
    assert_int_equal(put(f, 1, "a"), 0);
    uint64_t at = f->log->checkpoint.place.offset;
    assert_int_equal(checkpoint_carry(f->log, 1, at + 1, &b, &m), 0);
    assert_null(m);
    assert_int_equal(checkpoint_carry(f->log, 2, 0, &b, &m), 0);
    assert_null(m);
    assert_int_equal(checkpoint_carry(f->log, 1, at, &b, &m), 0);
    assert_non_null(m);
    assert_int_equal(b.checkpoint_offset, at);
    assert_ptr_equal(b.checkpoint_from, &m->segment);
    catalog_release(&f->log->catalog, m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(it_is_synced_before_it_counts),
        spied_test(a_failed_write_leaves_the_old_one),
        spied_test(a_failed_sync_is_doubt),
        spied_test(a_front_cut_copies_it_first),
        spied_test(without_space_nothing_is_cut),
        spied_test(it_goes_over_where_its_segment_ends_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
