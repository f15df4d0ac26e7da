/* SPDX-License-Identifier: Apache-2.0 */
/* Replays with a thread that reads ahead, beside an author that changes the log in every way: each
 * record was in the log when it was given, none is given twice or left out, and no mix of old and
 * new. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/codes.h"
#include "support/story.h"
#include "support/yard.h"

enum { LEAST = 5000, STEPS = 120, REPLAYERS = 2, BATCH = 20 };

static struct scene {
    struct yard yard;
    struct story story;
    bool cuts;
    _Atomic uint64_t seen, ended, trimmed;
} scene;

struct replay {
    bool any;
    uint64_t lsn, g, epoch, stop_at;
};

static void grow(uint32_t n)
{
    for (; n >= BATCH; n -= BATCH)
        story_append_batch(&scene.story, scene.yard.log, BATCH, WAL_APPEND_ASYNC);
    MUST_BE(wal_sync(scene.yard.log, 0), 0);
}

static void cut(uint64_t low, uint64_t n, uint64_t *seed)
{
    struct story *s = &scene.story;
    wal_t *w = scene.yard.log;

    switch (crew_random(seed) % 4) {
    case 0:
        story_truncate_before(s, w, low + crew_random(seed) % n);
        break;
    case 1:
        story_truncate_after(s, w, low + crew_random(seed) % n);
        break;
    case 2:
        story_replace_after(s, w, low + crew_random(seed) % n, 3);
        break;
    default:
        story_step(s, w, seed);
    }
}

static void author(void *arg, unsigned who)
{
    uint64_t seed = who + 5;
    (void)arg;
    for (uint32_t k = 0; k < STEPS || (scene.cuts && !atomic_load(&scene.trimmed)); k++) {
        uint64_t low = atomic_load(&scene.story.low), n = atomic_load(&scene.story.next) - low;
        if (n < LEAST)
            grow(LEAST);
        else if (scene.cuts)
            cut(low, n, &seed);
        else
            grow(200);
        crew_pause();
        dog_feed();
    }
    atomic_store(&scene.story.ended, 1);
}

static int check(void *ctx, const wal_record_t *r)
{
    struct replay *x = ctx;
    uint64_t g = story_generation(r);

    MUST(story_was_there(&scene.story, r->lsn, g, x->epoch));
    if (x->any) {
        MUST_BE((int64_t)r->lsn, (int64_t)x->lsn + 1);
        MUST(story_goes_on(&scene.story, x->lsn, x->g, g));
    }
    x->any = true;
    x->lsn = r->lsn;
    x->g = g;
    x->epoch = atomic_load(&scene.story.epoch);
    atomic_fetch_add(&scene.seen, 1);
    return x->stop_at && r->lsn >= x->stop_at;
}

static void replayer(void *arg, unsigned who)
{
    uint64_t seed = who + 1;
    (void)arg;
    while (!atomic_load(&scene.story.ended)) {
        struct replay x = {.epoch = atomic_load(&scene.story.epoch)};
        if (crew_random(&seed) % 4 == 0)
            x.stop_at = atomic_load(&scene.story.low) + crew_random(&seed) % LEAST;
        int e = wal_replay(scene.yard.log, 0, check, &x, NULL);
        MUST(e == 0 || (scene.cuts && e == WAL_E_TRIMMED));
        atomic_fetch_add(e == 0 ? &scene.ended : &scene.trimmed, 1);
    }
}

static void run(bool cuts)
{
    struct crew authors, replayers;

    memset(&scene, 0, sizeof scene);
    scene.cuts = cuts;
    yard_make(&scene.yard);
    yard_set(&scene.yard, WAL_OPT_READ_THREADS, 2);
    yard_set(&scene.yard, WAL_OPT_GROUP_BYTES, 64 * 1024);
    yard_open(&scene.yard);
    story_begin(&scene.story, 1);
    grow(LEAST);
    crew_start(&replayers, REPLAYERS, replayer, NULL);
    crew_start(&authors, 1, author, NULL);
    crew_join(&authors);
    crew_join(&replayers);
    assert_true(atomic_load(&scene.seen) > LEAST);
    assert_true(atomic_load(&scene.ended) > 0);
    print_message("%d records, %d replays to the end, %d cut off\n", (int)atomic_load(&scene.seen),
                  (int)atomic_load(&scene.ended), (int)atomic_load(&scene.trimmed));
    yard_close(&scene.yard);
    yard_remove(&scene.yard);
}

static void beside_appends(void **state)
{
    (void)state;
    run(false);
}

static void beside_cuts(void **state)
{
    (void)state;
    run(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beside_appends),
        cmocka_unit_test(beside_cuts),
    };
    dog_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dog_stop();
    return failed;
}
