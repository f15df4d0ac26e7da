/* SPDX-License-Identifier: Apache-2.0 */
/* Readers and gets beside an author that appends, rotates, truncates at both ends, replaces,
 * resets: each record that anybody sees was in the log under its LSN when he looked, a reader whose
 * place was cut away is told, and none gets a mix of old and new. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/codes.h"
#include "support/story.h"
#include "support/yard.h"

enum { KINDS = 6, SOME = 8 };

struct scene {
    struct yard yard;
    struct story story;
    uint32_t steps;
    bool cuts;
    _Atomic uint64_t seen[KINDS], trimmed;
};

static struct scene scene;

static bool over(void)
{
    return atomic_load(&scene.story.ended);
}

static void author(void *arg, unsigned who)
{
    uint64_t seed = who + 7;

    (void)arg;
    for (uint32_t k = 0; k < scene.steps; k++) {
        if (scene.cuts)
            story_step(&scene.story, scene.yard.log, &seed);
        else
            story_append(&scene.story, scene.yard.log, 1 + k % 20,
                         k % 7 ? WAL_APPEND_ASYNC : WAL_APPEND_SUBMIT);
        if (!scene.cuts && k % 40 == 39)
            MUST_BE(wal_rotate(scene.yard.log), 0);
        dog_feed();
    }
    MUST_BE(wal_sync(scene.yard.log, 0), 0);
    atomic_store(&scene.story.ended, 1);
}

/* Gets of LSNs that are there, for sure where nothing was cut meanwhile. */
static void getter(unsigned who, uint64_t *seed)
{
    struct story *s = &scene.story;
    uint8_t buf[STORY_BYTES];
    wal_record_t r = {.size = sizeof r};
    uint64_t epoch = atomic_load(&s->epoch);
    uint64_t low = atomic_load(&s->low), next = atomic_load(&s->next);

    if (next <= low)
        return;
    uint64_t span = who % 2 ? min_u64(next - low, 40) : next - low;
    uint64_t lsn = next - 1 - crew_random(seed) % span;
    int e = wal_get(scene.yard.log, lsn, buf, sizeof buf, &r);
    if (e == 0) {
        MUST_BE((int64_t)r.lsn, (int64_t)lsn);
        MUST(story_was_there(s, lsn, story_generation(&r), epoch));
        atomic_fetch_add(&scene.seen[0], 1);
        return;
    }
    MUST_BE(e, WAL_E_RANGE);
    MUST(epoch % 2 || atomic_load(&s->epoch) != epoch || lsn < atomic_load(&s->low_soon));
}

struct walker {
    wal_reader_t *reader;
    uint32_t flags;
    bool any;       /* the last record was ... */
    uint64_t lsn;   /* ... this one ... */
    uint64_t g;     /* ... of this generation */
    uint64_t at;    /* the next one's LSN, 0: none */
    uint64_t epoch; /* before the reader was put there, or found there last */
    uint64_t until; /* cuts below this number it has heard of */
    unsigned calls;
};

static void put_at(struct walker *x, uint64_t lsn)
{
    struct story *s = &scene.story;
    int e;
    do {
        x->epoch = atomic_load(&s->epoch);
        e = x->reader ? wal_reader_seek(x->reader, lsn)
                      : wal_reader_open(scene.yard.log, lsn, x->flags, &x->reader);
        x->until = (atomic_load(&s->epoch) + 1) / 2;
        MUST(e == 0 || (e == WAL_E_RANGE && lsn != 0));
        lsn = 0;
    } while (e != 0);
    x->any = false;
    x->at = wal_reader_position(x->reader);
}

static void check_record(struct walker *x, const wal_record_t *r, uint64_t epoch)
{
    struct story *s = &scene.story;
    uint64_t g = story_generation(r);
    bool back = x->flags & WAL_READ_REVERSE;

    MUST_BE((int64_t)r->lsn, (int64_t)x->at);
    MUST(story_was_there(s, r->lsn, g, epoch));
    MUST(!story_cuts(s, x->at, back, x->until, epoch / 2)); /* else it had to say TRIMMED */
    if (x->any && back)
        MUST(story_goes_back(s, r->lsn, g, x->g));
    else if (x->any)
        MUST(story_goes_on(s, x->lsn, x->g, g));
    x->any = true;
    x->lsn = r->lsn;
    x->g = g;
    x->until = max_u64(x->until, g);
}

/* One or some, in turn. */
static int next_records(struct walker *x, wal_record_t *r, size_t *ret_n)
{
    r->size = sizeof *r;
    if (x->calls++ % 2)
        return wal_reader_next_many(x->reader, r, SOME, SOME * STORY_BYTES / 2, ret_n);
    *ret_n = 1;
    return wal_reader_next(x->reader, r);
}

static void check_records(struct walker *x, const wal_record_t *r, size_t n, uint64_t epoch)
{
    for (size_t k = 0; k < n; k++) {
        check_record(x, &r[k], epoch);
        x->at = x->flags & WAL_READ_REVERSE ? r[k].lsn - 1 : r[k].lsn + 1;
    }
    x->at = wal_reader_position(x->reader);
}

static void walk(struct walker *x, unsigned kind)
{
    struct story *s = &scene.story;
    bool back = x->flags & WAL_READ_REVERSE;
    wal_record_t r[SOME];
    size_t n = 0;
    uint64_t epoch = atomic_load(&s->epoch);

    int e = next_records(x, r, &n);
    if (e == 1) {
        check_records(x, r, n, epoch);
        atomic_fetch_add(&scene.seen[kind], 1);
    } else if (e == WAL_E_TRIMMED) {
        uint64_t cuts = (atomic_load(&s->epoch) + 1) / 2;
        MUST(story_cuts(s, x->at, back, x->epoch / 2, cuts) || x->at < atomic_load(&s->low_soon) ||
             atomic_load(&s->epoch) != epoch);
        atomic_fetch_add(&scene.trimmed, 1);
        put_at(x, 0);
        return;
    } else {
        MUST_BE(e, 0);
    }
    x->epoch = epoch;
    x->until = max_u64(x->until, epoch / 2);
}

static void tail(struct walker *x)
{
    int e = wal_reader_wait(x->reader, 20);
    MUST(e == 0 || e == 1 || e == WAL_E_TRIMMED);
    walk(x, 3);
}

static void reader(void *arg, unsigned who)
{
    unsigned kind = who % KINDS;
    uint64_t seed = who + 1;
    struct walker x = {.flags =
                           (kind == 2 ? WAL_READ_REVERSE : 0) | (kind == 4 ? WAL_READ_WRITTEN : 0)};

    (void)arg;
    put_at(&x, 0);
    while (!over()) {
        if (kind == 0 || kind == 5)
            getter(who, &seed);
        else if (kind == 3)
            tail(&x);
        else
            walk(&x, kind);
        if (crew_random(&seed) % 8 == 0)
            crew_pause(); /* two cores: the author wants to get on */
        if (kind == 2 && x.at == 0)
            put_at(&x, 0); /* once more, from the end */
        if (kind == 1 && crew_random(&seed) % 500 == 0)
            put_at(&x, atomic_load(&scene.story.next) - crew_random(&seed) % 50);
    }
    wal_reader_close(x.reader);
}

/* Nothing is left of what was cut, nothing has gone of the rest. */
static void check_end(void)
{
    struct story *s = &scene.story;
    uint64_t low = atomic_load(&s->low), next = atomic_load(&s->next), first, last;
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *x;

    assert_int_equal(wal_range(scene.yard.log, &first, NULL, &last, NULL), 0);
    assert_int_equal(first, low);
    assert_int_equal(last, next);
    assert_int_equal(wal_reader_open(scene.yard.log, low, 0, &x), 0);
    for (uint64_t lsn = low; lsn < next; lsn++) {
        assert_int_equal(wal_reader_next(x, &r), 1);
        assert_int_equal(r.lsn, lsn);
        assert_true(story_was_there(s, lsn, story_generation(&r), atomic_load(&s->epoch)));
    }
    assert_int_equal(wal_reader_next(x, &r), 0);
    wal_reader_close(x);
}

static void run(uint32_t steps, bool cuts, uint32_t mode, uint64_t index_bytes)
{
    struct crew authors, readers;

    memset(&scene, 0, sizeof scene);
    scene.steps = steps;
    scene.cuts = cuts;
    yard_make(&scene.yard);
    yard_set(&scene.yard, WAL_OPT_SYNC, mode);
    yard_set(&scene.yard, WAL_OPT_INDEX_BYTES, index_bytes);
    yard_set(&scene.yard, WAL_OPT_INTERVAL_MS, 1);
    yard_set(&scene.yard, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
    yard_set(&scene.yard, WAL_OPT_GROUP_BYTES, 64 * 1024);
    yard_open(&scene.yard);
    atomic_store(&scene.yard.lever.sync.skipped, 1);
    story_begin(&scene.story, 1);
    crew_start(&readers, 2 * KINDS, reader, NULL);
    crew_start(&authors, 1, author, NULL);
    crew_join(&authors);
    crew_join(&readers);
    check_end();
    yard_close(&scene.yard);
    yard_open(&scene.yard);
    check_end();
    for (unsigned k = 0; k < KINDS; k++)
        assert_true(k == 5 || atomic_load(&scene.seen[k]) > 0);
    if (cuts)
        assert_true(atomic_load(&scene.trimmed) > 0);
    yard_remove(&scene.yard);
}

static void test_beside_appends_and_rotations(void **state)
{
    (void)state;
    run(400, false, WAL_SYNC_DATA, 64 << 20);
    run(400, false, WAL_SYNC_NONE, 4096);
}

static void test_beside_everything(void **state)
{
    (void)state;
    run(800, true, WAL_SYNC_DATA, 64 << 20);
    run(400, true, WAL_SYNC_DATA, 4096); /* places are given up all the time */
}

static void test_beside_everything_in_buffered_modes(void **state)
{
    (void)state;
    run(600, true, WAL_SYNC_NONE, 64 << 20);
    run(600, true, WAL_SYNC_INTERVAL, 16 * 1024);
}

/* The first append of a handle moves a small last segment over into a new one. */

static void get_until_over(void *arg, unsigned who)
{
    uint64_t seed = who;
    (void)arg;
    while (!over())
        getter(2 * who, &seed);
}

static void append_first(void *arg, unsigned who)
{
    (void)arg;
    (void)who;
    story_append(&scene.story, scene.yard.log, 3, 0);
    atomic_store(&scene.story.ended, 1);
    dog_feed();
}

static void test_beside_the_first_append(void **state)
{
    struct crew c, authors;

    (void)state;
    memset(&scene, 0, sizeof scene);
    yard_make(&scene.yard);
    story_begin(&scene.story, 1);
    yard_open(&scene.yard);
    story_append(&scene.story, scene.yard.log, 200, WAL_APPEND_ASYNC);
    for (int k = 0; k < 60; k++) {
        yard_close(&scene.yard);
        atomic_store(&scene.story.ended, 0);
        yard_open(&scene.yard);
        crew_start(&c, 3, get_until_over, NULL);
        crew_start(&authors, 1, append_first, NULL);
        crew_join(&authors);
        crew_join(&c);
    }
    check_end();
    yard_remove(&scene.yard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beside_appends_and_rotations),
        cmocka_unit_test(test_beside_everything),
        cmocka_unit_test(test_beside_everything_in_buffered_modes),
        cmocka_unit_test(test_beside_the_first_append),
    };
    dog_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dog_stop();
    return failed;
}
