/* SPDX-License-Identifier: Apache-2.0 */
/* The next segment's file, made ahead. */
#include "spied_log.h"

#include "log/prepared.h"

static void prepared_file_is_used_or_thrown_away(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "a");
    assert_int_equal(prepared_make(f->log), 0);
    int fd = f->log->prepared.fd;
    assert_true(fd >= 0);
    assert_int_equal(prepared_make(f->log), 0);
    assert_int_equal(f->log->prepared.fd, fd);
    must(wal_rotate(f->log));
    assert_int_equal(f->log->writer.segment.file.fd, fd);
    fixture_append(f, "b");
    assert_int_equal(prepared_make(f->log), 0);
    prepared_discard(f->log);
    assert_int_equal(f->log->prepared.fd, -1);
    assert_false(fixture_exists(fixture_path(f, "tmp-00000000000000000003")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(prepared_file_is_used_or_thrown_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
