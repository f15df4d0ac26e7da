/* SPDX-License-Identifier: Apache-2.0 */
/* Retention and drains beside appends and readers: nobody sees a record that is not right, a pinned
 * reader sees every one as long as only retention removes, and the files that have left the log go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/codes.h"
#include "support/story.h"
#include "support/yard.h"

enum { KEEP = 2, RECORDS_PER_SEGMENT = 10, STAY = 1 };
enum who { WALKER, SECOND_WALKER, PINNED, COMER, SECOND_COMER, DRAINER, LOOKER, CREW };

static struct scene {
    struct yard yard;
    struct story story;
    uint32_t steps;
    bool drains;
    _Atomic uint64_t seen[CREW], trimmed, drained;
} scene;

static bool over(void)
{
    return atomic_load(&scene.story.ended);
}

static void author(void *arg, unsigned who)
{
    (void)arg;
    (void)who;
    for (uint32_t k = 0; k < scene.steps; k++) {
        story_append(&scene.story, scene.yard.log, 1 + k % 7, k % 3 ? WAL_APPEND_ASYNC : 0);
        dog_feed();
    }
    MUST_BE(wal_sync(scene.yard.log, 0), 0);
    atomic_store(&scene.story.ended, 1);
}

/* Reads up to so many records. Returns the last result: 1, 0 or TRIMMED. */
static int read_some(wal_reader_t *r, unsigned most, unsigned who)
{
    wal_record_t x = {.size = sizeof x};
    int e = 1;

    for (unsigned k = 0; k < most && e == 1; k++) {
        uint64_t at = wal_reader_position(r);
        e = wal_reader_next(r, &x);
        MUST(e == 1 || e == 0 || e == WAL_E_TRIMMED);
        if (e != 1)
            break;
        MUST_BE((int64_t)x.lsn, (int64_t)at);
        MUST_BE((int64_t)story_generation(&x), 0);
        atomic_fetch_add(&scene.seen[who], 1);
    }
    if (e == WAL_E_TRIMMED) {
        MUST(wal_reader_position(r) < wal_first_lsn(scene.yard.log));
        atomic_fetch_add(&scene.trimmed, 1);
    }
    return e;
}

static void walk(unsigned who, uint32_t flags)
{
    uint64_t seed = who;
    wal_reader_t *r;

    MUST_BE(wal_reader_open(scene.yard.log, 0, flags, &r), 0);
    while (!over()) {
        int e = read_some(r, 5, who);
        if (e == WAL_E_TRIMMED) {
            MUST(!(flags & WAL_READ_PIN) || scene.drains);
            MUST_BE(wal_reader_seek(r, 0), 0);
        }
        if (e == 0 || crew_random(&seed) % 4 == 0)
            crew_pause();
    }
    wal_reader_close(r);
}

/* Pins whatever is the first record again and again, and reads from there; most of the time it pins
 * nothing, so that some goes. */
static void come_and_go(unsigned who)
{
    uint64_t seed = who;
    wal_reader_t *r;

    while (!over()) {
        uint64_t from = who % 2 ? wal_first_lsn(scene.yard.log) : 0;
        int e = wal_reader_open(scene.yard.log, from, WAL_READ_PIN, &r);
        MUST(e == 0 || (e == WAL_E_RANGE && from != 0));
        if (e != 0)
            continue;
        MUST(read_some(r, 3, who) != WAL_E_TRIMMED || scene.drains);
        wal_reader_close(r);
        for (uint32_t k = crew_random(&seed) % 20; k > 0; k--)
            crew_pause();
    }
}

/* 1 for all but the last few. */
static int all_but(void *ctx, const wal_segment_t *segment)
{
    const uint64_t *below = ctx;
    return segment->last_lsn < *below;
}

static void drain(void)
{
    while (!over()) {
        size_t n = 0;
        uint64_t last = wal_last_lsn(scene.yard.log), stay = STAY * RECORDS_PER_SEGMENT;
        uint64_t below = last > stay ? last - stay : 0;
        if (scene.drains)
            MUST_BE(wal_drain(scene.yard.log, all_but, &below, &n), 0);
        atomic_fetch_add(&scene.drained, n);
        crew_pause();
    }
}

static void look(void)
{
    uint64_t stats[WAL_STAT_BROKEN_PINS + 1], first, next;
    size_t n;

    while (!over()) {
        n = 0;
        MUST_BE(wal_stats(scene.yard.log, stats, COUNT_OF(stats)), 0);
        MUST_BE(wal_segments(scene.yard.log, NULL, sizeof(wal_segment_t), &n), 0);
        MUST_BE(wal_range(scene.yard.log, &first, NULL, &next, NULL), 0);
        MUST(n > 0 && first <= next);
        crew_pause();
    }
}

static void member(void *arg, unsigned who)
{
    (void)arg;
    switch ((enum who)who) {
    case WALKER:
    case SECOND_WALKER:
        walk(who, 0);
        break;
    case PINNED:
        walk(who, WAL_READ_PIN);
        break;
    case COMER:
    case SECOND_COMER:
        come_and_go(who);
        break;
    case DRAINER:
        drain();
        break;
    default:
        look();
    }
}

static void check_end(void)
{
    uint64_t first, next;
    wal_record_t x = {.size = sizeof x};
    wal_reader_t *r;

    assert_int_equal(wal_range(scene.yard.log, &first, NULL, &next, NULL), 0);
    assert_int_equal(next, atomic_load(&scene.story.next));
    assert_int_equal(wal_reader_open(scene.yard.log, 0, 0, &r), 0);
    for (uint64_t lsn = first; lsn < next; lsn++) {
        assert_int_equal(wal_reader_next(r, &x), 1);
        assert_int_equal(x.lsn, lsn);
        assert_int_equal(story_generation(&x), 0);
    }
    wal_reader_close(r);
}

/* Ends the log. */
static void check_files(void)
{
    uint64_t files = 0;
    wal_segment_t s[64] = {{.size = sizeof *s}};
    size_t n = COUNT_OF(s);

    assert_int_equal(wal_segments(scene.yard.log, s, sizeof *s, &n), 0);
    assert_true(n <= KEEP + 1);
    yard_close(&scene.yard); /* by then they are gone */
    for (uint64_t number = 1; number <= s[n - 1].number; number++) {
        char path[400];
        snprintf(path, sizeof path, "%s/%020llu.wal", scene.yard.scratch.path,
                 (unsigned long long)number);
        files += access(path, F_OK) == 0;
    }
    assert_int_equal(files, n);
}

static void run(uint32_t steps, uint64_t background, bool drains, uint64_t pin_limit)
{
    struct crew authors, others;

    memset(&scene, 0, sizeof scene);
    scene.steps = steps;
    scene.drains = drains;
    yard_make(&scene.yard);
    yard_set(&scene.yard, WAL_OPT_BACKGROUND, background);
    yard_set(&scene.yard, WAL_OPT_SEGMENT_RECORDS, RECORDS_PER_SEGMENT);
    yard_set(&scene.yard, WAL_OPT_RETAIN_SEGMENTS, KEEP);
    yard_set(&scene.yard, WAL_OPT_PIN_LIMIT_BYTES, pin_limit);
    yard_open(&scene.yard);
    atomic_store(&scene.yard.lever.sync.skipped, 1);
    story_begin(&scene.story, 1);
    crew_start(&others, CREW, member, NULL);
    crew_start(&authors, 1, author, NULL);
    crew_join(&authors);
    crew_join(&others);
    check_end();
    assert_true(yard_stat(&scene.yard, WAL_STAT_TRUNCATED_FRONT) > 0);
    assert_true(!drains || atomic_load(&scene.drained) > 0);
    assert_true(drains || yard_stat(&scene.yard, WAL_STAT_BROKEN_PINS) == 0);
    for (unsigned k = WALKER; k <= SECOND_COMER; k++)
        assert_true(atomic_load(&scene.seen[k]) > 0);
    yard_close(&scene.yard);
    yard_open(&scene.yard);
    check_end();
    check_files();
    yard_remove(&scene.yard);
}

static void test_beside_pins(void **state)
{
    (void)state;
    run(400, 1, false, UINT64_MAX);
}

static void test_without_a_thread(void **state)
{
    (void)state;
    run(400, 0, false, UINT64_MAX);
}

static void test_beside_drains_and_broken_pins(void **state)
{
    (void)state;
    run(400, 1, true, 8192);
    run(200, 0, true, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beside_pins),
        cmocka_unit_test(test_without_a_thread),
        cmocka_unit_test(test_beside_drains_and_broken_pins),
    };
    dog_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dog_stop();
    return failed;
}
