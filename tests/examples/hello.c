/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>
#include <stdio.h>

static int show(void *ctx, const wal_record_t *record)
{
    (void)ctx;
    printf("%d: %s\n", (int)record->lsn, (const char *)record->data);
    return 0; /* go on */
}

int main(int argc, char **argv)
{
    wal_t *log;

    if (wal_open(argc > 1 ? argv[1] : "hello.wal", NULL, &log) < 0)
        return 1; /* wal_last_error tells why */
    int e = wal_append(log, "Hello", sizeof "Hello", NULL);
    if (e == 0) /* it survives a power cut from here on */
        e = wal_replay(log, 0, show, NULL, NULL);
    return wal_close(log) < 0 || e < 0;
}
