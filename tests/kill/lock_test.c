/* SPDX-License-Identifier: Apache-2.0 */
/* One writer at a time: in this process, in others, over forks, kills, and a directory that is
 * destroyed and made anew. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/options.h"
#include "support/log_fixture.h"
#include "support/spy_os.h"

/* Where nothing may assert, since cmocka is in the parent. */
#define CHECK(so)                                                                                  \
    do {                                                                                           \
        if (!(so)) {                                                                               \
            printf("%s:%d: in the child: %s\n", __FILE__, __LINE__, #so);                          \
            fflush(stdout);                                                                        \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

/* What another process gets for opening the log, and what the error says. */
struct attempt {
    char dir[320], part[32];
};

static int is_refused(void *arg)
{
    const struct attempt *a = arg;
    wal_error_t error;
    wal_t *log;

    CHECK(wal_open(a->dir, NULL, &log) == WAL_E_LOCKED);
    CHECK(wal_last_error(&error, sizeof error) == 0 && error.code == WAL_E_LOCKED);
    CHECK(strstr(error.message, a->dir) != NULL);
    CHECK(strstr(error.message, a->part) != NULL);
    return 0;
}

static int can_open(void *arg)
{
    const struct attempt *a = arg;
    wal_t *log;

    CHECK(wal_open(a->dir, NULL, &log) == 0);
    CHECK(wal_close(log) == 0);
    return 0;
}

static struct attempt attempt_on(const struct log_fixture *f, pid_t holder)
{
    struct attempt a = {0};
    strcpy(a.dir, f->dir);
    if (holder)
        snprintf(a.part, sizeof a.part, "process %d", (int)holder);
    return a;
}

static void expect_refused_elsewhere(const struct log_fixture *f, pid_t holder)
{
    struct attempt a = attempt_on(f, holder);
    assert_int_equal(in_child(is_refused, &a), 0);
}

static void expect_free_elsewhere(const struct log_fixture *f)
{
    struct attempt a = attempt_on(f, 0);
    assert_int_equal(in_child(can_open, &a), 0);
}

static void test_a_second_writer_is_told_where_and_who(void **state)
{
    struct log_fixture *f = *state;
    struct attempt a;
    wal_t *second = NULL;

    fixture_open(f);
    fixture_append(f, "one");
    a = attempt_on(f, getpid());
    expect_error(WAL_E_LOCKED, wal_open(f->dir, f->options, &second), a.dir);
    expect_error(WAL_E_LOCKED, wal_open(f->dir, f->options, &second), a.part);
    expect_error(WAL_E_LOCKED, wal_destroy(f->dir), f->dir);
    assert_null(second);
    expect_refused_elsewhere(f, getpid());
    fixture_append(f, "two");
    expect_record(f->log, 2, "two");
    fixture_close(f);
    expect_free_elsewhere(f);
}

/* A handle that has not written yet has not said who it is: nobody else is named in its place. */
static void test_a_former_holder_is_not_named(void **state)
{
    struct log_fixture *f = *state;
    wal_error_t error;
    wal_t *second;

    fixture_open(f);
    fixture_append(f, "one");
    fixture_reopen(f);
    expect_error(WAL_E_LOCKED, wal_open(f->dir, f->options, &second), f->dir);
    must(wal_last_error(&error, sizeof error));
    assert_null(strstr(error.message, "process"));
}

static void test_readers_need_no_lock(void **state)
{
    struct log_fixture *f = *state;
    wal_t *reader;

    fixture_open(f);
    fixture_append(f, "one");
    reader = fixture_open_read_only(f);
    expect_record(reader, 1, "one");
    fixture_close(f);
    expect_free_elsewhere(f);
    must(wal_close(reader));
}

static void test_the_lock_can_be_lent(void **state)
{
    struct log_fixture *f = *state;
    wal_lock_t *lock = NULL, *second = NULL;
    wal_t *other = NULL;

    expect_error(WAL_E_NOTFOUND, wal_lock_acquire(f->dir, &lock), f->dir);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    must(wal_lock_acquire(f->dir, &lock));
    expect_error(WAL_E_LOCKED, wal_lock_acquire(f->dir, &second), f->dir);
    expect_error(WAL_E_LOCKED, wal_open(f->dir, NULL, &other), f->dir);
    must(wal_options_set_lock(f->options, lock));
    for (int k = 0; k < 3; k++) {
        fixture_open(f);
        fixture_append(f, "one");
        expect_error(WAL_E_LOCKED, wal_open(f->dir, f->options, &other), f->dir);
        expect_refused_elsewhere(f, getpid());
        fixture_close(f);
        expect_refused_elsewhere(f, 0); /* it is still ours */
    }
    must(wal_options_set_lock(f->options, NULL));
    expect_error(WAL_E_LOCKED, wal_open(f->dir, f->options, &other), f->dir);
    wal_lock_release(lock);
    fixture_open(f);
    expect_record(f->log, 3, "one");
}

static void test_a_lock_is_for_its_directory(void **state)
{
    struct log_fixture *f = *state;
    wal_lock_t *lock = NULL;
    wal_t *log = NULL;
    char other[400], file[500];

    snprintf(other, sizeof other, "%.319s-other", f->dir);
    snprintf(file, sizeof file, "%.399s/file", other);
    assert_int_equal(mkdir(other, 0700), 0);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    fixture_write_file(file, 0, "x", 1);
    expect_error(WAL_E_INVAL, wal_lock_acquire(file, &lock), file);
    assert_null(lock);
    must(wal_lock_acquire(other, &lock));
    must(wal_options_set_lock(f->options, lock));
    expect_error(WAL_E_INVAL, wal_open(f->dir, f->options, &log), f->dir);
    assert_null(log);
    wal_lock_release(lock);
}

/* POSIX locks of a process are gone once it closes any descriptor of the file. */
static void test_closing_another_descriptor_keeps_the_lock(void **state)
{
    struct log_fixture *f = *state;
    wal_t *second;

    fixture_open(f);
    fixture_append(f, "one");
    for (int k = 0; k < 3; k++) {
        int fd = open(fixture_path(f, "control"), O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        close(fd);
        expect_refused_elsewhere(f, getpid());
        expect_error(WAL_E_LOCKED, wal_open(f->dir, f->options, &second), f->dir);
    }
}

/* Fork */

struct family {
    struct log_fixture *f;
    wal_batch_t *batch;
    wal_reader_t *reader;
    wal_lock_t *lock;
};

static int forked_writes(wal_t *w)
{
    wal_record_t one = {.size = sizeof one, .data = "x", .data_size = 1};
    uint32_t size = 1;
    uint64_t lsn;

    CHECK(wal_append(w, "x", 1, &lsn) == WAL_E_FORK);
    CHECK(wal_append_typed(w, 1, "x", 1, WAL_APPEND_ASYNC, &lsn) == WAL_E_FORK);
    CHECK(wal_append_many(w, &one, 1, 0, &lsn) == WAL_E_FORK);
    CHECK(wal_append_packed(w, "x", &size, NULL, 1, 0, &lsn) == WAL_E_FORK);
    CHECK(wal_flush(w) == WAL_E_FORK);
    CHECK(wal_sync(w, 0) == WAL_E_FORK);
    CHECK(wal_wait(w, 1, 0) == WAL_E_FORK);
    CHECK(wal_truncate_before(w, 1) == WAL_E_FORK);
    CHECK(wal_truncate_after(w, 1) == WAL_E_FORK);
    CHECK(wal_replace_after(w, 1, &one, 1, 0, &lsn) == WAL_E_FORK);
    CHECK(wal_reset(w, 1) == WAL_E_FORK);
    CHECK(wal_rotate(w) == WAL_E_FORK);
    CHECK(wal_meta_set(w, "k", 1, "v", 1) == WAL_E_FORK);
    CHECK(wal_meta_delete(w, "k", 1) == WAL_E_FORK);
    return 0;
}

static int forked_reads(wal_t *w)
{
    char buf[64];
    size_t n = 0;
    uint64_t lsn;
    wal_record_t r = {.size = sizeof r};
    wal_recovery_t report;
    wal_segment_t segment = {.size = sizeof segment};
    uint64_t buckets[64];
    wal_reader_t *reader;
    wal_batch_t *batch;

    CHECK(wal_get(w, 1, buf, sizeof buf, &r) == WAL_E_FORK);
    CHECK(wal_reader_open(w, 0, 0, &reader) == WAL_E_FORK);
    CHECK(wal_batch_new(w, &batch) == WAL_E_FORK);
    CHECK(wal_replay(w, 0, ignore_record, NULL, &lsn) == WAL_E_FORK);
    CHECK(wal_recovery(w, &report, sizeof report) == WAL_E_FORK);
    CHECK(wal_range(w, &lsn, NULL, NULL, NULL) == WAL_E_FORK);
    CHECK(wal_failure(w) == WAL_E_FORK);
    CHECK(wal_segments(w, &segment, sizeof segment, &n) == WAL_E_FORK);
    CHECK(wal_stats(w, &lsn, 1) == WAL_E_FORK);
    CHECK(wal_histogram(w, WAL_HIST_SYNC_NS, buckets) == WAL_E_FORK);
    CHECK(wal_meta_get(w, "k", 1, buf, sizeof buf, &n) == WAL_E_FORK);
    CHECK(wal_meta_each(w, ignore_meta, NULL) == WAL_E_FORK);
    CHECK(wal_first_lsn(w) == 0 && wal_last_lsn(w) == 0 && wal_next_lsn(w) == 0);
    CHECK(wal_durable_lsn(w) == 0 && wal_disk_bytes(w) == 0);
    return 0;
}

static int forked_child(void *arg)
{
    struct family *x = arg;
    wal_record_t r = {.size = sizeof r};
    wal_error_t error;
    uint64_t first, last;
    wal_t *own;

    if (forked_writes(x->f->log) || forked_reads(x->f->log))
        return 1;
    CHECK(wal_batch_append(x->batch, 0, "x", 1) == WAL_E_FORK);
    CHECK(wal_batch_commit(x->batch, 0, &first, &last) == WAL_E_FORK);
    CHECK(wal_batch_abort(x->batch) == WAL_E_FORK);
    CHECK(wal_batch_count(x->batch) == 0 && wal_batch_bytes(x->batch) == 0);
    CHECK(wal_reader_next(x->reader, &r) == WAL_E_FORK);
    CHECK(wal_reader_seek(x->reader, 1) == WAL_E_FORK);
    CHECK(wal_reader_wait(x->reader, 0) == WAL_E_FORK);
    CHECK(wal_reader_position(x->reader) == 0);
    CHECK(wal_last_error(&error, sizeof error) == 0 && error.code == WAL_E_FORK);
    CHECK(wal_open(x->f->dir, NULL, &own) == WAL_E_LOCKED); /* the parent has it, and keeps it */
    CHECK(wal_close(x->f->log) == 0);
    wal_reader_close(x->reader);
    wal_batch_free(x->batch);
    wal_lock_release(x->lock);
    CHECK(wal_open(x->f->dir, NULL, &own) == WAL_E_LOCKED);
    return 0;
}

/* A log with everything that a fork can hurt: a background thread, a batch that has spilled, a
 * reader, and a lock of its own. */
static void test_the_child_of_a_fork_can_only_free(void **state)
{
    struct log_fixture *f = *state;
    struct family x = {.f = f};
    uint64_t lsn, first, last;
    wal_record_t r = {.size = sizeof r};

    assert_int_equal(mkdir(f->dir, 0700), 0);
    must(wal_lock_acquire(f->dir, &x.lock));
    must(wal_options_set_lock(f->options, x.lock));
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 * 1024);
    fixture_open(f);
    must(wal_append_typed(f->log, 0, "one", 3, WAL_APPEND_SUBMIT, &lsn));
    must(wal_batch_new(f->log, &x.batch));
    for (int k = 0; k < 3; k++)
        must(wal_batch_append(x.batch, 0, fixture_bytes(60000, 'b'), 60000));
    must(wal_reader_open(f->log, 0, 0, &x.reader));
    for (int k = 0; k < 3; k++)
        assert_int_equal(in_child(forked_child, &x), 0);

    fixture_append(f, "two");
    assert_int_equal(wal_batch_count(x.batch), 3);
    must(wal_batch_commit(x.batch, 0, &first, &last));
    assert_int_equal(first, 3);
    assert_int_equal(last, 5);
    expect_next(x.reader, 1, "one");
    expect_next(x.reader, 2, "two");
    wal_reader_close(x.reader);
    wal_batch_free(x.batch);
    fixture_close(f);
    expect_refused_elsewhere(f, 0);
    wal_lock_release(x.lock);
    must(wal_options_set_lock(f->options, NULL));
    fixture_open(f);
    must(wal_get(f->log, 5, (char[60000]){0}, 60000, &r));
}

enum { LIFETIME_S = 60 };

/* Opens the log and forks; the child tells its number once it has left fork. */
static int hold_and_fork(struct log_fixture *f, int pipe)
{
    wal_t *log;
    uint64_t lsn;

    CHECK(wal_open(f->dir, f->options, &log) == 0);
    CHECK(wal_append_typed(log, 0, "one", 3, WAL_APPEND_SUBMIT, &lsn) == 0);
    CHECK(wal_wait(log, lsn, -1) == 0);
    pid_t child = fork();
    alarm(LIFETIME_S); /* should the test fail before it ends them */
    if (child == 0) {
        child = getpid();
        CHECK(write(pipe, &child, sizeof child) == sizeof child);
    }
    for (;;)
        pause();
}

static void test_a_killed_parents_log_is_free_while_its_child_lives(void **state)
{
    struct log_fixture *f = *state;
    pid_t grandchild = 0;
    int ends[2], status;

    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    pid_t parent = fork();
    if (parent == 0)
        _exit(hold_and_fork(f, ends[1]));
    assert_int_equal(read(ends[0], &grandchild, sizeof grandchild), sizeof grandchild);
    expect_refused_elsewhere(f, parent);
    kill(parent, SIGKILL);
    assert_int_equal(waitpid(parent, &status, 0), parent);
    assert_int_equal(kill(grandchild, 0), 0);
    fixture_open(f);
    expect_record(f->log, 1, "one");
    fixture_append(f, "two");
    assert_int_equal(kill(grandchild, 0), 0);
    kill(grandchild, SIGKILL);
    close(ends[0]);
    close(ends[1]);
}

/* Destroyed and made anew */

struct intruder {
    struct log_fixture *f;
    int times;
    wal_t *log;
};

/* Just before the lock is asked for, which then is one on a file without a name. */
static void destroy_and_recreate(void *arg)
{
    struct intruder *x = arg;

    if (x->times-- <= 0)
        return;
    if (wal_destroy(x->f->dir) != 0 || wal_open(x->f->dir, NULL, &x->log) != 0 ||
        wal_append(x->log, "of the new log", 14, NULL) != 0)
        abort();
    if (x->times > 0 && wal_close(x->log) != 0)
        abort();
}

static void test_a_waiting_opener_gets_the_log_under_the_name(void **state)
{
    struct log_fixture *f = *state;
    struct intruder x = {.f = f};
    struct spy_os spy;
    wal_t *log = NULL;

    spy_init(&spy);
    spy.hook_call = SPY_LOCK;
    spy.hook = destroy_and_recreate;
    spy.hook_arg = &x;
    for (x.times = 1; x.times <= 2; x.times++) {
        fixture_open(f);
        fixture_append(f, "of the old log");
        fixture_close(f);
        int times = x.times;
        options_set_os(f->options, &spy.os);
        expect_error(WAL_E_LOCKED, wal_open(f->dir, f->options, &log), f->dir);
        must(wal_close(x.log));
        must(wal_open(f->dir, f->options, &log));
        expect_record(log, 1, "of the new log");
        must(wal_close(log));
        options_set_os(f->options, NULL);
        x.times = times;
    }
}

enum { CONTENDERS = 4, TURNS = 60 };

struct arena {
    const char *dir;
    _Atomic int writers, turns;
};

/* Whether the log that this handle writes is the one that others find under the name. */
static int is_the_log(const char *dir, uint64_t lsn, const void *data, size_t size)
{
    char buf[64];
    wal_options_t *o;
    wal_t *reader;
    wal_record_t r = {.size = sizeof r};

    CHECK(wal_options_new(&o) == 0);
    CHECK(wal_options_set(o, WAL_OPT_READ_ONLY, 1) == 0);
    CHECK(wal_open(dir, o, &reader) == 0);
    wal_options_free(o);
    CHECK(wal_get(reader, lsn, buf, sizeof buf, &r) == 0);
    CHECK(r.data_size == size && memcmp(buf, data, size) == 0);
    CHECK(wal_close(reader) == 0);
    return 0;
}

/* Opens whenever it is free, writes, and every other time destroys what is there. */
static int contend(void *arg)
{
    struct arena *a = arg;
    char text[64];
    uint64_t lsn;
    wal_t *log;

    while (atomic_load(&a->turns) < CONTENDERS * TURNS) {
        int e = wal_open(a->dir, NULL, &log);
        if (e == WAL_E_LOCKED || e == WAL_E_BUSY)
            continue;
        if (e < 0)
            printf("open: %s\n", wal_error_name(e));
        CHECK(e == 0);
        CHECK(atomic_fetch_add(&a->writers, 1) == 0);
        int turn = atomic_fetch_add(&a->turns, 1);
        int n = snprintf(text, sizeof text, "%d of process %d", turn, (int)getpid());
        CHECK(wal_append(log, text, (size_t)n, &lsn) == 0);
        if (is_the_log(a->dir, lsn, text, (size_t)n))
            return 1;
        atomic_fetch_sub(&a->writers, 1);
        CHECK(wal_close(log) == 0);
        e = turn % 2 ? wal_destroy(a->dir) : 0;
        CHECK(e == 0 || e == WAL_E_LOCKED || e == WAL_E_NOTFOUND || e == WAL_E_BUSY);
    }
    return 0;
}

static void test_one_writer_at_a_time_while_the_log_comes_and_goes(void **state)
{
    struct log_fixture *f = *state;
    struct arena *a =
        mmap(NULL, sizeof *a, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t children[CONTENDERS];

    assert_ptr_not_equal(a, MAP_FAILED);
    a->dir = f->dir;
    fflush(stdout);
    for (int k = 0; k < CONTENDERS; k++) {
        children[k] = fork();
        if (children[k] == 0)
            _exit(contend(a));
    }
    bool right = true;
    for (int k = 0; k < CONTENDERS; k++) {
        int status;
        assert_int_equal(waitpid(children[k], &status, 0), children[k]);
        right &= status == 0;
        if (!right)
            atomic_store(&a->turns, CONTENDERS * TURNS);
    }
    munmap(a, sizeof *a);
    assert_true(right);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_a_second_writer_is_told_where_and_who),
        fixture_test(test_a_former_holder_is_not_named),
        fixture_test(test_readers_need_no_lock),
        fixture_test(test_the_lock_can_be_lent),
        fixture_test(test_a_lock_is_for_its_directory),
        fixture_test(test_closing_another_descriptor_keeps_the_lock),
        fixture_test(test_the_child_of_a_fork_can_only_free),
        fixture_test(test_a_killed_parents_log_is_free_while_its_child_lives),
        fixture_test(test_a_waiting_opener_gets_the_log_under_the_name),
        fixture_test(test_one_writer_at_a_time_while_the_log_comes_and_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
