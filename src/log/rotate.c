/* SPDX-License-Identifier: Apache-2.0 */
#include "log/rotate.h"

#include "base/bytes.h"
#include "base/plant.h"
#include "log/catalog_index.h"
#include "log/commit.h"
#include "log/fresh.h"
#include "log/prepared.h"
#include "log/reserve.h"
#include "log/tag.h"

/* Writes the seal; when that fails it is set back. */
static int put_seal(struct wal *w, uint8_t *bytes, size_t size, bool *ret_fatal)
{
    uint64_t touched;
    struct outgoing g = {.header = {.type = GROUP_SEAL,
                                    .first_lsn = w->writer.end.next_lsn,
                                    .raw_bytes = (uint32_t)size},
                         .bytes = bytes};

    if (!writer_in_window(&w->writer, writer_bytes(&w->writer, &g, 1))) {
        int e = commit_sync(w);
        *ret_fatal = e < 0;
        if (e < 0)
            return e;
    }
    int e = writer_prepare(&w->writer, &g, 1);
    if (e < 0)
        return e;
    e = writer_put(&w->writer, &g, 1, 0, &touched);
    if (reserve_spend(w, e)) {
        uint64_t before = touched;
        e = writer_put(&w->writer, &g, 1, 0, &touched);
        touched = max_u64(touched, before);
    }
    if (e < 0) {
        struct fault cause = *fault_last();
        *ret_fatal = writer_erase(&w->writer, touched) < 0;
        if (!*ret_fatal)
            fault_put(&cause);
    }
    return e;
}

/* A spent segment ends without a seal. */
static int seal(struct wal *w, bool *ret_fatal)
{
    size_t size = 0;

    if (w->writer.spent)
        return 0;
    uint8_t *bytes = catalog_seal_body(&w->catalog, &size);
    if (!bytes)
        return fault_nomem();
    int e = put_seal(w, bytes, size, ret_fatal);
    mem_free(w->alloc, bytes);
    return e;
}

int rotate_seal(struct wal *w, bool *ret_fatal)
{
    *ret_fatal = false;
    int e = seal(w, ret_fatal);
    if (e < 0 || PLANTED(9))
        return e;
    e = commit_sync(w);
    *ret_fatal = e < 0;
    if (e == 0)
        event_tell(w, &(wal_event_t){.kind = WAL_EVENT_PERSISTED,
                                     .segment = w->writer.segment.header.number,
                                     .lsn = w->writer.end.next_lsn - 1,
                                     .bytes = w->writer.end.offset});
    return e;
}

/* The largest group of the machine's state. */
static uint64_t state_body(const struct births *b)
{
    return b->state ? checkpoint_body_bytes(checkpoint_part_bytes(b->state, 0, b->group_bytes)) : 0;
}

/* Whatever can't be read, or lacks space or memory, says so while there still is a way back. */
static int reserve_all(struct wal *w, struct births *b)
{
    int e = prepared_make(w);
    if (e == 0)
        e = catalog_reserve(&w->catalog);
    if (e == 0)
        e = tag_read(&w->writer.segment, w->alloc, w->writer.end.tag_offset, &b->tag);
    if (e == 0 && (w->meta.body || b->tag.size || b->state)) {
        uint64_t body = max_u64(w->meta.size, tag_room(&b->tag));
        body = max_u64(body, state_body(b));
        b->lent_bytes = outgoing_room((size_t)body, w->config.group_align);
        b->lent = mem_new(w->alloc, b->lent_bytes);
        e = b->lent ? 0 : fault_nomem();
    }
    return e;
}

/* Behind the seal there is no way back. */
static int seal_and_make(struct wal *w, struct fresh *f, bool *ret_fatal)
{
    const struct writer *x = &w->writer;
    bool named;

    int e = rotate_seal(w, ret_fatal);
    if (e < 0)
        return e;
    segment_follow(&x->segment, &x->end, &f->follow);
    f->advance.end = x->end;
    e = fresh_make_trimmed(w, f, &x->end, &named);
    *ret_fatal = e < 0;
    return e;
}

int rotate_segment(struct wal *w, uint64_t salt, bool *ret_fatal)
{
    struct fresh f = {
        .salt = salt,
        .base_lsn = w->writer.end.next_lsn,
        .births = {.meta = &w->meta, .alloc = w->alloc, .group_bytes = w->config.group_bytes},
        .advance = {.oldest = w->control.now.oldest, .ends = true, .checkpoint_known = true},
        .first_lsn = w->control.now.first_lsn,
        .checkpoint = w->checkpoint,
    };

    struct checkpoint_state state;

    int e = w->machine.ready ? commit_sync(w) : 0; /* the machine is given everything */
    *ret_fatal = e < 0;
    if (e == 0)
        e = fresh_head(w, &f, &state, ret_fatal);
    if (e == 0)
        e = reserve_all(w, &f.births);
    if (e == 0)
        e = seal_and_make(w, &f, ret_fatal);
    if (e == 0) {
        stat_add(&w->stats, WAL_STAT_ROTATIONS, 1);
        event_tell(w, &(wal_event_t){.kind = WAL_EVENT_ROTATED,
                                     .segment = w->writer.segment.header.number,
                                     .lsn = w->writer.end.next_lsn});
    }
    mem_free(w->alloc, f.births.lent);
    if (e == 0)
        (void)!reserve_fill(w);
    return e;
}
