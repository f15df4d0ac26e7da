#include "log/long_batch.h"

#include "base/bytes.h"
#include "log/background.h"
#include "log/commit.h"
#include "log/fresh.h"
#include "log/zeros.h"

/* A place for the batch: this handle's segment, or a new one. */
static int make_place(struct wal *w, const struct source *s, bool *ret_fatal)
{
    const struct writer *x = &w->writer;
    uint64_t salt;

    *ret_fatal = false;
    int e = fresh_salt(w, &salt);
    if (e < 0)
        return e;
    if (!w->started)
        return fresh_start(w, salt, ret_fatal);
    uint64_t records = x->end.next_lsn - x->segment.header.base_lsn;
    bool full = x->end.offset + group_disk_bytes(s->body, w->config.group_align) >
                    w->config.segment_bytes ||
                (w->config.segment_records && records + s->records > w->config.segment_records);
    return full && records ? fresh_rotate(w, salt, ret_fatal) : 0;
}

/* All groups of the batch. *touched: how far a failed write may have gone. */
static int put_groups(struct wal *w, struct source *s, uint64_t *touched, bool *ret_fatal)
{
    uint32_t limit = w->config.group_bytes;
    size_t room = (size_t)max_u64(min_u64(limit, s->body), s->largest);
    struct outgoing g = {.bytes = mem_new(w->alloc, outgoing_room(room, w->config.group_align))};
    bool first = true;
    int e = 0;

    *ret_fatal = false;
    *touched = w->writer.end.offset;
    if (!g.bytes)
        return fault_nomem();
    source_rewind(s);
    while (e == 0 && s->left) {
        struct filled f;
        const struct writer *x = &w->writer;
        e = source_fill(s, limit, g.bytes + GROUP_HEADER_BYTES, x->end.next_lsn,
                        x->segment.header.salt, &f);
        if (e < 0)
            break;
        g.header = (struct group_header){
            .type = GROUP_DATA,
            .flags = (uint8_t)((first && s->left ? GROUP_FIRST : 0) |
                               (!first && !s->left ? GROUP_LAST : 0)),
            .first_lsn = x->end.next_lsn,
            .records = (uint32_t)f.records,
            .stored_bytes = (uint32_t)f.bytes,
            .raw_bytes = (uint32_t)f.bytes,
        };
        first = false;
        e = commit_put(w, &g, 1, touched, ret_fatal);
    }
    mem_free(w->alloc, g.bytes);
    return e;
}

/* Goes on in a new segment behind `end`, since bytes of the batch behind it are durable already and
 * can't be set back. */
static int leave_behind(struct wal *w, const struct boundary *end)
{
    struct fresh f = {
        .base_lsn = end->next_lsn,
        .births = {.meta = &w->meta, .alloc = w->alloc, .group_bytes = w->config.group_bytes},
        .advance = {.oldest = w->control.now.oldest, .ends = true, .end = *end, .verified = true},
        .first_lsn = w->control.now.first_lsn,
    };
    bool named;

    segment_follow(&w->writer.segment, end, &f.follow);
    int e = fresh_salt(w, &f.salt);
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
    w->writer.end = *begin;
    return writer_erase(&w->writer, touched);
}

static int write_batch(struct wal *w, struct source *s, bool durable, bool *ret_fatal)
{
    uint64_t touched;

    int e = make_place(w, s, ret_fatal);
    if (e < 0)
        return e;
    struct boundary begin = w->writer.end;
    w->batch_lsn = begin.next_lsn;
    e = put_groups(w, s, &touched, ret_fatal);
    w->batch_lsn = 0;
    if (e < 0 && !*ret_fatal) {
        struct fault cause = *fault_last();
        *ret_fatal = set_back(w, &begin, touched) < 0;
        if (!*ret_fatal)
            fault_put(&cause);
    }
    if (e == 0 && durable) {
        e = commit_sync(w);
        *ret_fatal = e < 0;
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

int long_batch(struct wal *w, struct source *s, enum append_how how, uint32_t flags,
               uint64_t *ret_first)
{
    bool fatal = false;

    pthread_mutex_lock(&w->mu);
    int e = check(w, s, flags);
    if (e == 0)
        e = exclusive_begin(w, false);
    if (e == 0)
        e = check(w, s, 0); /* the world may have changed while it waited */
    else
        goto out;
    uint64_t first = w->next_lsn;
    if (e == 0) {
        zeros_settle(w);
        pthread_mutex_unlock(&w->mu);
        e = write_batch(w, s, how == APPEND_DURABLE, &fatal);
        pthread_mutex_lock(&w->mu);
        if (e < 0 && fatal) {
            wal_fail(w);
            e = wal_indoubt_fault(w, first);
        } else if (e < 0) {
            commit_tell_unwritten(w, first);
        }
        if (e == 0)
            w->next_lsn = first + s->records;
        if (!w->failure)
            commit_publish(w);
        if (e == 0)
            note(w, how);
    }
    exclusive_end(w);
    if (e == 0) {
        append_count(w, s);
        *ret_first = first;
    }
out:
    pthread_mutex_unlock(&w->mu);
    return e;
}
