/* SPDX-License-Identifier: Apache-2.0 */
/* What a log says at which time, for readers to be held against: one author changes the log, and
 * each payload states its LSN and its generation, the number of cuts before it. Readers in other
 * threads (or processes: the story may lie in shared memory) ask whether what they saw was in the
 * log when they looked. */
#ifndef WAL_TESTS_STORY_H
#define WAL_TESTS_STORY_H

#include <libwal/wal.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { STORY_CUTS = 8192, STORY_BYTES = 200 };

struct story {
    /* Twice the number of cuts; odd while one is under way. */
    _Atomic uint64_t epoch;
    _Atomic uint64_t keeps[STORY_CUTS];  /* cut k leaves the records up to here ... */
    _Atomic uint64_t stands[STORY_CUTS]; /* ... and the readers whose next record is at
                                            most this (backward: below it) */
    _Atomic uint64_t least[STORY_CUTS];  /* ... and at least this */
    _Atomic uint64_t low, low_soon; /* first LSN: as it was, as it will be once a call is over */
    _Atomic uint64_t next;          /* every record below it was acknowledged */
    _Atomic uint32_t ended;
};

/* The author's part. */

void story_begin(struct story *s, uint64_t first);
size_t story_payload(uint8_t out[STORY_BYTES], uint64_t lsn, uint64_t generation);
/* n records, appended one by one (flags as wal_append_typed) or as one batch. */
void story_append(struct story *s, wal_t *w, uint32_t n, uint32_t flags);
void story_append_batch(struct story *s, wal_t *w, uint32_t n, uint32_t flags);
void story_truncate_before(struct story *s, wal_t *w, uint64_t lsn);
void story_truncate_after(struct story *s, wal_t *w, uint64_t lsn);
void story_replace_after(struct story *s, wal_t *w, uint64_t lsn, uint32_t n);
void story_reset(struct story *s, wal_t *w, uint64_t next);
/* One of the above or wal_rotate, by chance. */
void story_step(struct story *s, wal_t *w, uint64_t *seed);

/* The readers' part. What is wrong stops the program. */

/* The generation that a record states; the rest of it must be right. */
uint64_t story_generation(const wal_record_t *r);
/* Whether generation `g` of an LSN was in the log at some time since `epoch` was read. */
bool story_was_there(struct story *s, uint64_t lsn, uint64_t g, uint64_t epoch);
/* Whether a reader that was given (lsn, g) may be given (lsn + 1, next_g) next ... */
bool story_goes_on(struct story *s, uint64_t lsn, uint64_t g, uint64_t next_g);
/* ... and a backward one (lsn, g) behind (lsn + 1, above_g). */
bool story_goes_back(struct story *s, uint64_t lsn, uint64_t g, uint64_t above_g);
/* Whether a cut with a number from..to - 1 takes a reader's place away whose next record is `at`.
 */
bool story_cuts(struct story *s, uint64_t at, bool back, uint64_t from, uint64_t to);

#endif
