/* SPDX-License-Identifier: Apache-2.0 */
/* Salvage inside: memory, errors of reading, and that it leaves everything as it is. */
#include "spied_log.h"

#include <errno.h>

#include "log/salvage.h"
#include "support/poor_alloc.h"

static struct config config;

static int count(void *ctx, const wal_record_t *r)
{
    (void)r;
    ++*(unsigned *)ctx;
    return 0;
}

static void begin(struct log_fixture *f)
{
    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_rotate(f->log));
    fixture_fill(f, 2);
    fixture_close(f);
    config = (struct config){.os = &spy.os, .alloc = alloc_default};
}

static void without_memory(void **state)
{
    struct log_fixture *f = *state;
    struct poor_alloc poor;
    int e = WAL_E_NOMEM;
    unsigned n = 0;

    begin(f);
    for (unsigned k = 0; e == WAL_E_NOMEM; k++) {
        n = 0;
        poor_init(&poor, k);
        config.alloc = poor.alloc;
        e = salvage_log(f->dir, &config, count, NULL, &n);
        assert_int_equal(poor.live, 0);
    }
    assert_int_equal(e, 0);
    assert_int_equal(n, 5);
}

/* A read that fails is no damage. */
static void a_disk_that_fails(void **state)
{
    struct log_fixture *f = *state;
    unsigned n = 0, reads;

    begin(f);
    spy_clear(&spy);
    unsigned before = spy.calls[SPY_READ];
    assert_int_equal(salvage_log(f->dir, &config, count, NULL, &n), 0);
    reads = spy.calls[SPY_READ] - before;
    assert_true(reads > 3);
    for (unsigned k = 1; k <= reads; k++) {
        spy_fail(&spy, SPY_READ, k, EIO);
        assert_int_equal(salvage_log(f->dir, &config, count, NULL, &n), WAL_E_IO);
        assert_int_equal(fault_last()->sys_errno, EIO);
    }
}

static void it_writes_nothing(void **state)
{
    struct log_fixture *f = *state;
    unsigned n = 0;

    begin(f);
    unsigned writes = spy.calls[SPY_WRITE], syncs = spy.calls[SPY_SYNC];
    fixture_remove_all(fixture_segment_path(f, 1));
    assert_int_equal(salvage_log(f->dir, &config, count, NULL, &n), WAL_E_CORRUPT);
    assert_int_equal(fault_last()->lsn, 1);
    assert_int_equal(n, 2);
    assert_int_equal(spy.calls[SPY_WRITE], writes);
    assert_int_equal(spy.calls[SPY_SYNC], syncs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(without_memory),
        spied_test(a_disk_that_fails),
        spied_test(it_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
