/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libwal/wal.h>

#include "base/attr.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)

/* The numbers, names and defaults that are pinned, and the ranges that wal.h states. */
static const struct expected {
    uint32_t number;
    const char *name;
    uint64_t least, most, standard;
} expected[] = {
    {1, "create", 0, 1, 1},
    {2, "exclusive", 0, 1, 0},
    {3, "read_only", 0, 1, 0},
    {4, "strict", 0, 1, 0},
    {5, "sync", 0, 4, 2},
    {6, "interval_ms", 1, 3600000, 100},
    {7, "interval_bytes", 1, TIB, MIB},
    {8, "segment_bytes", 64 * KIB, 4 * GIB, 64 * MIB},
    {9, "segment_records", 0, UINT64_MAX, 0},
    {10, "max_record_bytes", 1, GIB, 16 * MIB},
    {11, "group_bytes", 64 * KIB, 256 * MIB, MIB},
    {12, "pending_bytes", 1, TIB, 64 * MIB},
    {13, "group_wait_us", 0, 1000000, 0},
    {14, "zero_ahead_bytes", 0, 4 * GIB, MIB},
    {15, "direct_io", 0, 1, 0},
    {16, "index_bytes", 4 * KIB, TIB, 64 * MIB},
    {17, "first_lsn", 1, UINT64_MAX - 1, 1},
    {18, "codec", 0, 1, 0},
    {19, "codec_level", 1, 9, 1},
    {20, "codec_min_bytes", 0, GIB, 4 * KIB},
    {21, "retain_bytes", 0, UINT64_MAX, 0},
    {22, "retain_segments", 0, UINT64_MAX, 0},
    {23, "retain_age_ms", 0, UINT64_MAX, 0},
    {24, "retain_from_checkpoint", 0, 1, 0},
    {25, "pin_limit_bytes", 0, UINT64_MAX, GIB},
    {26, "reserve_bytes", 0, TIB, 0},
    {27, "file_mode", 0600, 0777, 0600},
    {28, "dir_mode", 0700, 0755, 0700},
    {29, "group_align", 64, 4096, 64},
    {30, "checkpoint_bytes", 0, GIB, 64 * MIB},
    {31, "slow_sync_us", 0, UINT64_C(3600000000), 0},
    {32, "event_ring", 1, 1048576, 1024},
    {33, "read_threads", 1, 64, 1},
    {34, "background", 0, 1, 1},
};
static const uint32_t unknown_numbers[] = {0, 35, 255, UINT32_MAX};

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

static uint64_t value_of(const wal_options_t *o, uint32_t number)
{
    uint64_t value;

    assert_int_equal(wal_options_get(o, number, &value), 0);
    return value;
}

/* The thread's last error has this code, and its text holds `part`. */
static void assert_error(int code, const char *part)
{
    wal_error_t e;

    assert_int_equal(wal_last_error(&e, sizeof(e)), 0);
    assert_int_equal(e.code, code);
    if (strstr(e.message, part) == NULL)
        fail_msg("'%s' lacks '%s'", e.message, part);
}

static void assert_refused(wal_options_t *o, const struct expected *x, uint64_t value)
{
    uint64_t before = value_of(o, x->number);
    char text[32];

    assert_int_equal(wal_options_set(o, x->number, value), WAL_E_INVAL);
    assert_error(WAL_E_INVAL, x->name);
    snprintf(text, sizeof(text), strstr(x->name, "_mode") != NULL ? "0%llo" : "%llu",
             (unsigned long long)value);
    assert_error(WAL_E_INVAL, text);
    assert_int_equal(value_of(o, x->number), before);
}

static void test_defaults(void **state)
{
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        assert_int_equal(value_of(*state, expected[i].number), expected[i].standard);
}

static void test_names_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        assert_string_equal(wal_option_name(expected[i].number), expected[i].name);
        assert_int_equal(wal_option_by_name(expected[i].name), expected[i].number);
    }
}

static void test_limits_are_taken_and_what_lies_beyond_is_not(void **state)
{
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        const struct expected *x = &expected[i];

        assert_int_equal(wal_options_set(*state, x->number, x->least), 0);
        assert_int_equal(value_of(*state, x->number), x->least);
        assert_int_equal(wal_options_set(*state, x->number, x->most), 0);
        assert_int_equal(value_of(*state, x->number), x->most);
        if (x->least > 0) {
            assert_refused(*state, x, x->least - 1);
            assert_refused(*state, x, 0);
        }
        if (x->most < UINT64_MAX) {
            assert_refused(*state, x, x->most + 1);
            assert_refused(*state, x, UINT64_MAX);
        }
    }
}

static void test_refusals_name_the_range(void **state)
{
    static const struct {
        uint32_t number;
        uint64_t value;
        const char *message;
    } cases[] = {
        {WAL_OPT_SEGMENT_BYTES, 5, "option segment_bytes: 5 is outside 65536 .. 4294967296"},
        {WAL_OPT_FILE_MODE, 0577, "option file_mode: 0577 is outside 0600 .. 0777"},
        {WAL_OPT_SYNC, 7, "option sync: 7 is not none, interval, data, full or dsync"},
        {WAL_OPT_CREATE, 2, "option create: 2 is not 0 or 1"},
        {WAL_OPT_GROUP_ALIGN, 128, "option group_align: 128 is not 64, 512 or 4096"},
        {WAL_OPT_FIRST_LSN, UINT64_MAX,
         "option first_lsn: 18446744073709551615 is outside 1 .. 18446744073709551614"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(wal_options_set(*state, cases[i].number, cases[i].value), WAL_E_INVAL);
        assert_error(WAL_E_INVAL, cases[i].message);
    }
}

static void test_group_align_takes_three_values(void **state)
{
    static const uint64_t wrong[] = {65, 128, 256, 511, 513, 1024, 2048, 4095};

    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_refused(*state, &expected[WAL_OPT_GROUP_ALIGN - 1], wrong[i]);
    assert_int_equal(wal_options_set(*state, WAL_OPT_GROUP_ALIGN, 512), 0);
    assert_int_equal(value_of(*state, WAL_OPT_GROUP_ALIGN), 512);
}

static void test_dir_mode_lets_nobody_else_write(void **state)
{
    static const uint64_t wrong[] = {0702, 0720, 0722, 0770, 0777};

    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_refused(*state, &expected[WAL_OPT_DIR_MODE - 1], wrong[i]);
    assert_int_equal(wal_options_set(*state, WAL_OPT_DIR_MODE, 0750), 0);
}

static void test_unknown_numbers_and_names(void **state)
{
    static const char *const names[] = {"",      "nothing", "SYNC",           "sync ",
                                        " sync", "syn",     "WAL_OPT_CREATE", "segment-bytes"};
    uint64_t value = 77;

    for (size_t i = 0; i < COUNT_OF(unknown_numbers); i++) {
        assert_int_equal(wal_options_set(*state, unknown_numbers[i], 1), WAL_E_INVAL);
        assert_int_equal(wal_options_get(*state, unknown_numbers[i], &value), WAL_E_INVAL);
        assert_int_equal(value, 77);
        assert_null(wal_option_name(unknown_numbers[i]));
    }
    assert_error(WAL_E_INVAL, "4294967295");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_int_equal(wal_option_by_name(names[i]), 0);
        assert_int_equal(wal_options_set_string(*state, names[i], "1"), WAL_E_INVAL);
    }
    assert_error(WAL_E_INVAL, "'segment-bytes'");
}

static void test_strings_that_are_taken(void **state)
{
    static const struct {
        const char *name, *text;
        uint64_t value;
    } cases[] = {
        {"create", "0", 0},
        {"create", "1", 1},
        {"sync", "none", WAL_SYNC_NONE},
        {"sync", "interval", WAL_SYNC_INTERVAL},
        {"sync", "data", WAL_SYNC_DATA},
        {"sync", "full", WAL_SYNC_FULL},
        {"sync", "dsync", WAL_SYNC_DSYNC},
        {"sync", "3", WAL_SYNC_FULL},
        {"interval_ms", "1", 1},
        {"interval_ms", "3600000", 3600000},
        {"interval_ms", "007", 7},
        {"segment_bytes", "65536", 64 * KIB},
        {"segment_bytes", "64K", 64 * KIB},
        {"segment_bytes", "4096M", 4 * GIB},
        {"segment_bytes", "4G", 4 * GIB},
        {"pending_bytes", "1024G", TIB},
        {"zero_ahead_bytes", "0", 0},
        {"zero_ahead_bytes", "0G", 0},
        {"group_align", "4K", 4096},
        {"segment_records", "18446744073709551615", UINT64_MAX},
        {"first_lsn", "18446744073709551614", UINT64_MAX - 1},
        {"file_mode", "0640", 0640},
        {"file_mode", "640", 0640},
        {"dir_mode", "0755", 0755},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(wal_options_set_string(*state, cases[i].name, cases[i].text), 0);
        assert_int_equal(value_of(*state, wal_option_by_name(cases[i].name)), cases[i].value);
    }
}

static void test_strings_that_are_refused(void **state)
{
    static const struct {
        const char *name, *text, *message;
    } cases[] = {
        {"create", "", "'' is not 0 or 1"},
        {"create", "2", "2 is not 0 or 1"},
        {"create", "yes", "'yes' is not 0 or 1"},
        {"create", "1K", "'1K' is not 0 or 1"},
        {"sync", "", "not none, interval"},
        {"sync", "Data", "'Data' is not none, interval"},
        {"sync", "data ", "'data ' is not none, interval"},
        {"sync", "5", "5 is not none, interval"},
        {"interval_ms", "", "'' is not a number of decimal digits"},
        {"interval_ms", "100K", "'100K' is not"},
        {"interval_ms", " 100", "' 100' is not"},
        {"interval_ms", "100 ", "'100 ' is not"},
        {"interval_ms", "+100", "'+100' is not"},
        {"interval_ms", "-1", "'-1' is not"},
        {"interval_ms", "0x10", "'0x10' is not"},
        {"interval_ms", "1e3", "'1e3' is not"},
        {"interval_ms", "1.5", "'1.5' is not"},
        {"interval_ms", "0", "0 is outside 1 .. 3600000"},
        {"interval_ms", "18446744073709551617", "18446744073709551617 is outside 1 .. 3600000"},
        {"interval_ms", "184467440737095516170", "184467440737095516170 is outside 1 .. "},
        {"segment_records", "18446744073709551616", "18446744073709551616 is outside 0 .. "},
        {"segment_records", "99999999999999999999", "99999999999999999999 is outside 0 .. "},
        {"segment_bytes", "", "'' is not a number of decimal digits, with K, M, G"},
        {"segment_bytes", "M", "'M' is not"},
        {"segment_bytes", "64m", "'64m' is not"},
        {"segment_bytes", "64MB", "'64MB' is not"},
        {"segment_bytes", "64 M", "'64 M' is not"},
        {"segment_bytes", "64T", "'64T' is not"},
        {"segment_bytes", "63K", "64512 is outside 65536 .. "},
        {"segment_bytes", "5G", "5368709120 is outside"},
        {"segment_bytes", "17179869184G", "17179869184G is outside"},
        {"segment_bytes", "17179869185G", "17179869185G is outside"},
        {"file_mode", "", "'' is not a number of octal digits"},
        {"file_mode", "0680", "'0680' is not"},
        {"file_mode", "rw", "'rw' is not"},
        {"file_mode", "0600K", "'0600K' is not"},
        {"file_mode", "01777", "01777 is outside 0600 .. 0777"},
        {"file_mode", "2000000000000000000600", "2000000000000000000600 is outside"},
        {"dir_mode", "0777", "0777 is not from 0700 to 0777 without write"},
        {"group_align", "1K", "1024 is not 64, 512 or 4096"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t number = wal_option_by_name(cases[i].name);

        assert_int_equal(wal_options_set_string(*state, cases[i].name, cases[i].text), WAL_E_INVAL);
        assert_error(WAL_E_INVAL, cases[i].name);
        assert_error(WAL_E_INVAL, cases[i].message);
        assert_int_equal(value_of(*state, number), expected[number - 1].standard);
    }
}

static void test_long_strings_leave_room_for_the_reason(void **state)
{
    char text[1000];

    memset(text, '9', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(wal_options_set_string(*state, "segment_bytes", text), WAL_E_INVAL);
    assert_error(WAL_E_INVAL, "is outside 65536 .. 4294967296");
    assert_int_equal(wal_options_set_string(*state, text, "1"), WAL_E_INVAL);
    assert_error(WAL_E_INVAL, "no option has the name '999");
}

static void test_null_arguments(void **state)
{
    wal_options_t *o = *state;
    uint64_t value = 77;

    assert_int_equal(wal_options_new(NULL), WAL_E_INVAL);
    wal_options_free(NULL);
    assert_int_equal(wal_options_set(NULL, WAL_OPT_CREATE, 1), WAL_E_INVAL);
    assert_int_equal(wal_options_get(NULL, WAL_OPT_CREATE, &value), WAL_E_INVAL);
    assert_int_equal(value, 77);
    assert_int_equal(wal_options_get(o, WAL_OPT_CREATE, NULL), WAL_E_INVAL);
    assert_int_equal(wal_options_set_string(NULL, "create", "1"), WAL_E_INVAL);
    assert_int_equal(wal_options_set_string(o, NULL, "1"), WAL_E_INVAL);
    assert_int_equal(wal_options_set_string(o, "create", NULL), WAL_E_INVAL);
    assert_int_equal(wal_option_by_name(NULL), 0);
    assert_int_equal(wal_options_set_allocator(o, NULL), WAL_E_INVAL);
    assert_int_equal(wal_options_set_lock(NULL, NULL), WAL_E_INVAL);
    assert_error(WAL_E_INVAL, "NULL");
}

#define WITH_OPTIONS(test) cmocka_unit_test_setup_teardown(test, new_options, free_options)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_OPTIONS(test_defaults),
        cmocka_unit_test(test_names_round_trip),
        WITH_OPTIONS(test_limits_are_taken_and_what_lies_beyond_is_not),
        WITH_OPTIONS(test_refusals_name_the_range),
        WITH_OPTIONS(test_group_align_takes_three_values),
        WITH_OPTIONS(test_dir_mode_lets_nobody_else_write),
        WITH_OPTIONS(test_unknown_numbers_and_names),
        WITH_OPTIONS(test_strings_that_are_taken),
        WITH_OPTIONS(test_strings_that_are_refused),
        WITH_OPTIONS(test_long_strings_leave_room_for_the_reason),
        WITH_OPTIONS(test_null_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
