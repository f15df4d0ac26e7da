#include <libwal/wal.h>

int main()
{
    return wal_version_check(WAL_VERSION_MAJOR, WAL_VERSION_MINOR);
}
