/* SPDX-License-Identifier: Apache-2.0 */
#include "log/zeros.h"

#include "base/bytes.h"
#include "base/plant.h"
#include "log/background.h"
#include "log/fresh.h"
#include "log/prepared.h"

enum { INLINE_BYTES = 256 * 1024, LARGE_BYTES = 256 * 1024 };

uint64_t zeros_ahead(const struct wal *w)
{
    bool commits_wait =
        w->config.sync_mode != WAL_SYNC_NONE && w->config.sync_mode != WAL_SYNC_INTERVAL;
    return commits_wait ? min_u64(w->config.zero_ahead_bytes, w->config.segment_bytes) : 0;
}

uint64_t zeros_prepared(const struct wal *w)
{
    uint64_t bytes = fresh_birth_end(w) + GROUP_HEADER_BYTES + zeros_ahead(w);
    return w->direct ? align_up(bytes, GROUP_ALIGN_MAX) : bytes;
}

static void take_over(struct wal *w)
{
    struct background *b = &w->background;
    w->writer.zeroed_to = max_u64(w->writer.zeroed_to, b->zeroed_to);
    w->writer.zeroed_durable = max_u64(w->writer.zeroed_durable, b->zeroed_to); /* it was synced */
    b->zeroed_to = 0;
}

void zeros_wait(struct wal *w)
{
    struct background *b = &w->background;
    b->zero_wanted = b->prepare_wanted = false;
    while (b->zeroing || b->preparing)
        (void)turn_sleep(w, -1);
    take_over(w);
}

/* Of a commit, which may have several writes: whether zeros would cost more than they save. */
static bool is_large(const struct writer *x, uint64_t bytes, uint64_t ahead)
{
    return x->end.offset - x->durable_offset + bytes > max_u64(ahead / 4, LARGE_BYTES);
}

void zeros_before_put(struct wal *w, uint64_t bytes)
{
    struct writer *x = &w->writer;
    uint64_t ahead = zeros_ahead(w), need = x->end.offset + bytes + GROUP_HEADER_BYTES;

    w->zeros_pay = !is_large(x, bytes, ahead);
    if (ahead == 0 || need <= x->zeroed_to)
        return;
    pthread_mutex_lock(&w->mu);
    w->background.zero_wanted = false;
    while (w->background.zeroing)
        (void)turn_sleep(w, -1);
    take_over(w);
    pthread_mutex_unlock(&w->mu);
    if (need <= x->zeroed_to || !w->zeros_pay)
        return;
    uint64_t before = x->zeroed_to;
    writer_zero_ahead(x, need + min_u64(ahead, INLINE_BYTES));
    stat_add(&w->stats, WAL_STAT_WRITTEN_BYTES, x->zeroed_to - before);
}

static bool ask_zeros(struct wal *w, uint64_t ahead)
{
    struct background *b = &w->background;
    const struct writer *x = &w->writer;

    if (b->zeroing || b->zeroed_to || b->zero_refused == x->segment.header.number)
        return false;
    if (x->end.offset + ahead / 2 < x->zeroed_to || x->zeroed_to >= w->config.segment_bytes)
        return false;
    b->zero_wanted = true;
    b->zero_file = x->segment.file;
    b->zero_from = x->zeroed_to;
    b->zero_to = writer_zeros_end(x, x->zeroed_to + ahead);
    return true;
}

static bool ask_segment(struct wal *w)
{
    struct background *b = &w->background;
    const struct writer *x = &w->writer;

    if (b->preparing || w->prepared.fd >= 0 || b->prepare_refused == x->segment.header.number)
        return false;
    if (x->end.offset < w->config.segment_bytes / 2)
        return false;
    b->prepare_wanted = true;
    b->prepare_bytes = zeros_prepared(w);
    return true;
}

void zeros_ask(struct wal *w)
{
    uint64_t ahead = zeros_ahead(w);
    if (ahead == 0 || !w->started || !w->config.background || w->failure || atomic_load(&w->closed))
        return;
    take_over(w);
    if (w->write_error.code && !PLANTED(34))
        return; /* where records lack space, zeros do too; and a kick would cut short the thread's
                   pause before it tries them again */
    bool zeros = w->zeros_pay && ask_zeros(w, ahead);
    if (ask_segment(w) || zeros)
        background_kick(w);
}

static void write_zeros(struct wal *w)
{
    struct background *b = &w->background;
    struct file f = b->zero_file;
    uint64_t from = b->zero_from, to = b->zero_to;

    b->zero_wanted = false;
    b->zeroing = true;
    pthread_mutex_unlock(&w->mu);
    bool written = file_write_zeros(&f, from, to) == 0;
    bool synced = file_sync(&f, OS_SYNC_DATA) == 0;
    pthread_mutex_lock(&w->mu);
    b->zeroing = false;
    if (!synced) /* what a commit wrote meanwhile may be among the pages that were lost */
        wal_fail(w);
    else if (written)
        b->zeroed_to = to;
    else
        b->zero_refused = f.number;
    stat_add(&w->stats, WAL_STAT_WRITTEN_BYTES, written ? to - from : 0);
    turn_changed(w);
}

static void prepare(struct wal *w)
{
    struct background *b = &w->background;
    uint64_t bytes = b->prepare_bytes;
    struct file f;

    b->prepare_wanted = false;
    b->preparing = true;
    pthread_mutex_unlock(&w->mu);
    bool made = prepared_zeros(w, bytes, &f) == 0; /* if not, the rotation will say why */
    pthread_mutex_lock(&w->mu);
    b->preparing = false;
    if (made) {
        w->prepared = f;
        w->prepared_bytes = bytes;
    } else {
        b->prepare_refused = w->writer.segment.header.number;
    }
    turn_changed(w);
}

bool zeros_work(struct wal *w)
{
    struct background *b = &w->background;
    if (w->failure || atomic_load(&w->closed))
        b->zero_wanted = b->prepare_wanted = false;
    if (b->zero_wanted)
        write_zeros(w);
    else if (b->prepare_wanted)
        prepare(w);
    else
        return false;
    return true;
}
