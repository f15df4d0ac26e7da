/* SPDX-License-Identifier: Apache-2.0 */
#include "log/machine.h"

#include <libwal/wal.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "log/callback.h"
#include "log/checkpoint.h"
#include "log/long_batch.h"
#include "log/reader.h"

enum { FIRST_ROOM = 64 * 1024 };

static int refused(const char *what, int answer, uint64_t lsn)
{
    return fault_at(WAL_E_CALLBACK, lsn, 0, 0, "the machine's %s returned %d for record %llu", what,
                    answer, (unsigned long long)lsn);
}

static int apply(struct wal *w, const struct record *r, const uint8_t *tag, uint32_t tag_size)
{
    struct in_callback in;
    wal_record_t record = {.size = sizeof record,
                           .type = r->type,
                           .lsn = r->lsn,
                           .data = r->payload,
                           .data_size = r->size,
                           .tag = tag,
                           .tag_size = tag_size};

    record.flags = WAL_RECORD_DURABLE | (r->flags & RECORD_BATCH_LAST ? WAL_RECORD_BATCH_LAST : 0u);
    callback_begin(&in, w);
    int answer = w->config.machine.apply(w->config.machine.ctx, &record);
    callback_end(&in);
    if (answer != 0)
        return refused("apply", answer, r->lsn);
    w->machine.applied = r->lsn;
    return 0;
}

/* While the log is open */

static int apply_group(struct wal *w, const struct group_view *g)
{
    struct record_walk walk;
    struct record r;
    uint32_t tag_size;
    const uint8_t *tag = group_tag(g, &tag_size);
    int e = 0;

    group_records(g, &w->writer.segment.header, &walk);
    while (e == 0 && walk.left) {
        if (record_next(&walk, &r) != 1)
            return fault_at(WAL_E_CORRUPT, walk.lsn, w->writer.segment.header.number, g->offset,
                            "%s: a group that was just written can't be read back", w->path);
        e = apply(w, &r, tag, tag_size);
    }
    return e;
}

/* Also past groups without records, so that the place is never within a batch. One that is still
 * being written is left for the next time, from its first group on. */
static int apply_to(struct wal *w, struct group_reader *r, uint64_t lsn)
{
    struct machine *m = &w->machine;
    struct boundary now = m->at;
    struct group_view g;
    int e;

    while ((e = group_reader_next(r, &g)) == 1) {
        if (g.header.records && g.header.first_lsn > lsn)
            return 0;
        e = apply_group(w, &g);
        if (e < 0)
            return e;
        boundary_pass(&now, &g.header, NULL, g.end);
        if (!r->in_batch)
            m->at = now;
    }
    return e == 0 && m->applied < lsn ? group_reader_corrupt(r) : e;
}

/* What isn't applied yet lies in the present segment: before a new one is made, everything was. */
int machine_apply(struct wal *w)
{
    struct machine *m = &w->machine;
    const struct writer *x = &w->writer;
    struct group_reader r;

    if (!m->ready || m->applied >= x->watermark)
        return 0;
    group_reader_init(&r, &x->segment, w->alloc,
                      (size_t)min_u64(x->durable_offset - m->at.offset, GROUP_BLOCK_BYTES));
    group_reader_resume(&r, &m->at);
    r.limit = x->durable_offset;
    int e = apply_to(w, &r, x->watermark);
    group_reader_free(&r);
    return e;
}

void machine_move(struct wal *w)
{
    w->machine.at = w->writer.end;
}

uint64_t machine_shown(const struct wal *w, uint64_t durable)
{
    return w->machine.ready ? min_u64(durable, w->machine.applied) : durable;
}

void machine_failed(struct wal *w, const struct fault *why)
{
    uint64_t applied = w->machine.applied;

    if (applied > atomic_load(&w->durable_lsn))
        notify_durable(w, applied);
    waiters_answer(w, applied + 1, w->writer.watermark, why);
}

/* Snapshots */

static int ask(struct wal *w, size_t *ret_size)
{
    struct in_callback in;
    const wal_machine_t *u = &w->config.machine;

    *ret_size = 0;
    callback_begin(&in, w);
    int answer = u->snapshot(u->ctx, w->machine.state, w->machine.room, ret_size);
    callback_end(&in);
    return answer;
}

static int make_room(struct wal *w, size_t size)
{
    struct machine *m = &w->machine;
    if (size <= m->room)
        return 0;
    uint8_t *p = mem_resize(w->alloc, m->state, size);
    if (!p)
        return fault_nomem();
    m->state = p;
    m->room = size;
    return 0;
}

static int too_big(struct wal *w, size_t size)
{
    event_tell(w, &(wal_event_t){.kind = WAL_EVENT_WRITE_ERROR,
                                 .lsn = w->machine.applied,
                                 .bytes = size,
                                 .code = WAL_E_TOOBIG});
    return 0;
}

int machine_snapshot(struct wal *w, struct checkpoint_state *ret)
{
    struct machine *m = &w->machine;
    uint32_t most = w->config.checkpoint_bytes;
    size_t size = (size_t)min_u64(FIRST_ROOM, most);
    int answer;

    if (!m->ready || m->applied == 0)
        return 0;
    do {
        if (size > most)
            return too_big(w, size);
        int e = make_room(w, size);
        if (e < 0)
            return e;
        answer = ask(w, &size);
    } while (answer == WAL_E_TOOBIG && size > m->room);
    if (answer != 0 || size > m->room)
        return refused("snapshot", answer, m->applied);
    *ret = (struct checkpoint_state){.lsn = m->applied, .size = size, .bytes = m->state};
    atomic_store(&m->head_bytes,
                 checkpoint_disk_bytes(ret, w->config.group_bytes, w->config.group_align));
    return 1;
}

int machine_checkpoint(struct wal *w)
{
    struct checkpoint_state state;
    struct source s;
    uint64_t none;

    source_none(&s);
    s.checkpoint = s.snapshot = &state;
    return long_batch(w, &s, APPEND_DURABLE, 0, &none);
}

/* At open */

static int restore(struct wal *w)
{
    struct in_callback in;
    struct checkpoint_state s;
    const wal_machine_t *u = &w->config.machine;
    uint8_t *bytes;

    int e = checkpoint_read_whole(w, &bytes, &s);
    if (e == 0) {
        callback_begin(&in, w);
        int answer = u->restore(u->ctx, s.lsn, bytes, (size_t)s.size);
        callback_end(&in);
        e = answer != 0 ? refused("restore", answer, s.lsn) : 0;
    }
    mem_free(w->alloc, bytes);
    return e;
}

static int catch_up(struct wal *w)
{
    struct wal_reader *r;
    struct record x;
    uint64_t from;
    uint32_t tag_size;
    bool durable;

    int e = checkpoint_replay_from(w, &from);
    if (e == 0)
        e = reader_open(w, from, 0, &r);
    if (e < 0)
        return e;
    while (e == 0 && (e = reader_next(r, &x, &durable)) == 1) {
        const uint8_t *tag = reader_tag(r, &tag_size);
        e = apply(w, &x, tag, tag_size);
    }
    reader_close(r);
    return e;
}

/* A segment that this open has made began without a checkpoint, since there was no state yet. It
 * gets one now, if there is space. */
static int begin_segment(struct wal *w)
{
    struct fault before = *fault_last();

    if (!w->started || w->checkpoint.lsn == w->machine.applied)
        return 0;
    int e = machine_checkpoint(w);
    if (e == WAL_E_CALLBACK || w->failure)
        return e;
    fault_put(&before);
    return 0;
}

int machine_open(struct wal *w)
{
    struct machine *m = &w->machine;

    if (!w->config.has_machine)
        return 0;
    int e = w->checkpoint.lsn ? restore(w) : 0;
    if (e == 0)
        e = catch_up(w);
    if (e < 0)
        return e;
    m->applied = w->next_lsn - 1;
    m->ready = true;
    machine_move(w);
    return begin_segment(w);
}

void machine_free(struct wal *w)
{
    mem_free(w->alloc, w->machine.state);
}
