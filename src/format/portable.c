/* SPDX-License-Identifier: Apache-2.0 */
#include "format/portable.h"

#include "base/bytes.h"
#include "format/limits.h"

/* Offsets in a form: docs/format.md, "Portable form of a batch". */
enum {
    AT_RECORDS = 12,
    AT_SIZE = 16,
    AT_ZERO = 24,
    HEADER_BYTES = 32,
    ENTRY_BYTES = 8,
    LEAST_BYTES = HEADER_BYTES + ENTRY_BYTES + FRAME_CRC_BYTES,
};

static const uint8_t magic[FRAME_MAGIC_BYTES] = {0x89, 'W', 'A', 'L', 'P', 0x0d, 0x0a, 0x1a};

uint64_t portable_bytes(uint64_t records, uint64_t payload)
{
    return HEADER_BYTES + records * ENTRY_BYTES + payload + FRAME_CRC_BYTES;
}

void portable_begin(struct cursor *c, uint32_t records)
{
    cursor_put_bytes(c, magic, sizeof(magic));
    cursor_put16(c, FORMAT_MAJOR);
    cursor_put16(c, FORMAT_MINOR);
    cursor_put32(c, records);
    cursor_put64(c, c->size);
    cursor_put64(c, 0);
}

void portable_put(struct cursor *c, const struct portable_record *r)
{
    cursor_put32(c, r->size);
    cursor_put16(c, r->type);
    cursor_put16(c, 0);
    cursor_put_bytes(c, r->data, r->size);
}

void portable_end(struct cursor *c)
{
    (void)frame_close(c->out, c->size, magic);
}

bool portable_next(struct portable *p, struct portable_record *ret)
{
    if (p->left == 0)
        return false;
    ret->size = cursor_get32(&p->at);
    ret->type = cursor_get16(&p->at);
    uint16_t zero = cursor_get16(&p->at);
    ret->data = cursor_get_bytes(&p->at, ret->size);
    p->left--;
    return cursor_ok(&p->at) && ret->size <= RECORD_BYTES_MAX &&
           (zero == 0 || p->minor > FORMAT_MINOR);
}

static bool entries_fit(struct portable p)
{
    struct portable_record r;

    while (p.left > 0)
        if (!portable_next(&p, &r))
            return false;
    return cursor_left(&p.at) == 0;
}

enum decoded portable_check(struct portable *ret, const void *form, size_t size)
{
    const uint8_t *in = form;

    if (size < LEAST_BYTES)
        return DECODED_DAMAGED;
    enum decoded how = frame_check_version(in, size, magic);
    if (how != DECODED_RIGHT)
        return how;
    struct portable p = {
        .at = cursor_read(in + HEADER_BYTES, size - HEADER_BYTES - FRAME_CRC_BYTES),
        .left = load32(in + AT_RECORDS),
        .minor = load16(in + FRAME_MINOR),
    };
    if (load64(in + AT_SIZE) != size || (p.minor <= FORMAT_MINOR && load64(in + AT_ZERO) != 0) ||
        !entries_fit(p))
        return DECODED_DAMAGED;
    *ret = p;
    return DECODED_RIGHT;
}
