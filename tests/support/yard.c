/* SPDX-License-Identifier: Apache-2.0 */
#include "support/yard.h"

#include <string.h>

#include "api/options.h"
#include "base/bytes.h"
#include "log/log.h"

void yard_make(struct yard *y)
{
    *y = (struct yard){0};
    MUST_BE(scratch_make(&y->scratch), 0);
    lever_init(&y->lever);
    MUST_BE(wal_options_new(&y->options), 0);
    options_set_os(y->options, &y->lever.os);
}

void yard_remove(struct yard *y)
{
    if (y->log)
        yard_close(y);
    wal_options_free(y->options);
    scratch_remove(&y->scratch);
}

void yard_set(struct yard *y, uint32_t option, uint64_t value)
{
    MUST_BE(wal_options_set(y->options, option, value), 0);
}

void yard_open(struct yard *y)
{
    MUST_BE(wal_open(y->scratch.path, y->options, &y->log), 0);
}

void yard_close(struct yard *y)
{
    wal_t *w = y->log;
    y->log = NULL;
    MUST_BE(wal_close(w), 0);
}

wal_t *yard_follow(struct yard *y)
{
    wal_options_t *o;
    wal_t *w;
    MUST_BE(wal_options_new(&o), 0);
    MUST_BE(wal_options_set(o, WAL_OPT_READ_ONLY, 1), 0);
    if (y->follower_os)
        options_set_os(o, y->follower_os);
    MUST_BE(wal_open(y->scratch.path, o, &w), 0);
    wal_options_free(o);
    return w;
}

void yard_await_inside(struct yard *y, uint32_t calls)
{
    crew_await(&y->log->inside, calls);
}

void yard_await_next(struct yard *y, uint64_t lsn)
{
    while (wal_next_lsn(y->log) < lsn)
        crew_pause();
}

uint64_t yard_stat(struct yard *y, uint32_t which)
{
    uint64_t values[WAL_STAT_BROKEN_PINS + 1];
    MUST_BE(wal_stats(y->log, values, WAL_STAT_BROKEN_PINS + 1), 0);
    return values[which];
}

static size_t note_size(uint32_t who, uint32_t seq)
{
    uint32_t most = seq % 8 == 5 ? NOTE_MAX : 256; /* now and then one that isn't brief */
    return 8 + (who * 7 + seq * 13) % (most - 8);
}

size_t note_make(uint8_t out[NOTE_MAX], uint32_t who, uint32_t seq)
{
    size_t size = note_size(who, seq);
    store32(out, who);
    store32(out + 4, seq);
    memset(out + 8, (int)((who + seq) & 0xff), size - 8);
    return size;
}

void note_read(const wal_record_t *r, uint32_t *ret_who, uint32_t *ret_seq)
{
    uint8_t right[NOTE_MAX];
    MUST(r->data_size >= 8);
    *ret_who = load32(r->data);
    *ret_seq = load32((const uint8_t *)r->data + 4);
    MUST_BE((int64_t)r->data_size, (int64_t)note_make(right, *ret_who, *ret_seq));
    MUST(memcmp(r->data, right, r->data_size) == 0);
}
