/* SPDX-License-Identifier: Apache-2.0 */
/* Directories that nobody's log looks like: files of any size, names of any kind and number, long
 * chains of segments. */
#include "hostile.h"

#include <stdlib.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    STRAYS = 100 * 1000,
    SEGMENTS = 20 * 1000,
    CHAIN = 1000,
    ROOM_PER_NAME = 128 /* bytes: what a name may cost in one block of memory */
};

static void expect(int code, size_t largest, const char *name)
{
    struct verdict_on_forged v;
    for (int read_only = 1; read_only >= 0; read_only--) {
        forge_try(stand.path, &made.history, read_only, &v);
        int got = v.open ? v.open : v.read;
        if (got != code || (!got && v.last != made.history.submitted) || v.wrong ||
            v.largest > largest)
            fail_msg("%s, %s: open %s, read %s, last %llu, %u wrong, largest block %zu", name,
                     read_only ? "read-only" : "writing", wal_error_name(v.open),
                     wal_error_name(v.read), (unsigned long long)v.last, v.wrong, v.largest);
    }
    printf("  %s: %s\n", name, wal_error_name(code));
}

static int open_segment(uint64_t number)
{
    char name[NAME_BYTES];
    name_segment(name, number);
    int fd = openat(stand.fd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

/* As far as the file system goes. */
static uint64_t stretch(int fd, uint64_t size)
{
    while (ftruncate(fd, (off_t)size) != 0)
        size /= 2;
    return size;
}

static void files_that_are_all_hole(void **state)
{
    const uint64_t longest = INT64_MAX, legal = UINT64_C(200) << 30;
    (void)state;

    stand_put(&stand, &made.now);
    int fd = open_segment(control.newest);
    uint64_t size = stretch(fd, longest);
    printf("  a segment of %llu bytes\n", (unsigned long long)size);
    expect(size > UINT64_C(0xffffffff) * 64 + 4096 ? WAL_E_CORRUPT : 0, ONE_GROUP,
           "the newest segment, as long as can be");
    assert_true(ftruncate(fd, (off_t)legal) == 0);
    assert_true(pwrite(fd, "x", 1, (off_t)legal - 1) == 1);
    expect(WAL_E_CORRUPT, ONE_GROUP, "200 GiB of hole, then a byte");
    assert_true(ftruncate(fd, (off_t)legal - 4096) == 0);
    expect(0, ONE_GROUP, "200 GiB of hole");
    close(fd);

    stand_put(&stand, &made.now);
    fd = open_segment(control.oldest);
    stretch(fd, longest);
    close(fd);
    fd = openat(stand.fd, NAME_CONTROL, O_RDWR | O_CLOEXEC);
    stretch(fd, longest);
    close(fd);
    expect(0, ONE_GROUP, "the oldest segment and control, as long as can be");
}

static void touch(const char *name)
{
    int fd = openat(stand.fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static bool there(const char *name)
{
    return faccessat(stand.fd, name, F_OK, 0) == 0;
}

/* Names near those that count, and long ones. */
static void stray_name(char *ret, size_t room, unsigned k)
{
    switch (k % 8) {
    case 0:
        snprintf(ret, room, "%019u.wal", k);
        break;
    case 1:
        snprintf(ret, room, "%021u.wal", k);
        break;
    case 2:
        snprintf(ret, room, "%020u.wal ", k);
        break;
    case 3:
        snprintf(ret, room, "%020u.WAL", k);
        break;
    case 4:
        snprintf(ret, room, "tmp-%u", k);
        break;
    case 5:
        snprintf(ret, room, "%0250u", k);
        break;
    case 6:
        snprintf(ret, room, "control.%u", k);
        break;
    default:
        snprintf(ret, room, "\x01%u\n\xff%%s", k);
        break;
    }
}

static void a_hundred_thousand_strays(void **state)
{
    char name[256];
    (void)state;

    stand_put(&stand, &made.now);
    for (unsigned k = 0; k < STRAYS; k++) {
        stray_name(name, sizeof name, k);
        touch(name);
    }
    expect(0, ONE_GROUP, "100,000 strange names");
    for (unsigned k = 0; k < STRAYS; k++) {
        stray_name(name, sizeof name, k);
        assert_true(there(name));
        assert_int_equal(unlinkat(stand.fd, name, 0), 0);
    }
}

/* Files that look like segments, with nothing in them: dead, whatever their number. */
static void segments_of_nothing(void **state)
{
    char name[NAME_BYTES];
    (void)state;

    stand_put(&stand, &made.now);
    for (unsigned k = 0; k < SEGMENTS; k++) {
        name_segment(name, control.newest + 1 + k);
        touch(name);
        name_temp(name, k + 1);
        touch(name);
    }
    name_segment(name, UINT64_MAX);
    touch(name);
    touch("00000000000000000000.wal");
    touch("99999999999999999999.wal"); /* above 2^64 */
    expect(0, ONE_GROUP + SEGMENTS * ROOM_PER_NAME, "20,000 empty segments");
    expect(0, ONE_GROUP, "and again");
    assert_false(there(name));
    name_segment(name, control.newest + SEGMENTS);
    assert_false(there(name));
    name_temp(name, SEGMENTS);
    assert_false(there(name));
    assert_true(there("00000000000000000000.wal"));
    assert_true(there("99999999999999999999.wal"));
}

/* What isn't a regular file under a name of the log. */
static void names_that_are_no_files(void **state)
{
    char name[NAME_BYTES];
    (void)state;

    for (int what = 0; what < 3; what++)
        for (int which = 0; which < 3; which++) {
            stand_put(&stand, &made.now);
            if (which == 0)
                snprintf(name, sizeof name, NAME_CONTROL);
            else
                name_segment(name, which == 1 ? control.newest : control.oldest);
            assert_int_equal(unlinkat(stand.fd, name, 0), 0);
            assert_int_equal(what == 0   ? symlinkat("/dev/zero", stand.fd, name)
                             : what == 1 ? mkfifoat(stand.fd, name, 0600)
                                         : mkdirat(stand.fd, name, 0700),
                             0);
            expect(WAL_E_PERM, ONE_GROUP, name);
            assert_int_equal(unlinkat(stand.fd, name, what == 2 ? AT_REMOVEDIR : 0), 0);
        }
}

static wal_t *open_chain(int expected)
{
    wal_options_t *o = made_options(false);
    wal_t *w = NULL;
    assert_int_equal(wal_options_set(o, WAL_OPT_ZERO_AHEAD_BYTES, 0), 0);
    assert_int_equal(wal_open(stand.path, o, &w), expected);
    wal_options_free(o);
    return w;
}

static int count(void *ctx, const wal_record_t *r)
{
    uint64_t *n = ctx;
    *n += r->lsn == *n + 1 && r->data_size == 8 && memcmp(r->data, &r->lsn, 8) == 0;
    return 0;
}

/* A thousand segments, each behind the one before. One of the middle goes missing. */
static void a_deep_chain(void **state)
{
    char name[NAME_BYTES];
    wal_error_t error;
    uint64_t n = 0;
    struct image empty = {0};
    (void)state;

    stand_put(&stand, &empty);
    wal_t *w = open_chain(0);
    for (uint64_t lsn = 1; lsn <= CHAIN; lsn++) {
        assert_int_equal(wal_append(w, &lsn, sizeof lsn, NULL), 0);
        assert_int_equal(wal_rotate(w), 0);
    }
    assert_int_equal(wal_close(w), 0);
    w = open_chain(0);
    assert_int_equal(wal_replay(w, 0, count, &n, NULL), 0);
    assert_int_equal(n, CHAIN);
    assert_int_equal(wal_close(w), 0);

    name_segment(name, CHAIN / 2);
    assert_int_equal(renameat(stand.fd, name, stand.fd, "aside"), 0);
    open_chain(WAL_E_CORRUPT);
    wal_last_error(&error, sizeof error);
    assert_int_equal(error.segment, CHAIN / 2);
    assert_non_null(strstr(error.message, name));
    assert_int_equal(renameat(stand.fd, "aside", stand.fd, name), 0);
    w = open_chain(0);
    assert_int_equal(wal_truncate_before(w, CHAIN), 0);
    assert_int_equal(wal_close(w), 0);
    assert_false(there(name));
    printf("  a chain of %d segments\n", CHAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_are_all_hole),
        cmocka_unit_test(a_hundred_thousand_strays),
        cmocka_unit_test(segments_of_nothing),
        cmocka_unit_test(names_that_are_no_files),
        cmocka_unit_test(a_deep_chain),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
