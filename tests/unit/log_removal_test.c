/* Files that go. */
#include "spied_log.h"

#include <errno.h>
#include <string.h>

#include "log/removal.h"

static void what_can_not_be_removed_is_a_leftover(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_fill(f, 3);
    spy_fail(&spy, SPY_UNLINK, 1, EIO);
    must(wal_reset(f->log, 10));
    assert_true(fixture_exists(fixture_segment_path(f, 1)));
    fixture_reopen(f);
    expect_range(f->log, 10, 0, 10, 9);
    fixture_append(f, "a");
    assert_false(fixture_exists(fixture_segment_path(f, 1)));
}

static void the_fault_stays(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fault(WAL_E_RANGE, "what came before");
    spy_fail(&spy, SPY_UNLINK, 1, EIO);
    remove_quietly(f->log, "tmp-00000000000000000007");
    remove_quietly(f->log, "tmp-00000000000000000007"); /* which is not there */
    assert_string_equal(fault_last()->text, "what came before");
}

static void what_goes_is_counted_and_the_list_freed(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    struct numbers numbers = {.v = mem_new(f->log->alloc, 2 * sizeof(uint64_t)), .n = 2};
    assert_non_null(numbers.v);
    for (unsigned k = 0; k < 2; k++) {
        numbers.v[k] = 7 + k;
        fixture_write_file(fixture_segment_path(f, 7 + k), 0, "x", 1);
    }
    remove_segments(f->log, &numbers);
    assert_false(fixture_exists(fixture_segment_path(f, 7)));
    assert_false(fixture_exists(fixture_segment_path(f, 8)));
    assert_int_equal(fixture_stat(f->log, WAL_STAT_REMOVED_SEGMENTS), 2);
    assert_null(numbers.v);
    assert_int_equal(numbers.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(what_can_not_be_removed_is_a_leftover),
        spied_test(the_fault_stays),
        spied_test(what_goes_is_counted_and_the_list_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
