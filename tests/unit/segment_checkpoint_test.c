/* SPDX-License-Identifier: Apache-2.0 */
/* A state in parts: made, found, read back, and refused where the parts aren't of one. */
#include "draft_fixture.h"

#include <stdlib.h>

#include "segment/checkpoint.h"

enum { LIMIT = 128 }; /* of a body: 96 bytes of state */

static uint8_t bytes[1000];

static struct checkpoint_state state_of(uint64_t lsn, uint64_t size)
{
    for (size_t k = 0; k < sizeof bytes; k++)
        bytes[k] = (uint8_t)(k * 7 + 1);
    return (struct checkpoint_state){.lsn = lsn, .size = size, .bytes = bytes};
}

static uint64_t put_body(uint8_t *body, size_t size, uint8_t flags)
{
    return draft_put(
        &draft, &(struct group_spec){
                    .type = GROUP_CHECKPOINT, .flags = flags, .body = body, .body_size = size});
}

/* Parts of a state from one offset to another. Returns the first one's place. */
static uint64_t put_parts(const struct checkpoint_state *s, uint64_t from, uint64_t to)
{
    uint64_t first = 0;
    do {
        uint8_t body[LIMIT];
        struct group_header h;
        uint64_t part = checkpoint_part_bytes(s, from, LIMIT);
        checkpoint_part_put(s, from, part, body, &h);
        uint64_t at = put_body(body, h.raw_bytes, h.flags);
        first = first ? first : at;
        from += part;
    } while (from < to);
    return first;
}

static void expect_state(uint64_t at, const struct checkpoint_state *want)
{
    uint8_t buf[sizeof bytes];
    struct checkpoint_state got;
    assert_int_equal(
        checkpoint_read(&draft.segment, &alloc_default, at, buf, (size_t)want->size, &got), 0);
    assert_int_equal(got.lsn, want->lsn);
    assert_int_equal(got.size, want->size);
    assert_memory_equal(buf, bytes, want->size);
}

static void expect_found(uint64_t limit, uint64_t at, uint64_t lsn)
{
    struct boundary b = {0};
    assert_int_equal(checkpoint_find(&draft.segment, &alloc_default, limit, &b), 0);
    assert_int_equal(b.checkpoint_offset, at);
    assert_int_equal(b.checkpoint_lsn, lsn);
}

static void states_of_every_size(void **state)
{
    const uint64_t sizes[] = {0, 1, 7, 8, 95, 96, 97, 192, 193, 1000};
    uint64_t at, before;
    (void)state;

    put(&draft, 2, 8);
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        struct checkpoint_state s = state_of(k + 1, sizes[k]);
        before = draft.end.offset;
        at = put_parts(&s, 0, s.size);
        assert_int_equal(draft.end.offset - before, checkpoint_disk_bytes(&s, LIMIT, 64));
        put(&draft, 1, 8);
        expect_state(at, &s);
        expect_found(draft.end.offset, at, k + 1);
    }
}

static void only_whole_ones_below_the_limit_are_found(void **state)
{
    struct checkpoint_state s = state_of(3, 200), t = state_of(4, 50);
    (void)state;

    put(&draft, 1, 8);
    expect_found(draft.end.offset, 0, 0);
    uint64_t at = put_parts(&s, 0, s.size);
    uint64_t end = draft.end.offset;
    uint64_t later = put_parts(&t, 0, t.size);
    expect_found(draft.end.offset, later, 4);
    expect_found(end, at, 3);
    expect_found(end - 64, 0, 0);
}

static void small_buffers_are_told_how_large(void **state)
{
    struct checkpoint_state s = state_of(3, 200), got;
    uint8_t buf[200] = {0};
    (void)state;

    uint64_t at = put_parts(&s, 0, s.size);
    assert_int_equal(checkpoint_read(&draft.segment, &alloc_default, at, buf, 199, &got),
                     WAL_E_TOOBIG);
    assert_int_equal(got.size, 200);
    assert_int_equal(got.lsn, 3);
    assert_int_equal(buf[0], 0);
}

static void expect_broken(uint64_t at)
{
    uint8_t buf[sizeof bytes];
    struct checkpoint_state got;
    assert_int_equal(checkpoint_read(&draft.segment, &alloc_default, at, buf, sizeof buf, &got),
                     WAL_E_CORRUPT);
    assert_int_equal(fault_last()->segment, draft.header.number);
}

static void parts_that_are_not_of_one_state(void **state)
{
    struct checkpoint_state s = state_of(3, 200), other = state_of(4, 200),
                            longer = state_of(3, 300);
    uint8_t small[8] = {0};
    (void)state;

    put_parts(&s, 0, s.size);
    expect_broken(put_parts(&s, 96, 192)); /* not the first */
    begin_another();
    draft_open(&draft);
    uint64_t at = put_parts(&s, 0, 1);
    put_parts(&other, 96, 192);
    expect_broken(at);
    begin_another();
    draft_open(&draft);
    at = put_parts(&s, 0, 1);
    put_parts(&longer, 96, 192);
    expect_broken(at);
    begin_another();
    draft_open(&draft);
    at = put_parts(&s, 0, 1);
    put_part(&draft, GROUP_LAST, 1, 8);
    expect_broken(at);
    begin_another();
    draft_open(&draft);
    expect_broken(put_body(small, sizeof small, 0));
    expect_broken(put(&draft, 1, 8));
}

static void damage_is_found(void **state)
{
    struct checkpoint_state s = state_of(3, 200);
    struct boundary b;
    (void)state;

    uint64_t at = put_parts(&s, 0, s.size);
    put(&draft, 1, 8);
    damage(&draft, at + 64 + 40);
    expect_broken(at);
    assert_int_equal(checkpoint_find(&draft.segment, &alloc_default, draft.end.offset, &b),
                     WAL_E_CORRUPT);
    wipe(&draft, at, at + 64);
    expect_broken(at);
    assert_int_equal(checkpoint_find(&draft.segment, &alloc_default, draft.end.offset, &b),
                     WAL_E_CORRUPT);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(states_of_every_size),
        TEST(only_whole_ones_below_the_limit_are_found),
        TEST(small_buffers_are_told_how_large),
        TEST(parts_that_are_not_of_one_state),
        TEST(damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
