#include <libwal/wal.h>

#include "api/call.h"
#include "base/codes.h"
#include "log/append.h"
#include "log/truncate.h"

int wal_truncate_before(wal_t *w, uint64_t lsn)
{
    struct call c;
    int e = call_begin(&c, w, CALL_WRITES);
    return e < 0 ? e : call_end(&c, truncate_before(w, lsn));
}

int wal_truncate_after(wal_t *w, uint64_t lsn)
{
    struct call c;
    uint64_t first;
    int e = call_begin(&c, w, CALL_WRITES);
    return e < 0 ? e : call_end(&c, truncate_replace(w, lsn, NULL, &first));
}

int wal_replace_after(wal_t *w, uint64_t lsn, const wal_record_t *records, size_t n, uint32_t flags,
                      uint64_t *ret_first)
{
    struct call c;
    struct source s;
    enum append_how how;
    uint64_t first;
    int e = call_begin(&c, w, CALL_WRITES);
    if (e < 0)
        return e;
    e = append_how(w, flags, &how);
    if (e == 0 && n > 0)
        e = source_array(&s, records, n, w->config.max_record_bytes);
    if (e == 0)
        e = truncate_replace(w, lsn, n > 0 ? &s : NULL, &first);
    if (e == 0 && ret_first)
        *ret_first = first;
    return call_end(&c, e);
}

int wal_reset(wal_t *w, uint64_t next)
{
    struct call c;
    int e = call_begin(&c, w, CALL_WRITES);
    return e < 0 ? e : call_end(&c, truncate_reset(w, next));
}

int wal_rotate(wal_t *w)
{
    struct call c;
    int e = call_begin(&c, w, CALL_WRITES);
    return e < 0 ? e : call_end(&c, truncate_rotate(w));
}
