/* SPDX-License-Identifier: Apache-2.0 */
/* New records that a segment is born with, and errors. */
#include "births_fixture.h"

/* New records */

static void new_records_get_the_next_lsns(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 2, 8);
    carry(&start, &old.end);
    set_meta("k", "v");
    add_records(3, 100);
    struct birth_size size = bear(100);
    assert_int_equal(size.kept, 2);
    assert_int_equal(size.records, 5);
    expect_groups("M100+0 D100+2 D102+3 ", 102);
}

static void they_replace_what_was_cut(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 5, 8);
    carry(&start, &start);
    split_at(101);
    add_records(2, 8);
    bear(100);
    expect_groups("D100+2 D102+2 ", 102);
}

static void many_new_records_are_a_long_batch(void **state)
{
    (void)state;
    add_records(9, 1000); /* 4 fill a group */
    struct birth_size size = bear(100);
    assert_int_equal(size.kept, 0);
    assert_int_equal(size.largest_body, 4 * record_bytes(1000));
    expect_groups("D100+4F D104+4 D108+1L ", 0);
    add_records(8, 1000);
    bear(100);
    expect_groups("D100+4F D104+4L ", 0);
    add_records(4, 1000);
    bear(100);
    expect_groups("D100+4 ", 0);
    add_records(3, 2 * GROUP); /* each larger than a group is meant to be */
    bear(100);
    expect_groups("D100+1F D101+1 D102+1L ", 0);
    add_records(1, 5 * GROUP);
    bear(100);
    expect_groups("D100+1 ", 0);
}

static void a_new_batch_with_a_tag(void **state)
{
    (void)state;
    add_records(9, 1000);
    tag_records("0123456789012345678901234567890123456789"); /* with it 4 don't fill a group */
    struct birth_size size = bear(100);
    assert_int_equal(size.largest_body, 40 + 3 * record_bytes(1000));
    expect_groups("D100+3/0123456789012345678901234567890123456789F "
                  "D103+3/0123456789012345678901234567890123456789 "
                  "D106+3/0123456789012345678901234567890123456789L ",
                  0);
    add_records(4, 1000);
    tag_records("t");
    bear(100);
    expect_groups("D100+4/t ", 0);
    add_records(1, 5 * GROUP);
    tag_records("t");
    bear(100);
    expect_groups("D100+1/t ", 0);
}

/* Metadata and a tag in the place of what was cut. */
static void a_tag_without_new_records(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 2, 8);
    carry(&start, &old.end);
    set_meta("k", "v");
    source_none(&source);
    births.source = &source;
    bear(100);
    expect_groups("M100+0 D100+2 ", 102);
    tag_records("t");
    bear(100);
    expect_groups("M100+0 D100+2 T102+0/t ", 102);
}

static void only_the_last_of_them_ends_the_batch(void **state)
{
    struct group_reader reader;
    struct group_view g;
    (void)state;

    add_records(9, 1000);
    bear(100);
    group_reader_init(&reader, &writer.segment, &alloc_default, 4096);
    while (group_reader_next(&reader, &g) == 1) {
        struct record_walk walk;
        struct record r;
        group_records(&g, &new.header, &walk);
        while (record_next(&walk, &r) == 1) {
            assert_int_equal(r.flags, r.lsn == 108 ? RECORD_BATCH_LAST : 0);
            assert_true(record_right(&r, new.header.salt));
            assert_int_equal(r.payload[1], (uint8_t)(((r.lsn - 100) * 1000 + 1) * 13));
        }
    }
    group_reader_free(&reader);
}

/* Errors */

/* Neither measures nor writes. */
static void expect_refused(int code)
{
    struct birth_size size;
    struct boundary start = {0};

    assert_int_equal(births_measure(&births, 64, 0, &size), code);
    draft_close(&new);
    draft_open(&new);
    writer = (struct writer){.segment = new.segment, .encoder = &encoder, .watermark = 99};
    segment_start(&writer.segment, &start);
    writer.end = start;
    assert_int_equal(births_write(&births, &writer), code);
}

static void damage_of_the_old_segment_is_met(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 2, 8);
    uint64_t at = put(&old, 2, 8);
    carry(&start, &old.end);
    damage(&old, at + 70);
    expect_refused(WAL_E_CORRUPT);
    assert_int_equal(fault_last()->segment, 1);
    assert_int_equal(fault_last()->offset, at);
    assert_int_equal(fault_last()->lsn, 102);
}

/* A body with a right checksum whose records don't fit. */
static void forge_body(uint64_t at, size_t change_at, uint8_t to, uint32_t more)
{
    uint8_t body[256];
    struct group_header h = peek(&old, at);

    bench_read(&bench, old.segment.file.name, at + GROUP_HEADER_BYTES, body, sizeof body);
    body[change_at] = to;
    h.stored_bytes = h.raw_bytes += more;
    h.body_crc = group_body_crc(old.header.salt, body, h.stored_bytes);
    bench_write(&bench, old.segment.file.name, at + GROUP_HEADER_BYTES, body, sizeof body);
    forge(&old, at, &h);
}

static void records_that_do_not_fit_together_are_damage(void **state)
{
    (void)state;
    struct boundary start = old.end;
    uint64_t at = put(&old, 2, 8);

    carry(&start, &old.end);
    forge_body(at, 0, 200, 0); /* the first record's length */
    expect_refused(WAL_E_CORRUPT);
    assert_int_equal(fault_last()->offset, at);
    assert_non_null(strstr(fault_last()->text, "don't fit together"));
    forge_body(at, 0, 8, 0);
    bear(100);
    forge_body(at, 0, 8, 8); /* bytes behind the last record, within the same place */
    expect_refused(WAL_E_CORRUPT);
}

/* It would get a right checksum on its way. */
static void a_record_with_a_wrong_checksum_is_damage(void **state)
{
    (void)state;
    struct birth_size size;
    struct boundary start = old.end;
    uint64_t at = put(&old, 2, 8);

    carry(&start, &old.end);
    forge_body(at, RECORD_HEADER_BYTES, 0xee, 0);
    assert_int_equal(births_measure(&births, 64, 0, &size), WAL_E_CORRUPT);
    assert_int_equal(fault_last()->offset, at);
}

static void errors_of_the_system_come_through(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 2, 8);
    carry(&start, &old.end);
    set_meta("k", "v");
    add_records(9, 1000);
    struct birth_size size = bear(100);

    spy_clear(&bench.spy);
    assert_int_equal(measured().bytes, size.bytes);
    for (unsigned k = bench.spy.calls[SPY_READ]; k > 0; k--) {
        spy_fail(&bench.spy, SPY_READ, k, EIO);
        assert_int_equal(births_measure(&births, 64, 0, &size), WAL_E_IO);
    }
    for (unsigned k = 1; k <= 5; k++) {
        segment_start(&writer.segment, &writer.end);
        spy_fail(&bench.spy, SPY_WRITE, k, ENOSPC);
        assert_int_equal(births_write(&births, &writer), WAL_E_NOSPC);
        assert_int_equal(poor.live, 0);
    }
    segment_start(&writer.segment, &writer.end);
    assert_int_equal(births_write(&births, &writer), 0);
}

static void lent_memory_is_used_where_it_is_enough(void **state)
{
    static uint8_t lent[4096];
    (void)state;

    struct boundary start = old.end;
    put(&old, 2, 8);
    carry(&start, &old.end);
    set_meta("k", "v");
    add_records(2, 1000);
    births.lent = lent;
    births.lent_bytes = sizeof lent;
    bear(100);
    expect_groups("M100+0 D100+2 D102+2 ", 102);
    segment_start(&writer.segment, &writer.end);
    poor_init(&poor, 1); /* for the block that the old segment is read by */
    assert_int_equal(births_write(&births, &writer), 0);
    assert_int_equal(poor.live, 0);
    poor_init(&poor, UINT32_MAX);

    add_records(4, 1000); /* more than fits */
    bear(100);
    expect_groups("M100+0 D100+2 D102+4 ", 102);
}

static int no_record(struct source *s, struct source_record *ret)
{
    (void)s;
    (void)ret;
    return fault(WAL_E_IO, "the spill file is gone");
}

static void a_source_that_fails(void **state)
{
    (void)state;
    add_records(3, 100);
    bear(100);
    source.next = no_record;
    expect_refused(WAL_E_IO);
}

static void without_memory(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 2, 8);
    put(&old, 2, 2000);
    carry(&start, &old.end);
    set_meta("k", "v");
    add_records(9, 8000);
    bear(100);
    for (unsigned k = 0;; k++) {
        segment_start(&writer.segment, &writer.end);
        poor_init(&poor, k);
        int e = births_write(&births, &writer);
        assert_int_equal(poor.live, 0);
        if (e == 0) {
            assert_true(k >= 4);
            break;
        }
        assert_int_equal(e, WAL_E_NOMEM);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(new_records_get_the_next_lsns),
        TEST(they_replace_what_was_cut),
        TEST(many_new_records_are_a_long_batch),
        TEST(a_new_batch_with_a_tag),
        TEST(a_tag_without_new_records),
        TEST(only_the_last_of_them_ends_the_batch),
        TEST(damage_of_the_old_segment_is_met),
        TEST(records_that_do_not_fit_together_are_damage),
        TEST(errors_of_the_system_come_through),
        TEST(a_record_with_a_wrong_checksum_is_damage),
        TEST(lent_memory_is_used_where_it_is_enough),
        TEST(a_source_that_fails),
        TEST(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
