/* SPDX-License-Identifier: Apache-2.0 */
#include "log/checkpoint.h"

#include "base/bytes.h"
#include "base/codes.h"
#include "log/follow.h"
#include "log/long_batch.h"
#include "log/place.h"

int checkpoint_check(const struct wal *w, uint64_t lsn)
{
    uint64_t durable = atomic_load(&w->durable_lsn);

    if (lsn != 0 && lsn <= durable && lsn >= w->checkpoint.lsn)
        return 0;
    return fault_at(WAL_E_RANGE, lsn, 0, 0,
                    "no checkpoint can be of LSN %llu: the newest one is of %llu, durable is %llu",
                    (unsigned long long)lsn, (unsigned long long)w->checkpoint.lsn,
                    (unsigned long long)durable);
}

void checkpoint_written(struct wal *w)
{
    const struct writer *x = &w->writer;
    w->checkpoint = (struct checkpoint_ref){x->end.checkpoint_lsn,
                                            {x->segment.header.number, x->end.checkpoint_offset}};
}

static int write_one(struct wal *w, const struct checkpoint_state *s)
{
    struct source source;
    uint64_t none;

    source_none(&source);
    source.checkpoint = s;
    return long_batch(w, &source, APPEND_DURABLE, 0, &none);
}

int checkpoint_put(struct wal *w, const struct checkpoint_state *s)
{
    if (s->size > w->config.checkpoint_bytes)
        return fault(WAL_E_TOOBIG, "a state of %llu bytes is above checkpoint_bytes (%u)",
                     (unsigned long long)s->size, w->config.checkpoint_bytes);
    return write_one(w, s);
}

/* Reading */

static int none_fault(const struct wal *w)
{
    return fault(WAL_E_NOTFOUND, "%s has no checkpoint", w->path);
}

static struct checkpoint_ref newest(struct wal *w, uint64_t *ret_shape)
{
    pthread_mutex_lock(&w->mu);
    struct checkpoint_ref ref = w->checkpoint;
    *ret_shape = atomic_load(&w->shape);
    pthread_mutex_unlock(&w->mu);
    return ref;
}

static int read_one(struct wal *w, const struct member *m, uint64_t lsn, uint64_t offset, void *buf,
                    size_t cap, struct checkpoint_state *ret)
{
    int e = checkpoint_read(&m->segment, w->alloc, offset, buf, cap, ret);
    if ((e == 0 || e == WAL_E_TOOBIG) && ret->lsn != lsn)
        e = fault_at(WAL_E_CORRUPT, lsn, m->number, offset,
                     "%s/%s at offset %llu: not the checkpoint that should be there", w->path,
                     m->segment.file.name, (unsigned long long)offset);
    return e;
}

static int get_newest(struct wal *w, void *buf, size_t cap, struct checkpoint_state *ret)
{
    struct checkpoint_ref ref;
    struct member *m;
    uint64_t shape;
    int e;

    do {
        ref = newest(w, &shape);
        if (ref.place.segment == 0)
            return none_fault(w);
        e = catalog_numbered(&w->catalog, ref.place.segment, &m);
        if (e < 0)
            continue;
        e = read_one(w, m, ref.lsn, ref.place.offset, buf, cap, ret);
        catalog_release(&w->catalog, m);
    } while (atomic_load(&w->shape) != shape);
    return e;
}

/* The writer may have taken it along to a new place, and dropped its segment, since the look. */
int checkpoint_get(struct wal *w, void *buf, size_t cap, struct checkpoint_state *ret)
{
    struct fault last = {0};
    int e;

    do {
        e = follow_meta(w);
        if (e < 0)
            return e;
        e = get_newest(w, buf, cap, ret);
    } while (follow_anew(w, &e, &last));
    return place_result(w, e);
}

int checkpoint_read_whole(struct wal *w, uint8_t **ret_bytes, struct checkpoint_state *ret)
{
    uint8_t *bytes = NULL;
    int e;

    while ((e = checkpoint_get(w, bytes, bytes ? (size_t)ret->size : 0, ret)) == WAL_E_TOOBIG) {
        uint8_t *more = mem_resize(w->alloc, bytes, (size_t)ret->size);
        if (!more) {
            e = fault_nomem();
            break;
        }
        bytes = more;
    }
    ret->bytes = bytes;
    *ret_bytes = bytes;
    return e;
}

/* The newest one of a sealed member, which may have to be looked for. */
static int find_in_sealed(struct wal *w, struct member *m, struct member_state *state)
{
    struct boundary *end = &state->end;
    if (state->checkpoint_known)
        return 0;
    int e = checkpoint_find(&m->segment, w->alloc, end->offset, end);
    if (e == 0)
        catalog_set_checkpoint(&w->catalog, m, end->checkpoint_lsn, end->checkpoint_offset);
    return e;
}

struct cuts {
    uint64_t above; /* number of a segment */
    uint64_t lsn;   /* what the segments above it have kept ends below it */
};

static void note_cut(void *ctx, const struct member *m, const struct member *after)
{
    struct cuts *c = ctx;
    const struct segment_header *h = &m->segment.header;
    (void)after;
    if (h->number > c->above)
        c->lsn = min_u64(c->lsn, h->base_lsn + h->kept_records);
}

/* One that went over into a segment lies in front of records that it may be about. Then a cut there
 * takes it away, and leaves its groups. While control changes a reader is shown less than there is.
 */
static bool is_cut_off(struct wal *w, uint64_t number, uint64_t lsn)
{
    struct cuts c = {.above = number, .lsn = UINT64_MAX};
    catalog_each(&w->catalog, note_cut, &c);
    return lsn >= c.lsn || lsn > atomic_load(&w->durable_lsn);
}

/* *ret: held; *ret_ref: place.segment 0: it has none. */
static int find_in_segment(struct wal *w, uint64_t number, struct member **ret,
                           struct checkpoint_ref *ret_ref)
{
    struct member_state state;
    struct checkpoint_ref ref;
    uint64_t shape;

    int e = catalog_numbered(&w->catalog, number, ret);
    if (e == WAL_E_CORRUPT && fault_last()->segment == number)
        e = fault(WAL_E_NOTFOUND, "%s has no segment %llu", w->path, (unsigned long long)number);
    if (e < 0)
        return e;
    ref = newest(w, &shape); /* first: the segment may be sealed meanwhile */
    catalog_state(&w->catalog, *ret, &state);
    if (state.sealed) {
        e = find_in_sealed(w, *ret, &state);
        ref = (struct checkpoint_ref){
            state.end.checkpoint_lsn,
            {state.end.checkpoint_offset ? number : 0, state.end.checkpoint_offset}};
    }
    if (e < 0)
        catalog_release(&w->catalog, *ret);
    bool there = ref.place.segment == number && !is_cut_off(w, number, ref.lsn);
    *ret_ref = there ? ref : (struct checkpoint_ref){0};
    return e;
}

static int in_segment(struct wal *w, uint64_t number, void *buf, size_t cap,
                      struct checkpoint_state *ret)
{
    struct checkpoint_ref ref;
    struct member *m;

    int e = follow_meta(w);
    if (e == 0)
        e = find_in_segment(w, number, &m, &ref);
    if (e < 0)
        return e;
    e = ref.place.segment ? read_one(w, m, ref.lsn, ref.place.offset, buf, cap, ret)
                          : none_fault(w);
    catalog_release(&w->catalog, m);
    return e;
}

int checkpoint_in_segment(struct wal *w, uint64_t number, void *buf, size_t cap,
                          struct checkpoint_state *ret)
{
    struct fault last = {0};
    int e;

    do {
        e = in_segment(w, number, buf, cap, ret);
    } while (follow_anew(w, &e, &last));
    return place_result(w, e);
}

int checkpoint_lsn_in_segment(struct wal *w, uint64_t number, uint64_t *ret)
{
    struct checkpoint_ref ref;
    struct member *m;

    int e = find_in_segment(w, number, &m, &ref);
    if (e < 0)
        return e;
    catalog_release(&w->catalog, m);
    *ret = ref.lsn;
    return 0;
}

int checkpoint_replay_from(struct wal *w, uint64_t *ret)
{
    int e = follow_meta(w);
    if (e < 0)
        return e;
    pthread_mutex_lock(&w->mu);
    uint64_t first = atomic_load(&w->first_lsn), lsn = w->checkpoint.lsn;
    pthread_mutex_unlock(&w->mu);
    if (lsn && first > lsn + 1)
        return fault_at(WAL_E_RANGE, lsn + 1, 0, 0,
                        "records behind the checkpoint of LSN %llu are missing: the first is %llu",
                        (unsigned long long)lsn, (unsigned long long)first);
    *ret = lsn ? lsn + 1 : first;
    return 0;
}

/* Keeping it */

int checkpoint_carry(struct wal *w, uint64_t segment, uint64_t offset, struct births *b,
                     struct member **ret)
{
    const struct place_ref *at = &w->checkpoint.place;

    *ret = NULL;
    if (at->segment < segment || (at->segment == segment && at->offset < offset))
        return 0;
    int e = catalog_numbered(&w->catalog, at->segment, ret);
    if (e < 0)
        return e;
    b->checkpoint_from = &(*ret)->segment;
    b->checkpoint_offset = at->offset;
    return 0;
}

/* One that came meanwhile, or a cut below it, makes it needless. */
int checkpoint_forward(struct wal *w)
{
    struct checkpoint_state s = {0};
    struct fault before = *fault_last();
    uint8_t *bytes;

    if (w->machine.ready)
        return machine_checkpoint(w);

    int e = checkpoint_read_whole(w, &bytes, &s);
    if (e == 0)
        e = write_one(w, &s);
    mem_free(w->alloc, bytes);
    if (e != WAL_E_RANGE && e != WAL_E_NOTFOUND)
        return e;
    fault_put(&before);
    return 0;
}
