/* SPDX-License-Identifier: Apache-2.0 */
#include "support/log_fixture.h"

#include <string.h>

#include "api/options.h"
#include "log/direct.h"
#include "support/spy_os.h"

static struct spy_os spy;

static int align_refused(void *ctx, int fd)
{
    (void)ctx;
    (void)fd;
    return -EOPNOTSUPP;
}

static void open_with(struct log_fixture *f, int (*align)(void *ctx, int fd))
{
    spy_init(&spy);
    if (align)
        spy.os.direct_align = align;
    options_set_os(f->options, &spy.os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
}

static void only_who_asks_for_it_tries(void **state)
{
    struct log_fixture *f = *state;
    open_with(f, NULL);
    assert_false(f->log->direct);
    assert_false(f->log->writer.has_direct);
    assert_int_equal(f->log->config.group_align, 64);
}

static void what_is_refused_leaves_no_trace(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_DIRECT_IO, 1);
    open_with(f, align_refused);
    assert_false(f->log->direct);
    assert_int_equal(f->log->config.group_align, 64);
    fixture_append(f, "one");
    assert_false(f->log->writer.has_direct);
}

/* A descriptor of its own for each segment, closed with the next one and at the end. */
static void each_segment_has_a_descriptor(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_DIRECT_IO, 1);
    open_with(f, NULL);
    if (!f->log->direct) {
        print_message("this file system has no direct I/O\n");
        return;
    }
    assert_true(f->log->config.group_align >= 512);
    fixture_append(f, "one");
    struct file first = f->log->writer.direct;
    assert_true(f->log->writer.has_direct);
    assert_int_not_equal(first.fd, f->log->writer.segment.file.fd);
    must(wal_rotate(f->log));
    fixture_append(f, "two");
    assert_true(f->log->writer.has_direct);
    fixture_reopen(f);
    expect_record(f->log, 2, "two");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(only_who_asks_for_it_tries),
        fixture_test(what_is_refused_leaves_no_trace),
        fixture_test(each_segment_has_a_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
