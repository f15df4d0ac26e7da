/* SPDX-License-Identifier: Apache-2.0 */
/* Appends records to a log whose options stand on the command line, for a look at its system calls:
 *
 *     appends DIR RECORDS BYTES [NAME=VALUE ...] */
#include <libwal/wal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check(int e)
{
    wal_error_t last = {.size = sizeof last};
    if (e >= 0)
        return e;
    (void)wal_last_error(&last, sizeof last);
    fprintf(stderr, "%s: %s\n", wal_error_name(e), last.message);
    exit(1);
}

int main(int argc, char **argv)
{
    wal_options_t *o;
    wal_t *w;
    wal_info_t info = {.size = sizeof info};

    if (argc < 4)
        return 2;
    check(wal_options_new(&o));
    for (int k = 4; k < argc; k++) {
        char *value = strchr(argv[k], '=');
        if (!value)
            return 2;
        *value = 0;
        check(wal_options_set_string(o, argv[k], value + 1));
    }
    size_t bytes = strtoul(argv[3], NULL, 10);
    char *record = calloc(1, bytes + 1);
    check(wal_open(argv[1], o, &w));
    for (unsigned long k = strtoul(argv[2], NULL, 10); k > 0; k--)
        check(wal_append(w, record, bytes, NULL));
    check(wal_info(w, &info, sizeof info));
    printf("direct=%d dsync=%d\n", (info.flags & WAL_INFO_DIRECT) != 0,
           (info.flags & WAL_INFO_DSYNC) != 0);
    check(wal_close(w));
    wal_options_free(o);
    free(record);
    return 0;
}
