/* SPDX-License-Identifier: Apache-2.0 */
/* wal_repair: what a damaged log is afterwards, and what becomes of the rest. */
#include "support/log_fixture.h"
#include "support/toy_cipher.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void flip(const char *path, uint64_t offset)
{
    uint8_t byte;
    fixture_read_file(path, offset, &byte, 1);
    byte ^= 0x40;
    fixture_write_file(path, offset, &byte, 1);
}

static const char *kept(const struct log_fixture *f, const char *name)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/quarantine/%s", f->dir, name);
    return path;
}

enum { CUT = WAL_REPAIR_CUT_AT_DAMAGE, REBUILD = WAL_REPAIR_REBUILD_CONTROL };

static wal_verify_t repair(struct log_fixture *f, uint32_t flags)
{
    wal_verify_t v;
    must(wal_repair(f->dir, f->options, flags, &v, sizeof v));
    assert_int_equal(v.size, sizeof v);
    return v;
}

static void expect_unrepaired(struct log_fixture *f, uint32_t flags, int code)
{
    wal_verify_t v;
    expect_error(code, wal_repair(f->dir, f->options, flags, &v, sizeof v), NULL);
    if (code == WAL_E_CORRUPT)
        assert_int_equal(v.verdict, WAL_RECOVERY_DAMAGED);
}

/* Opens it and reads all: texts are the LSNs. Appends and reopens. */
static void expect_log(struct log_fixture *f, uint64_t first, uint64_t last)
{
    char text[32];

    fixture_open(f);
    expect_range(f->log, first, last < first ? 0 : last, last + 1, last);
    for (uint64_t lsn = first; lsn <= last; lsn++) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)lsn);
        expect_record(f->log, lsn, text);
    }
    assert_int_equal(fixture_append(f, "new"), last + 1);
    fixture_reopen(f);
    expect_record(f->log, last + 1, "new");
    fixture_close(f);
}

/* 1 to 3, 4 to 6, 7 to 9 in a segment each; closed. */
static void three_segments(struct log_fixture *f)
{
    fixture_open(f);
    must(wal_meta_set(f->log, "k", 1, "v", 1));
    for (int k = 1; k <= 9; k++) {
        char text[2] = {(char)('0' + k), 0};
        fixture_append(f, text);
        if (k % 3 == 0 && k < 9)
            must(wal_rotate(f->log));
    }
    fixture_close(f);
}

/* Offset of the group with this LSN. */
static uint64_t group_at(const char *path, uint64_t lsn)
{
    uint64_t at = 4096;
    uint32_t magic, stored, records;
    uint64_t first;

    for (;;) {
        fixture_read_file(path, at, &magic, 4);
        assert_int_equal(magic, 0xb1474c57);
        fixture_read_file(path, at + 16, &first, 8);
        fixture_read_file(path, at + 40, &records, 4);
        fixture_read_file(path, at + 44, &stored, 4);
        if (records && first <= lsn && lsn < first + records)
            return at;
        at += (64 + stored + 63) / 64 * 64;
    }
}

static void hurt(struct log_fixture *f, uint64_t number, uint64_t lsn)
{
    const char *path = fixture_segment_path(f, number);
    flip(path, group_at(path, lsn) + 64 + 17);
}

static void test_arguments(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;

    expect_unrepaired(f, CUT, WAL_E_NOTFOUND);
    three_segments(f);
    expect_unrepaired(f, 0, WAL_E_INVAL);
    expect_unrepaired(f, 8, WAL_E_INVAL);
    expect_error(WAL_E_INVAL, wal_repair(NULL, NULL, CUT, &v, sizeof v), "dir");
    expect_error(WAL_E_INVAL, wal_repair("", NULL, CUT, &v, sizeof v), "dir");
    expect_error(WAL_E_INVAL, wal_repair(f->dir, NULL, CUT, NULL, sizeof v), "ret");
    expect_error(WAL_E_INVAL, wal_repair(f->dir, NULL, CUT, &v, 8), "size");
    fixture_open(f);
    expect_unrepaired(f, CUT, WAL_E_LOCKED);
    expect_unrepaired(f, CUT | REBUILD, WAL_E_LOCKED);
    must(wal_repair(f->dir, f->options, WAL_REPAIR_DRY_RUN, &v, sizeof v)); /* takes no lock */
}

static void test_a_healthy_log_stays(void **state)
{
    struct log_fixture *f = *state;

    three_segments(f);
    wal_verify_t v = repair(f, CUT | REBUILD);
    assert_int_equal(v.verdict, WAL_RECOVERY_CLEAN);
    assert_int_equal(v.records, 9);
    assert_int_equal(v.segments, 3);
    assert_false(fixture_exists(kept(f, "")));
    expect_log(f, 1, 9);
}

static void test_a_torn_log_stays(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    fixture_fill(f, 2);
    must(wal_sync(f->log, 0));
    fixture_append(f, "3");
    must(wal_flush(f->log));
    fixture_crash(f);
    hurt(f, 1, 3);
    wal_verify_t v = repair(f, CUT | REBUILD);
    assert_int_equal(v.verdict, WAL_RECOVERY_AMBIGUOUS);
    assert_false(fixture_exists(kept(f, "")));
    expect_log(f, 1, 2);
}

static void test_a_dry_run_changes_nothing(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;

    three_segments(f);
    hurt(f, 2, 5);
    for (int k = 0; k < 2; k++) {
        expect_error(
            WAL_E_CORRUPT,
            wal_repair(f->dir, f->options, WAL_REPAIR_DRY_RUN | (k ? CUT : 0), &v, sizeof v),
            "LSN 5");
        assert_int_equal(v.damaged_segment, 2);
        assert_int_equal(v.damaged_lsn, 5);
    }
    assert_false(fixture_exists(kept(f, "")));
    expect_unrepaired(f, REBUILD, WAL_E_CORRUPT); /* control is right */
    assert_false(fixture_exists(kept(f, "")));
}

static void test_the_log_ends_before_the_damage(void **state)
{
    struct log_fixture *f = *state;
    char before[9000], copy[9000];
    wal_verify_t v;

    three_segments(f);
    hurt(f, 2, 5);
    fixture_read_file(fixture_segment_path(f, 3), 0, before, 4700);
    v = repair(f, CUT);
    assert_int_equal(v.verdict, WAL_RECOVERY_CLEAN);
    assert_int_equal(v.records, 4);
    assert_int_equal(v.last_lsn, 4);
    assert_true(fixture_exists(kept(f, "control")));
    assert_true(fixture_exists(kept(f, "00000000000000000002.wal")));
    assert_false(fixture_exists(kept(f, "00000000000000000001.wal")));
    fixture_read_file(kept(f, "00000000000000000003.wal"), 0, copy, 4700);
    assert_memory_equal(before, copy, 4700);
    assert_false(fixture_exists(fixture_segment_path(f, 3)));
    assert_true(fixture_exists(fixture_segment_path(f, 1)));
    fixture_open(f);
    expect_meta(f->log, "k", "v");
    fixture_close(f);
    expect_log(f, 1, 4);
}

static void test_twice(void **state)
{
    struct log_fixture *f = *state;

    three_segments(f);
    hurt(f, 2, 5);
    repair(f, CUT);
    hurt(f, 2, 4);
    repair(f, CUT);
    assert_true(fixture_exists(kept(f, "00000000000000000002.wal")));
    assert_true(fixture_exists(kept(f, "00000000000000000002.wal.1")));
    assert_true(fixture_exists(kept(f, "control.1")));
    expect_log(f, 1, 3);
}

static void test_damage_at_either_end(void **state)
{
    struct log_fixture *f = *state;

    three_segments(f);
    hurt(f, 3, 9);
    repair(f, CUT);
    expect_log(f, 1, 8);
    must(wal_destroy(f->dir));
    fixture_remove_all(f->dir);
    three_segments(f);
    hurt(f, 1, 1);
    wal_verify_t v = repair(f, CUT);
    assert_int_equal(v.records, 0);
    assert_true(fixture_exists(kept(f, "00000000000000000001.wal")));
    expect_log(f, 1, 0);
}

static void test_whole_batches(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    fixture_open(f);
    fixture_fill(f, 2);
    wal_batch_t *b = fixture_batch(f);
    for (int k = 0; k < 3; k++)
        must(wal_batch_append(b, 0, fixture_bytes(60000, 'b'), 60000));
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
    fixture_append(f, "6");
    fixture_close(f);
    hurt(f, 1, 5); /* the batch's last group */
    repair(f, CUT);
    expect_log(f, 1, 2);
}

static void test_missing_and_spoilt_segments(void **state)
{
    struct log_fixture *f = *state;

    three_segments(f);
    fixture_remove_all(fixture_segment_path(f, 2));
    repair(f, CUT);
    expect_log(f, 1, 3);
    must(wal_destroy(f->dir));
    fixture_remove_all(f->dir);
    three_segments(f);
    flip(fixture_segment_path(f, 3), 60);
    flip(fixture_segment_path(f, 3), 2048 + 60);
    repair(f, CUT);
    assert_true(fixture_exists(kept(f, "00000000000000000003.wal")));
    expect_log(f, 1, 6);
}

/* Behind 2 the first incarnation of 3 is dead. Where its successor can't be read any more it must
 * not come back. */
static void cut_log(struct log_fixture *f)
{
    fixture_open(f);
    fixture_append(f, "1");
    fixture_append(f, "2");
    fixture_append(f, "dead");
    must(wal_truncate_after(f->log, 2));
    fixture_append(f, "3");
    fixture_close(f);
}

static void test_what_was_cut_off_stays_away(void **state)
{
    struct log_fixture *f = *state;

    cut_log(f);
    flip(fixture_segment_path(f, 2), 60);
    flip(fixture_segment_path(f, 2), 2048 + 60);
    repair(f, CUT);
    expect_log(f, 1, 2);
    must(wal_destroy(f->dir));
    fixture_remove_all(f->dir);
    cut_log(f);
    fixture_remove_all(fixture_segment_path(f, 2));
    expect_unrepaired(f, CUT, WAL_E_CORRUPT); /* where the log went on is nowhere */
    assert_false(fixture_exists(kept(f, "")));
}

static void test_checkpoint_and_tag(void **state)
{
    struct log_fixture *f = *state;
    char bytes[8];
    uint64_t lsn;
    size_t size;

    fixture_open(f);
    fixture_append(f, "1");
    wal_batch_t *b = fixture_batch(f);
    fixture_add(b, "2");
    must(wal_batch_set_tag(b, "old", 3));
    must(wal_batch_commit(b, 0, NULL, NULL));
    fixture_add(b, "3");
    must(wal_batch_set_tag(b, "new", 3));
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
    must(wal_rotate(f->log));
    fixture_append(f, "4");
    must(wal_checkpoint(f->log, 1, "one", 3));
    must(wal_meta_set(f->log, "late", 4, "change", 6));
    fixture_close(f);
    hurt(f, 1, 3);
    repair(f, CUT);
    fixture_open(f);
    expect_last_tag(f->log, "old");
    expect_meta(f->log, "late", "change"); /* cuts don't concern it */
    must(wal_checkpoint_get(f->log, bytes, sizeof bytes, &lsn, &size));
    assert_int_equal(lsn, 1); /* it lay behind the cut, but is of what stays */
    assert_memory_equal(bytes, "one", 3);
    fixture_close(f);
    expect_log(f, 1, 2);
}

/* Damage to what was truncated away costs nothing of the log. */
static void test_damage_below_the_first(void **state)
{
    struct log_fixture *f = *state;

    three_segments(f);
    fixture_open(f);
    must(wal_truncate_before(f->log, 3));
    fixture_close(f);
    hurt(f, 1, 1);
    wal_verify_t v;
    (void)wal_repair(f->dir, f->options, CUT, &v, sizeof v);
    expect_log(f, 3, 9);
    hurt(f, 1, 1);
    hurt(f, 1, 2);
    hurt(f, 2, 5);
    (void)wal_repair(f->dir, f->options, CUT, &v, sizeof v);
    expect_log(f, 3, 4);
}

static const char *elsewhere(const struct log_fixture *f)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/elsewhere", f->scratch.path);
    return path;
}

/* Copies stay in the log's directory. */
static void test_a_link_as_quarantine(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;

    three_segments(f);
    hurt(f, 2, 5);
    assert_int_equal(mkdir(elsewhere(f), 0700), 0);
    assert_int_equal(symlink(elsewhere(f), fixture_path(f, "quarantine")), 0);
    expect_error(WAL_E_PERM, wal_repair(f->dir, f->options, CUT, &v, sizeof v), "quarantine");
    assert_int_equal(rmdir(elsewhere(f)), 0); /* it is empty */
    assert_int_equal(unlink(fixture_path(f, "quarantine")), 0);
    must(wal_repair(f->dir, f->options, CUT, &v, sizeof v));
    expect_log(f, 1, 4);
}

static void spoil_control(struct log_fixture *f)
{
    fixture_write_file(fixture_path(f, "control"), 0, fixture_bytes(8200, 'c'), 8200);
}

static void test_control_anew(void **state)
{
    struct log_fixture *f = *state;
    char byte;

    three_segments(f);
    wal_info_t before, after;
    fixture_open(f);
    must(wal_info(f->log, &before, sizeof before));
    fixture_close(f);
    spoil_control(f);
    expect_refused(f, WAL_E_CORRUPT, "control");
    expect_unrepaired(f, CUT, WAL_E_CORRUPT); /* that was not asked for */
    wal_verify_t v = repair(f, REBUILD);
    assert_int_equal(v.records, 9);
    fixture_read_file(kept(f, "control"), 100, &byte, 1);
    assert_int_equal(byte, 'c');
    fixture_open(f);
    must(wal_info(f->log, &after, sizeof after));
    assert_memory_equal(before.uuid, after.uuid, sizeof before.uuid);
    expect_meta(f->log, "k", "v");
    fixture_close(f);
    expect_log(f, 1, 9);
    fixture_remove_all(fixture_path(f, "control"));
    repair(f, REBUILD);
    fixture_open(f);
    expect_record(f->log, 10, "new");
    fixture_close(f);
}

static void test_control_and_cut(void **state)
{
    struct log_fixture *f = *state;

    three_segments(f);
    spoil_control(f);
    hurt(f, 2, 5);
    expect_unrepaired(f, REBUILD, WAL_E_CORRUPT); /* control is right then, segment 2 isn't */
    spoil_control(f);
    repair(f, REBUILD | CUT);
    expect_log(f, 1, 4);
}

static void test_a_truncated_front(void **state)
{
    struct log_fixture *f = *state;

    three_segments(f);
    fixture_open(f);
    must(wal_checkpoint(f->log, 8, "eight", 5));
    must(wal_rotate(f->log));
    fixture_append(f, "10");
    must(wal_truncate_before(f->log, 5));
    fixture_close(f);
    fixture_remove_all(fixture_path(f, "control"));
    repair(f, REBUILD);
    fixture_open(f);
    char bytes[8];
    uint64_t lsn;
    size_t size;
    must(wal_checkpoint_get(f->log, bytes, sizeof bytes, &lsn, &size));
    assert_int_equal(lsn, 8);
    fixture_close(f);
    expect_log(f, 4, 10); /* as far as the segments go */
}

static void test_control_that_cant_be_told(void **state)
{
    struct log_fixture *f = *state;

    three_segments(f);
    spoil_control(f);
    fixture_remove_all(fixture_segment_path(f, 2));
    expect_unrepaired(f, REBUILD, WAL_E_CORRUPT);
    must(wal_destroy(f->dir));
    three_segments(f);
    spoil_control(f);
    flip(fixture_segment_path(f, 3), 60);
    flip(fixture_segment_path(f, 3), 2048 + 60);
    expect_unrepaired(f, REBUILD, WAL_E_CORRUPT);
    expect_unrepaired(f, REBUILD | CUT, WAL_E_CORRUPT);
    assert_false(fixture_exists(kept(f, "")));
}

/* Of the segment where it cuts, too, which goes from hand to hand. */
static void test_keys_are_given_back_once(void **state)
{
    struct log_fixture *f = *state;
    struct toy toy = {.keys = TOY_KEY(3)};
    wal_cipher_t cipher = toy_cipher(&toy);

    must(wal_options_set_cipher(f->options, NULL, 0));
    must(wal_options_set_cipher(f->options, &cipher, 3));
    three_segments(f);
    hurt(f, 2, 5);
    wal_verify_t v = repair(f, CUT);
    assert_int_equal(v.records, 4);
    assert_int_equal(toy.n[TOY_DROP], toy.n[TOY_DERIVE]);
    expect_log(f, 1, 4);
    must(wal_options_set_cipher(f->options, NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_arguments),
        fixture_test(test_a_healthy_log_stays),
        fixture_test(test_a_torn_log_stays),
        fixture_test(test_a_dry_run_changes_nothing),
        fixture_test(test_the_log_ends_before_the_damage),
        fixture_test(test_twice),
        fixture_test(test_damage_at_either_end),
        fixture_test(test_whole_batches),
        fixture_test(test_missing_and_spoilt_segments),
        fixture_test(test_what_was_cut_off_stays_away),
        fixture_test(test_checkpoint_and_tag),
        fixture_test(test_damage_below_the_first),
        fixture_test(test_a_link_as_quarantine),
        fixture_test(test_control_anew),
        fixture_test(test_control_and_cut),
        fixture_test(test_a_truncated_front),
        fixture_test(test_control_that_cant_be_told),
        fixture_test(test_keys_are_given_back_once),
    };
    return cmocka_run_group_tests_name("repair", tests, NULL, NULL);
}
