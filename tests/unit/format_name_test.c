/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "format/name.h"

static void test_names(void **state)
{
    static const struct {
        uint64_t number;
        const char *segment, *temp;
    } cases[] = {
        {1, "00000000000000000001.wal", "tmp-00000000000000000001"},
        {42, "00000000000000000042.wal", "tmp-00000000000000000042"},
        {UINT64_MAX, "18446744073709551615.wal", "tmp-18446744073709551615"},
    };
    char name[NAME_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t number = 0;
        name_segment(name, cases[i].number);
        assert_string_equal(name, cases[i].segment);
        assert_true(name_is_segment(name, &number));
        assert_true(number == cases[i].number);
        assert_false(name_is_temp(name));
        name_temp(name, cases[i].number);
        assert_string_equal(name, cases[i].temp);
        assert_true(name_is_temp(name));
        assert_false(name_is_segment(name, &number));
    }
    assert_string_equal(NAME_CONTROL, "control");
}

static void test_what_is_no_segment(void **state)
{
    static const char *const names[] = {
        "",
        "0",
        "1.wal",
        "control",
        "reserve",
        "00000000000000000000.wal", /* number 0 */
        "18446744073709551616.wal", /* 2^64 */
        "99999999999999999999.wal",
        "0000000000000000042.wal",   /* 19 digits */
        "000000000000000000042.wal", /* 21 */
        "00000000000000000042.wal~",
        "00000000000000000042.wal.gz",
        "00000000000000000042.WAL",
        "00000000000000000042.wa",
        "00000000000000000042",
        "00000000000000000042xwal",
        " 0000000000000000042.wal",
        "+0000000000000000042.wal",
        "-0000000000000000042.wal",
        "0000000000000000004a.wal",
        "0000000000000000004\xb2.wal",
        "x00000000000000000042.wal",
    };
    uint64_t number = 7;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_false(name_is_segment(names[i], &number));
    assert_true(number == 7);
}

static void test_temp(void **state)
{
    (void)state;
    assert_true(name_is_temp("tmp-00000000000000000000"));
    assert_true(name_is_temp("tmp-99999999999999999999"));
    assert_false(name_is_temp("tmp-"));
    assert_false(name_is_temp("tmp-0000000000000000001"));
    assert_false(name_is_temp("tmp-000000000000000000001"));
    assert_false(name_is_temp("tmp-0000000000000000000a"));
    assert_false(name_is_temp("tmp-00000000000000000001.wal"));
    assert_false(name_is_temp("Tmp-00000000000000000001"));
    assert_false(name_is_temp("tmp"));
    assert_false(name_is_temp(""));
    assert_false(name_is_temp("atmp-00000000000000000001"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_what_is_no_segment),
        cmocka_unit_test(test_temp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
