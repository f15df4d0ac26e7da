#include "log/fresh.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/plant.h"
#include "log/catalog_index.h"
#include "log/commit.h"
#include "log/reader.h"
#include "log/removal.h"
#include "log/retain.h"
#include "log/zeros.h"

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
    uint32_t align = w->config.group_align;
    uint64_t meta = w->meta.n ? group_disk_bytes(w->meta.size, align) : 0;
    uint64_t tag = w->tag_offset ? group_disk_bytes(TAG_MAX, align) : 0;
    return SEGMENT_HEADER_BLOCK + meta + tag + (w->started ? 0 : w->inherited.carry_bytes);
}

static int remove_leftovers(struct wal *w)
{
    char name[NAME_BYTES];
    int e = 0;

    for (size_t k = 0; e == 0 && k < w->leftovers.n; k++) {
        name_segment(name, w->leftovers.segments[k]);
        e = folder_unlink(&w->folder, name);
    }
    for (size_t k = 0; e == 0 && k < w->leftovers.n_temps; k++)
        e = folder_unlink(&w->folder, w->leftovers.temps[k]);
    if (e == 0 && (w->leftovers.n || w->leftovers.n_temps))
        e = folder_sync(&w->folder);
    if (e == 0)
        names_free(&w->leftovers, w->alloc);
    return e;
}

int fresh_settle(struct wal *w)
{
    if (w->settled)
        return 0;
    int e = folder_sync(&w->folder);
    if (e == 0)
        e = control_settle(&w->control);
    if (e == 0)
        e = remove_leftovers(w);
    w->settled = e == 0;
    return e;
}

static int make_temp(struct wal *w, struct file *ret)
{
    const int flags = OS_READ | OS_WRITE | OS_CREATE | OS_EXCLUSIVE;
    char name[NAME_BYTES];

    name_temp(name, w->next_number);
    int e = file_open(ret, &w->folder, name, flags, w->config.file_mode);
    if (e < 0 && fault_last()->sys_errno == EEXIST) {
        e = folder_unlink(&w->folder, name); /* it is of an attempt that failed half way */
        if (e == 0)
            e = file_open(ret, &w->folder, name, flags, w->config.file_mode);
    }
    return e;
}

int fresh_make_zeros(struct wal *w, uint64_t bytes, struct file *ret)
{
    int e = make_temp(w, ret);
    if (e < 0)
        return e;
    e = file_write_zeros(ret, 0, bytes);
    if (e == 0)
        e = file_sync(ret, OS_SYNC_DATA);
    if (e < 0) {
        removal_unlink(w, ret->name);
        file_close(ret);
        return e;
    }
    stat_add(&w->stats, WAL_STAT_WRITTEN_BYTES, bytes);
    return 0;
}

int fresh_prepare(struct wal *w)
{
    pthread_mutex_lock(&w->mu);
    zeros_settle(w); /* the background thread may be about to make the same file */
    pthread_mutex_unlock(&w->mu);
    if (w->prepared.fd >= 0)
        return 0;
    uint64_t bytes = fresh_birth_end(w) + GROUP_HEADER_BYTES + zeros_ahead(w);
    int e = fresh_make_zeros(w, bytes, &w->prepared);
    if (e == 0)
        w->prepared_bytes = bytes;
    else
        w->prepared.fd = -1;
    return e;
}

void fresh_discard_prepared(struct wal *w)
{
    if (w->prepared.fd < 0)
        return;
    removal_unlink(w, w->prepared.name);
    file_close(&w->prepared);
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
    largest = max_u64(largest, births->largest_body);
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

    int e = births_measure(&f->births, w->config.group_align, &births);
    if (e == 0)
        e = header_for(w, f, &births, &n->segment.header);
    if (e < 0)
        return e;
    segment_header_encode(block, &n->segment.header);
    segment_start(&n->segment, &n->end);
    writer_zero_ahead(n, n->end.offset + births.bytes + GROUP_HEADER_BYTES + zeros_ahead(w));
    e = births_write(&f->births, n);
    if (e == 0)
        e = file_write_bytes(&n->segment.file, block, sizeof block, 0);
    if (e == 0 && n->zeroed_to < n->end.offset + GROUP_HEADER_BYTES) {
        e = file_write_zeros(&n->segment.file, n->end.offset, n->end.offset + GROUP_HEADER_BYTES);
        n->zeroed_to = n->end.offset + GROUP_HEADER_BYTES;
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
    return PLANTED(3) ? 0 : folder_sync(&w->folder);
}

void fresh_refer(struct control *c, const struct boundary *end)
{
    const struct place_ref none = {0, 0};
    c->metadata = end->meta_offset ? (struct place_ref){c->newest, end->meta_offset} : none;
    c->tagged = end->tag_offset ? (struct place_ref){c->newest, end->tag_offset} : none;
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
    return control_write(&w->control);
}

/* Takes the temporary file of the next segment: the prepared one, or a new one. */
static int take_file(struct wal *w, struct writer *n)
{
    if (w->prepared.fd < 0)
        return make_temp(w, &n->segment.file);
    n->segment.file = w->prepared;
    n->zeroed_to = w->prepared_bytes;
    w->prepared.fd = -1;
    return 0;
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
        w->writer = *n;
        w->started = true;
        w->handed_lsn = n->end.next_lsn - 1;
        w->written_lsn = n->end.next_lsn - 1;
        w->written_offset = n->end.offset;
        w->tag_offset = n->end.tag_offset;
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
        notify_cut(w, f->cut_lsn, n->watermark);
        atomic_store(&w->first_lsn, f->first_lsn);
        readers_cut(w, f->cut_lsn);
    }
    pthread_mutex_unlock(&w->mu);
    return e;
}

int fresh_make(struct wal *w, struct fresh *f, bool *ret_named)
{
    struct writer n = {.segment.file.fd = -1};
    struct numbers dropped = {0};

    *ret_named = false;
    pthread_mutex_lock(&w->mu);
    zeros_settle(w);
    pthread_mutex_unlock(&w->mu);
    if (!w->started)
        w->control.now.epoch++;
    int e = take_file(w, &n);
    if (e < 0)
        return e;
    e = fill(w, f, &n);
    if (e == 0)
        e = catalog_reserve(&w->catalog);
    if (e < 0) {
        removal_unlink(w, n.segment.file.name);
        file_close(&n.segment.file);
        return e;
    }
    *ret_named = true;
    e = name_it(w, &n);
    if (e == 0)
        e = state_it(w, f, &n);
    if (e == 0)
        e = enter_log(w, f, &n, &dropped);
    if (e < 0) {
        file_close(&n.segment.file);
        return e;
    }
    fresh_witness(w);
    removal_now(w, &dropped);
    index_births(w, &n);
    return 0;
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

/* The same step takes from the front what retention lets go; `end`: of the segment before it. */
static int make_and_trim(struct wal *w, struct fresh *f, const struct boundary *end,
                         bool *ret_named)
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

int fresh_start(struct wal *w, uint64_t salt, bool *ret_fatal)
{
    const struct inherited *in = &w->inherited;
    struct member *last = NULL;

    *ret_fatal = false;
    int e = fresh_settle(w);
    if (e < 0) {
        *ret_fatal = true;
        return e;
    }
    e = catalog_newest(&w->catalog, &last);
    if (e < 0)
        return e;
    const struct segment *s = &last->segment;
    struct fresh f = {
        .salt = salt,
        .births = {.meta = &w->meta,
                   .from = s,
                   .end = in->end,
                   .alloc = w->alloc,
                   .group_bytes = w->config.group_bytes},
        .advance = {.oldest = w->control.now.oldest},
        .first_lsn = w->control.now.first_lsn,
    };
    if (in->small) {
        segment_start(s, &f.births.begin);
        f.follow = s->header.follow;
        f.flags = s->header.flags;
        f.base_lsn = s->header.base_lsn;
        f.advance.drop_from = s->header.number;
        f.advance.oldest = f.advance.oldest == s->header.number ? 0 : f.advance.oldest;
    } else {
        f.births.begin = in->vouched;
        segment_follow(s, &in->vouched, &f.follow);
        f.base_lsn = in->vouched.next_lsn;
        f.advance.ends = true;
        f.advance.end = in->vouched;
        e = tag_read(s, w->alloc, in->vouched.tag_offset, &f.births.tag);
    }
    if (e == 0)
        e = in->small ? fresh_make(w, &f, ret_fatal)
                      : make_and_trim(w, &f, &in->vouched, ret_fatal);
    catalog_release(&w->catalog, last);
    return e;
}

/* Writes the seal; when that fails it is set back. */
static int put_seal(struct wal *w, uint8_t *bytes, size_t size, bool *ret_fatal)
{
    uint64_t touched;
    struct outgoing g = {.header = {.type = GROUP_SEAL,
                                    .first_lsn = w->writer.end.next_lsn,
                                    .stored_bytes = (uint32_t)size,
                                    .raw_bytes = (uint32_t)size},
                         .bytes = bytes};

    if (!writer_in_window(&w->writer, writer_bytes(&w->writer, &g, 1))) {
        int e = commit_sync(w);
        *ret_fatal = e < 0;
        if (e < 0)
            return e;
    }
    int e = writer_put(&w->writer, &g, 1, 0, &touched);
    if (e < 0) {
        struct fault cause = *fault_last();
        *ret_fatal = writer_erase(&w->writer, touched) < 0;
        if (!*ret_fatal)
            fault_put(&cause);
    }
    return e;
}

int fresh_seal(struct wal *w, bool *ret_fatal)
{
    size_t size = 0;
    uint8_t *bytes = catalog_seal_body(&w->catalog, &size);

    *ret_fatal = false;
    if (!bytes)
        return fault_nomem();
    int e = put_seal(w, bytes, size, ret_fatal);
    mem_free(w->alloc, bytes);
    if (e < 0 || PLANTED(9))
        return e;
    e = commit_sync(w);
    *ret_fatal = e < 0;
    if (e == 0)
        event_tell(w, &(wal_event_t){.kind = WAL_EVENT_PERSISTED,
                                     .segment = w->writer.segment.header.number,
                                     .lsn = w->writer.end.next_lsn - 1,
                                     .bytes = w->writer.end.offset});
    return e;
}

/* Whatever can't be read, or lacks space or memory, says so while there still is a way back. */
static int reserve_all(struct wal *w, struct births *b)
{
    int e = fresh_prepare(w);
    if (e == 0)
        e = catalog_reserve(&w->catalog);
    if (e == 0)
        e = tag_read(&w->writer.segment, w->alloc, w->writer.end.tag_offset, &b->tag);
    if (e == 0 && (w->meta.body || b->tag.size)) {
        size_t body = (size_t)max_u64(w->meta.size, tag_room(&b->tag));
        b->lent_bytes = outgoing_room(body, w->config.group_align);
        b->lent = mem_new(w->alloc, b->lent_bytes);
        e = b->lent ? 0 : fault_nomem();
    }
    return e;
}

/* Behind the seal there is no way back. */
static int seal_and_make(struct wal *w, struct fresh *f, bool *ret_fatal)
{
    const struct writer *x = &w->writer;
    bool named;

    int e = fresh_seal(w, ret_fatal);
    if (e < 0)
        return e;
    segment_follow(&x->segment, &x->end, &f->follow);
    f->advance.end = x->end;
    e = make_and_trim(w, f, &x->end, &named);
    *ret_fatal = e < 0;
    return e;
}

int fresh_rotate(struct wal *w, uint64_t salt, bool *ret_fatal)
{
    struct fresh f = {
        .salt = salt,
        .base_lsn = w->writer.end.next_lsn,
        .births = {.meta = &w->meta, .alloc = w->alloc, .group_bytes = w->config.group_bytes},
        .advance = {.oldest = w->control.now.oldest, .ends = true},
        .first_lsn = w->control.now.first_lsn,
    };

    *ret_fatal = false;
    int e = reserve_all(w, &f.births);
    if (e == 0)
        e = seal_and_make(w, &f, ret_fatal);
    if (e == 0) {
        stat_add(&w->stats, WAL_STAT_ROTATIONS, 1);
        event_tell(w, &(wal_event_t){.kind = WAL_EVENT_ROTATED,
                                     .segment = w->writer.segment.header.number,
                                     .lsn = w->writer.end.next_lsn});
    }
    mem_free(w->alloc, f.births.lent);
    return e;
}
