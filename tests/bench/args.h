/* SPDX-License-Identifier: Apache-2.0 */
/* The command line that all programs of the benchmark share: OP DIR KEY=VALUE... */
#ifndef WAL_BENCH_ARGS_H
#define WAL_BENCH_ARGS_H

#include <stddef.h>
#include <stdint.h>

struct args {
    const char *op, *dir;
    size_t size;      /* bytes of a payload */
    unsigned threads; /* that append */
    double seconds;   /* how long an op runs that isn't limited by `count` */
    uint64_t count;   /* records */
    size_t batch;     /* records per batch */
};

/* Gets each key that isn't one of the above. */
typedef void (*args_other_fn)(const char *key, const char *value);

/* Wrong arguments end the program. */
void args_parse(struct args *ret, char **keys, int n, args_other_fn other);

#endif
