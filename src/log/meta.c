#include "log/meta.h"

#include <string.h>

#include "base/bytes.h"
#include "log/commit.h"
#include "log/follow.h"
#include "log/fresh.h"
#include "log/zeros.h"

static int put_map(struct wal *w, const struct meta_map *m, bool *ret_fatal)
{
    struct outgoing g = {.header = {.type = GROUP_META,
                                    .first_lsn = w->writer.end.next_lsn,
                                    .stored_bytes = (uint32_t)m->size,
                                    .raw_bytes = (uint32_t)m->size},
                         .bytes = mem_new(w->alloc, outgoing_room(m->size, w->config.group_align))};
    uint64_t touched;

    if (!g.bytes)
        return fault_nomem();
    memcpy(g.bytes + GROUP_HEADER_BYTES, m->body, m->size);
    int e = commit_put(w, &g, 1, &touched, ret_fatal);
    mem_free(w->alloc, g.bytes);
    if (e < 0 && !*ret_fatal) {
        struct fault cause = *fault_last();
        *ret_fatal = writer_erase(&w->writer, touched) < 0;
        if (!*ret_fatal)
            fault_put(&cause);
    }
    if (e < 0)
        return e;
    e = commit_sync(w);
    *ret_fatal = e < 0;
    return e;
}

static int write_map(struct wal *w, const struct meta_map *m, bool *ret_fatal)
{
    uint64_t salt;
    const struct writer *x = &w->writer;

    *ret_fatal = false;
    if (!w->started) {
        int e = fresh_salt(w, &salt);
        if (e == 0)
            e = fresh_start(w, salt, ret_fatal);
        if (e < 0)
            return e;
    }
    uint64_t bytes = group_disk_bytes(m->size, w->config.group_align);
    if (x->end.offset + bytes > w->config.segment_bytes && x->end.offset > fresh_birth_end(w)) {
        int e = fresh_salt(w, &salt);
        if (e == 0)
            e = fresh_rotate(w, salt, ret_fatal);
        if (e < 0)
            return e;
    }
    return put_map(w, m, ret_fatal);
}

/* Under mu, with the turn; drops mu meanwhile. */
static int change_map(struct wal *w, const struct meta_entry *change)
{
    struct meta_map new;
    bool fatal = false;

    int e = meta_map_with(&w->meta, w->alloc, change, &new);
    if (e < 0)
        return e;
    zeros_settle(w);
    pthread_mutex_unlock(&w->mu);
    e = write_map(w, &new, &fatal);
    pthread_mutex_lock(&w->mu);
    if (e == 0) {
        struct meta_map old = w->meta;
        w->meta = new;
        new = old;
    }
    meta_map_free(&new, w->alloc);
    if (e < 0 && fatal) {
        wal_fail(w);
        e = wal_indoubt_fault(w, 0);
    }
    if (!w->failure)
        commit_publish(w);
    return e;
}

int meta_change(struct wal *w, const struct meta_entry *change)
{
    pthread_mutex_lock(&w->mu);
    int e = exclusive_begin(w, false);
    if (e == 0) {
        e = change_map(w, change);
        exclusive_end(w);
    }
    pthread_mutex_unlock(&w->mu);
    return e;
}

int meta_get(struct wal *w, const void *key, size_t klen, void *buf, size_t cap, size_t *ret_size)
{
    int e = follow_meta(w);
    if (e < 0)
        return e;
    pthread_mutex_lock(&w->mu);
    const struct meta_entry *m = meta_map_find(&w->meta, key, klen);
    if (!m)
        e = fault(WAL_E_NOTFOUND, "%s has no such key", w->path);
    else if (m->value_size > cap)
        e = fault(WAL_E_TOOBIG, "the value has %u bytes, the buffer %zu", m->value_size, cap);
    else if (m->value_size)
        memcpy(buf, m->value, m->value_size);
    if (m)
        *ret_size = m->value_size;
    pthread_mutex_unlock(&w->mu);
    return e;
}

int meta_snapshot(struct wal *w, struct meta_map *ret)
{
    int e = follow_meta(w);
    if (e < 0)
        return e;
    *ret = (struct meta_map){0};
    pthread_mutex_lock(&w->mu);
    if (w->meta.body)
        e = meta_map_load(ret, w->alloc, w->meta.body, w->meta.size);
    pthread_mutex_unlock(&w->mu);
    return e;
}
