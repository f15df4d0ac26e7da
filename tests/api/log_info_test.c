/* SPDX-License-Identifier: Apache-2.0 */
/* wal_info: the log as a whole. */
#include "support/log_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static wal_info_t info_of(wal_t *w)
{
    wal_info_t info;
    memset(&info, 0xa5, sizeof info);
    must(wal_info(w, &info, sizeof info));
    return info;
}

static void test_what_a_log_is(void **state)
{
    struct log_fixture *f = *state;
    static const uint8_t zeros[16];
    uint8_t uuid[16];

    fixture_open(f);
    wal_info_t info = info_of(f->log);
    assert_int_equal(info.size, sizeof info);
    assert_int_equal(info.flags, 0);
    assert_int_equal(info.major, 1);
    assert_int_equal(info.minor, 0);
    assert_int_equal(info.codec, 0);
    assert_int_equal(info.cipher, 0);
    assert_int_equal(info.key_id, 0);
    assert_int_equal(info.reserved, 0);
    assert_memory_not_equal(info.uuid, zeros, sizeof zeros);
    fixture_read_file(fixture_path(f, "control"), 16, uuid, sizeof uuid);
    assert_memory_equal(info.uuid, uuid, sizeof uuid);
    fixture_append(f, "1");
    fixture_reopen(f);
    assert_memory_equal(info_of(f->log).uuid, uuid, sizeof uuid);
    must(wal_reset(f->log, 5));
    assert_memory_equal(info_of(f->log).uuid, uuid, sizeof uuid);
    fixture_close(f);
    must(wal_destroy(f->dir));
    fixture_open(f);
    assert_memory_not_equal(info_of(f->log).uuid, uuid, sizeof uuid); /* another log */
}

static void test_epoch_counts_opens_that_wrote(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    assert_int_equal(info_of(f->log).epoch, 1);
    fixture_reopen(f);
    assert_int_equal(info_of(f->log).epoch, 1);
    fixture_append(f, "1");
    assert_int_equal(info_of(f->log).epoch, 2);
    must(wal_rotate(f->log));
    assert_int_equal(info_of(f->log).epoch, 2);
    fixture_crash(f);
    fixture_open(f); /* it writes */
    assert_int_equal(info_of(f->log).epoch, 3);
    wal_t *follower = fixture_open_read_only(f);
    fixture_reopen(f);
    fixture_append(f, "2");
    assert_int_equal(info_of(follower).epoch, 4);
    must(wal_close(follower));
}

static void test_clean_as_it_was_found(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    assert_int_equal(info_of(f->log).flags, 0); /* new */
    fixture_append(f, "1");
    wal_t *beside = fixture_open_read_only(f);
    assert_int_equal(info_of(beside).flags, WAL_INFO_READ_ONLY);
    fixture_reopen(f);
    assert_int_equal(info_of(beside).flags, WAL_INFO_READ_ONLY);
    must(wal_close(beside));
    assert_int_equal(info_of(f->log).flags, WAL_INFO_CLEAN);
    fixture_append(f, "2");
    assert_int_equal(info_of(f->log).flags, WAL_INFO_CLEAN); /* it says how it was */
    fixture_crash(f);
    wal_t *crashed = fixture_open_read_only(f);
    assert_int_equal(info_of(crashed).flags, WAL_INFO_READ_ONLY);
    fixture_open(f);
    assert_int_equal(info_of(f->log).flags, 0); /* though nothing had to be given up */
    fixture_close(f);
    wal_t *closed = fixture_open_read_only(f);
    assert_int_equal(info_of(closed).flags, WAL_INFO_READ_ONLY | WAL_INFO_CLEAN);
    must(wal_close(crashed));
    must(wal_close(closed));
}

/* A large log is believed to be whole by its seal: another way to the same answer. */
static void test_clean_of_a_large_log(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    for (int k = 0; k < 4; k++)
        must(wal_append(f->log, fixture_bytes(1 << 18, k), 1 << 18, NULL));
    fixture_reopen(f);
    assert_int_equal(info_of(f->log).flags, WAL_INFO_CLEAN);
    fixture_append(f, "x");
    must(wal_sync(f->log, 0));
    fixture_crash(f);
    fixture_open(f);
    assert_int_equal(info_of(f->log).flags, 0);
}

static void test_how_it_is_written(void **state)
{
    struct log_fixture *f = *state;
    wal_t *follower;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_DSYNC);
    fixture_open(f);
    assert_int_equal(info_of(f->log).flags, WAL_INFO_DSYNC);
    fixture_set(f, WAL_OPT_READ_ONLY, 1);
    must(wal_open(f->dir, f->options, &follower));
    assert_int_equal(info_of(follower).flags, WAL_INFO_READ_ONLY); /* it writes nothing */
    must(wal_close(follower));
}

static void test_strays_are_names_of_others(void **state)
{
    struct log_fixture *f = *state;
    const char *const own[] = {"reserve", "tmp-00000000000000000077"};
    const char *const strays[] = {"notes", "1.wal", "tmp-mine", "control2", ".hidden"};

    fixture_open(f);
    fixture_append(f, "1");
    must(wal_rotate(f->log));
    assert_int_equal(info_of(f->log).strays, 0);
    for (size_t k = 0; k < COUNT_OF(own); k++)
        fixture_write_file(fixture_path(f, own[k]), 0, "x", 1);
    assert_int_equal(mkdir(fixture_path(f, "quarantine"), 0700), 0);
    assert_int_equal(info_of(f->log).strays, 0);
    for (size_t k = 0; k < COUNT_OF(strays); k++)
        fixture_write_file(fixture_path(f, strays[k]), 0, "x", 1);
    assert_int_equal(info_of(f->log).strays, COUNT_OF(strays));
    wal_t *follower = fixture_open_read_only(f);
    assert_int_equal(info_of(follower).strays, COUNT_OF(strays));
    for (size_t k = 0; k < COUNT_OF(strays); k++)
        fixture_remove_all(fixture_path(f, strays[k]));
    assert_int_equal(info_of(follower).strays, 0);
    must(wal_close(follower));
}

static void test_sizes(void **state)
{
    enum { ROOM = sizeof(wal_info_t) + 24 };
    struct log_fixture *f = *state;
    unsigned char *room = malloc(ROOM); /* exactly */
    wal_info_t info;

    assert_non_null(room);
    fixture_open(f);
    memset(&info, 0xa5, sizeof info);
    expect_error(WAL_E_INVAL, wal_info(f->log, &info, sizeof info - 1), "size");
    expect_error(WAL_E_INVAL, wal_info(f->log, &info, 0), "size");
    expect_error(WAL_E_INVAL, wal_info(f->log, NULL, sizeof info), "NULL");
    expect_error(WAL_E_INVAL, wal_info(NULL, &info, sizeof info), "NULL");
    assert_int_equal(info.epoch, UINT64_C(0xa5a5a5a5a5a5a5a5));
    memset(room, 0xa5, ROOM);
    must(wal_info(f->log, (wal_info_t *)(void *)room, ROOM)); /* of a newer program */
    memcpy(&info, room, sizeof info);
    assert_int_equal(info.size, ROOM);
    assert_int_equal(info.epoch, 1);
    for (size_t k = sizeof info; k < ROOM; k++)
        assert_int_equal(room[k], 0);
    free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_what_a_log_is),
        fixture_test(test_epoch_counts_opens_that_wrote),
        fixture_test(test_clean_as_it_was_found),
        fixture_test(test_clean_of_a_large_log),
        fixture_test(test_how_it_is_written),
        fixture_test(test_strays_are_names_of_others),
        fixture_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
