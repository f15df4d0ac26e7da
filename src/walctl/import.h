/* SPDX-License-Identifier: Apache-2.0 */
/* Batches on their way into a log. */
#ifndef WALCTL_IMPORT_H
#define WALCTL_IMPORT_H

#include <libwal/wal.h>

#include "walctl/input.h"

struct import {
    wal_t *log;
    wal_batch_t *batch; /* the one that is being filled */
    struct input in;
    uint64_t line_bytes_max;
    uint64_t records, batches; /* appended */
    uint64_t first, last;      /* LSNs of these, 0: none */
};

/* Opens the log, or makes it. CODE_FINE, or the exit code after a message. */
int import_open(struct import *i, const char *dir);
/* Makes everything durable that was appended, closes the log, and prints how much that was. `code`
 * is how it went up to here; the exit code. */
int import_finish(struct import *i, int code);
/* A gather_fn; ctx is the struct import. */
int import_batch(void *ctx, const wal_record_t *records, size_t n);

/* Both forms, to the input's end. CODE_FINE, or the exit code after a message that says where. */
int import_stream(struct import *i);
int import_lines(struct import *i);

/* Appends what is in the batch. CODE_FINE, or the exit code after a message. */
int import_commit(struct import *i);

#endif
