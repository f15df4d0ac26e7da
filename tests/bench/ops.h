/* SPDX-License-Identifier: Apache-2.0 */
/* The ops of the benchmark, over whatever is measured. */
#ifndef WAL_BENCH_OPS_H
#define WAL_BENCH_OPS_H

#include <stdbool.h>

#include "bench/args.h"

/* What a log is opened for. */
enum purpose { FOR_DURABLE, FOR_BATCH, FOR_APPEND, FOR_READING, FOR_NOTHING };

/* Gets each record that is read, in order, counted from 0. */
typedef void (*record_fn)(void *ctx, uint64_t i, const void *data, size_t size);

/* What is measured. A function that it can't offer is NULL. Each ends the program on an error.
 * Records are numbered from 0. */
struct engine {
    void (*option)(const char *key, const char *value);    /* a key of its own */
    void (*clear)(const struct args *a);                   /* DIR holds no log any more */
    void *(*open)(const struct args *a, enum purpose why); /* ready to append, or to read */
    void (*close)(void *log);
    /* One record by one of a->threads threads, durable when it returns. */
    void (*durable)(void *log, unsigned thread, const void *data);
    /* a->batch records from number `first` on, durable when it returns. */
    void (*batch)(void *log, uint64_t first);
    /* One record, not durable yet; then what the thread itself still holds back. */
    void (*append)(void *log, unsigned thread, const void *data);
    void (*append_end)(void *log, unsigned thread);
    void (*sync)(void *log);
    /* Every record; returns how many. `fn` NULL: all bytes are added up to *sum instead, in the
     * cheapest way. */
    uint64_t (*scan)(void *log, record_fn fn, uint64_t *sum);
    /* One record by its number; returns its bytes, valid until the next call. */
    const void *(*get)(void *log, uint64_t i, size_t *ret_size);
};

struct op {
    const char *name;
    void (*run)(const struct engine *e, const struct args *a);
};

void op_durable(const struct engine *e, const struct args *a);
void op_batch(const struct engine *e, const struct args *a);
void op_append(const struct engine *e, const struct args *a);
void op_fill(const struct engine *e, const struct args *a);
void op_replay(const struct engine *e, const struct args *a);
void op_open(const struct engine *e, const struct args *a);
void op_get(const struct engine *e, const struct args *a);

/* One line of the output. */
void figure(const char *name, double value, const char *unit);
/* Median of n measured durations, which are sorted in place. */
double median_ms(uint64_t *ns, size_t n);

/* The whole program: the contract's ops and `more` of its own (ended by an op without a name). */
int bench_main(int argc, char **argv, const struct engine *e, const struct op *more);

#endif
