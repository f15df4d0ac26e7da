/* SPDX-License-Identifier: Apache-2.0 */
#include "log/verify.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "log/remains.h"

enum { THREADS_MAX = 64, LOOK_NS = 20 * 1000 * 1000, TRIES = 1000 };

/* What one segment comes to. */
struct tally {
    uint64_t records, bytes, first, last; /* LSNs; first 0: no records */
    uint64_t gaps;                        /* between its records */
    struct remains_damage damage;
    bool stopped; /* ... because another one was */
    int code;     /* < 0: reading has failed, and why ... */
    struct fault why;
};

struct verify {
    struct remains remains;
    struct tally *tallies; /* one for each part */
    const struct os *os;
    wal_progress_fn fn;
    void *ctx;
    uint64_t total, shown; /* bytes; `shown` never falls, from one try to the next either */
    _Atomic uint64_t done;
    _Atomic size_t next;    /* part that nobody has taken yet */
    _Atomic uint32_t ended; /* how many are read; the main thread sleeps on it */
    atomic_bool stop;
};

/* A thread on its way through one segment. */
struct pass {
    struct verify *v;
    const struct remains_part *part;
    struct tally *tally;
    uint64_t seen; /* bytes of it that are in v->done */
    bool main;     /* it is the caller's thread */
};

static int show(struct verify *v, uint64_t done)
{
    if (!v->fn || (done <= v->shown && done < v->total))
        return 0;
    v->shown = max_u64(v->shown, done);
    int answer = v->fn(v->ctx, min_u64(v->shown, v->total), v->total);
    return answer ? fault(WAL_E_CALLBACK, "the callback returned %d", answer) : 0;
}

static int take_record(void *ctx, const struct group_view *g, const struct record *r)
{
    struct pass *p = ctx;
    struct tally *t = p->tally;

    (void)g;
    if (r->lsn < p->v->remains.first_lsn)
        return 0;
    t->gaps += t->first && r->lsn > t->last + 1;
    t->first = t->first ? t->first : r->lsn;
    t->last = r->lsn;
    t->records++;
    t->bytes += r->size;
    return 0;
}

static int take_damage(void *ctx, uint64_t offset, uint64_t lsn)
{
    struct pass *p = ctx;
    if (!remains_dead(&p->v->remains, p->part, offset))
        remains_note(&p->tally->damage, p->part->number, offset, lsn);
    return 0;
}

static int take_progress(void *ctx, uint64_t offset)
{
    struct pass *p = ctx;
    uint64_t more = offset - p->seen;

    p->seen = offset;
    uint64_t done = atomic_fetch_add(&p->v->done, more) + more;
    if (atomic_load(&p->v->stop)) {
        p->tally->stopped = true; /* another one knows why */
        return WAL_E_CALLBACK;
    }
    return p->main && done < p->v->total ? show(p->v, done) : 0;
}

/* Goes through parts until none is left. */
static void read_parts(struct verify *v, bool main)
{
    size_t k;
    while ((k = atomic_fetch_add(&v->next, 1)) < v->remains.n) {
        struct pass p = {
            .v = v, .part = &v->remains.parts[k], .tally = &v->tallies[k], .main = main};
        const struct scrub_fns fns = {
            .ctx = &p, .record = take_record, .damage = take_damage, .passed = take_progress};
        struct tally *t = p.tally;

        t->code = remains_scrub(&v->remains, p.part, &fns);
        if (t->code == 0)
            t->code = take_progress(&p, max_u64(p.seen, p.part->end.at.offset));
        if (t->code < 0) {
            t->why = *fault_last();
            atomic_store(&v->stop, true);
        }
        atomic_fetch_add(&v->ended, 1);
        v->os->wake(v->os->ctx, &v->ended, 1);
    }
}

static int64_t help(void *arg)
{
    read_parts(arg, false);
    return -1;
}

/* The main thread has nothing left to take, others are at it still. */
static int await_others(struct verify *v)
{
    uint32_t ended;
    int e = 0;

    while ((ended = atomic_load(&v->ended)) < v->remains.n) {
        (void)v->os->park(v->os->ctx, &v->ended, ended, LOOK_NS);
        if (e == 0 && !atomic_load(&v->stop))
            e = show(v, min_u64(atomic_load(&v->done), v->total - 1));
        if (e < 0)
            atomic_store(&v->stop, true);
    }
    return e;
}

static int read_all(struct verify *v, uint32_t threads)
{
    struct os_thread *helpers[THREADS_MAX];
    uint32_t n = 0, most = (uint32_t)min_u64(min_u64(threads, THREADS_MAX), v->remains.n);

    while (n + 1 < most && v->os->thread_start(v->os->ctx, help, v, &helpers[n]) == 0)
        n++;
    read_parts(v, true);
    int e = await_others(v);
    while (n > 0)
        v->os->thread_stop(v->os->ctx, helpers[--n]);
    return e;
}

/* Adds up what the segments come to. A failure to read ends it: the first one counts. */
static int add_up(struct verify *v, wal_verify_t *ret)
{
    struct remains *x = &v->remains;
    uint64_t next = x->first_lsn;

    for (size_t k = 0; k < x->n; k++) {
        const struct tally *t = &v->tallies[k];
        if (t->code < 0 && t->stopped)
            continue;
        if (t->code < 0)
            return fault_put(&t->why);
        if (t->damage.any)
            remains_note(&x->damage, t->damage.segment, t->damage.offset, t->damage.lsn);
        if (t->first == 0)
            continue;
        ret->gaps += t->gaps + (t->first > next);
        ret->first_lsn = ret->first_lsn ? ret->first_lsn : t->first;
        ret->last_lsn = t->last;
        ret->records += t->records;
        ret->bytes += t->bytes;
        next = t->last + 1;
    }
    ret->gaps += next < x->next_lsn;
    ret->segments = x->n;
    return 0;
}

/* One of a header's two copies is damaged: nothing is lost by it yet. */
static void name_repairs(const struct remains *x, wal_verify_t *ret)
{
    for (size_t k = 0; k < x->n && ret->damaged_segment == 0; k++)
        if (x->parts[k].header_repairs)
            ret->damaged_segment = x->parts[k].number;
}

static int damaged(const struct remains *x, const wal_verify_t *v)
{
    const struct remains_damage *d = &x->damage;
    char name[NAME_BYTES] = NAME_CONTROL, where[64] = "has no valid slot, or its slots differ";
    char lost[64] = "";

    if (d->segment)
        name_segment(name, d->segment);
    if (d->offset)
        snprintf(where, sizeof where, "at offset %llu, LSN %llu: damaged",
                 (unsigned long long)d->offset, (unsigned long long)d->lsn);
    else if (d->segment)
        strcpy(where, "is missing, or its header doesn't go with the log");
    if (v->gaps)
        snprintf(lost, sizeof lost, "; %llu range%s of LSNs can't be read",
                 (unsigned long long)v->gaps, v->gaps == 1 ? "" : "s");
    return fault_at(WAL_E_CORRUPT, d->lsn, d->segment, d->offset, "%s/%s %s%s", x->folder.path,
                    name, where, lost);
}

static int conclude(const struct remains *x, wal_verify_t *ret)
{
    ret->verdict = x->verdict;
    if (x->damage.any) {
        ret->verdict = WAL_RECOVERY_DAMAGED;
        ret->damaged_segment = x->damage.segment;
        ret->damaged_offset = x->damage.offset;
        ret->damaged_lsn = x->damage.lsn;
        return damaged(x, ret);
    }
    name_repairs(x, ret);
    return x->verdict == WAL_RECOVERY_CLEAN ? 0 : fault_put(&x->torn);
}

static int run(struct verify *v, uint32_t threads, wal_verify_t *ret)
{
    const struct remains *x = &v->remains;

    v->tallies = mem_new_zeroed(x->alloc, x->n * sizeof *v->tallies);
    if (!v->tallies)
        return fault_nomem();
    for (size_t k = 0; k < x->n; k++)
        v->total += x->parts[k].right ? x->parts[k].end.at.offset : 0;
    int e = read_all(v, threads);
    if (e == 0)
        e = add_up(v, ret);
    mem_free(x->alloc, v->tallies);
    return e == 0 ? conclude(x, ret) : e;
}

static bool has_result(int e)
{
    return e == 0 || e == WAL_E_TORN || e == WAL_E_CORRUPT;
}

/* *ret_again: a writer was there, who may have changed the log under the look. */
static int once(const char *path, const struct config *config, struct verify *v, wal_verify_t *ret,
                bool *ret_again)
{
    int e = remains_open(&v->remains, path, config);
    if (e == 0)
        e = run(v, config->read_threads, ret);
    *ret_again = v->remains.in_use || remains_in_use(&v->remains);
    remains_close(&v->remains);
    return e;
}

/* What is wrong twice in a row, at the same place, is damaged. */
int verify_log(const char *path, const struct config *config, wal_progress_fn fn, void *ctx,
               wal_verify_t *ret)
{
    uint64_t began = config->os->now(config->os->ctx);
    struct verify v = {0};
    struct fault before = {0};
    bool again = true;
    int e = 0;

    for (int k = 0; again && k < TRIES; k++) {
        v = (struct verify){.os = config->os, .fn = fn, .ctx = ctx, .shown = v.shown};
        *ret = (wal_verify_t){0};
        e = once(path, config, &v, ret, &again);
        again = again && e == WAL_E_CORRUPT && !fault_same(&before, fault_last());
        before = *fault_last();
    }
    if (has_result(e) && show(&v, v.total) < 0)
        return WAL_E_CALLBACK;
    ret->duration_ns = config->os->now(config->os->ctx) - began;
    return has_result(e) && e < 0 ? fault_put(&before) : e;
}
