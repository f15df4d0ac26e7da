/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/decode.h"

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "codec/codec.h"
#include "segment/cipher.h"

bool decode_fits(const struct segment *s, const struct group_header *h)
{
    bool encrypted = h->flags & GROUP_ENCRYPTED, compressed = h->flags & GROUP_COMPRESSED;
    return encrypted == (s->header.cipher != 0) && !(compressed && s->header.codec == CODEC_NONE);
}

static int make_room(struct decoder *d, const struct alloc *a, int which, size_t size)
{
    if (size <= d->room[which])
        return 0;
    mem_free(a, d->bytes[which]);
    d->bytes[which] = mem_new(a, size);
    d->room[which] = d->bytes[which] ? size : 0;
    return d->bytes[which] ? 0 : fault_nomem();
}

static int changed(const struct segment *s, const struct group_header *h)
{
    struct fault why = *fault_last();
    uint64_t offset = (uint64_t)h->place * PLACE_UNIT;
    return fault_at(WAL_E_CRYPTO, h->first_lsn, s->header.number, offset,
                    "%s/%s at offset %llu, LSN %llu: %s", s->file.folder->path, s->file.name,
                    (unsigned long long)offset, (unsigned long long)h->first_lsn, why.text);
}

/* Says why there is no key. */
static int locked(const struct segment *s)
{
    struct segment again = *s;
    int e = segment_unlock(&again);
    cipher_drop(again.cipher, again.key);
    return e < 0 ? e : fault(WAL_E_CRYPTO, "%s: a key came too late", s->file.name);
}

int decrypt_body(const struct segment *s, const struct group_header *h, const uint8_t *stored,
                 uint8_t *out)
{
    struct group_header copy = *h;
    uint8_t header[GROUP_HEADER_BYTES], aad[GROUP_AAD_BYTES];
    struct cipher_place at = {.aad = aad, .aad_size = sizeof aad};
    size_t size = h->stored_bytes - CIPHER_TAG_BYTES;

    if (!s->key)
        return locked(s);
    group_header_encode(header, &copy, s->header.salt);
    group_aad(aad, header, s->header.number);
    group_nonce(at.nonce, h);
    int e = cipher_open(s->cipher, s->key, &at, stored, size, out, stored + size);
    return e < 0 ? changed(s, h) : 0;
}

static int decrypt(const struct segment *s, const struct alloc *a, struct decoder *d,
                   const struct group_header *h, const uint8_t **body)
{
    size_t size = h->stored_bytes - CIPHER_TAG_BYTES;
    int e = make_room(d, a, 0, size ? size : 1);
    if (e == 0)
        e = decrypt_body(s, h, *body, d->bytes[0]);
    *body = d->bytes[0];
    return e;
}

static int inflate_body(const struct alloc *a, struct decoder *d, const struct group_header *h,
                        const uint8_t **body)
{
    size_t size = h->stored_bytes - (h->flags & GROUP_ENCRYPTED ? CIPHER_TAG_BYTES : 0);

    if (h->raw_bytes == 0)
        return 0;
    int e = make_room(d, a, 1, h->raw_bytes);
    if (e < 0)
        return e;
    e = decompress_exactly(a, *body, size, d->bytes[1], h->raw_bytes);
    *body = d->bytes[1];
    return e;
}

int decode_body(const struct segment *s, const struct alloc *a, struct decoder *d,
                const struct group_header *h, const uint8_t *stored, const uint8_t **ret)
{
    const uint8_t *body = stored;

    int e = h->flags & GROUP_ENCRYPTED ? decrypt(s, a, d, h, &body) : 0;
    if (e < 0)
        return e;
    e = h->flags & GROUP_COMPRESSED ? inflate_body(a, d, h, &body) : 1;
    *ret = body;
    return e;
}

void decoder_free(struct decoder *d, const struct alloc *a)
{
    for (int k = 0; k < 2; k++)
        mem_free(a, d->bytes[k]);
    *d = (struct decoder){0};
}
