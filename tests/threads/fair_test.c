/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that keep appends out for their time (metadata, replaced tails), made without a pause by
 * several threads: appends and syncs get their turn all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/yard.h"

enum {
    OTHERS = 3,
    APPENDERS = 2,
    SYNCER = OTHERS + APPENDERS,
    CREW,
    APPENDS = 100,
    PER_APPEND = 50
};

struct scene {
    struct yard yard;
    int (*call)(wal_t *log);
    _Atomic uint32_t at_work; /* threads that append or sync */
    _Atomic uint32_t calls;   /* of the others */
};

static int set(wal_t *log)
{
    return wal_meta_set(log, "key", 3, "value", 5);
}

static int replace(wal_t *log)
{
    const wal_record_t record = {.size = sizeof record, .data = "y", .data_size = 1};
    return wal_replace_after(log, 0, &record, 1, 0, NULL);
}

static bool is_over(const struct scene *s)
{
    return atomic_load(&s->at_work) == 0 || atomic_load(&s->calls) > APPENDS * PER_APPEND;
}

static void keep_calling(struct scene *s)
{
    while (!is_over(s)) {
        MUST_BE(s->call(s->yard.log), 0);
        atomic_fetch_add(&s->calls, 1);
        dog_feed();
    }
}

/* One of the appenders waits for its records, the other one does not. */
static void keep_appending(struct scene *s, unsigned who)
{
    uint32_t flags = who == OTHERS ? 0 : WAL_APPEND_ASYNC;

    for (unsigned k = 0; k < APPENDS && !is_over(s); k++)
        MUST_BE(wal_append_typed(s->yard.log, 0, "x", 1, flags, NULL), 0);
    atomic_fetch_sub(&s->at_work, 1);
}

static void keep_syncing(struct scene *s)
{
    for (unsigned k = 0; k < APPENDS && !is_over(s); k++)
        MUST_BE(wal_sync(s->yard.log, 0), 0);
    atomic_fetch_sub(&s->at_work, 1);
}

static void work(void *arg, unsigned who)
{
    struct scene *s = arg;

    if (who < OTHERS)
        keep_calling(s);
    else if (who < SYNCER)
        keep_appending(s, who);
    else
        keep_syncing(s);
}

static void beside(int (*call)(wal_t *log))
{
    struct scene s = {.call = call, .at_work = APPENDERS + 1};

    yard_make(&s.yard);
    yard_open(&s.yard);
    atomic_store(&s.yard.lever.sync.skipped, true); /* so that more happens */
    dog_start();
    crew_run(CREW, work, &s);
    dog_stop();
    assert_in_range(atomic_load(&s.calls), 0, APPENDS * PER_APPEND);
    yard_remove(&s.yard);
}

static void test_beside_metadata(void **state)
{
    (void)state;
    beside(set);
}

static void test_beside_replacements(void **state)
{
    (void)state;
    beside(replace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beside_metadata),
        cmocka_unit_test(test_beside_replacements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
