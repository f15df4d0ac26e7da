/* SPDX-License-Identifier: Apache-2.0 */
#include "log/follow.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "log/create.h"
#include "log/directory.h"
#include "log/place.h"
#include "log/reader.h"
#include "log/recover.h"

enum { TRIES = 8, PATIENCE = 10000 };

/* Control is not there, or names no segment: then there is no log, unless segments tell otherwise.
 */
static int no_log(struct wal *w, const struct control_file *c)
{
    int e = directory_names(&w->folder, w->alloc, &w->leftovers);
    if (e == 0)
        e = create_check_segments(&w->folder, w->alloc, &w->leftovers, c);
    names_free(&w->leftovers, w->alloc);
    return e < 0 ? e : fault(WAL_E_NOTFOUND, "%s has no log", w->path);
}

static int open_control(struct wal *w)
{
    struct follower *f = w->follower;
    int e = file_open(&f->control, &f->folder, NAME_CONTROL, OS_READ, 0);
    return e == WAL_E_NOTFOUND ? no_log(w, NULL) : e;
}

/* Control is removed by wal_destroy alone. Another log in its place has another file. */
static int check_there(const struct wal *w)
{
    struct os_stat st;
    int e = file_stat(&w->follower->control, &st);
    if (e == 0 && st.links == 0)
        e = fault(WAL_E_FAILED, "the log in %s was destroyed", w->path);
    return e;
}

static int read_control_once(struct wal *w, bool first_look, struct control_file *ret)
{
    struct control_file c = {.file = w->follower->control};

    int e = first_look ? 0 : check_there(w);
    if (e == 0)
        e = control_read(&c, true);
    if (e < 0)
        return e;
    if (!c.found && !first_look)
        return fault(WAL_E_CORRUPT, "%s/%s has no valid slot", w->path, NAME_CONTROL);
    if (c.found && !first_look && memcmp(c.now.uuid, w->control.now.uuid, UUID_BYTES) != 0)
        return fault(WAL_E_FAILED, "%s is another log now", w->path);
    if (!c.found || c.now.newest == 0)
        return no_log(w, &c);
    *ret = c;
    return 0;
}

/* Slots and witness. A slot may be in the middle of being written, and a log of being created, so
 * what is wrong is looked at again. */
static int read_control(struct wal *w, bool first_look, struct control_file *ret)
{
    int e = WAL_E_CORRUPT;
    for (int k = 0; e == WAL_E_CORRUPT && k < TRIES; k++)
        e = read_control_once(w, first_look, ret);
    return e;
}

/* A log object that recovery fills in beside the real one, so that readers go on meanwhile. */
static int view_new(struct wal *w, const struct control_file *control, struct wal **ret)
{
    struct wal *v = mem_new_zeroed(w->alloc, sizeof *v);
    if (!v)
        return fault_nomem();
    v->config = w->config;
    v->os = w->os;
    v->alloc = w->alloc;
    v->path = w->path;
    v->folder = w->folder;
    v->control = *control;
    int e = pthread_mutex_init(&v->mu, NULL) == 0 ? 0 : fault_nomem();
    if (e == 0)
        e = catalog_init(&v->catalog, &w->folder, w->alloc, w->config.index_bytes);
    if (e < 0) {
        mem_free(w->alloc, v);
        return e;
    }
    memcpy(v->catalog.uuid, control->now.uuid, UUID_BYTES);
    *ret = v;
    return 0;
}

static void view_free(struct wal *w, struct wal *v)
{
    catalog_free(&v->catalog);
    meta_map_free(&v->meta, w->alloc);
    names_free(&v->leftovers, w->alloc);
    pthread_mutex_destroy(&v->mu);
    mem_free(w->alloc, v);
}

/* While the slots differ only what both states have is durable for sure: from the higher one's
 * first LSN up to what its newest segment has kept of the records before; all of it where that
 * segment is the lower one's, too, since what is cut off at the end is cut off by a new one. */
static int cap_by_higher(struct wal *v, uint64_t *first, struct boundary *durable)
{
    struct segment s;

    if (!v->control.newer)
        return 0;
    *first = max_u64(*first, v->control.higher.first_lsn);
    if (v->control.higher.newest == v->control.now.newest)
        return 0;
    struct fault before = *fault_last();
    int e = segment_open(&s, &v->folder, v->control.higher.newest, OS_READ);
    if (e == WAL_E_IO || e == WAL_E_NOMEM)
        return e;
    if (e < 0) { /* not there yet: then nothing is */
        fault_put(&before);
        durable->next_lsn = *first;
        return 0;
    }
    uint64_t base = s.header.base_lsn, kept = min_u64(s.header.kept_records, UINT64_MAX - base);
    durable->next_lsn = min_u64(durable->next_lsn, base + kept);
    segment_close(&s);
    return 0;
}

struct cut {
    uint64_t above;  /* number of the newest segment that was known */
    uint64_t oldest; /* of the chain */
    uint64_t lsn;
};

/* A reader that stands above what a new segment has kept stood in what was cut off. Where segments
 * between the known ones and the oldest came and went unseen, no reader's place is known to have
 * stayed. */
static void note_cut(void *ctx, const struct member *m, const struct member *after)
{
    struct cut *c = ctx;
    const struct segment_header *h = &m->segment.header;
    (void)after;
    if (h->number > c->above)
        c->lsn = min_u64(c->lsn, h->base_lsn + h->kept_records - 1);
    if (h->number == c->oldest && h->follow.number > c->above)
        c->lsn = 0;
}

static int find_cut(struct wal *v, struct cut *c)
{
    struct member *newest;
    int e = catalog_newest(&v->catalog, &newest);
    if (e < 0)
        return e;
    if (newest->segment.header.follow.number > c->above)
        e = catalog_walk(&v->catalog);
    catalog_release(&v->catalog, newest);
    c->oldest = v->catalog.oldest;
    if (e == 0)
        catalog_each(&v->catalog, note_cut, c);
    return e;
}

static void show(struct wal *w, struct wal *v, const struct ending *end, uint64_t first,
                 const struct boundary *durable, const struct cut *cut)
{
    uint64_t next = max_u64(durable->next_lsn, first);

    pthread_mutex_lock(&w->mu);
    atomic_fetch_add(&w->shape, 1); /* first: whoever sees the new catalog sees this too */
    catalog_swap(&w->catalog, &v->catalog);
    w->control = v->control;
    w->checkpoint = v->checkpoint.lsn < next ? v->checkpoint : (struct checkpoint_ref){0};
    atomic_store(&w->first_lsn, first);
    if (next - 1 > atomic_load(&w->durable_lsn))
        notify_durable(w, next - 1);
    else
        notify_cut(w, next - 1, next - 1);
    w->next_lsn = next;
    w->written_lsn = next - 1;
    w->written_offset = end->vouched.offset;
    w->follower->seen = end->vouched;
    w->follower->durable_offset = end->vouched.offset;
    readers_cut(w, cut->lsn);
    turn_changed(w);
    pthread_mutex_unlock(&w->mu);
}

static int load(struct wal *w, const struct control_file *control, bool first_look)
{
    struct wal *v = NULL;
    struct ending end;
    struct cut cut = {.above = first_look ? UINT64_MAX : w->control.now.newest, .lsn = UINT64_MAX};

    int e = view_new(w, control, &v);
    if (e < 0)
        return e;
    e = recover_chain(v);
    if (e == 0)
        e = recover_ending(v, &end);
    if (e == 0)
        e = recover_adopt(v, &end);
    if (e == 0)
        e = find_cut(v, &cut);
    uint64_t first = control->now.first_lsn;
    struct boundary durable = {0};
    if (e == 0) {
        durable = end.vouched;
        e = cap_by_higher(v, &first, &durable);
    }
    if (e == 0 && first_look)
        w->report = v->report; /* nobody sees the handle yet */
    if (e == 0)
        show(w, v, &end, first, &durable, &cut);
    view_free(w, v);
    return e;
}

static bool may_be_the_writer(int e)
{
    return e == WAL_E_CORRUPT || e == WAL_E_NOTFOUND;
}

/* The log may change under the look, as often as its writer is quicker. What was half written then
 * is whole the next time, since the evidence against it came later. So only what is wrong twice in
 * a row, at the same place and in the same way, is damaged. */
static int load_patiently(struct wal *w, bool first_look)
{
    struct control_file c;
    struct fault before = {0};
    int e = WAL_E_CORRUPT;

    for (int k = 0; may_be_the_writer(e) && k < PATIENCE; k++) {
        e = read_control(w, first_look, &c);
        if (e < 0)
            return e;
        e = load(w, &c, first_look);
        if (may_be_the_writer(e) && fault_same(&before, fault_last()))
            break;
        before = *fault_last();
    }
    return e == WAL_E_NOTFOUND ? fault(WAL_E_CORRUPT, "%s: a segment is missing", w->path) : e;
}

/* What the witness says about the segment that is known as the newest. */
static void take_witness(struct wal *w, const struct control_file *c)
{
    struct member *m;
    const struct witness *x = &c->witness;

    if (!c->has_witness || catalog_newest(&w->catalog, &m) < 0)
        return;
    bool counts =
        x->segment == m->number && x->salt_low == (uint32_t)m->segment.header.salt && !c->newer;
    catalog_release(&w->catalog, m);
    if (!counts)
        return;
    pthread_mutex_lock(&w->mu);
    if (x->durable_lsn > atomic_load(&w->durable_lsn)) {
        w->next_lsn = x->durable_lsn + 1;
        notify_durable(w, x->durable_lsn);
    }
    w->written_lsn = max_u64(w->written_lsn, x->durable_lsn);
    w->written_offset = max_u64(w->written_offset, (uint64_t)x->durable_place * PLACE_UNIT);
    w->follower->durable_offset =
        max_u64(w->follower->durable_offset, (uint64_t)x->durable_place * PLACE_UNIT);
    pthread_mutex_unlock(&w->mu);
}

/* What is written and not yet durable, for readers that ask for it. */
static int look_ahead(struct wal *w)
{
    struct follower *f = w->follower;
    struct group_reader r;
    struct group_view g;
    struct member *m;

    if (!atomic_load(&f->want_written))
        return 0;
    int e = catalog_newest(&w->catalog, &m);
    if (e < 0)
        return e;
    group_reader_init(&r, &m->segment, w->alloc, GROUP_BLOCK_BYTES);
    group_reader_resume(&r, &f->seen);
    while ((e = group_reader_next(&r, &g)) == 1)
        if (!r.in_batch)
            f->seen = (struct boundary){.offset = r.offset, .next_lsn = r.lsn, .link = r.link};
    group_reader_free(&r);
    catalog_release(&w->catalog, m);
    pthread_mutex_lock(&w->mu);
    w->written_lsn = max_u64(w->written_lsn, f->seen.next_lsn - 1);
    w->written_offset = max_u64(w->written_offset, f->seen.offset);
    pthread_mutex_unlock(&w->mu);
    return e;
}

static int look(struct wal *w)
{
    struct control_file c;

    int e = read_control(w, false, &c);
    if (e < 0)
        return e;
    if (c.now.sequence != w->control.now.sequence ||
        c.higher.sequence != w->control.higher.sequence)
        e = load_patiently(w, false);
    else
        take_witness(w, &c);
    return e < 0 ? e : look_ahead(w);
}

int follow_look(struct wal *w)
{
    if (!w->follower)
        return 0;
    pthread_mutex_lock(&w->follower->mu);
    int e = look(w);
    pthread_mutex_unlock(&w->follower->mu);
    notify_events(w);
    return e;
}

/* Under the follower's lock. */
static bool load_anew(struct wal *w, int *e, struct fault *last)
{
    if (*e != WAL_E_CORRUPT || fault_same(last, fault_last()))
        return false;
    *last = *fault_last();
    *e = load_patiently(w, false);
    return *e == 0;
}

bool follow_anew(struct wal *w, int *e, struct fault *last)
{
    if (!w->follower || *e != WAL_E_CORRUPT)
        return false;
    pthread_mutex_lock(&w->follower->mu);
    bool again = load_anew(w, e, last);
    pthread_mutex_unlock(&w->follower->mu);
    notify_events(w);
    return again;
}

void follow_want_written(struct wal *w)
{
    if (w->follower)
        atomic_store(&w->follower->want_written, true);
}

static int load_meta(struct wal *w, const struct segment *s, uint64_t offset)
{
    int e = 0;
    pthread_mutex_lock(&w->mu);
    if (offset == 0)
        meta_map_free(&w->meta, w->alloc);
    else
        e = recover_meta(w, s, offset);
    pthread_mutex_unlock(&w->mu);
    return e;
}

/* While control changes, what is durable may end in another segment than the newest. */
static int tag_below_cap(struct wal *w, struct tag *ret)
{
    uint64_t lsn = atomic_load(&w->durable_lsn);
    struct boundary at;
    struct member *m;
    bool split;

    int e = catalog_find(&w->catalog, lsn + 1, &m);
    if (e < 0)
        return e;
    e = place_boundary(w, m, lsn, w->follower->durable_offset, &at, &split);
    if (e == 0)
        e = tag_within(&m->segment, w->alloc, &at, split, ret);
    catalog_release(&w->catalog, m);
    return e;
}

/* While control changes, one above what both states have may be gone in the other. */
static void note_checkpoint(struct wal *w, const struct boundary *end, uint64_t number)
{
    pthread_mutex_lock(&w->mu);
    if (end->checkpoint_offset && end->checkpoint_lsn <= atomic_load(&w->durable_lsn))
        w->checkpoint =
            (struct checkpoint_ref){end->checkpoint_lsn, {number, end->checkpoint_offset}};
    pthread_mutex_unlock(&w->mu);
}

static int search_in(struct wal *w, const struct member *m)
{
    struct follower *f = w->follower;
    uint64_t offset = f->durable_offset;
    struct boundary end;

    f->searched_segment = 0;
    int e = tail_boundary_below(&m->segment, w->alloc, offset, &end);
    if (e == 0)
        e = load_meta(w, &m->segment, end.meta_offset);
    if (e == 0)
        note_checkpoint(w, &end, m->number);
    if (e == 0 && w->control.newer)
        return tag_below_cap(w, &f->tag);
    if (e == 0)
        e = tag_read(&m->segment, w->alloc, end.tag_offset, &f->tag);
    if (e == 0) {
        f->searched_segment = m->number;
        f->searched_offset = offset;
    }
    return e;
}

/* Metadata, tag and checkpoint at the end of what is durable. */
static int search(struct wal *w)
{
    const struct follower *f = w->follower;
    struct member *m;

    int e = catalog_newest(&w->catalog, &m);
    if (e < 0)
        return e;
    if (f->searched_segment != m->number || f->searched_offset != f->durable_offset)
        e = search_in(w, m);
    catalog_release(&w->catalog, m);
    return e;
}

/* Under the follower's lock. */
static int look_and_search(struct wal *w)
{
    struct fault last = {0};
    int e = look(w);
    if (e < 0)
        return e;
    do {
        e = search(w);
    } while (load_anew(w, &e, &last));
    return e;
}

int follow_meta(struct wal *w)
{
    if (!w->follower)
        return 0;
    pthread_mutex_lock(&w->follower->mu);
    int e = look_and_search(w);
    pthread_mutex_unlock(&w->follower->mu);
    notify_events(w);
    return e;
}

int follow_tag(struct wal *w, struct tag *ret)
{
    struct follower *f = w->follower;
    pthread_mutex_lock(&f->mu);
    int e = look_and_search(w);
    if (e == 0)
        *ret = f->tag;
    pthread_mutex_unlock(&f->mu);
    return e;
}

int follow_open(struct wal *w)
{
    struct follower *f = mem_new_zeroed(w->alloc, sizeof *f);
    if (!f)
        return fault_nomem();
    f->folder.fd = f->control.fd = -1;
    watch_init(&f->watch);
    if (pthread_mutex_init(&f->mu, NULL) != 0) {
        mem_free(w->alloc, f);
        return fault_nomem();
    }
    w->follower = f;
    int e = directory_open(&f->folder, w->os, w->path);
    w->folder = f->folder;
    w->folder.cipher = w->config.cipher;
    if (e == 0)
        e = open_control(w);
    if (e == 0)
        e = load_patiently(w, true);
    return e;
}

void follow_disown(struct wal *w)
{
    if (!w->follower)
        return;
    w->follower->control.fd = w->follower->folder.fd = -1;
    watch_disown(&w->follower->watch);
}

void follow_free(struct wal *w)
{
    struct follower *f = w->follower;
    if (!f)
        return;
    watch_free(w);
    file_close(&f->control);
    directory_close(&f->folder);
    pthread_mutex_destroy(&f->mu);
    mem_free(w->alloc, f);
    w->follower = NULL;
}
