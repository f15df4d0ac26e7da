#include <libwal/wal.h>

#include <errno.h>

#include "api/options.h"
#include "api/sized.h"
#include "base/codes.h"
#include "base/fault.h"
#include "log/verify.h"

int wal_verify(const char *dir, const wal_options_t *o, wal_progress_fn fn, void *ctx,
               wal_verify_t *ret, uint32_t size)
{
    struct config config;
    wal_verify_t full = {0};
    int saved = errno;

    if (!dir || !*dir)
        return fault(WAL_E_INVAL, "dir is NULL or empty");
    if (!ret || size < SIZE_UP_TO(wal_verify_t, duration_ns))
        return fault(WAL_E_INVAL, "ret is NULL, or size %u is too small", size);
    options_resolve(o, &config);
    int e = verify_log(dir, &config, fn, ctx, &full);
    bool filled = (e == 0 || e == WAL_E_TORN || e == WAL_E_CORRUPT) &&
                  sized_fill(ret, size, &full, sizeof full, SIZE_UP_TO(wal_verify_t, duration_ns));
    (void)filled;
    errno = saved;
    return e;
}
