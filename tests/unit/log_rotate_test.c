/* SPDX-License-Identifier: Apache-2.0 */
/* Rotation: what may fail does so in front of the seal. */
#include "spied_log.h"

#include <errno.h>

static void no_space_for_a_rotation_changes_nothing(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "a");
    struct boundary end = f->log->writer.end;
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_rotate(f->log), NULL);
    assert_int_equal(wal_failure(f->log), 0);
    assert_int_equal(f->log->writer.end.offset, end.offset);
    assert_int_equal(fixture_append(f, "b"), 2);
    must(wal_rotate(f->log));
    assert_int_equal(fixture_segments(f->log), 2);
    assert_int_equal(fixture_append(f, "c"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(no_space_for_a_rotation_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
