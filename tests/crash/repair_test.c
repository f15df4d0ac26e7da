/* SPDX-License-Identifier: Apache-2.0 */
/* wal_repair on a simulated disk: whatever fails, and wherever the power does, the log is damaged
 * as it was or repaired, nothing is gone that isn't in quarantine, and a second repair works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <libwal/wal.h>

#include "api/options.h"
#include "support/siege.h"

enum { RECORDS = 9, LIMIT = 6, SEGMENT_BYTES = 5000 };

static wal_options_t *options(struct simdisk *d, int create)
{
    wal_options_t *o;

    assert_int_equal(wal_options_new(&o), 0);
    options_set_os(o, simdisk_os(d));
    assert_int_equal(wal_options_set(o, WAL_OPT_CREATE, (uint64_t)create), 0);
    assert_int_equal(wal_options_set(o, WAL_OPT_ZERO_AHEAD_BYTES, 0), 0);
    assert_int_equal(wal_options_set(o, WAL_OPT_BACKGROUND, 0), 0);
    return o;
}

/* Three segments of three records. */
static struct simdisk *a_log(void)
{
    struct simdisk *d = simdisk_new(1);
    wal_options_t *o = options(d, 1);
    wal_t *w;

    assert_int_equal(wal_open("log", o, &w), 0);
    for (int k = 1; k <= RECORDS; k++) {
        assert_int_equal(wal_append(w, &k, sizeof k, NULL), 0);
        if (k % 3 == 0 && k < RECORDS)
            assert_int_equal(wal_rotate(w), 0);
    }
    assert_int_equal(wal_meta_set(w, "k", 1, "v", 1), 0);
    assert_int_equal(wal_close(w), 0);
    wal_options_free(o);
    simdisk_settle(d);
    return d;
}

struct scene {
    uint32_t flags;
    uint64_t last;                  /* record that is left */
    uint8_t lost[2][SEGMENT_BYTES]; /* segments 2 and 3 as they were */
};

static int run(void *arg, struct simdisk *d)
{
    const struct scene *s = arg;
    wal_options_t *o = options(d, 0);
    wal_verify_t v;

    int e = wal_repair("log", o, s->flags, &v, sizeof v);
    wal_options_free(o);
    return e;
}

static void expect_repaired(const struct scene *s, struct simdisk *d)
{
    wal_options_t *o = options(d, 0);
    char value[4];
    size_t size;
    wal_t *w;
    int got;

    assert_int_equal(wal_open("log", o, &w), 0);
    assert_int_equal(wal_first_lsn(w), 1);
    assert_int_equal(wal_last_lsn(w), s->last);
    for (uint64_t lsn = 1; lsn <= s->last; lsn++) {
        wal_record_t x = {.size = sizeof x};
        assert_int_equal(wal_get(w, lsn, &got, sizeof got, &x), 0);
        assert_int_equal(got, lsn);
    }
    assert_int_equal(wal_meta_get(w, "k", 1, value, sizeof value, &size), 0);
    assert_int_equal(wal_close(w), 0);
    wal_options_free(o);
}

static bool holds(struct simdisk *d, const char *path, const uint8_t *bytes)
{
    uint8_t now[SEGMENT_BYTES] = {0};
    return simdisk_read(d, path, 0, now, sizeof now) > 4096 && memcmp(now, bytes, sizeof now) == 0;
}

/* In its place, or in quarantine under some name. */
static void expect_not_lost(const struct scene *s, struct simdisk *d)
{
    for (int k = 0; k < 2; k++) {
        char path[80];
        bool there = false;
        snprintf(path, sizeof path, "/log/%020d.wal", k + 2);
        there = holds(d, path, s->lost[k]);
        for (int copy = 0; !there && copy < 4; copy++) {
            snprintf(path, sizeof path,
                     copy ? "/log/quarantine/%020d.wal.%d" : "/log/quarantine/%020d.wal", k + 2,
                     copy);
            there = holds(d, path, s->lost[k]);
        }
        assert_true(there);
    }
}

static void look(void *arg, struct simdisk *d, int survived, int result)
{
    struct scene *s = arg;

    expect_not_lost(s, d);
    (void)survived;
    (void)result;
    assert_int_equal(run(s, d), 0);
    expect_not_lost(s, d);
    expect_repaired(s, d);
}

static void lay_siege(struct scene *s, struct simdisk *d)
{
    struct siege siege = {.start = d, .arg = s, .run = run, .look = look};

    for (int k = 0; k < 2; k++) {
        char path[80];
        snprintf(path, sizeof path, "/log/%020d.wal", k + 2);
        assert_true(simdisk_read(d, path, 0, s->lost[k], SEGMENT_BYTES) > 4096);
    }
    uint64_t faults = siege_faults(&siege), images = siege_cuts(&siege, LIMIT);
    print_message("%llu faults, %llu images\n", (unsigned long long)faults,
                  (unsigned long long)images);
    assert_true(faults > 30 && images > 10);
    simdisk_free(d);
}

static void test_a_cut(void **state)
{
    static struct scene s = {.flags = WAL_REPAIR_CUT_AT_DAMAGE, .last = 3};
    struct simdisk *d = a_log();
    (void)state;
    simdisk_patch(d, "/log/00000000000000000002.wal", 4096 + 128 + 64, "damage", 6);
    uint8_t type; /* the first group of the segment may be another kind */
    simdisk_read(d, "/log/00000000000000000002.wal", 4096 + 56, &type, 1);
    s.last = type == 1 ? 4 : 3;
    lay_siege(&s, d);
}

static void test_control(void **state)
{
    static struct scene s = {.flags = WAL_REPAIR_REBUILD_CONTROL, .last = RECORDS};
    static const uint8_t noise[8000] = {1, 2, 3};
    struct simdisk *d = a_log();
    (void)state;
    simdisk_patch(d, "/log/control", 0, noise, sizeof noise);
    lay_siege(&s, d);
}

static void test_both(void **state)
{
    static struct scene s = {.flags = WAL_REPAIR_REBUILD_CONTROL | WAL_REPAIR_CUT_AT_DAMAGE,
                             .last = 6};
    struct simdisk *d = a_log();
    (void)state;
    simdisk_remove(d, "/log/control");
    simdisk_patch(d, "/log/00000000000000000003.wal", 4096 + 64 + 16, "damage", 6);
    lay_siege(&s, d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cut),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_both),
    };
    return cmocka_run_group_tests_name("repair", tests, NULL, NULL);
}
