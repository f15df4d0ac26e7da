/* SPDX-License-Identifier: Apache-2.0 */
#include "log/copy.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "log/callback.h"
#include "log/create.h"
#include "log/follow.h"
#include "log/fresh.h"
#include "log/reader.h"
#include "log/rechain.h"

/* A segment as it was at the moment that is copied. */
struct piece {
    uint64_t number, base_lsn;
    uint32_t crc; /* of its header */
    struct boundary end;
};

struct copy {
    struct wal *w;
    wal_progress_fn fn;
    void *ctx;
    uint64_t done, total; /* bytes */

    struct piece *pieces; /* oldest first; of the last one's end the offset alone is known */
    size_t n, room;
    struct control control; /* of the log at that moment */
    struct wal_reader *pin; /* keeps retention from what was not copied yet; NULL: read-only */

    struct wal_lock *lock; /* of the directory that it goes to */
    struct control_file to;
    bool clear;    /* nothing but control is there, or of this copy */
    bool shares;   /* segments may be cloned: nobody has refused that yet */
    uint32_t link; /* of the segment that was copied last, at its end */
    uint8_t *bytes;
    size_t bytes_room;
};

/* The moment */

static void note_piece(void *ctx, const struct member *m, const struct member *after)
{
    struct copy *c = ctx;

    if (c->n < c->room) {
        struct piece *p = &c->pieces[c->n];
        *p = (struct piece){.number = m->number,
                            .base_lsn = m->segment.header.base_lsn,
                            .crc = m->segment.header.crc};
        if (after)
            p->end = m->end;
    }
    c->n++;
}

/* Under mu. Where the newest segment's durable groups end. */
static uint64_t durable_end(const struct wal *w, uint64_t newest)
{
    const struct follower *f = w->follower;
    if (!f)
        return w->started ? w->writer.durable_offset : w->inherited.end.offset;
    /* up to there w->checkpoint is the newest one */
    return f->searched_segment == newest ? f->searched_offset : f->durable_offset;
}

/* Under mu, with nobody writing: all numbers are of one moment. 1: there is no room for them. */
static int note_all(struct copy *c)
{
    struct wal *w = c->w;

    c->n = 0;
    catalog_each(&w->catalog, note_piece, c);
    if (c->n > c->room)
        return 1;
    struct piece *newest = &c->pieces[c->n - 1];
    newest->end.offset = durable_end(w, newest->number);
    c->control = w->control.now;
    c->control.oldest = c->pieces[0].number;
    c->control.newest = newest->number;
    c->control.first_lsn = atomic_load(&w->first_lsn);
    c->control.checkpoint = w->checkpoint;
    return c->pieces[0].number == w->catalog.oldest ? 0 : 1;
}

static int note_moment(struct copy *c)
{
    struct wal *w = c->w;

    if (w->follower)
        pthread_mutex_lock(&w->follower->mu);
    pthread_mutex_lock(&w->mu);
    if (!w->follower)
        turn_take(w);
    int again = note_all(c);
    if (!w->follower)
        turn_give(w);
    pthread_mutex_unlock(&w->mu);
    if (w->follower)
        pthread_mutex_unlock(&w->follower->mu);
    return again;
}

static int make_room(struct copy *c)
{
    struct piece *p;

    if (c->n <= c->room)
        return 0;
    p = mem_resize(c->w->alloc, c->pieces, (c->n + 1) * sizeof *p);
    if (!p)
        return fault_nomem();
    c->pieces = p;
    c->room = c->n + 1;
    return 0;
}

static int walk_chain(struct wal *w)
{
    struct fault last = {0};
    int e;

    do {
        e = follow_meta(w);
        if (e == 0)
            e = catalog_walk(&w->catalog);
    } while (e < 0 && follow_anew(w, &e, &last));
    return place_result(w, e);
}

static int begin(struct copy *c)
{
    int e = c->w->follower ? 0 : reader_open(c->w, 0, WAL_READ_PIN, &c->pin), again = 1;

    while (e == 0 && again) {
        e = walk_chain(c->w);
        if (e == 0)
            again = note_moment(c);
        if (e == 0)
            e = make_room(c);
    }
    for (size_t k = 0; e == 0 && k < c->n; k++)
        c->total += c->pieces[k].end.offset;
    return e;
}

/* Where it goes to */

static int exists(const char *path)
{
    return fault(WAL_E_EXISTS, "%s has a log already", path);
}

/* Nothing is there that control, once it is ours, would make a part of the log. */
static int remove_names(const struct copy *c, const struct names *names)
{
    char name[NAME_BYTES];
    int e = 0;

    for (size_t k = names->n; e == 0 && k > 0; k--) {
        name_segment(name, names->segments[k - 1]);
        e = folder_unlink(&c->lock->folder, name);
    }
    for (size_t k = 0; e == 0 && k < names->n_temps; k++)
        e = folder_unlink(&c->lock->folder, names->temps[k]);
    return e;
}

/* *ret_ours: what is there belongs to nobody but this copy. */
static int clear(struct copy *c, bool *ret_ours)
{
    const struct folder *folder = &c->lock->folder;
    struct names names;

    int e = directory_names(folder, c->w->alloc, &names);
    if (e < 0)
        return e;
    e = create_check_segments(folder, c->w->alloc, &names, &c->to);
    *ret_ours = e == 0;
    if (e == 0)
        e = create_control(c->lock, &c->to, c->control.first_lsn, 1);
    if (e == 0)
        e = remove_names(c, &names);
    names_free(&names, c->w->alloc);
    c->clear = e == 0;
    return e;
}

static int take_directory(struct copy *c, const char *path, bool *ret_ours)
{
    const struct config *config = &c->w->config;

    int e = lock_take(c->w->os, path, LOCK_MAKE_DIRECTORY, config->dir_mode, config->file_mode,
                      &c->lock);
    if (e == WAL_E_LOCKED)
        return exists(path);
    if (e < 0)
        return e;
    c->lock->folder.cipher = config->cipher;
    c->to.file = c->lock->control;
    e = control_read(&c->to, false);
    if (e == 0 && c->to.found && c->to.now.newest)
        e = exists(path);
    return e == 0 ? clear(c, ret_ours) : e;
}

/* Nothing of it stays, as far as that can be had. Beside leftovers that are there still, control
 * stays, since it says that they are none. */
static void remove_all(struct copy *c)
{
    const struct folder *folder = &c->lock->folder;
    struct fault cause = *fault_last();
    char name[NAME_BYTES];
    int e = c->clear ? 0 : WAL_E_EXISTS;

    for (size_t k = c->n; k > 0; k--) {
        name_segment(name, c->pieces[k - 1].number);
        int left = folder_unlink(folder, name);
        e = left < 0 ? left : e;
    }
    if (e == 0)
        e = folder_unlink(folder, NAME_CONTROL);
    if (e == 0)
        e = folder_sync(folder);
    if (e == 0 && c->lock->made_directory)
        folder->os->dir_remove(folder->os->ctx, c->lock->path);
    fault_put(&cause);
}

/* The segments */

static int tell(struct copy *c)
{
    struct in_callback in;

    if (!c->fn)
        return 0;
    callback_begin(&in, c->w);
    int answer = c->fn(c->ctx, c->done, c->total);
    callback_end(&in);
    return answer ? fault(WAL_E_CALLBACK, "the callback returned %d", answer) : 0;
}

static int put_header(struct copy *c, const struct segment *from, bool oldest, struct segment *to)
{
    const struct os *os = c->w->os;
    uint8_t block[SEGMENT_HEADER_BLOCK];
    int r = 0;

    to->header = from->header;
    memcpy(to->header.uuid, c->to.now.uuid, UUID_BYTES);
    if (!oldest)
        to->header.follow.link = c->link;
    if (to->header.cipher) /* the links are sealed with the bodies, and no key does that twice */
        r = os->random(os->ctx, to->header.kdf_salt, sizeof to->header.kdf_salt);
    if (r < 0)
        return fault_os(-r, "no random bytes");
    segment_header_encode(block, &to->header);
    int e = segment_unlock(to);
    return e < 0 ? e : file_write_bytes(&to->file, block, sizeof block, 0);
}

/* Where the file system has it, the copy shares the original's blocks, but for what follows its
 * groups. Whatever the refusal is, the ordinary way shows whether it matters. */
static int share(struct copy *c, struct rechain *r, bool newest)
{
    const struct os *os = c->w->os;

    if (newest || r->from->header.cipher || !c->shares)
        return 0;
    r->shared = c->shares = os->clone(os->ctx, r->from->file.fd, r->to->file.fd) >= 0;
    int e = os->truncate(os->ctx, r->to->file.fd, r->shared ? r->limit : 0);
    return e < 0 ? fault_os(-e, "%s can't be cut", c->lock->path) : 0;
}

static int put_groups(struct copy *c, struct rechain *r)
{
    int e;

    rechain_begin(r);
    c->done += SEGMENT_HEADER_BLOCK;
    do {
        uint64_t before = r->at.offset;
        e = rechain_step(r);
        c->done += r->at.offset - before;
        if (e == 1 && tell(c) < 0)
            e = WAL_E_CALLBACK;
    } while (e == 1);
    return e;
}

static bool ends_as_stated(const struct rechain *r, const struct boundary *end)
{
    return r->at.offset == end->offset && r->at.next_lsn == end->next_lsn &&
           r->old_link == end->link;
}

/* The newest one ends before a batch of which a part is durable, and gets a seal. */
static int put_seal(struct copy *c, struct rechain *r)
{
    struct encoder encoder = {.alloc = c->w->alloc};
    struct writer w = {.segment = *r->to, .encoder = &encoder, .end = r->safe};
    uint64_t touched;

    w.durable_offset = w.zeroed_to = r->safe.offset;
    w.watermark = r->safe.next_lsn - 1;
    index_cut(&r->index, w.watermark);
    size_t size = seal_body_bytes(r->index.n);
    uint8_t *bytes = mem_new(c->w->alloc, outgoing_room(size, GROUP_ALIGN_MAX));
    if (!bytes)
        return fault_nomem();
    seal_body_encode(bytes + GROUP_HEADER_BYTES, r->index.entries, r->index.n);
    struct outgoing g = {
        .header = {.type = GROUP_SEAL, .first_lsn = r->safe.next_lsn, .raw_bytes = (uint32_t)size},
        .bytes = bytes};
    int e = writer_prepare(&w, &g, 1);
    if (e == 0)
        e = writer_put(&w, &g, 1, 0, &touched);
    encoder_free(&encoder);
    mem_free(c->w->alloc, bytes);
    r->at = r->safe = w.end;
    return e;
}

static int end_newest(struct copy *c, struct rechain *r)
{
    const struct os *os = c->w->os;
    bool cuts = r->at.offset > r->safe.offset;
    int e = 0, cut = 0;

    if (cuts)
        cut = os->truncate(os->ctx, r->to->file.fd, r->safe.offset);
    if (cut < 0)
        return fault_os(-cut, "%s can't be cut", c->lock->path);
    if (cuts ? !r->to->header.cipher : !r->sealed) /* no place is encrypted for twice */
        e = put_seal(c, r);
    c->control.flags = CONTROL_CLEAN;
    c->control.end_lsn = r->safe.next_lsn - 1;
    c->control.end_offset = r->safe.offset;
    fresh_refer(&c->control, &r->safe);
    return e;
}

static int fill(struct copy *c, const struct piece *p, const struct segment *from,
                struct segment *to)
{
    struct rechain r = {.from = from,
                        .to = to,
                        .alloc = c->w->alloc,
                        .limit = p->end.offset,
                        .bytes = c->bytes,
                        .room = c->bytes_room};
    bool newest = p == &c->pieces[c->n - 1];

    int e = share(c, &r, newest);
    if (e == 0)
        e = put_header(c, from, p == c->pieces, to);
    if (e == 0)
        e = put_groups(c, &r);
    c->bytes = r.bytes;
    c->bytes_room = r.room;
    if (e == 0 && !newest && !ends_as_stated(&r, &p->end))
        e = segment_corrupt(from->file.folder, p->number, "ends not as its successor states");
    if (e == 0 && newest)
        e = end_newest(c, &r);
    index_free(&r.index, c->w->alloc);
    c->link = r.at.link;
    if (e == 0)
        e = file_write_zeros(&to->file, r.at.offset, r.at.offset + GROUP_HEADER_BYTES);
    return e == 0 ? file_sync(&to->file, OS_SYNC_FULL) : e;
}

struct search {
    uint64_t number;
    bool found;
};

static void look_for(void *ctx, const struct member *m, const struct member *after)
{
    struct search *s = ctx;
    (void)after;
    s->found |= m->number == s->number;
}

/* The file of a segment that has left the log meanwhile may be gone. */
static int missing(struct copy *c, const struct piece *p)
{
    struct search s = {.number = p->number};

    int e = follow_look(c->w);
    if (e < 0)
        return e;
    catalog_each(&c->w->catalog, look_for, &s);
    if (s.found)
        return segment_corrupt(c->w->catalog.folder, p->number, "is missing");
    return fault_at(WAL_E_TRIMMED, p->base_lsn, p->number, 0,
                    "%s: segment %llu left the log before it was copied", c->w->path,
                    (unsigned long long)p->number);
}

static int open_piece(struct copy *c, const struct piece *p, struct segment *ret)
{
    int e = segment_open(ret, c->w->catalog.folder, p->number, OS_READ);
    if (e == WAL_E_NOTFOUND)
        e = missing(c, p);
    if (e == 0 && ret->header.crc != p->crc) {
        segment_close(ret);
        e = segment_corrupt(c->w->catalog.folder, p->number, "was replaced by another file");
    }
    if (e == 0 && c->pin && p > c->pieces)
        reader_move(c->pin, p->base_lsn);
    return e;
}

static int copy_piece(struct copy *c, const struct piece *p)
{
    struct segment from, to = {0};
    char name[NAME_BYTES];

    int e = place_result(c->w, open_piece(c, p, &from));
    if (e < 0)
        return e;
    name_segment(name, p->number);
    e = file_open(&to.file, &c->lock->folder, name, OS_READ | OS_WRITE | OS_CREATE | OS_EXCLUSIVE,
                  c->w->config.file_mode);
    if (e == 0) {
        to.file.number = p->number;
        e = place_result(c->w, fill(c, p, &from, &to));
        segment_close(&to);
    }
    segment_close(&from);
    return e;
}

static int copy_all(struct copy *c)
{
    int e = tell(c);

    for (size_t k = 0; e == 0 && k < c->n; k++)
        e = copy_piece(c, &c->pieces[k]);
    if (e == 0)
        e = folder_sync(&c->lock->folder);
    c->done = c->total;
    return e == 0 ? tell(c) : e;
}

/* With both slots durable the copy is a log. */
static int name_segments(struct copy *c)
{
    memcpy(c->control.uuid, c->to.now.uuid, UUID_BYTES);
    c->control.pid = c->w->os->pid(c->w->os->ctx);
    c->to.now = c->control;
    return control_write(&c->to);
}

int log_copy(struct wal *w, const char *path, wal_progress_fn fn, void *ctx)
{
    struct copy c = {.w = w, .fn = fn, .ctx = ctx, .shares = true};
    bool ours = false;

    int e = begin(&c);
    if (e == 0)
        e = take_directory(&c, path, &ours);
    if (e == 0)
        e = copy_all(&c);
    if (e == 0)
        e = name_segments(&c);
    if (e < 0 && ours)
        remove_all(&c);
    lock_drop(c.lock);
    if (c.pin)
        reader_close(c.pin);
    mem_free(w->alloc, c.pieces);
    mem_free(w->alloc, c.bytes);
    return e;
}
