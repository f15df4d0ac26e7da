/* SPDX-License-Identifier: Apache-2.0 */
#include "log/remains.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "log/directory.h"
#include "segment/checkpoint.h"
#include "segment/orphan.h"
#include "segment/tail.h"
#include "segment/verdict.h"

void remains_note(struct remains_damage *first, uint64_t segment, uint64_t offset, uint64_t lsn)
{
    bool before = !first->any || first->segment == 0 || segment < first->segment ||
                  (segment == first->segment && offset < first->offset);
    if (before && (segment != 0 || !first->any))
        *first = (struct remains_damage){true, segment, offset, lsn};
}

static void note(struct remains *x, uint64_t segment, uint64_t offset, uint64_t lsn)
{
    remains_note(&x->damage, segment, offset, lsn);
}

/* Opens a segment. 0: it is not there, or isn't this log's; 1: got it. */
static int open_one(const struct remains *x, uint64_t number, struct segment *ret)
{
    struct fault before = *fault_last();
    int e = segment_open(ret, &x->folder, number, OS_READ);

    if (e == WAL_E_NOTFOUND || e == WAL_E_CORRUPT) {
        fault_put(&before);
        return 0;
    }
    if (e == 0 && x->control.found &&
        memcmp(ret->header.uuid, x->control.now.uuid, UUID_BYTES) != 0) {
        segment_close(ret);
        return 0;
    }
    return e < 0 ? e : 1;
}

static int add_part(struct remains *x, const struct remains_part *part)
{
    if (x->n == x->room) {
        size_t room = x->room ? 2 * x->room : 16;
        struct remains_part *p = mem_resize(x->alloc, x->parts, room * sizeof *p);
        if (!p)
            return fault_nomem();
        x->parts = p;
        x->room = room;
    }
    x->parts[x->n++] = *part;
    return 0;
}

/* The end that a segment states for the one that it follows. */
static struct scrub_end end_of(const struct segment_header *after)
{
    const struct follow *f = &after->follow;
    return (struct scrub_end){
        .at = {.offset = f->end_offset, .next_lsn = f->end_lsn + 1, .link = f->link},
        .stated = true,
        .below = f->end_lsn + 1};
}

/* The greatest number in the directory below this one. 0: there is none. */
static uint64_t number_below(const struct names *names, uint64_t number)
{
    size_t n = names->n;
    while (n > 0 && names->segments[n - 1] >= number)
        n--;
    return n ? names->segments[n - 1] : 0;
}

/* Where the chain goes on towards its beginning: *number 0: nowhere. `h`: the header of the part at
 * hand; NULL: it has none. */
static void go_back(struct remains *x, const struct names *names, const struct segment_header *h,
                    uint64_t *number, struct follow *ret)
{
    uint64_t oldest = x->control.found ? x->control.now.oldest : 1;
    struct follow none = {0};

    *ret = h ? h->follow : none;
    if (*number == oldest || (!x->control.found && h && h->follow.number == 0)) {
        *number = 0;
        return;
    }
    if (h && (ret->number < oldest || ret->number >= *number || (h->flags & SEGMENT_RESET))) {
        note(x, *number, 0, h->base_lsn);
        *ret = none;
    }
    *number = ret->number ? ret->number : number_below(names, *number);
    if (*number < oldest)
        *number = 0;
}

/* Newest first. */
static int walk_chain(struct remains *x, const struct names *names, uint64_t newest)
{
    struct follow follow = {0};
    uint64_t number = newest, below = UINT64_MAX;
    struct scrub_end end = {.below = UINT64_MAX};
    int e = 0;

    while (number && e == 0) {
        struct segment s = {0};
        e = open_one(x, number, &s);
        if (e < 0)
            return e;
        const struct segment_header *h = &s.header;
        bool right = e == 1 && (!follow.number || ((uint32_t)h->salt == follow.salt_low &&
                                                   h->base_lsn <= follow.end_lsn + 1));
        struct remains_part part = {.number = number, .right = right};
        part.end = follow.number ? end : (struct scrub_end){.below = below};
        if (right) {
            part.base_lsn = below = h->base_lsn;
            part.crc = h->crc;
            part.salt_low = (uint32_t)h->salt;
            part.header_repairs = s.header_repairs;
            end = end_of(h);
        } else {
            note(x, number, 0, 0);
        }
        if (e == 1)
            segment_close(&s);
        e = add_part(x, &part);
        go_back(x, names, right ? h : NULL, &number, &follow);
    }
    for (size_t k = 0; k < x->n / 2; k++) {
        struct remains_part p = x->parts[k];
        x->parts[k] = x->parts[x->n - 1 - k];
        x->parts[x->n - 1 - k] = p;
    }
    return e;
}

/* A segment that was in use although a state of control doesn't know it shows that this one is
 * stale; the log goes on there. */
static int find_newest(struct remains *x, const struct names *names, uint64_t *ret)
{
    uint64_t newest = x->control.found ? x->control.now.newest : 0;
    struct segment s;
    int lived = 0;

    *ret = newest;
    for (size_t k = names->n; k > 0 && names->segments[k - 1] > x->named_by_both; k--) {
        int e = open_one(x, names->segments[k - 1], &s);
        if (e == 0)
            continue;
        if (e == 1) {
            e = orphan_lived(&s, x->alloc, &lived);
            segment_close(&s);
        }
        if (e < 0)
            return e;
        if (lived || !x->control.found)
            *ret = max_u64(*ret, names->segments[k - 1]);
        if (lived) {
            note(x, 0, 0, 0);
            return 0;
        }
    }
    if (newest == 0 && !x->control.found && *ret == 0 && names->n)
        *ret = names->segments[names->n - 1];
    return 0;
}

/* How far control or the witness vouch for the newest segment, and the LSNs that they know. */
static uint64_t evidence(struct remains *x, const struct remains_part *p)
{
    const struct control_file *c = &x->control;
    const struct witness *w = &c->witness;
    uint64_t offset = 0;

    if (c->found && (c->now.flags & CONTROL_CLEAN) && c->now.newest == p->number) {
        offset = c->now.end_offset;
        x->next_lsn = max_u64(x->next_lsn, c->now.end_lsn + 1);
    }
    if (c->has_witness && w->segment == p->number && (!p->right || w->salt_low == p->salt_low)) {
        offset = max_u64(offset, (uint64_t)w->durable_place * PLACE_UNIT);
        x->next_lsn = max_u64(x->next_lsn, w->durable_lsn + 1);
    }
    return offset;
}

static void take_verdict(struct remains *x, const struct segment *s, const struct tail *t,
                         const struct verdict_case *v)
{
    x->verdict = v->verdict == VERDICT_CLEAN || x->in_use ? WAL_RECOVERY_CLEAN
                 : v->verdict == VERDICT_TORN             ? WAL_RECOVERY_TORN
                                                          : WAL_RECOVERY_AMBIGUOUS;
    if (x->verdict == WAL_RECOVERY_CLEAN)
        return;
    struct fault before = *fault_last();
    fault_at(WAL_E_TORN, t->cut.next_lsn, s->header.number, t->cut.offset,
             "%s/%s at offset %llu, LSN %llu: %s: %s", s->file.folder->path, s->file.name,
             (unsigned long long)t->cut.offset, (unsigned long long)t->cut.next_lsn, v->name,
             v->how);
    x->torn = *fault_last();
    fault_put(&before);
}

/* R3. Of a log in use what nothing vouches for is not there yet. */
static int judge_last(struct remains *x, struct remains_part *p, const struct segment *s)
{
    struct tail t;
    struct boundary end;
    uint64_t outside = evidence(x, p);

    int e = tail_scan(s, x->alloc, outside, NULL, NULL, &t);
    if (e == WAL_E_CORRUPT)
        note(x, p->number, fault_last()->offset, 0);
    if (e < 0)
        return e == WAL_E_CORRUPT ? 0 : e;
    uint32_t below = t.cut.next_lsn < x->first_lsn ? FACT_BELOW_FIRST : 0;
    const struct verdict_case *v = verdict_of(t.facts | below);
    if (v->verdict >= VERDICT_CORRUPT) {
        note(x, p->number, t.torn.offset, t.torn.next_lsn);
        x->next_lsn = max_u64(x->next_lsn, t.torn.next_lsn);
        return 0;
    }
    end = t.cut;
    if (x->in_use && t.durable_offset < t.cut.offset)
        e = tail_boundary_below(s, x->alloc, t.durable_offset, &end);
    if (e < 0)
        return e;
    p->end = (struct scrub_end){.at = end, .stated = true, .below = end.next_lsn};
    x->next_lsn = end.next_lsn;
    take_verdict(x, s, &t, v);
    return 0;
}

/* The ends that nobody states are where the groups end. */
static int find_ends(struct remains *x)
{
    const struct scrub_fns nothing = {0};
    struct segment s;
    int e = 0;

    for (size_t k = 0; k < x->n && e == 0; k++) {
        struct remains_part *p = &x->parts[k];
        bool last = k + 1 == x->n;
        if (!p->right && last)
            (void)evidence(x, p);
        if (!p->right || p->end.stated)
            continue;
        e = open_one(x, p->number, &s);
        if (e != 1)
            continue;
        e = last ? judge_last(x, p, &s) : 0;
        if (e == 0 && !p->end.stated)
            e = scrub_segment(&s, x->alloc, &p->end, &nothing);
        segment_close(&s);
    }
    return e;
}

/* Up to the first group with a record of the log, if all headers in front of it are right. */
static int find_dead(struct remains *x)
{
    const struct remains_part *p = &x->parts[0];
    struct group_reader r;
    struct group_view g;
    struct segment s;

    if (x->n == 1 || !p->right || p->base_lsn >= x->first_lsn)
        return 0;
    int e = open_one(x, p->number, &s);
    if (e != 1)
        return e;
    group_reader_init(&r, &s, x->alloc, GROUP_BLOCK_BYTES);
    r.limit = p->end.at.offset;
    while ((e = group_reader_next_header(&r, &g)) == 1 && r.lsn <= x->first_lsn)
        x->dead_to = g.end;
    if (e == 0 && r.offset != p->end.at.offset)
        x->dead_to = 0;
    group_reader_free(&r);
    segment_close(&s);
    return e < 0 ? e : 0;
}

bool remains_dead(const struct remains *x, const struct remains_part *part, uint64_t offset)
{
    return part == x->parts && offset < x->dead_to;
}

bool remains_in_use(const struct remains *x)
{
    const struct os *os = x->folder.os;
    return !x->locked && x->control.file.fd >= 0 && os->locked(os->ctx, x->control.file.fd) == 1;
}

static int check_state(struct remains *x, const struct remains_part *p,
                       const struct checkpoint_ref *c)
{
    struct checkpoint_state state = {0};
    struct segment s;

    int e = open_one(x, p->number, &s);
    if (e != 1)
        return e;
    struct fault before = *fault_last();
    e = checkpoint_read(&s, x->alloc, c->place.offset, NULL, 0, &state);
    segment_close(&s);
    if (e < 0 && e != WAL_E_TOOBIG && e != WAL_E_CORRUPT)
        return e;
    if (e == WAL_E_CORRUPT || state.lsn != c->lsn)
        note(x, p->number, c->place.offset, c->lsn);
    fault_put(&before);
    return 0;
}

/* The newest checkpoint is of a record that is there, and lies where it should. */
static int check_checkpoint(struct remains *x)
{
    const struct remains_part *last = &x->parts[x->n - 1];
    const struct boundary *end = &last->end.at;
    struct checkpoint_ref c = x->control.now.checkpoint;

    if (!x->control.found || !last->right || !last->end.stated)
        return 0;
    if (end->checkpoint_offset)
        c = (struct checkpoint_ref){end->checkpoint_lsn, {last->number, end->checkpoint_offset}};
    if (c.lsn == 0)
        return 0;
    if (c.lsn >= end->next_lsn)
        note(x, c.place.segment, c.place.offset, c.lsn);
    for (size_t k = 0; k < x->n; k++)
        if (x->parts[k].number == c.place.segment)
            return x->parts[k].right ? check_state(x, &x->parts[k], &c) : 0;
    note(x, 0, 0, 0);
    return 0;
}

/* Of two states of a log that is in use the lower one counts, as for every reader; else the higher
 * one, as for the next writer. */
static int read_control(struct remains *x)
{
    struct control_file *c = &x->control;
    int e = file_open(&x->control.file, &x->folder, NAME_CONTROL, OS_READ, 0);

    if (e == 0) {
        x->in_use = remains_in_use(x);
        e = control_read(c, true);
    }
    if (e == WAL_E_CORRUPT || e == WAL_E_NOTFOUND) {
        c->found = c->has_witness = false;
        e = 0;
    }
    x->named_by_both = c->found ? c->now.newest : 0;
    if (!x->in_use && c->found)
        c->now = c->higher;
    return e;
}

static int no_log(const struct remains *x)
{
    return fault(WAL_E_NOTFOUND, "%s has no log", x->folder.path);
}

static int open_log(struct remains *x, const struct names *names)
{
    uint64_t newest;

    int e = find_newest(x, names, &newest);
    if (e < 0)
        return e;
    if (newest == 0)
        return no_log(x);
    const struct control_file *c = &x->control;
    if (!c->found || control_is_stale(c) || control_is_at_its_end(c))
        note(x, 0, 0, 0);
    e = walk_chain(x, names, newest);
    if (e < 0)
        return e;
    const struct remains_part *oldest = &x->parts[0];
    x->first_lsn = x->control.found ? x->control.now.first_lsn : max_u64(oldest->base_lsn, 1);
    if (oldest->right && oldest->base_lsn > x->first_lsn)
        note(x, oldest->number, 0, x->first_lsn);
    if (x->control.found && oldest->number != x->control.now.oldest)
        note(x, x->control.now.oldest, 0, 0);
    x->next_lsn = x->first_lsn;
    e = find_ends(x);
    if (e == 0)
        e = find_dead(x);
    return e < 0 ? e : check_checkpoint(x);
}

int remains_open(struct remains *x, const char *path, const struct config *config)
{
    struct names names = {0};

    *x = (struct remains){.alloc = &config->alloc, .folder = {.fd = -1}, .control.file.fd = -1};
    x->verdict = WAL_RECOVERY_CLEAN;
    x->locked = config->lock != NULL;
    int e = directory_open(&x->folder, config->os, path);
    x->folder.cipher = config->cipher;
    if (e == 0)
        e = read_control(x);
    if (e == 0)
        e = directory_names(&x->folder, x->alloc, &names);
    if (e == 0)
        e = open_log(x, &names);
    names_free(&names, x->alloc);
    return e;
}

void remains_close(struct remains *x)
{
    mem_free(x->alloc, x->parts);
    file_close(&x->control.file);
    if (x->folder.fd >= 0)
        directory_close(&x->folder);
}

int remains_scrub(const struct remains *x, const struct remains_part *part,
                  const struct scrub_fns *fns)
{
    struct scrub_end end = part->end;
    struct segment s;

    if (!part->right)
        return 0;
    int e = open_one(x, part->number, &s);
    if (e < 0)
        return e;
    if (e == 0 || s.header.crc != part->crc) { /* it was there a moment ago */
        if (e == 1)
            segment_close(&s);
        return fns->damage ? fns->damage(fns->ctx, 0, part->base_lsn) : 0;
    }
    e = scrub_segment(&s, x->alloc, &end, fns);
    segment_close(&s);
    return e;
}
