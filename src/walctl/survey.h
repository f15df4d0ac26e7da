/* SPDX-License-Identifier: Apache-2.0 */
/* What a walk through all records tells. */
#ifndef WALCTL_SURVEY_H
#define WALCTL_SURVEY_H

#include <libwal/wal.h>

#include <stdbool.h>

enum { SURVEY_BUCKETS = 40, SURVEY_TYPES = 65536 };

/* Buckets: number 0 is for 0, number k for 2^(k-1) to 2^k - 1. */
struct survey {
    uint64_t first, last; /* LSNs that were read, 0: none */
    uint64_t records, batches, tagged;
    uint64_t bytes, least, most; /* of payloads */
    uint64_t most_in_batch;      /* records */
    uint64_t sizes[SURVEY_BUCKETS], in_batch[SURVEY_BUCKETS];
    uint64_t types[SURVEY_TYPES]; /* records of each */
    uint64_t open_batch;          /* records so far of the batch that is being read */
};

/* Reads everything that is durable at the start, under a progress bar of that name. The library's
 * result; what was read up to an error counts. */
int survey_run(wal_t *log, const char *name, struct survey *ret);
uint64_t survey_types(const struct survey *s);

#endif
