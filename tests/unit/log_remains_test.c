/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of a log that may be damaged: its parts, their ends, its end. */
#include "support/log_fixture.h"

#include <string.h>

#include "api/options.h"
#include "base/codes.h"
#include "log/remains.h"

static struct remains remains;

static void make_log(struct log_fixture *f)
{
    fixture_open(f);
    for (int k = 0; k < 4; k++) {
        fixture_fill(f, 5);
        must(wal_rotate(f->log));
    }
    fixture_fill(f, 5);
}

static int look(const struct log_fixture *f)
{
    static struct config config;
    options_resolve(f->options, &config);
    return remains_open(&remains, f->dir, &config);
}

static void spoil(const char *path, uint64_t at)
{
    uint8_t byte;
    fixture_read_file(path, at, &byte, 1);
    byte ^= 0x10;
    fixture_write_file(path, at, &byte, 1);
}

static void a_whole_chain(void **state)
{
    struct log_fixture *f = *state;
    make_log(f);
    for (int in_use = 1; in_use >= 0; in_use--) {
        assert_int_equal(look(f), 0);
        assert_int_equal(remains.in_use, in_use);
        assert_int_equal(remains.n, 5);
        assert_int_equal(remains.first_lsn, 1);
        assert_int_equal(remains.next_lsn, 26);
        assert_false(remains.damage.any);
        assert_int_equal(remains.verdict, WAL_RECOVERY_CLEAN);
        for (uint64_t k = 0; k < 5; k++) {
            assert_true(remains.parts[k].right && remains.parts[k].end.stated);
            assert_int_equal(remains.parts[k].number, k + 1);
            assert_int_equal(remains.parts[k].base_lsn, 5 * k + 1);
            assert_int_equal(remains.parts[k].end.at.next_lsn, 5 * k + 6);
        }
        remains_close(&remains);
        fixture_close(f);
    }
}

static void the_first_damage_counts(void **state)
{
    struct remains_damage d = {0};
    (void)state;
    remains_note(&d, 0, 0, 0);
    assert_true(d.any && d.segment == 0);
    remains_note(&d, 7, 100, 1);
    remains_note(&d, 7, 200, 2);
    remains_note(&d, 0, 0, 0);
    remains_note(&d, 9, 0, 3);
    assert_int_equal(d.segment, 7);
    assert_int_equal(d.offset, 100);
    remains_note(&d, 6, 300, 4);
    assert_int_equal(d.lsn, 4);
}

/* Its end isn't stated any more, since the one behind it can't be read: it is where its groups
 * end. */
static void a_part_without_a_header(void **state)
{
    struct log_fixture *f = *state;
    make_log(f);
    fixture_close(f);
    spoil(fixture_segment_path(f, 3), 100);
    spoil(fixture_segment_path(f, 3), 2048 + 100);
    assert_int_equal(look(f), 0);
    assert_int_equal(remains.n, 5);
    assert_false(remains.parts[2].right);
    assert_int_equal(remains.damage.segment, 3);
    assert_false(remains.parts[1].end.stated);
    assert_int_equal(remains.parts[1].end.at.next_lsn, 11);
    assert_int_equal(remains.parts[1].end.below, 16); /* what the fourth one begins with */
    remains_close(&remains);
}

static void a_part_that_is_gone_or_foreign(void **state)
{
    struct log_fixture *f = *state;
    make_log(f);
    fixture_close(f);
    fixture_remove_all(fixture_segment_path(f, 2));
    assert_int_equal(look(f), 0);
    assert_int_equal(remains.n, 4 + 1);
    assert_false(remains.parts[1].right);
    assert_int_equal(remains.damage.segment, 2);
    remains_close(&remains);
    fixture_patch(fixture_segment_path(f, 4), 0, 256, 24, 8, 12345); /* its UUID, in both copies */
    fixture_patch(fixture_segment_path(f, 4), 2048, 256, 24, 8, 12345);
    assert_int_equal(look(f), 0);
    assert_false(remains.parts[3].right);
    remains_close(&remains);
}

static void without_control(void **state)
{
    struct log_fixture *f = *state;
    make_log(f);
    fixture_close(f);
    spoil(fixture_path(f, "control"), 40);
    assert_int_equal(look(f), 0);
    assert_false(remains.damage.any); /* the other slot is there */
    remains_close(&remains);
    spoil(fixture_path(f, "control"), 4096 + 40);
    assert_int_equal(look(f), 0);
    assert_true(remains.damage.any && remains.damage.segment == 0);
    assert_int_equal(remains.n, 5);
    assert_int_equal(remains.next_lsn, 26);
    remains_close(&remains);
}

static void no_log_at_all(void **state)
{
    struct log_fixture *f = *state;
    assert_int_equal(look(f), WAL_E_NOTFOUND);
    remains_close(&remains);
    fixture_open(f);
    fixture_close(f);
    fixture_remove_all(fixture_segment_path(f, 1));
    fixture_remove_all(fixture_path(f, "control"));
    assert_int_equal(look(f), WAL_E_NOTFOUND);
    remains_close(&remains);
}

static int count(void *ctx, const struct group_view *g, const struct record *r)
{
    (void)g;
    (void)r;
    ++*(unsigned *)ctx;
    return 0;
}

static int count_damage(void *ctx, uint64_t offset, uint64_t lsn)
{
    (void)offset;
    (void)lsn;
    *(unsigned *)ctx += 100;
    return 0;
}

static void a_part_is_gone_through(void **state)
{
    struct log_fixture *f = *state;
    unsigned n = 0;
    const struct scrub_fns fns = {.ctx = &n, .record = count, .damage = count_damage};
    make_log(f);
    fixture_close(f);
    assert_int_equal(look(f), 0);
    assert_int_equal(remains_scrub(&remains, &remains.parts[1], &fns), 0);
    assert_int_equal(n, 5);
    fixture_remove_all(fixture_segment_path(f, 2));
    assert_int_equal(remains_scrub(&remains, &remains.parts[1], &fns), 0);
    assert_int_equal(n, 105);
    remains_close(&remains);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_whole_chain),           fixture_test(the_first_damage_counts),
        fixture_test(a_part_without_a_header), fixture_test(a_part_that_is_gone_or_foreign),
        fixture_test(without_control),         fixture_test(no_log_at_all),
        fixture_test(a_part_is_gone_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
