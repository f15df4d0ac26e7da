/* SPDX-License-Identifier: Apache-2.0 */
/* One record by its LSN: from memory, from the file being written, from sealed ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/codes.h"
#include "base/fault.h"
#include "log/get.h"
#include "log/source.h"
#include "support/yard.h"

static struct yard yard;

static int setup(void **state)
{
    (void)state;
    yard_make(&yard);
    yard_set(&yard, WAL_OPT_BACKGROUND, 0);
    yard_open(&yard);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yard_remove(&yard);
    return 0;
}

static void append(const char *text, uint32_t flags)
{
    assert_int_equal(wal_append_typed(yard.log, 7, text, strlen(text), flags, NULL), 0);
}

static void expect(uint64_t lsn, const char *text, uint32_t flags)
{
    char buf[64];
    struct got got;
    assert_int_equal(get_record(yard.log, lsn, buf, sizeof buf, &got), 0);
    assert_int_equal(got.size, strlen(text));
    assert_memory_equal(buf, text, strlen(text));
    assert_int_equal(got.type, 7);
    assert_int_equal(got.flags, flags);
}

static void test_in_memory_in_the_file_and_sealed(void **state)
{
    (void)state;
    append("sealed", 0);
    assert_int_equal(wal_rotate(yard.log), 0);
    append("durable", 0);
    append("written", WAL_APPEND_ASYNC);
    assert_int_equal(wal_flush(yard.log), 0);
    append("buffered", WAL_APPEND_ASYNC);
    append("", WAL_APPEND_ASYNC);
    expect(1, "sealed", WAL_RECORD_DURABLE | WAL_RECORD_BATCH_LAST);
    expect(2, "durable", WAL_RECORD_DURABLE | WAL_RECORD_BATCH_LAST);
    expect(3, "written", WAL_RECORD_BATCH_LAST);
    expect(4, "buffered", WAL_RECORD_BATCH_LAST);
    expect(5, "", WAL_RECORD_BATCH_LAST);
}

static void test_batch_last_is_the_last(void **state)
{
    const wal_record_t two[2] = {{.size = sizeof *two, .type = 7, .data = "a", .data_size = 1},
                                 {.size = sizeof *two, .type = 7, .data = "b", .data_size = 1}};

    (void)state;
    assert_int_equal(wal_append_many(yard.log, two, 2, WAL_APPEND_ASYNC, NULL), 0);
    expect(1, "a", 0);
    expect(2, "b", WAL_RECORD_BATCH_LAST);
    assert_int_equal(wal_sync(yard.log, 0), 0);
    expect(1, "a", WAL_RECORD_DURABLE);
}

static void test_small_buffer_is_told_the_size(void **state)
{
    char buf[8] = "xxxxxxx";
    struct got got;

    (void)state;
    append("durable", 0);
    append("buffered", WAL_APPEND_ASYNC);
    for (uint64_t lsn = 1; lsn <= 2; lsn++) {
        got = (struct got){0};
        assert_int_equal(get_record(yard.log, lsn, buf, 6, &got), WAL_E_TOOBIG);
        assert_int_equal(got.size, 6 + lsn);
        assert_int_equal(fault_last()->lsn, lsn);
        assert_string_equal(buf, "xxxxxxx");
    }
}

static void test_outside(void **state)
{
    char buf[8];
    struct got got = {.size = 4711};

    (void)state;
    assert_int_equal(get_record(yard.log, 1, buf, sizeof buf, &got), WAL_E_RANGE);
    append("a", 0);
    append("b", 0);
    append("c", WAL_APPEND_ASYNC);
    assert_int_equal(wal_truncate_before(yard.log, 2), 0);
    assert_int_equal(get_record(yard.log, 0, buf, sizeof buf, &got), WAL_E_RANGE);
    assert_int_equal(get_record(yard.log, 1, buf, sizeof buf, &got), WAL_E_RANGE);
    assert_int_equal(get_record(yard.log, 4, buf, sizeof buf, &got), WAL_E_RANGE);
    assert_int_equal(fault_last()->lsn, 4);
    assert_int_equal(get_record(yard.log, UINT64_MAX, buf, sizeof buf, &got), WAL_E_RANGE);
    assert_int_equal(got.size, 4711);
    expect(2, "b", WAL_RECORD_DURABLE | WAL_RECORD_BATCH_LAST);
}

static void test_damage_is_an_error_with_its_place(void **state)
{
    char buf[64], path[320];
    struct got got;

    (void)state;
    append("to be damaged", 0);
    snprintf(path, sizeof path, "%s/00000000000000000001.wal", yard.scratch.path);
    int fd = open(path, O_WRONLY);
    off_t at = (off_t)(yard.log->written_offset - 64); /* inside the only group's body */
    assert_int_equal(pwrite(fd, "!", 1, at + 20), 1);
    close(fd);
    assert_int_equal(get_record(yard.log, 1, buf, sizeof buf, &got), WAL_E_CORRUPT);
    assert_int_equal(fault_last()->lsn, 1);
    assert_int_equal(fault_last()->segment, 1);
    assert_non_null(strstr(fault_last()->text, "00000000000000000001.wal"));
    assert_int_equal(yard_stat(&yard, WAL_STAT_CORRUPTIONS), 1);
}

static _Atomic uint32_t answered;

static void get_second(void *arg, unsigned who)
{
    char buf[64];
    struct got got;
    (void)arg;
    (void)who;
    MUST_BE(get_record(yard.log, 2, buf, sizeof buf, &got), 0);
    MUST_BE((int64_t)got.size, 6);
    MUST(memcmp(buf, "second", 6) == 0);
    atomic_store(&answered, 1);
}

static void await_pin(const struct staged *g)
{
    pthread_mutex_lock(&yard.log->mu);
    while (g->pins == 0) {
        pthread_mutex_unlock(&yard.log->mu);
        crew_pause();
        pthread_mutex_lock(&yard.log->mu);
    }
    pthread_mutex_unlock(&yard.log->mu);
}

/* The first record's place is reserved and still being copied to, while later ones are in. */
static void test_waits_for_what_lies_before(void **state)
{
    struct wal *w = yard.log;
    struct source s;
    struct slot slot;
    struct filled f;
    struct crew c;
    uint8_t sixteen[16] = {0};

    (void)state;
    assert_int_equal(source_one(&s, 7, sixteen, sizeof sixteen, 1024), 0);
    pthread_mutex_lock(&w->mu);
    assert_int_equal(stage_reserve(&w->stage, &w->limits, s.body, 1, w->next_lsn++, false, &slot),
                     0);
    atomic_fetch_add(&slot.group->copying, 1);
    pthread_mutex_unlock(&w->mu);
    memset(slot.at, 0, (size_t)s.body); /* as a buffer is that was never used */
    append("second", WAL_APPEND_ASYNC);
    crew_start(&c, 1, get_second, NULL);
    await_pin(slot.group);
    append("third, longer than the first", WAL_APPEND_ASYNC);
    for (int k = 0; k < 20; k++) /* time to go wrong */
        crew_pause();
    assert_int_equal(atomic_load(&answered), 0);
    assert_int_equal(source_fill(&s, s.body, slot.at, slot.first_lsn, slot.group->salt, &f), 0);
    atomic_fetch_sub(&slot.group->copying, 1);
    crew_join(&c);
    assert_int_equal(wal_sync(w, 0), 0);
    expect(2, "second", WAL_RECORD_DURABLE | WAL_RECORD_BATCH_LAST);
}

#define get_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        get_test(test_in_memory_in_the_file_and_sealed),  get_test(test_batch_last_is_the_last),
        get_test(test_small_buffer_is_told_the_size),     get_test(test_outside),
        get_test(test_damage_is_an_error_with_its_place), get_test(test_waits_for_what_lies_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
