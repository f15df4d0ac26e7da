/* SPDX-License-Identifier: Apache-2.0 */
/* The process that gets killed: four threads append the pieces that are not in the log yet, and say
 * through a pipe what was durable when a call returned. */
#ifndef WAL_DEMO_WRITER_H
#define WAL_DEMO_WRITER_H

#include "pieces.h"

enum { THREADS = 4, LINES_PER_BATCH = 32, INDEX_BYTES = 4 };

/* Pieces first .. first + n - 1 are durable, the first of them as record `lsn`. */
struct ack {
    uint64_t lsn;
    uint32_t first, n;
};

/* Appends every piece whose lsns[] is 0. A record is the number of its piece and the piece's bytes,
 * its type the file's number; lines that follow each other go in as one batch. Returns 0, or 1 with
 * a message printed. */
int writer_run(const char *dir, const struct input *in, const uint64_t *lsns, int pipe);

#endif
