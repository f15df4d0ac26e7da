/* Places: from an LSN to its group, verified on the way. */
#include "spied_log.h"

#include <fcntl.h>
#include <unistd.h>

#include "log/place.h"

static void begin(struct log_fixture *f)
{
    fixture_open(f);
    for (unsigned k = 0; k < 5; k++) /* two segments of five groups, and one that is written */
        fixture_append(f, "sealed");
    must(wal_rotate(f->log));
    for (unsigned k = 0; k < 5; k++)
        fixture_append(f, "sealed too");
    must(wal_rotate(f->log));
    for (unsigned k = 0; k < 5; k++)
        fixture_append(f, "durable");
    fixture_append_flags(f, "written", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    fixture_append_flags(f, "buffered", WAL_APPEND_ASYNC);
}

static int find(struct log_fixture *f, uint64_t lsn, struct group_view *ret)
{
    struct horizon h;
    struct place p;

    place_init(&p);
    place_horizon(f->log, true, &h);
    int e = place_find(f->log, &p, lsn, &h, 4096);
    if (e == 0)
        e = place_group(&p, lsn, ret);
    place_free(f->log, &p);
    return e;
}

static void horizons(void **state)
{
    struct log_fixture *f = *state;
    struct horizon h;

    begin(f);
    must(wal_truncate_before(f->log, 3));
    place_horizon(f->log, false, &h);
    assert_int_equal(h.first_lsn, 3);
    assert_int_equal(h.last_lsn, wal_durable_lsn(f->log));
    assert_int_equal(h.next_lsn, 18);
    place_horizon(f->log, true, &h);
    assert_int_equal(h.last_lsn, 16);
    assert_int_equal(h.end_offset, f->log->writer.end.offset);
}

static void it_finds_the_group_of_each_lsn(void **state)
{
    struct log_fixture *f = *state;
    struct group_view g;

    begin(f);
    for (uint64_t lsn = 1; lsn <= 16; lsn++) {
        assert_int_equal(find(f, lsn, &g), 0);
        assert_int_equal(g.header.first_lsn, lsn);
        assert_int_equal(g.header.records, 1);
    }
    fixture_reopen(f);
    for (uint64_t lsn = 17; lsn > 0; lsn--) {
        assert_int_equal(find(f, lsn, &g), 0);
        assert_true(g.header.first_lsn <= lsn && lsn <= group_last_lsn(&g.header));
    }
}

static void only_growth_leaves_the_shape(void **state)
{
    struct log_fixture *f = *state;
    struct horizon h;

    begin(f);
    place_horizon(f->log, true, &h);
    fixture_append(f, "more");
    assert_true(place_same_shape(f->log, &h));
    must(wal_truncate_after(f->log, 12));
    assert_false(place_same_shape(f->log, &h));
    place_horizon(f->log, true, &h);
    must(wal_truncate_before(f->log, 2));
    assert_false(place_same_shape(f->log, &h));
    place_horizon(f->log, true, &h);
    must(wal_reset(f->log, 5));
    assert_false(place_same_shape(f->log, &h));
}

/* A sealed segment is read as a whole when it is met for the first time, so damage before the LSN
 * is found too; later only what is asked for. */
static void a_sealed_segment_is_verified_once(void **state)
{
    struct log_fixture *f = *state;
    struct group_view g;

    begin(f);
    assert_int_equal(find(f, 2, &g), 0);
    off_t at = (off_t)g.offset + 64 + 4;
    fixture_reopen(f);
    int fd = open(fixture_segment_path(f, 1), O_WRONLY);
    assert_int_equal(pwrite(fd, "!", 1, at), 1);
    assert_int_equal(find(f, 5, &g), WAL_E_CORRUPT);
    assert_int_equal(fault_last()->segment, 1);
    assert_int_equal(fault_last()->lsn, 2);
    assert_int_equal(find(f, 7, &g), 0); /* another segment */
    close(fd);
}

static void damage_is_counted(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    assert_int_equal(place_result(f->log, 1), 1);
    assert_int_equal(place_result(f->log, WAL_E_IO), WAL_E_IO);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_CORRUPTIONS), 0);
    assert_int_equal(place_result(f->log, WAL_E_CORRUPT), WAL_E_CORRUPT);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_CORRUPTIONS), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(horizons),
        spied_test(it_finds_the_group_of_each_lsn),
        spied_test(only_growth_leaves_the_shape),
        spied_test(a_sealed_segment_is_verified_once),
        spied_test(damage_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
