/* SPDX-License-Identifier: Apache-2.0 */
/* A handle's own first segment: what it carries over, and what it follows. */
#include "spied_log.h"

static void a_small_last_segment_goes_over_whole(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_fill(f, 3);
    fixture_reopen(f);
    fixture_append(f, "4");
    assert_int_equal(fixture_segments(f->log), 1);
    assert_false(fixture_exists(fixture_segment_path(f, 1)));
    assert_int_equal(f->log->writer.segment.header.base_lsn, 1);
    assert_int_equal(f->log->control.now.epoch, 2); /* of this handle */
    for (uint64_t lsn = 1; lsn <= 4; lsn++) {
        char text[4];
        snprintf(text, sizeof text, "%" PRIu64, lsn);
        expect_record(f->log, lsn, text);
    }
}

static void a_larger_one_is_followed(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    must(wal_append(f->log, fixture_bytes(300000, 'a'), 300000, NULL));
    fixture_reopen(f);
    assert_int_equal(fixture_append(f, "2"), 2);
    assert_int_equal(fixture_segments(f->log), 2);
    const struct segment_header *h = &f->log->writer.segment.header;
    assert_int_equal(h->base_lsn, 2);
    assert_int_equal(h->follow.number, 1);
    assert_int_equal(h->follow.end_lsn, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(a_small_last_segment_goes_over_whole),
        spied_test(a_larger_one_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
