/* SPDX-License-Identifier: Apache-2.0 */
#include "log/retain.h"

#include "base/bytes.h"
#include "log/pins.h"
#include "log/place.h"
#include "log/retention.h"

/* So many segments leave the log in one step, beside appends; the rest goes next time. */
enum { AT_ONCE_MAX = 256 };

/* Under mu. */
static uint64_t newest_checkpoint(const struct wal *w)
{
    return w->checkpoint.lsn;
}

static struct retention_limits limits_of(const struct wal *w)
{
    const struct config *c = &w->config;
    return (struct retention_limits){.bytes = c->retain_bytes,
                                     .segments = c->retain_segments,
                                     .age_ms = c->retain_age_ms,
                                     .from_checkpoint = c->retain_from_checkpoint};
}

bool retain_is_on(const struct wal *w)
{
    struct retention_limits l = limits_of(w);
    return !w->follower && retention_is_on(&l);
}

struct survey {
    struct retained *list;
    size_t n, room;
    const struct boundary *end; /* of the newest one; NULL: it stays active */
    uint64_t now_ns, active_number;
};

static void survey_member(void *ctx, const struct member *m, const struct member *after)
{
    struct survey *s = ctx;
    const struct boundary *end = after || m->sealed ? &m->end : s->end;

    s->active_number = m->number;
    if (end && s->n < s->room)
        s->list[s->n] = (struct retained){
            .number = m->number,
            .base_lsn = m->segment.header.base_lsn,
            .next_lsn = end->next_lsn,
            .bytes = end->offset,
            .closed_ns = after ? after->segment.header.created_ns : s->now_ns,
        };
    s->n += end != NULL;
}

/* The sealed segments, oldest first; the list is freed by the caller. False: no memory. */
static bool survey(struct wal *w, struct survey *s)
{
    for (;;) {
        s->n = 0;
        catalog_each(&w->catalog, survey_member, s);
        if (s->n <= s->room)
            return true;
        s->room = s->n + 1;
        mem_free(w->alloc, s->list);
        s->list = mem_new(w->alloc, s->room * sizeof *s->list);
        if (!s->list)
            return false;
    }
}

static struct retention_state state_of(struct wal *w, const struct survey *s)
{
    struct retention_state state = {.sealed = s->list, .n = s->n, .now_ns = s->now_ns};

    pthread_mutex_lock(&w->mu);
    state.active_bytes = s->end ? SEGMENT_HEADER_BLOCK : w->written_offset;
    state.durable_lsn = s->end ? s->end->next_lsn - 1 : atomic_load(&w->durable_lsn);
    state.checkpoint_lsn = newest_checkpoint(w);
    pthread_mutex_unlock(&w->mu);
    if (w->config.has_machine && state.checkpoint_lsn == 0)
        state.durable_lsn = 0; /* it can come up from all of its records only */
    return state;
}

/* The segment with the newest checkpoint stays, so that nothing has to be taken over. */
static size_t before_checkpoint(struct wal *w, const struct retention_state *s, size_t first)
{
    pthread_mutex_lock(&w->mu);
    uint64_t segment = w->checkpoint.place.segment;
    pthread_mutex_unlock(&w->mu);
    while (segment && first > 0 && s->sealed[first - 1].number >= segment)
        first--;
    return first;
}

/* Where what stays begins, when it is the k-th sealed segment. */
static uint64_t begins_at(const struct retention_state *s, size_t k)
{
    return k < s->n ? s->sealed[k].base_lsn : k > 0 ? s->sealed[k - 1].next_lsn : 0;
}

/* The first segment to stay, with regard to pins. Those that hold back too much are broken. */
static size_t decide(struct wal *w, const struct retention_state *s, size_t most)
{
    struct retention_limits l = limits_of(w);
    size_t first = before_checkpoint(w, s, retention_first(&l, s));

    first = first < most ? first : most;
    if (first == 0)
        return 0;
    size_t reach = retention_reach(s, first, w->config.pin_limit_bytes);
    pthread_mutex_lock(&w->readers_mu);
    pins_break(w, begins_at(s, reach));
    first = retention_needed(s, first, pins_lowest(w));
    w->leaving_lsn = first ? begins_at(s, first) : 0;
    pthread_mutex_unlock(&w->readers_mu);
    return first;
}

bool retain_begin(struct wal *w, const struct boundary *end, struct retain_plan *ret)
{
    struct survey v = {.end = end, .now_ns = w->os->wall(w->os->ctx)};
    struct fault before = *fault_last();
    size_t first = 0;

    if (!retain_is_on(w))
        return false;
    if (place_result(w, catalog_walk(&w->catalog)) == 0 && survey(w, &v)) {
        struct retention_state s = state_of(w, &v);
        first = decide(w, &s, end ? AT_ONCE_MAX : SIZE_MAX);
        if (first > 0)
            *ret = (struct retain_plan){
                .oldest = first < s.n ? s.sealed[first].number
                          : end       ? w->next_number
                                      : v.active_number,
                .first_lsn = max_u64(begins_at(&s, first), atomic_load(&w->first_lsn)),
            };
    }
    mem_free(w->alloc, v.list);
    fault_put(&before);
    return first > 0;
}

void retain_over(struct wal *w, uint64_t removed)
{
    pthread_mutex_lock(&w->readers_mu);
    w->leaving_lsn = 0;
    pthread_mutex_unlock(&w->readers_mu);
    stat_add(&w->stats, WAL_STAT_TRUNCATED_FRONT, removed);
    if (removed > 0)
        event_tell(w,
                   &(wal_event_t){.kind = WAL_EVENT_TRUNCATED, .lsn = atomic_load(&w->first_lsn)});
}

uint64_t retain_pinned_bytes(struct wal *w)
{
    struct survey v = {.now_ns = w->os->wall(w->os->ctx)};
    struct retention_limits l = limits_of(w);
    uint64_t bytes = 0;

    if (retain_is_on(w) && survey(w, &v)) {
        struct retention_state s = state_of(w, &v);
        size_t first = before_checkpoint(w, &s, retention_first(&l, &s));
        pthread_mutex_lock(&w->readers_mu);
        uint64_t lowest = pins_lowest(w);
        pthread_mutex_unlock(&w->readers_mu);
        for (size_t k = retention_needed(&s, first, lowest); k < first; k++)
            bytes += s.sealed[k].bytes;
    }
    mem_free(w->alloc, v.list);
    return bytes;
}
