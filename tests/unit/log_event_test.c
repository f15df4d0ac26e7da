/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners: who is told what, and how the descriptor is set. */
#include "spied_log.h"

#include <poll.h>

#include "log/event.h"
#include "support/poor_alloc.h"

static struct wal *open_log(struct log_fixture *f)
{
    fixture_open(f);
    return f->log;
}

static struct listener *listen(struct wal *w, uint32_t mask)
{
    struct listener *l;
    must(listener_new(w, mask, &l));
    listener_add(w, l);
    return l;
}

static void unlisten(struct wal *w, struct listener *l)
{
    listener_remove(w, l);
    listener_free(w, l);
}

static void tell(struct wal *w, uint32_t kind, uint64_t lsn)
{
    event_tell(w, &(wal_event_t){.kind = kind, .lsn = lsn});
}

static wal_event_t take(struct listener *l)
{
    wal_event_t e;
    assert_true(ring_take(&l->ring, &e));
    return e;
}

static void test_masks(void **state)
{
    struct wal *w = open_log(*state);

    assert_false(event_wanted(&w->events, EVENT_KINDS));
    tell(w, WAL_EVENT_ROTATED, 1); /* nobody */
    struct listener *a = listen(w, WAL_EVENT_ROTATED | WAL_EVENT_FAILED);
    struct listener *b = listen(w, WAL_EVENT_ROTATED);
    struct listener *c = listen(w, WAL_EVENT_REMOVED);
    assert_true(event_wanted(&w->events, WAL_EVENT_REMOVED | WAL_EVENT_CORRUPT));
    assert_false(event_wanted(&w->events, WAL_EVENT_CORRUPT));
    tell(w, WAL_EVENT_ROTATED, 2);
    tell(w, WAL_EVENT_FAILED, 3);
    assert_int_equal(ring_count(&a->ring), 2);
    assert_int_equal(ring_count(&b->ring), 1);
    assert_int_equal(ring_count(&c->ring), 0);
    unlisten(w, b); /* from the middle, then the end, then the rest */
    tell(w, WAL_EVENT_ROTATED, 4);
    assert_int_equal(ring_count(&a->ring), 3);
    unlisten(w, a);
    assert_false(event_wanted(&w->events, WAL_EVENT_ROTATED));
    tell(w, WAL_EVENT_REMOVED, 5);
    assert_int_equal(take(c).lsn, 5);
    unlisten(w, c);
    assert_false(event_wanted(&w->events, EVENT_KINDS));
}

static void test_what_is_filled_in(void **state)
{
    struct wal *w = open_log(*state);
    struct listener *l = listen(w, EVENT_KINDS);
    uint64_t before = w->os->wall(w->os->ctx);

    event_tell(w, &(wal_event_t){.kind = WAL_EVENT_SYNCED,
                                 .lsn = 1,
                                 .segment = 2,
                                 .bytes = 3,
                                 .duration_ns = 4,
                                 .code = -5});
    wal_event_t e = take(l);
    assert_true(e.size == sizeof e && e.kind == WAL_EVENT_SYNCED && e.lsn == 1 && e.segment == 2);
    assert_true(e.bytes == 3 && e.duration_ns == 4 && e.code == -5 && e.dropped == 0);
    assert_true(e.time_ns >= before && e.time_ns <= w->os->wall(w->os->ctx));
    unlisten(w, l);
}

static void test_durable(void **state)
{
    struct wal *w = open_log(*state);
    struct listener *l = listen(w, WAL_EVENT_DURABLE), *other = listen(w, WAL_EVENT_SYNCED);

    event_durable(w, 5, false);
    assert_int_equal(ring_count(&l->ring), 0);
    event_durable(w, 5, true);
    event_durable(w, 9, true);
    event_durable(w, 3, false);
    assert_int_equal(ring_count(&l->ring), 1);
    wal_event_t e = take(l);
    assert_true(e.kind == WAL_EVENT_DURABLE && e.lsn == 3 && e.time_ns > 0);
    assert_int_equal(ring_count(&other->ring), 0);
    unlisten(w, l);
    unlisten(w, other);
    event_durable(w, 10, true);
}

static bool readable(const struct listener *l)
{
    struct pollfd p = {.fd = l->signal.fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

/* Set once where it is armed; at the end in any case. */
static void test_the_signal(void **state)
{
    struct wal *w = open_log(*state);
    struct listener *l;

    must(listener_new(w, WAL_EVENT_SYNCED | WAL_EVENT_DURABLE, &l));
    assert_int_equal(w->os->signal_open(w->os->ctx, -1, &l->signal), 0);
    listener_add(w, l);
    tell(w, WAL_EVENT_SYNCED, 1);
    assert_false(readable(l));
    atomic_store(&l->armed, 1);
    tell(w, WAL_EVENT_ROTATED, 1);
    assert_false(readable(l));
    tell(w, WAL_EVENT_SYNCED, 1);
    assert_true(readable(l));
    assert_int_equal(l->armed, 0);
    w->os->signal_clear(w->os->ctx, &l->signal);
    event_durable(w, 7, true);
    assert_false(readable(l));
    atomic_store(&l->armed, 1);
    event_durable(w, 8, true);
    assert_true(readable(l));
    w->os->signal_clear(w->os->ctx, &l->signal);
    events_end(w);
    assert_true(readable(l));
    unlisten(w, l);
}

static void test_no_memory(void **state)
{
    struct wal *w = open_log(*state);
    const struct alloc *before = w->alloc;
    struct poor_alloc poor;
    struct listener *l = NULL;

    for (unsigned left = 0; left < 2; left++) {
        poor_init(&poor, left);
        w->alloc = &poor.alloc;
        expect_error(WAL_E_NOMEM, listener_new(w, 1, &l), NULL);
        assert_null(l);
        assert_int_equal(poor.live, 0);
    }
    poor_init(&poor, 2);
    must(listener_new(w, 1, &l));
    listener_free(w, l);
    listener_free(w, NULL);
    assert_int_equal(poor.live, 0);
    w->alloc = before;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(test_masks),      spied_test(test_what_is_filled_in), spied_test(test_durable),
        spied_test(test_the_signal), spied_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
