#include "log/salvage.h"

#include <errno.h>

#include "api/options.h"
#include "base/codes.h"
#include "base/fault.h"

int wal_salvage(const char *dir, const wal_options_t *o, wal_record_fn fn, wal_gap_fn gap,
                void *ctx)
{
    struct config config;
    int saved = errno;

    if (!dir || !*dir || !fn)
        return fault(WAL_E_INVAL, "%s is NULL%s", fn ? "dir" : "fn", fn ? " or empty" : "");
    options_resolve(o, &config);
    int e = salvage_log(dir, &config, fn, gap, ctx);
    errno = saved;
    return e;
}
