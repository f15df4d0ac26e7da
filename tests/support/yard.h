/* SPDX-License-Identifier: Apache-2.0 */
/* A log in a directory of the test's own, on the system with levers. Failures of the fixture itself
 * stop the program.
 *
 *     struct yard y;
 *     yard_make(&y);
 *     yard_set(&y, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
 *     yard_open(&y);
 *     ... y.log, y.lever ...
 *     yard_close(&y);
 *     yard_open(&y);
 *     ...
 *     yard_remove(&y); */
#ifndef WAL_TESTS_YARD_H
#define WAL_TESTS_YARD_H

#include <libwal/wal.h>

#include "support/crew.h"
#include "support/lever_os.h"
#include "support/scratch.h"

struct yard {
    struct scratch scratch;
    struct lever_os lever;
    wal_options_t *options;
    wal_t *log;                   /* NULL: not open */
    const struct os *follower_os; /* NULL: that of any program */
};

void yard_make(struct yard *y);
void yard_remove(struct yard *y);
void yard_set(struct yard *y, uint32_t option, uint64_t value);
void yard_open(struct yard *y);
void yard_close(struct yard *y);
/* A read-only handle beside it, with the allocator of any program. */
wal_t *yard_follow(struct yard *y);

/* Waits until so many calls are inside the log. */
void yard_await_inside(struct yard *y, uint32_t calls);
/* Waits until the next LSN is at least this. */
void yard_await_next(struct yard *y, uint64_t lsn);
uint64_t yard_stat(struct yard *y, uint32_t which);

/* Payloads state who wrote them and as which of his. Sizes differ: brief ones, and some longer. */
enum { NOTE_MAX = 1024 };
size_t note_make(uint8_t out[NOTE_MAX], uint32_t who, uint32_t seq);
/* Stops the program for anything but a whole one. */
void note_read(const wal_record_t *r, uint32_t *ret_who, uint32_t *ret_seq);

#endif
