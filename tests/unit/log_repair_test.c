/* SPDX-License-Identifier: Apache-2.0 */
/* A repair inside: the order of things, memory, the lock. */
#include "spied_log.h"

#include "log/lock.h"
#include "log/repair.h"
#include "support/poor_alloc.h"

static const uint32_t both = WAL_REPAIR_CUT_AT_DAMAGE | WAL_REPAIR_REBUILD_CONTROL;

/* 1 to 3, damaged at 2; 4 and 5 in another segment. */
static void begin(struct log_fixture *f)
{
    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, 0);
    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_rotate(f->log));
    fixture_fill(f, 2);
    fixture_close(f);
    fixture_write_file(fixture_segment_path(f, 1), 4096 + 128 + 64 + 16, "?", 1);
}

static struct config config_of(const struct alloc *a)
{
    struct config c;
    options_resolve(NULL, &c);
    c.os = &spy.os;
    c.alloc = *a;
    return c;
}

static void expect_repaired(struct log_fixture *f)
{
    fixture_open(f);
    expect_range(f->log, 1, 1, 2, 1);
    fixture_close(f);
}

static void copies_come_first(void **state)
{
    struct log_fixture *f = *state;
    struct config c = config_of(&alloc_default);
    wal_verify_t v;

    begin(f);
    spy_clear(&spy);
    assert_int_equal(repair_log(f->dir, &c, both, &v), 0);
    int copied = spied_at("sync 00000000000000000002.wal", 1);
    int made = spied_at("sync tmp-", 1), stated = spied_behind("sync control", made);
    int gone = spied_at("unlink 00000000000000000002.wal", 1);
    assert_true(copied >= 0 && made > copied && stated > made && gone > stated);
    assert_int_equal(v.last_lsn, 1);
    expect_repaired(f);
}

static void without_memory(void **state)
{
    struct log_fixture *f = *state;
    struct poor_alloc poor;
    wal_verify_t v;
    int e = WAL_E_NOMEM;

    begin(f); /* each try goes on where the one before has left it */
    for (unsigned k = 0; e == WAL_E_NOMEM; k++) {
        poor_init(&poor, k);
        struct config c = config_of(&poor.alloc);
        e = repair_log(f->dir, &c, both, &v);
        assert_int_equal(poor.live, 0);
    }
    expect_repaired(f);
    assert_int_equal(e, 0);
}

static void under_a_lock_of_the_caller(void **state)
{
    struct log_fixture *f = *state;
    struct config c = config_of(&alloc_default);
    wal_verify_t v;

    begin(f);
    assert_int_equal(lock_take(&spy.os, f->dir, LOCK_ONLY, 0, 0, &c.lock), 0);
    struct config other = config_of(&alloc_default);
    assert_int_equal(repair_log(f->dir, &other, both, &v), WAL_E_LOCKED);
    assert_int_equal(repair_log(f->scratch.path, &c, both, &v), WAL_E_NOTFOUND);
    assert_int_equal(repair_log(f->dir, &c, both, &v), 0);
    assert_false(atomic_load(&c.lock->lent));
    lock_drop(c.lock);
    expect_repaired(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(copies_come_first),
        spied_test(without_memory),
        spied_test(under_a_lock_of_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
