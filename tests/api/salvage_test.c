/* SPDX-License-Identifier: Apache-2.0 */
/* wal_salvage: what can still be read of a damaged log, and what is lost. */
#include "support/log_fixture.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What came: "1 2 [3-4] 5", each record's text checked against its LSN. */
struct heard {
    char text[600];
    unsigned records, stop_at, fail_at;
    int stop_at_gap;
    bool any_text; /* the records' texts aren't their LSNs */
    unsigned tags, lasts;
};

static int hear(void *ctx, const wal_record_t *r)
{
    struct heard *h = ctx;
    size_t n = strlen(h->text);
    char text[32];

    snprintf(text, sizeof text, "%llu", (unsigned long long)r->lsn);
    if (r->size != sizeof *r || !(r->flags & WAL_RECORD_DURABLE))
        return -7;
    if (!h->any_text && (r->data_size != strlen(text) || memcmp(r->data, text, r->data_size) != 0))
        return -8;
    snprintf(h->text + n, sizeof h->text - n, "%s%s", n ? " " : "", text);
    h->tags += r->tag_size == 3 && memcmp(r->tag, "tag", 3) == 0;
    h->lasts += (r->flags & WAL_RECORD_BATCH_LAST) != 0;
    h->records++;
    return h->records == h->fail_at ? -5 : h->records == h->stop_at;
}

static int hear_gap(void *ctx, uint64_t first, uint64_t last)
{
    struct heard *h = ctx;
    size_t n = strlen(h->text);
    snprintf(h->text + n, sizeof h->text - n, "%s[%llu-%llu]", n ? " " : "",
             (unsigned long long)first, (unsigned long long)last);
    return h->stop_at_gap;
}

static void expect_salvaged(struct log_fixture *f, const char *what)
{
    struct heard h = {0};
    int e = wal_salvage(f->dir, NULL, hear, hear_gap, &h);
    assert_string_equal(h.text, what);
    assert_int_equal(e, strchr(what, '[') ? WAL_E_CORRUPT : 0);
}

static void flip(const char *path, uint64_t offset)
{
    uint8_t byte;
    fixture_read_file(path, offset, &byte, 1);
    byte ^= 0x40;
    fixture_write_file(path, offset, &byte, 1);
}

/* 1 to 3, 4 to 6, and 7 to 9, a batch with a tag, each in a segment; closed. */
static void three_segments(struct log_fixture *f)
{
    fixture_open(f);
    for (int k = 1; k <= 6; k++) {
        char text[2] = {(char)('0' + k), 0};
        fixture_append(f, text);
        if (k % 3 == 0)
            must(wal_rotate(f->log));
    }
    wal_batch_t *b = fixture_batch(f);
    fixture_add(b, "7");
    fixture_add(b, "8");
    fixture_add(b, "9");
    must(wal_batch_set_tag(b, "tag", 3));
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
    fixture_close(f);
}

static void test_a_healthy_log(void **state)
{
    struct log_fixture *f = *state;
    struct heard h = {0};

    three_segments(f);
    must(wal_salvage(f->dir, NULL, hear, NULL, &h));
    assert_string_equal(h.text, "1 2 3 4 5 6 7 8 9");
    assert_int_equal(h.tags, 3);
    assert_int_equal(h.lasts, 7);
    fixture_open(f); /* somebody has it open: that does no harm */
    expect_salvaged(f, "1 2 3 4 5 6 7 8 9");
}

static void test_arguments(void **state)
{
    struct log_fixture *f = *state;
    struct heard h = {0};
    char path[400];

    three_segments(f);
    expect_error(WAL_E_INVAL, wal_salvage(NULL, NULL, hear, NULL, &h), "dir");
    expect_error(WAL_E_INVAL, wal_salvage("", NULL, hear, NULL, &h), "dir");
    expect_error(WAL_E_INVAL, wal_salvage(f->dir, NULL, NULL, NULL, &h), "fn");
    expect_error(WAL_E_NOTFOUND, wal_salvage(f->scratch.path, NULL, hear, NULL, &h), "no log");
    snprintf(path, sizeof path, "%s/control", f->dir);
    expect_error(WAL_E_INVAL, wal_salvage(path, NULL, hear, NULL, &h), "control");
    assert_int_equal(h.records, 0);
}

static void test_it_can_be_stopped(void **state)
{
    struct log_fixture *f = *state;
    struct heard some = {.stop_at = 2}, none = {.fail_at = 5}, gap = {.stop_at_gap = 1};

    three_segments(f);
    must(wal_salvage(f->dir, NULL, hear, hear_gap, &some));
    assert_string_equal(some.text, "1 2");
    expect_error(WAL_E_CALLBACK, wal_salvage(f->dir, NULL, hear, hear_gap, &none), "-5");
    assert_int_equal(none.records, 5);
    fixture_remove_all(fixture_segment_path(f, 2));
    must(wal_salvage(f->dir, NULL, hear, hear_gap, &gap));
    assert_string_equal(gap.text, "1 2 3 [4-6]");
    gap = (struct heard){.stop_at_gap = -1};
    expect_error(WAL_E_CALLBACK, wal_salvage(f->dir, NULL, hear, hear_gap, &gap), "gap");
    gap = (struct heard){0};
    expect_error(WAL_E_CORRUPT, wal_salvage(f->dir, NULL, hear, NULL, &gap), "1 range of LSNs");
    assert_string_equal(gap.text, "1 2 3 7 8 9");
}

static void test_single_records(void **state)
{
    struct log_fixture *f = *state;
    struct heard h = {0};
    const char *path;

    three_segments(f);
    path = fixture_segment_path(f, 3);
    /* the tag's own group comes first there, then tag, 7, 8, 9 */
    uint64_t group = 4096;
    uint8_t type;
    fixture_read_file(path, group + 56, &type, 1);
    while (type != 1) {
        group += 128;
        fixture_read_file(path, group + 56, &type, 1);
    }
    flip(path, group + 64 + 8 + 24 + 16); /* the payload of 8 */
    expect_error(WAL_E_CORRUPT, wal_salvage(f->dir, NULL, hear, hear_gap, &h), "LSN");
    assert_string_equal(h.text, "1 2 3 4 5 6 7 [8-8] 9");
    assert_int_equal(h.tags, 0); /* nothing vouches for it now */
}

static void test_headers_of_groups(void **state)
{
    struct log_fixture *f = *state;

    three_segments(f);
    flip(fixture_segment_path(f, 1), 4096 + 128 + 20);
    expect_salvaged(f, "1 [2-2] 3 4 5 6 7 8 9");
    flip(fixture_segment_path(f, 2), 4096 + 2 * 128 + 70);
    expect_salvaged(f, "1 [2-2] 3 4 5 [6-6] 7 8 9");
    flip(fixture_segment_path(f, 1), 4096 + 3);
    expect_salvaged(f, "[1-2] 3 4 5 [6-6] 7 8 9");
}

static void test_headers_of_segments(void **state)
{
    struct log_fixture *f = *state;

    three_segments(f);
    flip(fixture_segment_path(f, 2), 50);
    expect_salvaged(f, "1 2 3 4 5 6 7 8 9");
    flip(fixture_segment_path(f, 2), 2048 + 50);
    expect_salvaged(f, "1 2 3 [4-6] 7 8 9");
    flip(fixture_segment_path(f, 3), 50);
    flip(fixture_segment_path(f, 3), 2048 + 50);
    expect_salvaged(f, "1 2 3 [4-9]"); /* control says how far the log went */
}

static void test_missing_segments(void **state)
{
    struct log_fixture *f = *state;

    three_segments(f);
    fixture_remove_all(fixture_segment_path(f, 2));
    expect_salvaged(f, "1 2 3 [4-6] 7 8 9");
    fixture_remove_all(fixture_segment_path(f, 1));
    expect_salvaged(f, "[1-6] 7 8 9");
    fixture_remove_all(fixture_segment_path(f, 3));
    struct heard h = {0};
    expect_error(WAL_E_CORRUPT, wal_salvage(f->dir, NULL, hear, hear_gap, &h), "LSNs");
    assert_string_equal(h.text, "[1-9]");
}

static void test_without_control(void **state)
{
    struct log_fixture *f = *state;

    three_segments(f);
    fixture_write_file(fixture_path(f, "control"), 0, fixture_bytes(12288, 'c'), 12288);
    expect_salvaged(f, "1 2 3 4 5 6 7 8 9");
    fixture_remove_all(fixture_path(f, "control"));
    expect_salvaged(f, "1 2 3 4 5 6 7 8 9");
    fixture_remove_all(fixture_segment_path(f, 2));
    expect_salvaged(f, "1 2 3 [4-6] 7 8 9");
}

/* What was cut off is dead, and stays so. */
static void test_cuts(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    for (int k = 1; k <= 5; k++)
        fixture_append(f, k == 1 ? "1" : k == 2 ? "2" : k == 3 ? "3" : "dead");
    must(wal_truncate_after(f->log, 3));
    fixture_append(f, "4");
    fixture_append(f, "5");
    must(wal_truncate_before(f->log, 2));
    expect_salvaged(f, "2 3 4 5");
    fixture_close(f);
    expect_salvaged(f, "2 3 4 5");
    fixture_remove_all(fixture_path(f, "control"));
    expect_salvaged(f, "1 2 3 4 5"); /* where the front was cut stands there alone */
}

static void test_a_reset(void **state)
{
    struct log_fixture *f = *state;
    struct heard h = {.any_text = true};

    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_reset(f->log, 50));
    fixture_append(f, "50");
    fixture_close(f);
    must(wal_salvage(f->dir, NULL, hear, hear_gap, &h));
    assert_string_equal(h.text, "50");
}

/* The end that a crash left: whole batches, each record once though it was carried over. */
static void test_crashes(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    fixture_append(f, "1");
    fixture_append(f, "2");
    must(wal_flush(f->log));
    fixture_crash(f);
    expect_salvaged(f, "1 2");
    fixture_reopen(f);
    fixture_append(f, "3");
    must(wal_flush(f->log));
    fixture_crash(f);
    expect_salvaged(f, "1 2 3");
}

/* A batch in three groups, 4 to 6, that isn't durable. */
static void long_batch(struct log_fixture *f)
{
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, 0);
    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_sync(f->log, 0));
    wal_batch_t *b = fixture_batch(f);
    for (int k = 0; k < 3; k++)
        must(wal_batch_append(b, 0, fixture_bytes(60000, 'b'), 60000));
    must(wal_batch_commit(b, WAL_APPEND_ASYNC, NULL, NULL));
    wal_batch_free(b);
    must(wal_flush(f->log));
}

static void test_a_damaged_batch(void **state)
{
    struct log_fixture *f = *state;
    struct heard h = {.any_text = true};

    long_batch(f);
    fixture_close(f);
    assert_int_equal(truncate(fixture_segment_path(f, 1), 4096 + 3 * 128 + 2 * 60200 + 1000), 0);
    expect_error(WAL_E_CORRUPT, wal_salvage(f->dir, NULL, hear, hear_gap, &h), "from 6 on");
    assert_string_equal(h.text, "1 2 3 4 5 [6-6]"); /* it was acknowledged */
}

static void test_an_unfinished_batch_behind_damage(void **state)
{
    struct log_fixture *f = *state;

    long_batch(f);
    fixture_crash(f);
    assert_int_equal(truncate(fixture_segment_path(f, 1), 4096 + 3 * 128 + 2 * 60200 + 1000), 0);
    expect_salvaged(f, "1 2 3");
    flip(fixture_segment_path(f, 1), 4096 + 128 + 9);
    expect_salvaged(f, "1 [2-2] 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_a_healthy_log),
        fixture_test(test_arguments),
        fixture_test(test_it_can_be_stopped),
        fixture_test(test_single_records),
        fixture_test(test_headers_of_groups),
        fixture_test(test_headers_of_segments),
        fixture_test(test_missing_segments),
        fixture_test(test_without_control),
        fixture_test(test_cuts),
        fixture_test(test_a_reset),
        fixture_test(test_crashes),
        fixture_test(test_a_damaged_batch),
        fixture_test(test_an_unfinished_batch_behind_damage),
    };
    return cmocka_run_group_tests_name("salvage", tests, NULL, NULL);
}
