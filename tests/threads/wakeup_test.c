/* SPDX-License-Identifier: Apache-2.0 */
/* Lost wake-ups. Each round sends some threads off at once and waits until all have come back: who
 * then still sleeps would sleep for ever, since nobody is left to wake him. The dog ends that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/codes.h"
#include "support/yard.h"

struct race {
    struct yard yard;
    pthread_barrier_t start, end;
    unsigned n, rounds, exclusive; /* how many of the n do other work than commits */
};

static struct race race;

static uint64_t append(unsigned who, uint32_t round, uint32_t flags)
{
    uint8_t note[NOTE_MAX];
    uint64_t lsn = 0;
    size_t size = note_make(note, who, round);
    MUST_BE(wal_append_typed(race.yard.log, who, note, size, flags, &lsn), 0);
    return lsn;
}

/* Goes away and comes back until the record is durable. */
static void wait_in_steps(uint64_t lsn, uint64_t *seed)
{
    int e;
    do {
        e = wal_wait(race.yard.log, lsn, (int)(crew_random(seed) % 3));
        MUST(e == 0 || e == WAL_E_TIMEOUT);
    } while (e != 0);
}

static void commit_once(unsigned who, uint32_t round, uint64_t *seed)
{
    wal_t *w = race.yard.log;
    switch (crew_random(seed) % 8) {
    case 0:
        MUST_BE(wal_wait(w, append(who, round, WAL_APPEND_SUBMIT), -1), 0);
        break;
    case 1:
        wait_in_steps(append(who, round, WAL_APPEND_SUBMIT), seed);
        break;
    case 2:
        wait_in_steps(append(who, round, WAL_APPEND_ASYNC), seed);
        break;
    case 3:
        MUST_BE(wal_sync(w, append(who, round, WAL_APPEND_ASYNC)), 0);
        break;
    case 4:
        MUST_BE(wal_sync(w, 0), 0);
        break;
    case 5:
        MUST_BE(wal_wait(w, wal_next_lsn(w) + 1000000, 0), WAL_E_TIMEOUT);
        break;
    default:
        (void)append(who, round, 0);
        break;
    }
}

static void other_work(unsigned who, uint32_t round, uint64_t *seed)
{
    wal_t *w = race.yard.log;
    switch (crew_random(seed) % 6) {
    case 0:
        MUST_BE(wal_rotate(w), 0);
        break;
    case 1:
        MUST_BE(wal_meta_set(w, &who, sizeof who, &round, sizeof round), 0);
        break;
    case 2:
        MUST_BE(wal_truncate_before(w, wal_durable_lsn(w)), 0);
        break;
    case 3:
        MUST_BE(wal_flush(w), 0);
        break;
    case 4:
        MUST_BE(wal_truncate_after(w, wal_next_lsn(w) + 1000), 0);
        break;
    default:
        commit_once(who, round, seed);
        break;
    }
}

static void runner(void *arg, unsigned who)
{
    uint64_t seed = who + 1;

    (void)arg;
    for (uint32_t round = 0; round < race.rounds; round++) {
        pthread_barrier_wait(&race.start);
        if (who < race.exclusive)
            other_work(who, round, &seed);
        else
            commit_once(who, round, &seed);
        dog_feed();
        pthread_barrier_wait(&race.end);
    }
}

static void run_race(unsigned n, unsigned rounds, unsigned exclusive, uint32_t mode, bool sync)
{
    memset(&race, 0, sizeof race);
    race.n = n;
    race.rounds = rounds;
    race.exclusive = exclusive;
    MUST_BE(pthread_barrier_init(&race.start, NULL, n), 0);
    MUST_BE(pthread_barrier_init(&race.end, NULL, n), 0);
    yard_make(&race.yard);
    yard_set(&race.yard, WAL_OPT_SYNC, mode);
    yard_set(&race.yard, WAL_OPT_INTERVAL_MS, 2);
    yard_set(&race.yard, WAL_OPT_SEGMENT_BYTES, 1024 * 1024);
    yard_open(&race.yard);
    atomic_store(&race.yard.lever.sync.skipped, !sync);
    crew_run(n, runner, NULL);
    assert_int_equal(wal_sync(race.yard.log, 0), 0);
    assert_int_equal(wal_durable_lsn(race.yard.log) + 1, wal_next_lsn(race.yard.log));
    yard_remove(&race.yard);
    pthread_barrier_destroy(&race.start);
    pthread_barrier_destroy(&race.end);
}

static void test_two_threads(void **state)
{
    (void)state;
    run_race(2, 3000, 0, WAL_SYNC_DATA, false);
    run_race(2, 500, 1, WAL_SYNC_DATA, false);
}

static void test_three_threads(void **state)
{
    (void)state;
    run_race(3, 2000, 0, WAL_SYNC_DATA, false);
    run_race(3, 500, 2, WAL_SYNC_DATA, false);
}

static void test_eight_threads(void **state)
{
    (void)state;
    run_race(8, 800, 0, WAL_SYNC_DATA, false);
    run_race(8, 400, 2, WAL_SYNC_DATA, false);
}

static void test_sixty_four_threads(void **state)
{
    (void)state;
    run_race(64, 100, 0, WAL_SYNC_DATA, false);
    run_race(64, 60, 6, WAL_SYNC_DATA, false);
}

static void test_with_real_syncs(void **state)
{
    (void)state;
    run_race(4, 300, 1, WAL_SYNC_DATA, true);
    run_race(4, 200, 1, WAL_SYNC_DSYNC, true);
}

static void test_buffered_modes(void **state)
{
    (void)state;
    run_race(6, 400, 1, WAL_SYNC_NONE, false);
    run_race(6, 200, 1, WAL_SYNC_INTERVAL, false);
}

/* Commits get their turn although two threads want it for something else all the time. */

static _Atomic uint32_t committed;

static void flush_for_ever(void *arg, unsigned who)
{
    (void)arg;
    (void)who;
    while (atomic_load(&committed) < 200)
        MUST_BE(wal_flush(race.yard.log), 0);
}

static void commit_some(void *arg, unsigned who)
{
    (void)arg;
    for (uint32_t k = 0; k < 100; k++) {
        (void)append(who, k, 0);
        atomic_fetch_add(&committed, 1);
        dog_feed();
    }
}

static void test_flushes_do_not_keep_commits_out(void **state)
{
    struct crew flushers, committers;

    (void)state;
    memset(&race, 0, sizeof race);
    yard_make(&race.yard);
    yard_open(&race.yard);
    crew_start(&flushers, 3, flush_for_ever, NULL);
    crew_start(&committers, 2, commit_some, NULL);
    crew_join(&committers);
    crew_join(&flushers);
    assert_int_equal(wal_durable_lsn(race.yard.log), 200);
    yard_remove(&race.yard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_threads),
        cmocka_unit_test(test_three_threads),
        cmocka_unit_test(test_eight_threads),
        cmocka_unit_test(test_sixty_four_threads),
        cmocka_unit_test(test_with_real_syncs),
        cmocka_unit_test(test_buffered_modes),
        cmocka_unit_test(test_flushes_do_not_keep_commits_out),
    };
    dog_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dog_stop();
    return failed;
}
