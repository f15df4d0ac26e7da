/* SPDX-License-Identifier: Apache-2.0 */
/* wal_replay with READ_THREADS above 1 gives what it gives with one, record by record, and ends the
 * same way: at the end, stopped, at damage, where the log changes meanwhile. */
#include "support/log_fixture.h"
#include "support/pace.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 900, BULK = 6000, SEGMENT = 4 << 20 };

/* What a replay gave. */
struct heard {
    uint64_t n, first, last, sum;
    uint64_t stop_at;             /* at this LSN ... */
    int answer;                   /* ... the callback says so, */
    void (*act)(struct heard *h); /* or does something */
    struct log_fixture *f;
    int result;
    uint64_t ret_last;
    wal_error_t error;
};

static uint64_t mix(uint64_t sum, const void *data, size_t size)
{
    const uint8_t *p = data;
    for (size_t k = 0; k < size; k++)
        sum = (sum ^ p[k]) * UINT64_C(1099511628211);
    return sum;
}

static int hear(void *ctx, const wal_record_t *r)
{
    struct heard *h = ctx;
    uint64_t numbers[4] = {r->lsn, r->type, r->flags, r->tag_size};

    h->sum = mix(h->sum, numbers, sizeof numbers);
    h->sum = mix(h->sum, r->data, (size_t)r->data_size);
    h->sum = mix(h->sum, r->tag, r->tag_size);
    h->first = h->n++ ? h->first : r->lsn;
    h->last = r->lsn;
    if (r->lsn == h->stop_at && h->act)
        h->act(h);
    return r->lsn == h->stop_at ? h->answer : 0;
}

static void replay(wal_t *w, uint64_t from, struct heard *h)
{
    h->ret_last = 77;
    h->result = wal_replay(w, from, hear, h, &h->ret_last);
    memset(&h->error, 0, sizeof h->error);
    if (h->result < 0)
        wal_last_error(&h->error, sizeof h->error);
}

static void expect_same(const struct heard *a, const struct heard *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->first, b->first);
    assert_int_equal(a->last, b->last);
    assert_true(a->sum == b->sum);
    assert_int_equal(a->result, b->result);
    assert_int_equal(a->ret_last, b->ret_last);
    assert_string_equal(a->error.message, b->error.message);
}

static void add_batch(struct log_fixture *f, unsigned n, const char *tag)
{
    wal_batch_t *b = fixture_batch(f);
    for (unsigned k = 0; k < n; k++)
        must(wal_batch_append(b, k, fixture_bytes(SIZE, (int)(k % 251)), SIZE));
    if (tag)
        must(wal_batch_set_tag(b, tag, strlen(tag)));
    must(wal_batch_meta(b, "key", 3, "value", 5));
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
}

/* Some megabytes in two segments: small groups, large ones, batches over several groups, tags,
 * groups without records in between. */
static void make_log(struct log_fixture *f)
{
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, SEGMENT);
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    for (unsigned k = 0; k < BULK; k++) {
        must(wal_append_typed(f->log, k % 99, fixture_bytes(SIZE, (int)(k % 253)), k % SIZE, 0,
                              NULL));
        if (k % 50 == 0)
            must(wal_flush(f->log));
        if (k % 1500 == 700)
            add_batch(f, 200, k % 2 ? NULL : "a tag");
        if (k % 1000 == 300)
            must(wal_meta_set(f->log, "other", 5, &k, sizeof k));
    }
    must(wal_append(f->log, fixture_bytes(2 << 20, 'L'), 2 << 20, NULL)); /* larger than a block */
    must(wal_sync(f->log, 0));
    fixture_close(f);
}

static void open_with(struct log_fixture *f, uint64_t threads, int read_only)
{
    fixture_set(f, WAL_OPT_READ_THREADS, threads);
    fixture_set(f, WAL_OPT_READ_ONLY, (uint64_t)read_only);
    fixture_open(f);
}

/* The same replay with one thread and with more; in between the log is closed. */
static void compare(struct log_fixture *f, uint64_t from, const struct heard *how, int read_only)
{
    struct heard one = *how, more = *how;

    open_with(f, 1, read_only);
    replay(f->log, from, &one);
    fixture_close(f);
    for (uint64_t threads = 2; threads <= 64; threads *= 32) {
        more = *how;
        open_with(f, threads, read_only);
        replay(f->log, from, &more);
        fixture_close(f);
        expect_same(&one, &more);
    }
    assert_true(one.n > 0);
}

static void everything_in_order(void **state)
{
    struct log_fixture *f = *state;
    make_log(f);
    if (PACE > 1)
        print_message("note: fewer places to stop at and to damage\n");
    for (int read_only = 0; read_only < 2; read_only++) {
        compare(f, 0, &(struct heard){0}, read_only);
        compare(f, 2, &(struct heard){0}, read_only);
        compare(f, 4321, &(struct heard){0}, read_only);
        compare(f, 6000, &(struct heard){0}, read_only);
    }
}

static void encoded_groups(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_CODEC, WAL_CODEC_ZLIB);
    fixture_set(f, WAL_OPT_CODEC_MIN_BYTES, 0);
    make_log(f);
    compare(f, 0, &(struct heard){0}, 1);
    compare(f, 0, &(struct heard){.stop_at = 3000, .answer = 1}, 0);
}

static void stopped_and_failed_callbacks(void **state)
{
    struct log_fixture *f = *state;
    const uint64_t at[] = {1, 2, 700, 1000, 3333, 6001};
    make_log(f);
    for (size_t k = 0; k<COUNT_OF(at); k += PACE> 1 ? 3 : 1) {
        compare(f, 0, &(struct heard){.stop_at = at[k], .answer = 1}, 0);
        compare(f, 0, &(struct heard){.stop_at = at[k], .answer = -9}, 0);
    }
}

static void damage_stops_both_at_the_same_place(void **state)
{
    struct log_fixture *f = *state;
    make_log(f);
    for (uint64_t at = 5000; at < SEGMENT / 2; at += 300007 * PACE) {
        uint8_t byte, bad;
        fixture_read_file(fixture_segment_path(f, 1), at, &byte, 1);
        bad = byte ^ 4;
        fixture_write_file(fixture_segment_path(f, 1), at, &bad, 1);
        struct heard one = {0}, more = {0};
        open_with(f, 1, 1);
        replay(f->log, 0, &one);
        fixture_close(f);
        open_with(f, 2, 1);
        replay(f->log, 0, &more);
        fixture_close(f);
        expect_same(&one, &more);
        assert_int_equal(one.result, WAL_E_CORRUPT);
        fixture_write_file(fixture_segment_path(f, 1), at, &byte, 1);
    }
}

/* What another thread does to the log while a callback runs. */
static void *truncate_front(void *arg)
{
    struct heard *h = arg;
    must(wal_truncate_before(h->f->log, h->stop_at + 1000));
    return NULL;
}

static void *truncate_end(void *arg)
{
    struct heard *h = arg;
    must(wal_truncate_after(h->f->log, h->stop_at + 500));
    must(wal_append(h->f->log, "new", 3, NULL));
    must(wal_sync(h->f->log, 0));
    return NULL;
}

static void *truncate_far(void *arg)
{
    struct heard *h = arg;
    must(wal_truncate_after(h->f->log, h->stop_at - 100));
    return NULL;
}

static void *append_more(void *arg)
{
    struct heard *h = arg;
    for (int k = 0; k < 1000; k++)
        must(wal_append(h->f->log, fixture_bytes(SIZE, 'm'), SIZE, NULL));
    must(wal_rotate(h->f->log));
    must(wal_sync(h->f->log, 0));
    return NULL;
}

static void *(*other_thread)(void *);

static void do_beside(struct heard *h)
{
    pthread_t t;
    assert_int_equal(pthread_create(&t, NULL, other_thread, h), 0);
    assert_int_equal(pthread_join(t, NULL), 0);
}

static void the_log_changes_meanwhile(void **state)
{
    static void *(*const acts[])(void *) = {truncate_front, truncate_end, truncate_far,
                                            append_more};
    static const int results[] = {WAL_E_TRIMMED, 0, WAL_E_TRIMMED, 0};
    struct log_fixture *f = *state;
    for (size_t k = 0; k < COUNT_OF(acts); k++) {
        struct heard one = {.stop_at = 2000, .act = do_beside, .f = f}, more = one;
        other_thread = acts[k];
        for (uint64_t threads = 1; threads <= 2; threads++) {
            struct heard *h = threads == 1 ? &one : &more;
            make_log(f);
            open_with(f, threads, 0);
            replay(f->log, 0, h);
            fixture_close(f);
            fixture_remove_all(f->dir);
        }
        assert_int_equal(one.result, results[k]);
        expect_same(&one, &more);
    }
}

/* In the child nobody reads ahead; it must not wait for that. */
static void fork_here(struct heard *h)
{
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        h->answer = 0;
        return;
    }
    assert_int_equal(child_result(pid), 42);
    h->answer = 1;
}

static void a_fork_inside_of_the_callback(void **state)
{
    struct log_fixture *f = *state;
    struct heard h = {.stop_at = 1500, .act = fork_here, .f = f};
    pid_t parent = getpid();
    make_log(f);
    open_with(f, 2, 0);
    replay(f->log, 0, &h);
    if (getpid() != parent)
        _exit(h.result < 0 ? 42 : 43); /* its files are closed */
    assert_int_equal(h.result, 0);
    assert_int_equal(h.last, 1500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(everything_in_order),
        fixture_test(encoded_groups),
        fixture_test(stopped_and_failed_callbacks),
        fixture_test(damage_stops_both_at_the_same_place),
        fixture_test(the_log_changes_meanwhile),
        fixture_test(a_fork_inside_of_the_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
