/* SPDX-License-Identifier: Apache-2.0 */
#include "log/rebuild.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "log/directory.h"
#include "segment/checkpoint.h"
#include "segment/orphan.h"

bool rebuild_is_due(const struct remains *x)
{
    return !x->control.found || control_is_stale(&x->control) ||
           x->parts[x->n - 1].number > x->control.now.newest;
}

static int ambiguous(const struct remains *x, uint64_t number, const char *why)
{
    char name[NAME_BYTES];

    name_segment(name, number);
    return fault_at(WAL_E_CORRUPT, 0, number, 0, "control can't be made anew: %s/%s %s",
                    x->folder.path, name, why);
}

struct rebuild {
    const struct remains *remains;
    struct control *control;
    bool checkpoint_known;
    uint64_t kept; /* LSNs below were kept by all segments that were looked at */
};

static int look_for_checkpoint(struct rebuild *b, const struct segment *s, uint64_t limit)
{
    struct boundary found = {0};
    int e = checkpoint_find(s, b->remains->alloc, limit, &found);

    if (e == WAL_E_CORRUPT)
        return 0; /* whoever cuts there looks again */
    if (e == 0 && found.checkpoint_offset && found.checkpoint_lsn < b->kept) {
        b->control->checkpoint = (struct checkpoint_ref){
            found.checkpoint_lsn, {s->header.number, found.checkpoint_offset}};
        b->checkpoint_known = true;
    }
    return e;
}

/* A segment of the chain, newest first. */
static int take(struct rebuild *b, const struct remains_part *part)
{
    const struct segment_header *h;
    struct segment s;

    int e = segment_open(&s, &b->remains->folder, part->number, OS_READ);
    if (e < 0)
        return e;
    h = &s.header;
    if (b->control->newest == 0) {
        b->control->newest = h->number;
        b->control->epoch = h->epoch;
        memcpy(b->control->uuid, h->uuid, UUID_BYTES);
    }
    b->control->oldest = h->number;
    b->control->first_lsn = h->base_lsn;
    if (memcmp(b->control->uuid, h->uuid, UUID_BYTES) != 0)
        e = ambiguous(b->remains, part->number, "belongs to another log");
    if (e == 0 && !b->checkpoint_known)
        e = look_for_checkpoint(b, &s, part->end.at.offset);
    b->kept = min_u64(b->kept, h->base_lsn + h->kept_records);
    segment_close(&s);
    return e;
}

/* A file that is no part of the chain is what a cut or a crash has left, if its header is right;
 * one that can't be read may have been anything. */
static int check_others(const struct remains *x, const struct names *names)
{
    struct segment s;
    int lived = 0;

    for (size_t k = 0; k < names->n; k++) {
        uint64_t number = names->segments[k];
        bool part = false;
        for (size_t i = 0; i < x->n && !part; i++)
            part = x->parts[i].number == number;
        if (part)
            continue;
        int e = segment_open(&s, &x->folder, number, OS_READ);
        if (e == WAL_E_CORRUPT)
            return ambiguous(x, number, "can't be read");
        if (e < 0)
            return e;
        if (number > x->parts[x->n - 1].number)
            e = orphan_lived(&s, x->alloc, &lived);
        segment_close(&s);
        if (e < 0)
            return e;
        if (lived)
            return ambiguous(x, number, "was in use, but is not the newest");
    }
    return 0;
}

/* A reset that never came into control would take everything with it. */
static int check_newest(const struct remains *x, size_t files)
{
    const struct remains_part *p = &x->parts[x->n - 1];
    struct segment s;
    int lived = 0;

    int e = segment_open(&s, &x->folder, p->number, OS_READ);
    if (e < 0)
        return e;
    bool reset = s.header.flags & SEGMENT_RESET;
    e = orphan_lived(&s, x->alloc, &lived);
    segment_close(&s);
    return e == 0 && reset && !lived && files > 1
               ? ambiguous(x, p->number, "is empty, and would make the log so")
               : e;
}

static int walk(const struct remains *x, struct rebuild *b)
{
    int e = 0;

    for (size_t k = x->n; e == 0 && k > 0; k--) {
        const struct remains_part *p = &x->parts[k - 1];
        char name[NAME_BYTES];
        struct os_stat st;
        name_segment(name, p->number);
        bool there = x->folder.os->stat_at(x->folder.os->ctx, x->folder.fd, name, &st) >= 0;
        if (!p->right && !there && k == 1 && x->n > 1)
            break; /* it was truncated away */
        e = p->right ? take(b, p) : ambiguous(x, p->number, there ? "is damaged" : "is missing");
    }
    return e;
}

int rebuild_control(const struct remains *x, struct control *ret)
{
    struct control c = {.major = FORMAT_MAJOR, .minor = FORMAT_MINOR};
    struct rebuild b = {.remains = x, .control = &c, .kept = UINT64_MAX};
    struct names names;

    int e = directory_names(&x->folder, x->alloc, &names);
    if (e < 0)
        return e;
    e = check_others(x, &names);
    if (e == 0)
        e = check_newest(x, names.n);
    if (e == 0)
        e = walk(x, &b);
    if (e == 0 && x->control.found && memcmp(x->control.now.uuid, c.uuid, UUID_BYTES) == 0)
        c.first_lsn = max_u64(c.first_lsn, x->control.now.first_lsn);
    names_free(&names, x->alloc);
    if (e == 0)
        *ret = c;
    return e;
}
