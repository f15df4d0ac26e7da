/* SPDX-License-Identifier: Apache-2.0 */
/* Close while others are inside: every waiter is woken with CLOSED, calls that were admitted come
 * to their end, what was acknowledged is there, and batches and readers outlive the handle. The
 * threads here hold a reference, so that a call which comes after the close still finds the
 * handle's memory: users must not do that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/codes.h"
#include "log/log.h"
#include "support/yard.h"

struct scene {
    struct yard yard;
    wal_t *log; /* what the threads use: y.log is taken away by close */
    _Atomic uint32_t acknowledged, refused;
    wal_batch_t *batches[CREW_MAX];
    wal_reader_t *readers[CREW_MAX];
};

static struct scene scene;

static void begin(uint32_t mode)
{
    memset(&scene, 0, sizeof scene);
    yard_make(&scene.yard);
    yard_set(&scene.yard, WAL_OPT_SYNC, mode);
}

static void open_it(void)
{
    yard_open(&scene.yard);
    scene.log = scene.yard.log;
    wal_ref(scene.log);
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

static int count_note(void *ctx, const wal_record_t *r)
{
    uint32_t who, seq;
    note_read(r, &who, &seq);
    ++*(uint64_t *)ctx;
    return 0;
}

/* Opens again: whole records, as many as this, from the first LSN on. */
static void expect_records(uint64_t n)
{
    uint64_t got = 0;
    yard_open(&scene.yard);
    assert_int_equal(wal_replay(scene.yard.log, 1, count_note, &got, NULL), 0);
    assert_int_equal(got, n);
    assert_int_equal(wal_next_lsn(scene.yard.log), n + 1);
}

/* Waiters */

static void wait_for_ever(void *arg, unsigned who)
{
    wal_reader_t *r;

    (void)arg;
    if (who % 2) {
        MUST_BE(wal_wait(scene.log, 1000000, who % 4 == 1 ? -1 : 100000), WAL_E_CLOSED);
    } else {
        r = scene.readers[who];
        MUST_BE(wal_reader_wait(r, who % 4 == 0 ? -1 : 100000), WAL_E_CLOSED);
    }
    atomic_fetch_add(&scene.refused, 1);
    dog_feed();
}

static void close_with_waiters(uint32_t mode)
{
    enum { WAITERS = 12 };
    struct crew c;

    begin(mode);
    yard_set(&scene.yard, WAL_OPT_INTERVAL_MS, 3600000);
    open_it();
    assert_int_equal(append(0, 0, WAL_APPEND_ASYNC, NULL), 0);
    for (unsigned k = 0; k < WAITERS; k += 2) {
        uint32_t flags = k % 8 == 0 ? WAL_READ_WRITTEN : 0;
        assert_int_equal(wal_reader_open(scene.log, 2, flags, &scene.readers[k]), 0);
    }
    crew_start(&c, WAITERS, wait_for_ever, NULL);
    yard_await_inside(&scene.yard, WAITERS);
    crew_pause();
    yard_close(&scene.yard);
    assert_int_equal(atomic_load(&scene.refused), WAITERS); /* close waited for their calls */
    crew_join(&c);
    for (unsigned k = 0; k < WAITERS; k += 2)
        wal_reader_close(scene.readers[k]);
    expect_records(1);
    end();
}

static void test_waiters_are_woken(void **state)
{
    (void)state;
    for (uint32_t mode = WAL_SYNC_NONE; mode <= WAL_SYNC_DSYNC; mode++)
        close_with_waiters(mode);
}

/* In INTERVAL mode wal_wait leaves the sync to the timer, also for a record that is there. */
static void wait_for_first(void *arg, unsigned who)
{
    (void)arg;
    (void)who;
    MUST_BE(wal_wait(scene.log, 1, -1), WAL_E_CLOSED);
}

static void test_waiter_for_the_timer_is_woken(void **state)
{
    struct crew c;

    (void)state;
    begin(WAL_SYNC_INTERVAL);
    yard_set(&scene.yard, WAL_OPT_INTERVAL_MS, 3600000);
    open_it();
    assert_int_equal(append(0, 0, 0, NULL), 0);
    crew_start(&c, 3, wait_for_first, NULL);
    yard_await_inside(&scene.yard, 3);
    yard_close(&scene.yard);
    crew_join(&c);
    expect_records(1);
    end();
}

/* Backpressure */

static void append_until_refused(void *arg, unsigned who)
{
    int e = 0;

    (void)arg;
    for (uint32_t k = 0; e == 0; k++) {
        e = append(who, k, WAL_APPEND_ASYNC, NULL);
        if (e == 0)
            atomic_fetch_add(&scene.acknowledged, 1);
        dog_feed();
    }
    MUST_BE(e, WAL_E_CLOSED);
}

static void release_when_closed(void *arg, unsigned who)
{
    (void)arg;
    (void)who;
    crew_await(&scene.log->closed, 1);
    atomic_store(&scene.yard.lever.write.hold, 0);
}

static void test_appends_under_backpressure(void **state)
{
    enum { APPENDERS = 6 };
    struct crew c, helper;

    (void)state;
    begin(WAL_SYNC_NONE);
    yard_set(&scene.yard, WAL_OPT_MAX_RECORD_BYTES, 1024);
    yard_set(&scene.yard, WAL_OPT_PENDING_BYTES, 16 * 1024);
    open_it();
    atomic_store(&scene.yard.lever.write.hold, 1);
    crew_start(&c, APPENDERS, append_until_refused, NULL);
    crew_await(&scene.yard.lever.write.held, 1); /* one writes, and the others fill up */
    while (yard_stat(&scene.yard, WAL_STAT_PENDING_BYTES) < 15 * 1024)
        crew_pause();
    crew_start(&helper, 1, release_when_closed, NULL);
    yard_close(&scene.yard);
    crew_join(&helper);
    crew_join(&c);
    expect_records(atomic_load(&scene.acknowledged));
    end();
}

/* In the middle of everything */

static void use_until_closed(void *arg, unsigned who)
{
    wal_batch_t *b = scene.batches[who];
    wal_reader_t *r = scene.readers[who];
    wal_record_t record = {.size = sizeof record};
    uint8_t note[NOTE_MAX];
    uint64_t first, last;
    int e = 0;

    (void)arg;
    for (uint32_t k = 0; e == 0; k++) {
        size_t size = note_make(note, who, k);
        switch ((who + k) % 6) {
        case 0:
            e = append(who, k, 0, NULL);
            break;
        case 1:
            e = append(who, k, WAL_APPEND_ASYNC, NULL);
            break;
        case 2:
            e = append(who, k, WAL_APPEND_SUBMIT, NULL);
            break;
        case 3:
            e = wal_batch_append(b, 0, note, size);
            if (e == 0)
                e = wal_batch_commit(b, 0, &first, &last);
            break;
        case 4:
            e = wal_reader_next(r, &record);
            MUST(e >= 0 || e == WAL_E_CLOSED);
            e = e < 0 ? e : append(who, k, 0, NULL);
            break;
        default:
            e = wal_sync(scene.log, 0);
            if (e == 0)
                e = append(who, k, WAL_APPEND_SYNC, NULL);
            break;
        }
        if (e == 0)
            atomic_fetch_add(&scene.acknowledged, 1);
        dog_feed();
    }
    MUST_BE(e, WAL_E_CLOSED);
    /* and it stays so, for everything */
    MUST_BE(append(who, 0, 0, NULL), WAL_E_CLOSED);
    MUST_BE(wal_batch_append(b, 0, note, 1), WAL_E_CLOSED);
    MUST_BE(wal_batch_commit(b, 0, &first, &last), WAL_E_CLOSED);
    MUST_BE(wal_reader_next(r, &record), WAL_E_CLOSED);
    MUST_BE(wal_reader_wait(r, -1), WAL_E_CLOSED);
    MUST_BE(wal_reader_seek(r, 1), WAL_E_CLOSED);
}

static void close_in_the_middle(unsigned n, uint32_t records, unsigned shuffle)
{
    struct crew c;

    begin(WAL_SYNC_DATA);
    yard_set(&scene.yard, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
    yard_set(&scene.yard, WAL_OPT_GROUP_BYTES, 64 * 1024);
    open_it();
    for (unsigned k = 0; k < n; k++) {
        assert_int_equal(wal_batch_new(scene.log, &scene.batches[k]), 0);
        assert_int_equal(wal_reader_open(scene.log, 1, 0, &scene.readers[k]), 0);
    }
    crew_start(&c, n, use_until_closed, NULL);
    crew_await(&scene.acknowledged, records);
    yard_close(&scene.yard);
    crew_join(&c);
    for (unsigned k = 0; k < n; k++) { /* in any order */
        unsigned at = shuffle % 4 < 2 ? k : n - 1 - k;
        if (shuffle % 2)
            wal_reader_close(scene.readers[at]);
        wal_batch_free(scene.batches[at]);
        if (shuffle % 2 == 0)
            wal_reader_close(scene.readers[at]);
    }
    expect_records(atomic_load(&scene.acknowledged));
    end();
}

static void test_in_the_middle(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 40; k++)
        close_in_the_middle(2 + k % 7, 1 + k * 10, k);
}

/* The last reference may be a batch's or a reader's: with nobody else holding one, a sanitizer sees
 * whether each of them finds what it needs. */
static void test_what_outlives_the_handle_frees_it(void **state)
{
    (void)state;
    for (int reader_first = 0; reader_first < 2; reader_first++) {
        wal_batch_t *b;
        wal_reader_t *r, *r2;
        begin(WAL_SYNC_DATA);
        yard_open(&scene.yard);
        wal_t *w = scene.yard.log;
        assert_int_equal(wal_batch_new(w, &b), 0);
        assert_int_equal(wal_batch_append(b, 0, "x", 1), 0);
        assert_int_equal(wal_append(w, "y", 1, NULL), 0);
        assert_int_equal(wal_reader_open(w, 0, 0, &r), 0);
        assert_int_equal(wal_reader_open(w, 0, WAL_READ_REVERSE, &r2), 0);
        wal_record_t record = {.size = sizeof record};
        assert_int_equal(wal_reader_next(r, &record), 1);
        yard_close(&scene.yard);
        if (reader_first)
            wal_reader_close(r);
        wal_batch_free(b);
        if (!reader_first)
            wal_reader_close(r);
        wal_reader_close(r2);
        yard_remove(&scene.yard);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waiters_are_woken),
        cmocka_unit_test(test_waiter_for_the_timer_is_woken),
        cmocka_unit_test(test_appends_under_backpressure),
        cmocka_unit_test(test_in_the_middle),
        cmocka_unit_test(test_what_outlives_the_handle_frees_it),
    };
    dog_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dog_stop();
    return failed;
}
