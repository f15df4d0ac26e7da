/* SPDX-License-Identifier: Apache-2.0 */
#include "log/repair.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/plant.h"
#include "log/directory.h"
#include "log/fresh.h"
#include "log/open.h"
#include "log/quarantine.h"
#include "log/rebuild.h"
#include "log/recover.h"
#include "log/settle.h"
#include "log/tag.h"
#include "log/verify.h"

struct repair {
    const char *path;
    struct config config; /* its lock is ours */
    struct remains remains;

    /* Where the log is to end: */
    size_t keep;         /* parts that stay; 0: none */
    struct boundary end; /* of the last of them */
    struct segment last; /* the same, open; fd -1: there is none */

    /* What stays of the segments behind it. */
    struct segment checkpoint_from;   /* fd -1: it doesn't go over */
    struct place_ref meta;            /* offset 0: none */
    struct checkpoint_ref checkpoint; /* the newest one below the end */
};

static int keep_copies(const struct repair *r, size_t from_part)
{
    const struct remains *x = &r->remains;
    struct quarantine q;
    char name[NAME_BYTES];

    int e = quarantine_open(&q, &x->folder, x->alloc, r->config.dir_mode, r->config.file_mode);
    if (e == 0)
        e = quarantine_put(&q, NAME_CONTROL);
    for (size_t k = from_part; e == 0 && k < x->n && !PLANTED(14); k++) {
        name_segment(name, x->parts[k].number);
        e = quarantine_put(&q, name);
    }
    if (e == 0)
        e = quarantine_sync(&q);
    quarantine_close(&q);
    return e;
}

/* Control anew */

static int write_control(const struct repair *r, const struct control *c)
{
    struct control_file file = r->remains.control;

    file.file = r->config.lock->control;
    file.now = *c;
    file.now.pid = r->config.os->pid(r->config.os->ctx);
    if (file.has_witness)
        file.sequence = max_u64(file.sequence, file.witness.sequence);
    int e = folder_sync(&r->config.lock->folder);
    if (e == 0 && !file.found) /* it has its full size */
        e = file_write_zeros(&file.file, WITNESS_OFFSET + WITNESS_BYTES, CONTROL_BYTES);
    return e == 0 ? control_write(&file) : e;
}

static int rebuild(struct repair *r)
{
    struct control c;

    int e = rebuild_control(&r->remains, &c);
    if (e == 0)
        e = keep_copies(r, r->remains.n);
    return e == 0 ? write_control(r, &c) : e;
}

/* Where to cut */

struct walked {
    struct boundary now, safe; /* safe: not within a batch */
    uint8_t last_type;
};

/* Over the valid groups up to the limit, and to this LSN. */
static int walk_valid(const struct repair *r, const struct segment *s, uint64_t limit,
                      uint64_t below, struct walked *ret)
{
    struct group_reader groups;
    struct group_view g;
    int e;

    *ret = (struct walked){0};
    segment_start(s, &ret->now);
    ret->safe = ret->now;
    group_reader_init(&groups, s, r->remains.alloc, GROUP_BLOCK_BYTES);
    groups.limit = limit;
    while ((e = group_reader_next(&groups, &g)) == 1 && groups.lsn <= below) {
        boundary_pass(&ret->now, &g.header, g.body, g.end);
        ret->last_type = g.header.type;
        if (groups.in_batch != BATCH_INSIDE)
            ret->safe = ret->now;
    }
    group_reader_free(&groups);
    return e < 0 ? e : 0;
}

struct first_damage {
    bool any;
    uint64_t offset, lsn;
    uint64_t first_lsn; /* of the log */
};

static int note_damage(void *ctx, uint64_t offset, uint64_t lsn)
{
    struct first_damage *d = ctx;
    if (!d->any) {
        d->any = true;
        d->offset = offset;
        d->lsn = lsn;
    }
    return 0;
}

/* What was truncated at the front may be damaged: it is no part of the log. */
static int note_record(void *ctx, const struct group_view *g, const struct record *r)
{
    struct first_damage *d = ctx;
    (void)g;
    if (d->any && d->lsn < d->first_lsn && r->lsn <= d->first_lsn)
        d->any = false;
    return 0;
}

/* The first LSN of the first group in a segment whose header is damaged: what stands there in clear
 * can't be checked, but it can only end the log earlier. 0: it can't be read. */
static uint64_t clear_first_lsn(const struct repair *r, uint64_t number)
{
    uint8_t bytes[GROUP_HEADER_BYTES] = {0};
    struct fault before = *fault_last();
    char name[NAME_BYTES];
    struct file f;
    size_t got = 0;

    name_segment(name, number);
    if (file_open(&f, &r->remains.folder, name, OS_READ, 0) == 0) {
        (void)!file_read(&f, bytes, sizeof bytes, SEGMENT_HEADER_BLOCK, &got);
        file_close(&f);
    }
    fault_put(&before);
    return group_header_lsn_at(bytes, FIRST_PLACE);
}

/* The log ends in part k, at this offset. next: the segment behind it can't be read, and what it
 * states neither; 0: it can. */
static int end_in(struct repair *r, size_t k, uint64_t offset, uint64_t next)
{
    const struct remains_part *p = &r->remains.parts[k];
    uint64_t below = next ? clear_first_lsn(r, next) : p->end.below;
    struct walked w;

    int e = segment_open(&r->last, &r->remains.folder, p->number, OS_READ);
    if (e < 0)
        return e;
    e = walk_valid(r, &r->last, offset, below ? below : UINT64_MAX, &w);
    if (e == 0 && next && !below && w.last_type != GROUP_SEAL)
        e = fault_at(WAL_E_CORRUPT, w.safe.next_lsn, p->number, w.safe.offset,
                     "%s: where the log went on behind %s at offset %llu can't be told", r->path,
                     r->last.file.name, (unsigned long long)w.safe.offset);
    r->keep = k + 1;
    r->end = w.safe;
    return e;
}

/* The first damage in the order of the log. 1: there is none. */
static int find_cut(struct repair *r)
{
    const struct remains *x = &r->remains;

    for (size_t k = 0; k < x->n; k++) {
        const struct remains_part *p = &x->parts[k];
        bool last = k + 1 == x->n;
        struct first_damage d = {.first_lsn = x->first_lsn};
        const struct scrub_fns fns = {
            .ctx = &d, .record = last ? NULL : note_record, .damage = note_damage};
        if (!p->right)
            return k ? end_in(r, k - 1, UINT64_MAX, p->number) : 0;
        int e = remains_scrub(x, p, &fns);
        if (e < 0)
            return e;
        if (d.any || (last && !p->end.stated))
            return end_in(r, k, d.any ? d.offset : UINT64_MAX, 0);
    }
    return 1;
}

/* What goes over into the new segment */

struct look {
    struct boundary at; /* what was met of metadata and checkpoints in front of it */
    bool any;
};

static int note_group(void *ctx, const struct group_view *g)
{
    struct look *l = ctx;

    if (g->offset != l->at.offset)
        l->at.run_offset = 0; /* a part of that checkpoint is lost */
    l->at.offset = g->offset;
    boundary_pass(&l->at, &g->header, g->body, g->end);
    l->any = true;
    return 0;
}

static int note_nothing(void *ctx, uint64_t offset, uint64_t lsn)
{
    (void)ctx;
    (void)offset;
    (void)lsn;
    return 0;
}

static void take_checkpoint(struct repair *r, uint64_t number, const struct boundary *b)
{
    if (!r->checkpoint.lsn && b->checkpoint_offset && b->checkpoint_lsn < r->end.next_lsn)
        r->checkpoint = (struct checkpoint_ref){b->checkpoint_lsn, {number, b->checkpoint_offset}};
}

/* Metadata and checkpoint of the newest segments that can be read, behind damage too; cuts don't
 * concern the former. */
static int look_behind(struct repair *r)
{
    const struct remains *x = &r->remains;
    const struct checkpoint_ref *c = &x->control.now.checkpoint;
    uint64_t last = r->keep ? x->parts[r->keep - 1].number : 0;
    bool meta_known = false;
    int e = 0;

    for (size_t k = x->n; e == 0 && k >= r->keep && k > 0; k--) {
        struct look l = {0};
        const struct remains_part *p = &x->parts[k - 1];
        const struct scrub_fns fns = {.ctx = &l, .group = note_group, .damage = note_nothing};
        e = remains_scrub(x, p, &fns);
        if (!meta_known && l.any) {
            meta_known = true;
            r->meta = (struct place_ref){p->number, l.at.meta_offset};
        }
        take_checkpoint(r, p->number, k == r->keep ? &r->end : &l.at);
    }
    if (!r->checkpoint.lsn && c->lsn < r->end.next_lsn && c->place.segment < last)
        r->checkpoint = *c;
    return e;
}

static int open_again(const struct repair *r, uint64_t number, struct segment *ret)
{
    return segment_open(ret, &r->remains.folder, number, OS_READ);
}

static int load_map(struct repair *r, struct wal *w)
{
    struct segment s;

    if (!r->meta.offset)
        return 0;
    int e = open_again(r, r->meta.segment, &s);
    if (e == 0) {
        e = recover_meta(w, &s, r->meta.offset);
        segment_close(&s);
    }
    return e;
}

/* The checkpoint goes over where it lies in what is given up. */
static int carry_checkpoint(struct repair *r, struct fresh *f)
{
    const struct checkpoint_ref *c = &r->checkpoint;
    uint64_t last = r->keep ? r->last.header.number : 0;

    if (!c->lsn || c->place.segment <= last) {
        f->checkpoint = *c;
        return 0;
    }
    int e = open_again(r, c->place.segment, &r->checkpoint_from);
    f->births.checkpoint_from = &r->checkpoint_from;
    f->births.checkpoint_offset = c->place.offset;
    return e;
}

/* The log as it will be, without its new segment yet. */
static int prepare(struct repair *r, struct wal *w)
{
    struct segment last = r->last;
    struct advance a = {.oldest = r->remains.control.now.oldest, .add = &last};
    struct numbers none;
    struct names names;

    int e = log_lock(w);
    if (e == 0)
        e = control_read(&w->control, false);
    if (e == 0)
        e = directory_names(&w->folder, w->alloc, &names);
    if (e < 0)
        return e;
    w->next_number = max_u64(names.n ? names.segments[names.n - 1] : 0, w->control.now.newest) + 1;
    names.n = 0; /* segments stay until control is another one */
    w->leftovers = names;
    memcpy(w->catalog.uuid, w->control.now.uuid, UUID_BYTES);
    if (r->keep) {
        last.file.folder = &w->folder;
        e = catalog_advance(&w->catalog, &a, &none);
        if (e < 0)
            return e;
        r->last.file.fd = -1; /* the catalog's now */
        r->last.key = NULL;
    }
    atomic_store(&w->first_lsn, w->control.now.first_lsn);
    w->next_lsn = r->keep ? r->end.next_lsn : w->control.now.first_lsn;
    w->written_lsn = w->next_lsn - 1;
    atomic_store(&w->durable_lsn, w->next_lsn - 1);
    return settle_once(w);
}

static int make_segment(struct repair *r, struct wal *w)
{
    uint64_t first = w->control.now.first_lsn;
    struct member *m = NULL;
    bool named;
    struct fresh f = {
        .base_lsn = first,
        .flags = SEGMENT_RESET,
        .births = {.meta = &w->meta, .alloc = w->alloc, .group_bytes = w->config.group_bytes},
        .advance = {.drop_from = 1},
        .first_lsn = first,
    };
    int e = r->keep ? catalog_newest(&w->catalog, &m) : 0;

    if (e == 0 && r->keep) {
        f.base_lsn = r->end.next_lsn;
        f.flags = 0;
        f.advance = (struct advance){.oldest = w->control.now.oldest, .ends = true, .end = r->end};
        segment_follow(&m->segment, &r->end, &f.follow);
        e = tag_read(&m->segment, w->alloc, r->end.tag_offset, &f.births.tag);
    }
    if (e == 0)
        e = carry_checkpoint(r, &f);
    if (e == 0)
        e = fresh_salt(w, &f.salt);
    if (e == 0)
        e = fresh_make(w, &f, &named);
    if (m)
        catalog_release(&w->catalog, m);
    return e;
}

/* Files that the log has no use for any more. What can't be removed now is a leftover. */
static void remove_rest(const struct repair *r)
{
    const struct remains *x = &r->remains;
    char name[NAME_BYTES];

    for (size_t k = r->keep; k < x->n; k++) {
        name_segment(name, x->parts[k].number);
        if (x->parts[k].right)
            (void)!folder_unlink(&x->folder, name);
    }
}

static int cut(struct repair *r)
{
    struct wal *w;

    int e = log_new(r->path, &r->config, &w);
    if (e < 0)
        return e;
    e = prepare(r, w);
    if (e == 0)
        e = load_map(r, w);
    if (e == 0)
        e = make_segment(r, w);
    if (e == 0)
        return log_close(w);
    struct fault cause = *fault_last();
    w->started = false;
    (void)!log_close(w);
    return fault_put(&cause);
}

static int cut_at_damage(struct repair *r)
{
    int e = find_cut(r);
    if (e != 0)
        return e < 0 ? e : 0;
    if (r->keep && r->end.next_lsn < r->remains.first_lsn) {
        r->keep = 0; /* nothing that is left is part of the log */
        segment_close(&r->last);
    }
    e = look_behind(r);
    if (e == 0)
        e = keep_copies(r, r->keep ? r->keep - 1 : 0);
    if (e == 0)
        e = cut(r);
    if (e == 0)
        remove_rest(r);
    return e;
}

static int step(const char *path, const struct config *config, uint32_t flag)
{
    struct repair r = {.path = path, .config = *config};
    r.last.file.fd = r.checkpoint_from.file.fd = -1;

    int e = remains_open(&r.remains, path, config);
    if (e == 0 && flag == WAL_REPAIR_REBUILD_CONTROL)
        e = rebuild_is_due(&r.remains) ? rebuild(&r) : 0;
    else if (e == 0 && !rebuild_is_due(&r.remains))
        e = cut_at_damage(&r);
    segment_close(&r.last);
    segment_close(&r.checkpoint_from);
    remains_close(&r.remains);
    return e;
}

static bool is_damaged(int e)
{
    return e == WAL_E_CORRUPT;
}

static int under_lock(const char *path, const struct config *config, uint32_t flags,
                      wal_verify_t *ret)
{
    static const uint32_t steps[] = {WAL_REPAIR_REBUILD_CONTROL, WAL_REPAIR_CUT_AT_DAMAGE};
    int e = verify_log(path, config, NULL, NULL, ret);

    for (int k = 0; k < 2 && is_damaged(e); k++) {
        if (!(flags & steps[k]))
            continue;
        e = step(path, config, steps[k]);
        if (e == 0)
            e = verify_log(path, config, NULL, NULL, ret);
    }
    return e == WAL_E_TORN ? 0 : e; /* the next open does what there is to do */
}

int repair_log(const char *path, const struct config *config, uint32_t flags, wal_verify_t *ret)
{
    struct config mine = *config;
    enum lock_makes makes = LOCK_ONLY;

    mine.read_only = mine.exclusive = mine.has_machine = mine.background = false;
    int e = verify_log(path, config, NULL, NULL, ret);
    if (e < 0 && e != WAL_E_TORN && e != WAL_E_CORRUPT)
        return e;
    if (config->lock && atomic_load(&config->lock->lent))
        return fault(WAL_E_LOCKED, "%s is open under this lock", path);
    if (config->lock)
        return lock_check_directory(config->lock, path) == 0 ? under_lock(path, &mine, flags, ret)
                                                             : WAL_E_INVAL;
    if (is_damaged(e) && (flags & WAL_REPAIR_REBUILD_CONTROL))
        makes = LOCK_REMAKE_CONTROL;
    e = lock_take(config->os, path, makes, config->dir_mode, config->file_mode, &mine.lock);
    if (e < 0)
        return e;
    e = under_lock(path, &mine, flags, ret);
    lock_drop(mine.lock);
    return e;
}
