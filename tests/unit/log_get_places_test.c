/* SPDX-License-Identifier: Apache-2.0 */
/* wal_get of records whose place is known: one read, which is checked like any other. */
#include "spied_log.h"

#include "log/catalog_index.h"
#include "log/get.h"

enum { SIZE = 100, WHOLE = 120 }; /* of a record */

/* Ten records in one group; the place of each is known. Returns where the first begins. */
static uint64_t begin(struct log_fixture *f)
{
    struct spot s;
    char buf[SIZE];
    wal_record_t r = {.size = sizeof r};

    fixture_open(f);
    for (int k = 1; k <= 10; k++)
        must(wal_append_typed(f->log, 5, fixture_bytes(SIZE, 'a' + k), SIZE, WAL_APPEND_ASYNC,
                              NULL));
    must(wal_sync(f->log, 0));
    must(wal_get(f->log, 4, buf, sizeof buf, &r));
    assert_true(catalog_spot(&f->log->catalog, 1, &s));
    catalog_release(&f->log->catalog, s.member);
    assert_int_equal(s.next - s.offset, WHOLE);
    return s.offset;
}

static void expect(struct log_fixture *f, uint64_t lsn)
{
    char buf[SIZE];
    wal_record_t r = {.size = sizeof r};
    must(wal_get(f->log, lsn, buf, sizeof buf, &r));
    assert_int_equal(r.lsn, lsn);
    assert_int_equal(r.type, 5);
    assert_int_equal(r.data_size, SIZE);
    assert_int_equal(r.flags, WAL_RECORD_DURABLE | WAL_RECORD_BATCH_LAST);
    assert_memory_equal(buf, fixture_bytes(SIZE, 'a' + (int)lsn), SIZE);
}

static unsigned reads_for(struct log_fixture *f, uint64_t lsn)
{
    unsigned before = spy.calls[SPY_READ];
    expect(f, lsn);
    return spy.calls[SPY_READ] - before;
}

static void one_read_each(void **state)
{
    struct log_fixture *f = *state;
    begin(f);
    for (uint64_t lsn = 1; lsn <= 10; lsn++)
        assert_int_equal(reads_for(f, lsn), 1);
    must(wal_rotate(f->log)); /* sealed ones, too */
    for (uint64_t lsn = 1; lsn <= 10; lsn++)
        assert_int_equal(reads_for(f, lsn), 1);
    fixture_reopen(f); /* the first one finds the segment and its group */
    assert_true(reads_for(f, 7) > 1);
    for (uint64_t lsn = 1; lsn <= 10; lsn++)
        assert_int_equal(reads_for(f, lsn), 1);
}

/* Durable appends make groups of their own: those written since somebody first asked are known. */
static void what_was_just_written_is_known(void **state)
{
    struct log_fixture *f = *state;
    begin(f);
    must(wal_append_typed(f->log, 5, fixture_bytes(SIZE, 'a' + 11), SIZE, 0, NULL));
    assert_int_equal(reads_for(f, 11), 1);
}

/* Each bit of the record is under its checksum, its LSN, or known to be zero. What else is in the
 * group doesn't matter to it. */
static void each_of_its_bits_counts(void **state)
{
    struct log_fixture *f = *state;
    uint64_t at = begin(f) + 2 * WHOLE;
    const char *path = fixture_segment_path(f, 1);
    char buf[SIZE];
    wal_record_t r = {.size = sizeof r};
    uint8_t byte;

    for (uint64_t k = 0; k < WHOLE; k++)
        for (int bit = 0; bit < 8; bit++) {
            fixture_read_file(path, at + k, &byte, 1);
            byte ^= (uint8_t)(1 << bit);
            fixture_write_file(path, at + k, &byte, 1);
            expect_error(WAL_E_CORRUPT, wal_get(f->log, 3, buf, sizeof buf, &r), "LSN 1");
            assert_int_equal(reads_for(f, 2), 1);
            assert_int_equal(reads_for(f, 4), 1);
            byte ^= (uint8_t)(1 << bit);
            fixture_write_file(path, at + k, &byte, 1);
        }
    assert_int_equal(reads_for(f, 3), 1);
}

/* Whatever the table says: what isn't the record there is looked for in its group. */
static void a_wrong_place_is_noticed(void **state)
{
    struct log_fixture *f = *state;
    uint64_t at = begin(f);
    struct catalog *c = &f->log->catalog;
    const uint64_t places[] = {at - 64, at - 8, at + 8,     at + WHOLE,
                               8,       64,     100 * 1024, UINT64_C(1) << 32};

    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
        struct member *m = c->members[0];
        uint32_t wrong = (uint32_t)(places[k] / OFFSET_UNIT);
        c->offsets_bytes -= m->offsets.bytes;
        offsets_free(&m->offsets, c->alloc);
        offsets_put(&m->offsets, c->alloc, 0, &wrong, 1);
        c->offsets_bytes += m->offsets.bytes;
        assert_true(reads_for(f, 1) > 1);
    }
}

static void errors_of_the_read(void **state)
{
    struct log_fixture *f = *state;
    char buf[SIZE];
    wal_record_t r = {.size = sizeof r};

    begin(f);
    spy_fail(&spy, SPY_READ, 1, EIO);
    expect_error(WAL_E_IO, wal_get(f->log, 3, buf, sizeof buf, &r), "00000000000000000001.wal");
    spy_fail(&spy, SPY_READ, 1, EINTR);
    expect(f, 3);
    spy_short(&spy, SPY_READ, 1, 7);
    expect(f, 3);
}

static void too_small_a_buffer(void **state)
{
    struct log_fixture *f = *state;
    char buf[SIZE];
    wal_record_t r = {.size = sizeof r, .lsn = 77};

    begin(f);
    memset(buf, 'u', sizeof buf);
    expect_error(WAL_E_TOOBIG, wal_get(f->log, 3, buf, SIZE - 1, &r), "100 bytes");
    assert_int_equal(r.data_size, SIZE);
    assert_int_equal(r.lsn, 77);
    assert_memory_equal(buf, fixture_bytes(SIZE, 'u'), SIZE);
}

/* Records around the size that is read to the stack, each followed by one, and one by none. */
static void large_ones(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t sizes[] = {8175, 8176, 8177, 100000, 8168, 400000, 500, 496, 600, 30000};
    static char buf[400000];
    wal_record_t r = {.size = sizeof r};

    fixture_open(f);
    for (int k = 0; k < 10; k++)
        must(wal_append_typed(f->log, 5, fixture_bytes(sizes[k], 'a' + k), sizes[k],
                              WAL_APPEND_ASYNC, NULL));
    must(wal_sync(f->log, 0));
    for (int round = 0; round < 3; round++)
        for (int k = 0; k < 10; k++) {
            must(wal_get(f->log, (uint64_t)k + 1, buf, sizeof buf, &r));
            assert_int_equal(r.data_size, sizes[k]);
            assert_memory_equal(buf, fixture_bytes(sizes[k], 'a' + k), sizes[k]);
        }
}

struct under_way {
    struct log_fixture *f;
    unsigned writes, found;
};

static void get_while_it_writes(void *arg)
{
    struct under_way *x = arg;
    char byte;
    wal_record_t r = {.size = sizeof r};
    x->writes++;
    for (uint64_t lsn = 11; lsn <= 20; lsn++)
        x->found += wal_get(x->f->log, lsn, &byte, 1, &r) != WAL_E_RANGE;
}

/* The groups of a batch are in the file, and so may be its records' places, but it isn't there yet.
 */
static void a_batch_under_way_is_not_there(void **state)
{
    struct log_fixture *f = *state;
    struct under_way x = {.f = f};
    static char data[40000];
    wal_record_t r[10];

    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 * 1024);
    begin(f);
    for (int k = 0; k < 10; k++)
        r[k] = (wal_record_t){.size = sizeof *r, .data = data, .data_size = sizeof data};
    spy.hook_call = SPY_WRITE;
    spy.hook_arg = &x;
    spy.hook = get_while_it_writes;
    must(wal_append_many(f->log, r, 10, 0, NULL));
    spy.hook = NULL;
    assert_true(x.writes > 5);
    assert_int_equal(x.found, 0);
    must(wal_get(f->log, 20, data, sizeof data, &r[0]));
}

static void cut_while_it_reads(void *arg)
{
    struct log_fixture *f = arg;
    spy.hook = NULL;
    must(wal_truncate_after(f->log, 5));
}

/* The log changed while the record was read: it is looked for once more. */
static void what_was_cut_meanwhile_is_gone(void **state)
{
    struct log_fixture *f = *state;
    char buf[SIZE];
    wal_record_t r = {.size = sizeof r};

    begin(f);
    spy.hook_call = SPY_READ;
    spy.hook_arg = f;
    spy.hook = cut_while_it_reads;
    expect_error(WAL_E_RANGE, wal_get(f->log, 7, buf, sizeof buf, &r), "LSN 7");
    assert_null(spy.hook);
    expect(f, 5);
}

static uint64_t samples(wal_t *w)
{
    uint64_t buckets[64], sum = 0;
    must(wal_histogram(w, WAL_HIST_READ_NS, buckets));
    for (int k = 0; k < 64; k++)
        sum += buckets[k];
    return sum;
}

static void few_are_timed_and_stand_for_the_rest(void **state)
{
    struct log_fixture *f = *state;
    begin(f);
    uint64_t before = samples(f->log);
    assert_int_equal(before, 1);
    for (int k = 0; k < 1000; k++)
        expect(f, 1 + (uint64_t)k % 10);
    assert_in_range(samples(f->log) - before, 1000 - 64, 1000 + 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(one_read_each),
        spied_test(what_was_just_written_is_known),
        spied_test(each_of_its_bits_counts),
        spied_test(a_wrong_place_is_noticed),
        spied_test(errors_of_the_read),
        spied_test(too_small_a_buffer),
        spied_test(large_ones),
        spied_test(a_batch_under_way_is_not_there),
        spied_test(what_was_cut_meanwhile_is_gone),
        spied_test(few_are_timed_and_stand_for_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
