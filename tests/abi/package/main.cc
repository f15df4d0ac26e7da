// SPDX-License-Identifier: Apache-2.0
#include <libwal/wal.h>
#ifdef WITH_CRYPTO
#include <libwal/crypto.h>
#endif

int main()
{
#ifdef WITH_CRYPTO
    if (wal_options_set_aead(nullptr, 0, 0, nullptr, 0) != WAL_E_INVAL)
        return 1;
#endif
    return wal_version_check(WAL_VERSION_MAJOR, WAL_VERSION_MINOR);
}
