/* Limits may be other ones at each open: what was written under larger ones stays readable. */
#include <string.h>

#include "support/log_fixture.h"

enum { LARGE = 300 * 1000, SMALL_LIMIT = 1000 };

static void expect_large(struct log_fixture *f, uint64_t lsn)
{
    static char buf[LARGE];
    wal_record_t r = {.size = sizeof r};

    must(wal_get(f->log, lsn, buf, sizeof buf, &r));
    assert_int_equal(r.data_size, LARGE);
    assert_memory_equal(buf, fixture_bytes(LARGE, 'a'), LARGE);
}

/* Closed or crashed, the next segment must be one that opens again, whatever it carries over. */
static void shrink(struct log_fixture *f, void (*leave)(struct log_fixture *))
{
    fixture_open(f);
    fixture_append(f, "small");
    must(wal_append(f->log, fixture_bytes(LARGE, 'a'), LARGE, NULL));
    leave(f);
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, SMALL_LIMIT);
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 * 1024);
    for (uint64_t lsn = 3; lsn < 6; lsn++) {
        fixture_open(f);
        expect_error(WAL_E_TOOBIG, wal_append(f->log, "", SMALL_LIMIT + 1, NULL), "1001");
        assert_int_equal(fixture_append(f, "after"), lsn);
        must(wal_rotate(f->log));
        expect_large(f, 2);
        leave(f);
    }
    fixture_open(f);
    expect_record(f->log, 1, "small");
    expect_large(f, 2);
    expect_record(f->log, 5, "after");
}

static void test_smaller_limits_after_a_close(void **state)
{
    shrink(*state, fixture_close);
}

static void test_smaller_limits_after_a_crash(void **state)
{
    shrink(*state, fixture_crash);
}

/* Little enough to be carried over into the new handle's segment. */
static void test_smaller_limits_and_records_carried_over(void **state)
{
    static char buf[SMALL_LIMIT * 100];
    struct log_fixture *f = *state;
    wal_record_t r = {.size = sizeof r};

    fixture_open(f);
    must(wal_append(f->log, fixture_bytes(sizeof buf, 'b'), sizeof buf, NULL));
    fixture_close(f);
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 1);
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 * 1024);
    for (int k = 0; k < 3; k++) {
        fixture_open(f);
        fixture_append(f, "x");
        must(wal_get(f->log, 1, buf, sizeof buf, &r));
        assert_int_equal(r.data_size, sizeof buf);
        fixture_crash(f);
    }
    fixture_open(f);
    expect_record(f->log, 4, "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_smaller_limits_after_a_close),
        fixture_test(test_smaller_limits_after_a_crash),
        fixture_test(test_smaller_limits_and_records_carried_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
