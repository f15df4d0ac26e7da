/* SPDX-License-Identifier: Apache-2.0 */
/* Appends and syncs beside truncations of the end: what was durable before it was cut off has been
 * answered, and nobody is left waiting for a record that is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/yard.h"

enum { APPENDERS = 4, SYNCERS = 2, CUTTER = APPENDERS + SYNCERS, CREW, APPENDS = 400 };

struct scene {
    struct yard yard;
    _Atomic uint32_t at_work; /* threads that append */
};

static void append(struct scene *s)
{
    for (unsigned k = 0; k < APPENDS; k++) {
        MUST_BE(wal_append(s->yard.log, "x", 1, NULL), 0);
        dog_feed();
    }
    atomic_fetch_sub(&s->at_work, 1);
}

static void work(void *arg, unsigned who)
{
    struct scene *s = arg;

    if (who < APPENDERS)
        append(s);
    while (atomic_load(&s->at_work) > 0) {
        if (who == CUTTER)
            MUST_BE(wal_truncate_after(s->yard.log, 0), 0);
        else
            MUST_BE(wal_sync(s->yard.log, 0), 0);
        crew_pause();
    }
}

static void test_every_call_returns(void **state)
{
    struct scene s = {.at_work = APPENDERS};

    (void)state;
    yard_make(&s.yard);
    yard_open(&s.yard);
    atomic_store(&s.yard.lever.sync.skipped, true); /* so that more happens */
    dog_start();
    crew_run(CREW, work, &s);
    dog_stop();
    assert_int_equal(wal_durable_lsn(s.yard.log) + 1, wal_next_lsn(s.yard.log));
    yard_remove(&s.yard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_call_returns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
