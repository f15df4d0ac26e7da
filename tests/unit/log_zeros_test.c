/* SPDX-License-Identifier: Apache-2.0 */
/* Zeros ahead of the end: a durable append changes neither the file's size nor its blocks. */
#include "spied_log.h"

#include <errno.h>
#include <sys/stat.h>

#include "log/zeros.h"
#include "support/crew.h"

static uint64_t size_of_first(struct log_fixture *f)
{
    struct stat st;
    assert_int_equal(stat(fixture_segment_path(f, 1), &st), 0);
    return (uint64_t)st.st_size;
}

static void only_where_appends_wait_for_syncs(void **state)
{
    struct log_fixture *f = *state;
    const uint64_t ahead[] = {0, 0, 1 << 20, 1 << 20, 1 << 20};

    fixture_set(f, WAL_OPT_BACKGROUND, 1);
    for (uint32_t mode = WAL_SYNC_NONE; mode <= WAL_SYNC_DSYNC; mode++) {
        fixture_set(f, WAL_OPT_SYNC, mode);
        fixture_open(f);
        assert_int_equal(zeros_ahead(f->log), ahead[mode]);
        fixture_close(f);
    }
}

static void never_more_than_a_segment(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, 1 << 30);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 128 * 1024);
    fixture_open(f);
    assert_int_equal(zeros_ahead(f->log), 128 * 1024);
    fixture_append(f, "a");
    assert_true(size_of_first(f) <= 256 * 1024);
}

static void appends_leave_the_size_alone(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "a");
    uint64_t size = size_of_first(f);
    unsigned grown = 0;
    for (unsigned k = 0; k < 400; k++) {
        must(wal_append(f->log, fixture_bytes(8000, 'a'), 8000, NULL));
        assert_true(f->log->writer.end.offset + GROUP_HEADER_BYTES <= f->log->writer.zeroed_to);
        assert_true(f->log->writer.zeroed_to <= size_of_first(f));
        grown += size_of_first(f) != size;
        size = size_of_first(f);
    }
    assert_in_range(grown, 1, 15); /* without the thread: 256 KiB at a time */
}

static void without_zeros_each_append_grows_the_file(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, 0);
    fixture_open(f);
    fixture_append(f, "a");
    uint64_t size = size_of_first(f);
    fixture_append(f, "b");
    assert_true(size_of_first(f) > size);
    assert_true(size_of_first(f) < size + 4096);
}

static void append_large(struct log_fixture *f, size_t size)
{
    must(wal_append(f->log, fixture_bytes(size, 'a'), size, NULL));
}

/* They would be as many bytes again. What comes behind has zeros once more. */
static void large_commits_go_without(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    const struct writer *x = &f->log->writer;
    for (unsigned k = 0; k < 8; k++)
        append_large(f, 300 * 1024);
    assert_int_equal(size_of_first(f), x->end.offset + GROUP_HEADER_BYTES);
    fixture_append(f, "small");
    assert_true(size_of_first(f) >= x->end.offset + 256 * 1024);
}

static bool is_asked(struct log_fixture *f)
{
    const struct background *b = &f->log->background;
    pthread_mutex_lock(&f->log->mu);
    bool asked = b->zero_wanted || b->zeroing || b->zeroed_to;
    pthread_mutex_unlock(&f->log->mu);
    return asked;
}

static void the_thread_is_not_asked_behind_large_commits(void **state)
{
    struct log_fixture *f = *state;
    options_set_os(f->options, os_posix()); /* the spy is for one thread */
    fixture_set(f, WAL_OPT_BACKGROUND, 1);
    fixture_open(f);
    for (unsigned k = 0; k < 8; k++)
        append_large(f, 300 * 1024);
    assert_false(is_asked(f));
    fixture_append(f, "small");
    assert_true(is_asked(f));
}

/* A batch of several groups is one commit. */
static void large_batches_go_without(void **state)
{
    struct log_fixture *f = *state;
    const wal_record_t record = {
        .size = sizeof record, .data = fixture_bytes(300 * 1024, 'a'), .data_size = 300 * 1024};
    const wal_record_t small = {.size = sizeof small, .data = record.data, .data_size = 1024};
    const wal_record_t records[] = {record, record, record, small};

    fixture_set(f, WAL_OPT_GROUP_BYTES, 300 * 1024);
    fixture_open(f);
    for (unsigned k = 0; k < 2; k++)
        must(wal_append_many(f->log, records, 4, 0, NULL));
    assert_int_equal(size_of_first(f), f->log->writer.end.offset + GROUP_HEADER_BYTES);
    assert_true(f->log->writer.end.offset > 2 * 3 * 300 * 1024);
}

/* Who asks for more zeros than the default has them for larger commits, too. */
static void what_is_large_grows_with_the_option(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, 2 << 20);
    fixture_open(f);
    for (unsigned k = 0; k < 12; k++)
        append_large(f, 300 * 1024);
    assert_true(size_of_first(f) >= f->log->writer.end.offset + 4096);
    append_large(f, 600 * 1024);
    append_large(f, 600 * 1024);
    assert_int_equal(size_of_first(f), f->log->writer.end.offset + GROUP_HEADER_BYTES);
}

/* Zeros that don't fit are no reason to refuse an append that does. */
static void refused_zeros_are_nobodys_error(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, 64 * 1024);
    fixture_open(f);
    unsigned refused = 0;
    for (unsigned k = 0; k < 40; k++) {
        const struct writer *x = &f->log->writer;
        spy_clear(&spy);
        if (x->end.offset + 8064 + GROUP_HEADER_BYTES > x->zeroed_to) {
            spy_fail(&spy, SPY_WRITE, 1, ENOSPC); /* the zeros come first */
            refused++;
        }
        must(wal_append(f->log, fixture_bytes(7984, 'a'), 7984, NULL));
    }
    assert_true(refused > 3);
    assert_int_equal(wal_failure(f->log), 0);
}

/* The background thread keeps ahead, and prepares the next segment. */
static void the_thread_works_ahead(void **state)
{
    struct log_fixture *f = *state;
    bool ready = false;

    options_set_os(f->options, os_posix()); /* the spy is for one thread */
    fixture_set(f, WAL_OPT_BACKGROUND, 1);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 256 * 1024);
    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, 64 * 1024);
    fixture_open(f);
    for (unsigned k = 0; k < 20; k++)
        must(wal_append(f->log, fixture_bytes(8000, 'a'), 8000, NULL));
    while (!ready) {
        pthread_mutex_lock(&f->log->mu);
        const struct background *b = &f->log->background;
        ready = f->log->prepared.fd >= 0 && !b->zero_wanted && !b->zeroing;
        pthread_mutex_unlock(&f->log->mu);
        crew_pause();
    }
    pthread_mutex_lock(&f->log->mu);
    turn_take(f->log);
    zeros_wait(f->log);
    assert_false(f->log->background.zeroing);
    assert_false(f->log->background.preparing);
    assert_int_equal(f->log->background.zeroed_to, 0); /* taken over */
    assert_true(f->log->writer.zeroed_to >= f->log->writer.end.offset + GROUP_HEADER_BYTES);
    turn_give(f->log);
    pthread_mutex_unlock(&f->log->mu);
    must(wal_rotate(f->log));
    assert_int_equal(f->log->prepared.fd, -1); /* that was the one */
    assert_int_equal(fixture_segments(f->log), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(only_where_appends_wait_for_syncs),
        spied_test(never_more_than_a_segment),
        spied_test(appends_leave_the_size_alone),
        spied_test(without_zeros_each_append_grows_the_file),
        spied_test(large_commits_go_without),
        spied_test(the_thread_is_not_asked_behind_large_commits),
        spied_test(large_batches_go_without),
        spied_test(what_is_large_grows_with_the_option),
        spied_test(refused_zeros_are_nobodys_error),
        spied_test(the_thread_works_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
