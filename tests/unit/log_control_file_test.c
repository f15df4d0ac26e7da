/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "log/control_file.h"
#include "support/bench.h"
#include "support/bytes_by_hand.h"

enum { A = CONTROL_SLOT_A, B = CONTROL_SLOT_B };

static struct bench bench;
static struct control_file control;

static int setup(void **state)
{
    (void)state;
    bench_make(&bench);
    control = (struct control_file){0};
    return file_open(&control.file, &bench.folder, NAME_CONTROL, OS_READ | OS_WRITE | OS_CREATE,
                     0600);
}

static int teardown(void **state)
{
    (void)state;
    file_close(&control.file);
    bench_remove(&bench);
    return 0;
}

static struct control state_of(uint64_t sequence)
{
    return (struct control){.sequence = sequence,
                            .epoch = 3,
                            .oldest = 1,
                            .newest = 10 + sequence,
                            .first_lsn = 100 + sequence};
}

/* The state of this sequence in a slot, as it was left there. */
static void slot(uint64_t offset, uint64_t sequence)
{
    uint8_t bytes[CONTROL_SLOT_BYTES];
    struct control c = state_of(sequence);
    control_encode(bytes, &c);
    bench_write(&bench, NAME_CONTROL, offset, bytes, sizeof bytes);
}

static void damage(uint64_t offset)
{
    bench_write(&bench, NAME_CONTROL, offset + 100, "damaged", 7);
}

static void read_as(bool reader)
{
    assert_int_equal(control_read(&control, reader), 0);
    assert_true(control.found);
}

static void expect_state(uint64_t sequence, bool b, bool even)
{
    assert_int_equal(control.now.sequence, sequence);
    assert_int_equal(control.now.newest, 10 + sequence);
    assert_int_equal(control.chosen_b, b);
    assert_int_equal(control.even, even);
}

/* What is in a slot of the file now. */
static struct control in_file(uint64_t offset)
{
    uint8_t bytes[CONTROL_SLOT_BYTES];
    struct control c;
    bench_read(&bench, NAME_CONTROL, offset, bytes, sizeof bytes);
    assert_int_equal(control_decode(&c, bytes), DECODED_RIGHT);
    return c;
}

/* Reading */

static void an_empty_file_has_no_state(void **state)
{
    (void)state;
    assert_int_equal(control_read(&control, false), 0);
    assert_false(control.found);
    assert_false(control.has_witness);
    bench_resize(&bench, NAME_CONTROL, CONTROL_BYTES);
    assert_int_equal(control_read(&control, true), 0);
    assert_false(control.found);
    assert_false(control_is_stale(&control));
}

static void a_writer_takes_the_higher_slot(void **state)
{
    (void)state;
    slot(A, 5);
    slot(B, 6);
    read_as(false);
    expect_state(6, true, false);
    assert_int_equal(control.sequence, 6);
    assert_false(control.newer);
    slot(A, 7);
    read_as(false);
    expect_state(7, false, false);
    assert_int_equal(control.sequence, 7);
}

static void a_reader_takes_the_lower_one_and_knows_of_the_higher(void **state)
{
    (void)state;
    slot(A, 5);
    slot(B, 6);
    read_as(true);
    expect_state(5, false, false);
    assert_true(control.newer);
    assert_int_equal(control.sequence, 6);
    assert_int_equal(control.higher.first_lsn, 106);
    slot(A, 7);
    read_as(true);
    expect_state(6, true, false);
    assert_int_equal(control.higher.sequence, 7);
}

static void equal_slots_are_one_state(void **state)
{
    (void)state;
    slot(A, 5);
    slot(B, 5);
    for (int reader = 0; reader < 2; reader++) {
        read_as(reader);
        assert_int_equal(control.now.sequence, 5);
        assert_true(control.even);
        assert_false(control.newer);
    }
}

static void one_right_slot_is_enough(void **state)
{
    (void)state;
    for (int reader = 0; reader < 2; reader++) {
        slot(A, 5);
        slot(B, 6);
        damage(B);
        read_as(reader);
        expect_state(5, false, false);
        assert_false(control.newer);
        slot(B, 6);
        damage(A);
        read_as(reader);
        expect_state(6, true, false);
        assert_false(control.newer);
    }
    damage(B);
    assert_int_equal(control_read(&control, false), 0);
    assert_false(control.found);
}

static void slots_that_contradict_each_other_are_damage(void **state)
{
    uint8_t bytes[CONTROL_SLOT_BYTES];
    struct control c = state_of(5);
    (void)state;

    slot(A, 5);
    c.first_lsn++; /* the same sequence, another state */
    control_encode(bytes, &c);
    bench_write(&bench, NAME_CONTROL, B, bytes, sizeof bytes);
    assert_int_equal(control_read(&control, false), WAL_E_CORRUPT);
    assert_non_null(strstr(fault_last()->text, "/control"));
    assert_int_equal(control_read(&control, true), WAL_E_CORRUPT);

    c = state_of(6);
    c.uuid[0] = 1; /* another log's */
    control_encode(bytes, &c);
    bench_write(&bench, NAME_CONTROL, B, bytes, sizeof bytes);
    assert_int_equal(control_read(&control, false), WAL_E_CORRUPT);
}

static void a_newer_version_is_not_damage(void **state)
{
    uint8_t bytes[CONTROL_SLOT_BYTES];
    const uint64_t offsets[] = {A, B};
    (void)state;

    for (size_t k = 0; k < 2; k++) {
        slot(A, 5);
        slot(B, 5);
        bench_read(&bench, NAME_CONTROL, offsets[k], bytes, sizeof bytes);
        put_le(bytes + 8, 2, 2);
        put_le(bytes + 10, 2, 7);
        put_last_crc(bytes, sizeof bytes);
        bench_write(&bench, NAME_CONTROL, offsets[k], bytes, sizeof bytes);
        assert_int_equal(control_read(&control, false), WAL_E_VERSION);
        assert_non_null(strstr(fault_last()->text, "format 2.7, newer than this library's 1.0"));
        damage(offsets[1 - k]); /* also where it is the only one */
        assert_int_equal(control_read(&control, false), WAL_E_VERSION);
    }
}

static void a_failed_read_is_no_damage(void **state)
{
    (void)state;
    slot(A, 5);
    spy_fail(&bench.spy, SPY_READ, 1, EIO);
    assert_int_equal(control_read(&control, false), WAL_E_IO);
    spy_short(&bench.spy, SPY_READ, 1, 100);
    read_as(false);
    expect_state(5, false, false);
}

/* Writing */

#define WRITE_A "write control 0+256, sync control, "
#define WRITE_B "write control 4096+256, sync control, "

static void both_slots_are_written_and_synced_in_turns(void **state)
{
    (void)state;
    slot(A, 5);
    slot(B, 5);
    read_as(false);
    for (uint64_t sequence = 6; sequence < 10; sequence++) {
        spy_clear(&bench.spy);
        control.now = state_of(99); /* whatever it says, the next one is written */
        assert_int_equal(control_write(&control), 0);
        assert_string_equal(bench.spy.trace, sequence % 2 ? WRITE_B WRITE_A : WRITE_A WRITE_B);
        assert_int_equal(control.sequence, sequence);
        assert_int_equal(control.now.sequence, sequence);
        assert_true(control.even);
        assert_int_equal(in_file(A).sequence, sequence);
        assert_int_equal(in_file(B).sequence, sequence);
        assert_int_equal(in_file(A).first_lsn, 199);
    }
}

static void the_first_state_of_all(void **state)
{
    (void)state;
    assert_int_equal(control_read(&control, false), 0);
    control.now = state_of(0);
    assert_int_equal(control_write(&control), 0);
    assert_true(control.found);
    assert_true(control.even);
    read_as(false);
    assert_int_equal(control.now.sequence, 1);
}

/* A state is written above the higher slot, although a reader's view of it was the lower. */
static void the_next_sequence_is_above_both_slots(void **state)
{
    (void)state;
    slot(A, 8);
    slot(B, 9);
    read_as(true);
    assert_int_equal(control_write(&control), 0);
    assert_int_equal(in_file(A).sequence, 10);
}

static void nothing_is_touched_after_a_failure(void **state)
{
    const char *traces[] = {"write control 0+256, ", WRITE_A, WRITE_A "write control 4096+256, ",
                            WRITE_A WRITE_B};
    (void)state;

    for (unsigned k = 0; k < 4; k++) {
        slot(A, 5);
        slot(B, 5);
        read_as(false);
        spy_clear(&bench.spy);
        spy_fail(&bench.spy, k % 2 ? SPY_SYNC : SPY_WRITE, k / 2 + 1, EIO);
        control.now = state_of(6);
        assert_int_equal(control_write(&control), WAL_E_IO);
        assert_string_equal(bench.spy.trace, traces[k]);
        assert_int_equal(control.sequence, 5);

        bool one = k > 0 && k < 3; /* one slot has changed: a writer sees it, a reader not */
        read_as(false);
        assert_int_equal(control.now.sequence, k > 0 ? 6 : 5);
        read_as(true);
        assert_int_equal(control.now.sequence, k == 3 ? 6 : 5);
        assert_int_equal(control.newer, one);
    }
}

static void settling_begins_with_the_chosen_slot(void **state)
{
    (void)state;
    slot(A, 5);
    slot(B, 6);
    read_as(false);
    spy_clear(&bench.spy);
    assert_int_equal(control_settle(&control), 0);
    assert_string_equal(bench.spy.trace, WRITE_B WRITE_A);
    assert_int_equal(in_file(A).sequence, 6);
    assert_true(control.even);
    assert_int_equal(control.sequence, 6);

    slot(A, 7);
    read_as(false);
    spy_clear(&bench.spy);
    assert_int_equal(control_settle(&control), 0);
    assert_string_equal(bench.spy.trace, WRITE_A WRITE_B);
    assert_int_equal(in_file(B).sequence, 7);
}

static void settling_writes_the_bytes_that_were_read(void **state)
{
    uint8_t before[CONTROL_SLOT_BYTES], after[CONTROL_SLOT_BYTES];
    (void)state;

    slot(B, 6);
    bench_read(&bench, NAME_CONTROL, B, before, sizeof before);
    read_as(false);
    assert_int_equal(control_settle(&control), 0);
    bench_read(&bench, NAME_CONTROL, A, after, sizeof after);
    assert_memory_equal(before, after, sizeof before);
    bench_read(&bench, NAME_CONTROL, B, after, sizeof after);
    assert_memory_equal(before, after, sizeof before);
}

static void settling_stops_at_a_failure(void **state)
{
    (void)state;
    slot(A, 5);
    slot(B, 6);
    read_as(false);
    spy_clear(&bench.spy);
    spy_fail(&bench.spy, SPY_SYNC, 1, EIO);
    assert_int_equal(control_settle(&control), WAL_E_IO);
    assert_string_equal(bench.spy.trace, WRITE_B);
    assert_false(control.even);
    assert_int_equal(in_file(A).sequence, 5);
}

/* The witness */

static const struct witness witness = {.sequence = 7,
                                       .durable_lsn = 1234,
                                       .segment = 3,
                                       .durable_place = 99,
                                       .group_crc = 0xabcd,
                                       .salt_low = 0x5a17};

static void the_witness_is_one_write_without_a_sync(void **state)
{
    (void)state;
    slot(A, 7);
    slot(B, 7);
    spy_clear(&bench.spy);
    control_write_witness(&control, &witness);
    assert_string_equal(bench.spy.trace, "write control 8192+64, ");
    read_as(false);
    assert_true(control.has_witness);
    assert_memory_equal(&control.witness, &witness, sizeof witness);
    assert_int_equal(in_file(A).sequence, 7);
    assert_int_equal(in_file(B).sequence, 7);
}

static void a_witness_that_cannot_be_written_does_no_harm(void **state)
{
    (void)state;
    (void)fault(WAL_E_RANGE, "an older one");
    spy_fail(&bench.spy, SPY_WRITE, 1, EIO);
    control_write_witness(&control, &witness);
    assert_string_equal(fault_last()->text, "an older one");
}

static void a_damaged_witness_is_none(void **state)
{
    (void)state;
    slot(A, 7);
    control_write_witness(&control, &witness);
    bench_write(&bench, NAME_CONTROL, WITNESS_OFFSET + 20, "x", 1);
    read_as(false);
    assert_false(control.has_witness);
    assert_false(control_is_stale(&control));
}

static void a_witness_above_both_slots_shows_that_one_was_lost(void **state)
{
    struct witness w = witness;
    (void)state;

    slot(A, 6);
    slot(B, 7);
    for (w.sequence = 5; w.sequence < 10; w.sequence++)
        for (int reader = 0; reader < 2; reader++) {
            control_write_witness(&control, &w);
            read_as(reader);
            assert_int_equal(control_is_stale(&control), w.sequence > 7);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_file_has_no_state),
        TEST(a_writer_takes_the_higher_slot),
        TEST(a_reader_takes_the_lower_one_and_knows_of_the_higher),
        TEST(equal_slots_are_one_state),
        TEST(one_right_slot_is_enough),
        TEST(slots_that_contradict_each_other_are_damage),
        TEST(a_newer_version_is_not_damage),
        TEST(a_failed_read_is_no_damage),
        TEST(both_slots_are_written_and_synced_in_turns),
        TEST(the_first_state_of_all),
        TEST(the_next_sequence_is_above_both_slots),
        TEST(nothing_is_touched_after_a_failure),
        TEST(settling_begins_with_the_chosen_slot),
        TEST(settling_writes_the_bytes_that_were_read),
        TEST(settling_stops_at_a_failure),
        TEST(the_witness_is_one_write_without_a_sync),
        TEST(a_witness_that_cannot_be_written_does_no_harm),
        TEST(a_damaged_witness_is_none),
        TEST(a_witness_above_both_slots_shows_that_one_was_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
