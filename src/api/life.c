/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <errno.h>

#include "api/call.h"
#include "api/error.h"
#include "api/options.h"
#include "api/sized.h"
#include "base/codes.h"
#include "log/follow.h"
#include "log/open.h"

int wal_open(const char *dir, const wal_options_t *o, wal_t **ret)
{
    struct config config;
    int saved = errno;

    if (!dir || !*dir || !ret)
        return fault(WAL_E_INVAL, "%s is NULL or empty", !ret ? "ret" : "dir");
    options_resolve(o, &config);
    int e = log_open(dir, &config, ret);
    errno = saved;
    return e;
}

int wal_close(wal_t *w)
{
    int saved = errno;

    if (!w)
        return 0;
    if (!wal_is_ours(w)) {
        log_abandon(w);
        return 0;
    }
    int e = call_close(w);
    if (e == 0)
        e = log_close(w);
    errno = saved;
    return e;
}

int wal_recovery(wal_t *w, wal_recovery_t *ret, uint32_t size)
{
    struct call c;
    int e = call_begin(&c, w, CALL_IN_CALLBACK);
    if (e < 0)
        return e;
    const struct report *r = &w->report;
    wal_recovery_t full = {
        .verdict = r->verdict,
        .first_lsn = r->first_lsn,
        .last_lsn = r->last_lsn,
        .next_lsn = r->next_lsn,
        .durable_lsn = r->durable_lsn,
        .checkpoint_lsn = r->checkpoint_lsn,
        .discarded_bytes = r->discarded_bytes,
        .carried_records = r->carried_records,
        .segments = r->segments,
        .duration_ns = r->duration_ns,
        .cut_segment = r->cut_segment,
        .cut_offset = r->cut_offset,
        .header_repairs = r->header_repairs,
    };
    if (!sized_fill(ret, size, &full, sizeof full, SIZE_UP_TO(wal_recovery_t, header_repairs)))
        e = fault(WAL_E_INVAL, "ret is NULL, or size %u is too small", size);
    return call_end(&c, e);
}

static int range(wal_t *w, uint64_t *first, uint64_t *last, uint64_t *next, uint64_t *durable)
{
    int e = follow_look(w);
    if (e < 0)
        return e;
    pthread_mutex_lock(&w->mu);
    *first = atomic_load(&w->first_lsn);
    *next = w->next_lsn;
    *last = *next > *first ? *next - 1 : 0;
    *durable = atomic_load(&w->durable_lsn);
    pthread_mutex_unlock(&w->mu);
    return 0;
}

int wal_range(wal_t *w, uint64_t *ret_first, uint64_t *ret_last, uint64_t *ret_next,
              uint64_t *ret_durable)
{
    uint64_t values[4], *ret[4] = {ret_first, ret_last, ret_next, ret_durable};
    struct call c;
    int e = call_begin(&c, w, CALL_IN_CALLBACK);
    if (e < 0)
        return e;
    e = range(w, &values[0], &values[1], &values[2], &values[3]);
    for (int k = 0; e == 0 && k < 4; k++)
        if (ret[k])
            *ret[k] = values[k];
    return call_end(&c, e);
}

/* A getter keeps the thread's last error as it is: 0 says all. */
static uint64_t getter(wal_t *w, int which)
{
    struct fault before = *fault_last();
    uint64_t values[4] = {0};
    if (wal_range(w, &values[0], &values[1], &values[2], &values[3]) < 0)
        fault_put(&before);
    return values[which];
}

uint64_t wal_first_lsn(wal_t *w)
{
    return getter(w, 0);
}

uint64_t wal_last_lsn(wal_t *w)
{
    return getter(w, 1);
}

uint64_t wal_next_lsn(wal_t *w)
{
    return getter(w, 2);
}

uint64_t wal_durable_lsn(wal_t *w)
{
    return getter(w, 3);
}

int wal_failure(wal_t *w)
{
    struct call c;
    int e = call_begin(&c, w, CALL_IN_CALLBACK);
    if (e < 0)
        return e;
    pthread_mutex_lock(&w->mu);
    e = w->failure;
    pthread_mutex_unlock(&w->mu);
    return call_end(&c, e);
}

int wal_failure_error(wal_t *w, wal_error_t *ret, uint32_t size)
{
    struct call c;
    struct fault cause = {0};
    int e = call_begin(&c, w, CALL_IN_CALLBACK);
    if (e < 0)
        return e;
    pthread_mutex_lock(&w->mu);
    if (w->failure)
        cause = w->cause;
    pthread_mutex_unlock(&w->mu);
    if (!error_fill(&cause, ret, size))
        e = fault(WAL_E_INVAL, "ret is NULL, or size %u is too small", size);
    return call_end(&c, e);
}

int wal_destroy(const char *dir)
{
    struct config config;
    int saved = errno;

    if (!dir || !*dir)
        return fault(WAL_E_INVAL, "dir is NULL or empty");
    options_resolve(NULL, &config);
    int e = log_destroy(config.os, dir);
    errno = saved;
    return e;
}
