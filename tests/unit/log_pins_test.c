/* SPDX-License-Identifier: Apache-2.0 */
/* Pins: which LSNs they hold, while a reader stands, moves to another place, and loses its own. */
#include "spied_log.h"

#include "log/pins.h"
#include "log/reader.h"

static struct wal_reader *open_at(struct log_fixture *f, uint64_t from, uint32_t flags)
{
    struct wal_reader *r;
    assert_int_equal(reader_open(f->log, from, flags, &r), 0);
    return r;
}

static void begin(struct log_fixture *f)
{
    fixture_open(f);
    fixture_fill(f, 9);
}

static void the_lowest_of_those_that_pin(void **state)
{
    struct log_fixture *f = *state;

    begin(f);
    assert_int_equal(pins_lowest(f->log), UINT64_MAX);
    struct wal_reader *free = open_at(f, 1, 0), *a = open_at(f, 5, WAL_READ_PIN),
                      *b = open_at(f, 3, WAL_READ_PIN);
    assert_int_equal(pins_lowest(f->log), 3);
    expect_next(b, 3, "3");
    assert_int_equal(pins_lowest(f->log), 4);
    reader_close(b);
    assert_int_equal(pins_lowest(f->log), 5);
    pin_lose(a);
    assert_int_equal(pins_lowest(f->log), UINT64_MAX);
    assert_int_equal(reader_seek(a, 7), 0); /* pins anew */
    assert_int_equal(pins_lowest(f->log), 7);
    must(wal_truncate_before(f->log, 8)); /* what is gone is held no more */
    assert_int_equal(pins_lowest(f->log), UINT64_MAX);
    reader_close(a);
    reader_close(free);
}

/* On its way a reader pins both places. */
static void a_claim(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = 3;

    begin(f);
    struct wal_reader *r = open_at(f, 5, WAL_READ_PIN);
    assert_int_equal(pin_claim(r, false, &lsn), 0);
    assert_int_equal(pins_lowest(f->log), 3);
    pin_stay(r);
    assert_int_equal(pins_lowest(f->log), 5);
    lsn = 8;
    assert_int_equal(pin_claim(r, false, &lsn), 0);
    assert_int_equal(pins_lowest(f->log), 5);
    pin_stand(r, 8);
    assert_int_equal(pins_lowest(f->log), 8);
    reader_close(r);
}

/* While retention takes away what lies below 4. */
static void nobody_pins_what_is_leaving(void **state)
{
    struct log_fixture *f = *state;
    struct wal_reader *r = NULL;

    begin(f);
    f->log->leaving_lsn = 4;
    assert_int_equal(reader_open(f->log, 3, WAL_READ_PIN, &r), WAL_E_RANGE);
    assert_int_equal(fault_last()->lsn, 3);
    assert_null(r);
    struct wal_reader *any = open_at(f, 0, WAL_READ_PIN), *at = open_at(f, 4, WAL_READ_PIN),
                      *free = open_at(f, 3, 0);
    assert_int_equal(any->position, 4);
    assert_int_equal(reader_seek(at, 3), WAL_E_RANGE);
    assert_int_equal(pins_lowest(f->log), 4); /* the failed seek left it where it was */
    expect_next(at, 4, "4");
    expect_next(free, 3, "3");
    reader_close(any);
    reader_close(at);
    reader_close(free);
}

static void those_below_are_broken(void **state)
{
    struct log_fixture *f = *state;

    begin(f);
    struct wal_reader *a = open_at(f, 2, WAL_READ_PIN), *b = open_at(f, 5, WAL_READ_PIN),
                      *free = open_at(f, 1, 0);
    pins_break(f->log, 2);
    assert_int_equal(pins_lowest(f->log), 2);
    pins_break(f->log, 5);
    assert_int_equal(pins_lowest(f->log), 5);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_BROKEN_PINS), 1);
    pins_break(f->log, 5); /* once each */
    assert_int_equal(fixture_stat(f->log, WAL_STAT_BROKEN_PINS), 1);
    expect_next(a, 2, "2"); /* its place is there still */
    reader_close(a);
    reader_close(b);
    reader_close(free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(the_lowest_of_those_that_pin),
        spied_test(a_claim),
        spied_test(nobody_pins_what_is_leaving),
        spied_test(those_below_are_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
