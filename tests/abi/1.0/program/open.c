/* SPDX-License-Identifier: Apache-2.0 */
/* Options and what else a log is opened with. */
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
    {WAL_OPT_SLOW_SYNC_US, 1000000},
    {WAL_OPT_EVENT_RING, 16},
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

void use_presets(void)
{
    wal_options_t *o;
    uint64_t value;

    OK(wal_options_new(&o));
    OK(wal_options_preset(o, WAL_PRESET_HIGH_THROUGHPUT));
    OK(wal_options_preset(o, WAL_PRESET_LOW_LATENCY));
    OK(wal_options_get(o, WAL_OPT_GROUP_WAIT_US, &value));
    CHECK(value == 0);
    OK(wal_options_preset(o, WAL_PRESET_DURABLE));
    OK(wal_options_get(o, WAL_OPT_SYNC, &value));
    CHECK(value == WAL_SYNC_FULL);
    CHECK(wal_options_preset(o, 0) == WAL_E_INVAL);
    wal_options_free(o);
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
