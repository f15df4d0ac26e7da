/* SPDX-License-Identifier: Apache-2.0 */
#include "log/get.h"

#include <string.h>

#include "base/bytes.h"
#include "log/catalog_index.h"
#include "log/follow.h"
#include "log/place.h"

enum {
    GET_BLOCK_BYTES = 8 * 1024,
    SPOT_BYTES = 8 * 1024, /* records up to this size are read to the stack */
    GUESS_BYTES = 512,     /* read of a record of which nobody knows where it ends */
    TIMED_ONE_IN = 64      /* looking at the clock twice takes as long as finding the place */
};

static int out_of_range(uint64_t lsn, const struct horizon *h)
{
    return fault_at(WAL_E_RANGE, lsn, 0, 0, "LSN %llu is outside the log, %llu .. %llu",
                    (unsigned long long)lsn, (unsigned long long)h->first_lsn,
                    (unsigned long long)(h->next_lsn - 1));
}

static int copy_out(const struct record *r, void *buf, size_t cap, struct got *ret)
{
    ret->size = r->size;
    ret->type = r->type;
    ret->flags = r->flags & RECORD_BATCH_LAST ? WAL_RECORD_BATCH_LAST : 0;
    if (r->size > cap)
        return fault_at(WAL_E_TOOBIG, r->lsn, 0, 0, "record %llu has %u bytes, the buffer %zu",
                        (unsigned long long)r->lsn, r->size, cap);
    if (r->size)
        memcpy(buf, r->payload, r->size);
    return 0;
}

/* The record in a body; -1: it isn't there. */
static int find(struct record_walk *walk, uint64_t lsn, struct record *ret)
{
    int got;
    do {
        got = record_next(walk, ret);
    } while (got == 1 && ret->lsn < lsn);
    return got == 1 && ret->lsn == lsn ? 0 : -1;
}

/* A record that is still in memory. 1: it is not, look in the files. */
static int get_staged(struct wal *w, uint64_t lsn, void *buf, size_t cap, struct got *ret)
{
    struct record_walk walk;
    struct record r;

    pthread_mutex_lock(&w->mu);
    struct staged *g = lsn > w->written_lsn ? stage_find(&w->stage, w->flying, lsn) : NULL;
    if (!g) {
        pthread_mutex_unlock(&w->mu);
        return 1;
    }
    g->pins++;
    /* Who copies what isn't known: the record and what lies before it are there for sure only when
     * nobody does. */
    while (atomic_load_explicit(&g->copying, memory_order_acquire) > 0) {
        pthread_mutex_unlock(&w->mu);
        w->os->yield(w->os->ctx);
        pthread_mutex_lock(&w->mu);
    }
    stage_records(g, &walk);
    pthread_mutex_unlock(&w->mu);
    int e = find(&walk, lsn, &r) == 0 ? copy_out(&r, buf, cap, ret) : 1;
    pthread_mutex_lock(&w->mu);
    if (lsn - g->first_lsn >= g->records)
        e = 1; /* withdrawn meanwhile, with its bytes */
    stage_unpin(&w->limits, g);
    pthread_mutex_unlock(&w->mu);
    return e;
}

static int get_written(struct wal *w, uint64_t lsn, const struct horizon *h, void *buf, size_t cap,
                       struct got *ret)
{
    struct place p;
    struct group_view g;
    struct record_walk walk;
    struct record r;

    place_init(&p);
    int e = place_find(w, &p, lsn, h, GET_BLOCK_BYTES);
    if (e == 0)
        e = place_group(&p, lsn, &g);
    if (e == 0) {
        catalog_note(&w->catalog, p.member, &g);
        group_records(&g, &p.member->segment.header, &walk);
        e = find(&walk, lsn, &r) < 0 || !record_right(&r, p.member->segment.header.salt)
                ? group_reader_corrupt(&p.groups)
                : copy_out(&r, buf, cap, ret);
    }
    place_free(w, &p);
    return e;
}

/* The record at its place, and nothing else of its group. 1: got it; 0: it isn't there, for
 * whatever reason. *ret_long: memory for a large one. */
static int read_spot(struct wal *w, const struct spot *s, uint64_t lsn, uint8_t block[SPOT_BYTES],
                     struct record *ret, uint8_t **ret_long)
{
    const struct segment *g = &s->member->segment;
    uint64_t room = s->next > s->offset ? s->next - s->offset : GUESS_BYTES;
    size_t want = (size_t)min_u64(room, SPOT_BYTES), got = 0;

    int e = file_read(&g->file, block, want, s->offset, &got);
    if (e < 0)
        return e;
    int right = record_decode(ret, block, got, lsn, g->header.max_record_bytes);
    if (right == 0 && room > want && record_bytes(ret->size) <= room) {
        want = record_bytes(ret->size);
        *ret_long = mem_new(w->alloc, want);
        e = *ret_long ? file_read(&g->file, *ret_long, want, s->offset, &got) : 0;
        if (e < 0 || !*ret_long)
            return e;
        right = record_decode(ret, *ret_long, got, lsn, g->header.max_record_bytes);
    }
    return right == 1 && record_right(ret, g->header.salt);
}

/* A record whose place is known: about one read. 1: it has to be looked for. No lock of the log's
 * is taken but the catalog's, for a moment. The numbers are those of a log that may be changing;
 * that is as good as any order of the two, and when it has changed since, the answer doesn't count.
 */
static int get_indexed(struct wal *w, uint64_t lsn, void *buf, size_t cap, struct got *ret)
{
    uint8_t block[SPOT_BYTES], *large = NULL;
    struct record r;
    struct spot s;
    struct horizon h = {.shape = atomic_load(&w->shape)};

    h.first_lsn = atomic_load(&w->first_lsn);
    h.last_lsn = atomic_load(w->follower ? &w->durable_lsn : &w->written_lsn);
    if (lsn < h.first_lsn || lsn > h.last_lsn || !catalog_spot(&w->catalog, lsn, &s))
        return 1;
    int e = read_spot(w, &s, lsn, block, &r, &large);
    if (e == 0 || !place_same_shape(w, &h))
        e = 1;
    else if (e == 1)
        e = copy_out(&r, buf, cap, ret);
    mem_free(w->alloc, large);
    catalog_release(&w->catalog, s.member);
    return e;
}

/* 1: the log changed meanwhile, look again. */
static int get_once(struct wal *w, uint64_t lsn, void *buf, size_t cap, struct got *ret)
{
    struct horizon h, later;
    int e = 1;

    place_horizon(w, true, &h);
    bool follows = w->follower != NULL;
    uint64_t last = follows ? atomic_load(&w->durable_lsn) : h.next_lsn - 1;
    if (lsn < h.first_lsn || lsn > last)
        e = out_of_range(lsn, &h);
    else if (!follows && lsn > h.last_lsn)
        e = get_staged(w, lsn, buf, cap, ret);
    if (e == 1) {
        place_horizon(w, true, &later); /* it may have been written meanwhile */
        if (lsn <= later.last_lsn || follows)
            e = get_written(w, lsn, &later, buf, cap, ret);
    }
    return place_same_shape(w, &h) ? e : 1;
}

static int get_patiently(struct wal *w, uint64_t lsn, void *buf, size_t cap, struct got *ret)
{
    int e;
    do {
        e = get_once(w, lsn, buf, cap, ret);
    } while (e == 1);
    return e;
}

/* By its group. */
static int get_searched(struct wal *w, uint64_t lsn, void *buf, size_t cap, struct got *ret)
{
    uint64_t began = w->os->now(w->os->ctx);
    struct fault last = {0};
    int e;

    do {
        e = get_patiently(w, lsn, buf, cap, ret);
    } while (follow_anew(w, &e, &last));
    stat_sample(&w->stats, WAL_HIST_READ_NS, w->os->now(w->os->ctx) - began);
    return e;
}

int get_record(struct wal *w, uint64_t lsn, void *buf, size_t cap, struct got *ret)
{
    uint32_t turn = atomic_load_explicit(&w->gets, memory_order_relaxed);
    bool timed = turn % TIMED_ONE_IN == 0;
    uint64_t began = timed ? w->os->now(w->os->ctx) : 0;
    struct got got = {0};

    atomic_store_explicit(&w->gets, turn + 1, memory_order_relaxed);
    int e = follow_look(w);
    if (e < 0)
        return e;
    e = get_indexed(w, lsn, buf, cap, &got);
    if (e == 1) {
        e = get_searched(w, lsn, buf, cap, &got);
    } else if (timed) {
        stat_sample_many(&w->stats, WAL_HIST_READ_NS, w->os->now(w->os->ctx) - began, TIMED_ONE_IN);
    }
    if (e == 0 || e == WAL_E_TOOBIG) {
        got.flags |= lsn <= atomic_load(&w->durable_lsn) ? WAL_RECORD_DURABLE : 0;
        *ret = got;
    }
    return place_result(w, e);
}
