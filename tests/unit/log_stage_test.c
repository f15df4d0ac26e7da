/* SPDX-License-Identifier: Apache-2.0 */
/* What is staged, taken, put back, withdrawn. */
#include "stage_fixture.h"

/* Reserving */

static void appends_share_a_group(void **state)
{
    (void)state;
    struct slot a = append(24, 1, BUFFERED), b = append(48, 2, WAITS), c = append(16, 1, WAITS);

    assert_ptr_equal(a.group, b.group);
    assert_ptr_equal(a.group, c.group);
    assert_ptr_equal(a.at, a.group->bytes + GROUP_HEADER_BYTES);
    assert_ptr_equal(b.at, a.at + 24);
    assert_ptr_equal(c.at, b.at + 48);
    assert_int_equal(a.group->first_lsn, 100);
    assert_int_equal(a.group->records, 4);
    assert_int_equal(a.group->used, 88);
    assert_int_equal(a.group->salt, 1);
    assert_false(a.group->fresh);
    assert_int_equal(stage.pending, 88);
    assert_int_equal(stage.records, 4);
    assert_int_equal(stage.end, START); /* an open group isn't counted */
    stage_close(&stage, &limits);
    assert_int_equal(stage.end, START + disk(88));
    assert_ptr_not_equal(append(8, 1, BUFFERED).group, a.group); /* it takes no more */
}

static void a_full_group_is_closed(void **state)
{
    (void)state;
    struct staged *first = append(600, 1, BUFFERED).group;
    assert_ptr_equal(append(400, 1, BUFFERED).group, first); /* up to the last byte */
    struct staged *second = append(8, 1, BUFFERED).group;
    assert_ptr_not_equal(second, first);
    assert_ptr_equal(first->next, second);
    assert_int_equal(second->first_lsn, 102);
    assert_int_equal(stage.end, START + disk(1000));
}

static void a_large_append_gets_a_group_of_its_size(void **state)
{
    (void)state;
    struct staged *first = append(100, 1, BUFFERED).group;
    struct slot large = append(5 * GROUP, 5, BUFFERED);
    assert_ptr_not_equal(large.group, first);
    assert_int_equal(large.group->used, 5 * GROUP);
    assert_true(large.group->room >= 5 * GROUP);
    assert_ptr_not_equal(append(8, 1, BUFFERED).group, large.group);
    assert_int_equal(count(stage.first), 3);
}

static void without_memory_nothing_changes(void **state)
{
    struct slot slot;
    (void)state;

    for (unsigned left = 0; left < 2; left++) {
        poor.left = left;
        assert_int_equal(stage_reserve(&stage, &limits, 8, 1, next_lsn, true, &slot), WAL_E_NOMEM);
        assert_null(stage.first);
        assert_int_equal(stage.pending, 0);
        assert_int_equal(stage.records, 0);
        assert_int_equal(poor.live, 0);
    }
    poor.left = UINT32_MAX;
    append(900, 1, WAITS);
    struct stage before = stage;
    poor.left = 1;
    assert_int_equal(stage_reserve(&stage, &limits, 200, 1, next_lsn, true, &slot), WAL_E_NOMEM);
    assert_memory_equal(&before, &stage, sizeof stage);
    assert_int_equal(stage.first->records, 1);
    append(100, 1, WAITS); /* what still fits goes on */
    assert_int_equal(count(stage.first), 1);
    poor.left = UINT32_MAX;
}

static void one_buffer_is_kept_for_the_next_group(void **state)
{
    (void)state;
    for (int k = 0; k < 5; k++)
        append(800, 1, WAITS);
    recycle_all(stage_take(&stage, &limits, true));
    assert_int_equal(poor.live, 2); /* a group and its bytes */
    assert_int_equal(stage.pending, 0);
    poor.left = 0;
    struct staged *g = append(10, 1, BUFFERED).group;
    assert_int_equal(g->used, 10); /* nothing is left of its former life */
    assert_int_equal(g->records, 1);
    assert_int_equal(g->wait_lsn, 0);
    assert_false(g->done);
    assert_null(g->next);
    poor.left = UINT32_MAX;
    append(3 * GROUP, 1, WAITS);
    recycle_all(stage_take(&stage, &limits, true));
    assert_int_equal(stage.spare->room, GROUP); /* a large one is not kept ... */
    stage_free(&stage, &poor.alloc);
    append(3 * GROUP, 1, WAITS);
    recycle_all(stage_take(&stage, &limits, true));
    assert_null(stage.spare); /* ... also where there is none */
}

/* Taking and putting back */

static void closed_groups_are_taken_and_the_open_one_when_asked(void **state)
{
    (void)state;
    assert_null(stage_take(&stage, &limits, false));
    assert_null(stage_take(&stage, &limits, true));
    append(800, 1, WAITS);
    assert_null(stage_take(&stage, &limits, false));
    append(800, 1, WAITS);
    append(800, 1, WAITS);
    struct staged *list = stage_take(&stage, &limits, false);
    assert_int_equal(count(list), 2);
    assert_int_equal(count(stage.first), 1);
    assert_ptr_equal(stage.first, stage.last);
    assert_true(stage.open);
    assert_int_equal(stage.pending, 2400);
    recycle_all(list);
    assert_int_equal(stage.pending, 800);
    list = stage_take(&stage, &limits, true);
    assert_int_equal(count(list), 1);
    assert_null(stage.first);
    assert_null(stage.last);
    assert_false(stage.open);
    recycle_all(list);
    assert_int_equal(stage.pending, 0);

    append(8, 1, WAITS);
    stage_close(&stage, &limits);
    list = stage_take(&stage, &limits, false); /* closed, so it needs no asking */
    assert_int_equal(count(list), 1);
    recycle_all(list);
}

static void what_could_not_be_written_goes_in_front(void **state)
{
    (void)state;
    append(800, 1, WAITS);
    append(800, 1, WAITS);
    struct staged *list = stage_take(&stage, &limits, true);
    struct staged *open = append(8, 1, WAITS).group;
    stage_put_back(&stage, list);
    stage_put_back(&stage, NULL);
    assert_ptr_equal(stage.first, list);
    assert_ptr_equal(list->next->next, open);
    assert_ptr_equal(stage.last, open);
    assert_ptr_equal(append(8, 1, WAITS).group, open); /* still open */
    assert_int_equal(stage.pending, 1616);

    list = stage_take(&stage, &limits, true); /* into an empty queue */
    assert_int_equal(count(list), 3);
    stage_put_back(&stage, list);
    assert_ptr_equal(stage.last, open);
    assert_false(stage.open);
    assert_ptr_not_equal(append(8, 1, WAITS).group, open);
    assert_ptr_equal(open->next, stage.last);
    assert_int_equal(count(stage.first), 4);
}

/* Who waits, and what is withdrawn: against a plain list of appends */

enum { APPENDS = 40 };

struct plain {
    uint64_t lsn, records, body;
    enum how how;
};

static struct plain plain[APPENDS];
static size_t n_plain;
static uint32_t seed;

static uint32_t chance(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static void append_by_chance(uint32_t waiting)
{
    struct plain *p = &plain[n_plain++];
    *p = (struct plain){.lsn = next_lsn,
                        .records = 1 + chance(3),
                        .body = 8 * (2 + chance(60)),
                        .how = chance(100) < waiting ? WAITS : BUFFERED};
    append(p->body, p->records, p->how);
}

/* Index of the first append that waits; n_plain: none. */
static size_t plain_waiting(void)
{
    size_t k = 0;
    while (k < n_plain && plain[k].how != WAITS)
        k++;
    return k;
}

static bool plain_buffered_behind(void)
{
    for (size_t k = plain_waiting(); k < n_plain; k++)
        if (plain[k].how == BUFFERED)
            return true;
    return false;
}

/* The queue holds exactly these appends, byte by byte. */
static void assert_holds(size_t n)
{
    const struct staged *g = stage.first;
    uint64_t lsn = 100, pending = 0, records = 0;
    size_t at = 0;

    for (size_t k = 0; k < n; k++) {
        if (g && at == g->used) {
            g = g->next;
            at = 0;
        }
        assert_non_null(g);
        if (at == 0)
            assert_int_equal(g->first_lsn, lsn);
        for (size_t b = 0; b < plain[k].body; b++)
            assert_int_equal(g->bytes[GROUP_HEADER_BYTES + at + b], plain[k].lsn & 0xff);
        at += (size_t)plain[k].body;
        lsn += plain[k].records;
        pending += plain[k].body;
        records += plain[k].records;
    }
    assert_true(n == 0 ? g == NULL : at == g->used && g == stage.last && g->next == NULL);
    assert_int_equal(stage.pending, pending);
    assert_int_equal(stage.records, records);
}

static void one_round(void)
{
    n_plain = 0;
    next_lsn = 100;
    uint32_t waiting = chance(101), appends = 1 + chance(APPENDS - 1);
    while (n_plain < appends)
        append_by_chance(waiting);
    if (chance(2)) /* as after a failed write, with more behind it */
        stage_put_back(&stage, stage_take(&stage, &limits, chance(2)));

    size_t first = plain_waiting();
    assert_int_equal(stage_first_waiting(&stage), first < n_plain ? plain[first].lsn : 0);
    assert_int_equal(stage_buffered_behind(&stage), plain_buffered_behind());
    assert_holds(n_plain);
    if (first < n_plain) {
        next_lsn = plain[first].lsn;
        stage_cut(&stage, &limits, next_lsn);
        n_plain = first;
    }
    assert_holds(n_plain);
    assert_int_equal(stage_first_waiting(&stage), 0);
    assert_false(stage_buffered_behind(&stage));
    while (n_plain < APPENDS && chance(4)) /* the same LSNs go to others */
        append_by_chance(50);
    assert_holds(n_plain);
    recycle_all(stage_take(&stage, &limits, true));
    assert_int_equal(stage.pending, 0);
    stage.records = 0;
    stage.end = START;
}

static void withdrawals_take_what_waits_and_all_behind_it(void **state)
{
    (void)state;
    for (seed = 1; seed < 2000000000; seed += 1000000)
        one_round();
}

static void waiting_and_buffered_in_one_group(void **state)
{
    (void)state;
    append(8, 1, BUFFERED);
    assert_int_equal(stage_first_waiting(&stage), 0);
    append(16, 2, WAITS);
    append(8, 1, WAITS);
    assert_int_equal(stage_first_waiting(&stage), 101);
    assert_false(stage_buffered_behind(&stage)); /* the one before is no matter */
    append(8, 1, BUFFERED);
    assert_true(stage_buffered_behind(&stage));
    assert_int_equal(count(stage.first), 1);
    stage_cut(&stage, &limits, 101);
    assert_int_equal(stage.first->records, 1);
    assert_int_equal(stage.first->used, 8);
    assert_int_equal(stage.pending, 8);
    assert_false(stage.open);
}

static void buffered_in_a_later_group(void **state)
{
    (void)state;
    append(1000, 1, WAITS);
    append(1000, 1, WAITS);
    assert_false(stage_buffered_behind(&stage));
    append(1000, 1, BUFFERED);
    assert_true(stage_buffered_behind(&stage));
    stage_cut(&stage, &limits, 102); /* that one alone is given up */
    assert_int_equal(count(stage.first), 2);
    assert_false(stage_buffered_behind(&stage));
    append(8, 1, BUFFERED);
    append(8, 1, WAITS);
    assert_true(stage_buffered_behind(&stage));
}

static void a_cut_behind_everything_takes_nothing(void **state)
{
    (void)state;
    append(8, 1, WAITS);
    append(1000, 1, WAITS);
    stage_cut(&stage, &limits, 102);
    assert_int_equal(count(stage.first), 2);
    assert_int_equal(stage.pending, 1008);
    stage_cut(&stage, &limits, 100);
    assert_null(stage.first);
    assert_null(stage.last);
    assert_int_equal(stage.pending, 0);
    stage_cut(&stage, &limits, 100);
}

/* Segments */

static void a_segments_first_records_go_in_whatever_their_size(void **state)
{
    (void)state;
    limits.segment_bytes = 5000;
    limits.segment_records = 2;
    assert_false(stage_wants_segment(&stage, &limits, 1 << 20, 3));
    append(8, 1, WAITS);
    assert_true(stage_wants_segment(&stage, &limits, 1 << 20, 1));
}

static void a_segment_is_full_by_bytes(void **state)
{
    (void)state;
    limits.segment_bytes = START + 640 + GROUP_HEADER_BYTES;
    append(64, 1, WAITS);                                       /* open: 128 bytes when closed */
    assert_false(stage_wants_segment(&stage, &limits, 512, 1)); /* 64 + 64 + 512 = 640 */
    assert_true(stage_wants_segment(&stage, &limits, 513, 1));
    stage_close(&stage, &limits);
    assert_false(stage_wants_segment(&stage, &limits, 448, 1)); /* 128 + 64 + 448 */
    assert_true(stage_wants_segment(&stage, &limits, 449, 1));
}

static void a_group_of_its_own_counts_with_its_header(void **state)
{
    (void)state;
    append(64, 1, WAITS);
    uint64_t end = START + disk(64) + disk(GROUP);
    limits.segment_bytes = end + GROUP_HEADER_BYTES;
    assert_false(stage_wants_segment(&stage, &limits, GROUP, 1));
    limits.segment_bytes--;
    assert_true(stage_wants_segment(&stage, &limits, GROUP, 1));
}

static void a_segment_is_full_by_records(void **state)
{
    (void)state;
    limits.segment_records = 10;
    append(64, 4, WAITS);
    assert_false(stage_wants_segment(&stage, &limits, 8, 6));
    assert_true(stage_wants_segment(&stage, &limits, 8, 7));
    limits.segment_records = 0;
    assert_false(stage_wants_segment(&stage, &limits, 8, 1000));
}

static void a_new_segment_begins_with_the_next_group(void **state)
{
    (void)state;
    struct staged *before = append(8, 1, WAITS).group;
    stage_begin_segment(&stage, &limits, 77, 5000, 3);
    assert_int_equal(stage.records, 3);
    assert_int_equal(stage.end, 5000);
    struct staged *first = append(8, 1, WAITS).group;
    struct staged *second = append(1000, 1, WAITS).group;
    assert_ptr_not_equal(first, before);
    assert_int_equal(before->salt, 1);
    assert_int_equal(first->salt, 77);
    assert_true(first->fresh);
    assert_int_equal(second->salt, 77);
    assert_false(second->fresh);
    assert_int_equal(stage.records, 5);
    assert_int_equal(stage.end, 5000 + disk(8));
}

static void resync(uint64_t salt, uint64_t end, uint64_t records, bool fresh)
{
    const struct stage_end now = {salt, end, records, fresh};
    stage_resync(&stage, &limits, &now, 4224);
}

static void assert_stands(uint64_t salt, uint64_t end, uint64_t records, bool fresh)
{
    assert_int_equal(stage.salt, salt);
    assert_int_equal(stage.end, end);
    assert_int_equal(stage.records, records);
    assert_int_equal(stage.fresh, fresh);
}

static void where_the_queue_leads_is_found_anew(void **state)
{
    (void)state;
    resync(5, 9000, 7, false); /* nothing is queued: as it is */
    assert_stands(5, 9000, 7, false);
    resync(0, 0, 0, true); /* the segment is still to be made */
    assert_stands(0, 0, 0, true);

    stage.fresh = false;
    append(8, 2, WAITS);
    resync(5, 9000, 0, true); /* its first group is queued */
    assert_stands(5, 9000, 2, false);
    stage_cut(&stage, &limits, 100);
    next_lsn = 100;
    resync(5, 9000, 0, false);
    append(8, 2, WAITS);
    append(1000, 1, WAITS); /* open */
    resync(5, 9000, 7, false);
    assert_stands(5, 9000 + disk(8), 10, false);
    stage_close(&stage, &limits);
    resync(5, 9000, 7, false);
    assert_stands(5, 9000 + disk(8) + disk(1000), 10, false);

    stage_begin_segment(&stage, &limits, 6, 4224, 0);
    append(16, 2, WAITS);
    append(1000, 1, WAITS);
    resync(5, 20000, 70, false); /* wherever this one ends: the next one begins anew */
    assert_stands(6, 4224 + disk(16), 3, false);
}

static void a_withdrawn_segment_is_forgotten(void **state)
{
    (void)state;
    append(8, 1, BUFFERED);
    stage_begin_segment(&stage, &limits, 77, 4224, 0);
    append(8, 1, WAITS);
    stage_cut(&stage, &limits, 101);
    resync(1, START, 0, false);
    assert_stands(1, START + disk(8), 1, false);
}

/* Readers */

static void finds_the_group_of_an_lsn(void **state)
{
    (void)state;
    append(800, 3, WAITS); /* 100..102 */
    append(800, 1, WAITS); /* 103 */
    struct staged *flying = stage_take(&stage, &limits, true);
    append(800, 2, WAITS); /* 104, 105 */
    struct staged *staged = stage.first;

    assert_null(stage_find(&stage, flying, 99));
    assert_ptr_equal(stage_find(&stage, flying, 100), flying);
    assert_ptr_equal(stage_find(&stage, flying, 102), flying);
    assert_ptr_equal(stage_find(&stage, flying, 103), flying->next);
    assert_null(stage_find(&stage, NULL, 103));
    assert_ptr_equal(stage_find(&stage, flying, 104), staged);
    assert_ptr_equal(stage_find(&stage, NULL, 105), staged);
    assert_null(stage_find(&stage, flying, 106));
    recycle_all(flying);
}

static void a_pinned_group_outlives_its_queue(void **state)
{
    (void)state;
    struct staged *g = append(800, 1, WAITS).group;
    g->pins = 2;
    recycle_all(stage_take(&stage, &limits, true));
    assert_int_equal(stage.pending, 0);
    assert_null(stage.spare);
    assert_int_equal(g->bytes[GROUP_HEADER_BYTES], 100); /* not given to anybody else */
    stage_unpin(&limits, g);
    assert_int_equal(g->bytes[GROUP_HEADER_BYTES], 100);
    stage_unpin(&limits, g);
    assert_int_equal(poor.live, 0);

    g = append(800, 1, WAITS).group;
    g->pins = 1;
    stage_unpin(&limits, g); /* still queued */
    assert_int_equal(poor.live, 2);
    g->pins = 1;
    stage_cut(&stage, &limits, 101);
    assert_null(stage.first);
    stage_unpin(&limits, g);
    assert_int_equal(poor.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(appends_share_a_group),
        TEST(a_full_group_is_closed),
        TEST(a_large_append_gets_a_group_of_its_size),
        TEST(without_memory_nothing_changes),
        TEST(one_buffer_is_kept_for_the_next_group),
        TEST(closed_groups_are_taken_and_the_open_one_when_asked),
        TEST(what_could_not_be_written_goes_in_front),
        TEST(withdrawals_take_what_waits_and_all_behind_it),
        TEST(waiting_and_buffered_in_one_group),
        TEST(buffered_in_a_later_group),
        TEST(a_cut_behind_everything_takes_nothing),
        TEST(a_segments_first_records_go_in_whatever_their_size),
        TEST(a_segment_is_full_by_bytes),
        TEST(a_group_of_its_own_counts_with_its_header),
        TEST(a_segment_is_full_by_records),
        TEST(a_new_segment_begins_with_the_next_group),
        TEST(where_the_queue_leads_is_found_anew),
        TEST(a_withdrawn_segment_is_forgotten),
        TEST(finds_the_group_of_an_lsn),
        TEST(a_pinned_group_outlives_its_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
