/* SPDX-License-Identifier: Apache-2.0 */
/* wal_copy: the copy is the log at one moment, whole, and one of its own. */
#include "support/log_fixture.h"

#include <stdio.h>
#include <string.h>

static const char *dest(const struct log_fixture *f)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/copy", f->scratch.path);
    return path;
}

static wal_t *open_copy(struct log_fixture *f)
{
    wal_options_t *o;
    wal_t *w;

    must(wal_options_new(&o));
    must(wal_options_set(o, WAL_OPT_CREATE, 0));
    must(wal_open(dest(f), o, &w));
    wal_options_free(o);
    return w;
}

static void expect_no_log(struct log_fixture *f)
{
    wal_options_t *o;
    wal_t *w;

    must(wal_options_new(&o));
    must(wal_options_set(o, WAL_OPT_CREATE, 0));
    expect_error(WAL_E_NOTFOUND, wal_open(dest(f), o, &w), NULL);
    wal_options_free(o);
}

static wal_info_t info_of(wal_t *w)
{
    wal_info_t x;
    must(wal_info(w, &x, sizeof x));
    return x;
}

/* Every record, flag and tag of both, and what stands beside them. */
static void expect_same(wal_t *a, wal_t *b)
{
    wal_record_t x = {.size = sizeof x}, y = {.size = sizeof y};
    wal_reader_t *r, *s;
    int more;

    assert_int_equal(wal_first_lsn(a), wal_first_lsn(b));
    assert_int_equal(wal_next_lsn(a), wal_next_lsn(b));
    must(wal_reader_open(a, 0, 0, &r));
    must(wal_reader_open(b, 0, 0, &s));
    while ((more = must(wal_reader_next(r, &x)))) {
        assert_int_equal(must(wal_reader_next(s, &y)), 1);
        assert_int_equal(x.lsn, y.lsn);
        assert_int_equal(x.type, y.type);
        assert_int_equal(x.flags, y.flags);
        assert_int_equal(x.data_size, y.data_size);
        assert_memory_equal(x.data, y.data, x.data_size);
        assert_int_equal(x.tag_size, y.tag_size);
        if (x.tag_size)
            assert_memory_equal(x.tag, y.tag, x.tag_size);
    }
    assert_int_equal(must(wal_reader_next(s, &y)), 0);
    wal_reader_close(r);
    wal_reader_close(s);
}

static void expect_same_segments(wal_t *a, wal_t *b)
{
    wal_segment_t x[16] = {{.size = sizeof *x}}, y[16] = {{.size = sizeof *y}};
    size_t n = 16, m = 16;

    must(wal_segments(a, x, sizeof *x, &n));
    must(wal_segments(b, y, sizeof *y, &m));
    assert_int_equal(n, m);
    for (size_t k = 0; k < n; k++) {
        assert_int_equal(x[k].number, y[k].number);
        assert_int_equal(x[k].first_lsn, y[k].first_lsn);
        assert_int_equal(x[k].last_lsn, y[k].last_lsn);
        assert_int_equal(x[k].created_ns, y[k].created_ns);
        assert_int_equal(x[k].checkpoint_lsn, y[k].checkpoint_lsn);
    }
}

/* Batches, tags, metadata, a checkpoint, cuts at both ends, several segments. */
static void live(struct log_fixture *f)
{
    wal_batch_t *b;

    must(wal_options_set_label(f->options, "copied", 6));
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 << 10);
    fixture_open(f);
    fixture_fill(f, 30);
    must(wal_meta_set(f->log, "vote", 4, "seven", 5));
    b = fixture_batch(f);
    fixture_add(b, "in a batch");
    fixture_add(b, "and one more");
    must(wal_batch_set_tag(b, "tag", 3));
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
    must(wal_append(f->log, fixture_bytes(90000, 'x'), 90000, NULL));
    must(wal_checkpoint(f->log, 31, "state", 5));
    must(wal_rotate(f->log));
    fixture_fill(f, 20);
    must(wal_truncate_after(f->log, 45));
    must(wal_truncate_before(f->log, 5));
    fixture_fill(f, 10);
}

static void test_a_copy_has_all_of_it(void **state)
{
    struct log_fixture *f = *state;
    wal_recovery_t report;
    char bytes[8];
    uint64_t lsn;
    size_t size;

    live(f);
    must(wal_copy(f->log, dest(f), NULL, NULL));
    wal_t *w = open_copy(f);
    must(wal_recovery(w, &report, sizeof report));
    assert_int_equal(report.verdict, WAL_RECOVERY_CLEAN);
    expect_same(f->log, w);
    expect_same_segments(f->log, w);
    expect_meta(w, "vote", "seven");
    expect_last_tag(w, "tag");
    must(wal_checkpoint_get(w, bytes, sizeof bytes, &lsn, &size));
    assert_int_equal(lsn, 31);
    assert_memory_equal(bytes, "state", 5);
    wal_info_t x = info_of(f->log), y = info_of(w);
    assert_memory_not_equal(x.uuid, y.uuid, sizeof x.uuid);
    assert_string_equal(y.label, "copied");
    assert_true(y.flags & WAL_INFO_CLEAN);
    must(wal_append(w, "of the copy", 11, &lsn)); /* both go on */
    assert_int_equal(lsn, wal_next_lsn(f->log));
    fixture_append(f, "of the original");
    must(wal_close(w));
}

static void test_what_is_not_durable_stays_behind(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 3);
    fixture_append_flags(f, "buffered", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    must(wal_copy(f->log, dest(f), NULL, NULL));
    wal_t *w = open_copy(f);
    expect_range(w, 1, 3, 4, 3);
    must(wal_close(w));
}

static void test_a_read_only_handle_copies_too(void **state)
{
    struct log_fixture *f = *state;

    live(f);
    wal_t *follower = fixture_open_read_only(f);
    must(wal_copy(follower, dest(f), NULL, NULL));
    wal_t *w = open_copy(f);
    expect_same(f->log, w);
    expect_same_segments(f->log, w);
    expect_meta(w, "vote", "seven");
    must(wal_close(w));
    must(wal_close(follower));
}

static void test_closed_logs_and_copies_of_copies(void **state)
{
    struct log_fixture *f = *state;
    char again[420];

    live(f);
    fixture_reopen(f);
    must(wal_copy(f->log, dest(f), NULL, NULL));
    wal_t *w = open_copy(f), *v;
    expect_same(f->log, w);
    snprintf(again, sizeof again, "%s2", dest(f));
    must(wal_copy(w, again, NULL, NULL));
    must(wal_open(again, NULL, &v));
    expect_same(f->log, v);
    must(wal_close(v));
    must(wal_close(w));
}

static void test_an_empty_log_keeps_its_next_lsn(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_reset(f->log, 77));
    must(wal_copy(f->log, dest(f), NULL, NULL));
    wal_t *w = open_copy(f);
    expect_range(w, 77, 0, 77, 76);
    must(wal_close(w));
}

static void test_where_it_may_go(void **state)
{
    struct log_fixture *f = *state;
    char path[500];

    fixture_open(f);
    fixture_fill(f, 3);
    expect_error(WAL_E_INVAL, wal_copy(f->log, NULL, NULL, NULL), "dest");
    expect_error(WAL_E_INVAL, wal_copy(f->log, "", NULL, NULL), "dest");
    expect_error(WAL_E_INVAL, wal_copy(NULL, dest(f), NULL, NULL), "NULL");
    expect_error(WAL_E_EXISTS, wal_copy(f->log, f->dir, NULL, NULL), f->dir);
    snprintf(path, sizeof path, "%s/missing/copy", f->scratch.path);
    expect_error(WAL_E_NOTFOUND, wal_copy(f->log, path, NULL, NULL), path);
    snprintf(path, sizeof path, "%s/control", f->dir);
    expect_error(WAL_E_INVAL, wal_copy(f->log, path, NULL, NULL), path);
    must(wal_copy(f->log, dest(f), NULL, NULL));
    expect_error(WAL_E_EXISTS, wal_copy(f->log, dest(f), NULL, NULL), dest(f));
    wal_t *w = open_copy(f);
    expect_error(WAL_E_EXISTS, wal_copy(f->log, dest(f), NULL, NULL), dest(f));
    expect_range(w, 1, 3, 4, 3);
    must(wal_close(w));
    must(wal_destroy(dest(f)));
    must(wal_copy(f->log, dest(f), NULL, NULL));
}

struct calls {
    unsigned n, stop; /* at this call; 0: never */
    uint64_t done, total;
    wal_t *log;
};

static int count(void *ctx, uint64_t done, uint64_t total)
{
    struct calls *c = ctx;
    if (done < c->done || done > total || (c->total && total != c->total))
        return -2;
    c->done = done;
    c->total = total;
    if (c->log && wal_append(c->log, "x", 1, NULL) != WAL_E_BUSY)
        return -3;
    return ++c->n == c->stop;
}

static void test_progress(void **state)
{
    struct log_fixture *f = *state;
    struct calls all = {0};

    live(f);
    all.log = f->log;
    must(wal_copy(f->log, dest(f), count, &all));
    assert_int_equal(all.done, all.total);
    assert_true(all.n > fixture_segments(f->log));
    must(wal_destroy(dest(f)));
    for (unsigned k = 1; k <= all.n; k++) {
        struct calls c = {.stop = k};
        expect_error(WAL_E_CALLBACK, wal_copy(f->log, dest(f), count, &c), "1");
        assert_false(fixture_exists(dest(f)));
        expect_no_log(f);
    }
}

static void test_damage_is_not_copied(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_rotate(f->log));
    fixture_fill(f, 3);
    fixture_write_file(fixture_segment_path(f, 1), 4096 + 64 + 18, "?", 1);
    expect_error(WAL_E_CORRUPT, wal_copy(f->log, dest(f), NULL, NULL), "LSN 1");
    expect_no_log(f);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_CORRUPTIONS), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_a_copy_has_all_of_it),
        fixture_test(test_what_is_not_durable_stays_behind),
        fixture_test(test_a_read_only_handle_copies_too),
        fixture_test(test_closed_logs_and_copies_of_copies),
        fixture_test(test_an_empty_log_keeps_its_next_lsn),
        fixture_test(test_where_it_may_go),
        fixture_test(test_progress),
        fixture_test(test_damage_is_not_copied),
    };
    return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
