/* SPDX-License-Identifier: Apache-2.0 */
/* Events among many threads: subscriptions that are read and polled beside, that come and go, the
 * callback one at a time, followers that are woken by the writer alone. What is lost is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>

#include "base/attr.h"
#include "base/codes.h"
#include "log/log.h"
#include "support/told.h"
#include "support/yard.h"

enum { WRITERS = 4, READERS = 4, EACH = 500, MOST = WRITERS * EACH };

struct scene {
    struct yard yard;
    wal_subscription_t *subscriptions[READERS];
    uint64_t syncs[READERS], rotations[READERS], durable[READERS]; /* what each was told */
    _Atomic uint32_t ended;
};

static struct scene scene;
static struct told told;

static void begin(uint32_t ring)
{
    memset(&scene, 0, sizeof scene);
    yard_make(&scene.yard);
    yard_set(&scene.yard, WAL_OPT_EVENT_RING, ring);
    yard_set(&scene.yard, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
}

static void open_it(void)
{
    yard_open(&scene.yard);
    atomic_store(&scene.yard.lever.sync.skipped, 1);
}

static void append_some(void *arg, unsigned who)
{
    const uint32_t flags[] = {0, WAL_APPEND_ASYNC, WAL_APPEND_SUBMIT};
    uint8_t note[NOTE_MAX];
    uint64_t seed = who + 1;

    (void)arg;
    for (uint32_t k = 0; k < EACH; k++) {
        size_t size = note_make(note, who, k);
        MUST_BE(
            wal_append_typed(scene.yard.log, 0, note, size, flags[crew_random(&seed) % 3], NULL),
            0);
        if (crew_random(&seed) % 50 == 0)
            MUST_BE(wal_rotate(scene.yard.log), 0);
        dog_feed();
    }
}

static void take_in(unsigned who, const wal_event_t *e)
{
    MUST(e->size == sizeof *e && e->time_ns > 0 && e->code == 0);
    switch (e->kind) {
    case WAL_EVENT_SYNCED:
        MUST(e->segment > 0 && e->bytes > 0);
        scene.syncs[who] += 1 + e->dropped;
        break;
    case WAL_EVENT_ROTATED:
        MUST(e->segment > 1 && e->lsn > 0);
        scene.rotations[who] += 1 + e->dropped;
        break;
    default:
        MUST_BE(e->kind, WAL_EVENT_DURABLE);
        MUST(e->lsn > scene.durable[who]);
        scene.durable[who] = e->lsn;
        scene.syncs[who] += e->dropped;
    }
}

/* Sleeps in poll until the log is closed: who is not woken sleeps for ever, and the dog barks. */
static void poll_until_closed(void *arg, unsigned who)
{
    wal_subscription_t *s = scene.subscriptions[who];
    wal_event_t e = {.size = sizeof e};
    struct pollfd p = {.fd = wal_subscription_fd(s), .events = POLLIN};
    int got;

    (void)arg;
    do {
        MUST(poll(&p, 1, -1) == 1 || errno == EINTR);
        while ((got = wal_subscription_next(s, &e)) == 1)
            take_in(who, &e);
    } while (got == 0);
    MUST_BE(got, WAL_E_CLOSED);
    wal_unsubscribe(s);
}

static uint64_t final_count(wal_subscription_t *s, uint32_t kind)
{
    wal_event_t e = {.size = sizeof e};
    uint64_t n = 0;
    while (wal_subscription_next(s, &e) == 1) {
        assert_int_equal(e.kind, kind);
        n += 1 + e.dropped;
    }
    wal_unsubscribe(s);
    return n;
}

static void poll_beside(uint32_t ring)
{
    struct crew readers;
    wal_subscription_t *syncs, *rotations;

    begin(ring);
    open_it();
    for (unsigned k = 0; k < READERS; k++)
        MUST_BE(wal_subscribe(scene.yard.log,
                              (k % 2 ? WAL_EVENT_ROTATED : WAL_EVENT_SYNCED | WAL_EVENT_DURABLE),
                              &scene.subscriptions[k]),
                0);
    MUST_BE(wal_subscribe(scene.yard.log, WAL_EVENT_SYNCED, &syncs), 0);
    MUST_BE(wal_subscribe(scene.yard.log, WAL_EVENT_ROTATED, &rotations), 0);
    crew_start(&readers, READERS, poll_until_closed, NULL);
    crew_run(WRITERS, append_some, NULL);
    yard_close(&scene.yard);
    crew_join(&readers);
    uint64_t all_syncs = final_count(syncs, WAL_EVENT_SYNCED);
    uint64_t all_rotations = final_count(rotations, WAL_EVENT_ROTATED);
    for (unsigned k = 0; k < READERS; k++) {
        assert_int_equal(scene.syncs[k], k % 2 ? 0 : all_syncs);
        assert_int_equal(scene.rotations[k], k % 2 ? all_rotations : 0);
        assert_int_equal(scene.durable[k], k % 2 ? 0 : MOST);
    }
    yard_remove(&scene.yard);
}

static void test_polled_beside(void **state)
{
    (void)state;
    poll_beside(1024);
    poll_beside(3);
    poll_beside(1);
}

/* Subscriptions come and go while events are told. */
static void come_and_go(void *arg, unsigned who)
{
    wal_event_t e = {.size = sizeof e};
    uint64_t seed = who + 1;
    wal_subscription_t *s;

    (void)arg;
    while (!atomic_load(&scene.ended)) {
        uint32_t mask = 1u << (crew_random(&seed) % 11) | WAL_EVENT_DURABLE;
        MUST_BE(wal_subscribe(scene.yard.log, mask, &s), 0);
        for (unsigned n = crew_random(&seed) % 4; n > 0; n--) {
            int got = wal_subscription_next(s, &e);
            MUST(got == 0 || (got == 1 && (e.kind & mask)));
        }
        wal_unsubscribe(s);
        dog_feed();
    }
}

static void test_come_and_go(void **state)
{
    struct crew c;

    (void)state;
    begin(16);
    open_it();
    crew_start(&c, READERS, come_and_go, NULL);
    crew_run(WRITERS, append_some, NULL);
    atomic_store(&scene.ended, 1);
    crew_join(&c);
    yard_remove(&scene.yard);
}

/* The callback: one at a time, DURABLE never goes back, nothing is lost from a ring that is large
 * enough. */
static void test_the_callback(void **state)
{
    uint64_t durable = 0;

    (void)state;
    begin(4096);
    memset(&told, 0, sizeof told);
    MUST_BE(wal_options_set_events(scene.yard.options,
                                   WAL_EVENT_DURABLE | WAL_EVENT_ROTATED | WAL_EVENT_OPENED,
                                   told_event, &told),
            0);
    open_it();
    crew_run(WRITERS, append_some, NULL);
    MUST_BE(wal_sync(scene.yard.log, 0), 0);
    uint64_t rotations = yard_stat(&scene.yard, WAL_STAT_ROTATIONS);
    yard_close(&scene.yard);
    assert_int_equal(told_count(&told, WAL_EVENT_OPENED), 1);
    assert_int_equal(told_count(&told, WAL_EVENT_ROTATED), rotations);
    for (uint32_t k = 0; k < told.n_events; k++) {
        assert_int_equal(told.event[k].dropped, 0);
        if (told.event[k].kind != WAL_EVENT_DURABLE)
            continue;
        assert_true(told.event[k].lsn > durable);
        durable = told.event[k].lsn;
    }
    assert_int_equal(durable, MOST);
    yard_remove(&scene.yard);
}

/* While the callback is held, others commit. */
static _Atomic uint32_t held, go;

static void hold_on(void *ctx, const wal_event_t *event)
{
    (void)ctx;
    if (atomic_fetch_add(&held, 1) == 0 && event->lsn > 0)
        crew_await(&go, 1);
}

static void append_one(void *arg, unsigned who)
{
    (void)arg;
    (void)who;
    MUST_BE(wal_append(scene.yard.log, "x", 1, NULL), 0);
}

static void test_a_slow_callback_stops_nobody(void **state)
{
    struct crew first;

    (void)state;
    begin(16);
    MUST_BE(wal_options_set_events(scene.yard.options, WAL_EVENT_SYNCED, hold_on, NULL), 0);
    open_it();
    atomic_store(&held, 0);
    atomic_store(&go, 0);
    crew_start(&first, 1, append_one, NULL);
    crew_await(&held, 1);
    crew_run(WRITERS, append_some, NULL);
    atomic_store(&go, 1);
    crew_join(&first);
    yard_remove(&scene.yard);
}

/* A follower that only polls sees the writer's last record, however it races. */
static void follow_by_poll(void *arg, unsigned who)
{
    wal_t *w = yard_follow(&scene.yard);
    wal_event_t e = {.size = sizeof e};
    wal_subscription_t *s;

    (void)arg;
    MUST_BE(wal_subscribe(w, WAL_EVENT_DURABLE, &s), 0);
    scene.durable[who] = wal_durable_lsn(w);
    while (scene.durable[who] < MOST) {
        struct pollfd p = {.fd = wal_subscription_fd(s), .events = POLLIN};
        int got = wal_subscription_next(s, &e);
        MUST(got >= 0);
        if (got == 0)
            MUST(poll(&p, 1, -1) == 1 || errno == EINTR);
        else if (e.lsn > scene.durable[who])
            scene.durable[who] = e.lsn;
    }
    wal_unsubscribe(s);
    MUST_BE(wal_close(w), 0);
}

static void test_followers_are_woken(void **state)
{
    struct crew followers;

    (void)state;
    begin(16);
    open_it();
    crew_start(&followers, READERS, follow_by_poll, NULL);
    crew_run(WRITERS, append_some, NULL);
    MUST_BE(wal_sync(scene.yard.log, 0), 0);
    crew_join(&followers);
    yard_remove(&scene.yard);
}

/* One follower handle with many subscriptions, whose looks race. */
static wal_t *shared;

static void follow_shared(void *arg, unsigned who)
{
    wal_subscription_t *s = scene.subscriptions[who];
    wal_event_t e = {.size = sizeof e};
    struct pollfd p = {.fd = wal_subscription_fd(s), .events = POLLIN};
    int got;

    (void)arg;
    while ((got = wal_subscription_next(s, &e)) >= 0) {
        MUST(got == 0 || e.kind == WAL_EVENT_DURABLE);
        if (got == 1 && e.lsn > scene.durable[who])
            scene.durable[who] = e.lsn;
        if (got == 0)
            MUST(poll(&p, 1, -1) == 1 || errno == EINTR);
    }
    MUST_BE(got, WAL_E_CLOSED);
    wal_unsubscribe(s);
}

static void test_one_follower_for_many(void **state)
{
    struct crew c;

    (void)state;
    begin(16);
    open_it();
    shared = yard_follow(&scene.yard);
    for (unsigned k = 0; k < READERS; k++)
        MUST_BE(wal_subscribe(shared, WAL_EVENT_DURABLE, &scene.subscriptions[k]), 0);
    crew_start(&c, READERS, follow_shared, NULL);
    crew_run(WRITERS, append_some, NULL);
    MUST_BE(wal_sync(scene.yard.log, 0), 0);
    assert_int_equal(wal_durable_lsn(shared), MOST);
    MUST_BE(wal_close(shared), 0);
    crew_join(&c);
    for (unsigned k = 0; k < READERS; k++)
        assert_int_equal(scene.durable[k], MOST); /* queued before the close */
    yard_remove(&scene.yard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_polled_beside),
        cmocka_unit_test(test_come_and_go),
        cmocka_unit_test(test_the_callback),
        cmocka_unit_test(test_a_slow_callback_stops_nobody),
        cmocka_unit_test(test_followers_are_woken),
        cmocka_unit_test(test_one_follower_for_many),
    };
    dog_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dog_stop();
    return failed;
}
