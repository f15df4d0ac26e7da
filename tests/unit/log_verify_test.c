/* SPDX-License-Identifier: Apache-2.0 */
/* verify_log where the system fails, and beside a writer that changes the log under its look. */
#include "spied_log.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "api/options.h"
#include "base/codes.h"
#include "log/verify.h"
#include "support/poor_alloc.h"

static struct spy_os spy_of_reader;

static struct config config_of(const struct log_fixture *f)
{
    struct config c;
    options_resolve(f->options, &c);
    spy_init(&spy_of_reader);
    c.os = &spy_of_reader.os;
    return c;
}

static void make_log(struct log_fixture *f)
{
    fixture_open(f);
    for (int k = 0; k < 3; k++) {
        fixture_fill(f, 5);
        must(wal_rotate(f->log));
    }
    fixture_fill(f, 5);
}

static void each_read_fails_once(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    unsigned n = 1;
    make_log(f);
    fixture_close(f);
    struct config c = config_of(f);
    assert_int_equal(verify_log(f->dir, &c, NULL, NULL, &v), 0);
    for (unsigned reads = spy_of_reader.calls[SPY_READ]; n <= reads; n++) {
        spy_clear(&spy_of_reader);
        spy_fail(&spy_of_reader, SPY_READ, n, EIO);
        assert_int_equal(verify_log(f->dir, &c, NULL, NULL, &v), WAL_E_IO);
    }
    assert_true(n > 10);
}

static void each_allocation_fails_once(void **state)
{
    struct log_fixture *f = *state;
    struct poor_alloc poor;
    wal_verify_t v;
    unsigned n = 0;
    int e;
    make_log(f);
    fixture_close(f);
    struct config c = config_of(f);
    do {
        poor_init(&poor, n++);
        c.alloc = poor.alloc;
        e = verify_log(f->dir, &c, NULL, NULL, &v);
        assert_true(e == 0 || e == WAL_E_NOMEM);
        assert_int_equal(poor.live, 0);
    } while (e < 0);
    assert_true(n > 5);
    assert_int_equal(v.records, 20);
}

/* A file goes between the look at the chain and the walk through it. */
static void drop_front(void *arg)
{
    struct log_fixture *f = arg;
    spy_of_reader.hook = NULL;
    must(wal_truncate_before(f->log, 12));
    assert_false(fixture_exists(fixture_segment_path(f, 1)));
}

static void a_writer_changes_the_log_under_the_look(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    unsigned opens;
    fixture_set(f, WAL_OPT_BACKGROUND, 0); /* it removes files before it returns */
    make_log(f);
    struct config c = config_of(f);
    assert_int_equal(verify_log(f->dir, &c, NULL, NULL, &v), 0);
    assert_int_equal(v.records, 20);
    opens = spy_of_reader.calls[SPY_OPEN];
    spy_clear(&spy_of_reader);
    spy_of_reader.hook = drop_front;
    spy_of_reader.hook_arg = f;
    spy_of_reader.hook_call = SPY_NEXT_DATA; /* the look at the newest one's end */
    assert_int_equal(verify_log(f->dir, &c, NULL, NULL, &v), 0);
    assert_null(spy_of_reader.hook);
    assert_int_equal(v.first_lsn, 12);
    assert_int_equal(v.records, 9);
    assert_int_equal(v.gaps, 0);
    assert_true(spy_of_reader.calls[SPY_OPEN] > opens); /* it was looked at anew */
}

static int count(void *ctx, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    ++*(unsigned *)ctx;
    return 0;
}

/* Where no thread can be had, this one does it all. */
static int no_thread(void *ctx, os_step_fn step, void *arg, struct os_thread **ret)
{
    (void)ctx;
    (void)step;
    (void)arg;
    (void)ret;
    return -EAGAIN;
}

static void without_threads(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    unsigned calls = 0;
    make_log(f);
    fixture_close(f);
    struct config c = config_of(f);
    c.read_threads = 8;
    spy_of_reader.os.thread_start = no_thread;
    assert_int_equal(verify_log(f->dir, &c, count, &calls, &v), 0);
    assert_int_equal(v.records, 20);
    assert_true(calls > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(each_read_fails_once),
        fixture_test(each_allocation_fails_once),
        fixture_test(a_writer_changes_the_log_under_the_look),
        fixture_test(without_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
