/* SPDX-License-Identifier: Apache-2.0 */
/* Batches with tags and metadata from many threads, beside other appends: each record has its
 * batch's tag, the newest tag is one that was set, and whoever looks on, in this process or
 * another, sees metadata and the records that they came with together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "support/yard.h"

enum { THREADS = 8, ROUNDS = 120, BATCH = 3, PER_THREAD = ROUNDS * BATCH };
enum kind { PLAIN, TAGGED, WITH_META }; /* the type of a record */

struct scene {
    struct yard yard;
    _Atomic uint32_t over;
    uint32_t records[THREADS];
};

static struct scene scene;

static void tag_make(uint8_t tag[8], uint32_t who, uint32_t seq)
{
    store32(tag, who);
    store32(tag + 4, seq);
}

/* A batch of notes; its tag says which is the first, its metadata which the last. */
static void commit(uint32_t who, wal_batch_t *b, uint32_t n, enum kind kind, uint32_t flags)
{
    uint8_t note[NOTE_MAX], tag[8], key = (uint8_t)who, value[4];
    uint32_t seq = scene.records[who];

    for (uint32_t k = 0; k < n; k++) {
        size_t size = note_make(note, who, seq + k);
        MUST_BE(wal_batch_append(b, kind, note, size), 0);
    }
    tag_make(tag, who, seq);
    store32(value, seq + n - 1);
    if (kind != PLAIN)
        MUST_BE(wal_batch_set_tag(b, tag, sizeof tag), 0);
    if (kind == WITH_META)
        MUST_BE(wal_batch_meta(b, &key, 1, value, sizeof value), 0);
    scene.records[who] += n;
    MUST_BE(wal_batch_commit(b, flags, NULL, NULL), 0);
}

static void look_at_last_tag(wal_t *w)
{
    uint8_t tag[8];
    size_t size = 0;
    MUST_BE(wal_last_tag(w, tag, sizeof tag, &size), 0);
    MUST(size == 0 || (size == 8 && load32(tag) < THREADS && load32(tag + 4) < PER_THREAD));
}

static void work(void *arg, unsigned who)
{
    static const uint32_t flags[] = {0, WAL_APPEND_ASYNC, WAL_APPEND_SUBMIT, WAL_APPEND_SYNC};
    wal_batch_t *b = NULL;

    (void)arg;
    MUST_BE(wal_batch_new(scene.yard.log, &b), 0);
    for (uint32_t k = 0; k < ROUNDS; k++) {
        uint32_t n = 1 + (k + who) % BATCH, turn = (k + who) % 8;
        commit(who, b, n, turn < 3 ? PLAIN : turn < 7 ? TAGGED : WITH_META, flags[k % 4]);
        if (k % 5 == 0)
            look_at_last_tag(scene.yard.log);
        dog_feed();
    }
    wal_batch_free(b);
}

/* What a reader has come to. */
struct progress {
    wal_t *log;
    wal_reader_t *reader;
    uint32_t records[THREADS], with_meta[THREADS]; /* how many; number behind the last one */
};

static void take(struct progress *p, const wal_record_t *r)
{
    uint32_t who, seq;

    note_read(r, &who, &seq);
    MUST_BE(seq, p->records[who]);
    p->records[who]++;
    if (r->type == WITH_META)
        p->with_meta[who] = seq + 1;
    MUST_BE(r->tag_size, r->type == PLAIN ? 0 : 8);
    if (r->type == PLAIN)
        return;
    MUST(load32(r->tag) == who && load32((const uint8_t *)r->tag + 4) <= seq);
    MUST(seq - load32((const uint8_t *)r->tag + 4) < BATCH);
}

static uint32_t meta_of(wal_t *w, uint32_t who)
{
    uint8_t key = (uint8_t)who, value[4];
    size_t size;
    int e = wal_meta_get(w, &key, 1, value, sizeof value, &size);
    MUST(e == 0 || e == WAL_E_NOTFOUND);
    return e == 0 ? load32(value) + 1 : 0;
}

static void drain(struct progress *p)
{
    wal_record_t r = {.size = sizeof r};
    int e;
    while ((e = wal_reader_next(p->reader, &r)) == 1)
        take(p, &r);
    MUST_BE(e, 0);
}

/* Metadata first, then the records that came with them; and the other way round. */
static void look(struct progress *p)
{
    uint32_t before[THREADS];

    for (uint32_t who = 0; who < THREADS; who++)
        before[who] = meta_of(p->log, who);
    drain(p);
    for (uint32_t who = 0; who < THREADS; who++) {
        MUST(p->with_meta[who] >= before[who]);
        MUST(meta_of(p->log, who) >= p->with_meta[who]);
    }
    look_at_last_tag(p->log);
}

static void watch(void *arg, unsigned k)
{
    struct progress p = {.log = k ? yard_follow(&scene.yard) : scene.yard.log};

    (void)arg;
    MUST_BE(wal_reader_open(p.log, 0, 0, &p.reader), 0);
    while (!atomic_load(&scene.over)) {
        look(&p);
        crew_pause();
    }
    look(&p);
    for (uint32_t who = 0; who < THREADS; who++)
        MUST_BE(p.records[who], scene.records[who]);
    wal_reader_close(p.reader);
    if (k)
        MUST_BE(wal_close(p.log), 0);
}

static void run_mode(uint32_t mode)
{
    struct crew watchers;

    memset(&scene, 0, sizeof scene);
    yard_make(&scene.yard);
    yard_set(&scene.yard, WAL_OPT_SYNC, mode);
    yard_set(&scene.yard, WAL_OPT_INTERVAL_MS, 5);
    yard_set(&scene.yard, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
    yard_set(&scene.yard, WAL_OPT_GROUP_BYTES, 64 * 1024);
    yard_open(&scene.yard);
    crew_start(&watchers, 2, watch, NULL);
    crew_run(THREADS, work, NULL);
    assert_int_equal(wal_sync(scene.yard.log, 0), 0);
    atomic_store(&scene.over, 1);
    crew_join(&watchers);
    yard_close(&scene.yard);
    yard_open(&scene.yard);
    struct progress p = {.log = scene.yard.log};
    assert_int_equal(wal_reader_open(p.log, 0, WAL_READ_WRITTEN, &p.reader), 0);
    look(&p);
    for (uint32_t who = 0; who < THREADS; who++)
        assert_int_equal(p.records[who], scene.records[who]);
    wal_reader_close(p.reader);
    yard_remove(&scene.yard);
}

static void test_data(void **state)
{
    (void)state;
    run_mode(WAL_SYNC_DATA);
}

static void test_dsync(void **state)
{
    (void)state;
    run_mode(WAL_SYNC_DSYNC);
}

static void test_interval(void **state)
{
    (void)state;
    run_mode(WAL_SYNC_INTERVAL);
}

static void test_none(void **state)
{
    (void)state;
    run_mode(WAL_SYNC_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_dsync),
        cmocka_unit_test(test_interval),
        cmocka_unit_test(test_none),
    };
    dog_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dog_stop();
    return failed;
}
