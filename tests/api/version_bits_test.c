/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a newer version and of other logs: VERSION where they are newer, CORRUPT where they are
 * foreign, and nothing on the disk is changed. */
#include "support/bytes_by_hand.h"
#include "support/log_fixture.h"

#include <string.h>

enum {
    SLOT = 256,
    SLOT_B = 4096,
    HEADER = 256,
    COPY = 2048,
    GROUP = 4096, /* the first one */
    AT_MAJOR = 8,
    AT_MINOR = 10,
    AT_INCOMPATIBLE = 16,
    AT_READ_ONLY_COMPATIBLE = 20,
};

/* A log of three segments, closed. */
static void make_log(struct log_fixture *f)
{
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_open(f);
    fixture_fill(f, 5);
    fixture_close(f);
}

static void patch_header(const struct log_fixture *f, uint64_t number, size_t field, unsigned n,
                         uint64_t v)
{
    const char *path = fixture_segment_path(f, number);
    fixture_patch(path, 0, HEADER, field, n, v);
    fixture_patch(path, COPY, HEADER, field, n, v);
}

static void test_a_newer_control(void **state)
{
    struct log_fixture *f = *state;
    const uint64_t slots[] = {0, SLOT_B};

    make_log(f);
    fixture_patch(fixture_path(f, "control"), 0, SLOT, AT_MAJOR, 2, 2);
    expect_refused(f, WAL_E_VERSION, "control"); /* one slot is enough: somebody newer was here */
    fixture_patch(fixture_path(f, "control"), SLOT_B, SLOT, AT_MAJOR, 2, 2);
    expect_refused(f, WAL_E_VERSION, "control");
    expect_refused(f, WAL_E_VERSION, f->dir);
    expect_refused(f, WAL_E_VERSION, "2.0");
    for (size_t k = 0; k < COUNT_OF(slots); k++)
        fixture_patch(fixture_path(f, "control"), slots[k], SLOT, AT_MAJOR, 2, 1);
    fixture_open(f); /* it was left as it was */
    expect_range(f->log, 1, 5, 6, 5);
}

static void test_a_newer_minor_can_be_read(void **state)
{
    struct log_fixture *f = *state;

    make_log(f);
    fixture_patch(fixture_path(f, "control"), 0, SLOT, AT_MINOR, 2, 1);
    fixture_patch(fixture_path(f, "control"), SLOT_B, SLOT, AT_MINOR, 2, 1);
    wal_t *w = fixture_open_read_only(f);
    expect_record(w, 5, "5");
    must(wal_close(w));
}

static void test_a_newer_segment(void **state)
{
    struct log_fixture *f = *state;
    const uint64_t numbers[] = {1, 2, 3};

    for (size_t k = 0; k < COUNT_OF(numbers); k++) {
        char name[32];
        snprintf(name, sizeof name, "%020llu.wal", (unsigned long long)numbers[k]);
        make_log(f);
        patch_header(f, numbers[k], AT_MAJOR, 2, 2);
        expect_refused(f, WAL_E_VERSION, name);
        fixture_remove_all(f->dir);
        make_log(f);
        patch_header(f, numbers[k], AT_INCOMPATIBLE, 4, 0x80);
        expect_refused(f, WAL_E_VERSION, name);
        fixture_remove_all(f->dir);
    }
}

/* The header's CRC is what the first group links to. */
static void relink(const char *path)
{
    uint8_t header[HEADER], group[64];

    fixture_read_file(path, 0, header, sizeof header);
    fixture_read_file(path, GROUP, group, sizeof group);
    memcpy(group + 36, header + 252, 4);
    put_le(group + 4, 4, (uint32_t)crc32(crc32(0, header + 56, 8), group + 8, sizeof group - 8));
    fixture_write_file(path, GROUP, group, sizeof group);
}

static void test_features_that_only_readers_can_ignore(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "x");
    fixture_crash(f); /* one group, and no seal behind it */
    patch_header(f, 1, AT_READ_ONLY_COMPATIBLE, 4, 0x100);
    relink(fixture_segment_path(f, 1));
    expect_writer_refused(f, WAL_E_VERSION, "00000000000000000001.wal");
    expect_writer_refused(f, WAL_E_VERSION, "read-only");
    wal_t *w = fixture_open_read_only(f);
    expect_record(w, 1, "x");
    must(wal_close(w));
    patch_header(f, 1, AT_READ_ONLY_COMPATIBLE, 4, 0);
    relink(fixture_segment_path(f, 1));
    fixture_open(f);
    expect_record(f->log, 1, "x");
}

static void copy_over(const char *from, const char *to)
{
    static uint8_t bytes[1 << 20];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t n;

    assert_true(in && out);
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    fclose(in);
    fclose(out);
}

static void test_a_segment_of_another_log(void **state)
{
    struct log_fixture *f = *state;
    struct log_fixture other = *f;
    char from[400];

    snprintf(other.dir, sizeof other.dir, "%.300s-other", f->dir);
    make_log(&other);
    for (uint64_t number = 1; number <= 3; number++) {
        char name[32];
        snprintf(name, sizeof name, "%020llu.wal", (unsigned long long)number);
        make_log(f);
        strcpy(from, fixture_segment_path(&other, number));
        copy_over(from, fixture_segment_path(f, number));
        expect_refused(f, WAL_E_CORRUPT, name);
        assert_true(fixture_exists(fixture_segment_path(f, number)));
        fixture_remove_all(f->dir);
    }
}

/* One that open doesn't look into is found when it is read, and before anything is removed. */
static void test_a_foreign_segment_in_the_middle(void **state)
{
    struct log_fixture *f = *state;
    struct log_fixture other = *f;
    char from[400], buf[8];
    wal_record_t r = {.size = sizeof r};

    snprintf(other.dir, sizeof other.dir, "%.300s-other", f->dir);
    make_log(&other);
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_open(f);
    fixture_fill(f, 11); /* six segments */
    fixture_close(f);
    strcpy(from, fixture_segment_path(&other, 3));
    copy_over(from, fixture_segment_path(f, 3));
    fixture_open(f);
    expect_record(f->log, 11, "11");
    expect_error(WAL_E_CORRUPT, wal_get(f->log, 5, buf, sizeof buf, &r),
                 "00000000000000000003.wal");
    expect_error(WAL_E_CORRUPT, wal_truncate_before(f->log, 9), "00000000000000000003.wal");
    expect_error(WAL_E_CORRUPT, wal_reset(f->log, 1), "00000000000000000003.wal");
    for (uint64_t number = 1; number <= 6; number++)
        assert_true(fixture_exists(fixture_segment_path(f, number)));
    assert_int_equal(wal_failure(f->log), 0);
    assert_int_equal(fixture_append(f, "12"), 12);
}

/* A file above the newest one that belongs to another log is left alone. */
static void test_a_foreign_file_behind_the_last_segment(void **state)
{
    struct log_fixture *f = *state;
    struct log_fixture other = *f;
    char from[400];

    snprintf(other.dir, sizeof other.dir, "%.300s-other", f->dir);
    make_log(&other);
    fixture_open(f);
    fixture_append(f, "1");
    fixture_close(f);
    strcpy(from, fixture_segment_path(&other, 3));
    copy_over(from, fixture_segment_path(f, 3));
    fixture_open(f);
    fixture_fill(f, 5);
    fixture_reopen(f);
    assert_true(fixture_exists(fixture_segment_path(f, 3)));
    expect_range(f->log, 1, 6, 7, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_a_newer_control),
        fixture_test(test_a_newer_minor_can_be_read),
        fixture_test(test_a_newer_segment),
        fixture_test(test_features_that_only_readers_can_ignore),
        fixture_test(test_a_segment_of_another_log),
        fixture_test(test_a_foreign_segment_in_the_middle),
        fixture_test(test_a_foreign_file_behind_the_last_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
