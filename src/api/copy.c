#include "log/copy.h"

#include "api/call.h"
#include "base/codes.h"

int wal_copy(wal_t *w, const char *dest, wal_progress_fn fn, void *ctx)
{
    struct call c;
    int e = call_begin(&c, w, CALL_ANY);
    if (e < 0)
        return e;
    e = dest && *dest ? log_copy(w, dest, fn, ctx) : fault(WAL_E_INVAL, "dest is NULL or empty");
    return call_end(&c, e);
}
