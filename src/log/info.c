/* SPDX-License-Identifier: Apache-2.0 */
#include "log/info.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "log/catalog_index.h"
#include "log/checkpoint.h"
#include "log/follow.h"
#include "log/retain.h"

struct lister {
    struct wal *log;
    struct segment_info *list;
    size_t n, room;
};

static void list_member(void *ctx, const struct member *m, const struct member *after)
{
    struct lister *x = ctx;
    struct wal *w = x->log;
    const struct segment_header *h = &m->segment.header;
    uint64_t first = max_u64(h->base_lsn, atomic_load(&w->first_lsn));
    uint64_t next = after || m->sealed ? m->end.next_lsn : w->written_lsn + 1;

    if (x->n < x->room)
        x->list[x->n] = (struct segment_info){
            .number = m->number,
            .first_lsn = first,
            .last_lsn = max_u64(next, first) - 1,
            .bytes = after || m->sealed ? m->end.offset : w->written_offset,
            .created_ns = h->created_ns,
            .active = !after,
        };
    x->n++;
}

/* A segment may go meanwhile, and one that is damaged is to be listed all the same. */
static int add_checkpoints(struct wal *w, struct lister *x)
{
    struct fault before = *fault_last();
    int e = 0;
    for (size_t k = 0; e == 0 && k < x->n; k++) {
        e = checkpoint_lsn_in_segment(w, x->list[k].number, &x->list[k].checkpoint_lsn);
        if (e == WAL_E_NOTFOUND || e == WAL_E_CORRUPT)
            e = 0;
    }
    if (e == 0)
        fault_put(&before);
    return e;
}

int info_segments(struct wal *w, struct segment_info **ret, size_t *ret_n)
{
    struct lister x = {.log = w, .room = 16};
    int e = follow_meta(w);
    if (e == 0)
        e = catalog_walk(&w->catalog);
    if (e < 0)
        return e;
    for (;;) {
        x.n = 0;
        x.list = mem_new(w->alloc, x.room * sizeof *x.list);
        if (!x.list)
            return fault_nomem();
        pthread_mutex_lock(&w->mu);
        catalog_each(&w->catalog, list_member, &x);
        pthread_mutex_unlock(&w->mu);
        if (x.n <= x.room)
            break;
        mem_free(w->alloc, x.list);
        x.room = x.n;
    }
    e = add_checkpoints(w, &x);
    if (e < 0) {
        mem_free(w->alloc, x.list);
        return e;
    }
    *ret = x.list;
    *ret_n = x.n;
    return 0;
}

int info_log(struct wal *w, struct segment_header *ret_newest, uint64_t *ret_strays)
{
    struct names names = {0};
    int e = follow_look(w);
    if (e == 0)
        e = directory_names(&w->folder, w->alloc, &names);
    if (e < 0)
        return e;
    *ret_strays = names.strays;
    names_free(&names, w->alloc);
    bool any = catalog_newest_header(&w->catalog, ret_newest);
    (void)any; /* an open log has a segment */
    return 0;
}

struct adder {
    const struct wal *log;
    uint64_t bytes;
};

static int add_file(void *arg, const char *name)
{
    struct adder *x = arg;
    const struct os *os = x->log->os;
    struct os_stat st;
    uint64_t number;

    if (!name_is_segment(name, &number) && !name_is_temp(name) && strcmp(name, NAME_CONTROL) != 0 &&
        strcmp(name, NAME_RESERVE) != 0)
        return 0;
    int r = os->stat_at(os->ctx, x->log->folder.fd, name, &st);
    if (r == 0)
        x->bytes += st.disk_bytes;
    return r == -ENOENT ? 0 : r; /* removed meanwhile */
}

int info_disk_bytes(struct wal *w, uint64_t *ret)
{
    struct adder x = {.log = w};
    int r = w->os->dir_list(w->os->ctx, w->folder.fd, add_file, &x);
    if (r < 0)
        return fault_os(-r, "%s can't be listed", w->path);
    *ret = x.bytes;
    return 0;
}

void info_refresh_stats(struct wal *w)
{
    stat_set(&w->stats, WAL_STAT_INDEX_BYTES, catalog_index_bytes(&w->catalog));
    stat_set(&w->stats, WAL_STAT_PINNED_BYTES, retain_pinned_bytes(w));
    pthread_mutex_lock(&w->mu);
    stat_set(&w->stats, WAL_STAT_PENDING_BYTES, w->stage.pending);
    pthread_mutex_unlock(&w->mu);
}
