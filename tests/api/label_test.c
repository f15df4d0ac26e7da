/* SPDX-License-Identifier: Apache-2.0 */
/* The label: in each new segment's header, kept by those who don't set one, shown by wal_info. */
#include "support/log_fixture.h"

#include <string.h>

enum { LABEL_AT = 168, COPY_AT = 2048, LABEL_BYTES = 64 };

static void set_label(struct log_fixture *f, const char *text)
{
    must(wal_options_set_label(f->options, text, strlen(text)));
}

/* What wal_info says: this text, and zeros. */
static void expect_shown(wal_t *w, const char *text)
{
    wal_info_t info;
    char want[LABEL_BYTES] = {0};

    memcpy(want, text, strlen(text));
    must(wal_info(w, &info, sizeof info));
    assert_memory_equal(info.label, want, sizeof want);
}

/* Past the library: both copies of the segment's header. */
static void expect_written(const struct log_fixture *f, uint64_t segment, const char *text)
{
    char want[LABEL_BYTES] = {0}, got[LABEL_BYTES];

    memcpy(want, text, strlen(text));
    for (int copy = 0; copy < 2; copy++) {
        fixture_read_file(fixture_segment_path(f, segment), LABEL_AT + (unsigned)copy * COPY_AT,
                          got, sizeof got);
        assert_memory_equal(got, want, sizeof want);
    }
}

static void test_each_segment_has_it(void **state)
{
    struct log_fixture *f = *state;
    char mine[] = "orders";

    must(wal_options_set_label(f->options, mine, 6));
    memset(mine, 'x', 6); /* it was copied */
    fixture_open(f);
    set_label(f, "others"); /* the log has its own copy of the options */
    expect_shown(f->log, "orders");
    fixture_append(f, "1");
    must(wal_rotate(f->log));
    fixture_append(f, "2");
    must(wal_truncate_after(f->log, 1));
    must(wal_replace_after(f->log, 0, NULL, 0, 0, NULL));
    fixture_append(f, "3");
    expect_shown(f->log, "orders");
    must(wal_reset(f->log, 10));
    expect_shown(f->log, "orders");
    uint64_t number = fixture_segment(f->log, fixture_segments(f->log) - 1).number;
    assert_true(number > 3);
    expect_written(f, number, "orders");
}

static void test_without_one_there_are_zeros(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    expect_shown(f->log, "");
    expect_written(f, 1, "");
    fixture_append(f, "1");
    must(wal_rotate(f->log));
    expect_written(f, 2, "");
}

static void test_a_log_keeps_its_label(void **state)
{
    struct log_fixture *f = *state;
    wal_options_t *plain;

    set_label(f, "first");
    fixture_open(f);
    fixture_append(f, "1");
    fixture_close(f);
    wal_options_free(f->options);
    must(wal_options_new(&plain));
    f->options = plain;
    fixture_open(f);
    expect_shown(f->log, "first");
    fixture_append(f, "2"); /* in a segment of this handle's */
    must(wal_rotate(f->log));
    fixture_append(f, "3");
    expect_shown(f->log, "first");
    fixture_crash(f);
    fixture_open(f);
    expect_shown(f->log, "first");
    must(wal_reset(f->log, 7));
    fixture_reopen(f);
    expect_shown(f->log, "first");
    expect_range(f->log, 7, 0, 7, 6);
}

static void test_another_label_comes_with_the_next_segment(void **state)
{
    struct log_fixture *f = *state;

    set_label(f, "first");
    fixture_open(f);
    fixture_append(f, "1");
    fixture_close(f);
    set_label(f, "second, longer");
    fixture_open(f);
    expect_shown(f->log, "first"); /* nothing was written yet */
    fixture_append(f, "2");
    expect_shown(f->log, "second, longer");
    fixture_close(f);
    must(wal_options_set_label(f->options, NULL, 0));
    fixture_open(f);
    expect_shown(f->log, "second, longer");
    fixture_append(f, "3");
    expect_shown(f->log, "");
    fixture_reopen(f);
    fixture_append(f, "4");
    expect_shown(f->log, "");
}

static void test_a_read_only_log_shows_it(void **state)
{
    struct log_fixture *f = *state;

    set_label(f, "first");
    fixture_open(f);
    fixture_append(f, "1");
    wal_t *follower = fixture_open_read_only(f);
    expect_shown(follower, "first");
    fixture_close(f);
    expect_shown(follower, "first");
    set_label(f, "second");
    fixture_open(f);
    fixture_append(f, "2");
    expect_shown(follower, "second");
    must(wal_close(follower));
}

static void test_sizes(void **state)
{
    struct log_fixture *f = *state;
    char full[LABEL_BYTES + 1];
    wal_info_t info;

    for (int k = 0; k < LABEL_BYTES; k++)
        full[k] = (char)(k + 200); /* any bytes */
    full[LABEL_BYTES] = 'x';
    must(wal_options_set_label(f->options, full, LABEL_BYTES));
    expect_error(WAL_E_TOOBIG, wal_options_set_label(f->options, full, LABEL_BYTES + 1), "65");
    expect_error(WAL_E_TOOBIG, wal_options_set_label(f->options, full, SIZE_MAX), "label");
    expect_error(WAL_E_INVAL, wal_options_set_label(f->options, NULL, 1), "label");
    expect_error(WAL_E_INVAL, wal_options_set_label(NULL, full, 1), "options");
    expect_error(WAL_E_INVAL, wal_options_set_label(NULL, NULL, 0), "options");
    fixture_open(f); /* with what was set before all these */
    must(wal_info(f->log, &info, sizeof info));
    assert_memory_equal(info.label, full, LABEL_BYTES);
    fixture_close(f);
    set_label(f, "short");
    must(wal_destroy(f->dir));
    fixture_open(f);
    expect_shown(f->log, "short"); /* nothing is left of the long one */
    fixture_close(f);
    must(wal_options_set_label(f->options, "", 0));
    must(wal_destroy(f->dir));
    fixture_open(f);
    expect_shown(f->log, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_each_segment_has_it),
        fixture_test(test_without_one_there_are_zeros),
        fixture_test(test_a_log_keeps_its_label),
        fixture_test(test_another_label_comes_with_the_next_segment),
        fixture_test(test_a_read_only_log_shows_it),
        fixture_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
