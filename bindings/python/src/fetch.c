/* SPDX-License-Identifier: Apache-2.0 */
/* Where a reader is, and what it has fetched: against truncations, other threads, and those who
 * still show the memory of what was fetched before. */
#include "fetch.h"

#include "errors.h"
#include "wait.h"

/* ---- its place ---- */

bool reader_is_reverse(const struct reader *r)
{
    return (r->walk.flags & WAL_READ_REVERSE) != 0;
}

/* Nothing fetched is left: the library's reader says where this one is. */
uint64_t reader_place(const struct reader *r)
{
    if (r->at < r->have)
        return r->records[r->at].lsn;
    return r->stale || r->trimmed ? r->place : wal_reader_position(r->chunk->reader);
}

/* Gives up what was fetched. */
void reader_set_back(struct reader *r, uint64_t to)
{
    r->place = to;
    r->stale = true;
    r->at = r->have = 0;
}

static bool is_behind(const struct reader *r, uint64_t lsn)
{
    uint64_t stop = r->walk.stop;
    return reader_is_reverse(r) ? lsn <= stop : stop && lsn >= stop;
}

static bool is_shown(const struct reader *r)
{
    return r->chunk->holders > 1;
}

/* Of what only this reader knows. Otherwise the library's reader says what became of its place. */
static void cut_one(struct reader *r, uint64_t first, uint64_t last)
{
    if (r->at < r->have || (is_shown(r) && !r->stale))
        reader_set_back(r, reader_place(r));
    if (!(r->stale || r->fetching) || is_behind(r, r->place))
        return;
    uint64_t to = r->place;
    if (to < first || (reader_is_reverse(r) ? to > last : to > last && to - last > 1))
        r->trimmed = true;
}

void readers_cut(struct log *log, uint64_t first, uint64_t last)
{
    log->cuts++;
    for (struct reader *r = log->readers; r; r = r->next)
        cut_one(r, first, last);
}

/* ---- calls ---- */

bool reader_is_open(struct reader *r)
{
    if (!r->chunk || !r->log->w) {
        error_raise_text(r->state, WAL_E_CLOSED, r->log->path, "the %s is closed",
                         r->chunk ? "log" : "reader");
        return false;
    }
    return true;
}

bool reader_is_busy(const struct reader *r)
{
    return r->busy && !log_is_inherited(r->log);
}

bool reader_begin(struct reader *r)
{
    if (!reader_is_open(r))
        return false;
    if (reader_is_busy(r)) {
        error_raise_text(r->state, WAL_E_BUSY, r->log->path, "another thread is using the reader");
        return false;
    }
    r->shown = reader_place(r);
    r->busy = true;
    return true;
}

static int raise_trimmed(const struct reader *r)
{
    error_raise_text(r->state, WAL_E_TRIMMED, r->log->path,
                     "the reader's place, LSN %llu, was cut away", (unsigned long long)r->place);
    return -1;
}

/* The library's reader is to walk from lsn on: the old one where nobody shows its memory. 0, or -1;
 * the code `but` is left to the caller. After an error the reader is where it was. */
int reader_move(struct reader *r, uint64_t lsn, int but)
{
    struct call c;
    wal_reader_t *fresh = NULL;
    struct chunk *old = r->chunk;
    bool held = is_shown(r);

    if (r->at < r->have) /* the call may take their memory away */
        reader_set_back(r, reader_place(r));
    if (!call_begin(&c, r->log))
        return -1;
    int e =
        held ? wal_reader_open(c.w, lsn, r->walk.flags, &fresh) : wal_reader_seek(old->reader, lsn);
    e = call_end_but(&c, e, but);
    if (e < 0)
        return e == but ? but : -1;
    if (held) {
        struct chunk *chunk = chunk_new(fresh);
        if (!chunk)
            return -1;
        r->chunk = chunk; /* first: interrupt() may come while the old one is closed */
        chunk_drop(old);
    }
    r->stale = false;
    return 0;
}

/* To the place where it was set back to. A truncation that is at its end there would hide that it
 * took the place away, if new records have the same LSNs: that one comes to its end first. */
static int resume(struct reader *r)
{
    while (r->log->cutting && !caller_of(r->log))
        wait_a_moment();
    int e = r->trimmed ? 0 : reader_move(r, r->place, WAL_E_RANGE);
    if (e == WAL_E_RANGE)
        r->trimmed = true; /* it was in the log, and isn't any more */
    return r->trimmed ? raise_trimmed(r) : e;
}

/* Before the library's reader is used: it has to be in its place, and its memory its own. */
static int ready(struct reader *r)
{
    if (r->trimmed)
        return raise_trimmed(r);
    if (is_shown(r) && !r->stale)
        reader_set_back(r, reader_place(r));
    return r->stale ? resume(r) : 0;
}

static bool make_room(struct reader *r, size_t n)
{
    if (n <= r->room)
        return true;
    wal_record_t *larger = PyMem_Realloc(r->records, n * sizeof *larger);
    if (!larger) {
        PyErr_NoMemory();
        return false;
    }
    r->records = larger;
    r->room = n;
    return true;
}

/* Drops what lies at or behind the bound. */
static void stop_at(struct reader *r)
{
    while (r->have > 0 && is_behind(r, r->records[r->have - 1].lsn)) {
        r->place = r->records[--r->have].lsn;
        r->stale = true;
    }
}

/* Fetches up to n records: 1 there are some, 0 there are none, -1. A truncation that went on
 * meanwhile may have taken some of them away again: then once more. */
static int fetch_once(struct reader *r, size_t n, size_t bytes, bool *ret_again)
{
    struct call c;
    size_t got = 0;

    *ret_again = false;
    if (!r->trimmed && is_behind(r, reader_place(r)))
        return 0;
    if (ready(r) < 0 || !make_room(r, n))
        return -1;
    uint64_t cuts = r->log->cuts;
    r->place = reader_place(r);
    r->records[0].size = sizeof r->records[0];
    r->fetching = true;
    int e = -1;
    if (call_begin(&c, r->log))
        e = call_end(&c, wal_reader_next_many(r->chunk->reader, r->records, n, bytes, &got));
    r->fetching = false;
    if (e > 0 && cuts != r->log->cuts) {
        reader_set_back(r, r->place);
        *ret_again = true;
        return 0;
    }
    r->trimmed = false; /* what came of a truncation, the library's reader knows */
    if (e < 0)
        return -1;
    r->at = 0;
    r->have = got;
    stop_at(r);
    return r->have > 0;
}

int reader_fetch(struct reader *r, size_t n, size_t bytes)
{
    bool again;
    int is;

    do {
        is = fetch_once(r, r->log->cutting ? 1 : n, bytes, &again);
    } while (again);
    return is;
}

/* ---- waiting ---- */

static int wait_step_once(void *object, int ms)
{
    struct reader *r = object;
    struct call c;

    if (r->interrupted) {
        r->interrupted = false;
        return 2;
    }
    if (!reader_is_open(r))
        return -1;
    if (!r->trimmed && is_behind(r, reader_place(r)))
        return 2; /* nothing comes any more */
    if (ready(r) < 0 || !call_begin(&c, r->log))
        return -1;
    int e = wal_reader_wait(r->chunk->reader, ms);
    return call_end(&c, e) < 0 ? -1 : e;
}

/* 1: there is something; 0: timeout or interrupt; -1. */
int reader_wait_for_more(struct reader *r, int64_t ms)
{
    if (r->at < r->have)
        return 1;
    int is = wait_in_slices(wait_step_once, r, ms);
    return is == 2 ? 0 : is;
}
