/* SPDX-License-Identifier: Apache-2.0 */
#include "kill/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *grow(void *p, size_t n, size_t *room, size_t element)
{
    if (n < *room)
        return p;
    *room = *room ? 2 * *room : 1024;
    p = realloc(p, *room * element);
    if (!p)
        abort();
    return p;
}

void life_add_ack(struct life *life, const struct ack *ack)
{
    life->acks = grow(life->acks, life->n_acks, &life->room, sizeof *ack);
    life->acks[life->n_acks++] = *ack;
}

void life_free(struct life *life)
{
    free(life->acks);
    life->acks = NULL;
    life->n_acks = life->room = 0;
}

struct reading {
    struct view *view;
    const struct view *known;
    const struct life *life;
    uint32_t next[WRITERS];
};

static int wrong(uint64_t lsn, const char *what)
{
    printf("LSN %" PRIu64 ": %s\n", lsn, what);
    return -1;
}

static int read_one(void *ctx, const wal_record_t *record)
{
    struct reading *r = ctx;
    struct view *v = r->view;
    struct identity id;

    if (record->lsn != v->first + v->n)
        return wrong(record->lsn, "doesn't follow the record before it");
    if (!(record->flags & WAL_RECORD_DURABLE))
        return wrong(record->lsn, "is replayed though it isn't durable");
    if (v->n < r->known->n) {
        id = r->known->records[v->n];
    } else {
        uint32_t thread = payload_thread(record->type);
        if (thread >= WRITERS)
            return wrong(record->lsn, "no thread writes this type: invented");
        id = (struct identity){r->life->round, thread, r->next[thread]++};
    }
    if (!payload_is(&id, record->type, record->data, record->data_size)) {
        printf("expected round %u, thread %u, record %u; found type %u, %" PRIu64 " bytes\n",
               id.round, id.thread, id.seq, record->type, record->data_size);
        return wrong(record->lsn, "isn't what was handed in as the next one of its thread");
    }
    v->records = grow(v->records, v->n, &v->room, sizeof id);
    v->records[v->n++] = id;
    return 0;
}

bool view_read(struct view *v, wal_t *log, const struct view *known, const struct life *life)
{
    struct reading r = {.view = v, .known = known, .life = life};
    uint64_t last = 0;
    wal_error_t error = {0};

    *v = (struct view){.first = wal_first_lsn(log)};
    if (v->first != known->first) {
        printf("the first LSN is %" PRIu64 " instead of %" PRIu64 "\n", v->first, known->first);
        return false;
    }
    if (wal_replay(log, v->first, read_one, &r, &last) < 0) {
        wal_last_error(&error, sizeof error);
        printf("replay: %s\n", error.message);
        return false;
    }
    if (last != (v->n ? v->first + v->n - 1 : 0)) {
        wrong(last, "is said to be the last one replayed");
        return false;
    }
    return true;
}

static bool acknowledged_are_there(const struct view *v, const struct life *life)
{
    for (size_t k = 0; k < life->n_acks; k++) {
        const struct ack *a = &life->acks[k];
        if (a->lsn < v->first || a->lsn - v->first >= v->n) {
            wrong(a->lsn, "was acknowledged and is lost");
            return false;
        }
        const struct identity *id = &v->records[a->lsn - v->first];
        if (id->round != life->round || id->thread != a->thread || id->seq != a->seq ||
            payload_size(id) != a->size) {
            wrong(a->lsn, "was acknowledged for another record than stands there");
            return false;
        }
    }
    return true;
}

/* What one thread left behind: its plan says where batches begin and end. */
static bool thread_is_whole(const struct view *v, size_t from, const struct life *life,
                            uint32_t thread)
{
    struct action action = {.kind = ACT_APPEND};
    uint32_t found = 0, left = 0;
    struct plan plan;

    plan_begin(&plan, life->seed, life->round, thread);
    for (size_t k = from; k < v->n; k++) {
        if (v->records[k].thread != thread)
            continue;
        if (left > 0 && action_is_atomic(&action) && v->records[k - 1].thread != thread) {
            wrong(v->first + k, "goes on a batch that another thread's record has cut in two");
            return false;
        }
        if (left == 0) {
            action = plan_next(&plan);
            left = action.n;
        }
        left--;
        found++;
    }
    if (left > 0 && action_is_atomic(&action)) {
        printf("thread %u: %u records of a batch of %u are there\n", thread, action.n - left,
               action.n);
        return false;
    }
    if (found > atomic_load(&life->submitted->records[thread])) {
        printf("thread %u: more records are there than were handed in\n", thread);
        return false;
    }
    return true;
}

bool view_check(const struct view *v, const struct view *known, const struct life *life)
{
    if (v->n < known->n) {
        wrong(v->first + v->n, "was there before the last crash and is lost");
        return false;
    }
    for (uint32_t k = 0; k < WRITERS; k++)
        if (!thread_is_whole(v, known->n, life, k))
            return false;
    return acknowledged_are_there(v, life);
}

bool view_begins(const struct view *whole, const struct view *part)
{
    return whole->first == part->first && part->n <= whole->n &&
           (part->n == 0 ||
            memcmp(whole->records, part->records, part->n * sizeof *part->records) == 0);
}

void view_replace(struct view *known, struct view *v)
{
    view_free(known);
    *known = *v;
    *v = (struct view){0};
}

void view_drop_below(struct view *v, uint64_t lsn)
{
    size_t gone = (size_t)(lsn - v->first);
    v->n -= gone;
    v->first = lsn;
    if (v->n > 0)
        memmove(v->records, v->records + gone, v->n * sizeof *v->records);
}

void view_free(struct view *v)
{
    free(v->records);
    *v = (struct view){0};
}
