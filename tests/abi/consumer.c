/* SPDX-License-Identifier: Apache-2.0 */
/* A program as a user's build system sees it: the installed header, the installed library, and
 * names of its own that are also names inside of libwal. */
#include <libwal/wal.h>

#include <stdio.h>
#include <string.h>

int fault(void);
int crc_update(void);
int fault(void)
{
    return 0;
}
int crc_update(void)
{
    return 0;
}

static int report(const char *what)
{
    wal_error_t error;
    error.size = sizeof(error);
    if (wal_last_error(&error, sizeof(error)) == WAL_OK)
        fprintf(stderr, "%s: %s: %s\n", what, wal_error_name(error.code), error.message);
    return 1;
}

int main(int argc, char **argv)
{
    wal_t *log = NULL;
    uint64_t lsn = 0;
    char text[8];
    wal_record_t record;

    if (argc != 2)
        return 2;
    if (wal_open(argv[1], NULL, &log) != WAL_OK)
        return report("open");
    if (wal_append(log, "hello", 5, &lsn) != WAL_OK)
        return report("append");
    record.size = sizeof(record);
    if (wal_get(log, lsn, text, sizeof(text), &record) != WAL_OK)
        return report("get");
    if (record.data_size != 5 || memcmp(text, "hello", 5) != 0)
        return 1;
    if (wal_close(log) != WAL_OK)
        return report("close");
    return fault() + crc_update();
}
