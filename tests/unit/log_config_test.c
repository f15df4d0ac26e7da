/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/codes.h"
#include "base/fault.h"
#include "log/config.h"

enum { MIB = 1 << 20 };

static struct config usual(void)
{
    return (struct config){
        .create = true,
        .background = true,
        .sync_mode = WAL_SYNC_DATA,
        .interval_bytes = MIB,
        .pending_bytes = 64 * MIB,
        .max_record_bytes = 16 * MIB,
        .group_align = 64,
    };
}

static void assert_refused(const struct config *c, const char *first, const char *second)
{
    assert_int_equal(config_check(c), WAL_E_INVAL);
    assert_int_equal(fault_last()->code, WAL_E_INVAL);
    assert_non_null(strstr(fault_last()->text, first));
    assert_non_null(strstr(fault_last()->text, second));
}

static void test_usual_settings_stay(void **state)
{
    struct config c = usual();

    (void)state;
    config_adjust(&c);
    assert_int_equal(c.pending_bytes, 64 * MIB);
    assert_int_equal(c.interval_bytes, MIB);
    assert_int_equal(config_check(&c), 0);
}

static void test_pending_bytes_hold_one_largest_record(void **state)
{
    struct config c = usual();

    (void)state;
    c.interval_bytes = c.pending_bytes = 1;
    c.max_record_bytes = 1001; /* a group header, a record header, the payload padded to 8 */
    config_adjust(&c);
    assert_int_equal(c.pending_bytes, 1088); /* 64 + 16 + 1008 */
    assert_int_equal(c.interval_bytes, 1);

    c.pending_bytes = 1;
    c.group_align = 4096;
    config_adjust(&c);
    assert_int_equal(c.pending_bytes, 4096);

    c.pending_bytes = 4097;
    config_adjust(&c);
    assert_int_equal(c.pending_bytes, 4097);

    c.max_record_bytes = 1024 * MIB;
    config_adjust(&c);
    assert_true(c.pending_bytes >= 1024u * MIB + 80);
}

static void test_interval_is_not_above_pending_bytes(void **state)
{
    struct config c = usual();

    (void)state;
    c.interval_bytes = UINT64_C(1) << 40;
    config_adjust(&c);
    assert_int_equal(c.interval_bytes, c.pending_bytes);

    c.pending_bytes = 1;
    c.max_record_bytes = 1;
    config_adjust(&c); /* the raised pending_bytes counts */
    assert_int_equal(c.pending_bytes, 128);
    assert_int_equal(c.interval_bytes, 128);
}

static void test_read_only_contradicts_exclusive(void **state)
{
    struct config c = usual();

    (void)state;
    c.read_only = true;
    assert_int_equal(config_check(&c), 0); /* create is ignored */
    c.exclusive = true;
    assert_refused(&c, "read_only", "exclusive");
    c.read_only = false;
    assert_int_equal(config_check(&c), 0);
}

static void test_exclusive_needs_create(void **state)
{
    struct config c = usual();

    (void)state;
    c.create = false;
    assert_int_equal(config_check(&c), 0);
    c.exclusive = true;
    assert_refused(&c, "exclusive", "create");
}

static void test_interval_needs_background(void **state)
{
    struct config c = usual();

    (void)state;
    c.background = false;
    for (c.sync_mode = WAL_SYNC_NONE; c.sync_mode <= WAL_SYNC_DSYNC; c.sync_mode++)
        if (c.sync_mode == WAL_SYNC_INTERVAL)
            assert_refused(&c, "interval", "background");
        else
            assert_int_equal(config_check(&c), 0);
    c.sync_mode = WAL_SYNC_INTERVAL;
    c.background = true;
    assert_int_equal(config_check(&c), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual_settings_stay),
        cmocka_unit_test(test_pending_bytes_hold_one_largest_record),
        cmocka_unit_test(test_interval_is_not_above_pending_bytes),
        cmocka_unit_test(test_read_only_contradicts_exclusive),
        cmocka_unit_test(test_exclusive_needs_create),
        cmocka_unit_test(test_interval_needs_background),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
