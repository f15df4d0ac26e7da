/* SPDX-License-Identifier: Apache-2.0 */
/* Records in: appends, when they are durable. */
#include "program.h"

#include <string.h>

static void set_record(wal_record_t *record, uint32_t type, const char *text)
{
    memset(record, 0, sizeof(*record));
    record->size = sizeof(*record);
    record->type = type;
    record->data = text;
    record->data_size = strlen(text);
}

void use_appends(void)
{
    static const uint32_t sizes[] = {2, 0, 3};
    static const uint16_t types[] = {7, 8, 9};
    wal_t *w = four_records("append");
    wal_record_t records[2];
    uint64_t lsn;

    OK(wal_append_typed(w, 65535, "five", 4, WAL_APPEND_SYNC | WAL_APPEND_NOWAIT, &lsn));
    CHECK(lsn == 5);
    set_record(&records[0], 1, "six");
    set_record(&records[1], 2, "seven");
    OK(wal_append_many(w, records, 2, WAL_APPEND_ASYNC, &lsn));
    CHECK(lsn == 6);
    OK(wal_append_packed(w, "ABCDE", sizes, types, 3, WAL_APPEND_SUBMIT, &lsn));
    CHECK(lsn == 8);
    expect_record(w, 5, 65535, "five");
    expect_record(w, 7, 2, "seven");
    expect_record(w, 8, 7, "AB");
    expect_record(w, 9, 8, "");
    expect_record(w, 10, 9, "CDE");
    set_record(&records[0], 3, "again");
    OK(wal_replace_after(w, 5, records, 2, 0, &lsn));
    CHECK(lsn == 6);
    expect_record(w, 6, 3, "again");
    expect_range(w, 1, 7);
    CHECK(wal_append_typed(w, 65536, "x", 1, 0, NULL) == WAL_E_INVAL);
    done_with(w, "append");
}

void use_durability(void)
{
    wal_options_t *o;
    wal_t *w;

    OK(wal_options_new(&o));
    OK(wal_options_set(o, WAL_OPT_SYNC, WAL_SYNC_NONE));
    OK(wal_open(path_of("durability"), o, &w));
    wal_options_free(o);
    OK(wal_append(w, "one", 3, NULL));
    OK(wal_append(w, "two", 3, NULL));
    OK(wal_flush(w));
    CHECK(wal_durable_lsn(w) == 0);
    OK(wal_wait(w, 1, -1));
    CHECK(wal_durable_lsn(w) >= 1);
    OK(wal_sync(w, 0));
    CHECK(wal_durable_lsn(w) == 2);
    CHECK(wal_wait(w, 3, 0) == WAL_E_TIMEOUT);
    CHECK(wal_sync(w, 3) == WAL_E_RANGE);
    done_with(w, "durability");
}
