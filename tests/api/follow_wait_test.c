/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting in a reader of a read-only log: what the writer does wakes it up, with inotify and where
 * that is not to be had; so do an interrupt and close; and while nothing happens it sleeps. */
#include "support/log_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "api/options.h"
#include "support/crew.h"
#include "support/listen_os.h"

static enum hearing hearing;
static struct listen_os ears;
static wal_t *follower;

static void follow(struct log_fixture *f)
{
    wal_options_t *o;

    must(wal_options_new(&o));
    must(wal_options_set(o, WAL_OPT_READ_ONLY, 1));
    options_set_os(o, &ears.os);
    must(wal_open(f->dir, o, &follower));
    wal_options_free(o);
}

static void stop_following(void)
{
    must(wal_close(follower));
    follower = NULL;
}

/* A thread that waits once. */
struct waiting {
    struct crew crew;
    wal_reader_t *reader;
    int timeout_ms;
    int code;
};

static void wait_once(void *arg, unsigned k)
{
    struct waiting *x = arg;
    (void)k;
    x->code = wal_reader_wait(x->reader, x->timeout_ms);
}

static void await_sleep(uint32_t before)
{
    crew_await(&ears.sleeps, before + 1);
    crew_pause();
}

static void start(struct waiting *x, wal_t *w, uint64_t from, uint32_t flags)
{
    uint32_t before = atomic_load(&ears.sleeps);

    *x = (struct waiting){.timeout_ms = -1};
    must(wal_reader_open(w, from, flags, &x->reader));
    crew_start(&x->crew, 1, wait_once, x);
    await_sleep(before);
}

static void start_again(struct waiting *x)
{
    uint32_t before = atomic_load(&ears.sleeps);
    crew_start(&x->crew, 1, wait_once, x);
    await_sleep(before);
}

static void expect_woken(struct waiting *x, int code)
{
    crew_join(&x->crew);
    assert_int_equal(x->code, code);
}

static void finish(struct waiting *x)
{
    wal_reader_close(x->reader);
}

static void a_record(struct log_fixture *f)
{
    struct waiting x;

    start(&x, follower, wal_next_lsn(follower), 0);
    for (int k = 0; k < 20; k++) {
        uint64_t lsn = fixture_append(f, "new");
        expect_woken(&x, 1);
        expect_next(x.reader, lsn, "new");
        if (k % 5 == 4)
            must(wal_rotate(f->log));
        start_again(&x);
    }
    fixture_append(f, "last");
    expect_woken(&x, 1);
    finish(&x);
}

static void what_is_written_where_it_is_asked_for(struct log_fixture *f)
{
    struct waiting x;
    wal_record_t r = {.size = sizeof r};

    start(&x, follower, wal_next_lsn(follower), WAL_READ_WRITTEN);
    uint64_t lsn = fixture_append_flags(f, "written", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    expect_woken(&x, 1);
    assert_int_equal(must(wal_reader_next(x.reader, &r)), 1);
    assert_int_equal(r.lsn, lsn);
    finish(&x);
}

static void an_interrupt(struct log_fixture *f)
{
    struct waiting x, other;

    start(&x, follower, wal_next_lsn(follower), 0);
    start(&other, follower, wal_next_lsn(follower), 0);
    for (int k = 0; k < 3; k++) {
        wal_reader_interrupt(x.reader);
        expect_woken(&x, 0);
        start_again(&x);
    }
    wal_reader_interrupt(x.reader); /* the other one has to watch from now on */
    expect_woken(&x, 0);
    fixture_append(f, "1");
    expect_woken(&other, 1);
    assert_int_equal(must(wal_reader_wait(x.reader, -1)), 1);
    finish(&x);
    finish(&other);
}

static void a_timeout(struct log_fixture *f)
{
    wal_reader_t *r;
    uint32_t before = atomic_load(&ears.opens);

    (void)f;
    must(wal_reader_open(follower, wal_next_lsn(follower), 0, &r));
    assert_int_equal(must(wal_reader_wait(r, 0)), 0);
    assert_int_equal(atomic_load(&ears.opens), before); /* only a look */
    assert_int_equal(must(wal_reader_wait(r, 3)), 0);
    wal_reader_close(r);
}

static void cuts(struct log_fixture *f)
{
    const wal_record_t new = {.size = sizeof new, .data = "new", .data_size = 3};
    struct waiting x;
    uint64_t last = wal_last_lsn(follower);

    start(&x, follower, last + 1, 0);
    must(wal_replace_after(f->log, last, &new, 1, 0, NULL)); /* nothing of what it has read */
    expect_woken(&x, 1);
    expect_next(x.reader, last + 1, "new");
    start_again(&x);
    must(wal_replace_after(f->log, last - 1, &new, 1, 0, NULL));
    expect_woken(&x, WAL_E_TRIMMED);
    must(wal_reader_seek(x.reader, last + 1));
    start_again(&x);
    must(wal_reset(f->log, last + 100));
    expect_woken(&x, WAL_E_TRIMMED);
    must(wal_reader_seek(x.reader, 0));
    start_again(&x);
    fixture_append(f, "first");
    expect_woken(&x, 1);
    expect_next(x.reader, last + 100, "first");
    finish(&x);
}

/* Cut away while it wasn't looking, and while it waits for what comes behind. */
static void the_front(struct log_fixture *f)
{
    struct waiting x;
    wal_record_t r = {.size = sizeof r};
    uint64_t last = wal_last_lsn(follower);
    wal_reader_t *slow;

    must(wal_reader_open(follower, 0, 0, &slow));
    start(&x, follower, last + 1, 0);
    must(wal_rotate(f->log));
    must(wal_truncate_before(f->log, last + 1)); /* the files go */
    fixture_append(f, "stays");
    expect_woken(&x, 1);
    expect_next(x.reader, last + 1, "stays");
    expect_error(WAL_E_TRIMMED, wal_reader_wait(slow, -1), NULL);
    expect_error(WAL_E_TRIMMED, wal_reader_next(slow, &r), NULL);
    must(wal_reader_seek(slow, 0));
    expect_next(slow, last + 1, "stays");
    wal_reader_close(slow);
    finish(&x);
}

/* As its file has gone before anybody has looked. */
static void a_segment_that_was_cut_away(struct log_fixture *f)
{
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *slow;

    must(wal_rotate(f->log));
    fixture_append(f, "4");
    must(wal_reader_open(follower, 1, 0, &slow));
    must(wal_truncate_before(f->log, 4));
    assert_false(fixture_exists(fixture_segment_path(f, 1)));
    assert_int_equal(must(wal_reader_wait(slow, -1)), 1);
    expect_error(WAL_E_TRIMMED, wal_reader_next(slow, &r), NULL);
    expect_error(WAL_E_TRIMMED, wal_reader_wait(slow, -1), NULL);
    must(wal_reader_seek(slow, 0));
    expect_next(slow, 4, "4");
    wal_reader_close(slow);
}

/* Another process writes a record and dies. */
static int write_and_die(void *arg)
{
    wal_t *w;
    int e = wal_open(arg, NULL, &w);
    return e < 0 ? -e : -wal_append(w, "killed", 6, NULL);
}

static void a_writer_that_comes_back(struct log_fixture *f)
{
    struct waiting x;

    start(&x, follower, wal_next_lsn(follower), 0);
    for (int k = 0; k < 3; k++) {
        fixture_close(f);
        assert_int_equal(in_child(write_and_die, f->dir), 0);
        expect_woken(&x, 1);
        uint64_t lsn = wal_reader_position(x.reader);
        expect_next(x.reader, lsn, "killed");
        start_again(&x);
        fixture_open(f);
        assert_int_equal(fixture_append(f, "back"), lsn + 1);
        expect_woken(&x, 1);
        expect_next(x.reader, lsn + 1, "back");
        start_again(&x);
    }
    wal_reader_interrupt(x.reader);
    expect_woken(&x, 0);
    finish(&x);
}

static void close_of_the_log(struct log_fixture *f)
{
    struct waiting x[2];

    for (int k = 0; k < 2; k++)
        start(&x[k], follower, wal_next_lsn(follower), 0);
    stop_following();
    for (int k = 0; k < 2; k++) {
        expect_woken(&x[k], WAL_E_CLOSED);
        finish(&x[k]);
    }
    follow(f);
}

static void another_log(struct log_fixture *f)
{
    struct waiting x;
    uint8_t control[2 * 4096];
    char copy[400];

    snprintf(copy, sizeof copy, "%s", fixture_path(f, "other"));
    fixture_read_file(fixture_path(f, "control"), 0, control, sizeof control);
    fixture_write_file(copy, 0, control, sizeof control);
    for (size_t slot = 0; slot < sizeof control; slot += 4096)
        fixture_patch(copy, slot, 256, 16, 1, control[16] ^ 1u); /* its UUID */
    fixture_read_file(copy, 0, control, sizeof control);
    start(&x, follower, wal_next_lsn(follower), 0);
    fixture_write_file(fixture_path(f, "control"), 0, control, sizeof control);
    expect_woken(&x, WAL_E_FAILED);
    finish(&x);
}

static void a_destroyed_log(struct log_fixture *f)
{
    struct waiting x;

    fixture_close(f);
    start(&x, follower, wal_next_lsn(follower), 0);
    must(wal_destroy(f->dir));
    fixture_open(f);
    fixture_append(f, "other");
    expect_woken(&x, WAL_E_FAILED);
    expect_error(WAL_E_FAILED, wal_reader_wait(x.reader, -1), "destroyed");
    finish(&x);
}

static void a_missing_segment(struct log_fixture *f)
{
    struct waiting x;

    must(wal_rotate(f->log));
    start(&x, follower, wal_next_lsn(follower), 0);
    wal_segment_t newest = fixture_segment(f->log, fixture_segments(f->log) - 1);
    assert_int_equal(unlink(fixture_segment_path(f, newest.number)), 0);
    must(wal_truncate_before(f->log, wal_first_lsn(f->log) + 1));
    expect_woken(&x, WAL_E_CORRUPT);
    finish(&x);
}

/* With inotify not a single call; else it goes on looking. */
static void nothing_happens(struct log_fixture *f)
{
    struct waiting x[3];

    (void)f;
    for (int k = 0; k < 3; k++)
        start(&x[k], follower, wal_next_lsn(follower), 0);
    assert_int_equal(atomic_load(&ears.opens), 1); /* one watches for all */
    uint32_t sleeps = atomic_load(&ears.sleeps), reads = atomic_load(&ears.reads);
    if (hearing == HEARS_WRITES) {
        for (int k = 0; k < 500; k++)
            crew_pause();
        assert_int_equal(atomic_load(&ears.sleeps), sleeps);
        assert_int_equal(atomic_load(&ears.reads), reads);
    } else {
        crew_await(&ears.reads, reads + 5);
    }
    for (int k = 0; k < 3; k++) {
        wal_reader_interrupt(x[k].reader);
        expect_woken(&x[k], 0);
        finish(&x[k]);
    }
}

static void wait_for_it(void *arg, unsigned k)
{
    struct waiting *x = arg;
    (void)k;
    x->code = wal_wait(follower, wal_next_lsn(follower) + 1, x->timeout_ms);
}

/* wal_wait, for a record that is two ahead. */
static void a_record_that_is_not_there_yet(struct log_fixture *f)
{
    uint64_t next = wal_next_lsn(follower);
    struct waiting x = {.timeout_ms = -1};

    must(wal_wait(follower, 1, -1));
    must(wal_wait(follower, next - 1, 0));
    expect_error(WAL_E_INVAL, wal_wait(follower, 0, -1), "LSN 0");
    expect_error(WAL_E_TIMEOUT, wal_wait(follower, next, 0), NULL);
    expect_error(WAL_E_TIMEOUT, wal_wait(follower, next, 1), NULL);
    for (int k = 0; k < 5; k++) {
        uint32_t before = atomic_load(&ears.sleeps);
        crew_start(&x.crew, 1, wait_for_it, &x);
        await_sleep(before);
        fixture_append(f, "x");
        fixture_append_flags(f, "y", WAL_APPEND_ASYNC);
        must(wal_sync(f->log, 0));
        expect_woken(&x, 0);
    }
    uint32_t before = atomic_load(&ears.sleeps);
    crew_start(&x.crew, 1, wait_for_it, &x);
    await_sleep(before);
    stop_following();
    expect_woken(&x, WAL_E_CLOSED);
    follow(f);
}

static void its_descriptor(struct log_fixture *f)
{
    wal_subscription_t *s;
    wal_event_t e = {.size = sizeof e};

    if (hearing == HEARS_NOTHING) {
        expect_error(WAL_E_IO, wal_subscribe(follower, WAL_EVENT_DURABLE, &s), NULL);
        return;
    }
    must(wal_subscribe(follower, WAL_EVENT_DURABLE, &s));
    struct pollfd p = {.fd = wal_subscription_fd(s), .events = POLLIN};
    for (int k = 0; k < 10; k++) {
        uint64_t lsn = fixture_append(f, "x");
        do /* with nothing but ticks it may look in vain */
            assert_int_equal(poll(&p, 1, -1), 1);
        while (must(wal_subscription_next(s, &e)) == 0);
        assert_int_equal(e.lsn, lsn);
        assert_int_equal(must(wal_subscription_next(s, &e)), 0);
        if (hearing == HEARS_WRITES)
            assert_int_equal(poll(&p, 1, 0), 0);
    }
    wal_unsubscribe(s);
}

enum { TAILS = 4, RECORDS = 300 };

static void tail(void *arg, unsigned k)
{
    wal_reader_t *r;
    wal_record_t got = {.size = sizeof got};
    uint64_t first = *(const uint64_t *)arg;

    MUST_BE(wal_reader_open(follower, first, 0, &r), 0);
    for (uint64_t lsn = first; lsn < first + RECORDS; lsn++) {
        while (wal_reader_wait(r, k % 2 ? -1 : (int)(lsn % 3)) == 0)
            ;
        MUST_BE(wal_reader_next(r, &got), 1);
        MUST_BE((int64_t)got.lsn, (int64_t)lsn);
    }
    wal_reader_close(r);
}

/* They take turns in watching; none is left asleep. */
static void many_who_wait(struct log_fixture *f)
{
    struct crew c;
    uint64_t first = wal_next_lsn(follower);

    crew_start(&c, TAILS, tail, &first);
    for (int k = 0; k < RECORDS; k++) {
        if (k % 8 == 0)
            crew_pause();
        fixture_append(f, "x");
    }
    crew_join(&c);
}

struct tailing {
    const char *dir;
    uint64_t first;
};

/* In another process, by the same means. */
static int tail_there(void *arg)
{
    const struct tailing *t = arg;
    wal_options_t *o;

    if (wal_options_new(&o) < 0 || wal_options_set(o, WAL_OPT_READ_ONLY, 1) < 0)
        return 1;
    options_set_os(o, &ears.os);
    if (wal_open(t->dir, o, &follower) < 0)
        return 2;
    wal_options_free(o);
    tail(&(uint64_t){t->first}, 1);
    return wal_close(follower) == 0 ? 0 : 3;
}

static void another_process(struct log_fixture *f)
{
    struct tailing t = {.dir = f->dir, .first = wal_next_lsn(follower)};
    pid_t pid = fork();

    if (pid == 0)
        _exit(tail_there(&t));
    for (int k = 0; k < RECORDS; k++) {
        if (k % 8 == 0)
            crew_pause();
        if (k % 100 == 99)
            must(wal_rotate(f->log));
        fixture_append(f, "x");
    }
    assert_int_equal(child_result(pid), 0);
}

struct inherited {
    wal_reader_t *reader;
    wal_subscription_t *subscription;
    const char *dir;
};

static int open_files(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* What is freed here has no descriptors any more: their numbers are those of the child's own. */
static int free_inherited(void *arg)
{
    struct inherited *x = arg;

    if (wal_reader_wait(x->reader, -1) != WAL_E_FORK)
        return 1;
    for (int k = 0; k < 32; k++)
        if (os_posix()->dir_open(NULL, x->dir) < 0)
            return 2;
    int before = open_files();
    wal_unsubscribe(x->subscription);
    wal_reader_close(x->reader);
    int e = wal_close(follower);
    return e == 0 && open_files() == before ? 0 : 3;
}

static void a_fork(struct log_fixture *f)
{
    struct inherited x = {.dir = f->dir};
    uint64_t next = wal_next_lsn(follower);

    must(wal_reader_open(follower, next, 0, &x.reader));
    assert_int_equal(must(wal_reader_wait(x.reader, 1)), 0);
    if (hearing != HEARS_NOTHING)
        must(wal_subscribe(follower, WAL_EVENT_CORRUPT, &x.subscription));
    assert_int_equal(in_child(free_inherited, &x), 0);
    fixture_append(f, "x");
    assert_int_equal(must(wal_reader_wait(x.reader, -1)), 1);
    expect_next(x.reader, next, "x");
    wal_unsubscribe(x.subscription);
    wal_reader_close(x.reader);
}

/* In the writer's process it is told, and needs neither signals nor looks. */
static void test_beside_the_writer(void **state)
{
    struct log_fixture *f = *state;
    struct waiting x;

    listen_init(&ears, HEARS_WRITES);
    options_set_os(f->options, &ears.os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
    dog_start();
    start(&x, f->log, 1, 0);
    uint32_t sleeps = atomic_load(&ears.sleeps), reads = atomic_load(&ears.reads);
    for (int k = 0; k < 500; k++)
        crew_pause();
    assert_int_equal(atomic_load(&ears.sleeps), sleeps);
    assert_int_equal(atomic_load(&ears.reads), reads);
    fixture_append(f, "1");
    expect_woken(&x, 1);
    assert_int_equal(atomic_load(&ears.opens), 0);
    finish(&x);
    dog_stop();
}

static void (*step)(struct log_fixture *f);

static void run(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 3);
    listen_init(&ears, hearing);
    follow(f);
    dog_start();
    step(f);
    dog_stop();
    stop_following();
}

static int run_all(void)
{
    static const struct {
        const char *name;
        void (*step)(struct log_fixture *f);
    } steps[] = {
#define STEP(fn) {#fn, fn}
        STEP(a_record),
        STEP(what_is_written_where_it_is_asked_for),
        STEP(an_interrupt),
        STEP(a_timeout),
        STEP(cuts),
        STEP(the_front),
        STEP(a_segment_that_was_cut_away),
        STEP(a_record_that_is_not_there_yet),
        STEP(its_descriptor),
        STEP(a_writer_that_comes_back),
        STEP(close_of_the_log),
        STEP(another_log),
        STEP(a_destroyed_log),
        STEP(a_missing_segment),
        STEP(nothing_happens),
        STEP(many_who_wait),
        STEP(another_process),
        STEP(a_fork),
    };
    int failed = 0;

    for (size_t k = 0; k < COUNT_OF(steps); k++) {
        const struct CMUnitTest test[] = {
            {steps[k].name, run, fixture_setup, fixture_teardown, NULL}};
        step = steps[k].step;
        failed += cmocka_run_group_tests(test, NULL, NULL);
    }
    return failed;
}

int main(void)
{
    const struct CMUnitTest beside[] = {fixture_test(test_beside_the_writer)};
    int failed = cmocka_run_group_tests(beside, NULL, NULL);

    for (hearing = 0; hearing < HEARINGS; hearing++)
        failed += run_all();
    return failed;
}
