/* SPDX-License-Identifier: Apache-2.0 */
/* Control slots and segment headers whose checksums are right and whose fields are not what any
 * writer makes. */
#include "hostile.h"

#include "base/bytes.h"
#include "crc/crc.h"

enum { ANY = 1, RO_ONLY = 2 };

/* code: what both ways of opening say; ANY: CORRUPT at open or reading, or nothing wrong; RO_ONLY:
 * read-only all is there, writing is refused by VERSION. */
static void expect(const struct image *i, int code, const char *name)
{
    struct verdict_on_forged v;
    for (int read_only = 1; read_only >= 0; read_only--) {
        stand_put(&stand, i);
        forge_try(stand.path, &made.history, read_only, &v);
        int got = v.open ? v.open : v.read;
        int want = code != RO_ONLY ? code : read_only ? 0 : WAL_E_VERSION;
        bool fine = want == ANY ? got == WAL_E_CORRUPT || got == 0 : got == want;
        fine = fine && (got || want == ANY || v.last == made.history.submitted);
        if (!fine || v.wrong || v.largest > ONE_GROUP)
            fail_msg("%s, %s: open %s, read %s, last %llu, %u wrong, largest block %zu", name,
                     read_only ? "read-only" : "writing", wal_error_name(v.open),
                     wal_error_name(v.read), (unsigned long long)v.last, v.wrong, v.largest);
        if (v.open < 0 && !stand_holds(&stand, i))
            fail_msg("%s: a refused open has changed the directory", name);
        printf("  %-44s %-9s %s\n", name, read_only ? "read-only" : "writing", wal_error_name(got));
    }
}

#define SLOT(name, change)                                                                         \
    static void name(struct control *c)                                                            \
    {                                                                                              \
        change;                                                                                    \
    }
SLOT(oldest_above_newest, c->oldest = c->newest + 1)
SLOT(oldest_zero, c->oldest = 0)
SLOT(oldest_missing, c->oldest = 1; c->newest = 3)
SLOT(newest_missing, c->newest++)
SLOT(newest_last, c->newest = UINT64_MAX)
SLOT(newest_first, c->newest = 1)
SLOT(newest_none, c->newest = c->oldest = 0)
SLOT(oldest_is_newest, c->oldest = c->newest)
SLOT(sequence_zero, c->sequence = 0)
SLOT(epoch_last, c->epoch = UINT64_MAX)
SLOT(first_zero, c->first_lsn = 0)
SLOT(first_above_end, c->first_lsn = 1000)
SLOT(first_last, c->first_lsn = UINT64_MAX)
SLOT(flags_unknown, c->flags |= 4)
SLOT(clean_at_nothing, (c->flags = CONTROL_CLEAN, c->end_offset = 0))
SLOT(clean_unaligned, (c->flags = CONTROL_CLEAN, c->end_offset = 4100))
SLOT(clean_too_far, (c->flags = CONTROL_CLEAN, c->end_offset = 1 << 20, c->end_lsn = 9))
SLOT(clean_beyond_places, (c->flags = CONTROL_CLEAN, c->end_offset = UINT64_MAX - 63))
SLOT(clean_too_near, (c->flags = CONTROL_CLEAN, c->end_offset = 4096, c->end_lsn = 1))
SLOT(meta_nowhere, (c->metadata = (struct place_ref){c->newest, 1 << 20}))
SLOT(meta_in_a_body, (c->metadata = (struct place_ref){c->newest, 4096 + 64}))
SLOT(meta_in_no_segment, (c->metadata = (struct place_ref){UINT64_MAX, 4096}))
SLOT(meta_unaligned, (c->metadata = (struct place_ref){c->newest, 4097}))
SLOT(checkpoint_nowhere, (c->checkpoint = (struct checkpoint_ref){7, {c->newest, 1 << 20}}))
SLOT(checkpoint_far, (c->checkpoint = (struct checkpoint_ref){UINT64_MAX, {1, 4096}}))
SLOT(tagged_nowhere, (c->tagged = (struct place_ref){1, 1 << 20}))
SLOT(other_uuid, c->uuid[0]++)

static void slots(void **state)
{
#define CASE(f, code)                                                                              \
    {                                                                                              \
#f, f, code                                                                                \
    }
    static const struct {
        const char *name;
        void (*change)(struct control *);
        int code;
    } cases[] = {
        CASE(oldest_above_newest, WAL_E_CORRUPT),
        CASE(oldest_zero, WAL_E_CORRUPT),
        CASE(oldest_missing, WAL_E_CORRUPT),
        CASE(newest_missing, WAL_E_CORRUPT),
        CASE(newest_last, WAL_E_CORRUPT),
        CASE(newest_first, WAL_E_CORRUPT),
        CASE(newest_none, WAL_E_CORRUPT),
        CASE(oldest_is_newest, ANY),
        CASE(sequence_zero, WAL_E_CORRUPT),
        CASE(epoch_last, ANY),
        CASE(first_zero, WAL_E_CORRUPT),
        CASE(first_above_end, WAL_E_CORRUPT),
        CASE(first_last, WAL_E_CORRUPT),
        CASE(flags_unknown, WAL_E_CORRUPT),
        CASE(clean_at_nothing, WAL_E_CORRUPT),
        CASE(clean_unaligned, WAL_E_CORRUPT),
        CASE(clean_too_far, WAL_E_CORRUPT),
        CASE(clean_beyond_places, WAL_E_CORRUPT),
        CASE(clean_too_near, ANY),
        CASE(meta_nowhere, ANY),
        CASE(meta_in_a_body, ANY),
        CASE(meta_in_no_segment, WAL_E_CORRUPT),
        CASE(meta_unaligned, WAL_E_CORRUPT),
        CASE(checkpoint_nowhere, ANY),
        CASE(checkpoint_far, ANY),
        CASE(tagged_nowhere, ANY),
        CASE(other_uuid, WAL_E_CORRUPT),
    };
    struct image i;
    (void)state;

    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct control c = control;
        cases[k].change(&c);
        image_copy(&i, &made.now);
        forge_control(&i, &c);
        expect(&i, cases[k].code, cases[k].name);
        image_free(&i);
    }
}

/* No state can follow the last sequence: it is not for writing, and stays what it is. */
static void the_last_sequence(void **state)
{
    struct image i;
    struct verdict_on_forged v;
    (void)state;

    for (unsigned back = 0; back < 4; back++) {
        struct control c = control;
        c.sequence = UINT64_MAX - back;
        image_copy(&i, &made.now);
        forge_control(&i, &c);
        stand_put(&stand, &i);
        forge_try(stand.path, &made.history, false, &v);
        assert_int_equal(v.open, WAL_E_CORRUPT);
        assert_true(stand_holds(&stand, &i));
        forge_try(stand.path, &made.history, true, &v);
        assert_int_equal(v.open, 0);
        assert_int_equal(v.read, 0);
        assert_int_equal(v.last, made.history.submitted);
        image_free(&i);
    }
}

/* Bytes of a slot or a header that the structs can't say, with a right checksum. */
static void patch(uint8_t *block, size_t at, size_t size, uint64_t value, size_t whole)
{
    for (size_t k = 0; k < size; k++)
        block[at + k] = (uint8_t)(value >> (8 * k));
    store32(block + whole - 4, crc_update(0, block, whole - 4));
}

static void versions_of_control(void **state)
{
    static const struct {
        const char *name;
        int slots; /* 1: A, 2: B */
        size_t at, size;
        uint64_t value;
        int code;
    } cases[] = {
        {"major 2", 3, 8, 2, 2, WAL_E_VERSION},
        {"major 2 in slot A", 1, 8, 2, 2, WAL_E_VERSION},
        {"major 2 in slot B", 2, 8, 2, 2, WAL_E_VERSION},
        {"major 65535", 3, 8, 2, 65535, WAL_E_VERSION},
        {"major 0", 3, 8, 2, 0, WAL_E_CORRUPT},
        {"an unused byte", 3, 200, 1, 1, WAL_E_CORRUPT},
        {"an unused byte in one slot", 2, 200, 1, 1, 0},
        {"the slots differ in one byte", 1, 76, 4, 77, WAL_E_CORRUPT},
    };
    struct image i;
    (void)state;

    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        image_copy(&i, &made.now);
        uint8_t *bytes = image_find(&i, NAME_CONTROL)->bytes;
        for (int s = 0; s < 2; s++)
            if (cases[k].slots & (s + 1))
                patch(bytes + (s ? CONTROL_SLOT_B : CONTROL_SLOT_A), cases[k].at, cases[k].size,
                      cases[k].value, CONTROL_SLOT_BYTES);
        expect(&i, cases[k].code, cases[k].name);
        image_free(&i);
    }
    image_copy(&i, &made.now);
    for (int s = 0; s < 2; s++) { /* a newer minor version may say more */
        uint8_t *slot = image_find(&i, NAME_CONTROL)->bytes + (s ? CONTROL_SLOT_B : CONTROL_SLOT_A);
        patch(slot, 10, 2, 7, CONTROL_SLOT_BYTES);
        patch(slot, 200, 4, 0x12345678, CONTROL_SLOT_BYTES);
    }
    expect(&i, 0, "minor 7 with more in the slots");
    image_free(&i);
}

#define HEADER(name, change)                                                                       \
    static void name(struct segment_header *h)                                                     \
    {                                                                                              \
        change;                                                                                    \
    }
HEADER(other_number, h->number++)
HEADER(number_zero, h->number = 0)
HEADER(base_zero, h->base_lsn = 0)
HEADER(base_last, (h->base_lsn = UINT64_MAX, h->follow.end_lsn = UINT64_MAX - 1))
HEADER(base_later, (h->base_lsn++, h->follow.end_lsn++))
HEADER(base_unlike_follow, h->base_lsn++)
HEADER(salt_zero, h->salt = 0)
HEADER(follows_itself, h->follow.number = h->number)
HEADER(follows_a_later_one, h->follow.number = h->number + 1)
HEADER(follows_none, h->follow.number = 0)
HEADER(follows_nothing_at_all, memset(&h->follow, 0, sizeof h->follow))
HEADER(follow_offset_unaligned, h->follow.end_offset++)
HEADER(follow_offset_near, h->follow.end_offset = 4096)
HEADER(follow_offset_far, h->follow.end_offset = UINT64_C(0xffffffff) * 64)
HEADER(follow_offset_huge, h->follow.end_offset = UINT64_MAX)
HEADER(follow_link, h->follow.link++)
HEADER(follow_salt, h->follow.salt_low++)
HEADER(follow_end_lsn, (h->follow.end_lsn -= 2, h->base_lsn -= 2))
HEADER(align_zero, h->group_align = 0)
HEADER(align_odd, h->group_align = 96)
HEADER(align_4096, h->group_align = 4096)
HEADER(window_zero, h->window = 0)
HEADER(window_huge, h->window = UINT32_MAX)
HEADER(groups_of_any_size, h->max_group_bytes = UINT32_MAX)
HEADER(groups_of_1_gib, (h->max_group_bytes = 1342181376, h->max_record_bytes = 1u << 30))
HEADER(groups_too_small, h->max_group_bytes = 1024)
HEADER(records_above_groups, h->max_record_bytes = h->max_group_bytes)
HEADER(records_of_nothing, h->max_record_bytes = 0)
HEADER(checksum_unknown, h->checksum = 2)
HEADER(codec_unknown, h->codec = 2)
HEADER(cipher_without_key, h->cipher = 1)
HEADER(incompatible, h->incompatible = 1u << 31)
HEADER(read_only_bit, h->read_only_compatible = 1)
HEADER(header_flags, h->flags = 2)
HEADER(reset_flag, h->flags = SEGMENT_RESET)
HEADER(births_far, h->birth_place = UINT32_MAX)
HEADER(births_in_header, h->birth_place = 3)
HEADER(kept_many, h->kept_records = UINT32_MAX)

static const struct {
    const char *name;
    void (*change)(struct segment_header *);
    int code;
} headers[] = {
    CASE(other_number, WAL_E_CORRUPT),
    CASE(number_zero, WAL_E_CORRUPT),
    CASE(base_zero, WAL_E_CORRUPT),
    CASE(base_last, WAL_E_CORRUPT),
    CASE(base_later, WAL_E_CORRUPT),
    CASE(base_unlike_follow, WAL_E_CORRUPT),
    CASE(salt_zero, WAL_E_CORRUPT),
    CASE(follows_itself, WAL_E_CORRUPT),
    CASE(follows_a_later_one, WAL_E_CORRUPT),
    CASE(follows_none, WAL_E_CORRUPT),
    CASE(follows_nothing_at_all, WAL_E_CORRUPT),
    CASE(follow_offset_unaligned, WAL_E_CORRUPT),
    CASE(follow_offset_near, WAL_E_CORRUPT),
    CASE(follow_offset_far, WAL_E_CORRUPT),
    CASE(follow_offset_huge, WAL_E_CORRUPT),
    CASE(follow_link, WAL_E_CORRUPT),
    CASE(follow_salt, WAL_E_CORRUPT),
    CASE(follow_end_lsn, WAL_E_CORRUPT),
    CASE(align_zero, WAL_E_CORRUPT),
    CASE(align_odd, WAL_E_CORRUPT),
    CASE(align_4096, WAL_E_CORRUPT),
    CASE(window_zero, 0),
    CASE(window_huge, 0),
    CASE(groups_of_any_size, WAL_E_CORRUPT),
    CASE(groups_of_1_gib, 0),
    CASE(groups_too_small, WAL_E_CORRUPT),
    CASE(records_above_groups, WAL_E_CORRUPT),
    CASE(records_of_nothing, WAL_E_CORRUPT),
    CASE(checksum_unknown, WAL_E_CORRUPT),
    CASE(codec_unknown, WAL_E_UNSUPPORTED),
    CASE(cipher_without_key, WAL_E_CRYPTO),
    CASE(incompatible, WAL_E_VERSION),
    CASE(read_only_bit, RO_ONLY),
    CASE(header_flags, WAL_E_CORRUPT),
    CASE(reset_flag, WAL_E_CORRUPT),
    CASE(births_far, WAL_E_CORRUPT),
    CASE(births_in_header, WAL_E_CORRUPT),
    CASE(kept_many, 0),
};

static void newest_header(void **state)
{
    struct image i;
    (void)state;

    for (size_t k = 0; k < sizeof headers / sizeof headers[0]; k++) {
        struct segment_header h = newest.header;
        headers[k].change(&h);
        image_copy(&i, &made.now);
        struct image_file *f = image_segment(&i, control.newest);
        forge_segment(f, &h);
        expect(&i, headers[k].code, headers[k].name);
        image_free(&i);
    }
}

static void versions_of_segments(void **state)
{
    static const struct {
        const char *name;
        int copies;
        size_t at, size;
        uint64_t value;
        int code;
    } cases[] = {
        {"header of major 2", 3, 8, 2, 2, WAL_E_VERSION},
        {"one copy of major 2", 1, 8, 2, 2, WAL_E_CORRUPT},
        {"header of major 0", 3, 8, 2, 0, WAL_E_CORRUPT},
        {"header bytes 512", 3, 12, 4, 512, WAL_E_CORRUPT},
        {"an unused byte", 3, 118, 1, 1, WAL_E_CORRUPT},
        {"an unused byte in one copy", 2, 118, 1, 1, 0},
        {"copies that differ", 2, 160, 8, 1, WAL_E_CORRUPT},
    };
    struct image i;
    (void)state;

    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        image_copy(&i, &made.now);
        uint8_t *block = image_segment(&i, control.newest)->bytes;
        for (int s = 0; s < 2; s++)
            if (cases[k].copies & (s + 1))
                patch(block + s * SEGMENT_HEADER_COPY, cases[k].at, cases[k].size, cases[k].value,
                      SEGMENT_HEADER_BYTES);
        expect(&i, cases[k].code, cases[k].name);
        image_free(&i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots),
        cmocka_unit_test(the_last_sequence),
        cmocka_unit_test(versions_of_control),
        cmocka_unit_test(newest_header),
        cmocka_unit_test(versions_of_segments),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
