/* SPDX-License-Identifier: Apache-2.0 */
#include "log/catalog.h"

#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "base/plant.h"
#include "log/catalog_index.h"

enum { OPEN_FILES_MAX = 64, FIRST_ROOM = 16 };

int catalog_init(struct catalog *c, const struct folder *folder, const struct alloc *a,
                 uint64_t index_limit)
{
    *c = (struct catalog){
        .folder = folder, .alloc = a, .index_limit = index_limit, .offsets_limit = index_limit};
    return pthread_mutex_init(&c->mu, NULL) == 0 ? 0 : fault_nomem();
}

static void close_file(struct catalog *c, struct member *m)
{
    if (m->segment.file.fd < 0)
        return;
    segment_close(&m->segment);
    c->open_files--;
}

static void member_free(struct catalog *c, struct member *m)
{
    close_file(c, m);
    member_index_free(c, m);
    mem_free(c->alloc, m);
}

static bool was_last(struct member *m)
{
    return atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) == 1;
}

static void unref(struct catalog *c, struct member *m)
{
    if (was_last(m))
        member_free(c, m);
}

void catalog_free(struct catalog *c)
{
    for (size_t k = 0; k < c->n; k++)
        unref(c, c->members[k]);
    mem_free(c->alloc, c->members);
    mem_free(c->alloc, c->spare);
    pthread_mutex_destroy(&c->mu);
}

static int make_room(struct catalog *c)
{
    if (c->n < c->room)
        return 0;
    size_t room = c->room ? 2 * c->room : FIRST_ROOM;
    struct member **p = mem_resize(c->alloc, c->members, room * sizeof *p);
    if (!p)
        return fault_nomem();
    c->members = p;
    c->room = room;
    return 0;
}

/* Closes the file that was not asked for for the longest time. */
static void limit_files(struct catalog *c)
{
    struct member *idle = NULL;
    if (c->open_files <= OPEN_FILES_MAX)
        return;
    for (size_t k = 0; k + 1 < c->n; k++) {
        struct member *m = c->members[k];
        if (m->refs == 1 && m->segment.file.fd >= 0 && (!idle || m->used < idle->used))
            idle = m;
    }
    if (idle)
        close_file(c, idle);
}

static int reserve(struct catalog *c)
{
    int e = make_room(c);
    if (e == 0 && !c->spare)
        c->spare = mem_new_zeroed(c->alloc, sizeof *c->spare);
    return e < 0 || c->spare ? e : fault_nomem();
}

int catalog_reserve(struct catalog *c)
{
    pthread_mutex_lock(&c->mu);
    int e = reserve(c);
    pthread_mutex_unlock(&c->mu);
    return e;
}

static int insert(struct catalog *c, size_t at, const struct segment *s)
{
    int e = reserve(c);
    if (e < 0)
        return e;
    struct member *m = c->spare;
    c->spare = NULL;
    m->refs = 1;
    m->number = s->header.number;
    m->segment = *s;
    m->index = catalog_new_index(c);
    m->used = ++c->clock;
    memmove(c->members + at + 1, c->members + at, (c->n - at) * sizeof *c->members);
    c->members[at] = m;
    c->n++;
    c->open_files++;
    limit_files(c);
    return 0;
}

/* Index of the first member with this number or a higher one. */
static size_t position_from(const struct catalog *c, uint64_t number)
{
    size_t low = 0, high = c->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (c->members[mid]->number < number)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* It is no part of the log any more, though somebody may hold it still. */
static void leave(struct catalog *c, struct member *m)
{
    m->gone = true;
    member_index_free(c, m);
    unref(c, m);
}

/* Their numbers are added to the list, where there is memory for them. */
static void drop(struct catalog *c, size_t from, size_t to, struct numbers *dropped)
{
    size_t n = to - from;
    uint64_t *p = n ? mem_resize(c->alloc, dropped->v, (dropped->n + n) * sizeof *p) : NULL;

    dropped->v = p ? p : dropped->v;
    for (size_t k = from; k < to; k++) {
        if (p)
            p[dropped->n++] = c->members[k]->number;
        leave(c, c->members[k]);
    }
    memmove(c->members + from, c->members + to, (c->n - to) * sizeof *c->members);
    c->n -= n;
}

static void end_newest(struct catalog *c, const struct advance *a)
{
    struct member *m = c->members[c->n - 1];
    m->end = a->end;
    m->checkpoint_known = a->checkpoint_known;
    m->sealed = true;
    member_index_cut(m, a->end.next_lsn - 1);
    catalog_limit_index(c);
}

int catalog_advance(struct catalog *c, const struct advance *a, struct numbers *ret_dropped)
{
    struct numbers dropped = {0};

    pthread_mutex_lock(&c->mu);
    int e = insert(c, c->n, a->add); /* first what can fail */
    if (e == 0) {
        size_t newest = --c->n, from = a->drop_from ? position_from(c, a->drop_from) : newest;
        struct member *m = c->members[newest];
        drop(c, from, newest, &dropped);
        if (a->ends)
            end_newest(c, a);
        c->members[c->n++] = m;
        c->oldest = a->oldest ? a->oldest : m->number;
        if (a->oldest)
            drop(c, 0, position_from(c, a->oldest), &dropped);
        *ret_dropped = dropped;
    }
    pthread_mutex_unlock(&c->mu);
    return e;
}

/* The end of a segment is what its successor states. */
static void end_of(const struct segment_header *after, struct boundary *ret)
{
    *ret = (struct boundary){
        .offset = after->follow.end_offset,
        .next_lsn = after->follow.end_lsn + 1,
        .link = after->follow.link,
    };
}

/* Opens the segment that members[0] follows and puts it in front. */
static int walk_one(struct catalog *c)
{
    const struct segment_header *after = &c->members[0]->segment.header;
    struct segment s;

    if (after->follow.number == 0 || after->follow.number >= after->number ||
        after->follow.number < c->oldest)
        return segment_corrupt(c->folder, after->number,
                               "is not the oldest segment, but states no segment before it");
    int e = segment_open(&s, c->folder, after->follow.number, OS_READ);
    if (e == WAL_E_NOTFOUND)
        return segment_corrupt(c->folder, after->follow.number, "is missing");
    if (e < 0)
        return e;
    bool reset = after->flags & SEGMENT_RESET;
    if (memcmp(s.header.uuid, c->uuid, UUID_BYTES) != 0)
        e = segment_corrupt(c->folder, s.header.number, "belongs to another log");
    else if ((uint32_t)s.header.salt != after->follow.salt_low || reset ||
             s.header.base_lsn > after->follow.end_lsn + 1)
        e = segment_corrupt(c->folder, s.header.number,
                            "is not the segment that its successor follows");
    if (e == 0)
        e = insert(c, 0, &s);
    if (e < 0) {
        segment_close(&s);
        return e;
    }
    c->members[0]->sealed = true;
    end_of(&c->members[1]->segment.header, &c->members[0]->end);
    return 0;
}

static bool is_whole(const struct catalog *c)
{
    return c->members[0]->number == c->oldest || PLANTED(15);
}

static int walk_locked(struct catalog *c)
{
    int e = 0;
    while (e == 0 && !is_whole(c))
        e = walk_one(c);
    return e;
}

/* Others get in between two steps: appends need the lock too. */
int catalog_walk(struct catalog *c)
{
    bool whole = false;
    int e = 0;

    while (e == 0 && !whole) {
        pthread_mutex_lock(&c->mu);
        whole = is_whole(c);
        e = whole ? 0 : walk_one(c);
        pthread_mutex_unlock(&c->mu);
    }
    return e;
}

/* Holds a member, with its file open. */
static int hold(struct catalog *c, struct member *m, struct member **ret)
{
    if (m->segment.file.fd < 0) {
        struct segment s;
        int e = segment_open(&s, c->folder, m->number, OS_READ);
        if (e == WAL_E_NOTFOUND)
            return segment_corrupt(c->folder, m->number, "is missing");
        if (e < 0)
            return e;
        if (s.header.crc != m->segment.header.crc) {
            segment_close(&s);
            return segment_corrupt(c->folder, m->number, "was replaced by another file");
        }
        m->segment.file = s.file;
        m->segment.key = s.key;
        c->open_files++;
        m->refs++; /* so that limit_files leaves it open */
        limit_files(c);
        m->refs--;
    }
    m->used = ++c->clock;
    m->refs++;
    *ret = m;
    return 0;
}

size_t catalog_position(const struct catalog *c, uint64_t lsn)
{
    size_t low = 0, high = c->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (c->members[mid]->segment.header.base_lsn <= lsn)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? low - 1 : 0;
}

int catalog_find(struct catalog *c, uint64_t lsn, struct member **ret)
{
    int e = 0;
    pthread_mutex_lock(&c->mu);
    if (lsn < c->members[0]->segment.header.base_lsn)
        e = walk_locked(c);
    if (e == 0)
        e = hold(c, c->members[catalog_position(c, lsn)], ret);
    pthread_mutex_unlock(&c->mu);
    return e;
}

int catalog_numbered(struct catalog *c, uint64_t number, struct member **ret)
{
    int e = 0;
    pthread_mutex_lock(&c->mu);
    if (number < c->members[0]->number)
        e = walk_locked(c);
    size_t k = e == 0 ? position_from(c, number) : 0;
    if (e == 0 && (k == c->n || c->members[k]->number != number))
        e = segment_corrupt(c->folder, number, "is no part of the log");
    if (e == 0)
        e = hold(c, c->members[k], ret);
    pthread_mutex_unlock(&c->mu);
    return e;
}

int catalog_newest(struct catalog *c, struct member **ret)
{
    pthread_mutex_lock(&c->mu);
    int e = hold(c, c->members[c->n - 1], ret);
    pthread_mutex_unlock(&c->mu);
    return e;
}

bool catalog_newest_header(struct catalog *c, struct segment_header *ret)
{
    pthread_mutex_lock(&c->mu);
    bool any = c->n > 0;
    if (any)
        *ret = c->members[c->n - 1]->segment.header;
    pthread_mutex_unlock(&c->mu);
    return any;
}

void catalog_release(struct catalog *c, struct member *m)
{
    if (!m || !was_last(m))
        return;
    pthread_mutex_lock(&c->mu);
    member_free(c, m);
    pthread_mutex_unlock(&c->mu);
}

void catalog_state(struct catalog *c, const struct member *m, struct member_state *ret)
{
    pthread_mutex_lock(&c->mu);
    *ret = (struct member_state){
        .end = m->end,
        .sealed = m->sealed,
        .gone = m->gone,
        .indexed = m->index.n || m->end.next_lsn == m->segment.header.base_lsn,
        .checkpoint_known = m->checkpoint_known,
    };
    pthread_mutex_unlock(&c->mu);
}

void catalog_set_checkpoint(struct catalog *c, struct member *m, uint64_t lsn, uint64_t offset)
{
    pthread_mutex_lock(&c->mu);
    if (m->sealed && !m->gone) {
        m->end.checkpoint_lsn = lsn;
        m->end.checkpoint_offset = offset;
        m->checkpoint_known = true;
    }
    pthread_mutex_unlock(&c->mu);
}

void catalog_drop_before(struct catalog *c, uint64_t number, struct numbers *ret_dropped)
{
    *ret_dropped = (struct numbers){0};
    pthread_mutex_lock(&c->mu);
    drop(c, 0, position_from(c, number), ret_dropped);
    c->oldest = number;
    pthread_mutex_unlock(&c->mu);
}

void catalog_each(struct catalog *c,
                  void (*fn)(void *ctx, const struct member *m, const struct member *after),
                  void *ctx)
{
    pthread_mutex_lock(&c->mu);
    for (size_t k = 0; k < c->n; k++)
        fn(ctx, c->members[k], k + 1 < c->n ? c->members[k + 1] : NULL);
    pthread_mutex_unlock(&c->mu);
}

void catalog_swap(struct catalog *c, struct catalog *other)
{
    pthread_mutex_lock(&c->mu);
    struct member **members = c->members;
    size_t room = c->room;
    for (size_t k = 0; k < c->n; k++) {
        leave(c, members[k]);
    }
    c->members = other->members;
    c->n = other->n;
    c->room = other->room;
    c->open_files += other->open_files;
    c->oldest = other->oldest;
    memcpy(c->uuid, other->uuid, UUID_BYTES);
    other->members = members;
    other->n = 0;
    other->room = room;
    other->open_files = 0;
    catalog_limit_index(c);
    pthread_mutex_unlock(&c->mu);
}

void catalog_disown(struct catalog *c)
{
    for (size_t k = 0; k < c->n; k++)
        c->members[k]->segment.file.fd = -1;
}
