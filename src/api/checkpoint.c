/* SPDX-License-Identifier: Apache-2.0 */
#include "log/checkpoint.h"

#include <libwal/wal.h>

#include "api/call.h"
#include "base/codes.h"

int wal_checkpoint(wal_t *w, uint64_t lsn, const void *state, size_t size)
{
    struct call c;
    const struct checkpoint_state s = {.lsn = lsn, .size = size, .bytes = state};
    int e = call_begin(&c, w, CALL_WRITES);
    if (e < 0)
        return e;
    if (!state && size)
        return call_end(&c, fault(WAL_E_INVAL, "state is NULL, but size is %zu", size));
    return call_end(&c, checkpoint_put(w, &s));
}

/* segment NULL: the newest one of the log. */
static int get(wal_t *w, const uint64_t *segment, void *buf, size_t cap, uint64_t *ret_lsn,
               size_t *ret_size)
{
    struct call c;
    struct checkpoint_state s;
    int e = call_begin(&c, w, CALL_IN_CALLBACK);
    if (e < 0)
        return e;
    if (!buf && cap)
        return call_end(&c, fault(WAL_E_INVAL, "buf is NULL, but cap is %zu", cap));
    e = segment ? checkpoint_in_segment(w, *segment, buf, cap, &s)
                : checkpoint_get(w, buf, cap, &s);
    if (e == 0 && ret_lsn)
        *ret_lsn = s.lsn;
    if ((e == 0 || e == WAL_E_TOOBIG) && ret_size)
        *ret_size = (size_t)s.size;
    return call_end(&c, e);
}

int wal_checkpoint_get(wal_t *w, void *buf, size_t cap, uint64_t *ret_lsn, size_t *ret_size)
{
    return get(w, NULL, buf, cap, ret_lsn, ret_size);
}

int wal_segment_checkpoint(wal_t *w, uint64_t segment, void *buf, size_t cap, uint64_t *ret_lsn,
                           size_t *ret_size)
{
    return get(w, &segment, buf, cap, ret_lsn, ret_size);
}
