/* SPDX-License-Identifier: Apache-2.0 */
/* Tags: how they lie in a group, where a log's newest one is found. */
#include "spied_log.h"

#include <errno.h>

#include "log/batch.h"
#include "log/tag.h"
#include "support/draft.h"

static struct tag tag_from(const char *text)
{
    struct tag t = {.size = (uint32_t)strlen(text)};
    memcpy(t.bytes, text, t.size);
    return t;
}

static void expect(const struct tag *t, const char *text)
{
    assert_int_equal(t->size, strlen(text));
    assert_memory_equal(t->bytes, text, t->size);
}

static void its_place_in_a_body(void **state)
{
    uint8_t body[80];
    (void)state;

    assert_int_equal(tag_room(NULL), 0);
    for (uint32_t size = 0; size <= TAG_MAX; size++) {
        struct tag t = {.size = size};
        memset(t.bytes, 't', sizeof t.bytes);
        memset(body, 'x', sizeof body);
        size_t room = tag_room(&t);
        assert_true(room % 8 == 0 && room >= size && room < size + 8);
        tag_put(&t, body);
        for (size_t k = 0; k < sizeof body; k++)
            assert_int_equal(body[k], k < size ? 't' : k < room ? 0 : 'x');
        struct group_header h = tag_group(&t);
        assert_true(h.type == GROUP_TAG && h.tag_bytes == size && h.raw_bytes == room);
    }
    tag_put(NULL, body);
}

/* Groups of a segment */

static struct bench bench;
static struct draft draft;

static int setup_draft(void **state)
{
    (void)state;
    bench_make(&bench);
    draft_begin(&draft, &bench, 1, 100);
    draft_open(&draft);
    return 0;
}

static int teardown_draft(void **state)
{
    (void)state;
    draft_close(&draft);
    bench_remove(&bench);
    return 0;
}

static int read_at(uint64_t offset, struct tag *ret)
{
    return tag_read(&draft.segment, &alloc_default, offset, ret);
}

static void it_is_read_from_its_group(void **state)
{
    struct tag t = tag_from("before");
    (void)state;

    assert_int_equal(read_at(0, &t), 0); /* there is none */
    assert_int_equal(t.size, 0);
    uint64_t data =
        draft_put(&draft, &(struct group_spec){.tag = "a tag", .records = 3, .size = 9});
    uint64_t lone = put_lone_tag(&draft, "12345678");
    uint64_t untagged = put(&draft, 1, 8);
    assert_int_equal(read_at(data, &t), 0);
    expect(&t, "a tag");
    assert_int_equal(read_at(lone, &t), 0);
    expect(&t, "12345678");
    assert_int_equal(read_at(untagged, &t), WAL_E_CORRUPT);
    assert_int_equal(fault_last()->offset, untagged);
    assert_int_equal(read_at(draft.end.offset, &t), WAL_E_CORRUPT);
    damage(&draft, data + GROUP_HEADER_BYTES);
    assert_int_equal(read_at(data, &t), WAL_E_CORRUPT);
    spy_fail(&bench.spy, SPY_READ, 1, EIO);
    assert_int_equal(read_at(lone, &t), WAL_E_IO);
}

static void what_is_no_tag(void **state)
{
    struct tag t;
    (void)state;

    uint64_t longer = draft_put(&draft, &(struct group_spec){.type = GROUP_TAG,
                                                             .tag = "short",
                                                             .body = "short\0\0\0and more",
                                                             .body_size = 16});
    uint64_t padding = draft_put(
        &draft, &(struct group_spec){
                    .type = GROUP_TAG, .tag = "short", .body = "short\0\0x", .body_size = 8});
    assert_int_equal(read_at(longer, &t), WAL_E_CORRUPT);
    assert_int_equal(fault_last()->offset, longer);
    assert_int_equal(fault_last()->segment, 1);
    assert_int_equal(read_at(padding, &t), WAL_E_CORRUPT);
}

/* The newest one of a log */

static void put_batch(struct log_fixture *f, const char *tag, uint32_t flags)
{
    struct wal_batch *b;
    uint64_t first, last;
    assert_int_equal(batch_new(f->log, &b), 0);
    assert_int_equal(batch_append(b, 0, "x", 1), 0);
    assert_int_equal(batch_set_tag(b, tag, strlen(tag)), 0);
    assert_int_equal(batch_commit(b, flags, &first, &last), 0);
    batch_free(b);
}

static void expect_last(wal_t *w, const char *tag)
{
    struct tag t;
    assert_int_equal(tag_last(w, &t), 0);
    expect(&t, tag);
}

static void staged_written_and_behind_rotations(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    expect_last(f->log, "");
    put_batch(f, "a", 0);
    uint64_t at = f->log->tag_offset;
    assert_int_equal(at, f->log->writer.end.tag_offset);
    put_batch(f, "b", WAL_APPEND_ASYNC);
    assert_int_equal(f->log->tag_offset, at);
    expect_last(f->log, "b"); /* from memory */
    must(wal_flush(f->log));
    assert_true(f->log->tag_offset > at);
    expect_last(f->log, "b");
    fixture_append(f, "x");
    expect_last(f->log, "b");
    must(wal_rotate(f->log)); /* the new segment begins with it */
    assert_int_equal(f->log->tag_offset, SEGMENT_HEADER_BLOCK);
    expect_last(f->log, "b");
    assert_int_equal(f->log->control.now.tagged.segment, f->log->control.now.newest);
    assert_int_equal(f->log->control.now.tagged.offset, SEGMENT_HEADER_BLOCK);
}

/* A batch that is taken back takes its tag along. */
static void withdrawn(void **state)
{
    struct log_fixture *f = *state;
    struct wal_batch *b;
    uint64_t first, last;

    fixture_open(f);
    put_batch(f, "kept", 0);
    assert_int_equal(batch_new(f->log, &b), 0);
    assert_int_equal(batch_append(b, 0, "x", 1), 0);
    assert_int_equal(batch_set_tag(b, "withdrawn", 9), 0);
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    assert_int_equal(batch_commit(b, 0, &first, &last), WAL_E_NOSPC);
    expect_last(f->log, "kept");
    assert_int_equal(batch_commit(b, 0, &first, &last), 0);
    expect_last(f->log, "withdrawn");
    batch_free(b);
}

/* Before the seal, while there is a way back. */
static void rotation_that_can_t_read_it(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    put_batch(f, "a", 0);
    spy_fail(&spy, SPY_READ, 1, EIO);
    expect_error(WAL_E_IO, wal_rotate(f->log), NULL);
    assert_int_equal(wal_failure(f->log), 0);
    assert_int_equal(fixture_segments(f->log), 1);
    must(wal_rotate(f->log));
    expect_last(f->log, "a");
}

#define draft_test(fn) cmocka_unit_test_setup_teardown(fn, setup_draft, teardown_draft)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_place_in_a_body),
        draft_test(it_is_read_from_its_group),
        draft_test(what_is_no_tag),
        spied_test(staged_written_and_behind_rotations),
        spied_test(withdrawn),
        spied_test(rotation_that_can_t_read_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
