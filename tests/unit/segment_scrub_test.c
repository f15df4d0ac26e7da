/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over a damaged segment: what it gives, where it says that damage is, how it goes on. */
#include "groups_fixture.h"

#include "segment/scrub.h"

enum { MOST = 64 };

struct account {
    uint64_t lsns[MOST], offsets[MOST], damaged_lsns[MOST], passed;
    unsigned records, damages;
};

static int count_record(void *ctx, const struct group_view *g, const struct record *r)
{
    struct account *a = ctx;
    (void)g;
    for (size_t k = 0; k < r->size; k++)
        assert_int_equal(r->payload[k], draft_byte(r->lsn, k));
    assert_true(a->records < MOST);
    a->lsns[a->records++] = r->lsn;
    return 0;
}

static int count_damage(void *ctx, uint64_t offset, uint64_t lsn)
{
    struct account *a = ctx;
    assert_true(a->damages < MOST);
    a->offsets[a->damages] = offset;
    a->damaged_lsns[a->damages++] = lsn;
    return 0;
}

static int note_passed(void *ctx, uint64_t offset)
{
    struct account *a = ctx;
    assert_true(offset > a->passed);
    a->passed = offset;
    return 0;
}

static struct account account;

static struct scrub_end scrub(bool stated)
{
    struct scrub_end end = {.at = draft.end, .stated = stated, .below = UINT64_MAX};
    const struct scrub_fns fns = {
        .ctx = &account, .record = count_record, .damage = count_damage, .passed = note_passed};

    memset(&account, 0, sizeof account);
    assert_int_equal(scrub_segment(&draft.segment, &alloc_default, &end, &fns), 0);
    return end;
}

/* Records 100 .. last, but for those from `from` to `to`. */
static void expect_all_but(uint64_t last, uint64_t from, uint64_t to)
{
    unsigned n = 0;
    for (uint64_t lsn = 100; lsn <= last; lsn++)
        if (lsn < from || lsn > to)
            assert_int_equal(account.lsns[n++], lsn);
    assert_int_equal(account.records, n);
}

static void a_right_segment(void **state)
{
    (void)state;
    put(&draft, 3, 50);
    put_meta(&draft, "k", "v");
    draft_put(&draft, &(struct group_spec){.tag = "a tag", .records = 2, .size = 9});
    put_lone_tag(&draft, "lone");
    put_seal(&draft);
    scrub(true);
    assert_int_equal(account.damages, 0);
    assert_int_equal(account.passed, draft.end.offset);
    expect_all_but(104, 1, 0);
    struct scrub_end end = scrub(false);
    assert_int_equal(account.damages, 0);
    assert_int_equal(end.at.offset, draft.end.offset);
    assert_int_equal(end.at.next_lsn, 105);
}

/* A group's header lost: all of its records. Its body damaged: one record. */
static void goes_on_behind_damage(void **state)
{
    (void)state;
    put(&draft, 2, 50);
    uint64_t at = put(&draft, 3, 200);
    put(&draft, 2, 50);
    damage(&draft, at + 20);
    scrub(true);
    expect_all_but(106, 102, 104);
    assert_int_equal(account.damages, 1);
    assert_int_equal(account.offsets[0], at);
    assert_int_equal(account.damaged_lsns[0], 102);
    damage(&draft, at + 20); /* right again */
    damage(&draft, at + GROUP_HEADER_BYTES + 216 + 100);
    scrub(true);
    expect_all_but(106, 103, 103);
    assert_int_equal(account.offsets[0], at);
    struct scrub_end end = scrub(false);
    expect_all_but(106, 103, 103);
    assert_int_equal(end.at.next_lsn, 107);
}

static void each_byte_of_a_group_is_looked_at(void **state)
{
    (void)state;
    put(&draft, 2, 50);
    uint64_t at = put(&draft, 3, 31), end = put(&draft, 1, 10);
    for (uint64_t k = at; k < end; k++) {
        damage(&draft, k);
        scrub(true);
        assert_true(account.damages > 0);
        assert_true(account.records >= 3);
        damage(&draft, k);
    }
    scrub(true);
    assert_int_equal(account.damages, 0);
}

static void a_group_that_is_gone_is_missed(void **state)
{
    (void)state;
    put(&draft, 1, 10);
    uint64_t at = put(&draft, 2, 100), next = put(&draft, 1, 10);
    wipe(&draft, at, next);
    scrub(true);
    expect_all_but(103, 101, 102);
    assert_int_equal(account.damages, 1);
}

static void the_end_must_be_as_stated(void **state)
{
    (void)state;
    put(&draft, 1, 10);
    struct boundary short_of = draft.end;
    put(&draft, 1, 10);
    struct boundary whole = draft.end;
    draft.end = short_of;
    scrub(true);
    assert_int_equal(account.damages, 0);
    expect_all_but(100, 1, 0);
    draft.end.next_lsn++;
    scrub(true);
    assert_int_equal(account.damages, 1);
    draft.end = whole;
    draft.end.offset += 64;
    scrub(true);
    assert_int_equal(account.offsets[0], whole.offset);
}

/* What nobody states an end of ends before a batch that isn't whole. */
static void an_unfinished_batch_is_behind_the_end(void **state)
{
    (void)state;
    put(&draft, 1, 10);
    struct boundary before = draft.end;
    put_part(&draft, GROUP_FIRST, 2, 10);
    put_part(&draft, 0, 2, 10);
    struct scrub_end end = scrub(false);
    assert_int_equal(end.at.offset, before.offset);
    assert_int_equal(end.at.next_lsn, 101);
}

/* Bodies with a right checksum that are none. */
static void what_is_inside_is_checked(void **state)
{
    static const uint8_t nonsense[16] = {9, 9, 9};
    const enum group_type types[] = {GROUP_META, GROUP_SEAL, GROUP_CHECKPOINT};
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        start_aligned(64);
        put(&draft, 1, 10);
        uint64_t at = draft_put(
            &draft,
            &(struct group_spec){.type = types[k], .body = nonsense, .body_size = sizeof nonsense});
        scrub(true);
        assert_int_equal(account.damages, 1);
        assert_int_equal(account.offsets[0], at);
        expect_all_but(100, 1, 0);
    }
}

/* A record's own checksum is wrong, the body's is right. */
static void each_record_s_checksum_is_looked_at(void **state)
{
    uint8_t body[2 * (16 + 32)];
    (void)state;
    put(&draft, 1, 10);
    uint64_t at = put(&draft, 2, 32);
    put(&draft, 1, 10);
    damage(&draft, at + GROUP_HEADER_BYTES + RECORD_AT_CRC);
    bench_read(&bench, draft.segment.file.name, at + GROUP_HEADER_BYTES, body, sizeof body);
    struct group_header h = peek(&draft, at);
    assert_int_equal(h.stored_bytes, sizeof body);
    h.body_crc = group_body_crc(draft.header.salt, body, sizeof body);
    forge(&draft, at, &h);
    (void)scrub(false);
    assert_true(account.damages > 0);
    assert_int_equal(account.offsets[0], at);
    assert_int_equal(account.damaged_lsns[0], 101);
    expect_all_but(103, 101, 101);
}

static int stop(void *ctx, uint64_t offset)
{
    (void)ctx;
    (void)offset;
    return -77;
}

static void a_function_ends_it(void **state)
{
    struct scrub_end end = {.below = UINT64_MAX};
    (void)state;
    put(&draft, 3, 10);
    const struct scrub_fns fns = {.passed = stop};
    assert_int_equal(scrub_segment(&draft.segment, &alloc_default, &end, &fns), -77);
}

static void memory_and_reads_fail(void **state)
{
    struct scrub_end end = {.stated = true, .below = UINT64_MAX};
    const struct scrub_fns fns = {0};
    (void)state;
    put(&draft, 3, 10);
    end.at = draft.end;
    poor_init(&poor, 1);
    assert_int_equal(scrub_segment(&draft.segment, &poor.alloc, &end, &fns), WAL_E_NOMEM);
    spy_fail(&bench.spy, SPY_READ, 1, EIO);
    assert_int_equal(scrub_segment(&draft.segment, &alloc_default, &end, &fns), WAL_E_IO);
}

#define scrub_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scrub_test(a_right_segment),
        scrub_test(goes_on_behind_damage),
        scrub_test(each_byte_of_a_group_is_looked_at),
        scrub_test(a_group_that_is_gone_is_missed),
        scrub_test(the_end_must_be_as_stated),
        scrub_test(an_unfinished_batch_is_behind_the_end),
        scrub_test(what_is_inside_is_checked),
        scrub_test(each_record_s_checksum_is_looked_at),
        scrub_test(a_function_ends_it),
        scrub_test(memory_and_reads_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
