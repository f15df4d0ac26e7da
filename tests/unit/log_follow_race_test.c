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

enum { RECORD_BYTES = 3000, HALF = 1024 };

static struct yard yard;
static struct os slow; /* the follower's system */
static int races;      /* so many are still to come */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_writer_is_always_quicker, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_stays_wrong_is_damage, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
