/* SPDX-License-Identifier: Apache-2.0 */
/* What looks after a log: copies, and what is left of a damaged one. */
#include "program.h"

#include <string.h>

static int calls;

static int progress(void *ctx, uint64_t done_bytes, uint64_t total_bytes)
{
    CHECK(ctx == &calls && done_bytes <= total_bytes);
    calls++;
    return 0;
}

static int count(void *ctx, const wal_record_t *record)
{
    CHECK(ctx == &calls && record->lsn > 0);
    calls++;
    return 0;
}

static int no_gap(void *ctx, uint64_t first_lsn, uint64_t last_lsn)
{
    (void)ctx;
    CHECK(first_lsn > last_lsn); /* there is none */
    return 0;
}

static void expect_right(const char *name)
{
    wal_verify_t v;

    calls = 0;
    OK(wal_verify(path_of(name), NULL, progress, &calls, &v, sizeof(v)));
    CHECK(calls > 0 && v.size == sizeof(v) && v.verdict == WAL_RECOVERY_CLEAN);
    CHECK(v.records == 4 && v.first_lsn == 1 && v.last_lsn == 4 && v.gaps == 0);
    OK(wal_repair(path_of(name), NULL, WAL_REPAIR_DRY_RUN, &v, sizeof(v)));
    OK(wal_repair(path_of(name), NULL, WAL_REPAIR_CUT_AT_DAMAGE | WAL_REPAIR_REBUILD_CONTROL, &v,
                  sizeof(v)));
    CHECK(v.records == 4);
    calls = 0;
    OK(wal_salvage(path_of(name), NULL, count, no_gap, &calls));
    CHECK(calls == 4);
}

void use_offline(void)
{
    wal_t *w = four_records("offline"), *copy;

    calls = 0;
    OK(wal_copy(w, path_of("copy"), progress, &calls));
    CHECK(calls > 0);
    CHECK(wal_copy(w, path_of("copy"), NULL, NULL) == WAL_E_EXISTS);
    OK(wal_close(w));
    expect_right("offline");
    expect_right("copy");
    OK(wal_open(path_of("copy"), NULL, &copy));
    expect_record(copy, 4, 0, "four");
    done_with(copy, "copy");
    OK(wal_destroy(path_of("offline")));
}
