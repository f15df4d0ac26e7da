/* SPDX-License-Identifier: Apache-2.0 */
/* Batch objects: what doesn't fit in memory spills, and comes back whole. */
#include "spied_log.h"

#include <errno.h>
#include <unistd.h>

#include "log/batch.h"

enum { GROUP = 64 * 1024 };

static struct wal_batch *begin(struct log_fixture *f)
{
    struct wal_batch *b = NULL;
    fixture_set(f, WAL_OPT_GROUP_BYTES, GROUP);
    fixture_open(f);
    assert_int_equal(batch_new(f->log, &b), 0);
    return b;
}

static void put(struct wal_batch *b, unsigned n, size_t size)
{
    for (unsigned k = 0; k < n; k++)
        assert_int_equal(batch_append(b, k, fixture_bytes(size, (int)k), size), 0);
}

static void expect(wal_t *w, uint64_t lsn, unsigned k, size_t size)
{
    static uint8_t buf[GROUP];
    wal_record_t r = {.size = sizeof r};
    must(wal_get(w, lsn, buf, sizeof buf, &r));
    assert_int_equal(r.type, k);
    assert_int_equal(r.data_size, size);
    assert_memory_equal(buf, fixture_bytes(size, (int)k), size);
}

static void memory_stays_within_a_group(void **state)
{
    struct log_fixture *f = *state;
    struct wal_batch *b = begin(f);
    uint64_t first = 0, last = 0;

    for (unsigned k = 0; k < 100; k++) {
        assert_int_equal(batch_append(b, k, fixture_bytes(5000, (int)k), 5000), 0);
        assert_true(b->store.memory.size <= GROUP);
    }
    assert_true(b->store.spill.bytes > 400000);
    assert_int_equal(b->store.spill.bytes + b->store.memory.size, b->store.body);
    assert_int_equal(wal_last_lsn(f->log), 0); /* nothing of it is in the log */
    assert_int_equal(batch_commit(b, 0, &first, &last), 0);
    assert_int_equal(first, 1);
    assert_int_equal(last, 100);
    for (unsigned k = 0; k < 100; k++)
        expect(f->log, 1 + k, k, 5000);
    assert_int_equal(b->store.records, 0);
    assert_int_equal(b->store.spill.file.fd, -1);
    batch_free(b);
}

static void empty_one_writes_nothing(void **state)
{
    struct log_fixture *f = *state;
    struct wal_batch *b = begin(f);
    uint64_t first = 7, last = 7;

    spy_clear(&spy);
    assert_int_equal(batch_commit(b, 0, &first, &last), 0);
    assert_true(first == 0 && last == 0);
    put(b, 3, 10);
    batch_clear(b);
    assert_int_equal(batch_commit(b, 0, &first, &last), 0);
    assert_int_equal(spy.calls[SPY_WRITE], 0);
    assert_int_equal(wal_next_lsn(f->log), 1);
    batch_free(b);
}

static void refused_record_changes_nothing(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first, last;
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 50000);
    struct wal_batch *b = begin(f);

    put(b, 1, 50000);
    assert_int_equal(batch_append(b, 0, "x", 50001), WAL_E_TOOBIG);
    assert_int_equal(batch_append(b, 65536, "x", 1), WAL_E_INVAL);
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC); /* the second one has to spill the first */
    assert_int_equal(batch_append(b, 0, fixture_bytes(50000, 1), 50000), WAL_E_NOSPC);
    assert_int_equal(b->store.records, 1);
    assert_int_equal(b->store.payload, 50000);
    assert_int_equal(batch_append(b, 1, fixture_bytes(50000, 1), 50000), 0);
    assert_int_equal(batch_commit(b, 0, &first, &last), 0);
    expect(f->log, 1, 0, 50000);
    expect(f->log, 2, 1, 50000);
    batch_free(b);
}

static void it_can_be_committed_again_after_an_error(void **state)
{
    struct log_fixture *f = *state;
    struct wal_batch *b = begin(f);
    uint64_t first = 7, last = 7;

    put(b, 40, 5000);
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    assert_int_equal(batch_commit(b, 0, &first, &last), WAL_E_NOSPC);
    assert_true(first == 7 && last == 7);
    assert_int_equal(wal_next_lsn(f->log), 1);
    assert_int_equal(batch_append(b, 40, "x", 1), 0);
    assert_int_equal(batch_commit(b, 0, &first, &last), 0);
    assert_true(first == 1 && last == 41);
    expect(f->log, 40, 39, 5000);
    batch_free(b);
}

static void after_doubt_it_can_only_be_aborted(void **state)
{
    struct log_fixture *f = *state;
    struct wal_batch *b = begin(f);
    uint64_t first, last;

    put(b, 2, 10);
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    assert_int_equal(batch_commit(b, 0, &first, &last), WAL_E_INDOUBT);
    assert_int_equal(b->store.records, 2);
    assert_int_equal(batch_commit(b, 0, &first, &last), WAL_E_FAILED);
    batch_clear(b);
    assert_false(b->doomed);
    batch_free(b);
}

static void damaged_spill_is_found(void **state)
{
    struct log_fixture *f = *state;
    struct wal_batch *b = begin(f);
    uint64_t first, last;

    put(b, 40, 5000);
    assert_int_equal(pwrite(b->store.spill.file.fd, "!", 1, 70000), 1);
    assert_int_equal(batch_commit(b, 0, &first, &last), WAL_E_IO);
    assert_int_equal(wal_next_lsn(f->log), 1);
    assert_int_equal(ftruncate(b->store.spill.file.fd, 60000), 0);
    assert_int_equal(batch_commit(b, 0, &first, &last), WAL_E_IO);
    batch_free(b);
    assert_int_equal(fixture_append(f, "next"), 1);
    fixture_reopen(f);
    expect_record(f->log, 1, "next");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(memory_stays_within_a_group),
        spied_test(empty_one_writes_nothing),
        spied_test(refused_record_changes_nothing),
        spied_test(it_can_be_committed_again_after_an_error),
        spied_test(after_doubt_it_can_only_be_aborted),
        spied_test(damaged_spill_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
