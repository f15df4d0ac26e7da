/* New segments: whole and durable before they have a name, named before control states them. */
#include "spied_log.h"

#include <errno.h>

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

/* Before a handle's first write what it read becomes durable, and leftovers go: once. */
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
    assert_int_equal(fresh_settle(f->log), 0);
    assert_int_equal(spy.calls[SPY_SYNC], 0);
}

static void a_small_last_segment_goes_over_whole(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_fill(f, 3);
    fixture_reopen(f);
    fixture_append(f, "4");
    assert_int_equal(fixture_segments(f->log), 1);
    assert_false(fixture_exists(fixture_segment_path(f, 1)));
    assert_int_equal(f->log->writer.segment.header.base_lsn, 1);
    assert_int_equal(f->log->control.now.epoch, 2); /* of this handle */
    for (uint64_t lsn = 1; lsn <= 4; lsn++) {
        char text[4];
        snprintf(text, sizeof text, "%" PRIu64, lsn);
        expect_record(f->log, lsn, text);
    }
}

static void a_larger_one_is_followed(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    must(wal_append(f->log, fixture_bytes(300000, 'a'), 300000, NULL));
    fixture_reopen(f);
    assert_int_equal(fixture_append(f, "2"), 2);
    assert_int_equal(fixture_segments(f->log), 2);
    const struct segment_header *h = &f->log->writer.segment.header;
    assert_int_equal(h->base_lsn, 2);
    assert_int_equal(h->follow.number, 1);
    assert_int_equal(h->follow.end_lsn, 1);
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

static void prepared_file_is_used_or_thrown_away(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "a");
    assert_int_equal(fresh_prepare(f->log), 0);
    int fd = f->log->prepared.fd;
    assert_true(fd >= 0);
    assert_int_equal(fresh_prepare(f->log), 0);
    assert_int_equal(f->log->prepared.fd, fd);
    must(wal_rotate(f->log));
    assert_int_equal(f->log->writer.segment.file.fd, fd);
    fixture_append(f, "b");
    assert_int_equal(fresh_prepare(f->log), 0);
    fresh_discard_prepared(f->log);
    assert_int_equal(f->log->prepared.fd, -1);
    assert_false(fixture_exists(fixture_path(f, "tmp-00000000000000000003")));
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(salts_are_random_and_not_zero),
        spied_test(made_then_named_then_stated_then_others_go),
        spied_test(settled_once),
        spied_test(a_small_last_segment_goes_over_whole),
        spied_test(a_larger_one_is_followed),
        spied_test(births_end_where_they_were_said_to),
        spied_test(no_space_for_a_rotation_changes_nothing),
        spied_test(prepared_file_is_used_or_thrown_away),
        spied_test(what_can_not_be_removed_is_a_leftover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
