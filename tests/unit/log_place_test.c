/* SPDX-License-Identifier: Apache-2.0 */
/* Places: from an LSN to its group, verified on the way. */
#include "spied_log.h"

#include "log/place.h"

static void begin(struct log_fixture *f)
{
    fixture_open(f);
    for (unsigned k = 0; k < 5; k++) /* two segments of five groups, and one that is written */
        fixture_append(f, "sealed");
    must(wal_rotate(f->log));
    for (unsigned k = 0; k < 5; k++)
        fixture_append(f, "sealed too");
    must(wal_rotate(f->log));
    for (unsigned k = 0; k < 5; k++)
        fixture_append(f, "durable");
    fixture_append_flags(f, "written", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    fixture_append_flags(f, "buffered", WAL_APPEND_ASYNC);
}

static int find(struct log_fixture *f, uint64_t lsn, struct group_view *ret)
{
    struct horizon h;
    struct place p;

    place_init(&p);
    place_horizon(f->log, true, &h);
    int e = place_find(f->log, &p, lsn, &h, 4096);
    if (e == 0)
        e = place_group(&p, lsn, ret);
    place_free(f->log, &p);
    return e;
}

static void horizons(void **state)
{
    struct log_fixture *f = *state;
    struct horizon h;

    begin(f);
    must(wal_truncate_before(f->log, 3));
    place_horizon(f->log, false, &h);
    assert_int_equal(h.first_lsn, 3);
    assert_int_equal(h.last_lsn, wal_durable_lsn(f->log));
    assert_int_equal(h.next_lsn, 18);
    place_horizon(f->log, true, &h);
    assert_int_equal(h.last_lsn, 16);
    assert_int_equal(h.end_offset, f->log->writer.end.offset);
}

static void it_finds_the_group_of_each_lsn(void **state)
{
    struct log_fixture *f = *state;
    struct group_view g;

    begin(f);
    for (uint64_t lsn = 1; lsn <= 16; lsn++) {
        assert_int_equal(find(f, lsn, &g), 0);
        assert_int_equal(g.header.first_lsn, lsn);
        assert_int_equal(g.header.records, 1);
    }
    fixture_reopen(f);
    for (uint64_t lsn = 17; lsn > 0; lsn--) {
        assert_int_equal(find(f, lsn, &g), 0);
        assert_true(g.header.first_lsn <= lsn && lsn <= group_last_lsn(&g.header));
    }
}

static void only_growth_leaves_the_shape(void **state)
{
    struct log_fixture *f = *state;
    struct horizon h;

    begin(f);
    place_horizon(f->log, true, &h);
    fixture_append(f, "more");
    assert_true(place_same_shape(f->log, &h));
    must(wal_truncate_after(f->log, 12));
    assert_false(place_same_shape(f->log, &h));
    place_horizon(f->log, true, &h);
    must(wal_truncate_before(f->log, 2));
    assert_false(place_same_shape(f->log, &h));
    place_horizon(f->log, true, &h);
    must(wal_reset(f->log, 5));
    assert_false(place_same_shape(f->log, &h));
}

static void spoil(const char *path, uint64_t at)
{
    uint8_t byte;
    fixture_read_file(path, at, &byte, 1);
    byte ^= 1;
    fixture_write_file(path, at, &byte, 1);
}

static uint64_t offset_of(struct log_fixture *f, uint64_t lsn)
{
    struct group_view g;
    assert_int_equal(find(f, lsn, &g), 0);
    return g.offset;
}

/* What is in the way from the last indexed group, and what is asked for. */
static void damage_is_met_where_it_lies(void **state)
{
    struct log_fixture *f = *state;
    struct group_view g;

    begin(f);
    uint64_t second = offset_of(f, 2), fourth = offset_of(f, 4);
    fixture_reopen(f);
    spoil(fixture_segment_path(f, 1), second + 64 + 4);
    spoil(fixture_segment_path(f, 1), fourth + 4);
    assert_int_equal(find(f, 1, &g), 0);
    assert_int_equal(find(f, 2, &g), WAL_E_CORRUPT);
    assert_int_equal(fault_last()->segment, 1);
    assert_int_equal(fault_last()->offset, second);
    assert_int_equal(fault_last()->lsn, 2);
    assert_int_equal(find(f, 3, &g), 0);
    assert_int_equal(find(f, 4, &g), WAL_E_CORRUPT);
    assert_int_equal(fault_last()->lsn, 4);
    assert_int_equal(find(f, 5, &g), 0);
    assert_int_equal(find(f, 7, &g), 0);
}

/* A sealed segment's index comes from its seal: the rest of it isn't read for that. */
static void a_seal_is_enough(void **state)
{
    struct log_fixture *f = *state;
    struct group_view g;

    fixture_open(f);
    for (unsigned k = 0; k < 100; k++)
        must(wal_append(f->log, fixture_bytes(8000, 'a'), 8000, NULL));
    must(wal_rotate(f->log));
    fixture_reopen(f);
    unsigned before = spy.calls[SPY_READ];
    assert_int_equal(find(f, 50, &g), 0);
    assert_int_equal(g.header.first_lsn, 50);
    assert_in_range(spy.calls[SPY_READ] - before, 2, 5); /* segment header, seal, group */
    before = spy.calls[SPY_READ];
    assert_int_equal(find(f, 99, &g), 0);
    assert_in_range(spy.calls[SPY_READ] - before, 1, 3);
}

/* Makes segment 2 state another end of segment 1. */
static void restate(struct log_fixture *f, uint64_t end_offset, uint32_t link)
{
    uint8_t block[SEGMENT_HEADER_BLOCK] = {0};
    struct segment_header h;
    unsigned repairs = 0;

    fixture_read_file(fixture_segment_path(f, 2), 0, block, sizeof block);
    assert_int_equal(segment_header_decode_block(&h, block, &repairs), DECODED_RIGHT);
    h.follow.end_offset = end_offset;
    h.follow.link ^= link;
    segment_header_encode(block, &h);
    fixture_write_file(fixture_segment_path(f, 2), 0, block, sizeof block);
}

static uint64_t read_on(struct log_fixture *f, uint64_t lsn)
{
    struct horizon h;
    struct place p;
    struct group_view g;
    int e;

    place_init(&p);
    place_horizon(f->log, true, &h);
    assert_int_equal(place_find(f->log, &p, lsn, &h, 4096), 0);
    assert_int_equal(place_group(&p, lsn, &g), 0);
    while ((e = place_next(f->log, &p, &h, &g)) == 1)
        assert_int_equal(g.header.first_lsn, ++lsn);
    place_free(f->log, &p);
    assert_int_equal(e, WAL_E_CORRUPT);
    assert_int_equal(fault_last()->segment, 1);
    return lsn;
}

static void a_segment_ends_as_its_successor_states(void **state)
{
    struct log_fixture *f = *state;
    struct group_view g;

    begin(f);
    struct member *m;
    assert_int_equal(catalog_find(&f->log->catalog, 1, &m), 0);
    uint64_t end = m->end.offset, fifth = offset_of(f, 5);
    catalog_release(&f->log->catalog, m);
    fixture_close(f);
    const uint64_t ends[] = {fifth, end, end - 64, end + 64};
    const uint64_t reached[] = {4, 5, 5, 5};
    for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
        restate(f, ends[k], k == 1);
        fixture_open(f);
        assert_int_equal(read_on(f, 1), reached[k]); /* from its start on no index is needed */
        assert_int_equal(find(f, 3, &g), WAL_E_CORRUPT);
        assert_int_equal(fault_last()->segment, 1);
        fixture_close(f);
        restate(f, end, k == 1);
    }
    fixture_open(f);
    assert_int_equal(find(f, 3, &g), 0);
}

/* Whoever has read on beyond the end where this handle's first segment took over finds the rest
 * there. */
static void what_was_taken_over_is_no_damage(void **state)
{
    struct log_fixture *f = *state;
    struct horizon h;
    struct place p;
    struct group_view g;

    fixture_open(f);
    for (unsigned k = 0; k < 100; k++)
        must(wal_append(f->log, fixture_bytes(8000, 'a'), 8000, NULL));
    fixture_reopen(f);
    place_init(&p);
    place_horizon(f->log, true, &h);
    assert_int_equal(place_find(f->log, &p, 100, &h, 4096), 0);
    assert_int_equal(place_group(&p, 100, &g), 0);
    struct member *m = p.member;
    m->sealed = true; /* as if the last group had not been vouched for */
    m->end = (struct boundary){.offset = g.offset, .next_lsn = 100, .link = g.header.link};
    assert_int_equal(place_next(f->log, &p, &h, &g), 0);
    m->sealed = false;
    place_free(f->log, &p);
}

static void damage_is_counted(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    assert_int_equal(place_result(f->log, 1), 1);
    assert_int_equal(place_result(f->log, WAL_E_IO), WAL_E_IO);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_CORRUPTIONS), 0);
    assert_int_equal(place_result(f->log, WAL_E_CORRUPT), WAL_E_CORRUPT);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_CORRUPTIONS), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(horizons),
        spied_test(it_finds_the_group_of_each_lsn),
        spied_test(only_growth_leaves_the_shape),
        spied_test(damage_is_met_where_it_lies),
        spied_test(a_seal_is_enough),
        spied_test(a_segment_ends_as_its_successor_states),
        spied_test(what_was_taken_over_is_no_damage),
        spied_test(damage_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
