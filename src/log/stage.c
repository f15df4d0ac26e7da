/* SPDX-License-Identifier: Apache-2.0 */
#include "log/stage.h"

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "crc/crc.h"
#include "format/group.h"

/* What a group of such a body takes in the file, at most. */
static uint64_t takes(const struct stage_limits *l, uint64_t body)
{
    return group_disk_bytes(body + l->overhead, l->group_align);
}

static uint64_t open_group_end(const struct stage *s, const struct stage_limits *l, uint64_t more)
{
    uint64_t used = s->open ? s->last->used : 0;

    if (used && used + more > l->group_bytes) /* a group of its own */
        return s->end + takes(l, used) + takes(l, more);
    return s->end + takes(l, used + more);
}

bool stage_wants_segment(const struct stage *s, const struct stage_limits *l, uint64_t body,
                         uint64_t records)
{
    if (s->records == 0)
        return false; /* the first records of a segment go in whatever their size */
    if (l->segment_records && s->records + records > l->segment_records)
        return true;
    return open_group_end(s, l, body) + GROUP_HEADER_BYTES > l->segment_bytes;
}

bool stage_has_room(const struct stage *s, const struct stage_limits *l, uint64_t body,
                    uint64_t limit)
{
    const struct staged *g = s->last;
    return s->open && g == s->first && g->wait_lsn == 0 && g->used + body < limit &&
           s->end + limit + l->overhead + GROUP_ALIGN_MAX + GROUP_HEADER_BYTES <=
               l->segment_bytes &&
           (l->segment_records == 0 || s->records < l->segment_records);
}

void stage_close(struct stage *s, const struct stage_limits *l)
{
    if (!s->open)
        return;
    s->end += takes(l, s->last->used);
    s->open = false;
}

void stage_begin_segment(struct stage *s, const struct stage_limits *l, uint64_t salt, uint64_t end,
                         uint64_t records)
{
    stage_close(s, l);
    s->salt = salt;
    s->end = end;
    s->records = records;
    s->fresh = true;
}

static void group_free(const struct alloc *a, struct staged *g)
{
    mem_free(a, g->bytes);
    mem_free(a, g);
}

void stage_resync(struct stage *s, const struct stage_limits *l, const struct stage_end *now,
                  uint64_t birth_end)
{
    struct stage_end end = *now;
    for (const struct staged *g = s->first; g; g = g->next) {
        if (g->fresh)
            end = (struct stage_end){.salt = g->salt, .end = birth_end};
        end.fresh = false;
        end.records += g->records;
        if (!s->open || g != s->last)
            end.end += takes(l, g->used);
    }
    s->salt = end.salt;
    s->end = end.end;
    s->records = end.records;
    s->fresh = end.fresh;
}

/* A group buffer with room for a body of `room` bytes. */
static struct staged *group_new(struct stage *s, const struct stage_limits *l, size_t room)
{
    struct staged *g = s->spare;

    if (g && g->room == room) {
        s->spare = NULL;
    } else {
        g = mem_new(l->alloc, sizeof *g);
        if (!g)
            return NULL;
        g->room = room;
        g->bytes =
            mem_new(l->alloc, (size_t)group_disk_bytes(room, l->group_align) + GROUP_HEADER_BYTES);
        if (!g->bytes) {
            mem_free(l->alloc, g);
            return NULL;
        }
    }
    *g = (struct staged){.bytes = g->bytes, .room = g->room, .salt = s->salt, .fresh = s->fresh};
    return g;
}

static void note_waiting(struct staged *g, uint64_t lsn, bool waits)
{
    if (!waits) {
        g->buffered_after_wait |= g->wait_lsn != 0;
    } else if (g->wait_lsn == 0) {
        g->wait_lsn = lsn;
        g->wait_records = g->records;
        g->wait_used = g->used;
    }
}

/* Opens a new group at the end of the queue. */
static int begin_group(struct stage *s, const struct stage_limits *l, size_t room, uint64_t lsn)
{
    struct staged *g = group_new(s, l, room);
    if (!g)
        return fault_nomem();
    stage_close(s, l);
    g->first_lsn = lsn;
    s->fresh = false;
    *(s->last ? &s->last->next : &s->first) = g;
    s->last = g;
    s->open = true;
    return 0;
}

/* The next bytes of the open group. */
static void take_room(struct stage *s, uint64_t body, uint64_t records, uint64_t lsn, bool waits,
                      struct slot *ret)
{
    struct staged *g = s->last;
    note_waiting(g, lsn, waits);
    *ret =
        (struct slot){.group = g, .at = g->bytes + GROUP_HEADER_BYTES + g->used, .first_lsn = lsn};
    g->used += (size_t)body;
    g->records += records;
    s->records += records;
    s->pending += body;
}

int stage_reserve(struct stage *s, const struct stage_limits *l, uint64_t body, uint64_t records,
                  uint64_t lsn, bool waits, struct slot *ret)
{
    if (!s->open || s->fresh || s->last->used + body > l->group_bytes) {
        /* all of group_bytes, so that others can join */
        int e = begin_group(s, l, (size_t)max_u64(l->group_bytes, body), lsn);
        if (e < 0)
            return e;
    }
    take_room(s, body, records, lsn, waits, ret);
    return 0;
}

int stage_reserve_tagged(struct stage *s, const struct stage_limits *l, const struct tag *tag,
                         uint64_t body, uint64_t records, uint64_t lsn, bool waits,
                         struct slot *ret)
{
    size_t room = tag_room(tag);
    int e = begin_group(s, l, room + (size_t)body, lsn);
    if (e < 0)
        return e;
    take_room(s, room + body, records, lsn, waits, ret);
    tag_put(tag, ret->at);
    ret->at += room;
    ret->group->tag_bytes = (uint16_t)tag->size;
    stage_close(s, l);
    return 0;
}

struct staged *stage_take(struct stage *s, const struct stage_limits *l, bool all)
{
    struct staged *list = s->first;

    if (all)
        stage_close(s, l);
    if (!s->open) {
        s->first = s->last = NULL;
        return list;
    }
    if (list == s->last)
        return NULL;
    struct staged *g = list;
    while (g->next != s->last)
        g = g->next;
    g->next = NULL;
    s->first = s->last;
    return list;
}

void stage_put_back(struct stage *s, struct staged *list)
{
    struct staged *g = list;
    if (!list)
        return;
    while (g->next)
        g = g->next;
    g->next = s->first;
    s->first = list;
    if (!s->last)
        s->last = g;
}

uint64_t stage_first_waiting(const struct stage *s)
{
    for (const struct staged *g = s->first; g; g = g->next)
        if (g->wait_lsn)
            return g->wait_lsn;
    return 0;
}

bool stage_buffered_behind(const struct stage *s)
{
    bool waiting = false;
    for (const struct staged *g = s->first; g; g = g->next) {
        bool starts_buffered = g->wait_lsn == 0 || g->wait_used > 0;
        if (g->buffered_after_wait || (waiting && starts_buffered))
            return true;
        waiting |= g->wait_lsn != 0;
    }
    return false;
}

/* The staged groups from g on are taken back: what they counted for goes with them. */
static void give_up(struct stage *s, const struct stage_limits *l, struct staged *g)
{
    while (g) {
        struct staged *next = g->next;
        s->records -= min_u64(s->records, g->records);
        stage_recycle(s, l, g);
        g = next;
    }
}

void stage_cut(struct stage *s, const struct stage_limits *l, uint64_t lsn)
{
    struct staged *last = NULL, *g = s->first;

    stage_close(s, l);
    while (g && g->first_lsn + g->records <= lsn) {
        last = g;
        g = g->next;
    }
    if (g && g->first_lsn < lsn) { /* its first waiting record is the one */
        s->pending -= g->used - g->wait_used;
        s->records -= min_u64(s->records, g->records - g->wait_records);
        g->used = g->wait_used;
        g->records = g->wait_records;
        g->wait_lsn = 0;
        g->buffered_after_wait = false;
        last = g;
        g = g->next;
    }
    s->last = last;
    *(last ? &last->next : &s->first) = NULL;
    give_up(s, l, g);
}

void stage_recycle(struct stage *s, const struct stage_limits *l, struct staged *g)
{
    s->pending -= min_u64(s->pending, g->used);
    g->done = true;
    if (g->pins)
        return;
    if (!s->spare && g->room == l->group_bytes)
        s->spare = g;
    else
        group_free(l->alloc, g);
}

struct staged *stage_find(const struct stage *s, struct staged *also, uint64_t lsn)
{
    struct staged *lists[2] = {also, s->first};
    for (int k = 0; k < 2; k++)
        for (struct staged *g = lists[k]; g; g = g->next)
            if (lsn >= g->first_lsn && lsn - g->first_lsn < g->records)
                return g;
    return NULL;
}

const struct staged *stage_newest_tagged(const struct stage *s, const struct staged *also)
{
    const struct staged *lists[2] = {also, s->first}, *newest = NULL;
    for (int k = 0; k < 2; k++)
        for (const struct staged *g = lists[k]; g; g = g->next)
            newest = g->tag_bytes ? g : newest;
    return newest;
}

void stage_unpin(const struct stage_limits *l, struct staged *g)
{
    if (--g->pins == 0 && g->done)
        group_free(l->alloc, g);
}

void stage_records(const struct staged *g, struct record_walk *ret)
{
    const uint8_t *body = g->bytes + GROUP_HEADER_BYTES;
    *ret = (struct record_walk){
        .at = body + align_up(g->tag_bytes, 8),
        .end = body + g->used,
        .lsn = g->first_lsn,
        .left = (uint32_t)g->records,
        .limit = UINT32_MAX,
    };
}

/* Each record's checksum is over the salt of its segment. */
static void change_salt(struct staged *g, uint64_t salt)
{
    uint8_t *at = g->bytes + GROUP_HEADER_BYTES + align_up(g->tag_bytes, 8);
    struct record_walk walk;
    struct record r;

    stage_records(g, &walk);
    for (; record_next(&walk, &r) == 1; at += record_bytes(r.size)) {
        r.crc = record_crc(crc_update(0, r.payload, r.size), r.size, r.flags, r.type, r.lsn, salt);
        record_header_encode(at, &r);
    }
    g->salt = salt;
}

void stage_move(struct stage *s, uint64_t salt)
{
    struct staged *g = s->first;

    if (g && !g->fresh) {
        g->fresh = true;
        do {
            change_salt(g, salt);
            g = g->next;
        } while (g && !g->fresh);
    }
}

void stage_free(struct stage *s, const struct alloc *a)
{
    for (struct staged *g = s->first, *next; g; g = next) {
        next = g->next;
        group_free(a, g);
    }
    if (s->spare)
        group_free(a, s->spare);
    *s = (struct stage){0};
}
