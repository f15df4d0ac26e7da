/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "segment/groups.h"
#include "segment/tail.h"
#include "segment/verdict.h"
#include "segment/writer.h"
#include "support/draft.h"

enum {
    GROUPS_MAX = PUT_GROUPS_MAX,
    RECORD = 24 /* one of 8 bytes */,
    START = SEGMENT_HEADER_BLOCK
};

static struct bench bench;
static struct draft draft;
static struct writer writer;
static struct encoder encoder = {.alloc = &alloc_default};
static struct outgoing groups[GROUPS_MAX];
static uint8_t memory[GROUPS_MAX][9000];
static uint64_t touched;

/* A writer at the start of a segment whose file holds zeros up to DRAFT_ROOM. */
static void begin(uint64_t number, uint32_t align, uint32_t window)
{
    draft_close(&draft);
    draft_begin(&draft, &bench, number, 100);
    draft.header.group_align = align;
    draft.header.window = window;
    draft_open(&draft);
    writer = (struct writer){.segment = draft.segment,
                             .encoder = &encoder,
                             .durable_offset = START,
                             .watermark = 99,
                             .zeroed_to = DRAFT_ROOM};
    segment_start(&writer.segment, &writer.end);
    spy_clear(&bench.spy);
}

static int setup(void **state)
{
    (void)state;
    bench_make(&bench);
    draft = (struct draft){0};
    begin(1, 64, 16);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    draft_close(&draft);
    bench_remove(&bench);
    return 0;
}

/* Makes groups[0..n): one record of 8 bytes each, from this LSN on, in memory full of rubbish. */
static void make(size_t n, uint64_t lsn)
{
    for (size_t k = 0; k < n; k++) {
        struct record r = {.lsn = lsn + k, .size = 8, .flags = RECORD_BATCH_LAST};
        memset(memory[k], 0xee, sizeof memory[k]);
        groups[k] = (struct outgoing){.bytes = memory[k]};
        groups[k].header = (struct group_header){
            .type = GROUP_DATA, .first_lsn = lsn + k, .records = 1, .raw_bytes = RECORD};
        record_header_encode(memory[k] + GROUP_HEADER_BYTES, &r);
    }
}

static int put_groups(size_t n)
{
    int e = writer_prepare(&writer, groups, n);
    return e < 0 ? e : writer_put(&writer, groups, n, 0, &touched);
}

/* n more groups, as an append would write them. */
static void write_groups(size_t n)
{
    make(n, writer.end.next_lsn);
    assert_int_equal(put_groups(n), 0);
}

/* What recovery would find: n groups, and zeros behind them with room for a header. */
static void expect_clean(size_t n)
{
    struct tail tail;
    assert_int_equal(tail_scan(&writer.segment, &alloc_default, 0, NULL, NULL, &tail), 0);
    assert_int_equal(verdict_of(tail.facts)->verdict, VERDICT_CLEAN);
    assert_int_equal(tail.records, n);
    assert_int_equal(tail.torn.offset, writer.end.offset);
    assert_int_equal(tail.torn.next_lsn, writer.end.next_lsn);
    assert_int_equal(tail.torn.link, writer.end.link);
    assert_int_equal(tail.torn.meta_offset, writer.end.meta_offset);
    assert_int_equal(tail.torn.tag_offset, writer.end.tag_offset);
}

static void expect_trace(const char *trace)
{
    assert_string_equal(bench.spy.trace, trace);
    spy_clear(&bench.spy);
}

#define NAME "00000000000000000001.wal"

/* Sizes */

static void a_group_needs_room_for_padding_and_a_slot(void **state)
{
    (void)state;
    assert_int_equal(outgoing_room(0, 64), 128);
    assert_int_equal(outgoing_room(64, 64), 192);
    assert_int_equal(outgoing_room(65, 64), 256);
    assert_int_equal(outgoing_room(1, 4096), 4096 + 64);
    assert_int_equal(outgoing_room(4096 - 64, 4096), 4096 + 64);
    make(3, 100);
    groups[1].header.raw_bytes = 65;
    assert_int_equal(writer_bytes(&writer, groups, 3), 128 + 192 + 128);
    assert_int_equal(writer_bytes(&writer, groups, 0), 0);
    writer.segment.header.group_align = 512;
    assert_int_equal(writer_bytes(&writer, groups, 3), 3 * 512);
}

static void the_window_counts_from_the_durable_place_to_behind_the_slot(void **state)
{
    (void)state;
    uint64_t window = 16 * WINDOW_UNIT;
    assert_true(writer_in_window(&writer, window - GROUP_HEADER_BYTES));
    assert_false(writer_in_window(&writer, window - GROUP_HEADER_BYTES + 1));
    write_groups(2);
    assert_true(writer_in_window(&writer, window - GROUP_HEADER_BYTES - 256));
    assert_false(writer_in_window(&writer, window - GROUP_HEADER_BYTES - 255));
    assert_int_equal(writer_sync(&writer, OS_SYNC_DATA), 0);
    assert_true(writer_in_window(&writer, window - GROUP_HEADER_BYTES));
    assert_false(writer_in_window(&writer, window - GROUP_HEADER_BYTES + 1));
}

/* A full window torn at its very start is still a torn end for recovery, never damage. */
static void what_the_window_lets_through_recovery_takes_for_torn(void **state)
{
    struct tail tail;
    (void)state;

    begin(1, 64, 1);
    size_t n = 0;
    while (writer_in_window(&writer, 128)) {
        write_groups(1);
        n++;
    }
    assert_int_equal(n, (WINDOW_UNIT - 64) / 128);
    damage(&draft, START + 4);
    assert_int_equal(tail_scan(&writer.segment, &alloc_default, 0, NULL, NULL, &tail), 0);
    assert_int_equal(verdict_of(tail.facts)->verdict, VERDICT_TORN);
}

/* Writing */

static void fills_in_what_belongs_to_the_place(void **state)
{
    (void)state;
    write_groups(1);
    assert_int_equal(writer_sync(&writer, OS_SYNC_DATA), 0);
    writer.watermark = 100;
    uint32_t link = writer.end.link;
    write_groups(1);

    struct group_header h = peek(&draft, START + 128);
    assert_int_equal(h.first_lsn, 101);
    assert_int_equal(h.place, (START + 128) / 64);
    assert_int_equal(h.epoch, (uint32_t)draft.header.epoch);
    assert_int_equal(h.link, link);
    assert_int_equal(h.watermark, 100);
    assert_int_equal(h.durable_place, (START + 128) / 64);
    assert_int_equal(h.crc, writer.end.link);
    assert_int_equal(writer.end.offset, START + 256);
    assert_int_equal(writer.end.next_lsn, 102);
    assert_int_equal(touched, START + 256);
    expect_clean(2);
}

static void many_groups_are_one_write(void **state)
{
    (void)state;
    write_groups(64);
    expect_trace("write " NAME " 4096+8192, ");
    write_groups(3);
    expect_trace("write " NAME " 12288+384, ");
    expect_clean(67);
}

static void write_through_is_passed_on(void **state)
{
    (void)state;
    make(1, 100);
    assert_int_equal(writer_prepare(&writer, groups, 1), 0);
    assert_int_equal(writer_put(&writer, groups, 1, OS_WRITE_DSYNC, &touched), 0);
    expect_trace("write " NAME " 4096+128 dsync, ");
}

static void padding_is_zeros_at_every_alignment(void **state)
{
    const uint32_t aligns[] = {64, 512, 4096};
    (void)state;

    for (size_t k = 0; k < 3; k++) {
        begin(1, aligns[k], 16);
        write_groups(3);
        assert_int_equal(writer.end.offset,
                         START + 3 * (aligns[k] > 128 ? aligns[k] : (uint64_t)128));
        expect_clean(3);
    }
}

static void the_newest_metadata_is_remembered(void **state)
{
    (void)state;
    make(3, 100);
    for (size_t k = 0; k < 3; k++)
        groups[k].header.first_lsn = 100;
    for (size_t k = 0; k < 2; k++) {
        groups[k].header.type = GROUP_META;
        groups[k].header.records = 0;
    }
    assert_int_equal(put_groups(3), 0);
    assert_int_equal(writer.end.meta_offset, START + 128);
    assert_int_equal(writer.end.next_lsn, 101);
    expect_clean(1);
}

static void the_newest_tag_is_remembered(void **state)
{
    (void)state;
    make(4, 100);
    for (size_t k = 0; k < 3; k++)
        groups[k].header.tag_bytes = 8;
    groups[1].header.type = groups[2].header.type = GROUP_TAG;
    groups[1].header.records = groups[2].header.records = 0;
    groups[2].header.first_lsn = 101;
    groups[3].header.first_lsn = 101;
    assert_int_equal(put_groups(4), 0);
    assert_int_equal(writer.end.tag_offset, START + 256);
    assert_int_equal(writer.end.next_lsn, 102);
    expect_clean(2);
}

static void there_is_always_room_for_one_header_more(void **state)
{
    (void)state;
    for (uint64_t zeros = 0; zeros <= 4 * 64; zeros += 64) {
        begin(1, 64, 16);
        write_groups(1);
        uint64_t end = writer.end.offset;
        resize(&draft, end + 64 + zeros);
        writer.zeroed_to = end + 64 + zeros;
        write_groups(1);
        assert_true(bench_size(&bench, NAME) >= writer.end.offset + GROUP_HEADER_BYTES);
        assert_true(writer.zeroed_to >= writer.end.offset + GROUP_HEADER_BYTES);
        assert_true(writer.zeroed_to <= bench_size(&bench, NAME));
        char trace[128];
        unsigned bytes = zeros >= 128 ? 128 : 192; /* the slot only where zeros don't reach */
        snprintf(trace, sizeof trace, "write " NAME " 4096+128, write " NAME " 4224+%u, ", bytes);
        expect_trace(trace);
        expect_clean(2);
    }
}

static void a_segment_ends_before_places_do(void **state)
{
    (void)state;
    make(2, 100);
    writer.end.offset = SEGMENT_END_MAX - GROUP_ALIGN_MAX - 128;
    assert_int_equal(put_groups(2), WAL_E_TOOBIG);
    assert_int_equal(writer.end.offset, SEGMENT_END_MAX - GROUP_ALIGN_MAX - 128);
    expect_trace("");
}

/* Failed writes */

static void expect_same_end(const struct boundary *before)
{
    assert_int_equal(writer.end.offset, before->offset);
    assert_int_equal(writer.end.next_lsn, before->next_lsn);
    assert_int_equal(writer.end.link, before->link);
    assert_int_equal(writer.end.meta_offset, before->meta_offset);
    assert_int_equal(writer.end.tag_offset, before->tag_offset);
}

static void a_failed_write_leaves_the_end_where_it_was(void **state)
{
    (void)state;
    write_groups(2);
    struct boundary before = writer.end;
    const size_t parts[] = {0, 1, 64, 70, 127, 128, 200};

    for (size_t k = 0; k < 7; k++) {
        spy_clear(&bench.spy);
        make(2, 102);
        groups[0].header.type = GROUP_META;
        if (parts[k] > 0)
            spy_short(&bench.spy, SPY_WRITE, 1, parts[k]);
        spy_fail(&bench.spy, SPY_WRITE, parts[k] ? 2 : 1, ENOSPC);
        assert_int_equal(put_groups(2), WAL_E_NOSPC);
        expect_same_end(&before);
        assert_int_equal(touched, before.offset + 256);
        assert_int_equal(writer_erase(&writer, touched), 0);
        expect_same_end(&before);
        expect_clean(2);
    }
    write_groups(2); /* the same LSNs at the same place */
    assert_int_equal(writer.end.next_lsn, 104);
    expect_clean(4);
}

static void what_was_prepared_can_be_put_again(void **state)
{
    (void)state;
    write_groups(1);
    make(2, 101);
    assert_int_equal(writer_prepare(&writer, groups, 2), 0);
    spy_fail(&bench.spy, SPY_WRITE, 1, EOPNOTSUPP);
    assert_int_equal(writer_put(&writer, groups, 2, OS_WRITE_DSYNC, &touched), WAL_E_IO);
    spy_clear(&bench.spy);
    assert_int_equal(writer_put(&writer, groups, 2, 0, &touched), 0);
    expect_clean(3);
}

static void erasing_writes_zeros_and_then_syncs(void **state)
{
    (void)state;
    write_groups(2);
    uint64_t end = writer.end.offset;
    damage(&draft, end + 1000);
    damage(&draft, end + 1001);
    spy_clear(&bench.spy);
    assert_int_equal(writer_erase(&writer, end + 1001), 0);
    expect_trace("write " NAME " 4352+1001, sync " NAME " data, ");
    assert_int_equal(writer.durable_offset, end);
    damage(&draft, end + 1001); /* it was not touched, they said: it is as it was */
    expect_clean(2);
}

static void erasing_does_not_make_the_file_grow(void **state)
{
    (void)state;
    write_groups(1);
    uint64_t end = writer.end.offset;
    resize(&draft, end + 64);
    writer.zeroed_to = end + 64;
    make(20, 101);
    spy_short(&bench.spy, SPY_WRITE, 1, 300);
    spy_fail(&bench.spy, SPY_WRITE, 2, ENOSPC);
    assert_int_equal(put_groups(20), WAL_E_NOSPC);
    assert_int_equal(touched, end + 20 * 128 + 64);
    assert_int_equal(bench_size(&bench, NAME), end + 300);
    assert_int_equal(writer_erase(&writer, touched), 0);
    assert_int_equal(bench_size(&bench, NAME), end + 300);
    assert_int_equal(writer.zeroed_to, end + 300);
    expect_clean(1);
    write_groups(20);
    expect_clean(21);
}

static void an_erasure_that_fails_says_so(void **state)
{
    const enum spy_call calls[] = {SPY_STAT, SPY_WRITE, SPY_SYNC};
    (void)state;

    write_groups(1);
    for (size_t k = 0; k < 3; k++) {
        writer.durable_offset = START;
        spy_clear(&bench.spy);
        spy_fail(&bench.spy, calls[k], 1, EIO);
        assert_int_equal(writer_erase(&writer, writer.end.offset + 100), WAL_E_IO);
        assert_int_equal(writer.durable_offset, START);
    }
}

/* Syncs and zeros */

static void a_sync_covers_what_is_written(void **state)
{
    (void)state;
    write_groups(2);
    assert_int_equal(writer.durable_offset, START);
    spy_fail(&bench.spy, SPY_SYNC, 1, EIO);
    assert_int_equal(writer_sync(&writer, OS_SYNC_FULL), WAL_E_IO);
    assert_int_equal(writer.durable_offset, START);
    spy_clear(&bench.spy);
    assert_int_equal(writer_sync(&writer, OS_SYNC_FULL), 0);
    assert_int_equal(writer.durable_offset, START + 256);
    assert_int_equal(writer_sync(&writer, OS_SYNC_DATA), 0);
    expect_trace("sync " NAME ", sync " NAME " data, ");
}

static void zeros_are_put_ahead(void **state)
{
    (void)state;
    write_groups(1);
    spy_clear(&bench.spy);
    writer_zero_ahead(&writer, DRAFT_ROOM);
    writer_zero_ahead(&writer, 5000);
    expect_trace("");
    assert_int_equal(writer.zeroed_to, DRAFT_ROOM);
    writer_zero_ahead(&writer, DRAFT_ROOM + 1000);
    expect_trace("write " NAME " 65536+1000, ");
    assert_int_equal(writer.zeroed_to, DRAFT_ROOM + 1000);
    assert_int_equal(bench_size(&bench, NAME), DRAFT_ROOM + 1000);
    expect_clean(1);
}

static void zeros_are_durable_after_a_sync(void **state)
{
    (void)state;
    writer.zeroed_durable = START;
    writer_zero_ahead(&writer, DRAFT_ROOM + 1000);
    assert_int_equal(writer.zeroed_durable, START);
    spy_fail(&bench.spy, SPY_SYNC, 1, EIO);
    assert_int_equal(writer_sync(&writer, OS_SYNC_DATA), WAL_E_IO);
    assert_int_equal(writer.zeroed_durable, START);
    assert_int_equal(writer_sync(&writer, OS_SYNC_DATA), 0);
    assert_int_equal(writer.zeroed_durable, DRAFT_ROOM + 1000);
}

static void no_space_for_zeros_is_no_error_yet(void **state)
{
    (void)state;
    (void)fault(WAL_E_RANGE, "an older one");
    spy_fail(&bench.spy, SPY_WRITE, 1, ENOSPC);
    writer_zero_ahead(&writer, DRAFT_ROOM + 1000);
    assert_int_equal(writer.zeroed_to, DRAFT_ROOM);
    assert_string_equal(fault_last()->text, "an older one");
    write_groups(1);
    expect_clean(1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_group_needs_room_for_padding_and_a_slot),
        TEST(the_window_counts_from_the_durable_place_to_behind_the_slot),
        TEST(what_the_window_lets_through_recovery_takes_for_torn),
        TEST(fills_in_what_belongs_to_the_place),
        TEST(many_groups_are_one_write),
        TEST(write_through_is_passed_on),
        TEST(padding_is_zeros_at_every_alignment),
        TEST(the_newest_metadata_is_remembered),
        TEST(the_newest_tag_is_remembered),
        TEST(there_is_always_room_for_one_header_more),
        TEST(a_segment_ends_before_places_do),
        TEST(a_failed_write_leaves_the_end_where_it_was),
        TEST(what_was_prepared_can_be_put_again),
        TEST(erasing_writes_zeros_and_then_syncs),
        TEST(erasing_does_not_make_the_file_grow),
        TEST(an_erasure_that_fails_says_so),
        TEST(a_sync_covers_what_is_written),
        TEST(zeros_are_put_ahead),
        TEST(zeros_are_durable_after_a_sync),
        TEST(no_space_for_zeros_is_no_error_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
