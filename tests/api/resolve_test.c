/* SPDX-License-Identifier: Apache-2.0 */
/* What the options come to inside: config, allocator, lock, operating system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/options.h"

#define MIB (UINT64_C(1) << 20)

static int new_options(void **state)
{
    wal_options_t *o;

    if (wal_options_new(&o) != 0)
        return -1;
    *state = o;
    return 0;
}

static int free_options(void **state)
{
    wal_options_free(*state);
    return 0;
}

static void set(wal_options_t *o, uint32_t option, uint64_t value)
{
    assert_int_equal(wal_options_set(o, option, value), 0);
}

static void assert_defaults(const wal_options_t *o)
{
    struct config c;

    options_resolve(o, &c);
    assert_true(c.create && c.background);
    assert_false(c.exclusive || c.read_only || c.strict || c.direct_io || c.retain_from_checkpoint);
    assert_int_equal(c.sync_mode, WAL_SYNC_DATA);
    assert_int_equal(c.interval_ms, 100);
    assert_int_equal(c.interval_bytes, MIB);
    assert_int_equal(c.segment_bytes, 64 * MIB);
    assert_int_equal(c.segment_records, 0);
    assert_int_equal(c.max_record_bytes, 16 * MIB);
    assert_int_equal(c.group_bytes, MIB);
    assert_int_equal(c.pending_bytes, 64 * MIB);
    assert_int_equal(c.group_wait_us, 0);
    assert_int_equal(c.zero_ahead_bytes, MIB);
    assert_int_equal(c.index_bytes, 64 * MIB);
    assert_int_equal(c.first_lsn, 1);
    assert_int_equal(c.file_mode, 0600);
    assert_int_equal(c.dir_mode, 0700);
    assert_int_equal(c.group_align, 64);
    assert_ptr_equal(c.os, os_posix());
    assert_null(c.lock);
    assert_memory_equal(&c.alloc, &alloc_default, sizeof(alloc_default));
}

static void test_defaults_of_encodings_and_reading(void **state)
{
    struct config c;

    (void)state;
    options_resolve(NULL, &c);
    assert_int_equal(c.codec, 0);
    assert_int_equal(c.codec_level, 1);
    assert_int_equal(c.codec_min_bytes, 4096);
    assert_int_equal(c.retain_bytes, 0);
    assert_int_equal(c.retain_segments, 0);
    assert_int_equal(c.retain_age_ms, 0);
    assert_int_equal(c.pin_limit_bytes, 1024 * MIB);
    assert_int_equal(c.reserve_bytes, 0);
    assert_int_equal(c.checkpoint_bytes, 64 * MIB);
    assert_int_equal(c.slow_sync_us, 0);
    assert_int_equal(c.event_ring, 1024);
    assert_int_equal(c.read_threads, 1);
}

static void test_defaults(void **state)
{
    assert_defaults(NULL);
    assert_defaults(*state);
}

static void test_each_number_has_its_field(void **state)
{
    struct config c;

    set(*state, WAL_OPT_SYNC, WAL_SYNC_DSYNC);
    set(*state, WAL_OPT_INTERVAL_MS, 101);
    set(*state, WAL_OPT_INTERVAL_BYTES, 102);
    set(*state, WAL_OPT_SEGMENT_BYTES, UINT64_C(4) << 30);
    set(*state, WAL_OPT_SEGMENT_RECORDS, UINT64_MAX);
    set(*state, WAL_OPT_MAX_RECORD_BYTES, 103);
    set(*state, WAL_OPT_GROUP_BYTES, 256 * MIB);
    set(*state, WAL_OPT_PENDING_BYTES, UINT64_C(1) << 40);
    set(*state, WAL_OPT_GROUP_WAIT_US, 104);
    set(*state, WAL_OPT_ZERO_AHEAD_BYTES, UINT64_C(1) << 32);
    set(*state, WAL_OPT_INDEX_BYTES, 4105);
    set(*state, WAL_OPT_FIRST_LSN, UINT64_MAX - 1);
    set(*state, WAL_OPT_FILE_MODE, 0640);
    set(*state, WAL_OPT_DIR_MODE, 0750);
    set(*state, WAL_OPT_GROUP_ALIGN, 512);
    options_resolve(*state, &c);
    assert_int_equal(c.sync_mode, WAL_SYNC_DSYNC);
    assert_int_equal(c.interval_ms, 101);
    assert_int_equal(c.interval_bytes, 102);
    assert_int_equal(c.segment_bytes, UINT64_C(4) << 30);
    assert_int_equal(c.segment_records, UINT64_MAX);
    assert_int_equal(c.max_record_bytes, 103);
    assert_int_equal(c.group_bytes, 256 * MIB);
    assert_int_equal(c.pending_bytes, UINT64_C(1) << 40);
    assert_int_equal(c.group_wait_us, 104);
    assert_int_equal(c.zero_ahead_bytes, UINT64_C(1) << 32);
    assert_int_equal(c.index_bytes, 4105);
    assert_int_equal(c.first_lsn, UINT64_MAX - 1);
    assert_int_equal(c.file_mode, 0640);
    assert_int_equal(c.dir_mode, 0750);
    assert_int_equal(c.group_align, 512);
}

static void test_each_flag_has_its_field(void **state)
{
    static const uint32_t flags[] = {WAL_OPT_CREATE, WAL_OPT_EXCLUSIVE, WAL_OPT_READ_ONLY,
                                     WAL_OPT_STRICT, WAL_OPT_BACKGROUND};
    struct config c;

    for (size_t on = 0; on < COUNT_OF(flags); on++) {
        for (size_t i = 0; i < COUNT_OF(flags); i++)
            set(*state, flags[i], i == on);
        options_resolve(*state, &c);
        assert_int_equal(c.create, on == 0);
        assert_int_equal(c.exclusive, on == 1);
        assert_int_equal(c.read_only, on == 2);
        assert_int_equal(c.strict, on == 3);
        assert_int_equal(c.background, on == 4);
    }
}

static void test_pending_bytes_are_raised_inside_only(void **state)
{
    struct config c;
    uint64_t value;

    set(*state, WAL_OPT_PENDING_BYTES, 1);
    options_resolve(*state, &c);
    assert_true(c.pending_bytes > 16 * MIB);
    assert_int_equal(wal_options_get(*state, WAL_OPT_PENDING_BYTES, &value), 0);
    assert_int_equal(value, 1);
}

static void test_lock_and_system_are_lent(void **state)
{
    struct os os = {.ctx = NULL};
    char lock;
    struct config c;

    assert_int_equal(wal_options_set_lock(*state, (wal_lock_t *)(void *)&lock), 0);
    options_set_os(*state, &os);
    options_resolve(*state, &c);
    assert_ptr_equal(c.lock, &lock);
    assert_ptr_equal(c.os, &os);

    assert_int_equal(wal_options_set_lock(*state, NULL), 0);
    options_set_os(*state, NULL);
    options_resolve(*state, &c);
    assert_null(c.lock);
    assert_ptr_equal(c.os, os_posix());
}

static void *some_alloc(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void *some_resize(void *ctx, void *p, size_t size)
{
    (void)ctx;
    return realloc(p, size);
}

static void some_release(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

static const wal_allocator_t some = {
    sizeof(wal_allocator_t), 0, (void *)&some, some_alloc, some_resize, some_release,
};

static void assert_allocator(const wal_options_t *o, const struct alloc *expected)
{
    struct config c;

    options_resolve(o, &c);
    assert_memory_equal(&c.alloc, expected, sizeof(c.alloc));
}

static void test_allocator_is_copied(void **state)
{
    const struct alloc inside = {(void *)&some, some_alloc, some_resize, some_release};
    wal_allocator_t *given = malloc(sizeof(*given)); /* exactly */

    assert_non_null(given);
    *given = some;
    assert_int_equal(wal_options_set_allocator(*state, given), 0);
    memset(given, 0, sizeof(*given));
    free(given);
    assert_allocator(*state, &inside);
}

static void test_newer_allocator_is_taken(void **state)
{
    const struct alloc inside = {(void *)&some, some_alloc, some_resize, some_release};
    struct {
        wal_allocator_t known;
        void *unknown;
    } newer = {some, &newer};

    newer.known.size = sizeof(newer);
    assert_int_equal(wal_options_set_allocator(*state, &newer.known), 0);
    assert_allocator(*state, &inside);
}

static void test_wrong_allocators_are_refused(void **state)
{
    wal_allocator_t wrong[] = {some, some, some, some, some, some};

    wrong[0].size = 0;
    wrong[1].size = sizeof(wal_allocator_t) - 1;
    wrong[2].alloc = NULL;
    wrong[3].resize = NULL;
    wrong[4].release = NULL;
    wrong[5].reserved = 1;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(wal_options_set_allocator(*state, &wrong[i]), WAL_E_INVAL);
        assert_allocator(*state, &alloc_default);
    }
    assert_int_equal(wal_options_set_allocator(NULL, &some), WAL_E_INVAL);
}

#define WITH_OPTIONS(test) cmocka_unit_test_setup_teardown(test, new_options, free_options)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_OPTIONS(test_defaults),
        cmocka_unit_test(test_defaults_of_encodings_and_reading),
        WITH_OPTIONS(test_each_number_has_its_field),
        WITH_OPTIONS(test_each_flag_has_its_field),
        WITH_OPTIONS(test_pending_bytes_are_raised_inside_only),
        WITH_OPTIONS(test_lock_and_system_are_lent),
        WITH_OPTIONS(test_allocator_is_copied),
        WITH_OPTIONS(test_newer_allocator_is_taken),
        WITH_OPTIONS(test_wrong_allocators_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
