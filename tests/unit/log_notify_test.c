/* SPDX-License-Identifier: Apache-2.0 */
/* Callbacks one at a time: who runs them, who leaves them to whom, and what is free meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/codes.h"
#include "log/callback.h"
#include "log/log.h"
#include "support/told.h"
#include "support/yard.h"

static struct yard yard;
static struct told told;

static int setup(void **state)
{
    (void)state;
    memset(&told, 0, sizeof told);
    yard_make(&yard);
    yard_set(&yard, WAL_OPT_BACKGROUND, 0);
    MUST_BE(wal_options_set_events(yard.options, WAL_EVENT_ROTATED | WAL_EVENT_DURABLE, told_event,
                                   &told),
            0);
    yard_open(&yard);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yard_remove(&yard);
    return 0;
}

/* Behind the back of the log: as if a sync had reached this LSN. */
static void reach(uint64_t lsn)
{
    durable_calls_answer(&yard.log->notify.calls, lsn, 0);
}

static void on_durable(uint64_t lsn, wal_durable_fn fn, void *ctx)
{
    MUST_BE(notify_on_durable(yard.log, lsn, fn, ctx), 0);
}

/* A callback that is held until it is let go, and looks at what it may not find. */
struct hold {
    _Atomic uint32_t begun, go;
    struct told *told;
};

static void held(void *ctx, uint64_t lsn, int result)
{
    struct hold *h = ctx;
    struct wal *w = yard.log;

    MUST(callback_inside(w) == CALLBACK_NOTICE);
    MUST(pthread_mutex_trylock(&w->mu) == 0);
    pthread_mutex_unlock(&w->mu);
    told_durable(h->told, lsn, result);
    atomic_store(&h->begun, 1);
    crew_await(&h->go, 1);
}

static void run_due(void *arg, unsigned who)
{
    struct wal *w = arg;
    (void)who;
    pthread_mutex_lock(&w->mu);
    notify_run(w);
    pthread_mutex_unlock(&w->mu);
}

static void test_nothing_is_due(void **state)
{
    (void)state;
    on_durable(5, told_durable, &told);
    run_due(yard.log, 0);
    assert_int_equal(told.n, 0);
}

static void test_durable_first_then_events(void **state)
{
    struct wal *w = yard.log;

    (void)state;
    on_durable(1, told_durable, &told);
    on_durable(2, told_durable, &told);
    event_tell(w, &(wal_event_t){.kind = WAL_EVENT_ROTATED, .segment = 9});
    reach(2);
    run_due(w, 0);
    assert_int_equal(told.n, 2);
    assert_int_equal(told.n_events, 1);
    assert_int_equal(told.event[0].segment, 9);
}

/* The one at work takes over what comes meanwhile; who finds him there goes on. */
static void test_taken_over(void **state)
{
    struct wal *w = yard.log;
    struct hold h = {.told = &told};
    struct crew c;

    (void)state;
    on_durable(1, held, &h);
    on_durable(2, told_durable, &told);
    on_durable(3, told_durable, &told);
    reach(1);
    crew_start(&c, 1, run_due, w);
    crew_await(&h.begun, 1);
    pthread_mutex_lock(&w->mu);
    reach(3);
    pthread_mutex_unlock(&w->mu);
    run_due(w, 0); /* doesn't wait, runs none */
    assert_int_equal(told.n, 1);
    atomic_store(&h.go, 1);
    crew_join(&c);
    assert_int_equal(told.n, 3);
    assert_true(pthread_equal(told.thread[1], told.thread[0]));
    assert_int_equal(told.lsn[2], 3);
}

/* But only until what was his own is done, where somebody has the turn and will come by. */
static void test_handed_on_to_who_has_the_turn(void **state)
{
    struct wal *w = yard.log;
    struct hold h = {.told = &told};
    struct crew c;

    (void)state;
    on_durable(1, held, &h);
    on_durable(2, told_durable, &told);
    on_durable(3, told_durable, &told);
    reach(2); /* two are his own */
    crew_start(&c, 1, run_due, w);
    crew_await(&h.begun, 1);
    pthread_mutex_lock(&w->mu);
    turn_take(w);
    reach(3);
    pthread_mutex_unlock(&w->mu);
    atomic_store(&h.go, 1);
    crew_join(&c);
    assert_int_equal(told.n, 2);
    pthread_mutex_lock(&w->mu);
    turn_give(w);
    pthread_mutex_unlock(&w->mu);
    assert_int_equal(told.n, 3);
    assert_true(pthread_equal(told.thread[2], pthread_self()));
}

static void append_and_ask(void *arg, unsigned who)
{
    (void)who;
    MUST_BE(notify_on_durable(arg, 1, told_durable, &told), 0);
    MUST(atomic_load(&told.n) >= 1);
}

static void await_wanted(void)
{
    struct wal *w = yard.log;
    pthread_mutex_lock(&w->mu);
    while (w->notify.wanted == 0) {
        pthread_mutex_unlock(&w->mu);
        crew_pause();
        pthread_mutex_lock(&w->mu);
    }
    pthread_mutex_unlock(&w->mu);
}

/* Calls for LSN 2, which is held, and 3 wait; those up to `lsn` are run by one thread, and while it
 * is at the first, another one asks for a record that is durable. */
static void ask_beside(struct hold *h, uint64_t lsn, struct crew *running, struct crew *asking)
{
    assert_int_equal(wal_append(yard.log, "x", 1, NULL), 0);
    on_durable(2, held, h);
    on_durable(3, told_durable, &told);
    reach(lsn);
    crew_start(running, 1, run_due, yard.log);
    crew_await(&h->begun, 1);
    crew_start(asking, 1, append_and_ask, yard.log);
    await_wanted();
}

/* One for a record that is durable waits for its turn, and runs on its own thread. */
static void test_own_ones_wait_for_their_turn(void **state)
{
    struct hold h = {.told = &told};
    struct crew c, asking;

    (void)state;
    ask_beside(&h, 3, &c, &asking);
    assert_int_equal(told.n, 1);
    atomic_store(&h.go, 1);
    crew_join(&c);
    crew_join(&asking);
    assert_int_equal(told.n, 3);
    assert_int_equal(told.lsn[1], 3); /* his own before */
    assert_true(pthread_equal(told.thread[1], told.thread[0]));
    assert_int_equal(told.lsn[2], 1);
    assert_false(pthread_equal(told.thread[2], told.thread[0]));
}

/* Nor does he wait longer than for what was the other one's own. */
static void test_own_ones_come_before_what_others_cause(void **state)
{
    struct wal *w = yard.log;
    struct hold h = {.told = &told};
    struct crew c, asking;

    (void)state;
    ask_beside(&h, 2, &c, &asking);
    pthread_mutex_lock(&w->mu);
    reach(3);
    pthread_mutex_unlock(&w->mu);
    atomic_store(&h.go, 1);
    crew_join(&c);
    crew_join(&asking);
    assert_int_equal(told.n, 3);
    assert_int_equal(told.lsn[1], 1);
    assert_int_equal(told.lsn[2], 3); /* left to him */
    assert_true(pthread_equal(told.thread[1], told.thread[2]));
}

static void fail_inside(void *ctx, uint64_t lsn, int result)
{
    (void)lsn;
    (void)result;
    *(int *)ctx = fault(WAL_E_IO, "inside");
}

static void test_the_fault_stays(void **state)
{
    int code = 0;

    (void)state;
    fault(WAL_E_RANGE, "before");
    on_durable(1, fail_inside, &code);
    reach(1);
    run_due(yard.log, 0);
    assert_int_equal(code, WAL_E_IO);
    assert_int_equal(fault_last()->code, WAL_E_RANGE);
    assert_string_equal(fault_last()->text, "before");
}

/* Gates are open when callbacks run: they may append. */
static void append_async(void *ctx, const wal_event_t *event)
{
    if (event->kind == WAL_EVENT_ROTATED)
        MUST_BE(wal_append_typed(*(wal_t **)ctx, 0, "y", 1, WAL_APPEND_ASYNC, NULL), 0);
}

static void test_the_gate_is_open(void **state)
{
    (void)state;
    yard_close(&yard);
    MUST_BE(wal_options_set_events(yard.options, WAL_EVENT_ROTATED, append_async, &yard.log), 0);
    yard_open(&yard);
    assert_int_equal(wal_append(yard.log, "x", 1, NULL), 0);
    assert_int_equal(wal_rotate(yard.log), 0);
    assert_int_equal(wal_next_lsn(yard.log), 3);
}

static void test_close_tells_everybody(void **state)
{
    struct wal *w = yard.log;

    (void)state;
    on_durable(7, told_durable, &told);
    on_durable(8, told_durable, &told);
    pthread_mutex_lock(&w->mu);
    notify_cut(w, 7, 7); /* passes one over */
    pthread_mutex_unlock(&w->mu);
    assert_int_equal(told.n, 0);
    notify_close(w);
    assert_int_equal(told.n, 2);
    assert_int_equal(told.result[0], WAL_E_CLOSED);
    assert_int_equal(told.result[1], WAL_E_CLOSED);
}

#define notify_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        notify_test(test_nothing_is_due),
        notify_test(test_durable_first_then_events),
        notify_test(test_taken_over),
        notify_test(test_handed_on_to_who_has_the_turn),
        notify_test(test_own_ones_wait_for_their_turn),
        notify_test(test_own_ones_come_before_what_others_cause),
        notify_test(test_the_fault_stays),
        notify_test(test_the_gate_is_open),
        notify_test(test_close_tells_everybody),
    };
    dog_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dog_stop();
    return failed;
}
