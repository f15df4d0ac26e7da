/* SPDX-License-Identifier: Apache-2.0 */
/* A strict journal: each line is on the disk before the program ends, and a log that isn't exactly
 * as it was left is refused, not mended.
 *
 *     journal DIR add TEXT...
 *     journal DIR show */
#include <libwal/wal.h>
#include <stdio.h>
#include <string.h>

static int failed(const char *what)
{
    wal_error_t error = {.size = sizeof error};
    wal_last_error(&error, sizeof error);
    fprintf(stderr, "%s: %s: %s\n", what, wal_error_name(error.code), error.message);
    return 1;
}

static int show(void *ctx, const wal_record_t *record)
{
    (void)ctx;
    printf("%d %.*s\n", (int)record->lsn, (int)record->data_size, (const char *)record->data);
    return 0;
}

static int run(wal_t *log, int argc, char **argv)
{
    if (argc < 3 || strcmp(argv[2], "show") == 0)
        return wal_replay(log, 0, show, NULL, NULL) < 0 ? failed("show") : 0;
    for (int k = 3; k < argc; k++)
        if (wal_append(log, argv[k], strlen(argv[k]), NULL) < 0)
            return failed("add");
    return 0;
}

int main(int argc, char **argv)
{
    wal_options_t *options;
    wal_t *log;

    if (argc < 2 || wal_options_new(&options) < 0)
        return 2;
    int e = wal_options_set(options, WAL_OPT_STRICT, 1);
    if (e == 0)
        e = wal_options_set(options, WAL_OPT_SEGMENT_BYTES, 1 << 20);
    if (e == 0)
        e = wal_open(argv[1], options, &log);
    wal_options_free(options);
    if (e < 0)
        return failed(argv[1]);
    int status = run(log, argc, argv);
    if (wal_close(log) < 0 && status == 0)
        status = failed("close");
    return status;
}
