/* SPDX-License-Identifier: Apache-2.0 */
/* Read-only handles in other threads and in another process tail a live writer through rotations,
 * truncations and resets: what they deliver was in the log, in this order, and never a mix of
 * before and after a cut. When they see it is not asserted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/codes.h"
#include "support/listen_os.h"
#include "support/story.h"
#include "support/yard.h"

struct scene {
    struct story story;
    _Atomic uint32_t ready, delivered, trimmed;
};

static struct scene *scene; /* shared with child processes */
static struct yard yard;
static struct listen_os ears; /* of the followers */

struct tail {
    wal_t *log;
    wal_reader_t *reader;
    bool any;
    uint64_t lsn, g;
};

static void start_again(struct tail *t)
{
    MUST_BE(wal_reader_seek(t->reader, 0), 0);
    t->any = false;
}

static void deliver(struct tail *t, const wal_record_t *r)
{
    uint64_t g = story_generation(r), now = (atomic_load(&scene->story.epoch) + 1) / 2;
    MUST(g <= now);
    MUST(r->flags & WAL_RECORD_DURABLE);
    if (t->any) {
        MUST_BE((int64_t)r->lsn, (int64_t)t->lsn + 1);
        MUST(story_goes_on(&scene->story, t->lsn, t->g, g));
    }
    t->any = true;
    t->lsn = r->lsn;
    t->g = g;
    atomic_fetch_add(&scene->delivered, 1);
}

/* Everything that is there in the end. */
static void read_the_rest(struct tail *t)
{
    struct story *s = &scene->story;
    wal_record_t r = {.size = sizeof r};
    uint64_t first, next, low = atomic_load(&s->low);

    MUST_BE(wal_range(t->log, &first, NULL, &next, NULL), 0);
    MUST_BE((int64_t)first, (int64_t)low);
    MUST_BE((int64_t)next, (int64_t)atomic_load(&s->next));
    start_again(t);
    for (uint64_t lsn = low; lsn < next; lsn++) {
        MUST_BE(wal_reader_next(t->reader, &r), 1);
        deliver(t, &r);
        MUST_BE((int64_t)r.lsn, (int64_t)lsn);
        MUST(story_was_there(s, lsn, story_generation(&r), atomic_load(&s->epoch)));
    }
    MUST_BE(wal_reader_next(t->reader, &r), 0);
}

static void tail_until_the_end(wal_t *w)
{
    struct tail t = {.log = w};
    wal_record_t r = {.size = sizeof r};

    MUST_BE(wal_reader_open(w, 0, 0, &t.reader), 0);
    atomic_fetch_add(&scene->ready, 1);
    while (!atomic_load(&scene->story.ended)) {
        int e = wal_reader_wait(t.reader, 5);
        if (e == 1)
            e = wal_reader_next(t.reader, &r);
        if (e == 1)
            deliver(&t, &r);
        else if (e == WAL_E_TRIMMED)
            start_again(&t), atomic_fetch_add(&scene->trimmed, 1);
        else
            MUST_BE(e, 0);
        dog_feed();
    }
    read_the_rest(&t);
    wal_reader_close(t.reader);
}

static void follow(void *arg, unsigned who)
{
    wal_t *w = yard_follow(&yard);
    (void)arg;
    (void)who;
    tail_until_the_end(w);
    MUST_BE(wal_close(w), 0);
}

/* Gets by LSN from one read-only handle, beside its reader. */
static void get_from(void *arg, unsigned who)
{
    wal_t *w = yard_follow(&yard);
    uint64_t seed = who + 3, first, last;
    uint8_t buf[STORY_BYTES];
    wal_record_t r = {.size = sizeof r};

    (void)arg;
    atomic_fetch_add(&scene->ready, 1);
    while (!atomic_load(&scene->story.ended)) {
        MUST_BE(wal_range(w, &first, &last, NULL, NULL), 0);
        if (last >= first) {
            int e =
                wal_get(w, first + crew_random(&seed) % (last - first + 1), buf, sizeof buf, &r);
            MUST(e == 0 || e == WAL_E_RANGE);
            if (e == 0)
                MUST(story_generation(&r) <= (atomic_load(&scene->story.epoch) + 1) / 2);
        }
        dog_feed();
    }
    MUST_BE(wal_close(w), 0);
}

static void author(unsigned steps)
{
    uint64_t seed = 99;
    for (unsigned k = 0; k < steps; k++) {
        story_step(&scene->story, yard.log, &seed);
        if (k % 4 == 0)
            crew_pause(); /* the others want to see something */
        dog_feed();
    }
    MUST_BE(wal_sync(yard.log, 0), 0);
    atomic_store(&scene->story.ended, 1);
}

static void begin(uint32_t mode, enum hearing hearing)
{
    memset(scene, 0, sizeof *scene);
    listen_init(&ears, hearing);
    yard_make(&yard);
    yard.follower_os = &ears.os;
    yard_set(&yard, WAL_OPT_SYNC, mode);
    yard_set(&yard, WAL_OPT_INTERVAL_MS, 1);
    yard_set(&yard, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
    yard_set(&yard, WAL_OPT_GROUP_BYTES, 64 * 1024);
    story_begin(&scene->story, 1);
}

static void end(void)
{
    assert_true(atomic_load(&scene->delivered) > 0);
    yard_remove(&yard);
}

static void in_threads(uint32_t mode, enum hearing hearing)
{
    struct crew tails, getters;

    begin(mode, hearing);
    yard_open(&yard);
    atomic_store(&yard.lever.sync.skipped, 1);
    crew_start(&tails, 3, follow, NULL);
    crew_start(&getters, 2, get_from, NULL);
    crew_await(&scene->ready, 5);
    author(600);
    crew_join(&tails);
    crew_join(&getters);
    end();
}

static void test_in_other_threads(void **state)
{
    (void)state;
    in_threads(WAL_SYNC_DATA, HEARS_WRITES);
    in_threads(WAL_SYNC_DATA, HEARS_NOTHING);
    in_threads(WAL_SYNC_INTERVAL, HEARS_TICKS);
}

/* Forked before the log is open and any thread runs. */
static pid_t start_child(int *ret_go)
{
    int go[2];
    char byte;

    MUST_BE(pipe(go), 0);
    pid_t pid = fork();
    MUST(pid >= 0);
    *ret_go = go[1];
    if (pid > 0) {
        close(go[0]);
        return pid;
    }
    close(go[1]);
    if (read(go[0], &byte, 1) != 1)
        _exit(1);
    wal_t *w = yard_follow(&yard);
    tail_until_the_end(w);
    _exit(wal_close(w) == 0 ? 0 : 1);
}

static void in_another_process(enum hearing hearing)
{
    pid_t pids[2];
    int go[2], status;

    begin(WAL_SYNC_DATA, hearing);
    for (int k = 0; k < 2; k++)
        pids[k] = start_child(&go[k]);
    dog_start();
    yard_open(&yard);
    for (int k = 0; k < 2; k++)
        assert_int_equal(write(go[k], "g", 1), 1);
    crew_await(&scene->ready, 2);
    author(600);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(waitpid(pids[k], &status, 0), pids[k]);
        assert_int_equal(status, 0);
        close(go[k]);
    }
    dog_stop();
    end();
}

static void test_in_another_process(void **state)
{
    (void)state;
    in_another_process(HEARS_WRITES);
    in_another_process(HEARS_TICKS);
}

static void test_threads(void **state)
{
    dog_start();
    test_in_other_threads(state);
    dog_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_another_process),
        cmocka_unit_test(test_threads),
    };
    scene = mmap(NULL, sizeof *scene, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(scene != MAP_FAILED);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    munmap(scene, sizeof *scene);
    return failed;
}
