/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation fails once: the call says NOMEM, has done nothing, and works the next time;
 * nothing leaks; the log is right. */
#include "support/alloc_steps.h"

#include <string.h>

static void count_call(void *ctx, uint64_t lsn, int result)
{
    (void)lsn;
    (void)result;
    ++*(uint64_t *)ctx;
}

static int no_meta(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    (void)key;
    (void)klen;
    (void)value;
    (void)vlen;
    ++*(uint64_t *)ctx;
    return 0;
}

static int do_batch_new(struct world *x)
{
    return wal_batch_new(x->f->log, &x->batch);
}

static int do_batch_append(struct world *x)
{
    int e = 0;
    while (e == 0 && wal_batch_count(x->batch) < 150)
        e = wal_batch_append(x->batch, 0, fixture_bytes(1000, 'b'), 1000);
    return e;
}

static int do_batch_commit(struct world *x)
{
    uint64_t first = 0;
    int e = wal_batch_commit(x->batch, 0, &first, NULL);
    if (e == 0)
        assert_int_equal(first, 6);
    return e;
}

static int do_meta_set(struct world *x)
{
    int e = wal_meta_set(x->f->log, "key", 3, "value", 5);
    return e < 0 ? e : wal_meta_set(x->f->log, "gone", 4, "", 0);
}

static int do_meta_delete(struct world *x)
{
    return wal_meta_delete(x->f->log, "gone", 4);
}

static int do_meta_each(struct world *x)
{
    uint64_t n = 0;
    int e = wal_meta_each(x->f->log, no_meta, &n);
    if (e == 0)
        assert_int_equal(n, 1);
    return e;
}

static int do_append_big(struct world *x)
{
    uint64_t lsn = 0;
    int e = wal_append(x->f->log, fixture_bytes(100000, 'B'), 100000, &lsn);
    if (e == 0)
        assert_int_equal(lsn, 156);
    return e;
}

static int do_subscribe(struct world *x)
{
    return wal_subscribe(x->f->log, WAL_EVENT_ROTATED | WAL_EVENT_DURABLE, &x->subscription);
}

static int do_unsubscribe(struct world *x)
{
    wal_unsubscribe(x->subscription);
    x->subscription = NULL;
    return 0;
}

static int do_next(struct world *x)
{
    wal_event_t e = {.size = sizeof e};
    int got;
    while ((got = wal_subscription_next(x->subscription, &e)) == 1)
        continue;
    return got;
}

static int do_on_durable(struct world *x)
{
    return wal_on_durable(x->f->log, 1, count_call, &x->called);
}

static int do_on_durable_ahead(struct world *x)
{
    return wal_on_durable(x->f->log, 1000000, count_call, &x->called);
}

static int do_called(struct world *x)
{
    assert_int_equal(x->called, 2); /* whatever failed on the way */
    return 0;
}

static int do_follower_subscribe(struct world *x)
{
    return wal_subscribe(x->follower, WAL_EVENT_DURABLE, &x->subscription);
}

static int do_reader_open(struct world *x)
{
    return wal_reader_open(x->f->log, 0, 0, &x->reader);
}

static int do_reader_open_back(struct world *x)
{
    return wal_reader_open(x->f->log, 0, WAL_READ_REVERSE, &x->reader);
}

static int do_read(struct world *x)
{
    wal_record_t r[3] = {{.size = sizeof r[0]}};
    size_t n;
    int e;
    while ((e = wal_reader_next(x->reader, r)) == 1)
        if ((e = wal_reader_next_many(x->reader, r, 3, SIZE_MAX, &n)) < 1)
            return e;
    return e;
}

static int do_reader_close(struct world *x)
{
    wal_reader_close(x->reader);
    x->reader = NULL;
    return 0;
}

static int do_get(struct world *x)
{
    static char buf[100000];
    wal_record_t r = {.size = sizeof r};
    int e = wal_get(x->f->log, 2, buf, sizeof buf, &r);
    if (e == 0)
        assert_memory_equal(buf, "async", 5);
    return e < 0 ? e : wal_get(x->f->log, 156, buf, sizeof buf, &r);
}

static int do_replay(struct world *x)
{
    uint64_t n = 0;
    int e = wal_replay(x->f->log, 0, nothing, &n, NULL);
    if (e == 0)
        assert_int_equal(n, 156);
    return e;
}

static int do_truncate_after(struct world *x)
{
    return wal_truncate_after(x->f->log, 4);
}

static int do_replace(struct world *x)
{
    static const wal_record_t r[2] = {{.size = sizeof r[0], .data = "r", .data_size = 1}, {0}};
    return wal_replace_after(x->f->log, 3, r, 2, 0, NULL);
}

static int do_truncate_before(struct world *x)
{
    return wal_truncate_before(x->f->log, 2);
}

static int do_segments(struct world *x)
{
    size_t n = 0;
    wal_info_t info;
    int e = wal_segments(x->f->log, NULL, sizeof(wal_segment_t), &n);
    return e < 0 ? e : wal_info(x->f->log, &info, sizeof info);
}

static int do_follower_reads(struct world *x)
{
    char buf[100];
    wal_record_t r = {.size = sizeof r};
    size_t n;
    int e = wal_get(x->follower, 2, buf, sizeof buf, &r);
    return e < 0 ? e : wal_meta_get(x->follower, "key", 3, buf, sizeof buf, &n);
}

static int do_batch_free(struct world *x)
{
    wal_batch_free(x->batch);
    x->batch = NULL;
    return 0;
}

static int do_check(struct world *x)
{
    uint64_t range[4];
    int e = wal_range(x->f->log, &range[0], &range[1], &range[2], &range[3]);
    assert_int_equal(e, 0);
    assert_int_equal(range[0], 2);
    assert_int_equal(range[1], 5);
    assert_int_equal(range[3], 5);
    return 0;
}

/* A tag, metadata and records; what is there already stays so when it is called again. */
static int do_fill_batch(struct world *x)
{
    int e = wal_batch_set_tag(x->batch, "tag", 3);
    if (e == 0)
        e = wal_batch_meta(x->batch, "key", 3, "batch", 5);
    if (e == 0)
        e = wal_batch_append_packed(x->batch, "12", (const uint32_t[]){1, 1}, NULL, 2);
    return e;
}

static int do_commit_all(struct world *x)
{
    uint64_t first = 0, last = 0;
    int e = wal_batch_commit(x->batch, WAL_APPEND_ASYNC, &first, &last);
    if (e == 0)
        assert_true(first == 6 && last == 7);
    return e;
}

static int do_replace_all(struct world *x)
{
    uint64_t first = 0, last = 0;
    int e = wal_batch_replace_after(x->batch, 6, 0, &first, &last);
    if (e == 0)
        assert_true(first == 7 && last == 8);
    return e;
}

static int last_tag(wal_t *w)
{
    char buf[8];
    size_t n = 0;
    int e = wal_last_tag(w, buf, sizeof buf, &n);
    if (e == 0)
        assert_true(n == 3 && memcmp(buf, "tag", 3) == 0);
    return e < 0 ? e : wal_meta_get(w, "key", 3, buf, sizeof buf, &n);
}

static int do_last_tag(struct world *x)
{
    return last_tag(x->f->log);
}

static int do_follower_tag(struct world *x)
{
    return last_tag(x->follower);
}

static int do_reset(struct world *x)
{
    return wal_reset(x->f->log, 1);
}

static step_fn *const steps[] = {
    do_open,
    do_append,
    do_buffer,
    do_many,
    do_batch_new,
    do_batch_append,
    do_batch_commit,
    do_batch_free,
    do_meta_set,
    do_rotate,
    do_on_durable,
    do_on_durable_ahead,
    do_subscribe,
    do_append_big,
    do_next,
    do_reader_open,
    do_read,
    do_reader_close,
    do_reader_open_back,
    do_read,
    do_reader_close,
    do_get,
    do_replay,
    do_segments,
    do_meta_delete,
    do_meta_each,
    do_close,
    do_called,
    do_unsubscribe,
    do_open,
    do_get,
    do_replay,
    do_crash,
    do_open,
    do_get,
    do_truncate_after,
    do_replace,
    do_truncate_before,
    do_meta_each,
    do_check,
    do_follow,
    do_follower_subscribe,
    do_follower_reads,
    do_next,
    do_unsubscribe,
    do_follower_close,
    do_crash,
    do_open,
    do_meta_each,
    do_check,
    do_close,
    do_open,
    do_check,
    do_batch_new,
    do_fill_batch,
    do_commit_all,
    do_last_tag,
    do_rotate,
    do_last_tag,
    do_fill_batch,
    do_replace_all,
    do_last_tag,
    do_follow,
    do_follower_tag,
    do_follower_close,
    do_batch_free,
    do_crash,
    do_open,
    do_last_tag,
    do_reset,
    do_meta_each,
    do_close,
};

static void test_every_allocation_fails_once(void **state)
{
    fail_each_once(*state, &(struct plan){steps, COUNT_OF(steps)});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
