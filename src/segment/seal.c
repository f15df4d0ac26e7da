/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/seal.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "segment/encode.h"

/* Whether the bytes at `offset`, of which `have` are there, are a right seal group that ends with
 * them. */
static bool is_seal(const struct segment *s, const uint8_t *bytes, size_t have, uint64_t offset,
                    struct group_header *ret)
{
    const struct segment_header *h = &s->header;

    if (group_header_decode(ret, bytes, h->salt, (uint32_t)h->epoch,
                            (uint32_t)(offset / PLACE_UNIT)) != GROUP_RIGHT ||
        group_header_limits(ret, h->max_group_bytes) != GROUP_RIGHT || ret->type != GROUP_SEAL)
        return false;
    if (!decode_fits(s, ret) || ret->raw_bytes == 0) /* no index in it */
        return false;
    if (group_end(ret, h->group_align) != offset + have)
        return false;
    const uint8_t *body = bytes + GROUP_HEADER_BYTES;
    return group_body_crc(h->salt, body, ret->stored_bytes) == ret->body_crc &&
           all_zero(body + ret->stored_bytes, have - GROUP_HEADER_BYTES - ret->stored_bytes);
}

static int search(const struct segment *s, const uint8_t *bytes, size_t size, uint64_t from,
                  struct seal *ret)
{
    uint32_t align = s->header.group_align;
    for (size_t at = size; at >= align;) {
        at -= align;
        if (is_seal(s, bytes + at, size - at, from + at, &ret->header)) {
            ret->offset = from + at;
            return 1;
        }
    }
    return 0;
}

/* 1, 0: it isn't right, or an error. */
static int take_body(const struct segment *s, const struct alloc *a, const uint8_t *stored,
                     struct seal *seal)
{
    struct decoder d = {0};
    const uint8_t *body;

    int e = decode_body(s, a, &d, &seal->header, stored, &body);
    if (e == 1) {
        seal->body = mem_copy(a, body, seal->header.raw_bytes);
        e = seal->body ? 1 : fault_nomem();
    }
    decoder_free(&d, a);
    return e;
}

int seal_find(const struct segment *s, const struct alloc *a, uint64_t end, struct seal *ret)
{
    uint64_t largest = group_disk_bytes(encode_bound(s, SEAL_BODY_MAX), s->header.group_align);
    uint64_t from = end - SEGMENT_HEADER_BLOCK > largest ? end - largest : SEGMENT_HEADER_BLOCK;
    size_t size = (size_t)(end - from), got = 0;
    struct seal seal;

    if (end < SEGMENT_HEADER_BLOCK + GROUP_HEADER_BYTES || end % s->header.group_align)
        return 0;
    uint8_t *bytes = mem_new(a, size);
    if (!bytes)
        return fault_nomem();
    int e = file_read(&s->file, bytes, size, from, &got);
    if (e == 0 && got == size)
        e = search(s, bytes, size, from, &seal);
    if (e == 1)
        e = take_body(s, a, bytes + (seal.offset - from) + GROUP_HEADER_BYTES, &seal);
    if (e == 1)
        *ret = seal;
    mem_free(a, bytes);
    return e;
}
