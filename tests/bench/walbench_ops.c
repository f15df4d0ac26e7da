/* SPDX-License-Identifier: Apache-2.0 */
/* Ops that only this library has: what its goals speak of beyond the contract. */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base.h"
#include "bench/walbench.h"

enum { ROUNDS = 5 };

/* The first durable append after an open. Its log was closed cleanly. */
void op_first(const struct engine *e, const struct args *a)
{
    uint64_t ns[ROUNDS];

    (void)e;
    for (int k = 0; k < ROUNDS; k++) {
        wal_t *w = open_log(a);
        uint64_t began = now_ns();
        need(wal_append_typed(w, 0, payload_at(0), a->size, WAL_APPEND_SYNC, NULL), "append");
        ns[k] = now_ns() - began;
        need(wal_close(w), "close");
    }
    figure("ms", median_ms(ns, ROUNDS), "ms");
}

static void append_count(wal_t *w, const struct args *a)
{
    for (uint64_t i = 0; i < a->count; i++)
        append_record(w, payload_at(i), a->size);
    need(wal_sync(w, 0), "sync");
}

/* A process that makes a log, and goes without closing it. */
static void leave_unclosed(const struct args *a)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        append_count(open_log(a), a);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        die("the process that leaves a log unclosed has failed");
}

/* The open after a crash. */
void op_recover(const struct engine *e, const struct args *a)
{
    (void)e;
    clear_log(a);
    leave_unclosed(a);
    uint64_t began = now_ns();
    wal_t *w = open_log(a);
    uint64_t ns = now_ns() - began;
    if (wal_last_lsn(w) != a->count)
        die("%llu records came through, not %llu", (unsigned long long)wal_last_lsn(w),
            (unsigned long long)a->count);
    need(wal_close(w), "close");
    figure("ms", (double)ns / 1e6, "ms");
}

/* An allocator that counts. Each block has its size in front. */
enum { FRONT_BYTES = 16 };
static _Atomic uint64_t in_use, peak;

static void count_bytes(uint64_t more, uint64_t less)
{
    uint64_t now = atomic_fetch_add(&in_use, more - less) + more - less;
    uint64_t seen = atomic_load(&peak);
    while (now > seen && !atomic_compare_exchange_weak(&peak, &seen, now))
        ;
}

static void *counted_resize(void *ctx, void *p, size_t size)
{
    uint64_t *front = p ? (uint64_t *)p - FRONT_BYTES / sizeof *front : NULL;
    uint64_t before = front ? *front : 0;

    (void)ctx;
    front = realloc(front, FRONT_BYTES + size);
    if (!front)
        return NULL;
    *front = size;
    count_bytes(size, before);
    return front + FRONT_BYTES / sizeof *front;
}

static void *counted_alloc(void *ctx, size_t size)
{
    return counted_resize(ctx, NULL, size);
}

static void counted_release(void *ctx, void *p)
{
    uint64_t *front = (uint64_t *)p - FRONT_BYTES / sizeof *front;

    (void)ctx;
    count_bytes(0, *front);
    free(front);
}

/* What the options allow the log to take, with one reader. */
static uint64_t allowed(const wal_options_t *o)
{
    uint64_t pending, group, index;

    need(wal_options_get(o, WAL_OPT_PENDING_BYTES, &pending), "pending_bytes");
    need(wal_options_get(o, WAL_OPT_GROUP_BYTES, &group), "group_bytes");
    need(wal_options_get(o, WAL_OPT_INDEX_BYTES, &index), "index_bytes");
    return pending + 2 * group + index + (UINT64_C(1) << 20);
}

static void read_all(wal_t *w, const struct args *a)
{
    wal_record_t record = {.size = sizeof record};
    uint64_t state = 1, last = wal_last_lsn(w);
    void *buffer = malloc(a->size);
    wal_reader_t *reader;
    int e;

    need(wal_reader_open(w, 0, 0, &reader), "reader");
    while ((e = wal_reader_next(reader, &record)) == 1)
        ;
    need(e, "read");
    for (uint64_t k = 0; k < a->count / 64; k++)
        need(wal_get(w, 1 + random_below(&state, last), buffer, a->size, &record), "get");
    wal_reader_close(reader);
    free(buffer);
}

/* The most memory that a log ever takes: written, read through, read at random places, written
 * again. */
void op_memory(const struct engine *e, const struct args *a)
{
    const wal_allocator_t counting = {.size = sizeof counting,
                                      .alloc = counted_alloc,
                                      .resize = counted_resize,
                                      .release = counted_release};
    wal_options_t *o = options_of(a);
    wal_t *w;

    (void)e;
    clear_log(a);
    need(wal_options_set_allocator(o, &counting), "allocator");
    for (int k = 0; k < 2; k++) {
        need(wal_open(a->dir, o, &w), "open");
        append_count(w, a);
        read_all(w, a);
        need(wal_close(w), "close");
    }
    figure("peak", (double)atomic_load(&peak), "B");
    figure("bound", (double)allowed(o), "B");
    figure("share", (double)atomic_load(&peak) / (double)allowed(o), "of-bound");
    wal_options_free(o);
    if (atomic_load(&in_use) != 0)
        die("%llu bytes were not given back", (unsigned long long)atomic_load(&in_use));
}
