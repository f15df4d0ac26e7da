/* SPDX-License-Identifier: Apache-2.0 */
/* What of a batch doesn't stay in memory: a file without a name in the log's directory, encrypted
 * where the log is, under a key of its own. Used by one thread at a time. */
#ifndef WAL_LOG_SPILL_H
#define WAL_LOG_SPILL_H

#include "base/attr.h"
#include "log/log.h"

/* Of an encrypted one: what one append has put there. */
struct spill_part {
    uint64_t at; /* in what was appended */
    uint64_t offset, number;
    size_t size; /* in clear */
};

struct spill {
    struct wal *log;
    struct file file; /* fd -1: there is none yet */
    uint64_t bytes;   /* that were appended */

    void *key; /* of an encrypted one */
    struct spill_part *parts;
    size_t n_parts, parts_room;
    uint64_t end, made; /* of the file; parts so far: numbers that are used up */
    uint8_t *sealed;    /* one part as it is in the file */
    size_t sealed_room;

    uint8_t *window; /* what was read back */
    size_t room, have;
    uint64_t window_at;
};

void spill_init(struct spill *s, struct wal *w);
/* On failure nothing has changed. CRYPTO: nothing in clear is in the file. */
MUST_USE int spill_append(struct spill *s, const void *data, size_t size);
/* What lies behind is given up. */
void spill_cut(struct spill *s, uint64_t bytes);
/* Makes `size` bytes at `at` visible, which one append has put there, until the next call. */
MUST_USE int spill_look(struct spill *s, uint64_t at, size_t size, const uint8_t **ret);
/* Empty, and the file is gone. */
void spill_clear(struct spill *s);
/* In the child of a fork, where the file is closed already. */
void spill_disown(struct spill *s);

#endif
