/* SPDX-License-Identifier: Apache-2.0 */
/* wal_verify through the public API: what it says of whole, torn and damaged logs, what it counts,
 * its progress, its threads. tests/damage holds it against opening and reading, damage by damage.
 */
#include "support/log_fixture.h"

#include <string.h>

#include "support/toy_cipher.h"

enum { SEGMENTS = 5, PER_SEGMENT = 40, SIZE = 300 };

/* Five segments; LSNs 1 .. 200. */
static void make_log(struct log_fixture *f)
{
    fixture_open(f);
    must(wal_meta_set(f->log, "key", 3, "value", 5));
    for (int s = 0; s < SEGMENTS; s++) {
        for (int k = 0; k < PER_SEGMENT; k++)
            must(wal_append_typed(f->log, 1, fixture_bytes(SIZE, 'a' + s), SIZE,
                                  k % 4 == 3 ? 0 : WAL_APPEND_ASYNC, NULL));
        if (s + 1 < SEGMENTS)
            must(wal_rotate(f->log));
    }
}

static void make_closed(struct log_fixture *f)
{
    make_log(f);
    fixture_close(f);
}

static int verify(const struct log_fixture *f, wal_verify_t *ret)
{
    memset(ret, 0xee, sizeof *ret);
    return wal_verify(f->dir, f->options, NULL, NULL, ret, sizeof *ret);
}

static void change(const struct log_fixture *f, uint64_t segment, uint64_t at)
{
    uint8_t byte;
    fixture_read_file(fixture_segment_path(f, segment), at, &byte, 1);
    byte ^= 0x40;
    fixture_write_file(fixture_segment_path(f, segment), at, &byte, 1);
}

static void expect_whole(const wal_verify_t *v)
{
    assert_int_equal(v->size, sizeof *v);
    assert_int_equal(v->verdict, WAL_RECOVERY_CLEAN);
    assert_int_equal(v->segments, SEGMENTS);
    assert_int_equal(v->records, SEGMENTS * PER_SEGMENT);
    assert_int_equal(v->bytes, SEGMENTS * PER_SEGMENT * SIZE);
    assert_int_equal(v->first_lsn, 1);
    assert_int_equal(v->last_lsn, SEGMENTS * PER_SEGMENT);
    assert_int_equal(v->damaged_segment, 0);
    assert_int_equal(v->gaps, 0);
    assert_true(v->duration_ns > 0);
}

static void a_closed_log_is_right(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    make_closed(f);
    must(verify(f, &v));
    expect_whole(&v);
}

static void one_in_use_is_verified_beside_its_writer(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    make_log(f);
    must(verify(f, &v));
    expect_whole(&v);
    fixture_append_flags(f, "not durable", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    must(verify(f, &v));
    expect_whole(&v);
    must(wal_sync(f->log, 0));
    must(verify(f, &v));
    assert_int_equal(v.last_lsn, SEGMENTS * PER_SEGMENT + 1);
}

static void records_below_the_first_lsn_are_none(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    make_log(f);
    must(wal_truncate_before(f->log, 50));
    must(wal_truncate_after(f->log, 150));
    fixture_close(f);
    must(verify(f, &v));
    assert_int_equal(v.first_lsn, 50);
    assert_int_equal(v.last_lsn, 150);
    assert_int_equal(v.records, 101);
}

static void expect_from_38(struct log_fixture *f)
{
    wal_record_t r = {.size = sizeof r};
    char bytes[SIZE];
    wal_verify_t v;
    must(verify(f, &v));
    assert_int_equal(v.first_lsn, 38);
    assert_int_equal(v.records, SEGMENTS * PER_SEGMENT - 37);
    assert_int_equal(v.gaps, 0);
    fixture_open(f);
    for (uint64_t lsn = 38; lsn <= SEGMENTS * PER_SEGMENT; lsn++)
        must(wal_get(f->log, lsn, bytes, sizeof bytes, &r));
    expect_meta(f->log, "key", "value");
    fixture_close(f);
}

/* Records that were truncated away may be damaged, where readers step over them; not a header that
 * readers go by, nor what has a part of the log. */
static void damage_below_the_first_lsn_is_none(void **state)
{
    struct log_fixture *f = *state;
    static const uint64_t none[] = {6000, 8000}, some[] = {4096 + 9, 17000};
    wal_verify_t v;
    make_log(f);
    must(wal_truncate_before(f->log, 38));
    fixture_close(f);
    for (size_t k = 0; k < sizeof none / sizeof *none; k++) {
        change(f, 1, none[k]);
        expect_from_38(f);
    }
    for (size_t k = 0; k < sizeof some / sizeof *some; k++) {
        change(f, 1, some[k]);
        expect_error(WAL_E_CORRUPT, verify(f, &v), "00000000000000000001.wal");
        assert_int_equal(v.damaged_offset <= some[k], 1);
        change(f, 1, some[k]);
        must(verify(f, &v));
    }
}

static void an_empty_log_is_right(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    fixture_open(f);
    fixture_close(f);
    must(verify(f, &v));
    assert_int_equal(v.verdict, WAL_RECOVERY_CLEAN);
    assert_int_equal(v.records, 0);
    assert_int_equal(v.first_lsn, 0);
    assert_int_equal(v.last_lsn, 0);
    assert_int_equal(v.segments, 1);
}

/* An unsynced group of which the last bytes are missing. */
static uint64_t tear(struct log_fixture *f)
{
    make_log(f);
    fixture_append_flags(f, "torn off", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    wal_segment_t g = fixture_segment(f->log, SEGMENTS - 1);
    fixture_crash(f);
    return g.number;
}

static void a_torn_end_is_no_damage(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    uint8_t bytes[64 * 1024] = {0}, *end = bytes + sizeof bytes;
    uint64_t segment = tear(f);
    fixture_read_file(fixture_segment_path(f, segment), 0, bytes, 32 * 1024);
    while (*--end == 0)
        continue;
    change(f, segment, (uint64_t)(end - bytes));
    expect_error(WAL_E_TORN, verify(f, &v), ".wal at offset");
    assert_int_equal(v.verdict, WAL_RECOVERY_AMBIGUOUS);
    assert_int_equal(v.records, SEGMENTS * PER_SEGMENT);
    assert_int_equal(v.gaps, 0);
    fixture_open(f);
    assert_int_equal(wal_last_lsn(f->log), SEGMENTS * PER_SEGMENT);
}

static void damage_in_the_middle_is_named_and_passed(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    make_closed(f);
    change(f, 2, 8000); /* each in the payload of a record of its group */
    change(f, 4, 9000);
    expect_error(WAL_E_CORRUPT, verify(f, &v), "00000000000000000002.wal at offset");
    assert_int_equal(v.verdict, WAL_RECOVERY_DAMAGED);
    assert_int_equal(v.damaged_segment, 2);
    assert_true(v.damaged_offset > 4096 && v.damaged_offset <= 8000);
    assert_true(v.damaged_lsn > PER_SEGMENT && v.damaged_lsn <= 2 * PER_SEGMENT);
    assert_int_equal(v.gaps, 2);
    assert_int_equal(v.records, SEGMENTS * PER_SEGMENT - 2);
    assert_int_equal(v.first_lsn, 1);
    assert_int_equal(v.last_lsn, SEGMENTS * PER_SEGMENT);
    assert_int_equal(v.segments, SEGMENTS);
}

static void a_lost_segment_is_one_gap(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    make_closed(f);
    fixture_remove_all(fixture_segment_path(f, 3));
    expect_error(WAL_E_CORRUPT, verify(f, &v), "00000000000000000003.wal");
    assert_int_equal(v.damaged_segment, 3);
    assert_int_equal(v.gaps, 1);
    assert_int_equal(v.records, (SEGMENTS - 1) * PER_SEGMENT);
}

static void the_newest_segment_lost(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    make_closed(f);
    fixture_remove_all(fixture_segment_path(f, SEGMENTS));
    expect_error(WAL_E_CORRUPT, verify(f, &v), "00000000000000000005.wal");
    assert_int_equal(v.gaps, 1); /* control knows the log's end */
    assert_int_equal(v.last_lsn, (SEGMENTS - 1) * PER_SEGMENT);
}

static void a_log_without_control_is_counted(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    wal_error_t why;
    make_closed(f);
    fixture_remove_all(fixture_path(f, "control"));
    expect_error(WAL_E_CORRUPT, verify(f, &v), "control");
    must(wal_last_error(&why, sizeof why));
    assert_null(strstr(why.message, "range")); /* none is lost */
    assert_int_equal(v.verdict, WAL_RECOVERY_DAMAGED);
    assert_int_equal(v.damaged_segment, 0);
    assert_int_equal(v.records, SEGMENTS * PER_SEGMENT);
    assert_int_equal(v.gaps, 0);
}

static void a_damaged_copy_of_a_header_is_told(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    make_closed(f);
    change(f, 2, 2048 + 100);
    must(verify(f, &v));
    assert_int_equal(v.verdict, WAL_RECOVERY_CLEAN);
    assert_int_equal(v.damaged_segment, 2);
    change(f, 2, 100);
    expect_error(WAL_E_CORRUPT, verify(f, &v), "00000000000000000002.wal");
    assert_int_equal(v.gaps, 1);
}

/* Compressed and encrypted: by the key alone, and damage is named without it, too, where the stored
 * bytes show it. */
static void an_encoded_log(void **state)
{
    struct log_fixture *f = *state;
    struct toy toy = {.keys = TOY_KEY(0)};
    wal_cipher_t cipher = toy_cipher(&toy);
    wal_verify_t v;

    must(wal_options_set_cipher(f->options, &cipher, 0));
    fixture_set(f, WAL_OPT_CODEC, WAL_CODEC_ZLIB);
    fixture_set(f, WAL_OPT_CODEC_MIN_BYTES, 0);
    make_closed(f);
    must(verify(f, &v));
    expect_whole(&v);
    expect_error(WAL_E_CRYPTO, wal_verify(f->dir, NULL, NULL, NULL, &v, sizeof v), ".wal");
    change(f, 2, 4600);
    expect_error(WAL_E_CORRUPT, verify(f, &v), "00000000000000000002.wal");
    assert_true(v.damaged_offset >= 4096 && v.damaged_offset <= 4600);
    assert_true(v.records < SEGMENTS * PER_SEGMENT);
    must(wal_options_set_cipher(f->options, NULL, 0));
}

struct progress {
    uint64_t calls, done, total, stop_at;
    const void *thread;
};

static __thread int here;

static int note(void *ctx, uint64_t done, uint64_t total)
{
    struct progress *p = ctx;
    assert_true(done >= p->done && done <= total);
    assert_true(p->calls == 0 || total == p->total);
    p->thread = &here;
    p->done = done;
    p->total = total;
    return ++p->calls == p->stop_at ? -1 : 0;
}

static void progress_ends_at_the_total(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    make_closed(f);
    for (uint64_t threads = 1; threads <= 3; threads += 2) {
        struct progress p = {0};
        fixture_set(f, WAL_OPT_READ_THREADS, threads);
        must(wal_verify(f->dir, f->options, note, &p, &v, sizeof v));
        assert_true(p.calls > 0 && p.done == p.total && p.total > 5 * 4096);
        assert_ptr_equal(p.thread, &here);
        p = (struct progress){.stop_at = 1};
        expect_error(WAL_E_CALLBACK, wal_verify(f->dir, f->options, note, &p, &v, sizeof v),
                     "callback returned");
        assert_int_equal(p.calls, 1);
    }
}

static void threads_find_the_same(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t one, more;
    make_closed(f);
    change(f, 2, 5000);
    change(f, 3, 9000);
    expect_error(WAL_E_CORRUPT, verify(f, &one), NULL);
    for (uint64_t threads = 2; threads <= 64; threads *= 2) {
        fixture_set(f, WAL_OPT_READ_THREADS, threads);
        expect_error(WAL_E_CORRUPT, verify(f, &more), NULL);
        more.duration_ns = one.duration_ns;
        assert_memory_equal(&one, &more, sizeof one);
    }
}

static void arguments_are_checked(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    struct {
        wal_verify_t known;
        uint64_t more;
    } larger;

    expect_error(WAL_E_NOTFOUND, verify(f, &v), NULL);
    make_closed(f);
    expect_error(WAL_E_INVAL, wal_verify(NULL, NULL, NULL, NULL, &v, sizeof v), "dir");
    expect_error(WAL_E_INVAL, wal_verify("", NULL, NULL, NULL, &v, sizeof v), "dir");
    expect_error(WAL_E_INVAL, wal_verify(f->dir, NULL, NULL, NULL, NULL, sizeof v), "ret");
    expect_error(WAL_E_INVAL, wal_verify(f->dir, NULL, NULL, NULL, &v, sizeof v - 1), "size");
    expect_error(WAL_E_INVAL,
                 wal_verify(fixture_path(f, "control"), NULL, NULL, NULL, &v, sizeof v), NULL);
    memset(&larger, 0xee, sizeof larger);
    must(wal_verify(f->dir, NULL, NULL, NULL, &larger.known, sizeof larger));
    assert_int_equal(larger.more, 0);
    assert_int_equal(larger.known.size, sizeof larger);
}

static void a_newer_format_is_version(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    make_closed(f);
    fixture_patch(fixture_path(f, "control"), 0, 256, 8, 2, 2);
    expect_error(WAL_E_VERSION, verify(f, &v), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_closed_log_is_right),
        fixture_test(one_in_use_is_verified_beside_its_writer),
        fixture_test(records_below_the_first_lsn_are_none),
        fixture_test(damage_below_the_first_lsn_is_none),
        fixture_test(an_empty_log_is_right),
        fixture_test(a_torn_end_is_no_damage),
        fixture_test(damage_in_the_middle_is_named_and_passed),
        fixture_test(a_lost_segment_is_one_gap),
        fixture_test(the_newest_segment_lost),
        fixture_test(a_log_without_control_is_counted),
        fixture_test(a_damaged_copy_of_a_header_is_told),
        fixture_test(an_encoded_log),
        fixture_test(progress_ends_at_the_total),
        fixture_test(threads_find_the_same),
        fixture_test(arguments_are_checked),
        fixture_test(a_newer_format_is_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
