/* SPDX-License-Identifier: Apache-2.0 */
/* wal_copy on a simulated disk: whatever fails, and wherever the power does, the log is as it was,
 * and where the copy should be there is either all of it or no log; a second try works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <libwal/wal.h>

#include "api/options.h"
#include "support/siege.h"

enum { RECORDS = 9, LIMIT = 6, LARGE = 40000 /* a group that stays shared */ };

static wal_options_t *options(struct simdisk *d, int create)
{
    wal_options_t *o;

    assert_int_equal(wal_options_new(&o), 0);
    options_set_os(o, simdisk_os(d));
    assert_int_equal(wal_options_set(o, WAL_OPT_CREATE, (uint64_t)create), 0);
    assert_int_equal(wal_options_set(o, WAL_OPT_SEGMENT_BYTES, 64 << 10), 0);
    assert_int_equal(wal_options_set(o, WAL_OPT_ZERO_AHEAD_BYTES, 0), 0);
    assert_int_equal(wal_options_set(o, WAL_OPT_BACKGROUND, 0), 0);
    return o;
}

static int open_log(struct simdisk *d, const char *path, wal_t **ret)
{
    wal_options_t *o = options(d, 0);
    int e = wal_open(path, o, ret);
    wal_options_free(o);
    return e;
}

/* The second one of each segment is large. */
static size_t size_of(int k)
{
    return k % 3 == 1 ? LARGE : 4;
}

static struct simdisk *a_log(void)
{
    struct simdisk *d = simdisk_new(1);
    wal_options_t *o = options(d, 1);
    wal_t *w;

    assert_int_equal(wal_open("log", o, &w), 0);
    for (int k = 0; k < RECORDS; k++) {
        uint8_t record[LARGE] = {(uint8_t)k};
        assert_int_equal(wal_append(w, record, size_of(k), NULL), 0);
        if (k % 3 == 2)
            assert_int_equal(wal_rotate(w), 0);
    }
    assert_int_equal(wal_meta_set(w, "k", 1, "v", 1), 0);
    assert_int_equal(wal_close(w), 0);
    wal_options_free(o);
    simdisk_settle(d);
    return d;
}

static void expect_whole(wal_t *w)
{
    char value[4];
    size_t size;

    assert_int_equal(wal_first_lsn(w), 1);
    assert_int_equal(wal_last_lsn(w), RECORDS);
    for (int k = 0; k < RECORDS; k++) {
        wal_record_t x = {.size = sizeof x};
        uint8_t got[LARGE];
        assert_int_equal(wal_get(w, (uint64_t)k + 1, got, sizeof got, &x), 0);
        assert_int_equal(x.data_size, size_of(k));
        assert_int_equal(got[0], k);
    }
    assert_int_equal(wal_meta_get(w, "k", 1, value, sizeof value, &size), 0);
}

static int run(void *arg, struct simdisk *d)
{
    wal_t *w;
    (void)arg;

    int e = open_log(d, "log", &w);
    if (e < 0)
        return e;
    e = wal_copy(w, "copy", NULL, NULL);
    int closed = wal_close(w);
    return e < 0 ? e : closed;
}

static void look(void *arg, struct simdisk *d, int survived, int result)
{
    wal_t *w, *v;
    (void)arg;

    int e = open_log(d, "copy", &v);
    if (survived && result == 0)
        assert_int_equal(e, 0);
    else if (e != 0 && e != WAL_E_NOTFOUND)
        fail_msg("%s where the copy should be (%d, %d)", wal_error_name(e), survived, result);
    if (e == 0) {
        expect_whole(v);
        assert_int_equal(wal_close(v), 0);
    }
    assert_int_equal(open_log(d, "log", &w), 0);
    expect_whole(w);
    if (e != 0) {
        assert_int_equal(wal_copy(w, "copy", NULL, NULL), 0);
        assert_int_equal(open_log(d, "copy", &v), 0);
        expect_whole(v);
        assert_int_equal(wal_close(v), 0);
    }
    assert_int_equal(wal_close(w), 0);
}

/* *state: whether the disk can clone files. */
static struct siege besiege(void **state)
{
    struct simdisk *d = a_log();

    simdisk_set_clones(d, *(const bool *)*state);
    return (struct siege){.start = d, .run = run, .look = look};
}

static void test_every_call_fails_once(void **state)
{
    struct siege s = besiege(state);
    uint64_t n = siege_faults(&s);
    print_message("%llu faults\n", (unsigned long long)n);
    assert_true(n > 20);
    simdisk_free((struct simdisk *)(uintptr_t)s.start);
}

static void test_the_power_fails_before_every_call(void **state)
{
    struct siege s = besiege(state);
    uint64_t n = siege_cuts(&s, LIMIT);
    print_message("%llu images\n", (unsigned long long)n);
    assert_true(n > 100);
    simdisk_free((struct simdisk *)(uintptr_t)s.start);
}

/* Random numbers are the same on both disks. */
static void test_a_clone_holds_the_same_bytes(void **state)
{
    struct simdisk *with = a_log(), *without = simdisk_clone(with);
    (void)state;

    simdisk_set_clones(with, true);
    assert_int_equal(run(NULL, without), 0);
    assert_int_equal(run(NULL, with), 0);
    assert_true(simdisk_calls(without, SIMDISK_CLONE) == 1); /* it is asked once only */
    assert_true(simdisk_calls(with, SIMDISK_CLONE) == 3);
    simdisk_settle(with);
    simdisk_settle(without);
    assert_true(simdisk_hash(with) == simdisk_hash(without));
    simdisk_free(with);
    simdisk_free(without);
}

int main(void)
{
    static bool no, yes = true;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_every_call_fails_once, &no),
        cmocka_unit_test_prestate(test_every_call_fails_once, &yes),
        cmocka_unit_test_prestate(test_the_power_fails_before_every_call, &no),
        cmocka_unit_test_prestate(test_the_power_fails_before_every_call, &yes),
        cmocka_unit_test(test_a_clone_holds_the_same_bytes),
    };
    return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
