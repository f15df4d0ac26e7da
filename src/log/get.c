#include "log/get.h"

#include <string.h>

#include "base/bytes.h"
#include "log/follow.h"
#include "log/place.h"

enum { GET_BLOCK_BYTES = 8 * 1024 };

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
    struct record_walk walk = {
        .at = g->bytes + GROUP_HEADER_BYTES + align_up(g->tag_bytes, 8),
        .end = g->bytes + GROUP_HEADER_BYTES + g->used,
        .lsn = g->first_lsn,
        .left = (uint32_t)g->records,
        .limit = UINT32_MAX,
    };
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
        group_records(&g, &p.member->segment.header, &walk);
        e = find(&walk, lsn, &r) < 0 || !record_right(&r, p.member->segment.header.salt)
                ? group_reader_corrupt(&p.groups)
                : copy_out(&r, buf, cap, ret);
    }
    place_free(w, &p);
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

int get_record(struct wal *w, uint64_t lsn, void *buf, size_t cap, struct got *ret)
{
    uint64_t began = w->os->now(w->os->ctx);
    struct got got = {0};

    int e = follow_look(w);
    if (e < 0)
        return e;
    e = get_patiently(w, lsn, buf, cap, &got);
    if (e == WAL_E_CORRUPT && w->follower && follow_again(w) == 0)
        e = get_patiently(w, lsn, buf, cap, &got);
    stat_sample(&w->stats, WAL_HIST_READ_NS, w->os->now(w->os->ctx) - began);
    if (e == 0 || e == WAL_E_TOOBIG) {
        got.flags |= lsn <= atomic_load(&w->durable_lsn) ? WAL_RECORD_DURABLE : 0;
        *ret = got;
    }
    return place_result(w, e);
}
