/* SPDX-License-Identifier: Apache-2.0 */
/* Groups that are compressed: what goes in comes out by every way of reading, what wouldn't become
 * smaller stays as it is, and logs of both kinds go on as one. */
#include "support/log_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "format/group.h"
#include "format/header.h"

enum { LINE = 100 };

static void zlib(struct log_fixture *f, uint64_t level)
{
    fixture_set(f, WAL_OPT_CODEC, WAL_CODEC_ZLIB);
    fixture_set(f, WAL_OPT_CODEC_LEVEL, level);
}

/* A line of a log file: it repeats itself, but for its number. */
static void put_line(struct log_fixture *f, unsigned k, uint32_t flags)
{
    char line[LINE];
    memset(line, ' ', sizeof line);
    memcpy(line, "2026-11-28T12:00:00Z INFO request handled path=/index.html status=200 ", 70);
    snprintf(line + 70, sizeof line - 70, "%u", k);
    must(wal_append_typed(f->log, k % 7, line, sizeof line, flags, NULL));
}

static void put_lines(struct log_fixture *f, unsigned from, unsigned to)
{
    for (unsigned k = from; k <= to; k++)
        put_line(f, k, WAL_APPEND_ASYNC);
    must(wal_sync(f->log, 0));
}

static void expect_line(const wal_record_t *r, unsigned k)
{
    assert_int_equal(r->lsn, k);
    assert_int_equal(r->data_size, LINE);
    assert_int_equal(r->type, k % 7);
    assert_int_equal(atoi((const char *)r->data + 70), k);
}

static void expect_lines(wal_t *w, unsigned from, unsigned to)
{
    char buf[LINE];
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *reader;

    must(wal_reader_open(w, from, 0, &reader));
    for (unsigned k = from; k <= to; k++) {
        assert_int_equal(must(wal_reader_next(reader, &r)), 1);
        expect_line(&r, k);
    }
    wal_reader_close(reader);
    must(wal_reader_open(w, to, WAL_READ_REVERSE, &reader));
    for (unsigned k = to; k >= from; k--) {
        assert_int_equal(must(wal_reader_next(reader, &r)), 1);
        expect_line(&r, k);
    }
    wal_reader_close(reader);
    for (unsigned k = from; k <= to; k += 61) {
        must(wal_get(w, k, buf, sizeof buf, &r));
        expect_line(&r, k);
    }
}

static void expect_lines_everywhere(struct log_fixture *f, unsigned from, unsigned to)
{
    expect_lines(f->log, from, to);
    wal_t *reader = fixture_open_read_only(f);
    expect_lines(reader, from, to);
    must(wal_close(reader));
    fixture_crash(f);
    fixture_open(f);
    expect_lines(f->log, from, to);
    fixture_reopen(f);
    expect_lines(f->log, from, to);
}

static double ratio(wal_t *w)
{
    return (double)fixture_stat(w, WAL_STAT_RAW_BYTES) /
           (double)fixture_stat(w, WAL_STAT_STORED_BYTES);
}

static void test_every_level_comes_back(void **state)
{
    struct log_fixture *f = *state;
    double best[10] = {0};

    for (uint64_t level = 1; level <= 9; level += 4) {
        zlib(f, level);
        fixture_open(f);
        put_lines(f, 1, 3000);
        best[level] = ratio(f->log);
        assert_true(best[level] > 5);
        expect_lines_everywhere(f, 1, 3000);
        fixture_close(f);
        must(wal_destroy(f->dir));
    }
    assert_true(best[9] > best[1]);
}

static void test_a_group_below_the_threshold_stays_raw(void **state)
{
    struct log_fixture *f = *state;

    zlib(f, 1);
    fixture_set(f, WAL_OPT_CODEC_MIN_BYTES, 1000);
    fixture_open(f);
    for (unsigned k = 1; k <= 8; k++)
        put_line(f, k, 0);
    assert_true(ratio(f->log) == 1.0);
    put_lines(f, 9, 16); /* 8 x 120 bytes */
    assert_true(ratio(f->log) == 1.0);
    put_lines(f, 17, 25); /* 9 x 120 bytes */
    assert_true(ratio(f->log) > 1.0);
    expect_lines_everywhere(f, 1, 25);
}

/* Random bytes don't become smaller, and zeros so small that no reader would believe it. */
static void test_what_is_not_worth_it_stays_raw(void **state)
{
    struct log_fixture *f = *state;
    static uint8_t noise[50000], back[1 << 20];
    wal_record_t r = {.size = sizeof r};

    srand(7);
    for (size_t k = 0; k < sizeof noise; k++)
        noise[k] = (uint8_t)(rand() >> 7);
    zlib(f, 9);
    fixture_open(f);
    must(wal_append(f->log, noise, sizeof noise, NULL));
    assert_true(ratio(f->log) == 1.0);
    must(wal_append(f->log, fixture_bytes(sizeof back, 0), sizeof back, NULL));
    must(wal_append(f->log, fixture_bytes(sizeof back, 7), 100000, NULL));
    fixture_reopen(f);
    must(wal_get(f->log, 1, back, sizeof back, &r));
    assert_memory_equal(back, noise, sizeof noise);
    must(wal_get(f->log, 2, back, sizeof back, &r));
    assert_memory_equal(back, fixture_bytes(sizeof back, 0), sizeof back);
    must(wal_get(f->log, 3, back, sizeof back, &r));
    assert_memory_equal(back, fixture_bytes(sizeof back, 7), 100000);
}

static void test_a_cut_inside_a_compressed_group(void **state)
{
    struct log_fixture *f = *state;

    zlib(f, 1);
    fixture_open(f);
    put_lines(f, 1, 500); /* one group */
    must(wal_truncate_after(f->log, 321));
    expect_range(f->log, 1, 321, 322, 321);
    put_lines(f, 322, 400);
    expect_lines_everywhere(f, 1, 400);
    must(wal_truncate_before(f->log, 55));
    expect_range(f->log, 55, 400, 401, 400);
    expect_lines_everywhere(f, 55, 400);
}

static void test_logs_of_both_kinds_are_one(void **state)
{
    struct log_fixture *f = *state;
    wal_info_t info = {.size = sizeof info};

    fixture_open(f);
    put_lines(f, 1, 300);
    must(wal_rotate(f->log));
    for (unsigned round = 1; round <= 4; round++) {
        fixture_set(f, WAL_OPT_CODEC, round % 2);
        fixture_reopen(f);
        put_lines(f, 300 * round + 1, 300 * (round + 1));
        must(wal_info(f->log, &info, sizeof info));
        assert_int_equal(info.codec, round % 2);
        must(wal_rotate(f->log));
    }
    expect_lines_everywhere(f, 1, 1500);
}

/* More records fit into a segment when they are smaller there. */
static void test_segments_hold_what_they_hold_compressed(void **state)
{
    struct log_fixture *f = *state;
    size_t segments[2];

    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
    for (unsigned codec = 0; codec <= 1; codec++) {
        fixture_set(f, WAL_OPT_CODEC, codec);
        fixture_open(f);
        for (unsigned k = 0; k < 20; k++)
            put_lines(f, 200 * k + 1, 200 * k + 200);
        segments[codec] = fixture_segments(f->log);
        expect_lines_everywhere(f, 1, 4000);
        fixture_close(f);
        must(wal_destroy(f->dir));
    }
    assert_true(segments[0] > 6 && segments[1] <= segments[0] / 3);
}

static void test_checkpoints_batches_and_metadata(void **state)
{
    struct log_fixture *f = *state;
    static uint8_t state_bytes[400000], back[400000];
    uint64_t lsn;
    size_t size;

    zlib(f, 1);
    fixture_set(f, WAL_OPT_CODEC_MIN_BYTES, 0);
    fixture_open(f);
    for (size_t k = 0; k < sizeof state_bytes; k++)
        state_bytes[k] = (uint8_t)(k / 1000);
    put_lines(f, 1, 10);
    must(wal_checkpoint(f->log, 9, state_bytes, sizeof state_bytes));
    assert_true(ratio(f->log) > 5);
    wal_batch_t *b = fixture_batch(f);
    for (unsigned k = 0; k < 3000; k++) /* longer than a group */
        must(wal_batch_append(b, 1, "a record of a batch", 19));
    must(wal_batch_set_tag(b, "the tag", 7));
    must(wal_batch_meta(b, "key", 3, "value", 5));
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
    for (int round = 0; round < 3; round++) {
        expect_meta(f->log, "key", "value");
        expect_last_tag(f->log, "the tag");
        expect_record(f->log, 3010, "a record of a batch");
        must(wal_checkpoint_get(f->log, back, sizeof back, &lsn, &size));
        assert_int_equal(lsn, 9);
        assert_memory_equal(back, state_bytes, sizeof state_bytes);
        if (round == 0)
            fixture_crash(f);
        else
            fixture_close(f);
        fixture_open(f);
    }
}

/* Damage */

/* The header of the group that holds the first record, and its place. */
static uint64_t first_group(struct log_fixture *f, struct group_header *ret, uint64_t *ret_salt)
{
    uint8_t segment[SEGMENT_HEADER_BLOCK], group[GROUP_HEADER_BYTES];
    struct segment_header h;
    unsigned repairs;

    fixture_read_file(fixture_segment_path(f, 1), 0, segment, sizeof segment);
    assert_int_equal(segment_header_decode_block(&h, segment, &repairs), DECODED_RIGHT);
    fixture_read_file(fixture_segment_path(f, 1), SEGMENT_HEADER_BLOCK, group, sizeof group);
    assert_int_equal(group_header_decode(ret, group, h.salt, (uint32_t)h.epoch, FIRST_PLACE),
                     GROUP_RIGHT);
    *ret_salt = h.salt;
    return SEGMENT_HEADER_BLOCK;
}

/* Two segments, so that nothing at the end hides the damage of the first; then a change of the
 * compressed body behind right checksums. */
static void forge(struct log_fixture *f, void (*change)(struct group_header *h, uint8_t *body))
{
    struct group_header h;
    uint64_t salt;
    wal_record_t r = {.size = sizeof r};
    char buf[LINE];

    zlib(f, 1);
    fixture_open(f);
    put_lines(f, 1, 200);
    must(wal_rotate(f->log));
    put_lines(f, 201, 210);
    uint64_t at = first_group(f, &h, &salt);
    assert_true(h.flags & GROUP_COMPRESSED);
    uint8_t *bytes = calloc(1, GROUP_HEADER_BYTES + h.stored_bytes);
    const char *path = fixture_segment_path(f, 1);
    fixture_read_file(path, at, bytes, GROUP_HEADER_BYTES + h.stored_bytes);
    change(&h, bytes + GROUP_HEADER_BYTES);
    h.body_crc = group_body_crc(salt, bytes + GROUP_HEADER_BYTES, h.stored_bytes);
    group_header_encode(bytes, &h, salt);
    fixture_write_file(path, at, bytes, GROUP_HEADER_BYTES + h.stored_bytes);
    free(bytes);
    expect_error(WAL_E_CORRUPT, wal_get(f->log, 100, buf, sizeof buf, &r),
                 "00000000000000000001.wal at offset 4096");
    expect_error(WAL_E_CORRUPT, wal_replay(f->log, 1, ignore_record, NULL, NULL), NULL);
    must(wal_replay(f->log, 201, ignore_record, NULL, NULL));
}

static void break_stream(struct group_header *h, uint8_t *body)
{
    memset(body + h->stored_bytes / 2, 0xff, 8);
}

static void claim_more(struct group_header *h, uint8_t *body)
{
    (void)body;
    h->raw_bytes += 8;
}

static void claim_less(struct group_header *h, uint8_t *body)
{
    (void)body;
    h->raw_bytes -= 8;
}

static void claim_bomb(struct group_header *h, uint8_t *body)
{
    (void)body;
    h->raw_bytes = h->stored_bytes * RAW_PER_STORED_MAX + 8;
}

static void claim_raw(struct group_header *h, uint8_t *body)
{
    (void)body;
    h->flags &= (uint8_t)~GROUP_COMPRESSED;
    h->raw_bytes = h->stored_bytes;
}

#define FORGERY(name)                                                                              \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        forge(*state, name);                                                                       \
    }
FORGERY(break_stream)
FORGERY(claim_more)
FORGERY(claim_less)
FORGERY(claim_bomb)
FORGERY(claim_raw)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_every_level_comes_back),
        fixture_test(test_a_group_below_the_threshold_stays_raw),
        fixture_test(test_what_is_not_worth_it_stays_raw),
        fixture_test(test_a_cut_inside_a_compressed_group),
        fixture_test(test_logs_of_both_kinds_are_one),
        fixture_test(test_segments_hold_what_they_hold_compressed),
        fixture_test(test_checkpoints_batches_and_metadata),
        fixture_test(test_break_stream),
        fixture_test(test_claim_more),
        fixture_test(test_claim_less),
        fixture_test(test_claim_bomb),
        fixture_test(test_claim_raw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
