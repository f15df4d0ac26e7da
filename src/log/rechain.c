/* SPDX-License-Identifier: Apache-2.0 */
#include "log/rechain.h"

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "segment/decode.h"
#include "segment/encode.h"

/* A header that is written ends the sharing of its block. */
enum { PIECE_BYTES = 1 << 20, SHARED_LEAST = 32 << 10 };

void rechain_begin(struct rechain *r)
{
    segment_start(r->from, &r->at);
    r->old_link = r->at.link;
    segment_start(r->to, &r->at);
    r->safe = r->at;
    r->sealed = r->in_batch = false;
    r->index = (struct index){.most = SEAL_ENTRIES_MAX};
}

static int damaged(const struct rechain *r)
{
    const struct file *f = &r->from->file;
    return fault_at(WAL_E_CORRUPT, r->at.next_lsn, f->number, r->at.offset,
                    "%s/%s at offset %llu, LSN %llu: there is no valid group", f->folder->path,
                    f->name, (unsigned long long)r->at.offset, (unsigned long long)r->at.next_lsn);
}

static bool flags_fit(const struct rechain *r, const struct group_header *h)
{
    bool first = h->flags & GROUP_FIRST, last = h->flags & GROUP_LAST;

    if (!decode_fits(r->from, h))
        return false;
    return r->in_batch ? !first && h->type != GROUP_SEAL : !last;
}

static bool follows(const struct rechain *r, struct group_header *h, const uint8_t *bytes)
{
    const struct segment_header *sh = &r->from->header;
    return group_header_decode(h, bytes, sh->salt, (uint32_t)sh->epoch,
                               (uint32_t)(r->at.offset / PLACE_UNIT)) == GROUP_RIGHT &&
           group_header_limits(h, sh->max_group_bytes) == GROUP_RIGHT &&
           h->first_lsn == r->at.next_lsn && h->link == r->old_link && flags_fit(r, h);
}

/* The link is sealed with the body: it is encrypted anew, under the copy's key. */
static int encrypt_anew(struct rechain *r, uint8_t *body, struct group_header *h)
{
    int e = decrypt_body(r->from, h, body, body);
    if (e < 0)
        return e;
    h->link = r->at.link;
    h->stored_bytes -= CIPHER_TAG_BYTES;
    e = encrypt_body(r->to, h, body, body);
    h->body_crc = group_body_crc(r->to->header.salt, body, h->stored_bytes);
    return e;
}

static int pass(struct rechain *r, uint8_t *bytes, struct group_header *h, size_t whole)
{
    uint32_t crc = h->crc;
    int e = h->flags & GROUP_ENCRYPTED ? encrypt_anew(r, bytes + GROUP_HEADER_BYTES, h) : 0;
    if (e < 0)
        return e;
    r->old_link = crc;
    h->link = r->at.link;
    group_header_encode(bytes, h, r->to->header.salt);
    if (h->records)
        index_add(&r->index, r->alloc, h->first_lsn, h->place);
    if (h->flags & (GROUP_FIRST | GROUP_LAST))
        r->in_batch = h->flags & GROUP_FIRST;
    r->sealed = h->type == GROUP_SEAL;
    boundary_pass(&r->at, h, NULL, r->at.offset + whole);
    if (!r->in_batch)
        r->safe = r->at;
    return 1;
}

static bool stays_shared(const struct rechain *r, size_t whole)
{
    return r->shared && whole >= SHARED_LEAST;
}

/* 1: the header at `bytes` goes on behind the group before, and its group takes *ret_whole; 0: the
 * group crosses the limit. */
static int look(const struct rechain *r, const uint8_t *bytes, struct group_header *h,
                size_t *ret_whole)
{
    if (!follows(r, h, bytes))
        return damaged(r);
    *ret_whole = (size_t)group_disk_bytes(h->stored_bytes, r->from->header.group_align);
    return r->at.offset + *ret_whole <= r->limit;
}

/* The group at `bytes` gets its new header. 1: done, r->at has moved behind it; 0: it isn't whole
 * in these bytes, and takes *ret_need; or it stays shared, or the limit lies before its end:
 * *ret_need is 0 then. */
static int take(struct rechain *r, uint8_t *bytes, size_t have, size_t *ret_need)
{
    struct group_header h;
    size_t whole;

    *ret_need = GROUP_HEADER_BYTES;
    if (r->at.offset + GROUP_HEADER_BYTES > r->limit)
        return (int)(*ret_need = 0);
    if (have < GROUP_HEADER_BYTES)
        return 0;
    int e = look(r, bytes, &h, &whole);
    if (e < 0)
        return e;
    *ret_need = e == 0 || stays_shared(r, whole) ? 0 : whole;
    if (*ret_need == 0 || have < whole)
        return 0;
    const uint8_t *body = bytes + GROUP_HEADER_BYTES;
    if (group_body_crc(r->from->header.salt, body, h.stored_bytes) != h.body_crc ||
        !all_zero(body + h.stored_bytes, whole - GROUP_HEADER_BYTES - h.stored_bytes))
        return damaged(r);
    return pass(r, bytes, &h, whole);
}

/* A length is believed once the file is known to be as long. */
static int make_room(struct rechain *r, size_t need)
{
    struct os_stat st;

    if (need <= r->room)
        return 0;
    int e = need > PIECE_BYTES ? file_stat(&r->from->file, &st) : 0;
    if (e == 0 && need > PIECE_BYTES && st.size < r->at.offset + need)
        e = damaged(r);
    if (e < 0)
        return e;
    uint8_t *bytes = mem_resize(r->alloc, r->bytes, need);
    if (!bytes)
        return fault_nomem();
    r->bytes = bytes;
    r->room = need;
    return 0;
}

static int step_whole(struct rechain *r)
{
    uint64_t from = r->at.offset;
    size_t got, done = 0, need = PIECE_BYTES;
    int e;

    do { /* a second time for a group that is larger than what there was room for */
        e = make_room(r, need);
        if (e == 0)
            e = file_read(&r->from->file, r->bytes, (size_t)min_u64(r->room, r->limit - from), from,
                          &got);
        while (e == 0 && (e = take(r, r->bytes + done, got - done, &need)) == 1) {
            done = (size_t)(r->at.offset - from);
            e = 0;
        }
        if (e == 0 && done == 0 && need > 0 && got < min_u64(r->room, r->limit - from))
            e = damaged(r); /* the file ends */
    } while (e == 0 && done == 0 && need > 0);
    if (e == 0 && done)
        e = file_write_bytes(&r->to->file, r->bytes, done, from);
    return e < 0 ? e : done > 0;
}

/* 1: a group that stays shared has its new header; 0: the next one doesn't stay so. */
static int take_shared(struct rechain *r)
{
    uint8_t bytes[GROUP_HEADER_BYTES];
    struct group_header h;
    uint64_t at = r->at.offset;
    size_t got, whole;

    if (at + sizeof bytes > r->limit)
        return 0;
    int e = file_read(&r->from->file, bytes, sizeof bytes, at, &got);
    if (e == 0)
        e = got < sizeof bytes ? damaged(r) : look(r, bytes, &h, &whole);
    if (e <= 0 || !stays_shared(r, whole))
        return e < 0 ? e : 0;
    (void)pass(r, bytes, &h, whole);
    e = file_write_bytes(&r->to->file, bytes, sizeof bytes, at);
    return e < 0 ? e : 1;
}

static int step_shared(struct rechain *r)
{
    uint64_t from = r->at.offset;
    int e = 1;

    while (e == 1 && r->at.offset - from < PIECE_BYTES)
        e = take_shared(r);
    return e < 0 ? e : r->at.offset > from;
}

int rechain_step(struct rechain *r)
{
    int e = r->shared ? step_shared(r) : 0;
    return e == 0 ? step_whole(r) : e;
}
