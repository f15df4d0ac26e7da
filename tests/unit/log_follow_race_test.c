/* SPDX-License-Identifier: Apache-2.0 */
/* A follower that is slower than the writer: each of its looks at the newest segment meets a group
 * that is half written, and when it looks further back, something behind that group already says
 * that it was durable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "api/options.h"
#include "log/log.h"
#include "support/yard.h"

#define LEFT "00000000000000000002.wal"

enum { RECORD_BYTES = 3000, HALF = 1024, SEGMENTS = 100 /* more than it keeps open */ };

static struct yard yard;
static struct os slow; /* the follower's system */
static int races;      /* so many are still to come */
static bool moves;     /* so does its checkpoint */
static bool stuck;     /* the writer adds nothing: the half stays missing */

static void append(void)
{
    char record[RECORD_BYTES];
    memset(record, 'x', sizeof record);
    assert_int_equal(wal_append(yard.log, record, sizeof record, NULL), 0);
}

/* The end of the last group hasn't been written yet; but the writer goes on at once. */
static int64_t read_half(void *ctx, int fd, void *buf, size_t size, uint64_t offset)
{
    uint64_t end = yard.log->written_offset, half = end - HALF;
    int64_t n = os_posix()->pread(ctx, fd, buf, size, offset);

    if (races == 0 || offset > half || offset + (uint64_t)n < end)
        return n;
    memset((char *)buf + (half - offset), 0, HALF);
    if (!stuck) {
        races--;
        append();
    }
    return n;
}

/* The writer takes its checkpoint along and drops the segment that it lay in, while the follower is
 * on its way there. */
static int open_late(void *ctx, int dir, const char *name, int flags, uint32_t mode)
{
    if (moves && strcmp(name, LEFT) == 0) {
        moves = false;
        assert_int_equal(wal_truncate_before(yard.log, wal_next_lsn(yard.log)), 0);
    }
    return os_posix()->file_open(ctx, dir, name, flags, mode);
}

static int follow(wal_t **ret)
{
    wal_options_t *o;
    assert_int_equal(wal_options_new(&o), 0);
    assert_int_equal(wal_options_set(o, WAL_OPT_READ_ONLY, 1), 0);
    options_set_os(o, &slow);
    int e = wal_open(yard.scratch.path, o, ret);
    wal_options_free(o);
    return e;
}

static int setup(void **state)
{
    (void)state;
    yard_make(&yard);
    slow = *os_posix();
    slow.pread = read_half;
    races = 0;
    stuck = false;
    yard_open(&yard);
    append();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yard_remove(&yard);
    return 0;
}

static void test_the_writer_is_always_quicker(void **state)
{
    wal_t *w;
    uint64_t last;

    (void)state;
    races = 50;
    assert_int_equal(follow(&w), 0);
    assert_int_equal(races, 0);
    assert_int_equal(wal_range(w, NULL, &last, NULL, NULL), 0);
    assert_true(last >= 51);
    assert_int_equal(wal_close(w), 0);
}

static void test_what_stays_wrong_is_damage(void **state)
{
    wal_t *w;

    (void)state;
    append();
    races = 1;
    stuck = true;
    assert_int_equal(follow(&w), WAL_E_CORRUPT);
}

static int checkpoint_of(wal_t *w, uint64_t segment, uint64_t *ret)
{
    return segment ? wal_segment_checkpoint(w, segment, NULL, 0, ret, NULL)
                   : wal_checkpoint_get(w, NULL, 0, ret, NULL);
}

static void the_checkpoint_moves(uint64_t segment, int want)
{
    wal_t *w;
    uint64_t lsn = 0;

    for (int k = 0; k < SEGMENTS; k++) {
        assert_int_equal(wal_rotate(yard.log), 0);
        append();
        if (k == 0)
            assert_int_equal(wal_checkpoint(yard.log, 2, NULL, 0), 0);
    }
    slow.file_open = open_late;
    assert_int_equal(follow(&w), 0);
    moves = true;
    assert_int_equal(checkpoint_of(w, segment, &lsn), want);
    assert_false(moves);
    assert_int_equal(lsn, want == 0 ? 2 : 0);
    uint64_t stats[WAL_STAT_CORRUPTIONS + 1];
    assert_int_equal(wal_stats(w, stats, WAL_STAT_CORRUPTIONS + 1), 0);
    assert_int_equal(stats[WAL_STAT_CORRUPTIONS], 0);
    assert_int_equal(wal_close(w), 0);
}

static void test_the_checkpoint_goes_elsewhere(void **state)
{
    (void)state;
    the_checkpoint_moves(0, 0);
}

static void test_the_segment_asked_for_goes(void **state)
{
    (void)state;
    the_checkpoint_moves(2, WAL_E_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_writer_is_always_quicker, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_stays_wrong_is_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_checkpoint_goes_elsewhere, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_segment_asked_for_goes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
