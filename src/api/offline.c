/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <errno.h>

#include "api/call.h"
#include "api/options.h"
#include "api/sized.h"
#include "base/codes.h"
#include "base/fault.h"
#include "log/copy.h"
#include "log/repair.h"
#include "log/salvage.h"
#include "log/verify.h"

enum {
    VERIFY_SIZE_1_0 = SIZE_UP_TO(wal_verify_t, duration_ns),
    REPAIRS = WAL_REPAIR_DRY_RUN | WAL_REPAIR_CUT_AT_DAMAGE | WAL_REPAIR_REBUILD_CONTROL
};

static int check(const char *dir, const wal_verify_t *ret, uint32_t size)
{
    if (!dir || !*dir)
        return fault(WAL_E_INVAL, "dir is NULL or empty");
    if (!ret || size < VERIFY_SIZE_1_0)
        return fault(WAL_E_INVAL, "ret is NULL, or size %u is too small", size);
    return 0;
}

static int give(int e, wal_verify_t *ret, uint32_t size, const wal_verify_t *full)
{
    if (e == 0 || e == WAL_E_TORN || e == WAL_E_CORRUPT)
        (void)!sized_fill(ret, size, full, sizeof *full, VERIFY_SIZE_1_0);
    return e;
}

int wal_verify(const char *dir, const wal_options_t *o, wal_progress_fn fn, void *ctx,
               wal_verify_t *ret, uint32_t size)
{
    struct config config;
    wal_verify_t full = {0};
    int saved = errno;

    int e = check(dir, ret, size);
    if (e < 0)
        return e;
    options_resolve(o, &config);
    e = give(verify_log(dir, &config, fn, ctx, &full), ret, size, &full);
    errno = saved;
    return e;
}

int wal_repair(const char *dir, const wal_options_t *o, uint32_t flags, wal_verify_t *ret,
               uint32_t size)
{
    struct config config;
    wal_verify_t full = {0};
    int saved = errno;

    int e = check(dir, ret, size);
    if (e == 0 && (flags == 0 || (flags & ~(uint32_t)REPAIRS)))
        e = fault(WAL_E_INVAL, "flags are 0x%x", flags);
    if (e < 0)
        return e;
    options_resolve(o, &config);
    e = flags & WAL_REPAIR_DRY_RUN ? verify_log(dir, &config, NULL, NULL, &full)
                                   : repair_log(dir, &config, flags, &full);
    e = give(e, ret, size, &full);
    errno = saved;
    return e;
}

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

int wal_copy(wal_t *w, const char *dest, wal_progress_fn fn, void *ctx)
{
    struct call c;
    int e = call_begin(&c, w, CALL_ANY);
    if (e < 0)
        return e;
    e = dest && *dest ? log_copy(w, dest, fn, ctx) : fault(WAL_E_INVAL, "dest is NULL or empty");
    return call_end(&c, e);
}
