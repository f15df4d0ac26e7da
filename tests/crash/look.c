/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/look.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crash/checkpoints.h"
#include "crash/payload.h"

/* A walk over records that is compared as it goes. */
struct walk {
    const struct oracle *oracle;
    struct view *view;
    uint64_t expected; /* LSN of the next record */
};

/* What one gets by its LSN comes without its batch's tag. */
enum with { WITH_TAG, WITHOUT_TAG };

static bool right(const struct oracle *o, uint32_t alt, const wal_record_t *r, enum with with)
{
    uint64_t id, tag = with == WITH_TAG ? oracle_tag(o, alt, r->lsn) : 0;
    return oracle_id(o, alt, r->lsn, &id) && r->type == payload_type(id) &&
           payload_is(id, r->data, r->data_size) && tag_is(tag, r->tag, r->tag_size);
}

static void compare(const struct oracle *o, struct view *v, const wal_record_t *r, enum with with)
{
    for (uint32_t a = 0; a < o->count; a++) {
        if (!v->wrong[a] && !right(o, a, r, with))
            v->wrong[a] = r->lsn;
    }
}

static int forward(void *ctx, const wal_record_t *r)
{
    struct walk *w = ctx;
    if (r->lsn != w->expected && !w->view->gap)
        w->view->gap = r->lsn;
    w->expected++;
    w->view->records++;
    compare(w->oracle, w->view, r, WITH_TAG);
    return 0;
}

/* What a reader walks over: from *from, in steps of one; *ret_count: how many it delivered. */
static enum tried read_on(struct session *s, wal_t *log, uint32_t flags, struct view *v,
                          uint64_t *ret_count)
{
    wal_record_t r = {.size = sizeof r};
    bool back = flags & WAL_READ_REVERSE;
    uint64_t expected = 0, count = 0;
    wal_reader_t *reader;
    int got;

    int e = wal_reader_open(log, 0, flags, &reader);
    if (e < 0)
        return session_failed(s, "reader", e);
    while ((got = wal_reader_next(reader, &r)) == 1) {
        if (count++ == 0)
            expected = back ? r.lsn : v->first;
        if (r.lsn != expected && !v->gap)
            v->gap = r.lsn;
        expected += back ? UINT64_MAX : 1;
        compare(s->oracle, v, &r, WITH_TAG);
        r.size = sizeof r;
    }
    wal_reader_close(reader);
    if (got < 0)
        return session_failed(s, back ? "reverse reader" : "reader", got);
    if (back && count > 0 && expected + 1 != v->first)
        return session_wrong(s, "the reverse reader ends at LSN %" PRIu64 ", first is %" PRIu64,
                             expected + 1, v->first);
    *ret_count = count;
    return TRIED_OK;
}

/* Both ways, a reader has to see the same records, at least all that is durable, at most all. */
static enum tried read_all(struct session *s, wal_t *log, uint32_t flags, struct view *v)
{
    uint64_t forth = 0, back = 0;
    enum tried t = read_on(s, log, flags, v, &forth);
    if (t == TRIED_OK && v->next > v->first)
        t = read_on(s, log, flags | WAL_READ_REVERSE, v, &back);
    if (t == TRIED_OK &&
        (forth != back || forth < v->durable + 1 - v->first || forth > v->next - v->first))
        t = session_wrong(s,
                          "the reader delivers %" PRIu64 " records, the reverse one %" PRIu64
                          "; from LSN %" PRIu64 " to below %" PRIu64 ", durable %" PRIu64,
                          forth, back, v->first, v->next, v->durable);
    return t;
}

static enum tried get_one(struct session *s, wal_t *log, uint64_t lsn, struct view *v)
{
    static _Thread_local uint8_t buf[PAYLOAD_MAX];
    wal_record_t r = {.size = sizeof r};
    int e = wal_get(log, lsn, buf, sizeof buf, &r);
    if (e < 0)
        return session_failed(s, "get", e);
    if (r.lsn != lsn && !v->gap)
        v->gap = lsn;
    compare(s->oracle, v, &r, WITHOUT_TAG);
    return TRIED_OK;
}

/* Records that are buffered can be got, not walked over. */
static enum tried get_all(struct session *s, wal_t *log, struct view *v)
{
    enum tried t = TRIED_OK;
    for (uint64_t lsn = v->first; t == TRIED_OK && lsn < v->next; lsn++) {
        t = get_one(s, log, lsn, v);
        v->records++;
    }
    return t;
}

/* The id of the metadata's value, 0 for none. */
static enum tried get_meta(struct session *s, wal_t *log, uint64_t *ret)
{
    uint8_t value[1024];
    size_t size = 0;
    uint64_t id = 0;
    int e = wal_meta_get(log, LOOK_META_KEY, strlen(LOOK_META_KEY), value, sizeof value, &size);
    if (e < 0 && e != WAL_E_NOTFOUND)
        return session_failed(s, "meta_get", e);
    if (e == 0)
        memcpy(&id, value, sizeof id);
    if (e == 0 && (size < sizeof id || !payload_is(payload_id(id, size - sizeof id),
                                                   value + sizeof id, size - sizeof id)))
        return session_wrong(s, "metadata of %zu bytes has other bytes than were set", size);
    *ret = id;
    return TRIED_OK;
}

static enum tried get_tag(struct session *s, wal_t *log, uint64_t *ret)
{
    uint8_t tag[TAG_BYTES_MAX];
    size_t size = 0;
    uint64_t number = 0;
    int e = wal_last_tag(log, tag, sizeof tag, &size);
    if (e < 0)
        return session_failed(s, "last_tag", e);
    if (size >= sizeof number)
        memcpy(&number, tag, sizeof number);
    if (!tag_is(number, size ? tag : NULL, size))
        return session_wrong(s, "a tag of %zu bytes has other bytes than were set", size);
    *ret = number;
    return TRIED_OK;
}

static enum tried replay(struct session *s, wal_t *log, struct view *v)
{
    struct walk w = {s->oracle, v, v->first};
    uint64_t last = 0;
    int e = wal_replay(log, v->first, forward, &w, &last);
    if (e < 0)
        return session_failed(s, "replay", e);
    if (last != (v->records ? v->next - 1 : 0))
        return session_wrong(s, "replay ends at LSN %" PRIu64 ", the log at %" PRIu64, last,
                             v->next - 1);
    return TRIED_OK;
}

enum tried look_at(struct session *s, wal_t *log, enum look how, struct view *ret)
{
    struct view v = {0};
    uint64_t last;
    uint32_t flags = how == LOOK_LIVING ? WAL_READ_WRITTEN : 0;

    int e = wal_range(log, &v.first, &last, &v.next, &v.durable);
    if (e < 0)
        return session_failed(s, "range", e);
    if (how == LOOK_FOLLOWED || how == LOOK_SHOWN)
        v.next = v.durable + 1;
    enum tried t = how == LOOK_LIVING ? get_all(s, log, &v) : replay(s, log, &v);
    if (t == TRIED_OK)
        t = read_all(s, log, flags, &v);
    if (t == TRIED_OK && v.records > 0)
        t = get_one(s, log, v.first + v.records / 2, &v);
    if (t == TRIED_OK)
        t = get_meta(s, log, &v.meta);
    if (t == TRIED_OK && !s->setup.machine)
        t = checkpoint_look(s, log, &v);
    else
        v.mark.lsn = UNSEEN; /* the machine takes them, not the oracle */
    v.tag = UNSEEN;
    if (t == TRIED_OK && how != LOOK_SHOWN)
        t = get_tag(s, log, &v.tag);
    *ret = v;
    return t;
}
