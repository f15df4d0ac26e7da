/* SPDX-License-Identifier: Apache-2.0 */
/* A copy's order of things, its memory, and what it does about a log that has failed. */
#include "spied_log.h"

#include <errno.h>

#include "log/copy.h"
#include "support/poor_alloc.h"

static char path[400];

static const char *dest(const struct log_fixture *f)
{
    snprintf(path, sizeof path, "%s/copy", f->scratch.path);
    return path;
}

static void expect_copied(struct log_fixture *f, uint64_t last)
{
    wal_t *w;
    must(wal_open(dest(f), NULL, &w));
    assert_int_equal(wal_last_lsn(w), last);
    must(wal_close(w));
}

static void control_comes_last(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_rotate(f->log));
    spy_clear(&spy);
    assert_int_equal(log_copy(f->log, dest(f), NULL, NULL), 0);
    int first = spied_at("sync control", 1);
    int one = spied_at("sync 00000000000000000001.wal", 1);
    int two = spied_at("sync 00000000000000000002.wal", 1);
    assert_true(first >= 0 && one > first && two > one);
    int names = spied_behind("sync /copy", two);
    assert_true(names > two);
    assert_true(spied_behind("sync control", names) > names);
    expect_copied(f, 3);
}

static void without_memory(void **state)
{
    struct log_fixture *f = *state;
    struct poor_alloc poor;
    int e = WAL_E_NOMEM;

    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_rotate(f->log));
    for (unsigned k = 0; e == WAL_E_NOMEM; k++) {
        const struct alloc *before = f->log->alloc;
        poor_init(&poor, k);
        f->log->alloc = &poor.alloc;
        e = log_copy(f->log, dest(f), NULL, NULL);
        f->log->alloc = before;
        assert_int_equal(poor.live, 0);
        assert_true(e == 0 || !fixture_exists(dest(f)));
    }
    assert_int_equal(e, 0);
    expect_copied(f, 3);
}

/* Of a long batch a part is durable, the rest never came. */
static void a_failed_log(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 3);
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    expect_error(WAL_E_INDOUBT, wal_append(f->log, "lost?", 5, NULL), NULL);
    assert_int_equal(log_copy(f->log, dest(f), NULL, NULL), 0);
    expect_copied(f, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(control_comes_last),
        spied_test(without_memory),
        spied_test(a_failed_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
