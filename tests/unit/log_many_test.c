/* SPDX-License-Identifier: Apache-2.0 */
/* Many records at once: how far one call goes, and what it leaves to the next one. */
#include "spied_log.h"

#include "format/group.h"
#include "log/many.h"

enum { ROOM = 16, GROUP = 128 /* one small record */ };

static wal_record_t got[ROOM];

static struct wal_reader *open_at(struct log_fixture *f, uint64_t from, uint32_t flags)
{
    struct wal_reader *r = NULL;
    assert_int_equal(reader_open(f->log, from, flags, &r), 0);
    return r;
}

static int next_many(struct wal_reader *r, size_t *ret_n)
{
    memset(got, 0, sizeof got);
    got[0].size = sizeof got[0];
    return reader_next_many(r, got, ROOM, UINT64_MAX, ret_n);
}

static void one_look_and_one_read_for_all(void **state)
{
    struct log_fixture *f = *state;
    size_t n = 0;

    fixture_open(f);
    fixture_fill(f, 10);
    struct wal_reader *r = open_at(f, 0, 0);
    spy_clear(&spy);
    assert_int_equal(next_many(r, &n), 1);
    assert_int_equal(n, 10);
    unsigned reads = spy.calls[SPY_READ];
    assert_true(reads > 0);
    assert_int_equal(next_many(r, &n), 0);
    assert_int_equal(n, 10);
    assert_int_equal(spy.calls[SPY_READ], reads);
    reader_close(r);
}

/* What is not in the memory of one read is left for the next call: nothing that was given moves. */
static void what_was_given_stays_where_it_is(void **state)
{
    struct log_fixture *f = *state;
    size_t n = 0, all = 0;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    for (int k = 1; k <= 12; k++) { /* groups of which a block holds two and a part */
        must(wal_append(f->log, fixture_bytes(200000, k), 200000, NULL));
        must(wal_flush(f->log));
    }
    must(wal_sync(f->log, 0));
    struct wal_reader *r = open_at(f, 0, 0);
    while (next_many(r, &n) == 1) {
        assert_int_equal(n, 2);
        for (size_t k = 0; k < n; k++) {
            const uint8_t *data = got[k].data;
            assert_int_equal(got[k].lsn, ++all);
            assert_int_equal(data[0], all);
            assert_int_equal(data[199999], all);
        }
    }
    assert_int_equal(all, 12);
    reader_close(r);
}

/* A group whose checksums are right and whose records are not: the last of the segment. */
static void forge_record(struct log_fixture *f, uint64_t group, size_t at, uint8_t byte)
{
    const struct segment_header *s = &f->log->writer.segment.header;
    const char *path = fixture_segment_path(f, s->number);
    uint8_t bytes[512];
    struct group_header h;

    fixture_read_file(path, group, bytes, sizeof bytes);
    assert_int_equal(
        group_header_decode(&h, bytes, s->salt, (uint32_t)s->epoch, (uint32_t)(group / PLACE_UNIT)),
        GROUP_RIGHT);
    bytes[GROUP_HEADER_BYTES + at] = byte;
    h.body_crc = group_body_crc(s->salt, bytes + GROUP_HEADER_BYTES, h.stored_bytes);
    group_header_encode(bytes, &h, s->salt);
    fixture_write_file(path, group, bytes, sizeof bytes);
}

static void an_error_comes_with_the_record_that_it_hits(void **state)
{
    static const wal_record_t batch[3] = {{.size = sizeof batch[0]}, {0}, {0}};
    struct log_fixture *f = *state;
    size_t n = 0;

    fixture_open(f);
    fixture_append(f, "1");
    must(wal_append_many(f->log, batch, 3, 0, NULL)); /* 2, 3, 4 */
    forge_record(f, 4096 + GROUP, 2 * 16 + 8, 99);    /* the LSN of 4 */
    struct wal_reader *r = open_at(f, 0, 0);
    fault(WAL_E_RANGE, "before");
    assert_int_equal(next_many(r, &n), 1);
    assert_int_equal(n, 3);
    assert_int_equal(fault_last()->code, WAL_E_RANGE);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(next_many(r, &n), WAL_E_CORRUPT);
        assert_int_equal(r->position, 4);
    }
    assert_int_equal(n, 3);
    assert_int_equal(stat_get(&f->log->stats, WAL_STAT_CORRUPTIONS), 2);
    forge_record(f, 4096 + GROUP, 2 * 16 + 8, 4);
    assert_int_equal(next_many(r, &n), 1); /* it was read anew */
    assert_int_equal(n, 1);
    assert_int_equal(got[0].lsn, 4);
    reader_close(r);
}

/* Nor is a group loaded that lies behind it. It may lie within a group: that of a read-only handle
 * that knows only of a part. */
static void no_further_than_the_horizon(void **state)
{
    struct log_fixture *f = *state;
    size_t n = 0;

    fixture_open(f);
    fixture_fill(f, 3);
    for (int k = 4; k <= 9; k++)
        fixture_append_flags(f, "x", WAL_APPEND_ASYNC);
    must(wal_sync(f->log, 0));
    struct wal_reader *r = open_at(f, 0, 0);
    atomic_store(&f->log->durable_lsn, 2);
    assert_int_equal(next_many(r, &n), 1);
    assert_int_equal(n, 2);
    assert_int_equal(r->group.header.first_lsn, 2);
    atomic_store(&f->log->durable_lsn, 4);
    assert_int_equal(next_many(r, &n), 1);
    assert_int_equal(n, 2);
    assert_int_equal(next_many(r, &n), 0);
    atomic_store(&f->log->durable_lsn, 9);
    assert_int_equal(next_many(r, &n), 1);
    assert_int_equal(n, 5);
    assert_int_equal(got[0].lsn, 5);
    reader_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(one_look_and_one_read_for_all),
        spied_test(what_was_given_stays_where_it_is),
        spied_test(an_error_comes_with_the_record_that_it_hits),
        spied_test(no_further_than_the_horizon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
