/* SPDX-License-Identifier: Apache-2.0 */
/* Records out: readers in both directions, replay, the portable form. */
#include "program.h"

#include <stdlib.h>
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

/* The array has room for both and no more; they may come one by one. */
void use_many_records(void)
{
    wal_t *w = four_records("many");
    wal_record_t *records = malloc(2 * sizeof(*records));
    wal_reader_t *r;
    uint64_t lsn = 3;
    size_t n = 0;

    CHECK(records != NULL);
    OK(wal_reader_open(w, 3, 0, &r));
    records[0].size = sizeof(*records);
    while (lsn <= 4) {
        CHECK(wal_reader_next_many(r, records, 2, 100, &n) == 1 && n >= 1 && n <= 5 - lsn);
        for (size_t i = 0; i < n; i++, lsn++) {
            CHECK(records[i].size == sizeof(*records) && records[i].lsn == lsn);
            CHECK(memcmp(records[i].data, lsn == 3 ? "three" : "four", records[i].data_size) == 0);
        }
    }
    CHECK(wal_reader_next_many(r, records, 2, 100, &n) == 0 && n == 0);
    CHECK(wal_reader_next_many(r, records, 0, 100, &n) == WAL_E_INVAL);
    wal_reader_close(r);
    free(records);
    done_with(w, "many");
}

void use_interrupted_readers(void)
{
    wal_t *w = four_records("interrupt");
    wal_reader_t *r;

    OK(wal_reader_open(w, wal_next_lsn(w), 0, &r));
    wal_reader_interrupt(r);
    CHECK(wal_reader_wait(r, -1) == 0);
    OK(wal_append(w, "five", 4, NULL));
    CHECK(wal_reader_wait(r, -1) == 1);
    expect_next(r, 5, "five");
    wal_reader_close(r);
    done_with(w, "interrupt");
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

static int take(void *ctx, const wal_record_t *record)
{
    wal_record_t **next = ctx;

    CHECK(record->lsn == 0 && record->flags == 0 && record->tag == NULL);
    CHECK(record->type == (*next)->type && record->data_size == (*next)->data_size);
    CHECK(memcmp(record->data, (*next)->data, (*next)->data_size) == 0);
    ++*next;
    return 0;
}

void use_portable_form(void)
{
    wal_record_t records[2], *next = records;
    char form[128];
    size_t size;

    memset(records, 0, sizeof(records));
    for (int i = 0; i < 2; i++) {
        records[i].size = sizeof(records[i]);
        records[i].type = 10;
        records[i].data = i == 0 ? "one" : "three";
        records[i].data_size = i == 0 ? 3 : 5;
    }
    CHECK(wal_encode(records, 2, NULL, 0, &size) == WAL_E_TOOBIG && size <= sizeof(form));
    OK(wal_encode(records, 2, form, sizeof(form), &size));
    OK(wal_decode(form, size, take, &next));
    CHECK(next == records + 2);
    form[size / 2] ^= 1;
    CHECK(wal_decode(form, size, take, &next) == WAL_E_CORRUPT);
}
