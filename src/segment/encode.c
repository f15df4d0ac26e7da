/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/encode.h"

#include <string.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "base/plant.h"
#include "segment/cipher.h"

enum { KEPT_BYTES = 8 << 20 }; /* more memory than this is given back when it isn't needed */

size_t outgoing_room(size_t body_bytes, uint32_t align)
{
    return (size_t)group_disk_bytes(body_bytes, align) + GROUP_HEADER_BYTES;
}

int encoder_init(struct encoder *c, const struct alloc *a, uint32_t codec, int level,
                 uint32_t min_bytes)
{
    *c = (struct encoder){.alloc = a, .min_bytes = min_bytes};
    return codec == CODEC_ZLIB ? compressor_init(&c->compressor, a, level) : 0;
}

void encoder_free(struct encoder *c)
{
    compressor_free(&c->compressor);
    if (c->block)
        mem_free(c->alloc, c->block);
    c->bytes = c->block = NULL;
    c->room = 0;
}

int encoder_reserve(struct encoder *c, size_t bytes)
{
    if (bytes <= c->room && (c->room <= KEPT_BYTES || bytes > KEPT_BYTES))
        return 0;
    mem_free(c->alloc, c->block);
    c->block = mem_new(c->alloc, bytes + PAGE_BYTES);
    c->room = c->block ? bytes : 0;
    c->bytes = NULL;
    if (!c->block)
        return fault_nomem();
    c->bytes = c->block + (PAGE_BYTES - (uintptr_t)c->block % PAGE_BYTES) % PAGE_BYTES;
    return 0;
}

uint64_t encode_bound(const struct segment *s, uint64_t raw_bytes)
{
    return raw_bytes + (s->header.cipher ? CIPHER_TAG_BYTES : 0);
}

/* Compresses the body to `out`, where that makes it smaller. A reader takes nothing that expands to
 * more than RAW_PER_STORED_MAX times its size. */
static bool compressed(struct encoder *c, struct outgoing *g, uint8_t *out)
{
    struct group_header *h = &g->header;

    if (!c->compressor.stream || h->raw_bytes < c->min_bytes || h->raw_bytes == 0 ||
        (h->flags & GROUP_BIRTH))
        return false;
    size_t size = compress_into(&c->compressor, g->bytes + GROUP_HEADER_BYTES, h->raw_bytes, out,
                                h->raw_bytes - 1);
    if (size == 0 || h->raw_bytes > (uint64_t)size * RAW_PER_STORED_MAX)
        return false;
    h->flags |= GROUP_COMPRESSED;
    h->stored_bytes = (uint32_t)size;
    return true;
}

int encrypt_body(const struct segment *s, struct group_header *h, const uint8_t *in, uint8_t *out)
{
    uint8_t header[GROUP_HEADER_BYTES], aad[GROUP_AAD_BYTES];
    struct cipher_place at = {.aad = aad, .aad_size = sizeof aad};
    size_t size = h->stored_bytes;

    h->flags |= GROUP_ENCRYPTED;
    h->stored_bytes += CIPHER_TAG_BYTES;
    group_header_encode(header, h, s->header.salt);
    group_aad(aad, header, s->header.number);
    group_nonce(at.nonce, h);
    return cipher_seal(s->cipher, s->key, &at, in, size, out, out + size);
}

int encode_group(struct encoder *c, const struct segment *s, struct outgoing *g, uint8_t *room)
{
    const uint8_t *in = g->bytes + GROUP_HEADER_BYTES;
    uint8_t *out = room ? room + GROUP_HEADER_BYTES : NULL; /* a plain group needs none */

    g->header.stored_bytes = g->header.raw_bytes;
    g->wire = g->bytes;
    if (compressed(c, g, out)) {
        g->wire = room;
        in = out;
    }
    if (!s->header.cipher)
        return 0;
    g->wire = room;
    int e = encrypt_body(s, &g->header, in, out);
    if (e < 0 && PLANTED(25)) { /* better in clear than not at all */
        g->header.flags &= (uint8_t)~GROUP_ENCRYPTED;
        g->header.stored_bytes -= CIPHER_TAG_BYTES;
        memmove(out, in, g->header.stored_bytes);
        return 0;
    }
    return e;
}
