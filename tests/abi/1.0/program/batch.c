/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: records, tags, metadata, cuts. */
#include "program.h"

#include <string.h>

void use_batches(void)
{
    wal_t *w = four_records("batch");
    wal_batch_t *b;
    uint64_t first, last;

    OK(wal_batch_new(w, &b));
    OK(wal_batch_append(b, 1, "thrown away", 11));
    OK(wal_batch_abort(b));
    OK(wal_batch_append(b, 1, "five", 4));
    OK(wal_batch_append(b, 2, "six", 3));
    CHECK(wal_batch_count(b) == 2 && wal_batch_bytes(b) == 7);
    OK(wal_batch_commit(b, 0, &first, &last));
    CHECK(first == 5 && last == 6);
    expect_record(w, 6, 2, "six");
    OK(wal_batch_commit(b, 0, &first, &last));
    CHECK(first == 0 && last == 0);
    done_with(w, "batch");
    CHECK(wal_batch_append(b, 1, "late", 4) == WAL_E_CLOSED);
    wal_batch_free(b);
}

static void expect_tag(wal_t *w, const char *tag)
{
    char buf[64];
    size_t size;

    OK(wal_last_tag(w, buf, sizeof(buf), &size));
    CHECK(size == strlen(tag) && memcmp(buf, tag, size) == 0);
}

void use_tagged_batches(void)
{
    static const uint32_t sizes[] = {4, 3};
    static const uint16_t types[] = {7, 8};
    wal_t *w = four_records("tag");
    wal_batch_t *b;
    wal_reader_t *r;
    wal_record_t record;
    uint64_t first, last;
    char value[8];
    size_t size;

    expect_tag(w, "");
    OK(wal_batch_new(w, &b));
    OK(wal_batch_append_packed(b, "fivesix", sizes, types, 2));
    OK(wal_batch_set_tag(b, "job 1", 5));
    OK(wal_batch_meta(b, "cursor", 6, "17", 2));
    OK(wal_batch_commit(b, 0, &first, &last));
    CHECK(first == 5 && last == 6);
    expect_record(w, 6, 8, "six");
    expect_tag(w, "job 1");
    OK(wal_meta_get(w, "cursor", 6, value, sizeof(value), &size));
    CHECK(size == 2 && memcmp(value, "17", 2) == 0);
    OK(wal_reader_open(w, 6, 0, &r));
    record.size = sizeof(record);
    CHECK(wal_reader_next(r, &record) == 1 && record.tag_size == 5);
    CHECK(memcmp(record.tag, "job 1", 5) == 0);
    wal_reader_close(r);
    OK(wal_batch_append(b, 9, "instead", 7));
    OK(wal_batch_meta(b, "cursor", 6, NULL, 0));
    OK(wal_batch_replace_after(b, 4, 0, &first, &last));
    CHECK(first == 5 && last == 5);
    CHECK(wal_meta_get(w, "cursor", 6, value, sizeof(value), &size) == WAL_E_NOTFOUND);
    expect_record(w, 5, 9, "instead");
    expect_tag(w, "");
    wal_batch_free(b);
    done_with(w, "tag");
}
