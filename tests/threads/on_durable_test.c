/* SPDX-License-Identifier: Apache-2.0 */
/* on_durable among many threads: each call comes exactly once, one at a time, those for LSNs that
 * lay ahead in their order; whoever runs them holds up no other commit, and is not kept for ever;
 * failures and close answer everybody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/attr.h"
#include "base/codes.h"
#include "log/log.h"
#include "support/told.h"
#include "support/yard.h"

enum { THREADS = 6, EACH = 400, MOST = THREADS * EACH * 2 };

/* What one registration was told. */
struct ask {
    uint64_t lsn;
    _Atomic uint32_t calls;
    int result;
};

struct scene {
    struct yard yard;
    wal_t *log; /* what the threads use: yard.log is taken away by close */
    struct told told;
    struct ask asks[MOST];
    _Atomic uint32_t asked, answered;
    _Atomic uint32_t inside, stop;
};

static struct scene scene;

static void begin_with(uint32_t mode, bool sync, uint64_t segment_bytes)
{
    memset(&scene, 0, sizeof scene);
    yard_make(&scene.yard);
    yard_set(&scene.yard, WAL_OPT_SYNC, mode);
    yard_set(&scene.yard, WAL_OPT_INTERVAL_MS, 2);
    yard_set(&scene.yard, WAL_OPT_SEGMENT_BYTES, segment_bytes);
    yard_open(&scene.yard);
    scene.log = scene.yard.log;
    wal_ref(scene.log);
    atomic_store(&scene.yard.lever.sync.skipped, !sync);
}

static void begin(uint32_t mode, bool sync)
{
    begin_with(mode, sync, 64 * 1024);
}

static void end(void)
{
    wal_unref(scene.log);
    yard_remove(&scene.yard);
}

static int append(unsigned who, uint32_t seq, uint32_t flags, uint64_t *ret_lsn)
{
    uint8_t note[NOTE_MAX];
    size_t size = note_make(note, who, seq);
    return wal_append_typed(scene.log, 0, note, size, flags, ret_lsn);
}

/* One at a time, each once, never before it is true. */
static void answer(void *ctx, uint64_t lsn, int result)
{
    struct ask *a = ctx;

    MUST(atomic_fetch_add(&scene.inside, 1) == 0);
    MUST_BE((int64_t)a->lsn, (int64_t)lsn);
    uint64_t durable = wal_durable_lsn(scene.log); /* 0 where close came between */
    MUST(result != 0 || durable >= lsn || atomic_load(&scene.log->closed));
    a->result = result;
    atomic_fetch_sub(&scene.inside, 1);
    MUST(atomic_fetch_add(&a->calls, 1) == 0);
    atomic_fetch_add(&scene.answered, 1);
    dog_feed();
}

static int ask(uint64_t lsn)
{
    struct ask *a = &scene.asks[atomic_fetch_add(&scene.asked, 1)];
    MUST(a < scene.asks + MOST);
    a->lsn = lsn;
    return wal_on_durable(scene.log, lsn, answer, a);
}

/* All sorts of appends; what is asked for is durable, buffered or ahead. */
static void append_and_ask(void *arg, unsigned who)
{
    const uint32_t flags[] = {0, WAL_APPEND_ASYNC, WAL_APPEND_SUBMIT, WAL_APPEND_SYNC};
    uint64_t seed = who + 1, lsn = 0;

    (void)arg;
    for (uint32_t k = 0; k < EACH; k++) {
        MUST_BE(append(who, k, flags[crew_random(&seed) % 4], &lsn), 0);
        MUST_BE(ask(lsn), 0);
        if (crew_random(&seed) % 8 == 0)
            MUST_BE(ask(1 + crew_random(&seed) % (THREADS * EACH)), 0);
        dog_feed();
    }
}

static void ask_among_many(uint32_t mode, bool sync)
{
    begin(mode, sync);
    crew_run(THREADS, append_and_ask, NULL);
    assert_int_equal(wal_sync(scene.log, 0), 0);
    crew_await(&scene.answered, scene.asked);
    for (uint32_t k = 0; k < scene.asked; k++) {
        assert_int_equal(scene.asks[k].calls, 1);
        assert_int_equal(scene.asks[k].result, 0);
    }
    end();
}

static void test_each_once_one_at_a_time(void **state)
{
    (void)state;
    for (uint32_t mode = WAL_SYNC_NONE; mode <= WAL_SYNC_DSYNC; mode++)
        ask_among_many(mode, false);
    ask_among_many(WAL_SYNC_DATA, true);
}

/* Registered before anything is there, in no order: called from 1 on without a gap. */
static void append_only(void *arg, unsigned who)
{
    const uint32_t flags[] = {0, WAL_APPEND_ASYNC, WAL_APPEND_SUBMIT};
    uint64_t seed = who + 1;

    (void)arg;
    for (uint32_t k = 0; k < EACH; k++) {
        MUST_BE(append(who, k, flags[crew_random(&seed) % 3], NULL), 0);
        if (crew_random(&seed) % 64 == 0)
            MUST_BE(wal_rotate(scene.log), 0);
        dog_feed();
    }
}

static void test_in_the_order_of_lsns(void **state)
{
    enum { N = THREADS * EACH };

    (void)state;
    begin(WAL_SYNC_DATA, false);
    for (uint64_t k = 0; k < N; k++)
        MUST_BE(wal_on_durable(scene.log, 1 + k * 389 % N, told_durable, &scene.told), 0);
    crew_run(THREADS, append_only, NULL);
    assert_int_equal(wal_sync(scene.log, 0), 0);
    told_await(&scene.told, N);
    for (uint32_t k = 0; k < N; k++) {
        assert_int_equal(scene.told.lsn[k], k + 1);
        assert_int_equal(scene.told.result[k], 0);
    }
    end();
}

/* While one thread is held in a callback, the others' commits come to their end. */
struct hold {
    _Atomic uint32_t begun, go;
};

static void hold_on(void *ctx, uint64_t lsn, int result)
{
    struct hold *h = ctx;
    (void)lsn;
    MUST_BE(result, 0);
    atomic_store(&h->begun, 1);
    crew_await(&h->go, 1);
}

static void append_first(void *arg, unsigned who)
{
    (void)arg;
    MUST_BE(append(who, 0, 0, NULL), 0);
}

static void append_and_ask_ahead(void *arg, unsigned who)
{
    uint64_t lsn;
    (void)arg;
    for (uint32_t k = 0; k < 50; k++) {
        MUST_BE(ask(wal_next_lsn(scene.log) + 3), 0);
        MUST_BE(append(who, k, 0, &lsn), 0);
        dog_feed();
    }
}

static void test_a_slow_callback_stops_nobody(void **state)
{
    struct hold h = {0};
    struct crew first;

    (void)state;
    begin(WAL_SYNC_DATA, false);
    MUST_BE(wal_on_durable(scene.log, 1, hold_on, &h), 0);
    crew_start(&first, 1, append_first, NULL);
    crew_await(&h.begun, 1);
    crew_run(4, append_and_ask_ahead, NULL); /* comes back, that's all */
    assert_int_equal(wal_durable_lsn(scene.log), 201);
    assert_int_equal(scene.answered, 0); /* none beside the one that is held */
    atomic_store(&h.go, 1);
    crew_join(&first);
    for (uint32_t k = 0; k < 4; k++)
        MUST_BE(append(9, k, 0, NULL), 0);
    assert_int_equal(scene.answered, scene.asked);
    end();
}

/* Callbacks that are slower than what the others cause: nobody is kept by them for ever. */
static _Atomic uint32_t rounds[4];

static bool all_have_done_some(void)
{
    for (size_t k = 0; k < COUNT_OF(rounds); k++)
        if (atomic_load(&rounds[k]) < 10)
            return false;
    return true;
}

static void slow(void *ctx, uint64_t lsn, int result)
{
    (void)ctx;
    (void)lsn;
    (void)result;
    for (int k = 0; k < 5; k++)
        crew_pause();
}

static void cause_slow_ones(void *arg, unsigned who)
{
    uint64_t lsn;

    (void)arg;
    for (uint32_t k = 0; !all_have_done_some() && k < 100000; k++) {
        MUST_BE(append(who, k, WAL_APPEND_ASYNC, &lsn), 0);
        MUST_BE(wal_on_durable(scene.log, lsn + 1, slow, NULL), 0);
        MUST_BE(append(who, k, 0, NULL), 0);
        atomic_fetch_add(&rounds[who], 1);
    }
}

static void test_nobody_is_kept_for_ever(void **state)
{
    (void)state;
    begin(WAL_SYNC_DATA, false);
    memset(rounds, 0, sizeof rounds);
    crew_run(COUNT_OF(rounds), cause_slow_ones, NULL); /* else the dog barks */
    assert_true(all_have_done_some());
    end();
}

/* A failing sync in the middle: everybody has an answer, and it is the right one. */
static void ask_until_it_fails(void *arg, unsigned who)
{
    uint64_t lsn;
    int e = 0;

    (void)arg;
    for (uint32_t k = 0; e == 0 && k < EACH; k++) {
        MUST_BE(ask(wal_next_lsn(scene.log) + who % 3), 0);
        e = append(who, k, who % 2 ? WAL_APPEND_ASYNC : 0, &lsn);
        MUST(e == 0 || e == WAL_E_INDOUBT || e == WAL_E_FAILED);
        dog_feed();
    }
    MUST_BE(ask(1000000 + who), 0); /* also afterwards */
}

static void test_a_failing_sync_answers_everybody(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 10; round++) {
        /* No new segment: a file that can't be prepared is left, and the log goes on. */
        begin_with(WAL_SYNC_DATA, false, 64 << 20);
        lever_fail(&scene.yard.lever.sync, 20 + round, 1, EIO);
        crew_run(THREADS, ask_until_it_fails, NULL);
        while (wal_failure(scene.log) == 0) /* they shared more syncs than it takes */
            (void)append(0, 0, 0, NULL);
        uint64_t durable = wal_durable_lsn(scene.log), next = wal_next_lsn(scene.log);
        crew_await(&scene.answered, scene.asked);
        for (uint32_t k = 0; k < scene.asked; k++) {
            const struct ask *a = &scene.asks[k];
            assert_int_equal(a->calls, 1);
            assert_int_equal(a->result, a->lsn <= durable ? 0
                                        : a->lsn < next   ? WAL_E_INDOUBT
                                                          : WAL_E_FAILED);
        }
        wal_t *w = scene.yard.log;
        scene.yard.log = NULL;
        assert_int_equal(wal_close(w), WAL_E_FAILED);
        end();
    }
}

/* Close among those who ask: who was let in is answered once, by the time it returns. */
static void ask_until_closed(void *arg, unsigned who)
{
    uint64_t seed = who + 1;
    int e = 0;

    (void)arg;
    for (uint32_t k = 0; e == 0 && k < 2 * EACH; k++) {
        struct ask *a = &scene.asks[atomic_fetch_add(&scene.asked, 1)];
        MUST(a < scene.asks + MOST);
        a->lsn = 1 + crew_random(&seed) % (wal_next_lsn(scene.log) + 5);
        e = wal_on_durable(scene.log, a->lsn, answer, a);
        if (e < 0)
            a->lsn = 0; /* not asked */
        if (e == 0)
            e = append(who, k, k % 2 ? WAL_APPEND_SUBMIT : WAL_APPEND_ASYNC, NULL);
        dog_feed();
    }
    MUST(e == 0 || e == WAL_E_CLOSED);
}

static void close_among_those_who_ask(uint32_t mode, uint32_t after)
{
    struct crew c;

    begin(mode, false);
    crew_start(&c, THREADS, ask_until_closed, NULL);
    crew_await(&scene.asked, after);
    yard_close(&scene.yard);
    uint32_t answered = atomic_load(&scene.answered);
    crew_join(&c);
    assert_int_equal(answered, scene.answered); /* none after close */
    yard_open(&scene.yard);
    uint64_t last = wal_last_lsn(scene.yard.log);
    for (uint32_t k = 0; k < scene.asked; k++) {
        const struct ask *a = &scene.asks[k];
        assert_int_equal(a->calls, a->lsn != 0);
        if (a->lsn)
            assert_int_equal(a->result, a->lsn <= last ? 0 : WAL_E_CLOSED);
    }
    end();
}

static void test_close_answers_everybody(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 20; k++)
        close_among_those_who_ask(k % 2 ? WAL_SYNC_INTERVAL : WAL_SYNC_DATA, 1 + k * 20);
}

/* Close waits for a callback that is under way, on a thread of the user and on the log's own. */
static void close_it(void *arg, unsigned who)
{
    (void)arg;
    (void)who;
    yard_close(&scene.yard);
    atomic_store(&scene.stop, 1);
}

static void append_flagged(void *arg, unsigned who)
{
    (void)who;
    MUST_BE(append(0, 0, *(uint32_t *)arg, NULL), 0);
}

static void test_close_waits_for_the_one_under_way(void **state)
{
    uint32_t flags[] = {0, WAL_APPEND_SUBMIT};

    (void)state;
    for (size_t k = 0; k < COUNT_OF(flags); k++) {
        struct hold h = {0};
        struct crew first, closer;
        begin(WAL_SYNC_DATA, false);
        MUST_BE(wal_on_durable(scene.log, 1, hold_on, &h), 0);
        MUST_BE(wal_on_durable(scene.log, 2, told_durable, &scene.told), 0);
        crew_start(&first, 1, append_flagged, &flags[k]);
        crew_await(&h.begun, 1);
        crew_start(&closer, 1, close_it, NULL);
        crew_await(&scene.log->closed, 1);
        for (int n = 0; n < 50; n++)
            crew_pause();
        assert_int_equal(scene.stop, 0); /* too short a pause only lets it pass */
        assert_int_equal(scene.told.n, 0);
        atomic_store(&h.go, 1);
        crew_join(&closer);
        crew_join(&first);
        assert_int_equal(scene.told.n, 1);
        assert_int_equal(scene.told.result[0], WAL_E_CLOSED);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_once_one_at_a_time),
        cmocka_unit_test(test_in_the_order_of_lsns),
        cmocka_unit_test(test_a_slow_callback_stops_nobody),
        cmocka_unit_test(test_nobody_is_kept_for_ever),
        cmocka_unit_test(test_a_failing_sync_answers_everybody),
        cmocka_unit_test(test_close_answers_everybody),
        cmocka_unit_test(test_close_waits_for_the_one_under_way),
    };
    dog_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dog_stop();
    return failed;
}
