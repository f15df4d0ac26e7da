/* SPDX-License-Identifier: Apache-2.0 */
/* main DIRECTORY: the logs are made in it, and removed. */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *directory;

void check(int holds, const char *what, const char *file, int line)
{
    wal_error_t error;

    if (holds)
        return;
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    if (wal_last_error(&error, sizeof(error)) == WAL_OK && error.code != WAL_OK)
        fprintf(stderr, "last error: %s: %s\n", wal_error_name(error.code), error.message);
    exit(1);
}

const char *path_of(const char *name)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

wal_t *four_records(const char *name)
{
    static const char *const texts[] = {"one", "two", "three", "four"};
    wal_t *w;
    uint64_t lsn;

    OK(wal_open(path_of(name), NULL, &w));
    for (uint64_t i = 0; i < 4; i++) {
        OK(wal_append(w, texts[i], strlen(texts[i]), &lsn));
        CHECK(lsn == i + 1);
    }
    return w;
}

void expect_record(wal_t *w, uint64_t lsn, uint32_t type, const char *text)
{
    char buf[64];
    wal_record_t record;

    record.size = sizeof(record);
    OK(wal_get(w, lsn, buf, sizeof(buf), &record));
    CHECK(record.size == sizeof(record) && record.lsn == lsn && record.type == type);
    CHECK(record.data == buf && record.tag == NULL && record.tag_size == 0);
    CHECK(record.data_size == strlen(text) && memcmp(buf, text, strlen(text)) == 0);
}

void expect_range(wal_t *w, uint64_t first, uint64_t last)
{
    uint64_t got[4];

    OK(wal_range(w, &got[0], &got[1], &got[2], &got[3]));
    CHECK(got[0] == first && got[1] == last && got[3] < got[2]);
    CHECK(wal_first_lsn(w) == first && wal_last_lsn(w) == last && wal_next_lsn(w) == got[2]);
}

void done_with(wal_t *w, const char *name)
{
    CHECK(wal_failure(w) == WAL_OK);
    OK(wal_close(w));
    OK(wal_destroy(path_of(name)));
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    directory = argv[1];
    CHECK(wal_version_check(WAL_VERSION_MAJOR, WAL_VERSION_MINOR) == WAL_OK);
    use_options();
    use_allocator();
    use_presets();
    use_ciphers();
    use_locks_and_errors();
    use_life();
    use_appends();
    use_durability();
    use_batches();
    use_tagged_batches();
    use_readers();
    use_many_records();
    use_interrupted_readers();
    use_replay();
    use_portable_form();
    use_truncation();
    use_segments();
    use_statistics();
    use_metadata();
    use_info();
    use_checkpoints();
    use_machine();
    use_drain();
    use_durable_calls();
    use_event_calls();
    use_subscriptions();
    use_offline();
    printf("built against %d.%d, run with %s\n", WAL_VERSION_MAJOR, WAL_VERSION_MINOR,
           wal_version());
    return 0;
}
