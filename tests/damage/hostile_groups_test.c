/* SPDX-License-Identifier: Apache-2.0 */
/* Groups whose checksums are right and whose content is not: headers beyond every limit, bodies of
 * each type that don't keep their rules. */
#include "hostile_try.h"

#include "base/bytes.h"

#define SPOIL(name, change)                                                                        \
    static void name(struct group_header *h)                                                       \
    {                                                                                              \
        change;                                                                                    \
    }
SPOIL(many_records, h->records = UINT32_MAX)
SPOIL(no_records, h->records = 0)
SPOIL(one_more_record, h->records++)
SPOIL(one_less_record, h->records--)
SPOIL(huge_body, h->stored_bytes = h->raw_bytes = UINT32_MAX - 7)
SPOIL(giant_body, h->stored_bytes = h->raw_bytes = 1u << 30)
SPOIL(largest_body, h->stored_bytes = h->raw_bytes = newest.header.max_group_bytes)
SPOIL(raw_differs, h->raw_bytes += 8)
SPOIL(raw_giant, h->raw_bytes = UINT32_MAX)
SPOIL(lsn_last, h->first_lsn = UINT64_MAX)
SPOIL(lsn_zero, h->first_lsn = 0)
SPOIL(lsn_later, h->first_lsn += 1)
SPOIL(lsn_before, h->first_lsn -= 1)
SPOIL(watermark_ahead, h->watermark = h->first_lsn)
SPOIL(watermark_huge, h->watermark = UINT64_MAX)
SPOIL(durable_ahead, h->durable_place = h->place + 1)
SPOIL(durable_huge, h->durable_place = UINT32_MAX)
SPOIL(other_place, h->place++)
SPOIL(other_link, h->link++)
SPOIL(other_epoch, h->epoch++)
SPOIL(tag_too_long, h->tag_bytes = 65)
SPOIL(tag_huge, h->tag_bytes = UINT16_MAX)
SPOIL(tag_over_body, h->tag_bytes = 64)
SPOIL(type_unknown, h->type = 6)
SPOIL(type_tag, h->type = GROUP_TAG)
SPOIL(type_huge, h->type = 255)
SPOIL(flags_both, h->flags = GROUP_FIRST | GROUP_LAST)
SPOIL(flags_unknown, h->flags = 32)
SPOIL(compressed, h->flags = GROUP_COMPRESSED)
SPOIL(bomb, (h->flags = GROUP_COMPRESSED, h->raw_bytes = 1u << 30))
SPOIL(encrypted, h->flags = GROUP_ENCRYPTED)
SPOIL(wrong_crc, h->body_crc++)

#define CASE(f, answer)                                                                            \
    {                                                                                              \
#f, f, answer                                                                              \
    }
static const struct {
    const char *name;
    void (*spoil)(struct group_header *);
    enum answer answer;
} spoiled_headers[] = {
    CASE(many_records, ENDS),      CASE(no_records, ENDS),
    CASE(huge_body, ENDS),         CASE(giant_body, ENDS),
    CASE(largest_body, ENDS),      CASE(raw_differs, ENDS),
    CASE(raw_giant, ENDS),         CASE(lsn_last, ENDS),
    CASE(lsn_zero, ENDS),          CASE(lsn_later, ENDS),
    CASE(lsn_before, ENDS),        CASE(watermark_ahead, ENDS),
    CASE(watermark_huge, ENDS),    CASE(durable_ahead, REFUSED),
    CASE(durable_huge, REFUSED),   CASE(other_place, ENDS),
    CASE(other_link, ENDS),        CASE(other_epoch, ENDS),
    CASE(tag_too_long, ENDS),      CASE(tag_huge, ENDS),
    CASE(tag_over_body, DAMAGE),   CASE(type_unknown, ENDS),
    CASE(type_tag, ENDS),          CASE(type_huge, ENDS),
    CASE(flags_both, ENDS),        CASE(flags_unknown, ENDS),
    CASE(compressed, ENDS),        CASE(bomb, ENDS),
    CASE(encrypted, ENDS),         CASE(wrong_crc, ENDS),
    CASE(one_more_record, DAMAGE), CASE(one_less_record, DAMAGE),
};

static void headers_beyond_the_limits(void **state)
{
    (void)state;

    struct forged g = {.type = GROUP_DATA, .records = 2, .body = body, .size = records(2, 50)};
    try_group(&g, THERE, "a right group");
    for (size_t k = 0; k < sizeof spoiled_headers / sizeof spoiled_headers[0]; k++) {
        g.spoil = spoiled_headers[k].spoil;
        g.vouched = spoiled_headers[k].answer == DAMAGE; /* a reader sees nothing else */
        try_group(&g, spoiled_headers[k].answer, spoiled_headers[k].name);
    }
    printf("%zu headers\n", sizeof spoiled_headers / sizeof spoiled_headers[0]);
}

static void runs_that_do_not_fit(void **state)
{
    static const struct {
        uint8_t flags[2];
        enum answer answer;
    } cases[] = {
        {{GROUP_FIRST, 0}, ENDS},
        {{GROUP_FIRST, GROUP_LAST}, THERE},
        {{GROUP_LAST, 0}, ENDS},
        {{GROUP_FIRST, GROUP_FIRST}, ENDS},
        {{0, GROUP_LAST}, THERE},
        {{GROUP_BIRTH, 0}, THERE},
        {{GROUP_FIRST | GROUP_BIRTH, 0}, ENDS},
    };
    struct image i;
    (void)state;

    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct layout before = newest;
        image_copy(&i, &made.now);
        for (int n = 0; n < 2; n++) {
            struct forged g = {.type = GROUP_DATA,
                               .flags = cases[k].flags[n],
                               .records = 1,
                               .body = body,
                               .size = records(1, 24)};
            forge_group(&i, &g);
            struct control c;
            layout_control(&i, &c);
            layout_of(&newest, image_segment(&i, c.newest), UINT64_MAX);
        }
        newest = before;
        char name[40];
        snprintf(name, sizeof name, "flags %u, %u", cases[k].flags[0], cases[k].flags[1]);
        expect(&i, cases[k].answer, name);
        image_free(&i);
    }
}

/* Bytes of a body with two right records of 50 bytes, and what goes there. */
static void records_that_break_their_rules(void **state)
{
    static const struct {
        const char *name;
        size_t at, size;
        uint64_t value;
    } cases[] = {
        {"length beyond the body", 0, 4, 4000},
        {"length of 4 GiB", 0, 4, UINT32_MAX},
        {"length of 1 GiB", 0, 4, 1u << 30},
        {"length a little longer", 0, 4, 51},
        {"length shorter by a unit", 0, 4, 40},
        {"length that wraps with the header", 0, 4, UINT32_MAX - 15},
        {"second length beyond", 72, 4, 60},
        {"LSN low", 8, 4, 12345},
        {"unknown flags", 14, 2, 0x8000},
        {"flag bit 1", 14, 2, 1},
        {"padding", 66, 1, 1},
        {"last padding", 143, 1, 1},
    };
    (void)state;

    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct forged g = {.type = GROUP_DATA,
                           .records = 2,
                           .body = body,
                           .vouched = true,
                           .size = records(2, 50)};
        for (size_t n = 0; n < cases[k].size; n++)
            body[cases[k].at + n] = (uint8_t)(cases[k].value >> (8 * n));
        try_group(&g, DAMAGE, cases[k].name);
    }
    struct forged g = {
        .type = GROUP_DATA, .records = 2, .body = body, .vouched = true, .size = records(2, 50)};
    body[4]++;
    try_group(&g, DAMAGE, "a record's checksum");
    printf("%zu data bodies\n", sizeof cases / sizeof cases[0] + 1);
}

/* A metadata body: number of keys, then entries of these lengths. */
static size_t meta_body(uint32_t count, unsigned n, const uint16_t (*sizes)[2], bool descending)
{
    size_t at = 8;
    memset(body, 0, sizeof body);
    store32(body, count);
    for (unsigned k = 0; k < n; k++) {
        store16(body + at, sizes[k][0]);
        store16(body + at + 2, sizes[k][1]);
        size_t size = (size_t)sizes[k][0] + sizes[k][1];
        if (at + 8 + size < sizeof body) {
            memset(body + at + 8, 'a' + (int)(descending ? n - k : k), sizes[k][0]);
            at = align_up(at + 8 + size, 8);
        } else {
            at += 8;
        }
    }
    return at;
}

static void maps_that_break_their_rules(void **state)
{
    static const uint16_t right[][2] = {{1, 0}, {64, 1024}, {3, 5}};
    static const uint16_t no_key[][2] = {{0, 3}}, long_key[][2] = {{65, 3}};
    static const uint16_t long_value[][2] = {{1, 1025}}, beyond[][2] = {{60, UINT16_MAX}};
    static const uint16_t both[][2] = {{UINT16_MAX, UINT16_MAX}};
    static const struct {
        const char *name;
        uint32_t count;
        unsigned n;
        const uint16_t (*sizes)[2];
        bool descending;
        enum answer answer;
    } cases[] = {
        {"a right map", 3, 3, right, false, THERE},
        {"an empty map", 0, 0, NULL, false, THERE},
        {"descending", 3, 3, right, true, DAMAGE},
        {"one key too few", 2, 3, right, false, DAMAGE},
        {"one too many", 4, 3, right, false, DAMAGE},
        {"4 G keys", UINT32_MAX, 3, right, false, DAMAGE},
        {"65 keys", 65, 3, right, false, DAMAGE},
        {"no key", 1, 1, no_key, false, DAMAGE},
        {"long key", 1, 1, long_key, false, DAMAGE},
        {"long value", 1, 1, long_value, false, DAMAGE},
        {"value beyond", 1, 1, beyond, false, DAMAGE},
        {"both beyond", 1, 1, both, false, DAMAGE},
    };
    (void)state;

    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct forged g = {
            .type = GROUP_META,
            .vouched = true,
            .body = body,
            .size = meta_body(cases[k].count, cases[k].n, cases[k].sizes, cases[k].descending)};
        try_group(&g, cases[k].answer, cases[k].name);
    }
    struct forged g = {.type = GROUP_META, .body = body, .size = 0};
    try_group(&g, DAMAGE, "no body");
    printf("%zu metadata bodies\n", sizeof cases / sizeof cases[0] + 1);
}

SPOIL(tag_of_5, h->tag_bytes = 5)
SPOIL(tag_of_8, h->tag_bytes = 8)
SPOIL(tag_of_9, h->tag_bytes = 9)
SPOIL(tag_and_record, (h->tag_bytes = 5, h->records = 1))

/* "tag.." and zeros, or something else, and more. */
static void tags_that_break_their_rules(void **state)
{
    static const struct {
        const char *name, *text;
        size_t bytes, size;
        void (*spoil)(struct group_header *);
        enum answer answer;
    } cases[] = {
        {"a right tag", "tag..", 5, 8, tag_of_5, THERE},
        {"without padding", "tag.....", 8, 8, tag_of_8, THERE},
        {"none", "", 0, 8, NULL, ENDS},
        {"longer than its body", "tag.....", 8, 8, tag_of_9, ENDS},
        {"with a record", "tag..", 5, 24, tag_and_record, ENDS},
        {"padding", "tag..\0\0x", 8, 8, tag_of_5, DAMAGE},
        {"first padding", "tag..x", 6, 8, tag_of_5, DAMAGE},
        {"a longer body", "tag..", 5, 16, tag_of_5, DAMAGE},
    };
    (void)state;

    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        memset(body, 0, sizeof body);
        memcpy(body, cases[k].text, cases[k].bytes);
        struct forged g = {.type = GROUP_TAG,
                           .vouched = cases[k].answer == DAMAGE,
                           .body = body,
                           .size = cases[k].size,
                           .spoil = cases[k].spoil};
        try_group(&g, cases[k].answer, cases[k].name);
    }
    records(2, 50); /* in front of records too */
    memmove(body + 8, body, 144);
    memcpy(body, "tag..\0\0x", 8);
    struct forged g = {.type = GROUP_DATA,
                       .records = 2,
                       .body = body,
                       .size = 152,
                       .vouched = true,
                       .spoil = tag_of_5};
    try_group(&g, DAMAGE, "padding before records");
    body[7] = 0;
    try_group(&g, THERE, "a tag before records");
    printf("%zu tags\n", sizeof cases / sizeof cases[0] + 2);
}

static void seal_entry(unsigned k, uint64_t lsn, uint32_t place)
{
    store64(body + 8 + 16 * k, lsn);
    store32(body + 16 + 16 * k, place);
}

/* Of the first segment: an index proves nothing, whatever it says. */
static void seals_that_break_their_rules(void **state)
{
    static const struct {
        const char *name;
        uint32_t count;
        unsigned n;
        uint64_t lsn[2];
        uint32_t place[2];
    } cases[] = {
        {"no entries", 0, 0, {0}, {0}},
        {"4 G entries", UINT32_MAX, 0, {0}, {0}},
        {"count beyond the body", 3, 2, {1, 2}, {64, 66}},
        {"count below the body", 1, 2, {1, 2}, {64, 66}},
        {"descending", 2, 2, {5, 2}, {70, 64}},
        {"places equal", 2, 2, {1, 2}, {64, 64}},
        {"a place in the header", 1, 1, {1}, {1}},
        {"a place beyond the file", 1, 1, {1}, {UINT32_MAX}},
        {"a place within a body", 2, 2, {1, 3}, {64, 65}},
        {"another group's LSN", 1, 1, {1}, {68}},
        {"LSN far away", 1, 1, {UINT64_MAX}, {64}},
        {"LSN 0", 1, 1, {0}, {64}},
    };
    struct image i;
    struct verdict_on_forged v;
    (void)state;

    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        memset(body, 0, sizeof body);
        store32(body, cases[k].count);
        for (unsigned n = 0; n < cases[k].n; n++)
            seal_entry(n, cases[k].lsn[n], cases[k].place[n]);
        image_copy(&i, &made.now);
        forge_seal(&i, 1, body, 8 + 16 * cases[k].n);
        stand_put(&stand, &i);
        for (int read_only = 1; read_only >= 0; read_only--) {
            forge_try(stand.path, &made.history, read_only, &v);
            int code = v.open ? v.open : v.read;
            if ((code && code != WAL_E_CORRUPT) || v.wrong || v.largest > ONE_GROUP ||
                (!code && v.last != made.history.submitted))
                fail_msg("seal, %s: %s, last %llu, %u wrong, largest %zu", cases[k].name,
                         wal_error_name(code), (unsigned long long)v.last, v.wrong, v.largest);
            printf("seal, %s: %s\n", cases[k].name, wal_error_name(code));
        }
        image_free(&i);
    }
}

/* LSN, size of the state, offset and size of the part; `bytes` of body behind that. */
struct part {
    uint64_t fields[4];
    size_t bytes;
    uint8_t flags;
};

static void forge_part(struct image *i, const struct part *p)
{
    memset(body, 0, sizeof body);
    for (int n = 0; n < 4; n++)
        store64(body + 8 * n, p->fields[n]);
    forge_group(i, &(struct forged){.type = GROUP_CHECKPOINT,
                                    .flags = p->flags,
                                    .body = body,
                                    .size = 32 + p->bytes,
                                    .vouched = true});
}

static void checkpoints_that_break_their_rules(void **state)
{
    enum { F = GROUP_FIRST, L = GROUP_LAST };
    static const struct {
        struct part parts[3]; /* up to one without an LSN and a size */
        enum answer answer;
    } cases[] = {
        {{{{1, 8, 0, 8}, 8, 0}}, THERE},
        {{{{1, 0, 0, 0}, 0, 0}}, THERE},
        {{{{1, 16, 0, 8}, 8, F}, {{1, 16, 8, 8}, 8, L}}, THERE},
        {{{{1, 0, 0, 0}, 8, 0}}, DAMAGE},
        {{{{0, 8, 0, 8}, 8, 0}}, DAMAGE},
        {{{{1000, 8, 0, 8}, 8, 0}}, REFUSED},
        {{{{UINT64_MAX, 8, 0, 8}, 8, 0}}, REFUSED},
        {{{{1, UINT64_MAX, 0, 8}, 8, 0}}, DAMAGE},
        {{{{1, UINT64_C(1) << 63, 0, 8}, 8, 0}}, DAMAGE},
        {{{{1, 1 << 30, 0, 8}, 8, 0}}, DAMAGE},
        {{{{1, 8, UINT64_MAX, 8}, 8, 0}}, DAMAGE},
        {{{{1, 8, 0, UINT64_MAX}, 8, 0}}, DAMAGE},
        {{{{1, UINT64_MAX, 0, UINT64_MAX}, 8, 0}}, DAMAGE},
        {{{{1, 8, 8, 8}, 8, 0}}, DAMAGE},
        {{{{1, 16, 8, 8}, 8, 0}}, DAMAGE},
        {{{{1, UINT64_C(1) << 63, 0, 8}, 8, F}, {{1, UINT64_C(1) << 63, 8, 8}, 8, L}}, DAMAGE},
        {{{{1, 16, 0, 8}, 8, F}, {{1, 16, 0, 8}, 8, L}}, DAMAGE},
        {{{{1, 16, 0, 16}, 16, F}, {{1, 16, 8, 8}, 8, L}}, DAMAGE},
        {{{{1, 16, 0, 8}, 8, F}, {{1, 24, 8, 16}, 16, L}}, DAMAGE},
        {{{{1, 16, 0, 8}, 8, F}, {{2, 16, 8, 8}, 8, L}}, DAMAGE},
        {{{{1, 16, 0, 8}, 8, F}, {{1, 16, 8, 0}, 0, L}}, DAMAGE},
        {{{{1, 16, 0, 8}, 8, F}, {{1, 16, 8, 0}, 0, 0}, {{1, 16, 8, 8}, 8, L}}, DAMAGE},
        {{{{1, 24, 0, 8}, 8, F}, {{1, 24, 16, 8}, 8, 0}, {{1, 24, 8, 8}, 8, L}}, DAMAGE},
    };
    char name[32];
    struct image i;
    (void)state;

    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        image_copy(&i, &made.now);
        for (int n = 0; n < 3 && (cases[k].parts[n].fields[0] || cases[k].parts[n].bytes); n++)
            forge_part(&i, &cases[k].parts[n]);
        snprintf(name, sizeof name, "checkpoint, case %zu", k);
        expect(&i, cases[k].answer, name);
        image_free(&i);
    }
    printf("%zu checkpoint bodies\n", COUNT_OF(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_beyond_the_limits),
        cmocka_unit_test(runs_that_do_not_fit),
        cmocka_unit_test(records_that_break_their_rules),
        cmocka_unit_test(maps_that_break_their_rules),
        cmocka_unit_test(tags_that_break_their_rules),
        cmocka_unit_test(seals_that_break_their_rules),
        cmocka_unit_test(checkpoints_that_break_their_rules),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
