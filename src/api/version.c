/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include "base/fault.h"

#define PATCH      0
#define STRING_(x) #x
#define STRING(x)  STRING_(x)

const char *wal_version(void)
{
    return STRING(WAL_VERSION_MAJOR) "." STRING(WAL_VERSION_MINOR) "." STRING(PATCH);
}

int wal_version_check(uint32_t major, uint32_t minor)
{
    if (major == WAL_VERSION_MAJOR && minor <= WAL_VERSION_MINOR)
        return 0;
    return fault(WAL_E_UNSUPPORTED, "built for version %u.%u, the library is %s", major, minor,
                 wal_version());
}
