/* SPDX-License-Identifier: Apache-2.0 */
/* wal_reader_interrupt: whoever waits in a reader gets out, once, with the log as it is. */
#include "support/log_fixture.h"

#include <stdatomic.h>
#include <string.h>

#include "support/crew.h"

static wal_reader_t *open_reader(wal_t *w, uint64_t from, uint32_t flags)
{
    wal_reader_t *r = NULL;
    must(wal_reader_open(w, from, flags, &r));
    return r;
}

static void interrupt(wal_reader_t *r)
{
    errno = ERRNO_MARK;
    wal_reader_interrupt(r);
    assert_int_equal(errno, ERRNO_MARK);
}

static void test_the_next_wait_returns_once(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "1");
    wal_reader_t *r = open_reader(f->log, 0, 0);
    interrupt(r);
    interrupt(r);
    assert_int_equal(must(wal_reader_wait(r, -1)), 0); /* though there is something to read */
    assert_int_equal(must(wal_reader_wait(r, -1)), 1);
    interrupt(r);
    assert_int_equal(wal_reader_position(r), 1);
    expect_next(r, 1, "1"); /* reading isn't interrupted */
    assert_int_equal(must(wal_reader_wait(r, -1)), 0);
    assert_int_equal(must(wal_reader_wait(r, 0)), 0); /* that was the time */
    fixture_append(f, "2");
    assert_int_equal(must(wal_reader_wait(r, -1)), 1);
    interrupt(r);
    must(wal_truncate_before(f->log, 3));
    assert_int_equal(must(wal_reader_wait(r, -1)), 0);
    expect_error(WAL_E_TRIMMED, wal_reader_wait(r, -1), NULL);
    wal_reader_close(r);
}

static void test_backward(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    wal_reader_t *r = open_reader(f->log, 0, WAL_READ_REVERSE);
    interrupt(r);
    assert_int_equal(must(wal_reader_wait(r, -1)), 0); /* as it would be anyway: it is used up */
    fixture_append(f, "1");
    must(wal_reader_seek(r, 0));
    assert_int_equal(must(wal_reader_wait(r, -1)), 1);
    wal_reader_close(r);
}

struct waiting {
    wal_reader_t *reader;
    _Atomic uint32_t returned, stop;
    _Atomic int last; /* what the latest wait returned */
};

static void wait_and_wait(void *arg, unsigned k)
{
    struct waiting *x = arg;
    (void)k;
    while (!atomic_load(&x->stop)) {
        int e = wal_reader_wait(x->reader, -1);
        atomic_store(&x->last, e);
        atomic_fetch_add(&x->returned, 1);
        if (e != 0)
            return;
    }
}

/* One interrupt, one return; wherever the other thread is just then. */
static void ping_pong(wal_reader_t *r)
{
    enum { ROUNDS = 2000 };
    struct waiting x = {.reader = r};
    struct crew c;

    dog_start();
    crew_start(&c, 1, wait_and_wait, &x);
    for (uint32_t k = 1; k <= ROUNDS; k++) {
        if (k == ROUNDS)
            atomic_store(&x.stop, 1);
        wal_reader_interrupt(r);
        crew_await(&x.returned, k);
        assert_int_equal(atomic_load(&x.returned), k);
        assert_int_equal(atomic_load(&x.last), 0);
    }
    crew_join(&c);
    dog_stop();
}

static void test_the_present_wait_returns(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    wal_reader_t *r = open_reader(f->log, 0, 0);
    ping_pong(r);
    wal_reader_close(r);
}

static void test_on_a_read_only_log(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    wal_t *follower = fixture_open_read_only(f);
    wal_reader_t *r = open_reader(follower, 0, 0);
    ping_pong(r);
    wal_reader_close(r);
    must(wal_close(follower));
}

static void test_other_readers_go_on_waiting(void **state)
{
    struct log_fixture *f = *state;
    struct waiting x = {0};
    struct crew c;

    fixture_open(f);
    wal_reader_t *r = open_reader(f->log, 0, 0);
    x.reader = open_reader(f->log, 0, 0);
    dog_start();
    crew_start(&c, 1, wait_and_wait, &x);
    for (int k = 0; k < 100; k++) {
        crew_pause();
        interrupt(r);
        assert_int_equal(must(wal_reader_wait(r, -1)), 0);
    }
    assert_int_equal(atomic_load(&x.returned), 0);
    fixture_append(f, "1");
    crew_join(&c);
    dog_stop();
    assert_int_equal(atomic_load(&x.last), 1);
    wal_reader_close(x.reader);
    wal_reader_close(r);
}

static void keep_interrupting(void *arg, unsigned k)
{
    struct waiting *x = arg;
    (void)k;
    while (!atomic_load(&x->stop)) {
        wal_reader_interrupt(x->reader);
        atomic_fetch_add(&x->returned, 1);
    }
}

static void test_it_may_run_beside_close(void **state)
{
    enum { ROUNDS = 20 };
    struct log_fixture *f = *state;

    dog_start();
    for (int round = 0; round < ROUNDS; round++) {
        struct waiting x = {0};
        struct crew c;
        fixture_open(f);
        x.reader = open_reader(f->log, 0, 0);
        crew_start(&c, 2, keep_interrupting, &x);
        crew_await(&x.returned, 10);
        fixture_close(f);
        uint32_t then = atomic_load(&x.returned);
        crew_await(&x.returned, then + 10); /* and after it */
        atomic_store(&x.stop, 1);
        crew_join(&c);
        expect_error(WAL_E_CLOSED, wal_reader_wait(x.reader, -1), NULL);
        wal_reader_close(x.reader);
    }
    dog_stop();
}

static int interrupt_it(void *arg)
{
    wal_reader_interrupt(arg);
    return 0;
}

static void test_where_it_does_nothing(void **state)
{
    struct log_fixture *f = *state;

    interrupt(NULL);
    fixture_open(f);
    fixture_append(f, "1");
    wal_reader_t *r = open_reader(f->log, 0, 0);
    assert_int_equal(in_child(interrupt_it, r), 0);
    assert_int_equal(must(wal_reader_wait(r, -1)), 1);
    wal_reader_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_the_next_wait_returns_once),  fixture_test(test_backward),
        fixture_test(test_the_present_wait_returns),    fixture_test(test_on_a_read_only_log),
        fixture_test(test_other_readers_go_on_waiting), fixture_test(test_it_may_run_beside_close),
        fixture_test(test_where_it_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
