/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/writer.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "base/plant.h"

uint64_t writer_zeros_end(const struct writer *w, uint64_t to)
{
    return w->has_direct ? align_up(to, PAGE_BYTES) : to;
}

uint64_t writer_bytes(const struct writer *w, const struct outgoing *groups, size_t n)
{
    uint64_t sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += group_disk_bytes(encode_bound(&w->segment, groups[k].header.raw_bytes),
                                w->segment.header.group_align);
    return sum;
}

bool writer_in_window(const struct writer *w, uint64_t bytes)
{
    uint64_t window = (uint64_t)w->segment.header.window * WINDOW_UNIT;
    return w->end.offset + bytes + GROUP_HEADER_BYTES - w->durable_offset <= window;
}

/* Completes a group for the place `at`, encoded at `room` or where it is. */
static int finish(const struct writer *w, struct outgoing *g, const struct boundary *at,
                  uint8_t *room)
{
    const struct segment_header *sh = &w->segment.header;
    struct group_header *h = &g->header;

    h->place = (uint32_t)(at->offset / PLACE_UNIT);
    h->epoch = (uint32_t)sh->epoch;
    h->link = at->link;
    h->watermark = w->watermark;
    h->durable_place = (uint32_t)(w->durable_offset / PLACE_UNIT);
    int e = encode_group(w->encoder, &w->segment, g, room);
    if (e < 0)
        return e;
    size_t stored = h->stored_bytes;
    if (w->has_direct && g->wire != room) {
        memcpy(room + GROUP_HEADER_BYTES, g->wire + GROUP_HEADER_BYTES, stored);
        g->wire = room;
    }
    uint8_t *body = g->wire + GROUP_HEADER_BYTES;
    /* up to the alignment, and the header slot behind it */
    memset(body + stored, 0, (size_t)group_disk_bytes(stored, sh->group_align) - stored);
    h->body_crc = group_body_crc(sh->salt, body, stored);
    group_header_encode(g->wire, h, sh->salt);
    return 0;
}

static int too_far(const struct writer *w)
{
    return fault(WAL_E_TOOBIG, "%s/%s: a segment can't be larger than 256 GiB",
                 w->segment.file.folder->path, w->segment.file.name);
}

/* Whether groups may have to be written from elsewhere than where they are. */
static bool moves(const struct writer *w)
{
    return w->segment.header.cipher || w->segment.header.codec || w->has_direct;
}

static int prepare(struct writer *w, struct outgoing *groups, size_t n, uint64_t bytes)
{
    struct boundary end = w->end;
    int e = moves(w) ? encoder_reserve(w->encoder, (size_t)bytes + 2 * PAGE_BYTES) : 0;
    uint8_t *room = w->encoder->bytes;

    for (size_t k = 0; k < n && e == 0; k++) {
        struct outgoing *g = &groups[k];
        e = finish(w, g, &end, room);
        if (e < 0)
            break;
        uint64_t takes = group_disk_bytes(g->header.stored_bytes, w->segment.header.group_align);
        if (g->wire == room)
            room += takes;
        boundary_pass(&end, &g->header, g->bytes + GROUP_HEADER_BYTES, end.offset + takes);
    }
    w->ahead = end;
    return e;
}

/* Under one key no place is used twice: what was encrypted for it may have got there. */
static void spend(struct writer *w)
{
    w->spent = w->segment.header.cipher && !PLANTED(18);
}

int writer_prepare(struct writer *w, struct outgoing *groups, size_t n)
{
    uint64_t bytes = writer_bytes(w, groups, n);
    if (w->end.offset + bytes + GROUP_ALIGN_MAX > SEGMENT_END_MAX)
        return too_far(w);
    int e = prepare(w, groups, n, bytes);
    if (e < 0)
        spend(w);
    return e;
}

/* All groups lie one behind the other, from the start of a page on. */
static int put_direct(struct writer *w, const struct outgoing *groups, uint64_t end, int flags,
                      uint64_t *touched)
{
    size_t bytes = (size_t)(w->ahead.offset - w->end.offset), whole = (size_t)(end - w->end.offset);
    struct iovec iov = {.iov_base = groups[0].wire, .iov_len = whole}, again = iov;

    memset(groups[0].wire + bytes, 0, whole - bytes);
    int e = file_write(&w->direct, &iov, 1, w->end.offset, flags, touched);
    if (e == 0 || fault_last()->sys_errno != EINVAL)
        return e;
    writer_end_direct(w); /* the file system has thought better of it */
    return file_write(&w->segment.file, &again, 1, w->end.offset, flags, touched);
}

static int put_buffered(struct writer *w, const struct outgoing *groups, size_t n, uint64_t end,
                        int flags, uint64_t *touched)
{
    struct iovec iov[PUT_GROUPS_MAX];

    for (size_t k = 0; k < n; k++)
        iov[k] = (struct iovec){.iov_base = groups[k].wire,
                                .iov_len = (size_t)group_disk_bytes(groups[k].header.stored_bytes,
                                                                    w->segment.header.group_align)};
    iov[n - 1].iov_len += (size_t)(end - w->ahead.offset);
    return file_write(&w->segment.file, iov, (int)n, w->end.offset, flags, touched);
}

void writer_end_direct(struct writer *w)
{
    if (w->has_direct)
        file_close(&w->direct);
    w->has_direct = false;
}

int writer_put(struct writer *w, const struct outgoing *groups, size_t n, int flags,
               uint64_t *touched)
{
    uint64_t end = w->ahead.offset;

    *touched = w->end.offset;
    if (end + GROUP_HEADER_BYTES > w->zeroed_to) /* room: a zeroed header slot inside the file */
        end = writer_zeros_end(w, end + GROUP_HEADER_BYTES);
    int e = w->has_direct ? put_direct(w, groups, end, flags, touched)
                          : put_buffered(w, groups, n, end, flags, touched);
    if (e == 0 || PLANTED(12))
        w->end = w->ahead;
    if (e < 0) {
        spend(w);
        return e;
    }
    w->spent = false;
    w->zeroed_to = max_u64(w->zeroed_to, end);
    return 0;
}

void writer_take_back(struct writer *w, const struct boundary *to)
{
    if (w->end.offset != to->offset)
        spend(w);
    w->end = *to;
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
    uint64_t whole = w->has_direct ? st.size - st.size % PAGE_BYTES : st.size;
    w->zeroed_to = max_u64(w->end.offset, whole);
    return PLANTED(31) ? 0 : writer_sync(w, OS_SYNC_DATA);
}

void writer_zero_ahead(struct writer *w, uint64_t to)
{
    struct fault before = *fault_last();
    to = writer_zeros_end(w, to);
    if (to <= w->zeroed_to)
        return;
    if (file_write_zeros(&w->segment.file, w->zeroed_to, to) == 0)
        w->zeroed_to = to;
    else
        fault_put(&before); /* the append that needs the space will say so */
}
