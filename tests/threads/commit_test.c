/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads append at once, in every way and every mode: each record gets an LSN of its own,
 * without gaps, in the order of its thread's calls; what was acknowledged is there afterwards; and
 * commits share their syncs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "support/yard.h"

enum { THREADS = 8, ROUNDS = 150, BATCH = 5, PER_THREAD = ROUNDS * BATCH + 1, LONG_BATCH = 400 };

/* What a thread was told: the LSN of each of its records, in the order of its calls. */
struct told {
    uint32_t records;
    uint64_t lsn[PER_THREAD + LONG_BATCH];
};

struct scene {
    struct yard yard;
    struct told told[THREADS];
};

static struct scene scene;

static void told(uint32_t who, uint64_t first, uint32_t n)
{
    struct told *t = &scene.told[who];
    MUST(first > 0);
    for (uint32_t k = 0; k < n; k++)
        t->lsn[t->records++] = first + k;
}

static void append_one(uint32_t who, uint32_t flags)
{
    uint8_t note[NOTE_MAX];
    uint64_t lsn = 0;
    size_t size = note_make(note, who, scene.told[who].records);
    MUST_BE(wal_append_typed(scene.yard.log, who, note, size, flags, &lsn), 0);
    told(who, lsn, 1);
}

static void append_many(uint32_t who, uint32_t flags)
{
    uint8_t notes[BATCH][NOTE_MAX];
    wal_record_t records[BATCH] = {0};
    uint64_t first = 0;

    for (uint32_t k = 0; k < BATCH; k++)
        records[k] = (wal_record_t){
            .size = sizeof records[k],
            .type = who,
            .data = notes[k],
            .data_size = note_make(notes[k], who, scene.told[who].records + k),
        };
    MUST_BE(wal_append_many(scene.yard.log, records, BATCH, flags, &first), 0);
    told(who, first, BATCH);
}

static void append_packed(uint32_t who)
{
    uint8_t notes[BATCH * NOTE_MAX];
    uint32_t sizes[BATCH];
    uint16_t types[BATCH];
    uint64_t first = 0;
    size_t used = 0;

    for (uint32_t k = 0; k < BATCH; k++) {
        sizes[k] = (uint32_t)note_make(notes + used, who, scene.told[who].records + k);
        types[k] = (uint16_t)who;
        used += sizes[k];
    }
    MUST_BE(wal_append_packed(scene.yard.log, notes, sizes, types, BATCH, 0, &first), 0);
    told(who, first, BATCH);
}

static void commit_batch(uint32_t who, wal_batch_t *b, uint32_t n, uint32_t flags)
{
    uint8_t note[NOTE_MAX];
    uint64_t first = 0, last = 0;

    for (uint32_t k = 0; k < n; k++) {
        size_t size = note_make(note, who, scene.told[who].records + k);
        MUST_BE(wal_batch_append(b, who, note, size), 0);
    }
    MUST_BE(wal_batch_commit(b, flags, &first, &last), 0);
    MUST_BE((int64_t)(last - first + 1), n);
    told(who, first, n);
}

/* Durable by the time that it returns, whatever the mode. */
static void append_and_wait(uint32_t who, uint32_t flags, bool by_wait)
{
    append_one(who, flags);
    uint64_t lsn = scene.told[who].lsn[scene.told[who].records - 1];
    if (by_wait)
        MUST_BE(wal_wait(scene.yard.log, lsn, -1), 0);
    else
        MUST_BE(wal_sync(scene.yard.log, lsn), 0);
    MUST(wal_durable_lsn(scene.yard.log) >= lsn);
}

static void work(void *arg, unsigned who)
{
    wal_batch_t *b = NULL;

    (void)arg;
    MUST_BE(wal_batch_new(scene.yard.log, &b), 0);
    for (uint32_t k = 0; k < ROUNDS; k++) {
        switch ((k + who) % 10) {
        case 0:
            append_one(who, 0);
            break;
        case 1:
            append_one(who, WAL_APPEND_SYNC);
            break;
        case 2:
            append_one(who, WAL_APPEND_ASYNC);
            break;
        case 3:
            append_many(who, 0);
            break;
        case 4:
            append_many(who, WAL_APPEND_ASYNC);
            break;
        case 5:
            append_packed(who);
            break;
        case 6:
            commit_batch(who, b, 1 + k % BATCH, 0);
            break;
        case 7:
            commit_batch(who, b, 1 + k % BATCH, WAL_APPEND_SUBMIT);
            break;
        case 8:
            append_and_wait(who, WAL_APPEND_SUBMIT, true);
            break;
        default:
            append_and_wait(who, WAL_APPEND_ASYNC, k % 2 == 0);
            break;
        }
        dog_feed();
    }
    if (who % 2) /* longer than a group */
        commit_batch(who, b, LONG_BATCH, 0);
    wal_batch_free(b);
}

static void check_told(uint64_t total)
{
    uint8_t *seen = calloc(total + 2, 1);
    MUST(seen);
    for (uint32_t who = 0; who < THREADS; who++) {
        const struct told *t = &scene.told[who];
        for (uint32_t k = 0; k < t->records; k++) {
            MUST(t->lsn[k] >= 1 && t->lsn[k] <= total);
            MUST(!seen[t->lsn[k]]++);
            MUST(k == 0 || t->lsn[k] > t->lsn[k - 1]);
        }
    }
    free(seen);
}

static int check_record(void *ctx, const wal_record_t *r)
{
    uint32_t who, seq;
    note_read(r, &who, &seq);
    MUST(who < THREADS && seq < scene.told[who].records);
    MUST_BE(r->type, who);
    MUST_BE((int64_t)r->lsn, (int64_t)scene.told[who].lsn[seq]);
    ++*(uint64_t *)ctx;
    return 0;
}

static uint64_t told_in_all(void)
{
    uint64_t total = 0;
    for (uint32_t who = 0; who < THREADS; who++)
        total += scene.told[who].records;
    return total;
}

static void run_mode(uint32_t mode, uint32_t group_wait_us)
{
    uint64_t replayed = 0;

    memset(&scene, 0, sizeof scene);
    yard_make(&scene.yard);
    yard_set(&scene.yard, WAL_OPT_SYNC, mode);
    yard_set(&scene.yard, WAL_OPT_INTERVAL_MS, 5);
    yard_set(&scene.yard, WAL_OPT_SEGMENT_BYTES, 256 * 1024);
    yard_set(&scene.yard, WAL_OPT_GROUP_BYTES, 64 * 1024);
    yard_set(&scene.yard, WAL_OPT_GROUP_WAIT_US, group_wait_us);
    yard_open(&scene.yard);
    crew_run(THREADS, work, NULL);
    uint64_t total = told_in_all();
    assert_int_equal(wal_last_lsn(scene.yard.log), total);
    assert_int_equal(yard_stat(&scene.yard, WAL_STAT_APPEND_RECORDS), total);
    check_told(total);
    yard_close(&scene.yard);
    yard_open(&scene.yard);
    assert_int_equal(wal_replay(scene.yard.log, 1, check_record, &replayed, NULL), 0);
    assert_int_equal(replayed, total);
    yard_remove(&scene.yard);
}

static void test_data(void **state)
{
    (void)state;
    run_mode(WAL_SYNC_DATA, 0);
}

static void test_data_with_group_wait(void **state)
{
    (void)state;
    run_mode(WAL_SYNC_DATA, 200);
}

static void test_full(void **state)
{
    (void)state;
    run_mode(WAL_SYNC_FULL, 0);
}

static void test_dsync(void **state)
{
    (void)state;
    run_mode(WAL_SYNC_DSYNC, 0);
}

static void test_interval(void **state)
{
    (void)state;
    run_mode(WAL_SYNC_INTERVAL, 0);
}

static void test_none(void **state)
{
    (void)state;
    run_mode(WAL_SYNC_NONE, 0);
}

enum { SHARERS = 16, EACH = 50 };

static void append_each(void *arg, unsigned who)
{
    struct yard *y = arg;
    uint8_t note[NOTE_MAX];
    for (uint32_t k = 0; k < EACH; k++) {
        size_t size = note_make(note, who, k);
        MUST_BE(wal_append(y->log, note, size, NULL), 0);
    }
    dog_feed();
}

static void test_sixteen_threads_share_syncs(void **state)
{
    struct yard y;

    (void)state;
    yard_make(&y);
    yard_open(&y);
    crew_run(SHARERS, append_each, &y);
    assert_int_equal(wal_durable_lsn(y.log), SHARERS * EACH);
    assert_true(yard_stat(&y, WAL_STAT_SYNCS) < SHARERS * EACH);
    assert_true(yard_stat(&y, WAL_STAT_SYNCS) > 0);
    yard_remove(&y);
}

static void append_one_of(void *arg, unsigned who)
{
    struct yard *y = arg;
    uint8_t note[NOTE_MAX];
    size_t size = note_make(note, who, 0);
    MUST_BE(wal_append(y->log, note, size, NULL), 0);
}

/* Everybody who comes while a sync is under way shares the next one. */
static void test_one_sync_for_all_who_came_meanwhile(void **state)
{
    struct crew leader, others;
    struct yard y;

    (void)state;
    yard_make(&y);
    yard_set(&y, WAL_OPT_BACKGROUND, 0);
    yard_open(&y);
    uint64_t syncs = yard_stat(&y, WAL_STAT_SYNCS), groups = yard_stat(&y, WAL_STAT_GROUPS);
    atomic_store(&y.lever.sync.hold, 1);
    crew_start(&leader, 1, append_one_of, &y);
    crew_await(&y.lever.sync.held, 1);
    crew_start(&others, SHARERS, append_one_of, &y);
    yard_await_next(&y, 1 + 1 + SHARERS);
    assert_int_equal(wal_durable_lsn(y.log), 0);
    atomic_store(&y.lever.sync.hold, 0);
    crew_join(&leader);
    crew_join(&others);
    assert_int_equal(yard_stat(&y, WAL_STAT_SYNCS) - syncs, 2);
    assert_int_equal(yard_stat(&y, WAL_STAT_GROUPS) - groups, 2);
    assert_int_equal(wal_durable_lsn(y.log), 1 + SHARERS);
    yard_remove(&y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_data_with_group_wait),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_dsync),
        cmocka_unit_test(test_interval),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_sixteen_threads_share_syncs),
        cmocka_unit_test(test_one_sync_for_all_who_came_meanwhile),
    };
    dog_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dog_stop();
    return failed;
}
