/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/groups.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "base/plant.h"

void group_reader_init(struct group_reader *r, const struct segment *s, const struct alloc *a,
                       size_t block_bytes)
{
    *r = (struct group_reader){
        .segment = s,
        .alloc = a,
        .limit = UINT64_MAX,
        .block_bytes = block_bytes,
    };
    group_reader_rewind(r);
}

void group_reader_rewind(struct group_reader *r)
{
    struct boundary start;
    segment_start(r->segment, &start);
    group_reader_resume(r, &start);
}

void group_reader_seek(struct group_reader *r, uint64_t offset, uint64_t lsn)
{
    r->offset = offset;
    r->lsn = lsn;
    r->linked = false;
    r->in_batch = BATCH_UNKNOWN;
    r->stop = STOP_NONE;
}

void group_reader_resume(struct group_reader *r, const struct boundary *at)
{
    group_reader_seek(r, at->offset, at->next_lsn);
    r->link = at->link;
    r->linked = true;
    r->in_batch = BATCH_OUTSIDE;
}

void group_reader_go_on(struct group_reader *r, const struct group_reader *other)
{
    group_reader_seek(r, other->offset, other->lsn);
    r->link = other->link;
    r->linked = other->linked;
    r->in_batch = other->in_batch;
}

void group_reader_free(struct group_reader *r)
{
    mem_free(r->alloc, r->block);
    decoder_free(&r->decoder, r->alloc);
    r->block = NULL;
    r->room = r->have = 0;
}

static int make_room(struct group_reader *r, size_t size)
{
    if (size <= r->room)
        return 0;
    uint8_t *block = mem_resize(r->alloc, r->block, size);
    if (!block)
        return fault_nomem();
    r->block = block;
    r->room = size;
    return 0;
}

/* Makes r->block hold at least `size` bytes from the reader's offset on, less where the file ends;
 * *ret_have: how many. */
static int fetch(struct group_reader *r, size_t size, const uint8_t **ret, size_t *ret_have)
{
    uint64_t skip = r->offset - r->block_offset;

    if (r->offset < r->block_offset || skip > r->have)
        r->have = skip = 0, r->block_offset = r->offset;
    if (r->have - skip < size) {
        size_t want = size > r->block_bytes ? size : r->block_bytes, got = 0;
        if (r->limit != UINT64_MAX && want > size)
            want = (size_t)max_u64(size, min_u64(want, r->limit - r->offset));
        r->have -= (size_t)skip;
        if (r->have)
            memmove(r->block, r->block + skip, r->have);
        r->block_offset = r->offset;
        skip = 0;
        int e = make_room(r, want);
        if (e == 0)
            e = file_read(&r->segment->file, r->block + r->have, want - r->have,
                          r->offset + r->have, &got);
        if (e < 0)
            return e;
        r->have += got;
    }
    *ret = r->block + skip;
    *ret_have = r->have - (size_t)skip;
    return 0;
}

static int stop(struct group_reader *r, enum group_stop why)
{
    r->stop = why;
    return 0;
}

static bool batch_flags_fit(const struct group_reader *r, const struct group_header *h)
{
    bool first = h->flags & GROUP_FIRST, last = h->flags & GROUP_LAST;

    if (r->in_batch == BATCH_UNKNOWN)
        return true;
    if (r->in_batch == BATCH_INSIDE)
        return !first && h->type != GROUP_SEAL;
    return !last;
}

int group_reader_seek_place(struct group_reader *r, uint64_t offset)
{
    const struct segment_header *sh = &r->segment->header;
    struct group_header h;
    const uint8_t *bytes;
    size_t have;

    group_reader_seek(r, offset, 0);
    int e = fetch(r, GROUP_HEADER_BYTES, &bytes, &have);
    if (e < 0)
        return e;
    if (have < GROUP_HEADER_BYTES ||
        group_header_decode(&h, bytes, sh->salt, (uint32_t)sh->epoch,
                            (uint32_t)(offset / PLACE_UNIT)) != GROUP_RIGHT)
        return stop(r, STOP_ABSENT);
    r->lsn = h.first_lsn;
    return 1;
}

static int next_header(struct group_reader *r, struct group_view *ret)
{
    const struct segment_header *sh = &r->segment->header;
    const uint8_t *bytes;
    size_t have;

    if (r->offset + GROUP_HEADER_BYTES > r->limit)
        return stop(r, STOP_LIMIT);
    if (r->offset % sh->group_align || r->offset >= SEGMENT_END_MAX)
        return stop(r, STOP_ABSENT);
    int e = fetch(r, GROUP_HEADER_BYTES, &bytes, &have);
    if (e < 0)
        return e;
    if (have < GROUP_HEADER_BYTES)
        return stop(r, STOP_ABSENT);
    if (group_header_decode(&ret->header, bytes, sh->salt, (uint32_t)sh->epoch,
                            (uint32_t)(r->offset / PLACE_UNIT)) != GROUP_RIGHT)
        return stop(r, STOP_ABSENT);
    if (!decode_fits(r->segment, &ret->header))
        return stop(r, STOP_ABSENT);
    if (!PLANTED(5) && group_header_limits(&ret->header, sh->max_group_bytes) != GROUP_RIGHT)
        return stop(r, STOP_ABSENT);
    if (ret->header.first_lsn != r->lsn ||
        (r->linked && ret->header.link != r->link && !PLANTED(30)) ||
        !batch_flags_fit(r, &ret->header))
        return stop(r, STOP_CHAIN);
    ret->offset = r->offset;
    ret->end = group_end(&ret->header, sh->group_align);
    return ret->end > r->limit ? stop(r, STOP_LIMIT) : 1;
}

static int advance(struct group_reader *r, const struct group_view *g)
{
    if (g->header.flags & (GROUP_FIRST | GROUP_LAST))
        r->in_batch = g->header.flags & GROUP_FIRST ? BATCH_INSIDE : BATCH_OUTSIDE;
    r->offset = g->end;
    r->lsn += g->header.records;
    r->link = g->header.crc;
    r->linked = true;
    r->stop = STOP_NONE;
    return 1;
}

void group_reader_pass(struct group_reader *r, const struct group_view *g)
{
    (void)advance(r, g);
}

int group_reader_next_header(struct group_reader *r, struct group_view *ret)
{
    int e = next_header(r, ret);
    return e == 1 ? advance(r, ret) : e;
}

/* Whether the file is long enough for the group, so that a length is believed before memory is
 * taken for it. */
static int file_reaches(const struct group_reader *r, uint64_t end)
{
    struct os_stat st;
    if (end - r->block_offset <= r->have)
        return 1;
    int e = file_stat(&r->segment->file, &st);
    return e < 0 ? e : end <= st.size;
}

int group_reader_next(struct group_reader *r, struct group_view *ret)
{
    const uint8_t *bytes;
    size_t have, whole;

    int e = next_header(r, ret);
    if (e != 1)
        return e;
    e = file_reaches(r, ret->end);
    if (e < 0)
        return e;
    if (e == 0 && !PLANTED(5))
        return stop(r, STOP_BODY);
    whole = (size_t)(ret->end - ret->offset);
    e = fetch(r, whole, &bytes, &have);
    if (e < 0)
        return e;
    if (have < whole)
        return stop(r, STOP_BODY);
    bytes += GROUP_HEADER_BYTES;
    size_t stored = ret->header.stored_bytes;
    if (group_body_crc(r->segment->header.salt, bytes, stored) != ret->header.body_crc ||
        !all_zero(bytes + stored, whole - GROUP_HEADER_BYTES - stored))
        return stop(r, STOP_BODY);
    e = decode_body(r->segment, r->alloc, &r->decoder, &ret->header, bytes, &ret->body);
    return e < 0 ? e : e == 0 ? stop(r, STOP_BODY) : advance(r, ret);
}

bool group_reader_at_hand(const struct group_reader *r)
{
    uint64_t skip = r->offset - r->block_offset;

    if (r->offset < r->block_offset || skip > r->have || r->have - skip < GROUP_HEADER_BYTES)
        return false;
    if (r->segment->header.codec || r->segment->header.cipher)
        return false;
    uint32_t stored = group_header_stored_bytes(r->block + skip);
    return group_disk_bytes(stored, r->segment->header.group_align) <= r->have - skip;
}

int group_reader_corrupt(const struct group_reader *r)
{
    const struct file *f = &r->segment->file;
    const char *what = r->stop == STOP_BODY    ? "the group's body is damaged"
                       : r->stop == STOP_CHAIN ? "the group doesn't follow the one before"
                                               : "there is no valid group";
    return fault_at(WAL_E_CORRUPT, r->lsn, f->number, r->offset,
                    "%s/%s at offset %llu, LSN %llu: %s", f->folder->path, f->name,
                    (unsigned long long)r->offset, (unsigned long long)r->lsn, what);
}

void group_records(const struct group_view *g, const struct segment_header *h,
                   struct record_walk *ret)
{
    size_t tag = g->header.tag_bytes, padded = (size_t)align_up(tag, 8);
    bool right = all_zero(g->body + tag, padded - tag);
    *ret = (struct record_walk){
        .at = g->body + padded,
        .end = g->body + (right ? g->header.raw_bytes : padded),
        .lsn = g->header.first_lsn,
        .left = g->header.records,
        .limit = h->max_record_bytes,
    };
}

const uint8_t *group_tag(const struct group_view *g, uint32_t *ret_size)
{
    *ret_size = g->header.tag_bytes;
    return g->header.tag_bytes ? g->body : NULL;
}
