/* SPDX-License-Identifier: Apache-2.0 */
/* What bench measures, on a log that is its own. */
#ifndef WALCTL_BENCH_H
#define WALCTL_BENCH_H

#include <libwal/wal.h>

#include "walctl/samples.h"

struct bench {
    const char *what;
    unsigned threads;
    uint64_t records, bytes; /* of payloads */
    uint64_t ns;             /* that all of it took */
    struct samples times;    /* of single ones, sorted; none: they weren't taken */
};

/* What is measured, and for how long. */
struct bench_plan {
    wal_t *log;
    size_t size; /* of a record */
    uint64_t limit_ns;
};

/* Each returns CODE_FINE, or the exit code after a message. `dir`: where the log lies. */
int bench_floor(const struct bench_plan *p, const char *dir, struct bench *ret);
int bench_durable(const struct bench_plan *p, unsigned threads, struct bench *ret);
/* *ret_first: the first of the records that it leaves. */
int bench_buffered(const struct bench_plan *p, struct bench *ret, uint64_t *ret_first);
int bench_replay(const struct bench_plan *p, uint64_t first, struct bench *ret);

#endif
