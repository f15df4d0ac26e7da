/* SPDX-License-Identifier: Apache-2.0 */
/* The child of a fork may free what it inherited, and nothing else; it holds no lock. */
#include "support/log_fixture.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct inherited {
    wal_t *log;
    wal_batch_t *batch;
    wal_reader_t *reader;
    wal_subscription_t *subscription;
    wal_lock_t *lock;
    const char *dir;
    _Atomic int called; /* callbacks that ran in this process */
};

static void count_durable(void *ctx, uint64_t lsn, int result)
{
    struct inherited *x = ctx;
    (void)lsn;
    (void)result;
    atomic_fetch_add(&x->called, 1);
}

static void count_event(void *ctx, const wal_event_t *event)
{
    struct inherited *x = ctx;
    (void)event;
    atomic_fetch_add(&x->called, 1);
}

/* The number of the first call that didn't say FORK; 0: all did. */
static int first_other(const int *codes, int n)
{
    for (int k = 0; k < n; k++)
        if (codes[k] != WAL_E_FORK)
            return k + 1;
    return 0;
}

static int writing_calls(const struct inherited *x)
{
    const wal_record_t r = {.size = sizeof r};
    wal_batch_t *batch;
    uint64_t lsn;
    const int codes[] = {
        wal_append(x->log, "x", 1, &lsn),
        wal_append_typed(x->log, 0, "x", 1, WAL_APPEND_ASYNC, &lsn),
        wal_append_many(x->log, &r, 1, 0, &lsn),
        wal_append_packed(x->log, "x", (const uint32_t[]){1}, NULL, 1, 0, &lsn),
        wal_flush(x->log),
        wal_sync(x->log, 0),
        wal_wait(x->log, 1, -1),
        wal_on_durable(x->log, 1, count_durable, NULL),
        wal_batch_new(x->log, &batch),
        wal_batch_append(x->batch, 0, "x", 1),
        wal_batch_append_packed(x->batch, "x", (const uint32_t[]){1}, NULL, 1),
        wal_batch_set_tag(x->batch, "t", 1),
        wal_batch_meta(x->batch, "k", 1, "v", 1),
        wal_batch_commit(x->batch, 0, &lsn, &lsn),
        wal_batch_replace_after(x->batch, 1, 0, &lsn, &lsn),
        wal_batch_abort(x->batch),
        wal_truncate_before(x->log, 2),
        wal_truncate_after(x->log, 1),
        wal_replace_after(x->log, 1, &r, 1, 0, &lsn),
        wal_reset(x->log, 1),
        wal_rotate(x->log),
        wal_meta_set(x->log, "k", 1, "v", 1),
        wal_meta_delete(x->log, "k", 1),
    };
    return first_other(codes, COUNT_OF(codes));
}

static int reading_calls(const struct inherited *x)
{
    wal_record_t r = {.size = sizeof r};
    wal_recovery_t report;
    wal_info_t info;
    wal_reader_t *reader;
    wal_subscription_t *subscription;
    wal_event_t event = {.size = sizeof event};
    wal_error_t error;
    uint64_t v[64];
    char buf[8];
    size_t n = 0;
    const int codes[] = {
        wal_get(x->log, 1, buf, sizeof buf, &r),
        wal_reader_open(x->log, 0, 0, &reader),
        wal_reader_next(x->reader, &r),
        wal_reader_next_many(x->reader, &r, 1, 1, &n),
        wal_reader_seek(x->reader, 1),
        wal_reader_wait(x->reader, -1),
        wal_replay(x->log, 0, ignore_record, NULL, v),
        wal_recovery(x->log, &report, sizeof report),
        wal_range(x->log, v, v, v, v),
        wal_failure(x->log),
        wal_info(x->log, &info, sizeof info),
        wal_failure_error(x->log, &error, sizeof error),
        wal_subscribe(x->log, 1, &subscription),
        wal_subscription_next(x->subscription, &event),
        wal_subscription_fd(x->subscription),
        wal_segments(x->log, NULL, sizeof(wal_segment_t), &n),
        wal_stats(x->log, v, 4),
        wal_histogram(x->log, 0, v),
        wal_last_tag(x->log, buf, sizeof buf, &n),
        wal_meta_get(x->log, "k", 1, buf, sizeof buf, &n),
        wal_meta_each(x->log, ignore_meta, NULL),
    };
    return first_other(codes, COUNT_OF(codes));
}

static int every_call(void *arg)
{
    const struct inherited *x = arg;
    wal_error_t e;
    int wrong = writing_calls(x);

    if (wrong)
        return wrong;
    wrong = reading_calls(x);
    if (wrong)
        return 50 + wrong;
    if (wal_last_error(&e, sizeof e) < 0 || !strstr(e.message, x->dir))
        return 90;
    if (wal_first_lsn(x->log) || wal_last_lsn(x->log) || wal_next_lsn(x->log) ||
        wal_durable_lsn(x->log) || wal_disk_bytes(x->log) || wal_reader_position(x->reader) ||
        wal_batch_count(x->batch) || wal_batch_bytes(x->batch))
        return 91;
    wal_reader_interrupt(x->reader);
    wal_reader_close(x->reader);
    if (wal_close(x->log) != 0)
        return 92;
    wal_batch_free(x->batch);
    wal_unsubscribe(x->subscription);
    wal_lock_release(x->lock);
    return x->called ? 93 : 0;
}

static void inherit(struct log_fixture *f, struct inherited *x)
{
    wal_record_t r = {.size = sizeof r};

    *x = (struct inherited){.dir = f->dir};
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    must(wal_options_set_events(f->options, WAL_EVENT_FAILED, count_event, x));
    fixture_open(f);
    fixture_fill(f, 3);
    x->log = f->log;
    must(wal_subscribe(f->log, WAL_EVENT_SYNCED, &x->subscription));
    fixture_append(f, "4"); /* an event is queued */
    must(wal_on_durable(f->log, 1000, count_durable, x));
    must(wal_batch_new(f->log, &x->batch));
    for (int k = 0; k < 100; k++) /* so that it has a file */
        must(wal_batch_append(x->batch, 0, fixture_bytes(1000, k), 1000));
    must(wal_batch_set_tag(x->batch, "t", 1));
    must(wal_batch_meta(x->batch, "k", 1, "v", 1));
    must(wal_reader_open(f->log, 0, 0, &x->reader));
    assert_int_equal(must(wal_reader_next(x->reader, &r)), 1);
}

static void test_the_child_may_only_free(void **state)
{
    struct log_fixture *f = *state;
    struct inherited x;
    wal_t *w = NULL;

    inherit(f, &x);
    must(wal_lock_acquire(f->scratch.path, &x.lock));
    fixture_append_flags(f, "buffered", WAL_APPEND_SUBMIT); /* with a background thread */
    assert_int_equal(in_child(every_call, &x), 0);
    /* The parent has lost nothing by it, its locks neither. */
    expect_error(WAL_E_LOCKED, wal_open(f->dir, NULL, &w), f->dir);
    expect_error(WAL_E_LOCKED, wal_lock_acquire(f->scratch.path, &(wal_lock_t *){NULL}), NULL);
    must(wal_wait(f->log, 5, -1));
    expect_next(x.reader, 2, "2");
    must(wal_batch_commit(x.batch, 0, NULL, NULL));
    expect_range(f->log, 1, 105, 106, 105);
    wal_event_t event = {.size = sizeof event};
    assert_int_equal(must(wal_subscription_next(x.subscription, &event)), 1);
    assert_int_equal(event.lsn, 4);
    wal_batch_free(x.batch);
    wal_reader_close(x.reader);
    wal_unsubscribe(x.subscription);
    wal_lock_release(x.lock);
    fixture_close(f);
    assert_int_equal(x.called, 1); /* the one for record 1000, with CLOSED */
    fixture_open(f);
    expect_range(f->log, 1, 105, 106, 105);
}

static int follower_calls(void *arg)
{
    struct inherited *x = arg;
    wal_record_t r = {.size = sizeof r};
    wal_event_t event = {.size = sizeof event};
    char buf[8];

    if (wal_get(x->log, 1, buf, sizeof buf, &r) != WAL_E_FORK || wal_first_lsn(x->log) != 0)
        return 1;
    if (wal_subscription_next(x->subscription, &event) != WAL_E_FORK)
        return 2;
    wal_unsubscribe(x->subscription);
    return wal_close(x->log) != 0;
}

static void test_the_child_of_a_reader(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "1");
    struct inherited x = {.log = fixture_open_read_only(f)};
    must(wal_subscribe(x.log, WAL_EVENT_DURABLE, &x.subscription));
    assert_int_equal(in_child(follower_calls, &x), 0);
    expect_record(x.log, 1, "1");
    wal_event_t event = {.size = sizeof event};
    fixture_append(f, "2");
    assert_int_equal(must(wal_subscription_next(x.subscription, &event)), 1);
    wal_unsubscribe(x.subscription);
    must(wal_close(x.log));
}

/* A callback forks, and the child comes back from it: the next ones are the parent's. */
struct forker {
    wal_t *log;
    int calls, child_result;
    bool is_child;
};

static void fork_in_it(void *ctx, uint64_t lsn, int result)
{
    struct forker *x = ctx;

    x->calls += lsn == (uint64_t)x->calls + 1 && result == 0;
    if (lsn != 2)
        return;
    fflush(NULL);
    pid_t pid = fork();
    x->is_child = pid == 0;
    if (pid > 0)
        x->child_result = child_result(pid);
}

static void test_a_callback_that_forks(void **state)
{
    struct log_fixture *f = *state;
    struct forker x = {.child_result = -1};

    fixture_open(f);
    for (uint64_t lsn = 1; lsn <= 4; lsn++)
        must(wal_on_durable(f->log, lsn, fork_in_it, &x));
    for (int k = 0; k < 3; k++)
        fixture_append_flags(f, "x", WAL_APPEND_ASYNC);
    int e = wal_append(f->log, "x", 1, NULL);
    if (x.is_child)
        _exit(x.calls == 2 && wal_close(f->log) == 0 ? 7 : 1);
    must(e);
    assert_int_equal(x.child_result, 7);
    assert_int_equal(x.calls, 4);
    fixture_append(f, "5");
}

static int own_log(void *arg)
{
    struct log_fixture *f = arg;
    wal_t *w = NULL;
    uint64_t lsn = 0;

    if (wal_open(f->dir, NULL, &w) != WAL_E_LOCKED) /* the parent has it */
        return 1;
    snprintf(f->dir, sizeof f->dir, "%.255s/childs", f->scratch.path);
    if (wal_open(f->dir, NULL, &w) < 0 || wal_append(w, "x", 1, &lsn) < 0 || lsn != 1)
        return 2;
    return wal_close(w) < 0 ? 3 : 0;
}

static void test_the_child_may_open_a_log_of_its_own(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    assert_int_equal(in_child(own_log, f), 0);
    fixture_append(f, "x");
}

/* A process opens the log, forks a child that lives on, and is killed. The child says when it is
 * there: only then the descriptors that it inherited are closed. */
static int writer_with_child(const char *dir, int ready)
{
    wal_t *w = NULL;
    if (wal_open(dir, NULL, &w) < 0 || wal_append(w, "x", 1, NULL) < 0)
        return 1;
    if (fork() == 0) {
        pid_t me = getpid();
        if (write(ready, &me, sizeof me) != sizeof me)
            return 2;
    }
    for (;;)
        pause();
}

static void test_a_killed_parents_log_opens_while_the_child_lives(void **state)
{
    struct log_fixture *f = *state;
    int ready[2];
    pid_t grandchild = 0;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* the grandchild comes to us */
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(writer_with_child(f->dir, ready[1]));
    close(ready[1]);
    assert_int_equal(read(ready[0], &grandchild, sizeof grandchild), sizeof grandchild);
    close(ready[0]);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    int lives = kill(grandchild, 0), e = wal_open(f->dir, NULL, &f->log);
    kill(grandchild, SIGKILL);
    assert_int_equal(waitpid(grandchild, NULL, 0), grandchild);
    assert_int_equal(lives, 0);
    must(e);
    expect_record(f->log, 1, "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_the_child_may_only_free),
        fixture_test(test_the_child_of_a_reader),
        fixture_test(test_a_callback_that_forks),
        fixture_test(test_the_child_may_open_a_log_of_its_own),
        fixture_test(test_a_killed_parents_log_opens_while_the_child_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
