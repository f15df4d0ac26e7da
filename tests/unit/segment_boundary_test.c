/* SPDX-License-Identifier: Apache-2.0 */
/* What a boundary knows of the groups in front of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "segment/boundary.h"

static struct boundary at;

static void pass(enum group_type type, unsigned flags, uint64_t lsn, uint32_t stored)
{
    uint8_t body[CHECKPOINT_HEADER_BYTES] = {0};
    struct group_header h = {.type = (uint8_t)type,
                             .flags = (uint8_t)flags,
                             .raw_bytes = stored,
                             .records = type == GROUP_DATA ? 3 : 0,
                             .crc = (uint32_t)at.offset + 1};
    store64(body, lsn);
    boundary_pass(&at, &h, body, at.offset + 128);
}

static void checkpoint(unsigned flags, uint64_t lsn)
{
    pass(GROUP_CHECKPOINT, flags, lsn, CHECKPOINT_HEADER_BYTES);
}

static int setup(void **state)
{
    (void)state;
    at = (struct boundary){.offset = 4096, .next_lsn = 10};
    return 0;
}

static void moves_on(void **state)
{
    (void)state;
    pass(GROUP_DATA, 0, 0, 64);
    assert_int_equal(at.offset, 4224);
    assert_int_equal(at.next_lsn, 13);
    assert_int_equal(at.link, 4097);
    assert_int_equal(at.meta_offset, 0);
    pass(GROUP_META, 0, 0, 64);
    assert_int_equal(at.next_lsn, 13);
    assert_int_equal(at.meta_offset, 4224);
    assert_int_equal(at.checkpoint_offset, 0);
    struct group_header tagged = {.type = GROUP_TAG, .tag_bytes = 1};
    boundary_pass(&at, &tagged, NULL, 5000);
    assert_int_equal(at.tag_offset, 4352);
}

static void a_checkpoint_of_one_group(void **state)
{
    (void)state;
    checkpoint(0, 7);
    assert_int_equal(at.checkpoint_offset, 4096);
    assert_int_equal(at.checkpoint_lsn, 7);
    checkpoint(GROUP_BIRTH, 8);
    assert_int_equal(at.checkpoint_offset, 4224);
    assert_int_equal(at.checkpoint_lsn, 8);
}

static void one_of_several_counts_with_its_last(void **state)
{
    (void)state;
    checkpoint(0, 7);
    checkpoint(GROUP_FIRST, 9);
    checkpoint(0, 9);
    assert_int_equal(at.checkpoint_lsn, 7);
    checkpoint(GROUP_LAST, 9);
    assert_int_equal(at.checkpoint_offset, 4224);
    assert_int_equal(at.checkpoint_lsn, 9);
    checkpoint(0, 10); /* and the next one is one by itself again */
    assert_int_equal(at.checkpoint_offset, 4096 + 4 * 128);
}

static void forged_and_unseen_ones_are_passed_by(void **state)
{
    (void)state;
    pass(GROUP_CHECKPOINT, 0, 7, CHECKPOINT_HEADER_BYTES - 8);
    assert_int_equal(at.checkpoint_offset, 0);
    struct group_header h = {.type = GROUP_CHECKPOINT, .raw_bytes = 64};
    boundary_pass(&at, &h, NULL, 5000);
    assert_int_equal(at.checkpoint_offset, 0);
    assert_int_equal(at.offset, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(moves_on, setup),
        cmocka_unit_test_setup(a_checkpoint_of_one_group, setup),
        cmocka_unit_test_setup(one_of_several_counts_with_its_last, setup),
        cmocka_unit_test_setup(forged_and_unseen_ones_are_passed_by, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
