/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of compressed and encrypted logs whose checksums are right and whose encoding is not:
 * wrong streams, sizes that don't fit, what was encrypted for another place, headers changed by
 * somebody who knows the format. */
#include "hostile_try.h"

#include <zlib.h>

static uint8_t stream[BODY_MAX];

/* Two right records as a stream; returns its size. */
static size_t deflated(size_t *ret_raw)
{
    uLongf size = sizeof stream;
    *ret_raw = records(2, 400);
    memset(stream, 0, sizeof stream);
    if (compress2(stream, &size, body, *ret_raw, 9) != Z_OK)
        fail();
    return size;
}

static struct forged group(const void *bytes, size_t size, size_t raw)
{
    return (struct forged){.type = GROUP_DATA,
                           .flags = raw ? GROUP_COMPRESSED : 0,
                           .records = 2,
                           .body = bytes,
                           .size = size,
                           .raw = raw,
                           .seal = newest.header.cipher != 0,
                           .vouched = true};
}

#define SPOIL(name, change)                                                                        \
    static void name(struct group_header *h)                                                       \
    {                                                                                              \
        change;                                                                                    \
    }
SPOIL(raw_zero, h->raw_bytes = 0)
SPOIL(raw_beyond, h->raw_bytes = h->stored_bytes * RAW_PER_STORED_MAX + 8)
SPOIL(raw_giant, h->raw_bytes = UINT32_MAX)
SPOIL(in_clear, h->flags &= (uint8_t)~GROUP_ENCRYPTED)
SPOIL(other_watermark, h->watermark--)
SPOIL(other_durable, h->durable_place--)
SPOIL(birth, h->flags |= GROUP_BIRTH)
SPOIL(tagged, h->tag_bytes = 8)
SPOIL(as_meta, (h->type = GROUP_META, h->records = 0))
SPOIL(one_record_less, h->records--)

static void streams(void **state)
{
    size_t raw, size = deflated(&raw);
    struct forged g = group(stream, size, raw);
    (void)state;

    try_group(&g, THERE, "a right stream");
    g.raw = raw + 8;
    try_group(&g, DAMAGE, "a stream that is too short");
    g.raw = raw - 8;
    try_group(&g, DAMAGE, "a stream that is too long");
    g = group(stream, size + 1, raw);
    try_group(&g, DAMAGE, "a byte behind the stream");
    g = group(stream, size - 1, raw);
    try_group(&g, DAMAGE, "a stream without its last byte");
    memcpy(stream + size, stream, size);
    g = group(stream, 2 * size, raw);
    try_group(&g, DAMAGE, "two streams");
    stream[size - 1]++;
    g = group(stream, size, raw);
    try_group(&g, DAMAGE, "a stream's checksum");
    size = deflated(&raw);
    stream[1] |= 0x20; /* a dictionary that nobody has */
    stream[1] = (uint8_t)((stream[1] & 0xe0) | (31 - (stream[0] * 256 + (stream[1] & 0xe0)) % 31));
    g = group(stream, size, raw);
    try_group(&g, DAMAGE, "a dictionary");
    g = group(body, 400, raw);
    try_group(&g, DAMAGE, "no stream");
}

static void sizes(void **state)
{
    size_t raw, size = deflated(&raw);
    struct forged g = group(stream, size, raw);
    (void)state;

    g.spoil = raw_zero;
    try_group(&g, DAMAGE, "no raw bytes");
    g.spoil = raw_beyond;
    try_group(&g, DAMAGE, "more than may come out");
    g.spoil = raw_giant;
    try_group(&g, DAMAGE, "a bomb");
    g.vouched = false;
    try_group(&g, ENDS, "a bomb that nobody vouches for");
    g = group(stream, 0, raw);
    try_group(&g, DAMAGE, "an empty stream");
}

/* All kinds of groups may be compressed. */
static void other_groups(void **state)
{
    static const uint8_t tag[8] = {7};
    uint8_t small[64];
    uLongf size = sizeof small;
    struct forged g;
    (void)state;

    assert_int_equal(compress2(small, &size, tag, sizeof tag, 9), Z_OK);
    g = group(small, size, sizeof tag);
    g.type = GROUP_TAG;
    g.records = 0;
    try_group(&g, DAMAGE, "a tag of no bytes"); /* tag_bytes is 0 */
    memset(body, 0, 8);
    size = sizeof small;
    assert_int_equal(compress2(small, &size, body, 8, 9), Z_OK);
    g = group(small, size, 8);
    g.type = GROUP_META;
    g.records = 0;
    try_group(&g, THERE, "metadata without keys");
}

static void encryption(void **state)
{
    static const struct {
        const char *name;
        void (*spoil)(struct group_header *h);
        enum answer answer;
    } cases[] = {
        {"in clear", in_clear, DAMAGE},
        {"watermark", other_watermark, LOCKED},
        {"durable place", other_durable, LOCKED},
        {"birth", birth, LOCKED},
        {"a tag", tagged, LOCKED},
        {"metadata", as_meta, LOCKED},
        {"records", one_record_less, LOCKED},
    };
    struct forged g = group(body, records(2, 50), 0);
    (void)state;

    try_group(&g, THERE, "a right group");
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        g.spoil = cases[k].spoil;
        try_group(&g, cases[k].answer, cases[k].name);
    }
    g = group(body, records(2, 50), 0);
    g.seal = false;
    try_group(&g, DAMAGE, "a plain group");
    g.vouched = false;
    try_group(&g, ENDS, "a plain group that nobody vouches for");
    g = group(body, 15, 0);
    g.seal = false;
    g.flags = GROUP_ENCRYPTED;
    try_group(&g, DAMAGE, "shorter than its tag");
    g = group(body, 16, 0);
    g.seal = false;
    g.flags = GROUP_ENCRYPTED;
    g.type = GROUP_META;
    g.records = 0;
    g.spoil = raw_zero;
    try_group(&g, LOCKED, "a tag of nothing");
    g.vouched = false;
    try_group(&g, LOCKED, "a tag of nothing that nobody vouches for");
}

/* What was encrypted elsewhere, with headers that are right here. */
static void moved(void **state)
{
    static struct layout l;
    (void)state;

    for (uint64_t n = control.oldest; n <= control.newest; n++) {
        struct image_file *f = image_segment(&made.now, n);
        layout_of(&l, f, UINT64_MAX);
        for (unsigned k = 0; k < l.n; k++) {
            const struct group_header *h = &l.spots[k].header;
            struct forged g = {.type = h->type,
                               .flags = (uint8_t)(h->flags & ~(GROUP_FIRST | GROUP_LAST)),
                               .records = h->records,
                               .body = f->bytes + l.spots[k].offset + GROUP_HEADER_BYTES,
                               .size = h->stored_bytes,
                               .raw = h->raw_bytes};
            if (h->tag_bytes || h->type == GROUP_SEAL)
                continue;
            try_group(&g, LOCKED, "a moved group");
        }
    }
}

/* One byte of a body, and all checksums and links anew. */
static void changed(void **state)
{
    struct image i;
    (void)state;

    for (unsigned k = 0; k < newest.n; k++) {
        image_copy(&i, &made.now);
        struct image_file *f = image_segment(&i, control.newest);
        f->bytes[newest.spots[k].offset + GROUP_HEADER_BYTES + 3] ^= 1;
        forge_links(f, &newest);
        expect(&i, LOCKED, "a changed body");
        image_free(&i);
    }
}

static void other_header(struct segment_header *h, enum answer answer, const char *name)
{
    struct image i;

    image_copy(&i, &made.now);
    forge_segment(image_segment(&i, control.newest), h);
    expect(&i, answer, name);
    image_free(&i);
}

static void headers(void **state)
{
    struct segment_header h = newest.header;
    (void)state;

    h.kdf_salt[5]++;
    other_header(&h, LOCKED, "another salt for keys");
    h = newest.header;
    h.key_id++;
    other_header(&h, LOCKED, "another key");
    h = newest.header;
    h.cipher = 0;
    h.key_id = 0;
    memset(h.kdf_salt, 0, sizeof h.kdf_salt);
    other_header(&h, DAMAGE, "no cipher");
}

static void no_codec(void **state)
{
    struct segment_header h = newest.header;
    (void)state;

    h.codec = 0;
    other_header(&h, DAMAGE, "no codec");
}

static int zlib_setup(void **state)
{
    made_encode(MADE_ZLIB);
    return setup(state);
}

static int sealed_setup(void **state)
{
    made_encode(MADE_SEALED);
    return setup(state);
}

static int both_setup(void **state)
{
    made_encode(MADE_BOTH);
    return setup(state);
}

int main(void)
{
    const struct CMUnitTest compressed[] = {
        cmocka_unit_test(streams),
        cmocka_unit_test(sizes),
        cmocka_unit_test(other_groups),
        cmocka_unit_test(no_codec),
    };
    const struct CMUnitTest sealed[] = {
        cmocka_unit_test(encryption),
        cmocka_unit_test(moved),
        cmocka_unit_test(changed),
        cmocka_unit_test(headers),
    };
    const struct CMUnitTest both[] = {
        cmocka_unit_test(streams), cmocka_unit_test(sizes),   cmocka_unit_test(other_groups),
        cmocka_unit_test(moved),   cmocka_unit_test(changed), cmocka_unit_test(headers),
    };
    return cmocka_run_group_tests_name("compressed", compressed, zlib_setup, teardown) +
           cmocka_run_group_tests_name("encrypted", sealed, sealed_setup, teardown) +
           cmocka_run_group_tests_name("both", both, both_setup, teardown);
}
