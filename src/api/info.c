/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include "api/call.h"
#include "api/segment.h"
#include "api/sized.h"
#include "base/bytes.h"
#include "base/codes.h"
#include "log/info.h"

static const char *const stat_names[STATS] = {
    "append_records", "append_bytes",  "syncs",        "sync_ns",          "groups",
    "writes",         "written_bytes", "rotations",    "removed_segments", "truncated_front",
    "truncated_back", "corruptions",   "write_errors", "discarded_bytes",  "recovery_ns",
    "pending_bytes",  "index_bytes",   "raw_bytes",    "stored_bytes",     "pinned_bytes",
    "broken_pins",
};

uint32_t wal_stat_count(void)
{
    return STATS;
}

const char *wal_stat_name(uint32_t i)
{
    return i < STATS ? stat_names[i] : NULL;
}

int wal_stats(wal_t *w, uint64_t *values, uint32_t n)
{
    struct call c;
    int e = call_begin(&c, w, CALL_IN_CALLBACK);
    if (e < 0)
        return e;
    if (!values && n)
        return call_end(&c, fault(WAL_E_INVAL, "values is NULL, but n is %u", n));
    info_refresh_stats(w);
    for (uint32_t k = 0; k < n; k++)
        values[k] = k < STATS ? stat_get(&w->stats, k) : 0;
    return call_end(&c, 0);
}

int wal_histogram(wal_t *w, uint32_t which, uint64_t *buckets)
{
    struct call c;
    int e = call_begin(&c, w, CALL_IN_CALLBACK);
    if (e < 0)
        return e;
    if (which >= HISTOGRAMS || !buckets)
        return call_end(&c, fault(WAL_E_INVAL, "no histogram %u, or buckets is NULL", which));
    for (int k = 0; k < BUCKETS; k++)
        buckets[k] = atomic_load_explicit(&w->stats.bucket[which][k], memory_order_relaxed);
    return call_end(&c, 0);
}

uint64_t wal_disk_bytes(wal_t *w)
{
    struct call c;
    uint64_t bytes = 0;
    struct fault before = *fault_last();
    if (call_begin(&c, w, CALL_IN_CALLBACK) < 0) {
        fault_put(&before);
        return 0;
    }
    if (info_disk_bytes(w, &bytes) < 0)
        fault_put(&before);
    (void)call_end(&c, 0);
    return bytes;
}

static uint32_t info_flags(const wal_t *w)
{
    return (w->follower ? WAL_INFO_READ_ONLY : 0u) | (w->direct ? WAL_INFO_DIRECT : 0u) |
           (!w->follower && w->config.sync_mode == WAL_SYNC_DSYNC ? WAL_INFO_DSYNC : 0u) |
           (w->report.clean_close ? WAL_INFO_CLEAN : 0u);
}

int wal_info(wal_t *w, wal_info_t *ret, uint32_t size)
{
    struct call c;
    struct segment_header h;
    uint64_t strays;
    int e = call_begin(&c, w, CALL_IN_CALLBACK);
    if (e < 0)
        return e;
    e = info_log(w, &h, &strays);
    if (e < 0)
        return call_end(&c, e);
    wal_info_t full = {
        .flags = info_flags(w),
        .major = h.major,
        .minor = h.minor,
        .codec = h.codec,
        .cipher = h.cipher,
        .key_id = h.key_id,
        .strays = (uint32_t)min_u64(strays, UINT32_MAX),
        .epoch = h.epoch,
    };
    memcpy(full.uuid, h.uuid, sizeof full.uuid);
    memcpy(full.label, h.label, sizeof full.label);
    if (!sized_fill(ret, size, &full, sizeof full, SIZE_UP_TO(wal_info_t, label)))
        e = fault(WAL_E_INVAL, "ret is NULL, or size %u is too small", size);
    return call_end(&c, e);
}

static int fill_segment(void *ret, uint32_t size, const struct segment_info *s)
{
    wal_segment_t full = segment_shown(s);
    if (!sized_fill(ret, size, &full, sizeof full, SIZE_UP_TO(wal_segment_t, checkpoint_lsn)))
        return fault(WAL_E_INVAL, "elem_size %u is too small", size);
    return 0;
}

int wal_segments(wal_t *w, wal_segment_t *array, uint32_t elem_size, size_t *n)
{
    struct call c;
    struct segment_info *list;
    size_t count;
    int e = call_begin(&c, w, CALL_IN_CALLBACK);
    if (e < 0)
        return e;
    if (!n || (!array && *n))
        return call_end(&c, fault(WAL_E_INVAL, "%s is NULL", n ? "array" : "n"));
    e = info_segments(w, &list, &count);
    if (e < 0)
        return call_end(&c, e);
    for (size_t k = 0; e == 0 && k < count && k < *n; k++)
        e = fill_segment((char *)array + k * elem_size, elem_size, &list[k]);
    mem_free(w->alloc, list);
    if (e == 0)
        *n = count;
    return call_end(&c, e);
}
