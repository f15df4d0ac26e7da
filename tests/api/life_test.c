/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, making, closing; what open reports; what the getters say. */
#include "support/log_fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNTOUCHED ((wal_t *)(uintptr_t)0x5a5a)

/* Open fails, says so, and leaves the pointer alone. */
static void refuse_open(struct log_fixture *f, const char *dir, int code, const char *part)
{
    wal_t *w = UNTOUCHED;
    expect_error(code, wal_open(dir, f->options, &w), part);
    assert_ptr_equal(w, UNTOUCHED);
}

static void test_a_new_log_is_empty(void **state)
{
    struct log_fixture *f = *state;
    wal_recovery_t r;

    fixture_open(f);
    expect_range(f->log, 1, 0, 1, 0);
    assert_int_equal(wal_failure(f->log), 0);
    must(wal_recovery(f->log, &r, sizeof r));
    assert_int_equal(r.size, sizeof r);
    assert_int_equal(r.verdict, WAL_RECOVERY_NEW);
    assert_int_equal(r.first_lsn, 1);
    assert_int_equal(r.last_lsn, 0);
    assert_int_equal(r.next_lsn, 1);
    assert_int_equal(r.durable_lsn, 0);
    assert_int_equal(r.cut_segment, 0);
    assert_true(r.duration_ns > 0);
    fixture_reopen(f);
    must(wal_recovery(f->log, &r, sizeof r));
    assert_int_equal(r.verdict, WAL_RECOVERY_CLEAN);
    expect_range(f->log, 1, 0, 1, 0);
}

static void test_what_was_appended_is_there_after_reopen(void **state)
{
    struct log_fixture *f = *state;
    wal_recovery_t r;

    fixture_open(f);
    assert_int_equal(fixture_append(f, "one"), 1);
    assert_int_equal(fixture_append(f, "two"), 2);
    expect_range(f->log, 1, 2, 3, 2);
    for (int k = 0; k < 3; k++) {
        fixture_reopen(f);
        must(wal_recovery(f->log, &r, sizeof r));
        assert_int_equal(r.verdict, WAL_RECOVERY_CLEAN);
        assert_int_equal(r.last_lsn, 2);
        assert_int_equal(r.durable_lsn, 2);
        assert_true(r.segments > 0);
        expect_range(f->log, 1, 2, 3, 2);
        expect_record(f->log, 1, "one");
        expect_record(f->log, 2, "two");
    }
}

static void test_arguments_of_open(void **state)
{
    struct log_fixture *f = *state;

    refuse_open(f, NULL, WAL_E_INVAL, "dir");
    refuse_open(f, "", WAL_E_INVAL, "dir");
    expect_error(WAL_E_INVAL, wal_open(f->dir, f->options, NULL), "ret");
    assert_false(fixture_exists(f->dir));
    must(wal_open(f->dir, NULL, &f->log)); /* NULL: the defaults */
    assert_int_equal(fixture_append(f, "x"), 1);
    assert_int_equal(wal_close(NULL), 0);
}

static void test_no_log_and_not_asked_to_make_one(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_CREATE, 0);
    refuse_open(f, f->dir, WAL_E_NOTFOUND, f->dir);
    assert_false(fixture_exists(f->dir));
    assert_int_equal(mkdir(f->dir, 0700), 0);
    refuse_open(f, f->dir, WAL_E_NOTFOUND, f->dir);
    assert_int_equal(rmdir(f->dir), 0); /* nothing was put into it */

    fixture_set(f, WAL_OPT_CREATE, 1);
    fixture_open(f);
    fixture_set(f, WAL_OPT_CREATE, 0);
    fixture_reopen(f);
}

static void test_a_missing_parent_is_not_made(void **state)
{
    struct log_fixture *f = *state;
    char deep[400];

    snprintf(deep, sizeof deep, "%.319s/deeper", f->dir);
    refuse_open(f, deep, WAL_E_NOTFOUND, deep);
    assert_false(fixture_exists(f->dir));
}

static void test_a_file_is_no_directory(void **state)
{
    struct log_fixture *f = *state;
    char below[400];

    fixture_write_file(f->dir, 0, "text", 4);
    refuse_open(f, f->dir, WAL_E_INVAL, f->dir);
    fixture_set(f, WAL_OPT_READ_ONLY, 1);
    refuse_open(f, f->dir, WAL_E_INVAL, f->dir);
    fixture_set(f, WAL_OPT_READ_ONLY, 0);
    snprintf(below, sizeof below, "%.319s/deeper", f->dir);
    refuse_open(f, below, WAL_E_INVAL, below);
}

static void test_exclusive(void **state)
{
    struct log_fixture *f = *state;

    assert_int_equal(mkdir(f->dir, 0700), 0); /* an empty directory is no log */
    fixture_set(f, WAL_OPT_EXCLUSIVE, 1);
    fixture_open(f);
    fixture_append(f, "kept");
    fixture_close(f);
    refuse_open(f, f->dir, WAL_E_EXISTS, f->dir);
    fixture_set(f, WAL_OPT_EXCLUSIVE, 0);
    fixture_open(f);
    expect_record(f->log, 1, "kept");
}

static void test_options_that_contradict_each_other(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_EXCLUSIVE, 1);
    fixture_set(f, WAL_OPT_CREATE, 0);
    refuse_open(f, f->dir, WAL_E_INVAL, "exclusive");
    fixture_set(f, WAL_OPT_CREATE, 1);
    fixture_set(f, WAL_OPT_READ_ONLY, 1);
    refuse_open(f, f->dir, WAL_E_INVAL, "exclusive");
    fixture_set(f, WAL_OPT_READ_ONLY, 0);
    fixture_set(f, WAL_OPT_EXCLUSIVE, 0);
    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_INTERVAL);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    refuse_open(f, f->dir, WAL_E_INVAL, "background");
    assert_false(fixture_exists(f->dir));
}

static void test_read_only_makes_nothing(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_READ_ONLY, 1); /* CREATE is on, and ignored */
    refuse_open(f, f->dir, WAL_E_NOTFOUND, f->dir);
    assert_false(fixture_exists(f->dir));
    assert_int_equal(mkdir(f->dir, 0700), 0);
    refuse_open(f, f->dir, WAL_E_NOTFOUND, f->dir);
    assert_int_equal(rmdir(f->dir), 0);
}

static void test_options_and_path_are_copied(void **state)
{
    struct log_fixture *f = *state;
    char dir[320];
    uint64_t lsn;

    strcpy(dir, f->dir);
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 10);
    must(wal_open(dir, f->options, &f->log));
    memset(dir, 'x', strlen(dir));
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 20);
    expect_error(WAL_E_TOOBIG, wal_append(f->log, "12345678901", 11, &lsn), "10");
    expect_error(WAL_E_LOCKED, wal_open(f->dir, f->options, &(wal_t *){NULL}), f->dir);
    wal_options_free(f->options);
    f->options = NULL;
    must(wal_append(f->log, "1234567890", 10, &lsn));
    must(wal_rotate(f->log)); /* makes a file in the directory */
    assert_int_equal(lsn, 1);
}

static void test_first_lsn_is_for_new_logs_only(void **state)
{
    struct log_fixture *f = *state;

    expect_error(WAL_E_INVAL, wal_options_set(f->options, WAL_OPT_FIRST_LSN, 0), "first_lsn");
    fixture_set(f, WAL_OPT_FIRST_LSN, 1000);
    fixture_open(f);
    expect_range(f->log, 1000, 0, 1000, 999);
    assert_int_equal(fixture_append(f, "x"), 1000);
    fixture_set(f, WAL_OPT_FIRST_LSN, 5);
    fixture_reopen(f);
    expect_range(f->log, 1000, 1000, 1001, 1000);
}

static void test_an_empty_log_keeps_its_next_lsn(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_FIRST_LSN, 77);
    fixture_open(f);
    fixture_reopen(f);
    expect_range(f->log, 77, 0, 77, 76);
    fixture_fill(f, 3);
    must(wal_truncate_before(f->log, 80));
    for (int k = 0; k < 3; k++) {
        expect_range(f->log, 80, 0, 80, 79);
        fixture_reopen(f);
    }
    fixture_crash(f);
    fixture_open(f);
    expect_range(f->log, 80, 0, 80, 79);
    assert_int_equal(fixture_append(f, "next"), 80);
}

static void test_report_and_range_check_their_pointers(void **state)
{
    struct log_fixture *f = *state;
    wal_recovery_t r;
    uint64_t first = 5, next = 5;

    memset(&r, 0xa5, sizeof r);
    fixture_open(f);
    expect_error(WAL_E_INVAL, wal_recovery(f->log, NULL, sizeof r), "ret");
    expect_error(WAL_E_INVAL, wal_recovery(f->log, &r, sizeof r - 1), "size");
    expect_error(WAL_E_INVAL, wal_recovery(NULL, &r, sizeof r), "NULL");
    assert_int_equal(r.size, 0xa5a5a5a5);
    assert_int_equal(r.verdict, 0xa5a5a5a5);
    must(wal_range(f->log, NULL, NULL, NULL, NULL));
    must(wal_range(f->log, &first, NULL, &next, NULL));
    assert_int_equal(first, 1);
    assert_int_equal(next, 1);
    expect_error(WAL_E_INVAL, wal_range(NULL, &first, NULL, NULL, NULL), "NULL");
    expect_error(WAL_E_INVAL, wal_failure(NULL), "NULL");
    assert_int_equal(first, 1);
}

static void test_the_report_of_an_older_and_a_newer_program(void **state)
{
    enum { NEWER = sizeof(wal_recovery_t) + 16 };
    struct log_fixture *f = *state;
    wal_recovery_t *exact = malloc(sizeof *exact); /* so that a sanitizer sees a byte too many */
    unsigned char *newer = malloc(NEWER);

    assert_true(exact && newer);
    fixture_open(f);
    must(wal_recovery(f->log, exact, sizeof *exact));
    assert_int_equal(exact->next_lsn, 1);
    memset(newer, 0xa5, NEWER);
    must(wal_recovery(f->log, (wal_recovery_t *)(void *)newer, NEWER));
    memcpy(exact, newer, sizeof *exact);
    assert_int_equal(exact->size, NEWER);
    assert_int_equal(exact->next_lsn, 1);
    for (size_t k = sizeof *exact; k < NEWER; k++)
        assert_int_equal(newer[k], 0);
    free(exact);
    free(newer);
}

static void test_getters_of_nothing_say_0_and_leave_the_error(void **state)
{
    wal_error_t e;

    (void)state;
    expect_error(WAL_E_INVAL, wal_open(NULL, NULL, NULL), NULL);
    assert_int_equal(wal_first_lsn(NULL), 0);
    assert_int_equal(wal_last_lsn(NULL), 0);
    assert_int_equal(wal_next_lsn(NULL), 0);
    assert_int_equal(wal_durable_lsn(NULL), 0);
    assert_int_equal(wal_disk_bytes(NULL), 0);
    assert_int_equal(wal_reader_position(NULL), 0);
    assert_int_equal(wal_batch_count(NULL), 0);
    assert_int_equal(wal_batch_bytes(NULL), 0);
    assert_int_equal(wal_last_error(&e, sizeof e), 0);
    assert_non_null(strstr(e.message, "NULL or empty"));
}

static void test_a_killed_writer_loses_nothing_acknowledged(void **state)
{
    struct log_fixture *f = *state;
    wal_recovery_t r;

    fixture_open(f);
    fixture_fill(f, 5);
    for (int k = 0; k < 3; k++) {
        fixture_crash(f);
        fixture_open(f);
        must(wal_recovery(f->log, &r, sizeof r));
        assert_int_equal(r.verdict, WAL_RECOVERY_CLEAN);
        expect_range(f->log, 1, 5, 6, 5);
        expect_record(f->log, 5, "5");
    }
    assert_int_equal(fixture_append(f, "6"), 6);
}

/* Bytes behind the end, as of a write that a power cut took apart. */
static void tear(struct log_fixture *f)
{
    wal_segment_t s = fixture_segment(f->log, 0);
    fixture_crash(f);
    fixture_write_file(fixture_segment_path(f, s.number), s.bytes + 8, "torn", 4);
}

static void test_a_torn_end_is_cut_and_reported(void **state)
{
    struct log_fixture *f = *state;
    wal_recovery_t r;

    fixture_open(f);
    fixture_fill(f, 2);
    wal_segment_t s = fixture_segment(f->log, 0);
    tear(f);
    fixture_set(f, WAL_OPT_STRICT, 1);
    refuse_open(f, f->dir, WAL_E_TORN, ".wal at offset");
    fixture_set(f, WAL_OPT_STRICT, 0);
    fixture_open(f);
    must(wal_recovery(f->log, &r, sizeof r));
    assert_int_equal(r.verdict, WAL_RECOVERY_TORN);
    assert_int_equal(r.cut_segment, s.number);
    assert_int_equal(r.cut_offset, s.bytes);
    assert_int_equal(r.discarded_bytes, 64); /* counted in units of 64 */
    assert_int_equal(fixture_stat(f->log, WAL_STAT_DISCARDED_BYTES), r.discarded_bytes);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_RECOVERY_NS), r.duration_ns);
    expect_range(f->log, 1, 2, 3, 2);
    fixture_set(f, WAL_OPT_STRICT, 1);
    fixture_reopen(f);
    must(wal_recovery(f->log, &r, sizeof r));
    assert_int_equal(r.verdict, WAL_RECOVERY_CLEAN);
    assert_int_equal(r.discarded_bytes, 0);
}

static void test_half_a_header_is_enough_and_reported(void **state)
{
    struct log_fixture *f = *state;
    wal_recovery_t r;

    fixture_open(f);
    fixture_fill(f, 2);
    must(wal_rotate(f->log));
    fixture_fill(f, 2);
    fixture_close(f);
    fixture_write_file(fixture_segment_path(f, 1), 100, "damage", 6);
    fixture_open(f);
    must(wal_recovery(f->log, &r, sizeof r));
    assert_int_equal(r.verdict, WAL_RECOVERY_CLEAN);
    assert_int_equal(r.header_repairs, 1);
    fixture_close(f);
    fixture_write_file(fixture_segment_path(f, 2), 2048 + 100, "damage", 6);
    fixture_open(f);
    must(wal_recovery(f->log, &r, sizeof r));
    assert_int_equal(r.header_repairs, 2);
    expect_range(f->log, 1, 4, 5, 4);
    expect_record(f->log, 1, "1");
    fixture_close(f);
    fixture_write_file(fixture_segment_path(f, 1), 2048 + 100, "damage", 6);
    refuse_open(f, f->dir, WAL_E_CORRUPT, "00000000000000000001.wal");
}

static void test_modes_of_new_files(void **state)
{
    struct log_fixture *f = *state;
    struct stat st;
    mode_t before = umask(0);

    fixture_open(f);
    assert_int_equal(stat(f->dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(fixture_path(f, "control"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    fixture_close(f);
    must(wal_destroy(f->dir));
    fixture_set(f, WAL_OPT_FILE_MODE, 0640);
    fixture_set(f, WAL_OPT_DIR_MODE, 0750);
    fixture_open(f);
    assert_int_equal(stat(f->dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
    assert_int_equal(stat(fixture_segment_path(f, 1), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    fixture_close(f);
    must(wal_destroy(f->dir));
    umask(0027);
    fixture_set(f, WAL_OPT_FILE_MODE, 0666);
    fixture_open(f);
    assert_int_equal(stat(fixture_segment_path(f, 1), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    umask(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_a_new_log_is_empty),
        fixture_test(test_what_was_appended_is_there_after_reopen),
        fixture_test(test_arguments_of_open),
        fixture_test(test_no_log_and_not_asked_to_make_one),
        fixture_test(test_a_missing_parent_is_not_made),
        fixture_test(test_a_file_is_no_directory),
        fixture_test(test_exclusive),
        fixture_test(test_options_that_contradict_each_other),
        fixture_test(test_read_only_makes_nothing),
        fixture_test(test_options_and_path_are_copied),
        fixture_test(test_first_lsn_is_for_new_logs_only),
        fixture_test(test_an_empty_log_keeps_its_next_lsn),
        fixture_test(test_report_and_range_check_their_pointers),
        fixture_test(test_the_report_of_an_older_and_a_newer_program),
        fixture_test(test_getters_of_nothing_say_0_and_leave_the_error),
        fixture_test(test_a_killed_writer_loses_nothing_acknowledged),
        fixture_test(test_a_torn_end_is_cut_and_reported),
        fixture_test(test_half_a_header_is_enough_and_reported),
        fixture_test(test_modes_of_new_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
