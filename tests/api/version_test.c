/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <libwal/wal.h>

static void test_version_is_the_headers(void **state)
{
    char start[32];

    (void)state;
    assert_string_equal(wal_version(), "1.0.0");
    snprintf(start, sizeof(start), "%d.%d.", WAL_VERSION_MAJOR, WAL_VERSION_MINOR);
    assert_int_equal(strncmp(wal_version(), start, strlen(start)), 0);
}

static void test_check_takes_its_own_major_and_no_newer_minor(void **state)
{
    (void)state;
    assert_int_equal(wal_version_check(WAL_VERSION_MAJOR, WAL_VERSION_MINOR), 0);
    assert_int_equal(wal_version_check(1, 0), 0);
    assert_int_equal(wal_version_check(0, 0), WAL_E_UNSUPPORTED);
    assert_int_equal(wal_version_check(2, 0), WAL_E_UNSUPPORTED);
    assert_int_equal(wal_version_check(1, WAL_VERSION_MINOR + 1), WAL_E_UNSUPPORTED);
    assert_int_equal(wal_version_check(UINT32_MAX, UINT32_MAX), WAL_E_UNSUPPORTED);
}

static void test_refusal_names_both_versions(void **state)
{
    wal_error_t e;

    (void)state;
    assert_int_equal(wal_version_check(3, 14), WAL_E_UNSUPPORTED);
    assert_int_equal(wal_last_error(&e, sizeof(e)), 0);
    assert_int_equal(e.code, WAL_E_UNSUPPORTED);
    assert_non_null(strstr(e.message, "3.14"));
    assert_non_null(strstr(e.message, wal_version()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_is_the_headers),
        cmocka_unit_test(test_check_takes_its_own_major_and_no_newer_minor),
        cmocka_unit_test(test_refusal_names_both_versions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
