/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/segment.h"

#include <stdbool.h>

#include "base/codes.h"
#include "base/fault.h"
#include "codec/codec.h"
#include "segment/cipher.h"

static int refuse(struct segment *s, int code, const char *why)
{
    fault_at(code, 0, s->file.number, 0, "%s/%s %s", s->file.folder->path, s->file.name, why);
    segment_close(s);
    return code;
}

static int check(struct segment *s, enum decoded how, uint64_t number)
{
    const struct segment_header *h = &s->header;

    if (how == DECODED_NEWER)
        return refuse(s, WAL_E_VERSION, "has a newer format than this library");
    if (how != DECODED_RIGHT)
        return refuse(s, WAL_E_CORRUPT, "has no valid header");
    if (h->number != number)
        return refuse(s, WAL_E_CORRUPT, "is another segment under this name");
    if (h->codec > CODEC_ZLIB || h->checksum != CHECKSUM_CRC32)
        return refuse(s, WAL_E_UNSUPPORTED, "needs a codec or checksum that this library lacks");
    struct fault before = *fault_last();
    if (segment_unlock(s) < 0)
        fault_put(&before);
    return 0;
}

int segment_unlock(struct segment *s)
{
    const struct segment_header *h = &s->header;
    const struct file *f = &s->file;
    struct fault why;

    s->cipher = f->folder->cipher;
    if (h->cipher == 0 || s->key)
        return 0;
    if (!s->cipher)
        return fault_at(WAL_E_CRYPTO, 0, h->number, 0, "%s/%s is encrypted, and no key is given",
                        f->folder->path, f->name);
    int e = cipher_derive(s->cipher, h->key_id, h->kdf_salt, &s->key);
    if (e == 0)
        return 0;
    why = *fault_last();
    return fault_at(e, 0, h->number, 0, "%s/%s: %s", f->folder->path, f->name, why.text);
}

int segment_open(struct segment *s, const struct folder *folder, uint64_t number, int flags)
{
    char name[NAME_BYTES];
    uint8_t block[SEGMENT_HEADER_BLOCK] = {0};
    size_t got = 0;

    name_segment(name, number);
    s->header_repairs = 0;
    s->key = NULL;
    int r = file_open(&s->file, folder, name, flags, 0);
    if (r < 0)
        return r;
    s->file.number = number;
    r = file_read(&s->file, block, sizeof block, 0, &got);
    if (r < 0) {
        segment_close(s);
        return r;
    }
    return check(s, segment_header_decode_block(&s->header, block, &s->header_repairs), number);
}

void segment_close(struct segment *s)
{
    cipher_drop(s->cipher, s->key);
    s->key = NULL;
    file_close(&s->file);
}

int segment_corrupt(const struct folder *folder, uint64_t number, const char *why)
{
    char name[NAME_BYTES];

    name_segment(name, number);
    return fault_at(WAL_E_CORRUPT, 0, number, 0, "%s/%s %s", folder->path, name, why);
}

void segment_start(const struct segment *s, struct boundary *ret)
{
    *ret = (struct boundary){
        .offset = SEGMENT_HEADER_BLOCK,
        .next_lsn = s->header.base_lsn,
        .link = s->header.crc,
    };
}

void segment_follow(const struct segment *s, const struct boundary *end, struct follow *ret)
{
    *ret = (struct follow){
        .number = s->header.number,
        .end_lsn = end->next_lsn - 1,
        .end_offset = end->offset,
        .link = end->link,
        .salt_low = (uint32_t)s->header.salt,
    };
}
