/* SPDX-License-Identifier: Apache-2.0 */
/* The segment that a handle is writing: where its groups end, what of it is durable, how far its
 * file holds zeros. Belongs to one thread at a time (whoever has the log's write turn). */
#ifndef WAL_SEGMENT_WRITER_H
#define WAL_SEGMENT_WRITER_H

#include <stdbool.h>

#include "base/attr.h"
#include "segment/encode.h"
#include "segment/segment.h"

enum { PUT_GROUPS_MAX = 64 }; /* in one write */

struct writer {
    struct segment segment;
    struct file direct;      /* the segment's file once more, past the page cache ... */
    bool has_direct;         /* ... if it is open */
    struct encoder *encoder; /* the log's */
    struct boundary end;     /* behind the last group that was written */
    struct boundary ahead;   /* behind what was prepared */
    bool spent; /* a place behind the end was used under the segment's key: nothing can be put any
                   more, the log goes on in a new segment */
    uint64_t durable_offset; /* below it every byte is durable */
    uint32_t durable_link;   /* header CRC of the last group below it, of the segment header when
                                there is none */
    uint64_t watermark;      /* durable LSN for the next headers; the log sets it */
    uint64_t zeroed_to;      /* the file holds zeros from the end up to here ... */
    uint64_t zeroed_durable; /* ... and durably up to here: a write below it needs no new block */
};

/* Up to where zeros are written that have to reach to `to`: where groups go past the page cache, no
 * page of it that is still to be written may hold a part of one. */
uint64_t writer_zeros_end(const struct writer *w, uint64_t to);
/* What `n` groups take at most. */
uint64_t writer_bytes(const struct writer *w, const struct outgoing *groups, size_t n);
/* Whether so many bytes more stay inside the torn window; else a sync has to come first. */
bool writer_in_window(const struct writer *w, uint64_t bytes);
/* Encodes the groups for the places behind the end, header, checksums and all; at most
 * PUT_GROUPS_MAX. CRYPTO, NOMEM, TOOBIG: nothing may be put. */
MUST_USE int writer_prepare(struct writer *w, struct outgoing *groups, size_t n);
/* Writes groups as they were prepared behind the end with one write call, and once more when asked
 * again after a failure. On failure nothing has moved, and *touched is the end of what may have
 * been written. flags: OS_WRITE_DSYNC or 0. */
MUST_USE int writer_put(struct writer *w, const struct outgoing *groups, size_t n, int flags,
                        uint64_t *touched);
/* From now on groups go through the page cache. */
void writer_end_direct(struct writer *w);
/* What was put behind this boundary is taken back; writer_erase comes next. */
void writer_take_back(struct writer *w, const struct boundary *to);
/* Everything written so far becomes durable. A failure is final. */
MUST_USE int writer_sync(struct writer *w, enum os_sync how);
/* Sets back what a failed write may have left: zeros from the end up to `touched`, then a sync. A
 * failure is final. */
MUST_USE int writer_erase(struct writer *w, uint64_t touched);
/* Makes the file hold zeros up to `to`, unless there is no space. */
void writer_zero_ahead(struct writer *w, uint64_t to);

#endif
