/* SPDX-License-Identifier: Apache-2.0 */
/* New segments: whole and durable before they have a name, named before control states them. */
#include "spied_log.h"

#include "log/fresh.h"

static void salts_are_random_and_not_zero(void **state)
{
    struct log_fixture *f = *state;
    uint64_t a = 0, b = 0;
    fixture_open(f);
    assert_int_equal(fresh_salt(f->log, &a), 0);
    assert_int_equal(fresh_salt(f->log, &b), 0);
    assert_true(a && b && a != b);
}

static void made_then_named_then_stated_then_others_go(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_fill(f, 3);
    spy_clear(&spy);
    must(wal_reset(f->log, 10));
    int tmp = spied_at("open tmp-00000000000000000002", 1);
    int made = spied_behind("sync tmp-00000000000000000002", tmp);
    int named = spied_behind("sync /log", made);
    int stated = spied_behind("sync control", named);
    int witness = spied_behind("write control 8192", stated);
    int gone = spied_behind("unlink 00000000000000000001", witness);
    assert_true(tmp >= 0 && made > tmp && named > made && stated > named);
    assert_true(witness > stated && gone > witness);
    assert_true(fixture_exists(fixture_segment_path(f, 2)));
    assert_false(fixture_exists(fixture_segment_path(f, 1)));
    assert_int_equal(f->log->control.now.newest, 2);
    assert_int_equal(f->log->next_number, 3);
}

/* Metadata are born with the segment, and the first group lies where it was foretold. */
static void births_end_where_they_were_said_to(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    must(wal_meta_set(f->log, "key", 3, fixture_bytes(1000, 'v'), 1000));
    fixture_append(f, "a");
    uint64_t end = fresh_birth_end(f->log);
    assert_true(end > 4096 + 1000);
    must(wal_rotate(f->log));
    assert_int_equal(f->log->writer.end.offset, end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(salts_are_random_and_not_zero),
        spied_test(made_then_named_then_stated_then_others_go),
        spied_test(births_end_where_they_were_said_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
