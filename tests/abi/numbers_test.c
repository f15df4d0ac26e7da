/* SPDX-License-Identifier: Apache-2.0 */
/* What programs were compiled with stays as it was: the numbers of all constants, the layout of all
 * structs, the names that go with numbers. Written from the design, not from the header; a line
 * here never changes, new ones are added. */
#include <libwal/crypto.h>
#include <libwal/wal.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PIN(name, number)           _Static_assert((name) == (number), #name)
#define PLACE(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #member)
#define SIZE(type, size)            _Static_assert(sizeof(type) == (size), #type)

/* Results */
PIN(WAL_OK, 0);
PIN(WAL_E_INVAL, -1);
PIN(WAL_E_NOMEM, -2);
PIN(WAL_E_IO, -3);
PIN(WAL_E_NOSPC, -4);
PIN(WAL_E_NOTFOUND, -5);
PIN(WAL_E_EXISTS, -6);
PIN(WAL_E_LOCKED, -7);
PIN(WAL_E_CORRUPT, -8);
PIN(WAL_E_TORN, -9);
PIN(WAL_E_VERSION, -10);
PIN(WAL_E_READONLY, -11);
PIN(WAL_E_CLOSED, -12);
PIN(WAL_E_FAILED, -13);
PIN(WAL_E_INDOUBT, -14);
PIN(WAL_E_TOOBIG, -15);
PIN(WAL_E_RANGE, -16);
PIN(WAL_E_TRIMMED, -17);
PIN(WAL_E_TIMEOUT, -18);
PIN(WAL_E_CRYPTO, -19);
PIN(WAL_E_BUSY, -20);
PIN(WAL_E_FORK, -21);
PIN(WAL_E_UNSUPPORTED, -22);
PIN(WAL_E_CALLBACK, -23);
PIN(WAL_E_PERM, -24);
PIN(WAL_E_FULL, -25);

/* Options */
PIN(WAL_OPT_CREATE, 1);
PIN(WAL_OPT_EXCLUSIVE, 2);
PIN(WAL_OPT_READ_ONLY, 3);
PIN(WAL_OPT_STRICT, 4);
PIN(WAL_OPT_SYNC, 5);
PIN(WAL_OPT_INTERVAL_MS, 6);
PIN(WAL_OPT_INTERVAL_BYTES, 7);
PIN(WAL_OPT_SEGMENT_BYTES, 8);
PIN(WAL_OPT_SEGMENT_RECORDS, 9);
PIN(WAL_OPT_MAX_RECORD_BYTES, 10);
PIN(WAL_OPT_GROUP_BYTES, 11);
PIN(WAL_OPT_PENDING_BYTES, 12);
PIN(WAL_OPT_GROUP_WAIT_US, 13);
PIN(WAL_OPT_ZERO_AHEAD_BYTES, 14);
PIN(WAL_OPT_DIRECT_IO, 15);
PIN(WAL_OPT_INDEX_BYTES, 16);
PIN(WAL_OPT_FIRST_LSN, 17);
PIN(WAL_OPT_CODEC, 18);
PIN(WAL_OPT_CODEC_LEVEL, 19);
PIN(WAL_OPT_CODEC_MIN_BYTES, 20);
PIN(WAL_OPT_RETAIN_BYTES, 21);
PIN(WAL_OPT_RETAIN_SEGMENTS, 22);
PIN(WAL_OPT_RETAIN_AGE_MS, 23);
PIN(WAL_OPT_RETAIN_FROM_CHECKPOINT, 24);
PIN(WAL_OPT_PIN_LIMIT_BYTES, 25);
PIN(WAL_OPT_RESERVE_BYTES, 26);
PIN(WAL_OPT_FILE_MODE, 27);
PIN(WAL_OPT_DIR_MODE, 28);
PIN(WAL_OPT_GROUP_ALIGN, 29);
PIN(WAL_OPT_CHECKPOINT_BYTES, 30);
PIN(WAL_OPT_SLOW_SYNC_US, 31);
PIN(WAL_OPT_EVENT_RING, 32);
PIN(WAL_OPT_READ_THREADS, 33);
PIN(WAL_OPT_BACKGROUND, 34);

/* Durability modes */
PIN(WAL_SYNC_NONE, 0);
PIN(WAL_SYNC_INTERVAL, 1);
PIN(WAL_SYNC_DATA, 2);
PIN(WAL_SYNC_FULL, 3);
PIN(WAL_SYNC_DSYNC, 4);

/* Presets */
PIN(WAL_CODEC_NONE, 0);
PIN(WAL_CODEC_ZLIB, 1);
PIN(WAL_PRESET_LOW_LATENCY, 1);
PIN(WAL_PRESET_HIGH_THROUGHPUT, 2);
PIN(WAL_PRESET_DURABLE, 3);

/* Flags of appends */
PIN(WAL_APPEND_SYNC, 1);
PIN(WAL_APPEND_ASYNC, 2);
PIN(WAL_APPEND_NOWAIT, 4);
PIN(WAL_APPEND_SUBMIT, 8);

/* Flags of readers */
PIN(WAL_READ_WRITTEN, 1);
PIN(WAL_READ_REVERSE, 2);
PIN(WAL_READ_PIN, 4);

/* Flags of records */
PIN(WAL_RECORD_DURABLE, 1);
PIN(WAL_RECORD_BATCH_LAST, 2);

/* Verdicts of recovery */
PIN(WAL_RECOVERY_NEW, 0);
PIN(WAL_RECOVERY_CLEAN, 1);
PIN(WAL_RECOVERY_TORN, 2);
PIN(WAL_RECOVERY_AMBIGUOUS, 3);
PIN(WAL_RECOVERY_DAMAGED, 4);
PIN(WAL_REPAIR_DRY_RUN, 1);
PIN(WAL_REPAIR_CUT_AT_DAMAGE, 2);
PIN(WAL_REPAIR_REBUILD_CONTROL, 4);

/* Flags of logs */
PIN(WAL_INFO_DIRECT, 1);
PIN(WAL_INFO_DSYNC, 2);
PIN(WAL_INFO_READ_ONLY, 4);
PIN(WAL_INFO_CLEAN, 8);

/* Flags of segments */
PIN(WAL_SEGMENT_SEALED, 1);
PIN(WAL_SEGMENT_ACTIVE, 2);

/* Histograms */
PIN(WAL_HIST_APPEND_NS, 0);
PIN(WAL_HIST_SYNC_NS, 1);
PIN(WAL_HIST_GROUP_RECORDS, 2);
PIN(WAL_HIST_GROUP_BYTES, 3);
PIN(WAL_HIST_READ_NS, 4);

/* Statistics */
PIN(WAL_STAT_APPEND_RECORDS, 0);
PIN(WAL_STAT_APPEND_BYTES, 1);
PIN(WAL_STAT_SYNCS, 2);
PIN(WAL_STAT_SYNC_NS, 3);
PIN(WAL_STAT_GROUPS, 4);
PIN(WAL_STAT_WRITES, 5);
PIN(WAL_STAT_WRITTEN_BYTES, 6);
PIN(WAL_STAT_ROTATIONS, 7);
PIN(WAL_STAT_REMOVED_SEGMENTS, 8);
PIN(WAL_STAT_TRUNCATED_FRONT, 9);
PIN(WAL_STAT_TRUNCATED_BACK, 10);
PIN(WAL_STAT_CORRUPTIONS, 11);
PIN(WAL_STAT_WRITE_ERRORS, 12);
PIN(WAL_STAT_DISCARDED_BYTES, 13);
PIN(WAL_STAT_RECOVERY_NS, 14);
PIN(WAL_STAT_PENDING_BYTES, 15);
PIN(WAL_STAT_INDEX_BYTES, 16);
PIN(WAL_STAT_RAW_BYTES, 17);
PIN(WAL_STAT_STORED_BYTES, 18);
PIN(WAL_STAT_PINNED_BYTES, 19);
PIN(WAL_STAT_BROKEN_PINS, 20);

/* Events */
PIN(WAL_EVENT_OPENED, 1);
PIN(WAL_EVENT_ROTATED, 2);
PIN(WAL_EVENT_SYNCED, 4);
PIN(WAL_EVENT_PERSISTED, 8);
PIN(WAL_EVENT_REMOVED, 16);
PIN(WAL_EVENT_TRUNCATED, 32);
PIN(WAL_EVENT_FAILED, 64);
PIN(WAL_EVENT_CORRUPT, 128);
PIN(WAL_EVENT_SLOW_SYNC, 256);
PIN(WAL_EVENT_DURABLE, 512);
PIN(WAL_EVENT_WRITE_ERROR, 1024);

PIN(WAL_AEAD_AES_256_GCM, 1);
PIN(WAL_AEAD_CHACHA20_POLY1305, 2);
SIZE(wal_cipher_t, 56);
PLACE(wal_cipher_t, size, 0);
PLACE(wal_cipher_t, id, 4);
PLACE(wal_cipher_t, ctx, 8);
PLACE(wal_cipher_t, derive, 16);
PLACE(wal_cipher_t, drop, 24);
PLACE(wal_cipher_t, seal, 32);
PLACE(wal_cipher_t, open, 40);
PLACE(wal_cipher_t, release, 48);
SIZE(wal_machine_t, 40);
PLACE(wal_machine_t, size, 0);
PLACE(wal_machine_t, flags, 4);
PLACE(wal_machine_t, ctx, 8);
PLACE(wal_machine_t, apply, 16);
PLACE(wal_machine_t, snapshot, 24);
PLACE(wal_machine_t, restore, 32);
SIZE(wal_event_t, 56);
PLACE(wal_event_t, size, 0);
PLACE(wal_event_t, kind, 4);
PLACE(wal_event_t, lsn, 8);
PLACE(wal_event_t, segment, 16);
PLACE(wal_event_t, bytes, 24);
PLACE(wal_event_t, duration_ns, 32);
PLACE(wal_event_t, time_ns, 40);
PLACE(wal_event_t, code, 48);
PLACE(wal_event_t, dropped, 52);

SIZE(wal_error_t, 296);
PLACE(wal_error_t, size, 0);
PLACE(wal_error_t, code, 4);
PLACE(wal_error_t, sys_errno, 8);
PLACE(wal_error_t, reserved, 12);
PLACE(wal_error_t, lsn, 16);
PLACE(wal_error_t, segment, 24);
PLACE(wal_error_t, offset, 32);
PLACE(wal_error_t, message, 40);

SIZE(wal_recovery_t, 104);
PLACE(wal_recovery_t, size, 0);
PLACE(wal_recovery_t, verdict, 4);
PLACE(wal_recovery_t, first_lsn, 8);
PLACE(wal_recovery_t, last_lsn, 16);
PLACE(wal_recovery_t, next_lsn, 24);
PLACE(wal_recovery_t, durable_lsn, 32);
PLACE(wal_recovery_t, checkpoint_lsn, 40);
PLACE(wal_recovery_t, discarded_bytes, 48);
PLACE(wal_recovery_t, carried_records, 56);
PLACE(wal_recovery_t, segments, 64);
PLACE(wal_recovery_t, duration_ns, 72);
PLACE(wal_recovery_t, cut_segment, 80);
PLACE(wal_recovery_t, cut_offset, 88);
PLACE(wal_recovery_t, header_repairs, 96);

SIZE(wal_verify_t, 88);
PLACE(wal_verify_t, size, 0);
PLACE(wal_verify_t, verdict, 4);
PLACE(wal_verify_t, segments, 8);
PLACE(wal_verify_t, records, 16);
PLACE(wal_verify_t, bytes, 24);
PLACE(wal_verify_t, first_lsn, 32);
PLACE(wal_verify_t, last_lsn, 40);
PLACE(wal_verify_t, damaged_segment, 48);
PLACE(wal_verify_t, damaged_offset, 56);
PLACE(wal_verify_t, damaged_lsn, 64);
PLACE(wal_verify_t, gaps, 72);
PLACE(wal_verify_t, duration_ns, 80);

SIZE(wal_info_t, 120);
PLACE(wal_info_t, size, 0);
PLACE(wal_info_t, flags, 4);
PLACE(wal_info_t, uuid, 8);
PLACE(wal_info_t, major, 24);
PLACE(wal_info_t, minor, 26);
PLACE(wal_info_t, codec, 28);
PLACE(wal_info_t, cipher, 32);
PLACE(wal_info_t, key_id, 36);
PLACE(wal_info_t, strays, 40);
PLACE(wal_info_t, reserved, 44);
PLACE(wal_info_t, epoch, 48);
PLACE(wal_info_t, label, 56);

SIZE(wal_segment_t, 64);
PLACE(wal_segment_t, size, 0);
PLACE(wal_segment_t, flags, 4);
PLACE(wal_segment_t, number, 8);
PLACE(wal_segment_t, first_lsn, 16);
PLACE(wal_segment_t, last_lsn, 24);
PLACE(wal_segment_t, bytes, 32);
PLACE(wal_segment_t, records, 40);
PLACE(wal_segment_t, created_ns, 48);
PLACE(wal_segment_t, checkpoint_lsn, 56);

/* Structs with pointers, where these have 64 bits */
#if UINTPTR_MAX == UINT64_MAX
SIZE(wal_record_t, 48);
PLACE(wal_record_t, size, 0);
PLACE(wal_record_t, type, 4);
PLACE(wal_record_t, lsn, 8);
PLACE(wal_record_t, data, 16);
PLACE(wal_record_t, data_size, 24);
PLACE(wal_record_t, tag, 32);
PLACE(wal_record_t, tag_size, 40);
PLACE(wal_record_t, flags, 44);

SIZE(wal_allocator_t, 40);
PLACE(wal_allocator_t, size, 0);
PLACE(wal_allocator_t, reserved, 4);
PLACE(wal_allocator_t, ctx, 8);
PLACE(wal_allocator_t, alloc, 16);
PLACE(wal_allocator_t, resize, 24);
PLACE(wal_allocator_t, release, 32);
#endif

/* Indexed by the negated code, by option, by statistic */
static const char *const error_names[] = {
    "WAL_OK",         "WAL_E_INVAL",    "WAL_E_NOMEM",       "WAL_E_IO",       "WAL_E_NOSPC",
    "WAL_E_NOTFOUND", "WAL_E_EXISTS",   "WAL_E_LOCKED",      "WAL_E_CORRUPT",  "WAL_E_TORN",
    "WAL_E_VERSION",  "WAL_E_READONLY", "WAL_E_CLOSED",      "WAL_E_FAILED",   "WAL_E_INDOUBT",
    "WAL_E_TOOBIG",   "WAL_E_RANGE",    "WAL_E_TRIMMED",     "WAL_E_TIMEOUT",  "WAL_E_CRYPTO",
    "WAL_E_BUSY",     "WAL_E_FORK",     "WAL_E_UNSUPPORTED", "WAL_E_CALLBACK", "WAL_E_PERM",
    "WAL_E_FULL",
};

static const char *const option_names[] = {
    NULL,
    "create",
    "exclusive",
    "read_only",
    "strict",
    "sync",
    "interval_ms",
    "interval_bytes",
    "segment_bytes",
    "segment_records",
    "max_record_bytes",
    "group_bytes",
    "pending_bytes",
    "group_wait_us",
    "zero_ahead_bytes",
    "direct_io",
    "index_bytes",
    "first_lsn",
    "codec",
    "codec_level",
    "codec_min_bytes",
    "retain_bytes",
    "retain_segments",
    "retain_age_ms",
    "retain_from_checkpoint",
    "pin_limit_bytes",
    "reserve_bytes",
    "file_mode",
    "dir_mode",
    "group_align",
    "checkpoint_bytes",
    "slow_sync_us",
    "event_ring",
    "read_threads",
    "background",
};

static const char *const stat_names[] = {
    "append_records", "append_bytes",  "syncs",        "sync_ns",          "groups",
    "writes",         "written_bytes", "rotations",    "removed_segments", "truncated_front",
    "truncated_back", "corruptions",   "write_errors", "discarded_bytes",  "recovery_ns",
    "pending_bytes",  "index_bytes",   "raw_bytes",    "stored_bytes",     "pinned_bytes",
    "broken_pins",
};

enum {
    ERRORS = sizeof(error_names) / sizeof(error_names[0]),
    OPTIONS = sizeof(option_names) / sizeof(option_names[0]),
    STATS = sizeof(stat_names) / sizeof(stat_names[0])
};

static void test_version(void **state)
{
    (void)state;
    assert_string_equal(wal_version(), PROJECT_VERSION);
    assert_int_equal(wal_version_check(1, 0), WAL_OK);
    assert_int_equal(wal_version_check(WAL_VERSION_MAJOR, WAL_VERSION_MINOR), WAL_OK);
    assert_int_equal(wal_version_check(WAL_VERSION_MAJOR, WAL_VERSION_MINOR + 1),
                     WAL_E_UNSUPPORTED);
    assert_int_equal(wal_version_check(WAL_VERSION_MAJOR + 1, 0), WAL_E_UNSUPPORTED);
    assert_int_equal(wal_version_check(0, 0), WAL_E_UNSUPPORTED);
}

static void test_error_names(void **state)
{
    (void)state;
    for (int i = 0; i < ERRORS; i++) {
        assert_string_equal(wal_error_name(-i), error_names[i]);
        assert_string_not_equal(wal_strerror(-i), wal_strerror(1));
    }
    assert_string_equal(wal_error_name(-ERRORS), "WAL_E_UNKNOWN");
    assert_string_equal(wal_error_name(1), "WAL_E_UNKNOWN");
}

static void test_option_names(void **state)
{
    (void)state;
    assert_null(wal_option_name(0));
    for (uint32_t i = 1; i < OPTIONS; i++) {
        assert_string_equal(wal_option_name(i), option_names[i]);
        assert_int_equal(wal_option_by_name(option_names[i]), i);
    }
    assert_null(wal_option_name(OPTIONS));
    assert_int_equal(wal_option_by_name("segment_byte"), 0);
    assert_int_equal(wal_option_by_name(NULL), 0);
}

static void test_stat_names(void **state)
{
    (void)state;
    assert_int_equal(wal_stat_count(), STATS);
    for (uint32_t i = 0; i < STATS; i++)
        assert_string_equal(wal_stat_name(i), stat_names[i]);
    assert_null(wal_stat_name(STATS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_error_names),
        cmocka_unit_test(test_option_names),
        cmocka_unit_test(test_stat_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
