/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the page that report makes. */
#ifndef WALCTL_REPORT_H
#define WALCTL_REPORT_H

#include "walctl/facts.h"
#include "walctl/samples.h"
#include "walctl/survey.h"

struct report {
    struct facts facts;
    wal_segment_t *segments;
    size_t n;
    struct survey survey;
    wal_error_t damage; /* that the survey met; code 0: none */
    struct samples syncs;
};

/* Everything up to the page's first section, and what belongs behind the last one. */
void report_head(const struct report *r);
void report_foot(void);
void report_map(const struct report *r);
void report_segments(const struct report *r);
/* Sizes of records and batches, types. */
void report_records(const struct report *r);
void report_syncs(const struct report *r);
void report_recovery(const struct report *r);
void report_identity(const struct report *r);

/* Rows of a histogram: buckets from the first to the last one that isn't empty. `name` prints what
 * the bucket holds. */
void report_histogram(const uint64_t *buckets, unsigned n, void (*name)(unsigned bucket));

#endif
