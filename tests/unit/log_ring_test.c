/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of events: order, what is lost and counted, DURABLE in its own place, and both sides at
 * once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>

#include "base/codes.h"
#include "base/fault.h"
#include "log/ring.h"
#include "support/poor_alloc.h"

static struct ring make(uint32_t room)
{
    struct ring r;
    assert_int_equal(ring_init(&r, &alloc_default, room), 0);
    return r;
}

/* Every field follows from n, so that a mix of two events shows. */
static wal_event_t event(uint32_t kind, uint64_t n)
{
    return (wal_event_t){.size = sizeof(wal_event_t),
                         .kind = kind,
                         .lsn = n,
                         .segment = n * 3,
                         .bytes = n * 5,
                         .duration_ns = n * 7,
                         .time_ns = n * 11,
                         .code = -(int32_t)(n % 1000)};
}

static void put(struct ring *r, uint64_t n)
{
    wal_event_t e = event(WAL_EVENT_SYNCED, n);
    ring_put(r, &e);
}

static void put_durable(struct ring *r, uint64_t n)
{
    wal_event_t e = event(WAL_EVENT_DURABLE, n);
    ring_put_durable(r, &e);
}

static void change_durable(struct ring *r, uint64_t n)
{
    wal_event_t e = event(WAL_EVENT_DURABLE, n);
    ring_change_durable(r, &e);
}

static void expect(struct ring *r, uint32_t kind, uint64_t n, uint32_t dropped)
{
    wal_event_t e, want = event(kind, n);
    want.dropped = dropped;
    assert_true(ring_take(r, &e));
    assert_memory_equal(&e, &want, sizeof e);
}

static void expect_none(struct ring *r)
{
    wal_event_t e = {.kind = 99};
    assert_int_equal(ring_count(r), 0);
    assert_false(ring_take(r, &e));
    assert_int_equal(e.kind, 99);
}

static void test_first_in_first_out(void **state)
{
    struct ring r = make(3);

    (void)state;
    expect_none(&r);
    for (uint64_t n = 1; n < 20; n += 2) {
        put(&r, n);
        put(&r, n + 1);
        assert_int_equal(ring_count(&r), 2);
        expect(&r, WAL_EVENT_SYNCED, n, 0);
        expect(&r, WAL_EVENT_SYNCED, n + 1, 0);
        expect_none(&r);
    }
    ring_free(&r, &alloc_default);
}

static void test_the_oldest_are_lost(void **state)
{
    (void)state;
    for (uint32_t room = 1; room <= 5; room++) {
        struct ring r = make(room);
        for (uint64_t n = 1; n <= room; n++)
            put(&r, n);
        expect(&r, WAL_EVENT_SYNCED, 1, 0); /* so many fit */
        for (uint64_t n = 1; n <= room + 7; n++)
            put(&r, 100 + n);
        expect(&r, WAL_EVENT_SYNCED, 108, (room - 1) + 7);
        for (uint64_t n = 2; n <= room; n++)
            expect(&r, WAL_EVENT_SYNCED, 107 + n, 0);
        expect_none(&r);
        put(&r, 5);
        expect(&r, WAL_EVENT_SYNCED, 5, 0); /* told once */
        ring_free(&r, &alloc_default);
    }
}

static void test_durable_is_the_newest(void **state)
{
    struct ring r = make(4);

    (void)state;
    put_durable(&r, 1);
    put_durable(&r, 2);
    put_durable(&r, 3);
    assert_int_equal(ring_count(&r), 1);
    expect(&r, WAL_EVENT_DURABLE, 3, 0);
    expect_none(&r);
    put_durable(&r, 4);
    expect(&r, WAL_EVENT_DURABLE, 4, 0);
    expect_none(&r);
    ring_free(&r, &alloc_default);
}

static void test_durable_keeps_its_place(void **state)
{
    struct ring r = make(4);

    (void)state;
    put(&r, 1);
    put_durable(&r, 10);
    put(&r, 2);
    put_durable(&r, 11);
    put(&r, 3);
    assert_int_equal(ring_count(&r), 4);
    expect(&r, WAL_EVENT_SYNCED, 1, 0);
    expect(&r, WAL_EVENT_DURABLE, 11, 0);
    expect(&r, WAL_EVENT_SYNCED, 2, 0);
    put_durable(&r, 12);
    expect(&r, WAL_EVENT_SYNCED, 3, 0);
    expect(&r, WAL_EVENT_DURABLE, 12, 0);
    expect_none(&r);
    ring_free(&r, &alloc_default);
}

static void test_durable_is_never_lost(void **state)
{
    struct ring r = make(2);

    (void)state;
    put_durable(&r, 10);
    for (uint64_t n = 1; n <= 6; n++)
        put(&r, n);
    expect(&r, WAL_EVENT_DURABLE, 10, 4); /* the losses were before it is delivered */
    expect(&r, WAL_EVENT_SYNCED, 5, 0);
    expect(&r, WAL_EVENT_SYNCED, 6, 0);
    expect_none(&r);
    ring_free(&r, &alloc_default);
}

static void test_durable_changes_while_it_waits(void **state)
{
    struct ring r = make(2);

    (void)state;
    change_durable(&r, 5);
    expect_none(&r);
    put_durable(&r, 9);
    put(&r, 1);
    change_durable(&r, 5);
    expect(&r, WAL_EVENT_DURABLE, 5, 0);
    change_durable(&r, 4);
    expect(&r, WAL_EVENT_SYNCED, 1, 0);
    expect_none(&r);
    ring_free(&r, &alloc_default);
}

static void test_no_memory(void **state)
{
    struct poor_alloc poor;
    struct ring r;

    (void)state;
    poor_init(&poor, 0);
    assert_int_equal(ring_init(&r, &poor.alloc, 8), WAL_E_NOMEM);
    assert_int_equal(fault_last()->code, WAL_E_NOMEM);
    ring_free(&r, &poor.alloc); /* harmless */
    assert_int_equal(poor.live, 0);
}

/* Both sides at once. Nothing comes twice or torn or out of order, and what is lost is counted. */

enum { FLOOD = 400000 };

static void *flood(void *arg)
{
    struct ring *r = arg;
    for (uint64_t n = 1; n <= FLOOD; n++) {
        put(r, n);
        if (n % 3 == 0)
            put_durable(r, n);
        if (n % 1024 == 0)
            sched_yield();
    }
    return NULL;
}

static void check_whole(const wal_event_t *e)
{
    wal_event_t want = event(e->kind, e->lsn);
    want.dropped = e->dropped;
    assert_memory_equal(e, &want, sizeof want);
}

static void drain_flood(struct ring *r)
{
    uint64_t last = 0, durable = 0, counted = 0;
    wal_event_t e;

    while (last < FLOOD || durable < FLOOD - FLOOD % 3) {
        if (!ring_take(r, &e)) {
            sched_yield();
            continue;
        }
        check_whole(&e);
        counted += e.dropped;
        if (e.kind == WAL_EVENT_DURABLE) {
            assert_true(e.lsn > durable);
            durable = e.lsn;
        } else {
            counted++;
            assert_int_equal(e.lsn, counted); /* all before it came, or were counted as lost */
            last = e.lsn;
        }
    }
    assert_int_equal(counted, FLOOD);
}

static void test_both_sides_at_once(void **state)
{
    const uint32_t rooms[] = {1, 2, 7, 1024};

    (void)state;
    for (size_t k = 0; k < sizeof rooms / sizeof *rooms; k++) {
        struct ring r = make(rooms[k]);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, flood, &r), 0);
        drain_flood(&r);
        assert_int_equal(pthread_join(thread, NULL), 0);
        expect_none(&r);
        ring_free(&r, &alloc_default);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_in_first_out),
        cmocka_unit_test(test_the_oldest_are_lost),
        cmocka_unit_test(test_durable_is_the_newest),
        cmocka_unit_test(test_durable_keeps_its_place),
        cmocka_unit_test(test_durable_is_never_lost),
        cmocka_unit_test(test_durable_changes_while_it_waits),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_both_sides_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
