/* SPDX-License-Identifier: Apache-2.0 */
/* Batches with a tag, each in a group of its own. */
#include "stage_fixture.h"

/* The same for a batch with a tag. */
static struct slot append_tagged(const char *text, uint64_t body, uint64_t records, enum how how)
{
    struct slot slot;
    struct tag tag = {.size = (uint32_t)strlen(text)};
    memcpy(tag.bytes, text, tag.size);
    assert_int_equal(
        stage_reserve_tagged(&stage, &limits, &tag, body, records, next_lsn, how == WAITS, &slot),
        0);
    memset(slot.at, (int)(next_lsn & 0xff), (size_t)body);
    next_lsn += records;
    return slot;
}

static void a_tagged_batch_has_a_group_of_its_own(void **state)
{
    (void)state;
    struct slot a = append(24, 1, WAITS), b = append_tagged("a tag", 48, 2, WAITS),
                c = append(16, 1, BUFFERED);

    assert_ptr_equal(a.group->next, b.group);
    assert_ptr_equal(b.group->next, c.group);
    assert_int_equal(b.group->tag_bytes, 5);
    assert_int_equal(b.group->used, 56);
    assert_int_equal(b.group->records, 2);
    assert_int_equal(b.group->first_lsn, 101);
    assert_ptr_equal(b.at, b.group->bytes + GROUP_HEADER_BYTES + 8);
    assert_memory_equal(b.group->bytes + GROUP_HEADER_BYTES, "a tag\0\0", 8);
    assert_int_equal(a.group->tag_bytes, 0);
    assert_int_equal(c.group->tag_bytes, 0);
    assert_int_equal(stage.pending, 24 + 56 + 16);
    assert_int_equal(stage.records, 4);
    assert_int_equal(stage.end, START + disk(24) + disk(56));
    struct staged *larger = append_tagged("t", 5 * GROUP, 5, BUFFERED).group;
    assert_int_equal(larger->used, 8 + 5 * GROUP);
    assert_int_equal(count(stage.first), 4);
    assert_false(stage.open);
}

static void the_newest_tag(void **state)
{
    (void)state;
    assert_null(stage_newest_tagged(&stage, NULL));
    append(24, 1, BUFFERED);
    assert_null(stage_newest_tagged(&stage, NULL));
    struct staged *a = append_tagged("a", 24, 1, BUFFERED).group;
    struct staged *flying = stage_take(&stage, &limits, true);
    assert_ptr_equal(stage_newest_tagged(&stage, flying), a);
    struct staged *b = append_tagged("b", 24, 1, BUFFERED).group;
    append(24, 1, BUFFERED);
    assert_ptr_equal(stage_newest_tagged(&stage, flying), b);
    recycle_all(flying);
}

/* It is taken back whole, with the bytes of its tag. */
static void a_tagged_batch_that_waits_is_withdrawn(void **state)
{
    (void)state;
    append(24, 1, BUFFERED);
    append_tagged("a tag", 48, 2, WAITS);
    assert_int_equal(stage_first_waiting(&stage), 101);
    assert_false(stage_buffered_behind(&stage));
    stage_cut(&stage, &limits, 101);
    assert_int_equal(count(stage.first), 1);
    assert_int_equal(stage.pending, 24);
    assert_int_equal(stage.records, 1);
    append_tagged("a tag", 48, 2, WAITS);
    append_tagged("another", 48, 2, BUFFERED);
    assert_true(stage_buffered_behind(&stage));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_tagged_batch_has_a_group_of_its_own),
        TEST(the_newest_tag),
        TEST(a_tagged_batch_that_waits_is_withdrawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
