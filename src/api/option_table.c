/* SPDX-License-Identifier: Apache-2.0 */
#include "api/option.h"

#include <stddef.h>
#include <string.h>

#include "format/limits.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)

#define HOUR_MS   UINT64_C(3600000)
#define HOUR_US   (1000 * HOUR_MS)
#define SECOND_US UINT64_C(1000000)

static const char *const sync_words[] = {
    [WAL_SYNC_NONE] = "none", [WAL_SYNC_INTERVAL] = "interval", [WAL_SYNC_DATA] = "data",
    [WAL_SYNC_FULL] = "full", [WAL_SYNC_DSYNC] = "dsync",
};
static const char *const codec_words[] = {"none", "zlib"};

static bool is_alignment(uint64_t bytes)
{
    return bytes == 64 || bytes == 512 || bytes == 4096;
}

/* Open refuses a directory that others can write to, so it doesn't make one. */
static bool is_safe_dir_mode(uint64_t mode)
{
    return (mode & 022) == 0;
}

#define FLAG(name, standard)                                                                       \
    {                                                                                              \
        name, OPTION_FLAG, 0, 1, standard, NULL, NULL, "0 or 1"                                    \
    }
#define NUMBER(name, least, most, standard)                                                        \
    {                                                                                              \
        name, OPTION_NUMBER, least, most, standard, NULL, NULL, NULL                               \
    }
#define BYTES(name, least, most, standard)                                                         \
    {                                                                                              \
        name, OPTION_BYTES, least, most, standard, NULL, NULL, NULL                                \
    }

static const struct option table[OPTION_LAST + 1] = {
    [WAL_OPT_CREATE] = FLAG("create", 1),
    [WAL_OPT_EXCLUSIVE] = FLAG("exclusive", 0),
    [WAL_OPT_READ_ONLY] = FLAG("read_only", 0),
    [WAL_OPT_STRICT] = FLAG("strict", 0),
    [WAL_OPT_SYNC] = {"sync", OPTION_WORD, WAL_SYNC_NONE, WAL_SYNC_DSYNC, WAL_SYNC_DATA, sync_words,
                      NULL, "none, interval, data, full or dsync"},
    [WAL_OPT_INTERVAL_MS] = NUMBER("interval_ms", 1, HOUR_MS, 100),
    [WAL_OPT_INTERVAL_BYTES] = BYTES("interval_bytes", 1, TIB, MIB),
    [WAL_OPT_SEGMENT_BYTES] = BYTES("segment_bytes", 64 * KIB, 4 * GIB, 64 * MIB),
    [WAL_OPT_SEGMENT_RECORDS] = NUMBER("segment_records", 0, UINT64_MAX, 0),
    [WAL_OPT_MAX_RECORD_BYTES] = BYTES("max_record_bytes", 1, GIB, 16 * MIB),
    [WAL_OPT_GROUP_BYTES] = BYTES("group_bytes", 64 * KIB, 256 * MIB, MIB),
    [WAL_OPT_PENDING_BYTES] = BYTES("pending_bytes", 1, TIB, 64 * MIB),
    [WAL_OPT_GROUP_WAIT_US] = NUMBER("group_wait_us", 0, SECOND_US, 0),
    [WAL_OPT_ZERO_AHEAD_BYTES] = BYTES("zero_ahead_bytes", 0, 4 * GIB, MIB),
    [WAL_OPT_DIRECT_IO] = FLAG("direct_io", 0),
    [WAL_OPT_INDEX_BYTES] = BYTES("index_bytes", 4 * KIB, TIB, 64 * MIB),
    [WAL_OPT_FIRST_LSN] = NUMBER("first_lsn", 1, LSN_MAX, 1),
    [WAL_OPT_CODEC] = {"codec", OPTION_WORD, 0, 1, 0, codec_words, NULL, "none or zlib"},
    [WAL_OPT_CODEC_LEVEL] = NUMBER("codec_level", 1, 9, 1),
    [WAL_OPT_CODEC_MIN_BYTES] = BYTES("codec_min_bytes", 0, GIB, 4 * KIB),
    [WAL_OPT_RETAIN_BYTES] = BYTES("retain_bytes", 0, UINT64_MAX, 0),
    [WAL_OPT_RETAIN_SEGMENTS] = NUMBER("retain_segments", 0, UINT64_MAX, 0),
    [WAL_OPT_RETAIN_AGE_MS] = NUMBER("retain_age_ms", 0, UINT64_MAX, 0),
    [WAL_OPT_RETAIN_FROM_CHECKPOINT] = FLAG("retain_from_checkpoint", 0),
    [WAL_OPT_PIN_LIMIT_BYTES] = BYTES("pin_limit_bytes", 0, UINT64_MAX, GIB),
    [WAL_OPT_RESERVE_BYTES] = BYTES("reserve_bytes", 0, TIB, 0),
    [WAL_OPT_FILE_MODE] = {"file_mode", OPTION_OCTAL, 0600, 0777, 0600, NULL, NULL, NULL},
    [WAL_OPT_DIR_MODE] = {"dir_mode", OPTION_OCTAL, 0700, 0777, 0700, NULL, is_safe_dir_mode,
                          "from 0700 to 0777 without write for group and others"},
    [WAL_OPT_GROUP_ALIGN] = {"group_align", OPTION_BYTES, 64, 4096, 64, NULL, is_alignment,
                             "64, 512 or 4096"},
    [WAL_OPT_CHECKPOINT_BYTES] = BYTES("checkpoint_bytes", 0, GIB, 64 * MIB),
    [WAL_OPT_SLOW_SYNC_US] = NUMBER("slow_sync_us", 0, HOUR_US, 0),
    [WAL_OPT_EVENT_RING] = NUMBER("event_ring", 1, MIB, 1024),
    [WAL_OPT_READ_THREADS] = NUMBER("read_threads", 1, 64, 1),
    [WAL_OPT_BACKGROUND] = FLAG("background", 1),
};

const struct option *option_at(uint32_t number)
{
    return number >= 1 && number <= OPTION_LAST ? &table[number] : NULL;
}

uint32_t option_find(const char *name)
{
    for (uint32_t number = 1; number <= OPTION_LAST; number++)
        if (strcmp(table[number].name, name) == 0)
            return number;
    return 0;
}
