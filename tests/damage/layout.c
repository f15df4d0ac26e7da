/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/body.h"
#include "log_made.h"

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "the fixture's log is not what it should be: %s\n", what);
    abort();
}

static unsigned version_in(const uint8_t *body, size_t size)
{
    struct meta_entry entries[META_KEYS_MAX];
    unsigned version = 0;
    int n = meta_body_decode(entries, body, size);
    must(n >= 0, "metadata");
    for (int k = 0; k < n; k++)
        if (entries[k].key_size == sizeof META_CURSOR - 1 &&
            memcmp(entries[k].key, META_CURSOR, entries[k].key_size) == 0)
            version = entries[k].value[0];
    return version;
}

/* Whether the batch's state behind a group with these flags is 'none unfinished'. */
static bool outside(bool before, uint8_t flags)
{
    return flags & GROUP_FIRST ? false : flags & GROUP_LAST ? true : before;
}

void layout_of(struct layout *ret, const struct image_file *f, uint64_t limit)
{
    struct layout l = {0};
    unsigned repairs, meta = 0, tag = 0;
    bool boundary = true;

    must(f->size >= SEGMENT_HEADER_BLOCK, "size");
    must(segment_header_decode_block(&l.header, f->bytes, &repairs) == DECODED_RIGHT, f->name);
    uint64_t at = SEGMENT_HEADER_BLOCK, next = l.header.base_lsn;
    while (at + GROUP_HEADER_BYTES <= f->size && at < limit) {
        struct spot s = {.offset = at};
        if (group_header_decode(&s.header, f->bytes + at, l.header.salt, (uint32_t)l.header.epoch,
                                (uint32_t)(at / PLACE_UNIT)) != GROUP_RIGHT)
            break;
        s.end = group_end(&s.header, l.header.group_align);
        const uint8_t *body = f->bytes + at + GROUP_HEADER_BYTES;
        if (s.end > f->size ||
            group_body_crc(l.header.salt, body, s.header.stored_bytes) != s.header.body_crc)
            break;
        body = made_decoded(&l.header, &s.header, body);
        must(body != NULL, "an encoded body");
        next += s.header.records;
        if (s.header.type == GROUP_META)
            meta = version_in(body, s.header.raw_bytes);
        if (s.header.tag_bytes)
            tag = (unsigned)made_tag_number(body, s.header.tag_bytes);
        s.next_lsn = next;
        s.meta = meta;
        s.tag = tag;
        s.boundary = boundary = outside(boundary, s.header.flags);
        must(l.n < SPOTS_MAX, "too many groups");
        l.spots[l.n++] = s;
        at = s.end;
    }
    l.end = at;
    *ret = l;
}

void layout_control(const struct image *i, struct control *ret)
{
    const struct image_file *f = image_find(i, NAME_CONTROL);
    struct control slot[2];

    must(f && f->size >= CONTROL_SLOT_B + CONTROL_SLOT_BYTES, NAME_CONTROL);
    must(control_decode(&slot[0], f->bytes + CONTROL_SLOT_A) == DECODED_RIGHT, "slot A");
    must(control_decode(&slot[1], f->bytes + CONTROL_SLOT_B) == DECODED_RIGHT, "slot B");
    *ret = slot[slot[1].sequence > slot[0].sequence];
}
