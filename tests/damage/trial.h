/* SPDX-License-Identifier: Apache-2.0 */
/* One case after another: a damaged log is opened read-only and for writing, and all that comes out
 * is held against what was put in.
 *
 * Every outcome but these is a violation, which is printed and counted:
 * - open refuses (CORRUPT or VERSION), and has changed nothing;
 * - damage is met on reading: CORRUPT, with the segment's name and number;
 * - everything that something undamaged vouches for is there, and so is everything that lies before
 *   the damage (read-only: durable is what is vouched for);
 * and in each of them whatever is read is what was put in under that LSN, and wal_verify doesn't
 * contradict it. */
#ifndef WAL_TESTS_TRIAL_H
#define WAL_TESTS_TRIAL_H

#include "log_made.h"
#include "verified.h"

enum outcome {
    OUTCOME_REFUSED,  /* by open */
    OUTCOME_ON_READ,  /* open succeeds, reading says CORRUPT */
    OUTCOME_REPORTED, /* nothing acknowledged is missing; open's report tells of something */
    OUTCOME_WHOLE,    /* nothing acknowledged is missing, nothing is told */
    OUTCOME_LIMIT,    /* the last sync's is missing, for which nothing undamaged vouches */
    OUTCOMES
};

struct trial {
    struct stand stand;
    const struct made *made;
    const char *kind; /* of the cases under way */
    char what[160];   /* the case under way */
    wal_options_t *reading, *writing;
    struct verified verified; /* of the case under way */
    unsigned long cases, unchanged, violations, outcomes[2][OUTCOMES];
    unsigned long named; /* cases in which wal_verify alone has found damage */
};

/* The whole log, before any damage, must be all there. */
void trial_begin(struct trial *t, const struct made *m);
/* Prints the account of what was tried since the last one, and sets `kind` for what follows; NULL:
 * nothing follows. */
void trial_kind(struct trial *t, const char *kind);
/* The directory shall be `damaged`. Both ways of opening. */
void trial_case(struct trial *t, const struct image *damaged, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Returns the number of violations. */
unsigned long trial_end(struct trial *t);

/* So many cases are left out between two that are tried: 0 unless a sanitizer or a real disk makes
 * them slow. */
unsigned trial_stride(void);

#endif
