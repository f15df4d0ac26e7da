/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies as they are stored: whatever the bytes, decode_body gives what zlib gives, or says that
 * they aren't right; what encode_group made of a body becomes that body again. The first bytes of
 * an input are fields of the group's header. */
#include "fuzz.h"
#include "key.h"

#include <string.h>
#include <zlib.h>

#include "segment/decode.h"
#include "segment/encode.h"

enum { FIELDS = 12, BODY_MAX = 1 << 20 };
enum { COMPRESS = 1, ENCRYPT = 2, SEAL_FIRST = 4 /* else the bytes are the ciphertext */ };

static uint32_t field(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
}

static struct segment segment_of(unsigned how)
{
    struct segment_header h = {.number = 5,
                               .salt = 0x1234567890abcdef,
                               .epoch = 3,
                               .group_align = 64,
                               .codec = how & COMPRESS ? CODEC_ZLIB : CODEC_NONE,
                               .cipher = how & ENCRYPT ? TOY_ID : 0,
                               .key_id = KEY_ID};
    return key_lend(&h);
}

static struct group_header header_of(const uint8_t *data)
{
    return (struct group_header){.type = (uint8_t)(1 + data[0] / 8 % 5),
                                 .place = field(data + 4),
                                 .epoch = 3,
                                 .first_lsn = 1 + field(data + 7),
                                 .records = data[10],
                                 .durable_place = data[11]};
}

/* What zlib makes of the bytes, if that is exactly raw bytes. */
static bool by_zlib(const uint8_t *in, size_t size, uint8_t *out, uint32_t raw)
{
    uLongf got = raw;
    uLong used = size;
    return raw > 0 && uncompress2(out, &got, in, &used) == Z_OK && got == raw && used == size;
}

static void holds(const struct group_header *h, const uint8_t *in, size_t size, const uint8_t *body)
{
    uint8_t *out = malloc(h->raw_bytes + 1);

    FUZZ_MUST(out);
    if (!(h->flags & GROUP_COMPRESSED))
        FUZZ_MUST(body && memcmp(body, in, size) == 0);
    else if (by_zlib(in, size, out, h->raw_bytes))
        FUZZ_MUST(body && memcmp(body, out, h->raw_bytes) == 0);
    else
        FUZZ_MUST(!body);
    free(out);
}

/* The bytes are the stored body, or what is encrypted. */
static void try_stored(const uint8_t *data, size_t size)
{
    struct segment s = segment_of(data[0]);
    struct group_header h = header_of(data);
    struct decoder d = {0};
    const uint8_t *in = data + FIELDS, *body = NULL;
    size_t n = size - FIELDS;
    uint8_t *stored = malloc(n + CIPHER_TAG_BYTES);

    FUZZ_MUST(stored);
    memcpy(stored, in, n);
    h.flags = data[0] & (COMPRESS | ENCRYPT);
    h.raw_bytes = data[0] & COMPRESS ? field(data + 1) : (uint32_t)n;
    h.stored_bytes = (uint32_t)n;
    bool sealed = (data[0] & ENCRYPT) && (data[0] & SEAL_FIRST);
    if (sealed)
        FUZZ_MUST(encrypt_body(&s, &h, in, stored) == 0);
    if (group_header_limits(&h, BODY_MAX) == GROUP_RIGHT) {
        int e = decode_body(&s, &alloc_default, &d, &h, stored, &body);
        FUZZ_MUST(e == 1 || e == 0 || e == WAL_E_CRYPTO);
        if (sealed || !(data[0] & ENCRYPT)) /* a toy's tag can be found by chance */
            holds(&h, in, n, e == 1 ? body : NULL);
    }
    decoder_free(&d, &alloc_default);
    free(stored);
    key_take(&s);
}

/* The bytes are the raw body. */
static void try_raw(const uint8_t *data, size_t size)
{
    static struct encoder c[2];
    struct encoder *encoder = &c[data[0] & COMPRESS];
    struct segment s = segment_of(data[0]);
    struct decoder d = {0};
    const uint8_t *body = NULL;
    size_t n = size - FIELDS;
    struct outgoing g = {.header = header_of(data)};

    if (!encoder->alloc)
        FUZZ_MUST(encoder_init(encoder, &alloc_default, data[0] & COMPRESS, 1, 0) == 0);
    g.header.raw_bytes = (uint32_t)n;
    g.bytes = calloc(1, outgoing_room(n, 64));
    uint8_t *room = calloc(1, outgoing_room((size_t)encode_bound(&s, n), 64));
    FUZZ_MUST(g.bytes && room);
    memcpy(g.bytes + GROUP_HEADER_BYTES, data + FIELDS, n);
    FUZZ_MUST(encode_group(encoder, &s, &g, room) == 0 && decode_fits(&s, &g.header));
    FUZZ_MUST(decode_body(&s, &alloc_default, &d, &g.header, g.wire + GROUP_HEADER_BYTES, &body) ==
              1);
    FUZZ_MUST(n == 0 || memcmp(body, data + FIELDS, n) == 0);
    decoder_free(&d, &alloc_default);
    free(room);
    free(g.bytes);
    key_take(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < FIELDS)
        return 0;
    try_stored(data, size);
    try_raw(data, size);
    return 0;
}
