/* SPDX-License-Identifier: Apache-2.0 */
/* What wal_verify says of a damaged log, held against what opening and reading it said. */
#ifndef WAL_TESTS_VERIFIED_H
#define WAL_TESTS_VERIFIED_H

#include <libwal/wal.h>
#include <stdbool.h>

struct verified {
    int code;
    wal_verify_t found;
    wal_error_t error;
};

/* What one way of opening it has come to. */
struct seen {
    bool writing;         /* else read-only */
    int refused;          /* the code, 0: it opened */
    bool damage;          /* reading has met some */
    uint32_t verdict;     /* of open's report */
    uint64_t first, last; /* LSNs; last < first: none */
};

void verified_ask(struct verified *v, const char *path, const wal_options_t *o);
/* Where they contradict each other; NULL: they don't. */
const char *verified_contradiction(const struct verified *v, const struct seen *s);

#endif
