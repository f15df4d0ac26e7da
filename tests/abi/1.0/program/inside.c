/* SPDX-License-Identifier: Apache-2.0 */
/* Truncation, segments, statistics, metadata, the log as a whole. */
#include "program.h"

#include <string.h>

void use_truncation(void)
{
    wal_t *w = four_records("truncate");

    OK(wal_truncate_before(w, 2));
    OK(wal_truncate_after(w, 3));
    expect_range(w, 2, 3);
    CHECK(wal_truncate_before(w, 5) == WAL_E_RANGE);
    OK(wal_reset(w, 100));
    expect_range(w, 100, 0);
    CHECK(wal_next_lsn(w) == 100);
    done_with(w, "truncate");
}

void use_segments(void)
{
    wal_t *w = four_records("segments");
    wal_segment_t found[3];
    size_t n = 3;

    OK(wal_rotate(w));
    memset(found, 0, sizeof(found));
    found[0].size = sizeof(found[0]);
    OK(wal_segments(w, found, sizeof(found[0]), &n));
    CHECK(n == 2 && found[1].size == sizeof(found[1]));
    CHECK(found[0].flags == WAL_SEGMENT_SEALED && found[1].flags == WAL_SEGMENT_ACTIVE);
    CHECK(found[0].number < found[1].number && found[0].created_ns > 0);
    CHECK(found[0].first_lsn == 1 && found[0].last_lsn == 4 && found[0].records == 4);
    CHECK(found[1].first_lsn == 5 && found[1].last_lsn == 4 && found[1].records == 0);
    CHECK(found[0].bytes > 0 && found[0].checkpoint_lsn == 0);
    n = 0;
    OK(wal_segments(w, NULL, sizeof(found[0]), &n));
    CHECK(n == 2);
    done_with(w, "segments");
}

void use_statistics(void)
{
    wal_t *w = four_records("stats");
    uint64_t values[WAL_STAT_BROKEN_PINS + 1], buckets[64], records = 0;

    CHECK(wal_stat_count() > WAL_STAT_BROKEN_PINS);
    CHECK(strcmp(wal_stat_name(WAL_STAT_BROKEN_PINS), "broken_pins") == 0);
    OK(wal_stats(w, values, WAL_STAT_BROKEN_PINS + 1));
    CHECK(values[WAL_STAT_APPEND_RECORDS] == 4 && values[WAL_STAT_APPEND_BYTES] == 15);
    CHECK(values[WAL_STAT_SYNCS] >= 4 && values[WAL_STAT_BROKEN_PINS] == 0);
    for (uint32_t which = WAL_HIST_APPEND_NS; which <= WAL_HIST_READ_NS; which++)
        OK(wal_histogram(w, which, buckets));
    OK(wal_histogram(w, WAL_HIST_GROUP_RECORDS, buckets));
    for (int i = 0; i < 64; i++)
        records += buckets[i] << i;
    CHECK(records == 4);
    CHECK(wal_disk_bytes(w) > 0);
    done_with(w, "stats");
}

static int count_keys(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    CHECK(klen == 4 && memcmp(key, "vote", 4) == 0 && vlen == 2 && memcmp(value, "me", 2) == 0);
    ++*(int *)ctx;
    return 0;
}

void use_metadata(void)
{
    wal_t *w = four_records("meta");
    char value[8];
    size_t size;
    int keys = 0;

    OK(wal_meta_set(w, "vote", 4, "me", 2));
    OK(wal_meta_set(w, "term", 4, "17", 2));
    OK(wal_meta_delete(w, "term", 4));
    OK(wal_meta_get(w, "vote", 4, value, sizeof(value), &size));
    CHECK(size == 2 && memcmp(value, "me", 2) == 0);
    CHECK(wal_meta_get(w, "term", 4, value, sizeof(value), &size) == WAL_E_NOTFOUND);
    CHECK(wal_meta_get(w, "vote", 4, value, 1, &size) == WAL_E_TOOBIG && size == 2);
    OK(wal_meta_each(w, count_keys, &keys));
    CHECK(keys == 1);
    done_with(w, "meta");
}

void use_info(void)
{
    static const char label[64] = "a program of version 1.0";
    wal_options_t *o;
    wal_info_t first, again;
    wal_t *w;

    OK(wal_options_new(&o));
    OK(wal_options_set_label(o, label, strlen(label)));
    OK(wal_open(path_of("info"), o, &w));
    wal_options_free(o);
    OK(wal_info(w, &first, sizeof(first)));
    CHECK(first.size == sizeof(first) && first.flags == 0 && first.major == 1);
    CHECK(first.cipher == 0 && first.key_id == 0 && first.codec == 0 && first.strays == 0);
    CHECK(memcmp(first.label, label, sizeof(label)) == 0);
    OK(wal_close(w));
    OK(wal_open(path_of("info"), NULL, &w));
    OK(wal_append(w, "one", 3, NULL));
    OK(wal_info(w, &again, sizeof(again)));
    CHECK(again.flags == WAL_INFO_CLEAN && again.epoch > first.epoch);
    CHECK(memcmp(again.uuid, first.uuid, sizeof(first.uuid)) == 0);
    done_with(w, "info");
}
