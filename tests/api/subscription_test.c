/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions: the queue, its descriptor, and how long they live. */
#include "support/log_fixture.h"

#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ALL = 2047 };

static wal_subscription_t *subscribe(wal_t *w, uint32_t mask)
{
    wal_subscription_t *s = NULL;
    must(wal_subscribe(w, mask, &s));
    return s;
}

static int readable(const wal_subscription_t *s)
{
    struct pollfd p = {.fd = wal_subscription_fd(s), .events = POLLIN};
    return poll(&p, 1, 0) == 1 && p.revents == POLLIN;
}

#define expect_event(s, kind, lsn, dropped)                                                        \
    expect_event_at((s), (kind), (lsn), (dropped), __FILE__, __LINE__)
static void expect_event_at(wal_subscription_t *s, uint32_t kind, uint64_t lsn, uint32_t dropped,
                            const char *file, int line)
{
    wal_event_t e = {.size = sizeof e};
    int got = fixture_must((errno = ERRNO_MARK, wal_subscription_next(s, &e)), "next", file, line);
    if (got == 1 && e.kind == kind && e.lsn == lsn && e.dropped == dropped && e.size == sizeof e)
        return;
    print_error("%d: kind %u, lsn %u, dropped %u, size %u\n", got, e.kind, (unsigned)e.lsn,
                e.dropped, e.size);
    _fail(file, line);
}

static void expect_none(wal_subscription_t *s)
{
    wal_event_t e = {.size = sizeof e, .kind = 99};
    assert_int_equal(must(wal_subscription_next(s, &e)), 0);
    assert_int_equal(e.kind, 99);
}

static void expect_closed(wal_subscription_t *s, const char *dir)
{
    wal_event_t e = {.size = sizeof e};
    expect_error(WAL_E_CLOSED, wal_subscription_next(s, &e), dir);
}

static void test_in_order(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 1);
    fixture_open(f);
    fixture_append(f, "0");
    wal_subscription_t *s =
        subscribe(f->log, ALL & ~(uint32_t)(WAL_EVENT_SYNCED | WAL_EVENT_PERSISTED));
    expect_none(s); /* what came before is nobody's */
    fixture_append(f, "1");
    must(wal_truncate_before(f->log, 2));
    expect_event(s, WAL_EVENT_ROTATED, 2, 0);
    expect_event(s, WAL_EVENT_DURABLE, 2, 0);
    expect_event(s, WAL_EVENT_REMOVED, 0, 0);
    expect_event(s, WAL_EVENT_TRUNCATED, 2, 0);
    expect_none(s);
    wal_unsubscribe(s);
}

static void test_durable_is_coalesced(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    wal_subscription_t *s = subscribe(f->log, WAL_EVENT_DURABLE);
    fixture_fill(f, 50);
    expect_event(s, WAL_EVENT_DURABLE, 50, 0);
    expect_none(s);
    fixture_append(f, "51");
    must(wal_truncate_after(f->log, 20)); /* what waits is never above what is */
    expect_event(s, WAL_EVENT_DURABLE, 20, 0);
    expect_none(s);
    must(wal_truncate_after(f->log, 10));
    expect_none(s);
    wal_unsubscribe(s);
}

static void test_full(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_EVENT_RING, 3);
    fixture_open(f);
    wal_subscription_t *s = subscribe(f->log, WAL_EVENT_SYNCED);
    wal_subscription_t *with_durable = subscribe(f->log, WAL_EVENT_SYNCED | WAL_EVENT_DURABLE);
    fixture_fill(f, 3);
    expect_event(s, WAL_EVENT_SYNCED, 1, 0);
    fixture_fill(f, 5);
    expect_event(s, WAL_EVENT_SYNCED, 6, 4);
    expect_event(s, WAL_EVENT_SYNCED, 7, 0);
    expect_event(s, WAL_EVENT_SYNCED, 8, 0);
    expect_none(s);
    fixture_fill(f, 1);
    expect_event(s, WAL_EVENT_SYNCED, 9, 0);
    expect_event(with_durable, WAL_EVENT_DURABLE, 9, 6); /* has a place of its own */
    expect_event(with_durable, WAL_EVENT_SYNCED, 7, 0);
    wal_unsubscribe(s);
    wal_unsubscribe(with_durable);
}

static void test_the_descriptor(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    wal_subscription_t *s = subscribe(f->log, WAL_EVENT_SYNCED);
    assert_true(wal_subscription_fd(s) >= 0);
    assert_false(readable(s));
    for (uint64_t lsn = 1; lsn < 20; lsn += 2) {
        fixture_fill(f, 2);
        assert_true(readable(s));
        expect_event(s, WAL_EVENT_SYNCED, lsn, 0);
        assert_true(readable(s));
        expect_event(s, WAL_EVENT_SYNCED, lsn + 1, 0);
        expect_none(s);
        assert_false(readable(s));
        expect_none(s);
        assert_false(readable(s));
    }
    must(wal_truncate_before(f->log, 3)); /* other kinds are none of its business */
    assert_false(readable(s));
    wal_unsubscribe(s);
}

static void test_many_with_different_masks(void **state)
{
    struct log_fixture *f = *state;
    enum { N = 20 };
    wal_subscription_t *s[N];

    fixture_open(f);
    for (int k = 0; k < N; k++)
        s[k] = subscribe(f->log, k % 2 ? WAL_EVENT_DURABLE : WAL_EVENT_ROTATED);
    fixture_append(f, "1");
    must(wal_rotate(f->log));
    for (int k = 0; k < N; k += 3) { /* from the middle, the beginning, the end */
        wal_unsubscribe(s[k]);
        s[k] = NULL;
    }
    fixture_append(f, "2");
    for (int k = 0; k < N; k++) {
        if (!s[k])
            continue;
        if (k % 2)
            expect_event(s[k], WAL_EVENT_DURABLE, 2, 0);
        else
            expect_event(s[k], WAL_EVENT_ROTATED, 2, 0);
        expect_none(s[k]);
        wal_unsubscribe(s[k]);
    }
    fixture_append(f, "3");
}

static void test_they_outlive_the_log(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    wal_subscription_t *s = subscribe(f->log, WAL_EVENT_SYNCED | WAL_EVENT_PERSISTED);
    wal_subscription_t *idle = subscribe(f->log, WAL_EVENT_FAILED);
    wal_subscription_t *never = subscribe(f->log, ALL);
    wal_subscription_t *half = subscribe(f->log, ALL);
    fixture_append(f, "1");
    fixture_append_flags(f, "2", WAL_APPEND_ASYNC);
    expect_event(half, WAL_EVENT_SYNCED, 1, 0);
    wal_unsubscribe(never);
    assert_false(readable(idle));
    fixture_close(f);
    assert_true(readable(idle)); /* who polls learns of it */
    expect_closed(idle, f->dir);
    assert_true(readable(s));
    expect_event(s, WAL_EVENT_SYNCED, 1, 0);
    expect_event(s, WAL_EVENT_SYNCED, 2, 0); /* of the close */
    expect_event(s, WAL_EVENT_SYNCED, 2, 0); /* and the seal's */
    expect_event(s, WAL_EVENT_PERSISTED, 2, 0);
    expect_closed(s, f->dir);
    expect_closed(s, f->dir);
    assert_true(readable(s));
    assert_true(wal_subscription_fd(s) >= 0);
    wal_unsubscribe(idle);
    wal_unsubscribe(s);
    wal_unsubscribe(half);
    wal_unsubscribe(NULL);
}

static void test_a_follower_wakes_up(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "1");
    wal_t *follower = fixture_open_read_only(f);
    fixture_append(f, "2");
    wal_subscription_t *s = subscribe(follower, WAL_EVENT_DURABLE);
    wal_subscription_t *other = subscribe(follower, WAL_EVENT_CORRUPT);
    assert_true(readable(s)); /* 2 came after the last look */
    expect_event(s, WAL_EVENT_DURABLE, 2, 0);
    expect_none(s);
    assert_false(readable(s));
    for (uint64_t lsn = 3; lsn < 9; lsn += 2) {
        fixture_append(f, "x");
        assert_true(readable(s));
        fixture_append(f, "x");
        expect_event(s, WAL_EVENT_DURABLE, lsn + 1, 0);
        expect_none(s);
        assert_false(readable(s));
    }
    fixture_append_flags(f, "9", WAL_APPEND_ASYNC);
    must(wal_flush(f->log)); /* written is not durable */
    expect_none(s);
    must(wal_truncate_after(f->log, 2));
    assert_true(readable(s));
    expect_none(s);
    must(wal_rotate(f->log));
    fixture_append(f, "3");
    expect_event(s, WAL_EVENT_DURABLE, 3, 0);
    expect_none(s);
    fixture_append(f, "4");
    assert_int_equal(wal_durable_lsn(follower), 4); /* somebody else has looked */
    expect_none(other);
    assert_true(readable(s));
    expect_event(s, WAL_EVENT_DURABLE, 4, 0);
    expect_none(s);
    fixture_append(f, "5");
    must(wal_close(follower));
    expect_closed(s, f->dir); /* it is not looked any more */
    assert_true(readable(s) && readable(other));
    wal_unsubscribe(s);
    wal_unsubscribe(other);
}

static void test_a_followers_other_events(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t r = {.size = sizeof r};
    char buf[64];

    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_rotate(f->log));
    fixture_close(f);
    wal_t *follower = fixture_open_read_only(f);
    wal_subscription_t *s = subscribe(follower, ALL);
    fixture_write_file(fixture_segment_path(f, 1), 4096 + 64 + 16, "!", 1);
    expect_error(WAL_E_CORRUPT, wal_get(follower, 1, buf, sizeof buf, &r), NULL);
    assert_true(readable(s));
    expect_event(s, WAL_EVENT_CORRUPT, 1, 0);
    expect_none(s);
    wal_unsubscribe(s);
    must(wal_close(follower));
}

static void test_a_follower_that_can_look_no_more(void **state)
{
    struct log_fixture *f = *state;
    wal_event_t e = {.size = sizeof e};

    fixture_open(f);
    fixture_append(f, "1");
    wal_t *follower = fixture_open_read_only(f);
    wal_subscription_t *s = subscribe(follower, ALL);
    fixture_write_file(fixture_path(f, "control"), 0, fixture_bytes(2 * 4096, 0xff), 2 * 4096);
    expect_error(WAL_E_CORRUPT, wal_subscription_next(s, &e), "control");
    wal_unsubscribe(s);
    must(wal_close(follower));
    wal_t *w = f->log;
    f->log = NULL;
    (void)wal_close(w);
}

struct old_event { /* as of version 1.0 */
    wal_event_t e;
    char behind[8];
};

static void test_arguments(void **state)
{
    struct log_fixture *f = *state;
    wal_subscription_t *s = NULL;
    struct old_event x = {.behind = "intact."};
    wal_event_t e = {.size = sizeof e};

    fixture_open(f);
    expect_error(WAL_E_INVAL, wal_subscribe(NULL, ALL, &s), NULL);
    expect_error(WAL_E_INVAL, wal_subscribe(f->log, ALL, NULL), "ret");
    expect_error(WAL_E_INVAL, wal_subscribe(f->log, 0, &s), "kinds");
    expect_error(WAL_E_INVAL, wal_subscribe(f->log, 1 | 2048, &s), "0x801");
    assert_null(s);
    s = subscribe(f->log, ALL);
    fixture_append(f, "1");
    expect_error(WAL_E_INVAL, wal_subscription_next(NULL, &e), NULL);
    expect_error(WAL_E_INVAL, wal_subscription_next(s, NULL), NULL);
    expect_error(WAL_E_INVAL, wal_subscription_fd(NULL), NULL);
    x.e.size = sizeof x.e - 1;
    expect_error(WAL_E_INVAL, wal_subscription_next(s, &x.e), "size");
    x.e.size = sizeof x.e; /* nothing was lost by all this */
    assert_int_equal(must(wal_subscription_next(s, &x.e)), 1);
    assert_int_equal(x.e.kind, WAL_EVENT_SYNCED);
    assert_string_equal(x.behind, "intact.");
    memset(x.behind, 'x', sizeof x.behind);
    x.e.size = sizeof x; /* a later version's: the rest is zeros */
    assert_int_equal(must(wal_subscription_next(s, &x.e)), 1);
    assert_int_equal(x.e.size, sizeof x);
    assert_memory_equal(x.behind, "\0\0\0\0\0\0\0\0", 8);
    wal_unsubscribe(s);
}

static void test_no_descriptor(void **state)
{
    struct log_fixture *f = *state;
    struct rlimit before, tight;
    wal_subscription_t *s = NULL;
    int lowest = dup(0);

    fixture_open(f);
    close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)lowest;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    int e = wal_subscribe(f->log, ALL, &s);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(e, WAL_E_IO);
    assert_null(s);
    fixture_append(f, "1");
}

/* The last error stays where nothing failed. */
static void test_the_last_error_stays(void **state)
{
    struct log_fixture *f = *state;
    wal_error_t error;

    fixture_open(f);
    wal_t *follower = fixture_open_read_only(f);
    wal_subscription_t *s = subscribe(follower, ALL);
    expect_error(WAL_E_RANGE, wal_sync(f->log, 9), NULL);
    fixture_append(f, "1");
    expect_event(s, WAL_EVENT_DURABLE, 1, 0);
    expect_none(s);
    must(wal_last_error(&error, sizeof error));
    assert_int_equal(error.code, WAL_E_RANGE);
    wal_unsubscribe(s);
    must(wal_close(follower));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_in_order),
        fixture_test(test_durable_is_coalesced),
        fixture_test(test_full),
        fixture_test(test_the_descriptor),
        fixture_test(test_many_with_different_masks),
        fixture_test(test_they_outlive_the_log),
        fixture_test(test_a_follower_wakes_up),
        fixture_test(test_a_followers_other_events),
        fixture_test(test_a_follower_that_can_look_no_more),
        fixture_test(test_arguments),
        fixture_test(test_no_descriptor),
        fixture_test(test_the_last_error_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
