/* The segment that a handle is writing: where its groups end, what of it is durable, how far its
 * file holds zeros. Belongs to one thread at a time (whoever has the log's write turn). */
#ifndef WAL_SEGMENT_WRITER_H
#define WAL_SEGMENT_WRITER_H

#include <stdbool.h>

#include "base/attr.h"
#include "format/group.h"
#include "segment/segment.h"

/* A group on its way to the disk. The caller fills type, flags, tag_bytes, first_lsn, records,
 * stored_bytes and raw_bytes of the header, and the body; the writer everything else. */
struct outgoing {
    struct group_header header;
    uint8_t *bytes; /* header, body, padding, and a zeroed header slot behind: outgoing_room(body)
                       bytes */
};

size_t outgoing_room(size_t body_bytes, uint32_t align);

struct writer {
    struct segment segment;
    struct boundary end;     /* behind the last group that was written */
    uint64_t durable_offset; /* below it every byte is durable */
    uint32_t durable_link;   /* header CRC of the last group below it, of the segment header when
                                there is none */
    uint64_t watermark;      /* durable LSN for the next headers; the log sets it */
    uint64_t zeroed_to;      /* the file holds zeros from the end up to here ... */
    uint64_t zeroed_durable; /* ... and durably up to here: a write below it needs no new block */
};

/* What `n` groups take. */
uint64_t writer_bytes(const struct writer *w, const struct outgoing *groups, size_t n);
/* Whether so many bytes more stay inside the torn window; else a sync has to come first. */
bool writer_in_window(const struct writer *w, uint64_t bytes);
/* Writes the groups behind the end with one write call. On failure nothing has moved, and *touched
 * is the end of what may have been written. flags: OS_WRITE_DSYNC or 0. */
MUST_USE int writer_put(struct writer *w, struct outgoing *groups, size_t n, int flags,
                        uint64_t *touched);
/* Everything written so far becomes durable. A failure is final. */
MUST_USE int writer_sync(struct writer *w, enum os_sync how);
/* Sets back what a failed write may have left: zeros from the end up to `touched`, then a sync. A
 * failure is final. */
MUST_USE int writer_erase(struct writer *w, uint64_t touched);
/* Makes the file hold zeros up to `to`, unless there is no space. */
void writer_zero_ahead(struct writer *w, uint64_t to);

#endif
