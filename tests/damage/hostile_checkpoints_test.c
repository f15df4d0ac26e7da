/* SPDX-License-Identifier: Apache-2.0 */
/* Places of a checkpoint that control names and at which it isn't; and a state that is said to be
 * larger than any memory, where the log has to move it. */
#include "support/log_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "format/body.h"
#include "format/control.h"
#include "format/group.h"
#include "format/header.h"

enum { STATE_BYTES = 100, MIB = 1 << 20 };

static uint64_t place; /* of the checkpoint's group in segment 1 */

/* Three segments, closed; the checkpoint of LSN 2 is in the first. */
static void make_log(struct log_fixture *f)
{
    fixture_open(f);
    fixture_fill(f, 3);
    place = fixture_segment(f->log, 0).bytes;
    must(wal_checkpoint(f->log, 2, fixture_bytes(STATE_BYTES, 's'), STATE_BYTES));
    for (int k = 0; k < 2; k++) {
        must(wal_rotate(f->log));
        fixture_append(f, "x");
    }
    fixture_close(f);
}

static void name_checkpoint(struct log_fixture *f, struct checkpoint_ref ref)
{
    uint8_t slot[CONTROL_SLOT_BYTES];
    struct control c;

    fixture_read_file(fixture_path(f, "control"), CONTROL_SLOT_A, slot, sizeof slot);
    assert_int_equal(control_decode(&c, slot), DECODED_RIGHT);
    c.checkpoint = ref;
    control_encode(slot, &c);
    fixture_write_file(fixture_path(f, "control"), CONTROL_SLOT_A, slot, sizeof slot);
    fixture_write_file(fixture_path(f, "control"), CONTROL_SLOT_B, slot, sizeof slot);
}

static void expect_damage(wal_t *w)
{
    char buf[STATE_BYTES];
    size_t size;
    expect_error(WAL_E_CORRUPT, wal_checkpoint_get(w, buf, sizeof buf, NULL, &size), NULL);
    expect_record(w, 4, "x");
}

static void test_places_where_it_is_not(void **state)
{
    struct log_fixture *f = *state;
    make_log(f);
    const struct checkpoint_ref wrong[] = {
        {2, {2, place}},    {2, {1, place + 64}}, {2, {1, place - 64}}, {2, {1, 4096}},
        {2, {1, 64 * MIB}}, {2, {3, 64 * MIB}},   {2, {3, 4096}},       {1, {1, place}},
        {3, {1, place}},    {4, {1, place}},
    };
    for (size_t k = 0; k < COUNT_OF(wrong); k++) {
        name_checkpoint(f, wrong[k]);
        wal_t *reader = fixture_open_read_only(f);
        expect_damage(reader);
        must(wal_close(reader));
        if (wrong[k].place.segment == 3) { /* it would go over into the handle's segment */
            wal_t *w;
            expect_error(WAL_E_CORRUPT, wal_open(f->dir, f->options, &w), "3.wal");
            continue;
        }
        fixture_open(f);
        expect_damage(f->log);
        fixture_close(f);
    }
    name_checkpoint(f, (struct checkpoint_ref){2, {1, place}});
    fixture_open(f);
    expect_error(WAL_E_TOOBIG, wal_checkpoint_get(f->log, NULL, 0, NULL, NULL), "100 bytes");
}

/* A segment that was dropped. */
static void test_a_segment_that_is_gone(void **state)
{
    struct log_fixture *f = *state;
    make_log(f);
    fixture_open(f);
    must(wal_truncate_before(f->log, 4)); /* the checkpoint is written once more, */
    must(wal_rotate(f->log));             /* and control alone says where */
    fixture_append(f, "6");
    fixture_close(f);
    assert_false(fixture_exists(fixture_segment_path(f, 1)));
    name_checkpoint(f, (struct checkpoint_ref){2, {1, place}});
    fixture_open(f);
    expect_damage(f->log);
}

static void test_an_lsn_above_the_end(void **state)
{
    struct log_fixture *f = *state;
    make_log(f);
    name_checkpoint(f, (struct checkpoint_ref){6, {1, place}});
    expect_refused(f, WAL_E_CORRUPT, "the log ends before it");
}

/* Allocations are counted: */
static size_t largest;

static void *count_alloc(void *ctx, size_t size)
{
    (void)ctx;
    largest = size > largest ? size : largest;
    return malloc(size);
}

static void *count_resize(void *ctx, void *p, size_t size)
{
    (void)ctx;
    largest = size > largest ? size : largest;
    return realloc(p, size);
}

static void count_release(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

/* The checkpoint's group says that its state has `size` bytes; its checksums are right. */
static void forge_size(struct log_fixture *f, uint64_t size)
{
    const char *path = fixture_segment_path(f, 1);
    uint8_t block[SEGMENT_HEADER_BLOCK], group[512];
    struct segment_header s;
    struct group_header h;
    unsigned repairs;

    fixture_read_file(path, 0, block, sizeof block);
    assert_int_equal(segment_header_decode_block(&s, block, &repairs), DECODED_RIGHT);
    fixture_read_file(path, place, group, sizeof group);
    assert_int_equal(
        group_header_decode(&h, group, s.salt, (uint32_t)s.epoch, (uint32_t)(place / PLACE_UNIT)),
        GROUP_RIGHT);
    store64(group + GROUP_HEADER_BYTES + 8, size);
    h.body_crc = group_body_crc(s.salt, group + GROUP_HEADER_BYTES, h.stored_bytes);
    group_header_encode(group, &h, s.salt);
    fixture_write_file(path, place, group, GROUP_HEADER_BYTES + h.stored_bytes);
}

/* truncate_before would have to write it once more. */
static void test_no_memory_for_a_size_that_is_not_there(void **state)
{
    const wal_allocator_t a = {
        .size = sizeof a, .alloc = count_alloc, .resize = count_resize, .release = count_release};
    const uint64_t sizes[] = {UINT64_C(1) << 63, UINT64_MAX, UINT64_C(1) << 30, 64 * MIB};
    struct log_fixture *f = *state;

    make_log(f);
    must(wal_options_set_allocator(f->options, &a));
    for (size_t k = 0; k < COUNT_OF(sizes); k++) {
        largest = 0;
        forge_size(f, sizes[k]);
        fixture_open(f);
        expect_damage(f->log);
        expect_error(WAL_E_CORRUPT, wal_truncate_before(f->log, 5), NULL);
        expect_range(f->log, k ? 3 : 1, 5, 6, 5);
        must(wal_truncate_before(f->log, 3)); /* nothing has to be moved */
        expect_record(f->log, 5, "x");
        fixture_close(f);
        assert_in_range(largest, 1, MIB);
    }
    fixture_open(f);
    must(wal_checkpoint(f->log, 4, "new", 3)); /* so it is not needed any more */
    must(wal_truncate_before(f->log, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_places_where_it_is_not),
        fixture_test(test_a_segment_that_is_gone),
        fixture_test(test_an_lsn_above_the_end),
        fixture_test(test_no_memory_for_a_size_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
