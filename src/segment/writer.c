#include "segment/writer.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "base/plant.h"

enum { PUT_AT_ONCE = 64 };

size_t outgoing_room(size_t body_bytes, uint32_t align)
{
    return (size_t)group_disk_bytes(body_bytes, align) + GROUP_HEADER_BYTES;
}

uint64_t writer_bytes(const struct writer *w, const struct outgoing *groups, size_t n)
{
    uint64_t sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += group_disk_bytes(groups[k].header.stored_bytes, w->segment.header.group_align);
    return sum;
}

bool writer_in_window(const struct writer *w, uint64_t bytes)
{
    uint64_t window = (uint64_t)w->segment.header.window * WINDOW_UNIT;
    return w->end.offset + bytes + GROUP_HEADER_BYTES - w->durable_offset <= window;
}

/* Completes a group for the place `at`: header, checksums, zeros behind the body. Returns what it
 * takes. */
static size_t finish(const struct writer *w, struct outgoing *g, const struct boundary *at)
{
    const struct segment_header *sh = &w->segment.header;
    size_t stored = g->header.stored_bytes;
    size_t whole = (size_t)group_disk_bytes(stored, sh->group_align);
    uint8_t *body = g->bytes + GROUP_HEADER_BYTES;

    memset(body + stored, 0,
           whole - stored); /* up to the alignment, and the header slot behind it */
    g->header.place = (uint32_t)(at->offset / PLACE_UNIT);
    g->header.epoch = (uint32_t)sh->epoch;
    g->header.link = at->link;
    g->header.watermark = w->watermark;
    g->header.durable_place = (uint32_t)(w->durable_offset / PLACE_UNIT);
    g->header.body_crc = group_body_crc(sh->salt, body, stored);
    group_header_encode(g->bytes, &g->header, sh->salt);
    return whole;
}

static int put_some(struct writer *w, struct outgoing *groups, size_t n, int flags,
                    uint64_t *touched)
{
    struct iovec iov[PUT_AT_ONCE];
    struct boundary end = w->end;

    for (size_t k = 0; k < n; k++) {
        size_t bytes = finish(w, &groups[k], &end);
        iov[k] = (struct iovec){.iov_base = groups[k].bytes, .iov_len = bytes};
        boundary_pass(&end, &groups[k].header, groups[k].bytes + GROUP_HEADER_BYTES,
                      end.offset + bytes);
    }
    if (end.offset + GROUP_HEADER_BYTES >
        w->zeroed_to) /* room: a zeroed header slot inside the file */
        iov[n - 1].iov_len += GROUP_HEADER_BYTES;
    int e = file_write(&w->segment.file, iov, (int)n, w->end.offset, flags, touched);
    if (e == 0 || PLANTED(12))
        w->end = end;
    if (e < 0)
        return e;
    w->zeroed_to = max_u64(w->zeroed_to, end.offset + GROUP_HEADER_BYTES);
    return 0;
}

int writer_put(struct writer *w, struct outgoing *groups, size_t n, int flags, uint64_t *touched)
{
    struct boundary before = w->end;

    *touched = w->end.offset;
    if (w->end.offset + writer_bytes(w, groups, n) + GROUP_ALIGN_MAX > SEGMENT_END_MAX)
        return fault(WAL_E_TOOBIG, "%s/%s: a segment can't be larger than 256 GiB",
                     w->segment.file.folder->path, w->segment.file.name);
    while (n > 0) {
        size_t now = n < PUT_AT_ONCE ? n : PUT_AT_ONCE;
        int e = put_some(w, groups, now, flags, touched);
        if (e < 0) {
            if (!PLANTED(12))
                w->end = before;
            return e;
        }
        groups += now;
        n -= now;
    }
    return 0;
}

int writer_sync(struct writer *w, enum os_sync how)
{
    uint64_t target = w->end.offset, zeroed = w->zeroed_to;
    int e = file_sync(&w->segment.file, how);
    if (e < 0)
        return e;
    w->durable_offset = target;
    w->durable_link = w->end.link;
    w->zeroed_durable = zeroed;
    return 0;
}

int writer_erase(struct writer *w, uint64_t touched)
{
    struct os_stat st;
    int e = file_stat(&w->segment.file, &st);
    if (e < 0)
        return e;
    /* Bytes behind the file's size were never written. A write that went to zeros which were there
     * before leaves them so. */
    e = file_write_zeros(&w->segment.file, w->end.offset, min_u64(touched, st.size));
    if (e < 0)
        return e;
    w->zeroed_to = max_u64(w->end.offset, st.size);
    return PLANTED(31) ? 0 : writer_sync(w, OS_SYNC_DATA);
}

void writer_zero_ahead(struct writer *w, uint64_t to)
{
    struct fault before = *fault_last();
    if (to <= w->zeroed_to)
        return;
    if (file_write_zeros(&w->segment.file, w->zeroed_to, to) == 0)
        w->zeroed_to = to;
    else
        fault_put(&before); /* the append that needs the space will say so */
}
