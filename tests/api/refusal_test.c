/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of control decides whether a directory can be opened: the refusals of R0 and R1
 * (docs/recovery.md) that take no more than control to show. */
#include "support/log_fixture.h"

#include <string.h>

#include "format/limits.h"

enum { AT_FIRST_LSN = 64 };

static const uint64_t slots[] = {CONTROL_SLOT_A, CONTROL_SLOT_B};

static void make_log(struct log_fixture *f)
{
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_open(f);
    fixture_fill(f, 5);
}

static void flip(const struct log_fixture *f, uint64_t at)
{
    uint8_t byte;
    fixture_read_file(fixture_path(f, "control"), at, &byte, 1);
    byte ^= 1;
    fixture_write_file(fixture_path(f, "control"), at, &byte, 1);
}

/* One of them is enough; without any, segments are never taken for the beginning of a log. */
static void both_slots_damaged(void **state)
{
    struct log_fixture *f = *state;

    make_log(f);
    fixture_close(f);
    for (size_t k = 0; k < COUNT_OF(slots); k++) {
        flip(f, slots[k] + AT_FIRST_LSN);
        fixture_open(f);
        expect_range(f->log, 1, 5, 6, 5);
        fixture_close(f);
        flip(f, slots[k] + AT_FIRST_LSN);
        fixture_open(f); /* with a change, which makes the slots equal again */
        fixture_append(f, "more");
        must(wal_truncate_after(f->log, 5));
        fixture_close(f);
    }
    flip(f, slots[0] + AT_FIRST_LSN);
    flip(f, slots[1] + AT_FIRST_LSN);
    expect_refused(f, WAL_E_CORRUPT, "no valid slot");
    flip(f, slots[0] + AT_FIRST_LSN);
    flip(f, slots[1] + AT_FIRST_LSN);
    fixture_open(f); /* nothing was touched */
    expect_range(f->log, 1, 5, 6, 5);
}

/* The witness names the control that it was written under. Slots of before that were put back, or
 * are all that is left. */
static void a_witness_above_both_slots(void **state)
{
    struct log_fixture *f = *state;
    uint8_t old[CONTROL_BYTES], now[CONTROL_BYTES];

    make_log(f);
    fixture_read_file(fixture_path(f, "control"), 0, old, sizeof old);
    must(wal_truncate_before(f->log, 3));
    fixture_crash(f);
    fixture_read_file(fixture_path(f, "control"), 0, now, sizeof now);
    fixture_write_file(fixture_path(f, "control"), 0, old, WITNESS_OFFSET);
    expect_refused(f, WAL_E_CORRUPT, "the witness is newer than both slots");
    fixture_write_file(fixture_path(f, "control"), 0, now, CONTROL_SLOT_BYTES);
    fixture_open(f); /* one slot of the time of the witness is enough */
    expect_range(f->log, 3, 5, 6, 5);
}

/* Control says that records are kept which no segment has. */
static void records_below_the_oldest_segment(void **state)
{
    struct log_fixture *f = *state;

    make_log(f);
    must(wal_truncate_before(f->log, 3)); /* a segment goes */
    fixture_close(f);
    for (size_t k = 0; k < COUNT_OF(slots); k++)
        fixture_patch(fixture_path(f, "control"), slots[k], CONTROL_SLOT_BYTES, AT_FIRST_LSN, 8, 2);
    expect_refused(f, WAL_E_CORRUPT, "begins above the log's first LSN");
    for (size_t k = 0; k < COUNT_OF(slots); k++)
        fixture_patch(fixture_path(f, "control"), slots[k], CONTROL_SLOT_BYTES, AT_FIRST_LSN, 8, 3);
    fixture_open(f);
    expect_range(f->log, 3, 5, 6, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(both_slots_damaged),
        fixture_test(a_witness_above_both_slots),
        fixture_test(records_below_the_oldest_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
