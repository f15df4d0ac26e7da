/* Records out: readers in both directions, replay. */
#include "program.h"

#include <string.h>

static void expect_next(wal_reader_t *r, uint64_t lsn, const char *text)
{
    wal_record_t record;

    CHECK(wal_reader_position(r) == lsn);
    record.size = sizeof(record);
    CHECK(wal_reader_next(r, &record) == 1);
    CHECK(record.size == sizeof(record) && record.lsn == lsn);
    CHECK(record.data_size == strlen(text) && memcmp(record.data, text, strlen(text)) == 0);
    CHECK(record.flags == (WAL_RECORD_DURABLE | WAL_RECORD_BATCH_LAST));
}

void use_readers(void)
{
    wal_t *w = four_records("reader");
    wal_reader_t *r;
    wal_record_t record;
    char small[2];

    record.size = sizeof(record);
    CHECK(wal_get(w, 3, small, sizeof(small), &record) == WAL_E_TOOBIG && record.data_size == 5);
    OK(wal_reader_open(w, 3, WAL_READ_WRITTEN, &r));
    CHECK(wal_reader_wait(r, 0) == 1);
    expect_next(r, 3, "three");
    expect_next(r, 4, "four");
    CHECK(wal_reader_next(r, &record) == 0 && wal_reader_wait(r, 0) == 0);
    OK(wal_reader_seek(r, 1));
    expect_next(r, 1, "one");
    wal_reader_close(r);
    OK(wal_reader_open(w, 0, WAL_READ_REVERSE, &r));
    expect_next(r, 4, "four");
    expect_next(r, 3, "three");
    done_with(w, "reader");
    CHECK(wal_reader_next(r, &record) == WAL_E_CLOSED);
    wal_reader_close(r);
}

struct seen {
    uint64_t next, stop_at;
    int result;
};

static int see(void *ctx, const wal_record_t *record)
{
    struct seen *seen = ctx;

    CHECK(record->size >= sizeof(*record) && record->lsn == seen->next);
    seen->next++;
    return record->lsn == seen->stop_at ? seen->result : 0;
}

void use_replay(void)
{
    wal_t *w = four_records("replay");
    struct seen seen = {1, 0, 0};
    uint64_t last;

    OK(wal_replay(w, 0, see, &seen, &last));
    CHECK(last == 4 && seen.next == 5);
    seen.next = 2;
    seen.stop_at = 3;
    seen.result = 1;
    OK(wal_replay(w, 2, see, &seen, &last));
    CHECK(last == 3 && seen.next == 4);
    seen.next = 1;
    seen.result = -1;
    CHECK(wal_replay(w, 1, see, &seen, NULL) == WAL_E_CALLBACK);
    done_with(w, "replay");
}
