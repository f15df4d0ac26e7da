/* SPDX-License-Identifier: Apache-2.0 */
/* Before a handle's first write what it read becomes durable, and leftovers go. */
#include "spied_log.h"

#include <errno.h>

#include "log/settle.h"

static void settled_once(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "a");
    fixture_close(f);
    fixture_write_file(fixture_path(f, "tmp-00000000000000000007"), 0, "x", 1);
    fixture_write_file(fixture_segment_path(f, 9), 0, "no segment", 10);
    fixture_open(f);
    assert_true(fixture_exists(fixture_segment_path(f, 9))); /* not by an open alone */
    assert_false(f->log->settled);
    spy_clear(&spy);
    fixture_append(f, "b");
    assert_true(f->log->settled);
    int synced = spied_at("sync /log", 1), gone = spied_at("unlink 00000000000000000009", 1);
    assert_true(synced >= 0 && gone > synced);
    assert_false(fixture_exists(fixture_path(f, "tmp-00000000000000000007")));
    assert_int_equal(f->log->writer.segment.header.number, 10); /* above every number there was */
    spy_clear(&spy);
    assert_int_equal(settle_once(f->log), 0);
    assert_int_equal(spy.calls[SPY_SYNC], 0);
}

static void a_failure_leaves_it_to_the_next_one(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "a");
    fixture_reopen(f);
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    assert_int_equal(settle_once(f->log), WAL_E_IO);
    assert_false(f->log->settled);
    assert_int_equal(settle_once(f->log), 0);
    assert_true(f->log->settled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(settled_once),
        spied_test(a_failure_leaves_it_to_the_next_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
