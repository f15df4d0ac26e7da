#include <libwal/wal.h>

#include "api/call.h"
#include "base/codes.h"
#include "log/batch.h"

static int begin(struct call *c, wal_batch_t *b)
{
    return b ? call_begin(c, b->store.log, CALL_WRITES) : fault(WAL_E_INVAL, "the batch is NULL");
}

int wal_batch_new(wal_t *w, wal_batch_t **ret)
{
    struct call c;
    int e = call_begin(&c, w, CALL_WRITES);
    if (e < 0)
        return e;
    e = ret ? batch_new(w, ret) : fault(WAL_E_INVAL, "ret is NULL");
    return call_end(&c, e);
}

int wal_batch_append(wal_batch_t *b, uint32_t type, const void *data, size_t size)
{
    struct call c;
    int e = begin(&c, b);
    return e < 0 ? e : call_end(&c, batch_append(b, type, data, size));
}

int wal_batch_commit(wal_batch_t *b, uint32_t flags, uint64_t *ret_first, uint64_t *ret_last)
{
    struct call c;
    uint64_t first, last;
    int e = begin(&c, b);
    if (e < 0)
        return e;
    e = batch_commit(b, flags, &first, &last);
    if (e == 0 && ret_first)
        *ret_first = first;
    if (e == 0 && ret_last)
        *ret_last = last;
    return call_end(&c, e);
}

int wal_batch_abort(wal_batch_t *b)
{
    struct call c;
    int e = begin(&c, b);
    if (e < 0)
        return e;
    batch_clear(b);
    return call_end(&c, 0);
}

void wal_batch_free(wal_batch_t *b)
{
    if (b)
        batch_free(b);
}

uint64_t wal_batch_count(const wal_batch_t *b)
{
    return b && wal_is_ours(b->store.log) ? b->store.records : 0;
}

uint64_t wal_batch_bytes(const wal_batch_t *b)
{
    return b && wal_is_ours(b->store.log) ? b->store.payload : 0;
}
