/* Options, allocator, locks, errors, open and close. */
#include "program.h"

#include <stdlib.h>
#include <string.h>

/* All options by their numbers, with values that any log can have. */
static const struct {
    uint32_t option;
    uint64_t value;
} settings[] = {
    {WAL_OPT_CREATE, 1},
    {WAL_OPT_EXCLUSIVE, 1},
    {WAL_OPT_READ_ONLY, 0},
    {WAL_OPT_STRICT, 1},
    {WAL_OPT_SYNC, WAL_SYNC_FULL},
    {WAL_OPT_INTERVAL_MS, 5},
    {WAL_OPT_INTERVAL_BYTES, 4096},
    {WAL_OPT_SEGMENT_BYTES, 1 << 20},
    {WAL_OPT_SEGMENT_RECORDS, 3},
    {WAL_OPT_MAX_RECORD_BYTES, 4096},
    {WAL_OPT_GROUP_BYTES, 1 << 16},
    {WAL_OPT_PENDING_BYTES, 1 << 20},
    {WAL_OPT_GROUP_WAIT_US, 10},
    {WAL_OPT_ZERO_AHEAD_BYTES, 1 << 16},
    {WAL_OPT_INDEX_BYTES, 1 << 16},
    {WAL_OPT_FIRST_LSN, 1000},
    {WAL_OPT_FILE_MODE, 0640},
    {WAL_OPT_DIR_MODE, 0750},
    {WAL_OPT_GROUP_ALIGN, 512},
    {WAL_OPT_BACKGROUND, 1},
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

static void use_names(wal_options_t *o)
{
    uint64_t value;

    for (uint32_t option = WAL_OPT_CREATE; option <= WAL_OPT_BACKGROUND; option++) {
        CHECK(wal_option_name(option) != NULL);
        CHECK(wal_option_by_name(wal_option_name(option)) == option);
        OK(wal_options_get(o, option, &value));
    }
    CHECK(wal_option_by_name("no such option") == 0);
    OK(wal_options_set_string(o, "segment_bytes", "2M"));
    OK(wal_options_get(o, WAL_OPT_SEGMENT_BYTES, &value));
    CHECK(value == 2 << 20);
    CHECK(wal_options_set_string(o, "sync", "sometimes") == WAL_E_INVAL);
}

void use_options(void)
{
    wal_options_t *o;
    wal_t *w;
    uint64_t value;

    OK(wal_options_new(&o));
    use_names(o);
    for (int i = 0; i < SETTINGS; i++)
        OK(wal_options_set(o, settings[i].option, settings[i].value));
    for (int i = 0; i < SETTINGS; i++) {
        OK(wal_options_get(o, settings[i].option, &value));
        CHECK(value == settings[i].value);
    }
    CHECK(wal_options_set(o, 0, 1) == WAL_E_INVAL);
    OK(wal_open(path_of("options"), o, &w));
    OK(wal_append(w, "first", 5, &value));
    CHECK(value == 1000);
    OK(wal_close(w));
    CHECK(wal_open(path_of("options"), o, &w) == WAL_E_EXISTS);
    wal_options_free(o);
    OK(wal_destroy(path_of("options")));
}

static int blocks;

static void *alloc_counted(void *ctx, size_t size)
{
    void *p = malloc(size);
    *(int *)ctx += p != NULL;
    return p;
}

static void *resize_counted(void *ctx, void *p, size_t size)
{
    (void)ctx;
    return realloc(p, size);
}

static void release_counted(void *ctx, void *p)
{
    --*(int *)ctx;
    free(p);
}

void use_allocator(void)
{
    wal_allocator_t allocator;
    wal_options_t *o;
    wal_t *w;

    memset(&allocator, 0, sizeof(allocator));
    allocator.size = sizeof(allocator);
    allocator.ctx = &blocks;
    allocator.alloc = alloc_counted;
    allocator.resize = resize_counted;
    allocator.release = release_counted;
    OK(wal_options_new(&o));
    OK(wal_options_set_allocator(o, &allocator));
    OK(wal_open(path_of("allocator"), o, &w));
    wal_options_free(o);
    CHECK(blocks > 0);
    done_with(w, "allocator");
    CHECK(blocks == 0);
}

void use_locks_and_errors(void)
{
    wal_options_t *o;
    wal_lock_t *lock;
    wal_error_t error;
    wal_t *w = four_records("lock");

    OK(wal_close(w));
    OK(wal_lock_acquire(path_of("lock"), &lock));
    CHECK(wal_open(path_of("lock"), NULL, &w) == WAL_E_LOCKED);
    OK(wal_last_error(&error, sizeof(error)));
    CHECK(error.size == sizeof(error) && error.code == WAL_E_LOCKED && error.lsn == 0);
    CHECK(memchr(error.message, 0, sizeof(error.message)) != NULL);
    CHECK(strstr(error.message, "lock") != NULL);
    CHECK(strcmp(wal_error_name(error.code), "WAL_E_LOCKED") == 0);
    CHECK(strcmp(wal_strerror(error.code), wal_strerror(1)) != 0);
    OK(wal_options_new(&o));
    OK(wal_options_set_lock(o, lock));
    OK(wal_open(path_of("lock"), o, &w));
    wal_options_free(o);
    OK(wal_close(w));
    wal_lock_release(lock);
    OK(wal_destroy(path_of("lock")));
}

static void expect_recovery(wal_t *w, uint32_t verdict, uint64_t last)
{
    wal_recovery_t r;

    OK(wal_recovery(w, &r, sizeof(r)));
    CHECK(r.size == sizeof(r) && r.verdict == verdict);
    CHECK(r.first_lsn == 1 && r.last_lsn == last && r.next_lsn == last + 1);
    CHECK(r.durable_lsn == last && r.checkpoint_lsn == 0 && r.discarded_bytes == 0);
    CHECK(r.cut_segment == 0 && r.cut_offset == 0 && r.header_repairs == 0);
    CHECK(r.duration_ns > 0);
}

void use_life(void)
{
    wal_options_t *o;
    wal_t *w, *reader;

    OK(wal_options_new(&o));
    OK(wal_options_set(o, WAL_OPT_READ_ONLY, 1));
    CHECK(wal_open(path_of("life"), o, &reader) == WAL_E_NOTFOUND);
    w = four_records("life");
    expect_recovery(w, WAL_RECOVERY_NEW, 0);
    expect_range(w, 1, 4);
    CHECK(wal_durable_lsn(w) == 4);
    OK(wal_open(path_of("life"), o, &reader));
    wal_options_free(o);
    expect_record(reader, 3, 0, "three");
    CHECK(wal_append(reader, "five", 4, NULL) == WAL_E_READONLY);
    OK(wal_close(reader));
    OK(wal_close(w));
    OK(wal_open(path_of("life"), NULL, &w));
    expect_recovery(w, WAL_RECOVERY_CLEAN, 4);
    done_with(w, "life");
}
