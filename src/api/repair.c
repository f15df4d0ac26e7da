#include "log/repair.h"

#include <errno.h>

#include "api/options.h"
#include "api/sized.h"
#include "base/codes.h"
#include "base/fault.h"
#include "log/verify.h"

enum { KNOWN_FLAGS = WAL_REPAIR_DRY_RUN | WAL_REPAIR_CUT_AT_DAMAGE | WAL_REPAIR_REBUILD_CONTROL };

static int check(const char *dir, uint32_t flags, const wal_verify_t *ret, uint32_t size)
{
    if (!dir || !*dir)
        return fault(WAL_E_INVAL, "dir is NULL or empty");
    if (flags == 0 || (flags & ~(uint32_t)KNOWN_FLAGS))
        return fault(WAL_E_INVAL, "flags are 0x%x", flags);
    if (!ret || size < SIZE_UP_TO(wal_verify_t, duration_ns))
        return fault(WAL_E_INVAL, "ret is NULL, or size %u is too small", size);
    return 0;
}

int wal_repair(const char *dir, const wal_options_t *o, uint32_t flags, wal_verify_t *ret,
               uint32_t size)
{
    struct config config;
    wal_verify_t full = {0};
    int saved = errno;

    int e = check(dir, flags, ret, size);
    if (e < 0)
        return e;
    options_resolve(o, &config);
    e = flags & WAL_REPAIR_DRY_RUN ? verify_log(dir, &config, NULL, NULL, &full)
                                   : repair_log(dir, &config, flags, &full);
    if (e == 0 || e == WAL_E_TORN || e == WAL_E_CORRUPT)
        (void)!sized_fill(ret, size, &full, sizeof full, SIZE_UP_TO(wal_verify_t, duration_ns));
    errno = saved;
    return e;
}
