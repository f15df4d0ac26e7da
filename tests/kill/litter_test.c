/* SPDX-License-Identifier: Apache-2.0 */
/* A thousand crashes in a row, a thousand openings and closings: the directory doesn't fill up, and
 * every record stays. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "support/log_fixture.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { TIMES = 100 }; /* one thread has nothing to race with, and sanitizers fork slowly */
#else
enum { TIMES = 1000 };
#endif

enum {
    /* What an open leaves behind on its own is carried over when its live part is at most this. */
    CARRIED_BYTES = 256 * 1024,
    ZERO_AHEAD = 256 * 1024,
    /* control, the last segment, the one before, one being made */
    FILES = 4,
    RECORD_OVERHEAD = 16 + 2 * 64
};

struct usage {
    uint64_t files, bytes;
};

static struct usage usage_of(const char *path)
{
    struct usage u = {0};
    struct dirent *entry;
    struct stat st;
    DIR *dir = opendir(path);

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        assert_int_equal(fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW), 0);
        u.files++;
        u.bytes += (uint64_t)st.st_blocks * 512;
    }
    closedir(dir);
    return u;
}

/* One segment more for each CARRIED_BYTES of records, and for each of them what was zeroed ahead.
 */
static void expect_tidy(const char *path, uint64_t live_bytes)
{
    struct usage u = usage_of(path);
    uint64_t files = FILES + live_bytes / CARRIED_BYTES;

    if (u.files > files)
        fail_msg("%" PRIu64 " files for %" PRIu64 " live bytes, expected at most %" PRIu64, u.files,
                 live_bytes, files);
    if (u.bytes > 2 * live_bytes + files * (ZERO_AHEAD + CARRIED_BYTES))
        fail_msg("%" PRIu64 " bytes on the disk for %" PRIu64 " live ones", u.bytes, live_bytes);
}

struct life {
    struct log_fixture *f;
    uint64_t lsn;     /* its first record's */
    uint32_t records; /* how many it appends */
    size_t size;      /* of each */
};

/* Each record begins with its LSN. */
static int append_records(wal_t *log, const struct life *l)
{
    char data[4096];
    int e = 0;

    memset(data, 'x', sizeof data);
    for (uint64_t lsn = l->lsn; e == 0 && lsn < l->lsn + l->records; lsn++) {
        memcpy(data, &lsn, sizeof lsn);
        e = wal_append(log, data, l->size, NULL);
    }
    return e;
}

enum { ENDED_WRONG = 1, ENDED_RIGHT = 2, KILLED = -1 };

/* Every other one dies by a signal. */
static int live_and_crash(void *arg)
{
    const struct life *l = arg;
    wal_t *log;

    if (wal_open(l->f->dir, l->f->options, &log) < 0 || wal_next_lsn(log) != l->lsn ||
        append_records(log, l) < 0)
        return ENDED_WRONG;
    if (l->lsn % 2)
        raise(SIGKILL);
    return ENDED_RIGHT; /* with _exit, without close */
}

static int live_and_close(void *arg)
{
    const struct life *l = arg;
    wal_t *log;

    if (wal_open(l->f->dir, l->f->options, &log) < 0 || wal_next_lsn(log) != l->lsn ||
        append_records(log, l) < 0 || wal_close(log) < 0)
        return ENDED_WRONG;
    return ENDED_RIGHT;
}

static int record_is_right(void *ctx, const wal_record_t *r)
{
    uint64_t *next = ctx, lsn;

    if (r->lsn != (*next)++ || r->data_size < sizeof lsn)
        return -1;
    memcpy(&lsn, r->data, sizeof lsn);
    return lsn == r->lsn ? 0 : -1;
}

static void expect_records(struct log_fixture *f, uint64_t first, uint64_t next)
{
    uint64_t seen = first;

    fixture_open(f);
    must(wal_replay(f->log, first, record_is_right, &seen, NULL));
    assert_int_equal(seen, next);
    expect_range(f->log, first, next > first ? next - 1 : 0, next, next - 1);
    fixture_close(f);
}

/* Many lives in a row, each of 0 .. 3 records. */
static uint64_t many_lives(struct log_fixture *f, int (*live)(void *arg), int times, size_t size,
                           bool forked)
{
    struct life l = {.f = f, .lsn = 1, .size = size};

    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, ZERO_AHEAD);
    for (int k = 0; k < times; k++) {
        l.records = (uint32_t)k % 4;
        int result = forked ? in_child(live, &l) : live(&l);
        assert_int_equal(result, forked && l.lsn % 2 ? KILLED : ENDED_RIGHT);
        l.lsn += l.records;
        expect_tidy(f->dir, (l.lsn - 1) * (size + RECORD_OVERHEAD));
    }
    return l.lsn;
}

static void test_crashes_leave_no_litter(void **state)
{
    uint64_t next = many_lives(*state, live_and_crash, TIMES, 100, true);
    expect_records(*state, 1, next);
}

static void test_crashes_of_a_log_that_outgrows_what_is_carried(void **state)
{
    uint64_t next = many_lives(*state, live_and_crash, TIMES / 4, 4000, true);
    expect_records(*state, 1, next);
}

static void test_cycles_leave_no_litter(void **state)
{
    uint64_t next = many_lives(*state, live_and_close, TIMES, 100, false);
    expect_records(*state, 1, next);
}

/* A queue: what is consumed is dropped, however its process ends. */
static void test_a_queue_that_crashes_keeps_its_size(void **state)
{
    enum { KEPT = 20, ROUNDS = TIMES / 5 };
    struct log_fixture *f = *state;
    struct life l = {.f = f, .lsn = 1, .records = 5, .size = 4000};
    uint64_t first = 1;

    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, ZERO_AHEAD);
    for (int k = 0; k < ROUNDS; k++) {
        assert_int_not_equal(in_child(k % 2 ? live_and_crash : live_and_close, &l), ENDED_WRONG);
        l.lsn += l.records;
        if (l.lsn > KEPT) {
            first = l.lsn - KEPT;
            fixture_open(f);
            must(wal_truncate_before(f->log, first));
            fixture_close(f);
        }
        expect_tidy(f->dir, CARRIED_BYTES);
    }
    expect_records(f, first, l.lsn);
}

/* No disk is waited for where there is a directory in memory: this test cuts no power. */
int main(void)
{
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 0);
    const struct CMUnitTest tests[] = {
        fixture_test(test_crashes_leave_no_litter),
        fixture_test(test_crashes_of_a_log_that_outgrows_what_is_carried),
        fixture_test(test_cycles_leave_no_litter),
        fixture_test(test_a_queue_that_crashes_keeps_its_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
