/* SPDX-License-Identifier: Apache-2.0 */
#include "log/fresh.h"

#include <string.h>

#include "base/bytes.h"
#include "base/plant.h"
#include "log/catalog_index.h"
#include "log/direct.h"
#include "log/prepared.h"
#include "log/reader.h"
#include "log/removal.h"
#include "log/reserve.h"
#include "log/retain.h"
#include "log/zeros.h"
#include "segment/cipher.h"

int fresh_salt(const struct wal *w, uint64_t *ret)
{
    uint64_t salt = 0;
    while (salt == 0) {
        int r = w->os->random(w->os->ctx, &salt, sizeof salt);
        if (r < 0)
            return fault_os(-r, "no random bytes");
    }
    *ret = salt;
    return 0;
}

uint64_t fresh_birth_end(const struct wal *w)
{
    uint32_t align = w->config.group_align, more = w->limits.overhead;
    uint64_t meta = w->meta.n ? group_disk_bytes(w->meta.size + more, align) : 0;
    uint64_t state = atomic_load(&w->machine.head_bytes);
    uint64_t tag = w->tag_offset ? group_disk_bytes(TAG_MAX + more, align) : 0;
    return SEGMENT_HEADER_BLOCK + meta + tag + state + (w->started ? 0 : w->inherited.carry_bytes);
}

static void put_label(struct wal *w, uint8_t label[SEGMENT_LABEL_BYTES])
{
    struct segment_header before;
    if (w->config.has_label)
        memcpy(label, w->config.label, SEGMENT_LABEL_BYTES);
    else if (catalog_newest_header(&w->catalog, &before))
        memcpy(label, before.label, SEGMENT_LABEL_BYTES);
}

static int header_for(struct wal *w, const struct fresh *f, const struct birth_size *births,
                      struct segment_header *ret)
{
    const struct config *c = &w->config;
    uint64_t window = SEGMENT_END_MAX;

    /* What is carried may have been written under a higher limit. */
    uint64_t record = c->max_record_bytes;
    if (births->kept)
        record = max_u64(record, f->births.from->header.max_record_bytes);
    uint64_t largest =
        max_u64(record_bytes(record) + TAG_MAX, max_u64(c->group_bytes, GROUP_BYTES_MIN));
    largest = max_u64(largest, births->largest_body) + w->limits.overhead;
    if (c->sync_mode != WAL_SYNC_NONE)
        window =
            c->pending_bytes + 2 * group_disk_bytes(largest, c->group_align) + GROUP_HEADER_BYTES;
    struct segment_header h = {
        .major = FORMAT_MAJOR,
        .minor = FORMAT_MINOR,
        .number = w->next_number,
        .base_lsn = f->base_lsn,
        .salt = f->salt,
        .epoch = w->control.now.epoch,
        .follow = f->follow,
        .group_align = c->group_align,
        .window = (uint32_t)min_u64((window + WINDOW_UNIT - 1) / WINDOW_UNIT, UINT32_MAX),
        .max_group_bytes = (uint32_t)largest,
        .max_record_bytes = (uint32_t)record,
        .checksum = CHECKSUM_CRC32,
        .codec = (uint16_t)c->codec,
        .cipher = (uint16_t)(c->cipher ? c->cipher->calls.id : 0),
        .key_id = c->cipher ? c->cipher->key_id : 0,
        .created_ns = w->os->wall(w->os->ctx),
        .flags = f->flags,
        .birth_place = (uint32_t)((SEGMENT_HEADER_BLOCK + births->bytes) / PLACE_UNIT),
        .kept_records = (uint32_t)births->kept,
    };
    memcpy(h.uuid, w->control.now.uuid, UUID_BYTES);
    put_label(w, h.label);
    int r = w->os->random(w->os->ctx, h.kdf_salt, sizeof h.kdf_salt);
    *ret = h;
    return r < 0 ? fault_os(-r, "no random bytes") : 0;
}

/* Header block and births into the temporary file, and a sync. */
static int fill(struct wal *w, struct fresh *f, struct writer *n)
{
    uint8_t block[SEGMENT_HEADER_BLOCK];
    struct birth_size births;

    int e = births_measure(&f->births, w->config.group_align, w->limits.overhead, &births);
    if (e == 0)
        e = header_for(w, f, &births, &n->segment.header);
    if (e == 0)
        e = segment_unlock(&n->segment);
    if (e < 0)
        return e;
    n->encoder = &w->encoder;
    segment_header_encode(block, &n->segment.header);
    segment_start(&n->segment, &n->end);
    writer_zero_ahead(n, n->end.offset + births.bytes + GROUP_HEADER_BYTES + zeros_ahead(w));
    e = births_write(&f->births, n);
    if (e == 0)
        e = file_write_bytes(&n->segment.file, block, sizeof block, 0);
    if (e == 0 && n->zeroed_to < n->end.offset + GROUP_HEADER_BYTES) {
        uint64_t to = writer_zeros_end(n, n->end.offset + GROUP_HEADER_BYTES);
        e = file_write_zeros(&n->segment.file, n->end.offset, to);
        n->zeroed_to = to;
    }
    if (e == 0)
        e = writer_sync(n, OS_SYNC_FULL);
    n->watermark = n->end.next_lsn - 1;
    return e;
}

static int name_it(struct wal *w, struct writer *n)
{
    const struct os *os = w->os;
    char name[NAME_BYTES];

    name_segment(name, n->segment.header.number);
    int r = os->rename(os->ctx, w->folder.fd, n->segment.file.name, name);
    if (r < 0)
        return fault_os(-r, "%s/%s can't be renamed to %s", w->path, n->segment.file.name, name);
    memcpy(n->segment.file.name, name, sizeof name);
    n->segment.file.number = n->segment.header.number;
    if (n->has_direct) {
        memcpy(n->direct.name, name, sizeof name);
        n->direct.number = n->segment.header.number;
    }
    return PLANTED(3) ? 0 : folder_sync(&w->folder);
}

void fresh_refer(struct control *c, const struct boundary *end)
{
    const struct place_ref none = {0, 0};
    c->metadata = end->meta_offset ? (struct place_ref){c->newest, end->meta_offset} : none;
    c->tagged = end->tag_offset ? (struct place_ref){c->newest, end->tag_offset} : none;
}

static struct checkpoint_ref newest_checkpoint(const struct fresh *f, const struct writer *n)
{
    const struct boundary *end = &n->end;
    const struct place_ref place = {n->segment.header.number, end->checkpoint_offset};
    return end->checkpoint_offset ? (struct checkpoint_ref){end->checkpoint_lsn, place}
                                  : f->checkpoint;
}

static int state_it(struct wal *w, const struct fresh *f, const struct writer *n)
{
    struct control *c = &w->control.now;

    c->newest = n->segment.header.number;
    c->oldest = f->advance.oldest ? f->advance.oldest : c->newest;
    c->first_lsn = f->first_lsn;
    c->flags = 0;
    c->pid = w->os->pid(w->os->ctx);
    c->end_lsn = c->end_offset = 0;
    fresh_refer(c, &n->end);
    c->checkpoint = newest_checkpoint(f, n);
    return control_write(&w->control);
}

/* What the index lacks is searched for from the group before. So no error here is one of the call.
 */
static void index_births(struct wal *w, const struct writer *n)
{
    struct fault before = *fault_last();
    struct group_reader r;
    struct group_view g;

    group_reader_init(&r, &n->segment, w->alloc, GROUP_BLOCK_BYTES);
    r.limit = n->end.offset;
    while (group_reader_next_header(&r, &g) == 1)
        if (g.header.records)
            catalog_index(&w->catalog, g.header.first_lsn, g.offset);
    group_reader_free(&r);
    fault_put(&before);
}

/* The log changes over to the new segment, in one step for everybody who reads. */
static int enter_log(struct wal *w, struct fresh *f, const struct writer *n,
                     struct numbers *ret_dropped)
{
    f->advance.add = &n->segment;
    pthread_mutex_lock(&w->mu);
    /* Also without a cut, since what is carried over has another place then. First, so that whoever
     * sees the new catalog sees this too. */
    atomic_fetch_add(&w->shape, 1);
    int e = catalog_advance(&w->catalog, &f->advance, ret_dropped);
    if (e == 0) {
        w->next_number++;
        writer_end_direct(&w->writer);
        w->writer = *n;
        w->started = true;
        w->handed_lsn = n->end.next_lsn - 1;
        w->written_lsn = n->end.next_lsn - 1;
        w->written_offset = n->end.offset;
        w->tag_offset = n->end.tag_offset;
        w->checkpoint = newest_checkpoint(f, n);
    }
    if (e == 0 && f->map)
        meta_map_swap(&w->meta, f->map);
    if (e == 0 && f->trims) {
        atomic_store(&w->first_lsn, f->first_lsn);
        removal_later(w, ret_dropped);
    }
    if (e == 0 && f->cuts) {
        w->next_lsn = n->end.next_lsn;
        w->background.submit_lsn = 0; /* what stays is durable, what goes is not waited for */
        /* who was woken since a record is durable, and hasn't looked yet, finds it gone */
        waiters_answer(w, f->cut_lsn + 1, atomic_load(&w->durable_lsn), &(struct fault){0});
        notify_cut(w, f->cut_lsn, n->watermark);
        atomic_store(&w->first_lsn, f->first_lsn);
        readers_cut(w, f->cut_lsn);
    }
    pthread_mutex_unlock(&w->mu);
    return e;
}

/* All that can be undone. */
static int make_file(struct wal *w, struct fresh *f, struct writer *ret)
{
    *ret = (struct writer){.segment.file.fd = -1};
    int e = prepared_take(w, ret);
    if (e < 0)
        return e;
    direct_begin(w, ret);
    e = fill(w, f, ret);
    if (e == 0)
        e = catalog_reserve(&w->catalog);
    if (e < 0) {
        remove_quietly(w, ret->segment.file.name);
        writer_end_direct(ret);
        segment_close(&ret->segment);
    }
    return e;
}

int fresh_make(struct wal *w, struct fresh *f, bool *ret_named)
{
    struct writer n;
    struct numbers dropped = {0};

    *ret_named = false;
    pthread_mutex_lock(&w->mu);
    zeros_wait(w);
    pthread_mutex_unlock(&w->mu);
    if (!w->started)
        w->control.now.epoch++;
    int e = make_file(w, f, &n);
    if (reserve_spend(w, e))
        e = make_file(w, f, &n);
    if (e < 0)
        return e;
    *ret_named = true;
    e = name_it(w, &n);
    if (e == 0)
        e = state_it(w, f, &n);
    if (e == 0)
        e = enter_log(w, f, &n, &dropped);
    if (e < 0) {
        writer_end_direct(&n);
        segment_close(&n.segment);
        return e;
    }
    machine_move(w);
    fresh_witness(w);
    remove_segments(w, &dropped);
    index_births(w, &n);
    return 0;
}

int fresh_make_trimmed(struct wal *w, struct fresh *f, const struct boundary *end, bool *ret_named)
{
    uint64_t first = f->first_lsn;
    struct retain_plan plan;

    f->trims = retain_begin(w, end, &plan);
    if (f->trims) {
        f->advance.oldest = plan.oldest;
        f->first_lsn = plan.first_lsn;
    }
    int e = fresh_make(w, f, ret_named);
    if (f->trims)
        retain_over(w, e == 0 ? f->first_lsn - first : 0);
    return e;
}

void fresh_witness(struct wal *w)
{
    const struct writer *x = &w->writer;
    struct witness s = {
        .sequence = w->control.sequence,
        .durable_lsn = x->watermark,
        .segment = x->segment.header.number,
        .durable_place = (uint32_t)(x->durable_offset / PLACE_UNIT),
        .group_crc = x->durable_link,
        .salt_low = (uint32_t)x->segment.header.salt,
    };
    control_write_witness(&w->control, &s);
}

int fresh_head(struct wal *w, struct fresh *f, struct checkpoint_state *state, bool *ret_fatal)
{
    int e = machine_snapshot(w, state);
    *ret_fatal = e == WAL_E_CALLBACK;
    if (e == 1)
        f->births.state = state;
    return e < 0 ? e : 0;
}
