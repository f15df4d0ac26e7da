/* SPDX-License-Identifier: Apache-2.0 */
/* Readers: a place that walks, forward and backward, and knows when it was cut away. */
#include "spied_log.h"

#include <fcntl.h>
#include <unistd.h>

#include "log/reader.h"

static struct wal_reader *open_at(struct log_fixture *f, uint64_t from, uint32_t flags)
{
    struct wal_reader *r = NULL;
    assert_int_equal(reader_open(f->log, from, flags, &r), 0);
    return r;
}

static void expect_one(struct wal_reader *r, uint64_t lsn, bool durable)
{
    struct record got;
    bool is_durable = !durable;
    char text[16];

    assert_int_equal(reader_next(r, &got, &is_durable), 1);
    assert_int_equal(got.lsn, lsn);
    snprintf(text, sizeof text, "%" PRIu64, lsn);
    assert_int_equal(got.size, strlen(text));
    assert_memory_equal(got.payload, text, got.size);
    assert_int_equal(is_durable, durable);
}

static int code_of_next(struct wal_reader *r)
{
    struct record got;
    bool durable;
    return reader_next(r, &got, &durable);
}

static void it_walks_both_ways_over_segments(void **state)
{
    struct log_fixture *f = *state;
    char text[16];

    fixture_open(f);
    for (unsigned k = 1; k <= 9; k++) {
        snprintf(text, sizeof text, "%u", k);
        fixture_append_flags(f, text, k % 3 ? WAL_APPEND_ASYNC : 0); /* groups of three */
        if (k == 3 || k == 6)
            must(wal_rotate(f->log));
    }
    struct wal_reader *r = open_at(f, 0, 0), *back = open_at(f, 0, WAL_READ_REVERSE);
    for (uint64_t lsn = 1; lsn <= 9; lsn++) {
        assert_int_equal(r->position, lsn);
        expect_one(r, lsn, true);
        expect_one(back, 10 - lsn, true);
    }
    assert_int_equal(code_of_next(r), 0);
    assert_int_equal(r->position, 10);
    assert_int_equal(code_of_next(back), 0);
    assert_int_equal(back->position, 0);
    assert_int_equal(reader_wait(back, -1), 0); /* nothing will come to it */
    assert_int_equal(reader_seek(r, 5), 0);
    expect_one(r, 5, true);
    assert_int_equal(reader_seek(back, 2), 0);
    expect_one(back, 2, true);
    expect_one(back, 1, true);
    reader_close(r);
    reader_close(back);
}

static void what_is_not_durable_is_for_those_who_ask(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "1");
    fixture_append_flags(f, "2", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    fixture_append_flags(f, "3", WAL_APPEND_ASYNC);
    struct wal_reader *r = open_at(f, 1, 0), *all = open_at(f, 1, WAL_READ_WRITTEN);
    expect_one(r, 1, true);
    assert_int_equal(code_of_next(r), 0);
    expect_one(all, 1, true);
    expect_one(all, 2, false);
    assert_int_equal(code_of_next(all), 0); /* the third isn't written */
    assert_int_equal(reader_wait(all, 0), 0);
    must(wal_sync(f->log, 0));
    assert_int_equal(reader_wait(r, -1), 1);
    expect_one(r, 2, true);
    expect_one(all, 3, true);
    reader_close(r);
    reader_close(all);
}

static void where_it_may_stand(void **state)
{
    struct log_fixture *f = *state;
    struct wal_reader *r = NULL;

    fixture_open(f);
    assert_int_equal(reader_open(f->log, 2, 0, &r), WAL_E_RANGE);
    assert_int_equal(reader_open(f->log, 1, 8, &r), WAL_E_INVAL);
    assert_null(r);
    r = open_at(f, 1, 0); /* waits for what comes */
    struct wal_reader *none = open_at(f, 0, WAL_READ_REVERSE);
    assert_int_equal(none->position, 0);
    fixture_fill(f, 4);
    expect_one(r, 1, true);
    must(wal_truncate_before(f->log, 3));
    assert_int_equal(reader_seek(r, 2), WAL_E_RANGE);
    assert_int_equal(reader_seek(r, 6), WAL_E_RANGE);
    assert_int_equal(fault_last()->lsn, 6);
    assert_int_equal(reader_seek(r, 5), 0);
    assert_int_equal(reader_seek(r, 0), 0);
    expect_one(r, 3, true);
    reader_close(r);
    reader_close(none);
    assert_null(f->log->readers);
}

/* Forward, the record before the place must have stayed; backward, the next one. */
static void cuts_reach_those_above_them(void **state)
{
    struct log_fixture *f = *state;
    struct wal_reader *forward[10], *back[10];

    fixture_open(f);
    fixture_fill(f, 8);
    for (uint64_t k = 1; k <= 8; k++) {
        forward[k] = open_at(f, k, 0);
        back[k] = open_at(f, k, WAL_READ_REVERSE);
    }
    must(wal_truncate_after(f->log, 5));
    assert_int_equal(fixture_append(f, "6"), 6);
    for (uint64_t k = 1; k <= 8; k++) {
        bool reached = k > 6, reached_back = k > 5;
        for (int again = 0; again < 2 && reached; again++) { /* until it is put elsewhere */
            assert_int_equal(code_of_next(forward[k]), WAL_E_TRIMMED);
            assert_int_equal(fault_last()->lsn, k);
            assert_int_equal(reader_wait(forward[k], -1), WAL_E_TRIMMED);
        }
        if (!reached)
            expect_one(forward[k], k, true);
        if (reached_back)
            assert_int_equal(code_of_next(back[k]), WAL_E_TRIMMED);
        else
            expect_one(back[k], k, true);
    }
    assert_int_equal(reader_seek(forward[8], 6), 0);
    expect_one(forward[8], 6, true);
    for (uint64_t k = 1; k <= 8; k++) {
        reader_close(forward[k]);
        reader_close(back[k]);
    }
}

static void truncation_at_the_front_and_reset(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 5);
    struct wal_reader *low = open_at(f, 2, 0), *high = open_at(f, 4, 0), *end = open_at(f, 6, 0);
    must(wal_truncate_before(f->log, 3));
    assert_int_equal(code_of_next(low), WAL_E_TRIMMED);
    expect_one(high, 4, true);
    must(wal_reset(f->log, 6));
    assert_int_equal(code_of_next(high), WAL_E_TRIMMED);
    assert_int_equal(code_of_next(end), 0); /* that is where the log goes on */
    assert_int_equal(fixture_append(f, "6"), 6);
    expect_one(end, 6, true);
    reader_close(low);
    reader_close(high);
    reader_close(end);
}

/* A group of nine records that each reader has in memory and is in the middle of. */
static void begin_in_a_group(struct log_fixture *f, struct wal_reader *at[9])
{
    char text[16];

    fixture_open(f);
    for (unsigned k = 1; k <= 9; k++) {
        snprintf(text, sizeof text, "%u", k);
        fixture_append_flags(f, text, WAL_APPEND_ASYNC);
    }
    must(wal_sync(f->log, 0));
    for (uint64_t k = 1; k <= 8; k++) {
        at[k] = open_at(f, k, 0);
        expect_one(at[k], k, true);
    }
}

static void a_cut_reaches_into_the_group_at_hand(void **state)
{
    struct log_fixture *f = *state;
    struct wal_reader *at[9];

    begin_in_a_group(f, at);
    must(wal_truncate_before(f->log, 3));
    must(wal_truncate_after(f->log, 6));
    assert_int_equal(fixture_append(f, "7"), 7);
    for (uint64_t k = 1; k <= 8; k++) { /* the next record of each is k + 1 */
        if (k + 1 >= 3 && k <= 6)
            expect_one(at[k], k + 1, true);
        else
            assert_int_equal(code_of_next(at[k]), WAL_E_TRIMMED);
        reader_close(at[k]);
    }
}

static void a_rotation_leaves_the_group_at_hand(void **state)
{
    struct log_fixture *f = *state;
    struct wal_reader *at[9];

    begin_in_a_group(f, at);
    must(wal_rotate(f->log));
    assert_int_equal(fixture_append(f, "10"), 10);
    for (uint64_t k = 1; k <= 8; k++) {
        for (uint64_t lsn = k + 1; lsn <= 10; lsn++)
            expect_one(at[k], lsn, true);
        assert_int_equal(code_of_next(at[k]), 0);
        reader_close(at[k]);
    }
}

/* Most records are handed out without a lock, and the log looked at once per group. */
static void what_is_at_hand(void **state)
{
    struct log_fixture *f = *state;
    struct wal_reader *at[9];
    struct record got;
    bool durable;

    begin_in_a_group(f, at);
    for (uint64_t lsn = 2; lsn <= 9; lsn++) {
        assert_int_equal(reader_next_at_hand(at[1], &got, &durable), 1);
        assert_int_equal(got.lsn, lsn);
    }
    assert_int_equal(reader_next_at_hand(at[1], &got, &durable), 0);
    assert_int_equal(reader_seek(at[2], 4), 0);
    assert_int_equal(reader_next_at_hand(at[2], &got, &durable), 0);
    expect_one(at[2], 4, true);
    must(wal_truncate_after(f->log, 8));
    assert_int_equal(reader_next_at_hand(at[2], &got, &durable), 0);
    assert_int_equal(reader_next_at_hand(at[8], &got, &durable), 0);
    for (uint64_t k = 1; k <= 8; k++)
        reader_close(at[k]);
}

/* What isn't durable is withheld though it lies in a group that was read. */
static void the_horizon_cuts_through_a_group(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append_flags(f, "1", WAL_APPEND_ASYNC);
    fixture_append_flags(f, "2", WAL_APPEND_ASYNC);
    fixture_append_flags(f, "3", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    atomic_store(&f->log->durable_lsn, 1);
    struct wal_reader *r = open_at(f, 1, 0);
    expect_one(r, 1, true);
    assert_int_equal(code_of_next(r), 0);
    atomic_store(&f->log->durable_lsn, 2);
    expect_one(r, 2, true);
    assert_int_equal(code_of_next(r), 0);
    must(wal_sync(f->log, 0));
    expect_one(r, 3, true);
    reader_close(r);
}

/* A segment's end is damaged, behind its last record: who comes by hears of it, each time. */
static void damage_behind_the_last_record_stands_in_the_way(void **state)
{
    struct log_fixture *f = *state;
    uint8_t byte;

    fixture_open(f);
    fixture_append(f, "1");
    must(wal_rotate(f->log));
    uint64_t seal = SEGMENT_HEADER_BLOCK + 128; /* behind the one group */
    fixture_append(f, "2");
    struct wal_reader *r = open_at(f, 1, 0);
    fixture_read_file(fixture_segment_path(f, 1), seal + 70, &byte, 1);
    byte ^= 1;
    fixture_write_file(fixture_segment_path(f, 1), seal + 70, &byte, 1);
    expect_one(r, 1, true);
    for (int k = 0; k < 3; k++) {
        assert_int_equal(code_of_next(r), WAL_E_CORRUPT);
        assert_int_equal(fault_last()->segment, 1);
        assert_int_equal(fault_last()->offset, seal);
        assert_int_equal(r->position, 2);
    }
    assert_int_equal(reader_seek(r, 2), 0); /* who begins behind it doesn't */
    expect_one(r, 2, true);
    reader_close(r);
}

static void damage_is_an_error_and_the_place_stays(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "1");
    uint64_t at = f->log->writer.end.offset;
    fixture_append(f, "2");
    fixture_append(f, "3");
    struct wal_reader *r = open_at(f, 1, 0);
    uint8_t was, other;
    fixture_read_file(fixture_segment_path(f, 1), at + 64 + 16, &was, 1);
    other = (uint8_t)(was ^ 1);
    fixture_write_file(fixture_segment_path(f, 1), at + 64 + 16, &other, 1);
    expect_one(r, 1, true);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(code_of_next(r), WAL_E_CORRUPT);
        assert_int_equal(fault_last()->lsn, 2);
        assert_int_equal(fault_last()->segment, 1);
        assert_int_equal(fault_last()->offset, at);
        assert_int_equal(r->position, 2);
    }
    fixture_write_file(fixture_segment_path(f, 1), at + 64 + 16, &was, 1);
    assert_int_equal(reader_seek(r, 2), 0); /* reads anew */
    expect_one(r, 2, true);
    reader_close(r);
}

static struct wal_reader *to_interrupt;
static unsigned looks, sleeps;

static uint64_t interrupt_now(void *ctx)
{
    struct spy_os *s = ctx;
    if (++looks == 2) /* the first one is when the wait begins */
        reader_interrupt(to_interrupt);
    return s->real->now(NULL);
}

static int count_park(void *ctx, _Atomic uint32_t *word, uint32_t seen, int64_t timeout_ns)
{
    (void)ctx;
    (void)word;
    (void)seen;
    (void)timeout_ns;
    sleeps++;
    return 0;
}

/* It comes when the waiter has looked at everything and is about to sleep. */
static void an_interrupt_is_not_slept_through(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    to_interrupt = open_at(f, 0, 0);
    spy.os.now = interrupt_now;
    spy.os.park = count_park;
    looks = sleeps = 0;
    assert_int_equal(reader_wait(to_interrupt, 1000000), 0);
    assert_int_equal(looks, 2);
    assert_int_equal(sleeps, 0);
    reader_close(to_interrupt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(it_walks_both_ways_over_segments),
        spied_test(what_is_not_durable_is_for_those_who_ask),
        spied_test(where_it_may_stand),
        spied_test(cuts_reach_those_above_them),
        spied_test(truncation_at_the_front_and_reset),
        spied_test(a_cut_reaches_into_the_group_at_hand),
        spied_test(a_rotation_leaves_the_group_at_hand),
        spied_test(what_is_at_hand),
        spied_test(the_horizon_cuts_through_a_group),
        spied_test(damage_behind_the_last_record_stands_in_the_way),
        spied_test(damage_is_an_error_and_the_place_stays),
        spied_test(an_interrupt_is_not_slept_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
