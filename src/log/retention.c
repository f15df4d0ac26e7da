/* SPDX-License-Identifier: Apache-2.0 */
#include "log/retention.h"

enum { NS_PER_MS = 1000 * 1000 };

bool retention_is_on(const struct retention_limits *l)
{
    return l->bytes || l->segments || l->age_ms || l->from_checkpoint;
}

/* A clock that was set back makes a segment young, not old. */
static bool is_old(const struct retention_limits *l, const struct retention_state *s,
                   const struct retained *x)
{
    return s->now_ns > x->closed_ns && (s->now_ns - x->closed_ns) / NS_PER_MS >= l->age_ms;
}

/* Whether some limit says that the segment goes; the log has `bytes` with it and what is younger,
 * and `sealed` segments besides the active one. */
static bool is_over(const struct retention_limits *l, const struct retention_state *s,
                    const struct retained *x, uint64_t bytes, size_t sealed)
{
    return (l->bytes && bytes > l->bytes) || (l->segments && sealed > l->segments) ||
           (l->age_ms && is_old(l, s, x)) ||
           (l->from_checkpoint && s->checkpoint_lsn && x->next_lsn - 1 <= s->checkpoint_lsn);
}

size_t retention_first(const struct retention_limits *l, const struct retention_state *s)
{
    uint64_t fence = s->checkpoint_lsn ? s->checkpoint_lsn : s->durable_lsn;
    uint64_t bytes = s->active_bytes;
    size_t k = 0;

    for (size_t i = 0; i < s->n; i++)
        bytes += s->sealed[i].bytes;
    while (k < s->n && s->sealed[k].next_lsn - 1 <= fence &&
           is_over(l, s, &s->sealed[k], bytes, s->n - k))
        bytes -= s->sealed[k++].bytes;
    return k;
}

size_t retention_needed(const struct retention_state *s, size_t first, uint64_t lsn)
{
    size_t k = 0;
    while (k < first && s->sealed[k].next_lsn <= lsn)
        k++;
    return k;
}

size_t retention_reach(const struct retention_state *s, size_t first, uint64_t bytes)
{
    while (first > 0 && s->sealed[first - 1].bytes <= bytes)
        bytes -= s->sealed[--first].bytes;
    return first;
}
