/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/codes.h"
#include "base/fault.h"
#include "support/bytes_by_hand.h"
#include "support/draft.h"

static struct bench bench;
static struct draft draft;

static int setup(void **state)
{
    (void)state;
    bench_make(&bench);
    draft_begin(&draft, &bench, 42, 1000);
    draft_open(&draft);
    draft_close(&draft);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_remove(&bench);
    return 0;
}

#define NAME "00000000000000000042.wal"

static void assert_refused(int code, const char *why)
{
    struct segment s;
    assert_int_equal(segment_open(&s, &bench.folder, 42, OS_READ), code);
    assert_int_equal(s.file.fd, -1);
    const struct fault *f = fault_last();
    assert_int_equal(f->code, code);
    assert_int_equal(f->segment, 42);
    assert_non_null(strstr(f->text, NAME));
    assert_non_null(strstr(f->text, why));
}

static void opens_and_reads_the_header(void **state)
{
    struct segment s;
    (void)state;

    assert_int_equal(segment_open(&s, &bench.folder, 42, OS_READ), 0);
    assert_string_equal(s.file.name, NAME);
    assert_int_equal(s.file.number, 42);
    assert_int_equal(s.header.base_lsn, 1000);
    assert_int_equal(s.header.salt, draft.header.salt);
    assert_int_equal(s.header.crc, draft.header.crc);
    assert_int_equal(s.header_repairs, 0);
    segment_close(&s);
    assert_int_equal(s.file.fd, -1);
}

static void a_missing_one_is_notfound(void **state)
{
    struct segment s;
    (void)state;

    assert_int_equal(segment_open(&s, &bench.folder, 41, OS_READ), WAL_E_NOTFOUND);
    assert_int_equal(s.file.fd, -1);
}

static void one_right_copy_is_enough_and_reported(void **state)
{
    struct segment s;
    const uint64_t places[] = {70, SEGMENT_HEADER_COPY + 70};
    (void)state;

    for (size_t k = 0; k < 2; k++) {
        draft_rewrite_header(&draft);
        damage(&draft, places[k]);
        assert_int_equal(segment_open(&s, &bench.folder, 42, OS_READ), 0);
        assert_int_equal(s.header_repairs, 1);
        assert_int_equal(s.header.crc, draft.header.crc);
        segment_close(&s);
    }
    damage(&draft, places[0]);
    assert_refused(WAL_E_CORRUPT, "has no valid header");
}

static void an_empty_or_short_file_is_corrupt(void **state)
{
    struct segment s;
    (void)state;

    resize(&draft, 0);
    assert_refused(WAL_E_CORRUPT, "has no valid header");
    resize(&draft, 4096);
    assert_refused(WAL_E_CORRUPT, "has no valid header");
    draft_rewrite_header(&draft);
    resize(&draft, SEGMENT_HEADER_BYTES); /* the second copy is gone */
    assert_int_equal(segment_open(&s, &bench.folder, 42, OS_READ), 0);
    assert_int_equal(s.header_repairs, 1);
    segment_close(&s);
    resize(&draft, SEGMENT_HEADER_BYTES - 1);
    assert_refused(WAL_E_CORRUPT, "has no valid header");
}

static void another_segment_under_the_name_is_corrupt(void **state)
{
    struct draft other;
    char from[512];
    (void)state;

    draft_begin(&other, &bench, 43, 1000);
    draft_open(&other);
    draft_close(&other);
    strcpy(from, bench_path(&bench, "00000000000000000043.wal"));
    assert_int_equal(rename(from, bench_path(&bench, NAME)), 0);
    assert_refused(WAL_E_CORRUPT, "is another segment under this name");
}

static void a_newer_format_is_version_not_damage(void **state)
{
    uint8_t copy[SEGMENT_HEADER_BYTES];
    (void)state;

    bench_read(&bench, NAME, 0, copy, sizeof copy);
    put_le(copy + 8, 2, 2);
    put_last_crc(copy, sizeof copy);
    bench_write(&bench, NAME, 0, copy, sizeof copy);
    bench_write(&bench, NAME, SEGMENT_HEADER_COPY, copy, sizeof copy);
    assert_refused(WAL_E_VERSION, "newer format");

    draft.header.incompatible = 8;
    draft_rewrite_header(&draft);
    assert_refused(WAL_E_VERSION, "newer format");
}

static void an_unknown_codec_is_unsupported(void **state)
{
    (void)state;

    draft.header.codec = 2;
    draft_rewrite_header(&draft);
    assert_refused(WAL_E_UNSUPPORTED, "codec");
}

/* Its header can be read. */
static void an_encrypted_one_opens_without_its_key(void **state)
{
    struct segment s;
    (void)state;

    draft.header.cipher = 1;
    draft_rewrite_header(&draft);
    assert_int_equal(segment_open(&s, &bench.folder, 42, OS_READ), 0);
    assert_null(s.key);
    assert_int_equal(segment_unlock(&s), WAL_E_CRYPTO);
    assert_non_null(strstr(fault_last()->text, "no key is given"));
    segment_close(&s);
}

static void a_link_or_directory_is_perm(void **state)
{
    (void)state;

    assert_int_equal(unlink(bench_path(&bench, NAME)), 0);
    assert_int_equal(symlink("elsewhere", bench_path(&bench, NAME)), 0);
    struct segment s;
    assert_int_equal(segment_open(&s, &bench.folder, 42, OS_READ), WAL_E_PERM);
    assert_int_equal(s.file.fd, -1);
    assert_int_equal(unlink(bench_path(&bench, NAME)), 0);
    assert_int_equal(bench.spy.real->dir_make(NULL, bench_path(&bench, NAME), 0700), 0);
    assert_int_equal(segment_open(&s, &bench.folder, 42, OS_READ), WAL_E_PERM);
    assert_int_equal(s.file.fd, -1);
}

static void a_failed_read_is_no_damage(void **state)
{
    struct segment s;
    (void)state;

    spy_fail(&bench.spy, SPY_READ, 1, EIO);
    assert_int_equal(segment_open(&s, &bench.folder, 42, OS_READ), WAL_E_IO);
    assert_int_equal(s.file.fd, -1);
    assert_int_equal(fault_last()->segment, 42);
}

static void starts_behind_its_header_and_is_followed_by_its_end(void **state)
{
    struct segment s;
    struct boundary at;
    struct follow follow;
    (void)state;

    assert_int_equal(segment_open(&s, &bench.folder, 42, OS_READ), 0);
    segment_start(&s, &at);
    assert_int_equal(at.offset, SEGMENT_HEADER_BLOCK);
    assert_int_equal(at.next_lsn, 1000);
    assert_int_equal(at.link, draft.header.crc);
    assert_int_equal(at.meta_offset, 0);
    segment_follow(&s, &at, &follow);
    assert_int_equal(follow.number, 42);
    assert_int_equal(follow.end_lsn, 999);
    assert_int_equal(follow.end_offset, 4096);
    assert_int_equal(follow.link, draft.header.crc);
    assert_int_equal(follow.salt_low, (uint32_t)draft.header.salt);

    at = (struct boundary){.offset = 8192, .next_lsn = 1003, .link = 77, .meta_offset = 4096};
    segment_follow(&s, &at, &follow);
    assert_int_equal(follow.end_lsn, 1002);
    assert_int_equal(follow.end_offset, 8192);
    assert_int_equal(follow.link, 77);
    segment_close(&s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void one_that_does_not_go_with_the_others(void **state)
{
    (void)state;
    assert_int_equal(segment_corrupt(&bench.folder, 42, "is odd"), WAL_E_CORRUPT);
    const struct fault *f = fault_last();
    assert_int_equal(f->code, WAL_E_CORRUPT);
    assert_int_equal(f->segment, 42);
    assert_non_null(strstr(f->text, bench.folder.path));
    assert_non_null(strstr(f->text, "/" NAME " is odd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(opens_and_reads_the_header),
        TEST(a_missing_one_is_notfound),
        TEST(one_right_copy_is_enough_and_reported),
        TEST(an_empty_or_short_file_is_corrupt),
        TEST(another_segment_under_the_name_is_corrupt),
        TEST(a_newer_format_is_version_not_damage),
        TEST(an_unknown_codec_is_unsupported),
        TEST(an_encrypted_one_opens_without_its_key),
        TEST(a_link_or_directory_is_perm),
        TEST(a_failed_read_is_no_damage),
        TEST(starts_behind_its_header_and_is_followed_by_its_end),
        TEST(one_that_does_not_go_with_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
