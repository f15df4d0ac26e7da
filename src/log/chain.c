/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/plant.h"
#include "log/recover.h"
#include "segment/orphan.h"

/* Segments are opened in the catalog's folder: a follower's members outlive the object that it
 * reads them with. */
static int open_newest(struct wal *w)
{
    struct segment s;
    struct numbers none;
    uint64_t number = w->control.now.newest;

    int e = segment_open(&s, w->catalog.folder, number, OS_READ);
    while (PLANTED(15) && e == WAL_E_NOTFOUND && number > w->control.now.oldest)
        e = segment_open(&s, w->catalog.folder, --number, OS_READ);
    if (e == WAL_E_NOTFOUND)
        return segment_corrupt(&w->folder, number, "is missing");
    if (e < 0)
        return e;
    if (memcmp(s.header.uuid, w->control.now.uuid, UUID_BYTES) != 0)
        e = segment_corrupt(&w->folder, number, "belongs to another log");
    if (e == 0 && s.header.read_only_compatible && !w->config.read_only)
        e = fault_at(WAL_E_VERSION, 0, number, 0,
                     "%s/%s has features of a newer version: it can be opened read-only", w->path,
                     s.file.name);
    struct advance a = {.oldest = w->control.now.oldest, .add = &s};
    if (e == 0)
        e = catalog_advance(&w->catalog, &a, &none);
    if (e < 0)
        segment_close(&s);
    w->report.header_repairs += e == 0 ? s.header_repairs : 0;
    return e;
}

/* A segment that could not be opened may be removed where its header never reached the disk; not
 * one with a right header that names another number: somebody has put it there. */
static bool is_wreck(const struct segment *s, int e)
{
    return e == WAL_E_CORRUPT && s->header.number == 0;
}

/* A file above the newest segment: a leftover of a new segment that never got into control, unless
 * it was written to. */
static int check_orphan(struct wal *w, uint64_t number, bool *ret_ours)
{
    struct segment s = {0};
    int lived = 0;

    int e = segment_open(&s, w->catalog.folder, number, OS_READ);
    *ret_ours = is_wreck(&s, e);
    if (e == WAL_E_CORRUPT)
        return 0;
    if (e < 0)
        return e;
    *ret_ours = memcmp(s.header.uuid, w->control.now.uuid, UUID_BYTES) == 0;
    if (*ret_ours)
        e = orphan_lived(&s, w->alloc, &lived);
    segment_close(&s);
    return e < 0   ? e
           : lived ? segment_corrupt(&w->folder, number,
                                     "was in use, but control doesn't name it: control is stale")
                   : 0;
}

/* Whether a smaller file that the chain doesn't meet may be removed: it is, unless it belongs to
 * another log or another place in this one. */
static bool is_ours(struct wal *w, uint64_t number)
{
    struct segment s = {0};
    struct fault before = *fault_last();

    int e = segment_open(&s, w->catalog.folder, number, OS_READ);
    if (e < 0) {
        fault_put(&before);
        return is_wreck(&s, e);
    }
    bool ours = memcmp(s.header.uuid, w->control.now.uuid, UUID_BYTES) == 0;
    segment_close(&s);
    return ours;
}

struct members {
    const uint64_t *numbers;
    size_t n, k;
    bool *met;
};

static void meet(void *ctx, const struct member *m, const struct member *after)
{
    struct members *x = ctx;
    (void)after;
    while (x->k < x->n && x->numbers[x->k] < m->number)
        x->k++;
    if (x->k < x->n && x->numbers[x->k] == m->number)
        x->met[x->k] = true;
}

/* Keeps in `names` the numbers that are no part of the log and ours to remove. */
static int keep_leftovers(struct wal *w, struct names *names)
{
    struct members x = {.numbers = names->segments, .n = names->n};
    size_t kept = 0;
    int e = 0;

    x.met = mem_new_zeroed(w->alloc, names->n * sizeof *x.met + 1);
    if (!x.met)
        return fault_nomem();
    catalog_each(&w->catalog, meet, &x);
    for (size_t k = 0; e == 0 && k < names->n; k++) {
        uint64_t number = names->segments[k];
        bool ours = true;
        if (x.met[k])
            continue;
        if (number > w->control.now.newest)
            e = check_orphan(w, number, &ours);
        else
            ours = is_ours(w, number);
        if (ours)
            names->segments[kept++] = number;
    }
    mem_free(w->alloc, x.met);
    names->n = kept;
    return e;
}

/* Whether the names are just those of an unbroken chain, so that its headers can be read when they
 * are needed. */
static bool unbroken(const struct wal *w, const struct names *names,
                     const struct segment_header *newest)
{
    const struct control *c = &w->control.now;
    if (names->n == 0 || names->segments[0] != c->oldest ||
        names->segments[names->n - 1] != c->newest)
        return false;
    if (names->n != c->newest - c->oldest + 1)
        return false;
    return names->n == 1 || newest->follow.number == c->newest - 1;
}

/* Control keeps nothing that the oldest segment doesn't have. */
static int check_first(const struct wal *w, const struct segment_header *oldest)
{
    if (oldest->base_lsn > w->control.now.first_lsn)
        return segment_corrupt(&w->folder, oldest->number, "begins above the log's first LSN");
    return 0;
}

/* R1 asks for the headers of the oldest, the newest and the one before even where the rest is left
 * for later. */
static int check_ends(struct wal *w, const struct segment_header *newest)
{
    struct segment s;
    uint64_t look[2] = {w->control.now.oldest, newest->follow.number};

    for (int k = 0; k < 2; k++) {
        if (look[k] < w->control.now.oldest || look[k] >= newest->number)
            continue;
        if (k == 0 && look[0] == look[1])
            continue; /* once is enough */
        int e = segment_open(&s, w->catalog.folder, look[k], OS_READ);
        if (e < 0)
            return e;
        bool foreign = memcmp(s.header.uuid, w->control.now.uuid, UUID_BYTES) != 0;
        int too_high = look[k] == w->control.now.oldest ? check_first(w, &s.header) : 0;
        bool followed = k == 0 || (uint32_t)s.header.salt == newest->follow.salt_low;
        w->report.header_repairs += s.header_repairs;
        segment_close(&s);
        if (foreign)
            return segment_corrupt(&w->folder, look[k], "belongs to another log");
        if (!followed)
            return segment_corrupt(&w->folder, look[k],
                                   "is not the segment that its successor follows");
        if (too_high < 0)
            return too_high;
    }
    return 0;
}

/* The header of the oldest member that is known. */
static void note_oldest(void *ctx, const struct member *m, const struct member *after)
{
    struct segment_header *oldest = ctx;
    (void)after;
    if (oldest->number == 0)
        *oldest = m->segment.header;
}

/* Above every number in the directory, but for those that would leave none. */
static uint64_t number_after(const struct names *names, uint64_t newest)
{
    size_t n = names->n;
    while (n > 0 && names->segments[n - 1] > COUNT_MAX)
        n--;
    return (n ? max_u64(names->segments[n - 1], newest) : newest) + 1;
}

int recover_chain(struct wal *w)
{
    struct names names;
    struct member *newest;
    struct segment_header oldest = {0};

    if (control_is_stale(&w->control))
        return fault(WAL_E_CORRUPT, "%s/%s: the witness is newer than both slots", w->path,
                     NAME_CONTROL);
    if (!w->config.read_only && control_is_at_its_end(&w->control))
        return fault(WAL_E_CORRUPT, "%s/%s counts further than any log", w->path, NAME_CONTROL);
    int e = directory_names(&w->folder, w->alloc, &names);
    if (e < 0)
        return e;
    w->next_number = number_after(&names, w->control.now.newest);
    w->report.segments = names.n;
    e = open_newest(w);
    if (e < 0)
        goto out;
    e = catalog_newest(&w->catalog, &newest);
    if (e < 0)
        goto out;
    if (unbroken(w, &names, &newest->segment.header)) {
        e = check_ends(w, &newest->segment.header);
        names.n = 0;
    } else {
        e = catalog_walk(&w->catalog);
        if (e == 0)
            e = keep_leftovers(w, &names);
    }
    if (e == 0)
        catalog_each(&w->catalog, note_oldest, &oldest);
    if (e == 0 && oldest.number == w->control.now.oldest)
        e = check_first(w, &oldest);
    catalog_release(&w->catalog, newest);
out:
    w->leftovers = names;
    return e;
}
