/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded memory: when PENDING_BYTES of unwritten records exist, appends wait, or with NOWAIT are
 * refused; never is there more, and everybody gets on in the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/codes.h"
#include "log/log.h"
#include "support/yard.h"

enum { THREADS = 8, EACH = 400, LIMIT = 8 * 1024 };

struct scene {
    struct yard yard;
    uint32_t flags;
    _Atomic uint32_t appended, busy;
    _Atomic uint64_t most;
};

static struct scene scene;

static void begin(uint32_t mode)
{
    memset(&scene, 0, sizeof scene);
    yard_make(&scene.yard);
    yard_set(&scene.yard, WAL_OPT_SYNC, mode);
    yard_set(&scene.yard, WAL_OPT_INTERVAL_MS, 1);
    yard_set(&scene.yard, WAL_OPT_MAX_RECORD_BYTES, 1024);
    yard_set(&scene.yard, WAL_OPT_PENDING_BYTES, LIMIT);
    yard_open(&scene.yard);
    atomic_store(&scene.yard.lever.sync.skipped, 1);
}

static int append(unsigned who, uint32_t seq, uint32_t flags)
{
    uint8_t note[NOTE_MAX];
    size_t size = note_make(note, who, seq);
    return wal_append_typed(scene.yard.log, 0, note, size, flags, NULL);
}

static void note_pending(void)
{
    uint64_t now = yard_stat(&scene.yard, WAL_STAT_PENDING_BYTES), most = atomic_load(&scene.most);
    while (now > most && !atomic_compare_exchange_weak(&scene.most, &most, now))
        continue;
}

static void fill(void *arg, unsigned who)
{
    (void)arg;
    for (uint32_t k = 0; k < EACH; k++) {
        MUST_BE(append(who, k, k % 8 ? WAL_APPEND_ASYNC : scene.flags), 0);
        atomic_fetch_add(&scene.appended, 1);
        note_pending();
        dog_feed();
    }
}

static int count(void *ctx, const wal_record_t *r)
{
    uint32_t who, seq;
    uint32_t *next = ctx;
    note_read(r, &who, &seq);
    MUST_BE(seq, next[who]); /* each thread's in its order */
    next[who]++;
    return 0;
}

static void run(uint32_t mode, uint32_t flags)
{
    uint32_t next[THREADS] = {0};

    begin(mode);
    scene.flags = flags;
    crew_run(THREADS, fill, NULL);
    assert_in_range(atomic_load(&scene.most), 1, LIMIT);
    assert_int_equal(wal_sync(scene.yard.log, 0), 0);
    assert_int_equal(yard_stat(&scene.yard, WAL_STAT_PENDING_BYTES), 0);
    assert_int_equal(wal_replay(scene.yard.log, 1, count, next, NULL), 0);
    for (int k = 0; k < THREADS; k++)
        assert_int_equal(next[k], EACH);
    yard_remove(&scene.yard);
}

static void test_there_is_never_more(void **state)
{
    (void)state;
    run(WAL_SYNC_DATA, 0);
    run(WAL_SYNC_DATA, WAL_APPEND_SUBMIT);
    run(WAL_SYNC_NONE, 0);
    run(WAL_SYNC_INTERVAL, 0);
}

/* With the writer held up the others fill the memory, and wait; then all get on. */
static void test_appends_wait_for_room(void **state)
{
    struct crew c;
    uint32_t before, after = 0;

    (void)state;
    begin(WAL_SYNC_NONE);
    atomic_store(&scene.yard.lever.write.hold, 1);
    crew_start(&c, THREADS, fill, NULL);
    crew_await(&scene.yard.lever.write.held, 1);
    do { /* until nobody gets on any more */
        before = after;
        for (int k = 0; k < 40; k++)
            crew_pause();
        after = atomic_load(&scene.appended);
    } while (before != after || after == 0);
    assert_true(after < THREADS * EACH);
    assert_true(yard_stat(&scene.yard, WAL_STAT_PENDING_BYTES) <= LIMIT);
    assert_true(yard_stat(&scene.yard, WAL_STAT_PENDING_BYTES) > LIMIT - 1024);
    atomic_store(&scene.yard.lever.write.hold, 0);
    crew_join(&c);
    assert_int_equal(atomic_load(&scene.appended), THREADS * EACH);
    yard_remove(&scene.yard);
}

static void try_without_waiting(void *arg, unsigned who)
{
    (void)arg;
    for (uint32_t k = 0; k < EACH; k++) {
        int e = append(who, k, WAL_APPEND_ASYNC | WAL_APPEND_NOWAIT);
        MUST(e == 0 || e == WAL_E_BUSY);
        atomic_fetch_add(e == 0 ? &scene.appended : &scene.busy, 1);
        dog_feed();
    }
}

/* NOWAIT never waits, not even for a writer that is held up; what it refuses is not in the log. */
static void test_nowait(void **state)
{
    struct crew c, writer;

    (void)state;
    begin(WAL_SYNC_NONE);
    atomic_store(&scene.yard.lever.write.hold, 1);
    crew_start(&writer, 1, fill, NULL);
    crew_await(&scene.yard.lever.write.held, 1);
    crew_start(&c, THREADS - 1, try_without_waiting, NULL);
    crew_join(&c); /* although nothing can be written */
    assert_true(atomic_load(&scene.busy) > 0);
    atomic_store(&scene.yard.lever.write.hold, 0);
    crew_join(&writer);
    assert_int_equal(wal_last_lsn(scene.yard.log), atomic_load(&scene.appended));
    assert_int_equal(append(0, 0, WAL_APPEND_ASYNC), 0);
    yard_remove(&scene.yard);
}

/* The largest record always finds room, however small the limit. */
static void test_one_largest_record(void **state)
{
    static const uint8_t large[100000];

    (void)state;
    begin(WAL_SYNC_DATA);
    yard_close(&scene.yard);
    yard_set(&scene.yard, WAL_OPT_MAX_RECORD_BYTES, sizeof large);
    yard_set(&scene.yard, WAL_OPT_PENDING_BYTES, 1);
    yard_open(&scene.yard);
    for (int k = 0; k < 5; k++)
        assert_int_equal(wal_append_typed(scene.yard.log, 0, large, sizeof large,
                                          k % 2 ? WAL_APPEND_ASYNC : 0, NULL),
                         0);
    yard_remove(&scene.yard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_is_never_more),
        cmocka_unit_test(test_appends_wait_for_room),
        cmocka_unit_test(test_nowait),
        cmocka_unit_test(test_one_largest_record),
    };
    dog_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dog_stop();
    return failed;
}
