/* SPDX-License-Identifier: Apache-2.0 */
#include "draft_fixture.h"

#include "segment/orphan.h"

static int lived(void)
{
    int ret = 7;
    assert_int_equal(orphan_lived(&draft.segment, &alloc_default, &ret), 0);
    return ret;
}

static void one_with_birth_groups_alone_has_not_lived(void **state)
{
    (void)state;
    assert_int_equal(lived(), 0);
    put_part(&draft, GROUP_BIRTH, 1, 8);
    put_part(&draft, GROUP_BIRTH, 3, 100);
    assert_int_equal(lived(), 0);
    damage(&draft, draft.end.offset + 200);
    assert_int_equal(lived(), 0);
}

static void any_other_right_header_is_life(void **state)
{
    (void)state;
    uint64_t birth = put_part(&draft, GROUP_BIRTH, 1, 8);
    uint64_t at = put(&draft, 1, 8);
    assert_int_equal(lived(), 1);
    damage(&draft, birth + 5); /* wherever it lies, and whatever its body */
    damage(&draft, at + 70);
    assert_int_equal(lived(), 1);
    damage(&draft, at + 5);
    assert_int_equal(lived(), 0);
}

static void headers_of_other_files_are_none(void **state)
{
    (void)state;
    uint64_t at = put(&draft, 1, 8);
    struct group_header h = peek(&draft, at);
    forge_foreign(&draft, at, &h, draft.header.salt + 1);
    assert_int_equal(lived(), 0);
}

static void an_error_is_no_answer(void **state)
{
    int ret = 7;
    (void)state;

    put(&draft, 1, 8);
    spy_fail(&bench.spy, SPY_READ, 1, EIO);
    assert_int_equal(orphan_lived(&draft.segment, &alloc_default, &ret), WAL_E_IO);
    spy_fail(&bench.spy, SPY_STAT, 1, EIO);
    assert_int_equal(orphan_lived(&draft.segment, &alloc_default, &ret), WAL_E_IO);
    assert_int_equal(ret, 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_with_birth_groups_alone_has_not_lived),
        TEST(any_other_right_header_is_life),
        TEST(headers_of_other_files_are_none),
        TEST(an_error_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
