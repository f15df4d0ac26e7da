/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and syncs that fail while many threads wait for them: each call gets exactly one answer,
 * what was durable never gets an error, what was withdrawn is not in the log, what was acknowledged
 * is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/attr.h"
#include "base/codes.h"
#include "support/yard.h"

enum { THREADS = 12 };

struct answer {
    int e;
    int32_t sys_errno;
    uint64_t lsn; /* of the record, or what the error says */
};

struct scene {
    struct yard yard;
    struct crew crew, leader;
    struct answer answers[THREADS], leaders;
    uint32_t flags;
};

static struct scene scene;

static void begin(uint32_t mode, bool background)
{
    memset(&scene, 0, sizeof scene);
    yard_make(&scene.yard);
    yard_set(&scene.yard, WAL_OPT_SYNC, mode);
    yard_set(&scene.yard, WAL_OPT_BACKGROUND, background);
    yard_open(&scene.yard);
}

static int append(unsigned who, uint32_t seq, uint32_t flags, struct answer *ret)
{
    uint8_t note[NOTE_MAX];
    wal_error_t error = {.size = sizeof error};
    size_t size = note_make(note, who, seq);
    struct answer a = {.e = 0};

    a.e = wal_append_typed(scene.yard.log, 0, note, size, flags, &a.lsn);
    if (a.e < 0) {
        MUST_BE(wal_last_error(&error, sizeof error), 0);
        MUST_BE(error.code, a.e);
        a.lsn = error.lsn;
        a.sys_errno = error.sys_errno;
    }
    if (ret)
        *ret = a;
    return a.e;
}

static void append_once(void *arg, unsigned who)
{
    (void)arg;
    (void)append(who, 0, scene.flags, &scene.answers[who]);
    dog_feed();
}

static void append_leader(void *arg, unsigned who)
{
    (void)arg;
    (void)append(who + 100, 0, 0, &scene.leaders);
    dog_feed();
}

/* One commit is held at the lever; the crew's records wait behind it, as one round. */
static void crew_behind_leader(struct lever *l)
{
    uint64_t next = wal_next_lsn(scene.yard.log);
    uint32_t held = atomic_load(&l->held);

    atomic_store(&l->hold, 1);
    crew_start(&scene.leader, 1, append_leader, NULL);
    crew_await(&l->held, held + 1);
    crew_start(&scene.crew, THREADS, append_once, NULL);
    yard_await_next(&scene.yard, next + 1 + THREADS);
}

static void let_go(struct lever *l)
{
    atomic_store(&l->hold, 0);
    crew_join(&scene.leader);
    crew_join(&scene.crew);
}

/* Closes a failed log, and opens what it left. */
static void reopen_failed(void)
{
    wal_t *w = scene.yard.log;
    scene.yard.log = NULL;
    assert_int_equal(wal_close(w), WAL_E_FAILED);
    lever_fail(&scene.yard.lever.sync, 0, 0, 0);
    lever_fail(&scene.yard.lever.write, 0, 0, 0);
    yard_open(&scene.yard);
}

static int check_note(void *ctx, const wal_record_t *r)
{
    uint32_t who, seq;
    note_read(r, &who, &seq);
    ++*(uint64_t *)ctx;
    return 0;
}

/* Whole records without a gap; how many. */
static uint64_t replay_all(void)
{
    uint64_t n = 0, last = 0;
    assert_int_equal(wal_replay(scene.yard.log, 1, check_note, &n, &last), 0);
    assert_int_equal(n, last);
    return n;
}

static void expect_get(uint64_t lsn, uint32_t who)
{
    uint8_t buf[NOTE_MAX];
    wal_record_t r = {.size = sizeof r};
    uint32_t got_who, seq;
    assert_int_equal(wal_get(scene.yard.log, lsn, buf, sizeof buf, &r), 0);
    note_read(&r, &got_who, &seq);
    assert_int_equal(got_who, who);
}

static void test_failed_sync_is_in_doubt_for_each_of_its_round(void **state)
{
    uint64_t seen = 0;

    (void)state;
    begin(WAL_SYNC_DATA, false);
    crew_behind_leader(&scene.yard.lever.sync);
    lever_fail(&scene.yard.lever.sync, 1, 1, EIO);
    let_go(&scene.yard.lever.sync);
    assert_int_equal(scene.leaders.e, 0);
    assert_int_equal(scene.leaders.lsn, 1);
    for (int k = 0; k < THREADS; k++) {
        assert_int_equal(scene.answers[k].e, WAL_E_INDOUBT);
        assert_int_equal(scene.answers[k].sys_errno, EIO);
        assert_in_range(scene.answers[k].lsn, 2, 1 + THREADS);
        seen |= UINT64_C(1) << scene.answers[k].lsn;
    }
    assert_int_equal(seen, ((UINT64_C(1) << THREADS) - 1) << 2); /* each its own */

    wal_t *w = scene.yard.log;
    assert_int_equal(wal_failure(w), WAL_E_IO);
    assert_int_equal(append(0, 1, 0, NULL), WAL_E_FAILED);
    assert_int_equal(append(0, 1, WAL_APPEND_ASYNC, NULL), WAL_E_FAILED);
    assert_int_equal(wal_sync(w, 0), WAL_E_FAILED);
    assert_int_equal(wal_flush(w), WAL_E_FAILED);
    assert_int_equal(wal_rotate(w), WAL_E_FAILED);
    assert_int_equal(wal_wait(w, 1, -1), 0); /* durable stays durable */
    assert_int_equal(wal_wait(w, 2, -1), WAL_E_INDOUBT);
    assert_int_equal(wal_wait(w, 2 + THREADS, -1), WAL_E_FAILED);
    assert_int_equal(wal_durable_lsn(w), 1);
    expect_get(1, 100);
    assert_int_equal(atomic_load(&scene.yard.lever.sync.failures), 1); /* never tried again */
    reopen_failed();
    assert_int_equal(replay_all(), 1 + THREADS); /* they were in the file */
    assert_int_equal(append(0, 0, 0, NULL), 0);
    yard_remove(&scene.yard);
}

/* Whoever waits is told so at once, also those whose records were not written yet. */
static void test_failed_sync_is_in_doubt_for_those_behind_it_too(void **state)
{
    (void)state;
    begin(WAL_SYNC_DATA, false);
    crew_behind_leader(&scene.yard.lever.sync);
    lever_fail(&scene.yard.lever.sync, 0, 1, EIO);
    let_go(&scene.yard.lever.sync);
    assert_int_equal(scene.leaders.e, WAL_E_INDOUBT);
    for (int k = 0; k < THREADS; k++)
        assert_int_equal(scene.answers[k].e, WAL_E_INDOUBT);
    assert_int_equal(append(0, 1, 0, NULL), WAL_E_FAILED);
    reopen_failed();
    assert_int_equal(replay_all(), 1);
    yard_remove(&scene.yard);
}

static void test_failed_write_withdraws_its_round(void **state)
{
    (void)state;
    begin(WAL_SYNC_DATA, false);
    crew_behind_leader(&scene.yard.lever.sync);
    lever_fail(&scene.yard.lever.write, 0, 1, ENOSPC);
    let_go(&scene.yard.lever.sync);
    assert_int_equal(scene.leaders.e, 0);
    for (int k = 0; k < THREADS; k++) {
        assert_int_equal(scene.answers[k].e, WAL_E_NOSPC);
        assert_int_equal(scene.answers[k].sys_errno, ENOSPC);
    }
    assert_int_equal(wal_failure(scene.yard.log), 0);
    assert_int_equal(wal_next_lsn(scene.yard.log), 2);
    assert_int_equal(append(7, 0, 0, &scene.leaders), 0);
    assert_int_equal(scene.leaders.lsn, 2); /* the LSN that was given back */
    expect_get(2, 7);
    yard_close(&scene.yard);
    yard_open(&scene.yard);
    assert_int_equal(replay_all(), 2);
    expect_get(2, 7);
    yard_remove(&scene.yard);
}

/* Those who came while the write was under way go with it: their LSNs lie behind. */
static void test_failed_write_takes_later_ones_with_it(void **state)
{
    (void)state;
    begin(WAL_SYNC_DATA, false);
    assert_int_equal(append(0, 0, 0, NULL), 0);
    crew_behind_leader(&scene.yard.lever.write);
    lever_fail(&scene.yard.lever.write, 0, 1, EIO);
    let_go(&scene.yard.lever.write);
    assert_int_equal(scene.leaders.e, WAL_E_IO);
    for (int k = 0; k < THREADS; k++)
        assert_int_equal(scene.answers[k].e, WAL_E_IO);
    assert_int_equal(wal_next_lsn(scene.yard.log), 2);
    assert_int_equal(append(9, 0, 0, NULL), 0);
    yard_close(&scene.yard);
    yard_open(&scene.yard);
    assert_int_equal(replay_all(), 2);
    expect_get(2, 9);
    yard_remove(&scene.yard);
}

static void test_buffered_ones_stay(void **state)
{
    (void)state;
    begin(WAL_SYNC_DATA, false);
    assert_int_equal(append(1, 0, WAL_APPEND_ASYNC, NULL), 0);
    assert_int_equal(append(2, 0, WAL_APPEND_ASYNC, NULL), 0);
    lever_fail(&scene.yard.lever.write, 0, 1, ENOSPC);
    assert_int_equal(append(3, 0, 0, NULL), WAL_E_NOSPC);
    assert_int_equal(wal_next_lsn(scene.yard.log), 3);
    assert_int_equal(wal_durable_lsn(scene.yard.log), 0);
    expect_get(1, 1);
    expect_get(2, 2);
    lever_fail(&scene.yard.lever.write, 0, 2, ENOSPC);
    assert_int_equal(wal_flush(scene.yard.log), WAL_E_NOSPC);
    assert_int_equal(wal_sync(scene.yard.log, 0), WAL_E_NOSPC);
    expect_get(2, 2);
    assert_int_equal(append(4, 0, 0, &scene.leaders), 0);
    assert_int_equal(scene.leaders.lsn, 3);
    assert_int_equal(wal_durable_lsn(scene.yard.log), 3);
    assert_int_equal(wal_sync(scene.yard.log, 0), 0);
    yard_close(&scene.yard);
    yard_open(&scene.yard);
    assert_int_equal(replay_all(), 3);
    expect_get(1, 1);
    expect_get(2, 2);
    expect_get(3, 4);
    yard_remove(&scene.yard);
}

/* Threads that sync or wait for buffered records while the write fails get its error, each once,
 * and the records are still there for the next one. */
static void sync_once(void *arg, unsigned who)
{
    (void)arg;
    scene.answers[who].e = who % 2 ? wal_sync(scene.yard.log, 1) : wal_wait(scene.yard.log, 1, -1);
    dog_feed();
}

static void test_failed_write_answers_those_who_sync(void **state)
{
    (void)state;
    begin(WAL_SYNC_NONE, false);
    for (uint32_t round = 0; round < 50; round++) {
        uint64_t lsn = wal_next_lsn(scene.yard.log);
        assert_int_equal(append(1, round, 0, NULL), 0);
        lever_fail(&scene.yard.lever.write, 0, 1, ENOSPC);
        crew_run(THREADS, sync_once, NULL);
        unsigned refused = 0;
        for (int k = 0; k < THREADS; k++) {
            assert_true(scene.answers[k].e == 0 || scene.answers[k].e == WAL_E_NOSPC);
            refused += scene.answers[k].e != 0;
        }
        if (round == 0)
            assert_true(refused >= 1);
        assert_int_equal(wal_failure(scene.yard.log), 0);
        lever_fail(&scene.yard.lever.write, 0, 0, 0);
        assert_int_equal(wal_sync(scene.yard.log, lsn), 0);
    }
    assert_int_equal(replay_all(), 50);
    yard_remove(&scene.yard);
}

/* Its LSN is the caller's already, and can't go to another record. */
static void test_buffered_one_behind_a_withdrawn_one_fails_the_log(void **state)
{
    (void)state;
    begin(WAL_SYNC_DATA, false);
    assert_int_equal(append(0, 0, 0, NULL), 0);
    scene.flags = WAL_APPEND_ASYNC;
    crew_behind_leader(&scene.yard.lever.write);
    lever_fail(&scene.yard.lever.write, 0, 1, ENOSPC);
    let_go(&scene.yard.lever.write);
    assert_int_equal(scene.leaders.e, WAL_E_NOSPC);
    for (int k = 0; k < THREADS; k++)
        assert_int_equal(scene.answers[k].e, 0);
    assert_int_equal(wal_failure(scene.yard.log), WAL_E_NOSPC);
    assert_int_equal(wal_wait(scene.yard.log, 1, 0), 0);
    assert_int_equal(wal_sync(scene.yard.log, 0), WAL_E_FAILED);
    reopen_failed();
    assert_int_equal(replay_all(), 1);
    yard_remove(&scene.yard);
}

/* The write fails, and so does what would set it back. */
static void test_failed_withdrawal_is_in_doubt(void **state)
{
    (void)state;
    begin(WAL_SYNC_DATA, false);
    crew_behind_leader(&scene.yard.lever.sync);
    lever_fail(&scene.yard.lever.write, 0, 2, EIO);
    let_go(&scene.yard.lever.sync);
    assert_int_equal(scene.leaders.e, 0);
    for (int k = 0; k < THREADS; k++)
        assert_int_equal(scene.answers[k].e, WAL_E_INDOUBT);
    assert_int_equal(wal_failure(scene.yard.log), WAL_E_IO);
    reopen_failed();
    assert_in_range(replay_all(), 1, 1 + THREADS);
    yard_remove(&scene.yard);
}

/* Writes fail now and then, under load; who was told of an error tries again. */

enum { LOADED = 8, WISHES = 150 };
static uint64_t lsn_of[LOADED][WISHES];

static void keep_trying(void *arg, unsigned who)
{
    struct answer a;

    (void)arg;
    for (uint32_t k = 0; k < WISHES; k++) {
        do {
            (void)append(who, k, k % 5 == 4 ? WAL_APPEND_SYNC : 0, &a);
            MUST(a.e == 0 || a.e == WAL_E_NOSPC);
        } while (a.e != 0);
        lsn_of[who][k] = a.lsn;
        dog_feed();
    }
}

static int check_place(void *ctx, const wal_record_t *r)
{
    uint32_t who, seq;
    note_read(r, &who, &seq);
    MUST_BE((int64_t)lsn_of[who][seq], (int64_t)r->lsn);
    ++*(uint64_t *)ctx;
    return 0;
}

static void test_under_load(void **state)
{
    uint64_t n = 0;

    (void)state;
    memset(lsn_of, 0, sizeof lsn_of);
    /* A write that fails is set back by the next one: with no thread beside that writes too, those
     * two are never the ones that fail. */
    begin(WAL_SYNC_DATA, false);
    atomic_store(&scene.yard.lever.write.err, ENOSPC);
    atomic_store(&scene.yard.lever.write.one_in, 7);
    crew_run(LOADED, keep_trying, NULL);
    atomic_store(&scene.yard.lever.write.one_in, 0);
    assert_true(atomic_load(&scene.yard.lever.write.failures) > 20);
    assert_int_equal(wal_last_lsn(scene.yard.log), LOADED * WISHES);
    yard_close(&scene.yard);
    yard_open(&scene.yard);
    assert_int_equal(wal_replay(scene.yard.log, 1, check_place, &n, NULL), 0);
    assert_int_equal(n, LOADED * WISHES);
    yard_remove(&scene.yard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failed_sync_is_in_doubt_for_each_of_its_round),
        cmocka_unit_test(test_failed_sync_is_in_doubt_for_those_behind_it_too),
        cmocka_unit_test(test_failed_write_withdraws_its_round),
        cmocka_unit_test(test_failed_write_takes_later_ones_with_it),
        cmocka_unit_test(test_buffered_ones_stay),
        cmocka_unit_test(test_failed_write_answers_those_who_sync),
        cmocka_unit_test(test_buffered_one_behind_a_withdrawn_one_fails_the_log),
        cmocka_unit_test(test_failed_withdrawal_is_in_doubt),
        cmocka_unit_test(test_under_load),
    };
    dog_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dog_stop();
    return failed;
}
