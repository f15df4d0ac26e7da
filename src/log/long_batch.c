/* SPDX-License-Identifier: Apache-2.0 */
#include "log/long_batch.h"

#include <string.h>

#include "base/bytes.h"
#include "log/background.h"
#include "log/catalog_index.h"
#include "log/checkpoint.h"
#include "log/commit.h"
#include "log/fresh.h"
#include "log/meta_changes.h"
#include "log/rotate.h"
#include "log/start.h"
#include "log/zeros.h"

/* A batch on its way into the segment. */
struct run {
    struct wal *log;
    struct source *source;
    const struct meta_map *map; /* what the metadata becomes with it; NULL: it stays as it is */
    struct outgoing group;
    bool any;         /* a group of it was put */
    uint64_t touched; /* how far a failed write may have gone */
    bool fatal;
    bool needless; /* nothing of it was tried: what was asked for can't be any more */
};

static uint64_t disk_bytes(const struct run *r)
{
    const struct wal *w = r->log;
    uint32_t align = w->config.group_align;
    uint64_t bytes = group_disk_bytes(r->source->body + tag_room(r->source->tag), align);
    bytes += r->map ? group_disk_bytes(r->map->size, align) : 0;
    return bytes + (r->source->checkpoint
                        ? checkpoint_disk_bytes(r->source->checkpoint, w->config.group_bytes, align)
                        : 0);
}

/* A place for the batch: this handle's segment, or a new one where it holds something already. */
static int make_place(struct run *r)
{
    struct wal *w = r->log;
    const struct writer *x = &w->writer;
    const struct segment_header *h = &x->segment.header;
    uint64_t salt;

    int e = fresh_salt(w, &salt);
    if (e < 0)
        return e;
    if (!w->started)
        return start_segment(w, salt, &r->fatal);
    uint64_t records = x->end.next_lsn - h->base_lsn;
    bool full =
        x->end.offset + disk_bytes(r) > w->config.segment_bytes ||
        (w->config.segment_records && records + r->source->records > w->config.segment_records);
    bool empty = records == 0 && x->end.offset == (uint64_t)h->birth_place * PLACE_UNIT;
    return x->spent || (full && !empty) ? rotate_segment(w, salt, &r->fatal) : 0;
}

/* Puts what is in r->group.bytes; `more`: another group of the batch follows. */
static int put(struct run *r, struct group_header h, bool more)
{
    h.flags = (uint8_t)((!r->any && more ? GROUP_FIRST : 0) | (r->any && !more ? GROUP_LAST : 0));
    h.first_lsn = r->log->writer.end.next_lsn;
    r->group.header = h;
    r->any = true;
    return commit_put(r->log, &r->group, 1, &r->touched, &r->fatal);
}

/* The tag is in front already. */
static int put_records(struct run *r)
{
    struct source *s = r->source;
    const struct writer *x = &r->log->writer;
    size_t tag = tag_room(s->tag);
    struct filled f;

    int e =
        source_fill(s, r->log->config.group_bytes - tag, r->group.bytes + GROUP_HEADER_BYTES + tag,
                    x->end.next_lsn, x->segment.header.salt, &f);
    if (e < 0)
        return e;
    struct group_header h = {
        .type = GROUP_DATA,
        .tag_bytes = (uint16_t)(s->tag ? s->tag->size : 0),
        .records = (uint32_t)f.records,
        .raw_bytes = (uint32_t)(tag + f.bytes),
    };
    return put(r, h, s->left || r->map);
}

static int put_map(struct run *r)
{
    struct group_header h = {.type = GROUP_META, .raw_bytes = (uint32_t)r->map->size};
    memcpy(r->group.bytes + GROUP_HEADER_BYTES, r->map->body, r->map->size);
    return put(r, h, false);
}

static int put_checkpoint(struct run *r)
{
    const struct checkpoint_state *s = r->source->checkpoint;
    uint64_t done = 0;
    int e;

    do {
        struct group_header h;
        uint64_t part = checkpoint_part_bytes(s, done, r->log->config.group_bytes);
        checkpoint_part_put(s, done, part, r->group.bytes + GROUP_HEADER_BYTES, &h);
        done += part;
        e = put(r, h, done < s->size);
    } while (e == 0 && done < s->size);
    return e;
}

static uint64_t largest_body(const struct run *r)
{
    const struct source *s = r->source;
    const struct checkpoint_state *c = s->checkpoint;
    uint64_t limit = r->log->config.group_bytes;
    uint64_t records = max_u64(min_u64(limit, s->body), s->largest) + tag_room(s->tag);
    uint64_t state = c ? checkpoint_body_bytes(checkpoint_part_bytes(c, 0, limit)) : 0;
    return max_u64(max_u64(records, state), r->map ? r->map->size : 0);
}

/* All groups of the batch. */
static int put_groups(struct run *r)
{
    struct wal *w = r->log;
    struct source *s = r->source;
    uint64_t room = largest_body(r);
    int e = 0;

    r->touched = w->writer.end.offset;
    r->group.bytes = mem_new(w->alloc, outgoing_room((size_t)room, w->config.group_align));
    if (!r->group.bytes)
        return fault_nomem();
    source_rewind(s);
    tag_put(s->tag, r->group.bytes + GROUP_HEADER_BYTES);
    if (s->tag && s->records == 0)
        e = put(r, tag_group(s->tag), true);
    while (e == 0 && s->left)
        e = put_records(r);
    if (e == 0 && r->map)
        e = put_map(r);
    if (e == 0 && s->checkpoint)
        e = put_checkpoint(r);
    mem_free(w->alloc, r->group.bytes);
    return e;
}

/* Goes on in a new segment behind `end`, since bytes of the batch behind it are durable already and
 * can't be set back. */
static int leave_behind(struct wal *w, const struct boundary *end)
{
    struct fresh f = {
        .base_lsn = end->next_lsn,
        .births = {.meta = &w->meta, .alloc = w->alloc, .group_bytes = w->config.group_bytes},
        .advance = {.oldest = w->control.now.oldest, .ends = true, .end = *end},
        .first_lsn = w->control.now.first_lsn,
        .checkpoint = w->checkpoint,
    };
    bool named;

    segment_follow(&w->writer.segment, end, &f.follow);
    int e = tag_read(&w->writer.segment, w->alloc, end->tag_offset, &f.births.tag);
    if (e == 0)
        e = fresh_salt(w, &f.salt);
    return e < 0 ? e : fresh_make(w, &f, &named);
}

/* The batch is taken back as a whole. */
static int set_back(struct wal *w, const struct boundary *begin, uint64_t touched)
{
    touched = max_u64(touched, w->writer.end.offset);
    w->batch_lsn = 0;
    w->handed_lsn = begin->next_lsn - 1;
    catalog_index_cut(&w->catalog, begin->next_lsn - 1);
    if (w->writer.durable_offset > begin->offset)
        return leave_behind(w, begin);
    writer_take_back(&w->writer, begin);
    return writer_erase(&w->writer, touched);
}

static int too_large(const struct wal *w)
{
    return fault(WAL_E_TOOBIG, "%s: the machine's state is above checkpoint_bytes", w->path);
}

/* A new segment begins with the machine's state of this moment, which may be newer than what is to
 * be written, and lies in the same memory as a snapshot that was taken before. 1: write it. */
static int check_overtaken(struct run *r, uint64_t segment_before)
{
    struct wal *w = r->log;
    const struct checkpoint_ref *c = &w->checkpoint;
    uint64_t segment = w->writer.segment.header.number;
    int e = 1;

    r->fatal = false; /* what made the place has succeeded */
    if (!r->source->checkpoint || !w->machine.ready || segment == segment_before)
        return 1;
    if (!r->source->snapshot)
        e = checkpoint_check(w, r->source->checkpoint->lsn);
    else if (c->place.segment != segment || c->lsn != w->machine.applied)
        e = too_large(w);
    else
        return 0;
    r->needless = e < 0;
    return e < 0 ? e : 1;
}

static int write_batch(struct run *r, bool durable)
{
    struct wal *w = r->log;
    uint64_t segment = w->writer.segment.header.number;

    int e = make_place(r);
    if (e == 0)
        e = check_overtaken(r, segment);
    if (e <= 0)
        return e;
    struct boundary begin = w->writer.end;
    w->batch_lsn = begin.next_lsn;
    e = put_groups(r);
    w->batch_lsn = 0;
    if (e < 0 && !r->fatal) {
        struct fault cause = *fault_last();
        r->fatal = set_back(w, &begin, r->touched) < 0;
        if (!r->fatal)
            fault_put(&cause);
    }
    if (e == 0 && durable) {
        e = commit_sync(w);
        r->fatal = e < 0;
    }
    return e;
}

static int check(const struct wal *w, const struct source *s, uint32_t flags)
{
    if (atomic_load(&w->closed))
        return fault(WAL_E_CLOSED, "%s is being closed", w->path);
    if (w->failure)
        return wal_failed_fault(w);
    if ((flags & WAL_APPEND_NOWAIT) && (w->turn.busy || w->turn.gate))
        return fault(WAL_E_BUSY, "%s: others are writing", w->path);
    if (s->records > LSN_MAX - w->next_lsn + 1)
        return fault_at(WAL_E_FULL, w->next_lsn, 0, 0, "LSNs are used up: the next one is %llu",
                        (unsigned long long)w->next_lsn);
    return 0;
}

static void note(struct wal *w, enum append_how how)
{
    struct background *b = &w->background;
    if (how == APPEND_SUBMITTED)
        b->submit_lsn = w->next_lsn - 1;
    else if (how == APPEND_BUFFERED && w->config.sync_mode == WAL_SYNC_INTERVAL)
        b->unsynced_since = w->os->now(w->os->ctx);
    else
        return;
    background_kick(w);
}

/* Under mu, with the turn; drops mu meanwhile. The state is written as it was handed out. */
static int take_snapshot(struct wal *w, struct checkpoint_state *ret)
{
    pthread_mutex_unlock(&w->mu);
    int e = machine_snapshot(w, ret);
    pthread_mutex_lock(&w->mu);
    if (e == WAL_E_CALLBACK)
        wal_fail(w);
    return e == 1 ? 0 : e < 0 ? e : too_large(w);
}

/* Under mu, with the turn; drops mu meanwhile. */
static int commit(struct wal *w, struct source *s, enum append_how how, uint64_t *ret_first)
{
    struct meta_map map = {0};
    struct run r = {.log = w, .source = s, .map = s->changes ? &map : NULL};
    uint64_t first = s->records ? w->next_lsn : 0;

    int e = s->snapshot ? take_snapshot(w, s->snapshot) : 0;
    if (e == 0 && s->checkpoint)
        e = checkpoint_check(w, s->checkpoint->lsn);
    if (e < 0)
        return e;
    e = s->changes ? meta_map_with(&w->meta, w->alloc, s->changes->list, s->changes->n, &map) : 0;
    if (e < 0)
        return e;
    zeros_wait(w);
    pthread_mutex_unlock(&w->mu);
    e = write_batch(&r, how == APPEND_DURABLE);
    pthread_mutex_lock(&w->mu);
    if (e < 0 && r.fatal) {
        wal_fail(w);
        e = wal_indoubt_fault(w, first);
    } else if (e < 0 && !r.needless) {
        commit_tell_unwritten(w, first);
    }
    if (e == 0) {
        w->next_lsn += s->records;
        append_count(w, s);
        *ret_first = first;
    }
    if (e == 0 && r.map)
        meta_map_swap(&w->meta, &map);
    if (e == 0 && s->checkpoint)
        checkpoint_written(w);
    if (!w->failure)
        commit_publish(w);
    if (e == 0)
        note(w, how);
    meta_map_free(&map, w->alloc);
    return e;
}

int long_batch(struct wal *w, struct source *s, enum append_how how, uint32_t flags,
               uint64_t *ret_first)
{
    if (s->changes || s->checkpoint)
        how = APPEND_DURABLE; /* what can be asked for is nothing that a crash takes back */
    pthread_mutex_lock(&w->mu);
    int e = check(w, s, flags);
    if (e == 0)
        e = exclusive_begin(w, false);
    if (e == 0) {
        e = check(w, s, 0); /* the world may have changed while it waited */
        if (e == 0)
            e = commit(w, s, how, ret_first);
        exclusive_end(w);
    }
    pthread_mutex_unlock(&w->mu);
    return e;
}
