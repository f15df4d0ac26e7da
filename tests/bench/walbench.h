/* SPDX-License-Identifier: Apache-2.0 */
/* libwal behind the benchmark's ops: what walbench.c gives to the ops that are this library's own.
 */
#ifndef WAL_BENCH_WALBENCH_H
#define WAL_BENCH_WALBENCH_H

#include <libwal/wal.h>

#include "bench/ops.h"

/* Ends the program with the library's last error, if `result` is one. */
void need(int result, const char *what);
/* The options, as the command line has them and an op wants them by default. */
wal_options_t *options_of(const struct args *a);
/* No log is in DIR any more. */
void clear_log(const struct args *a);
wal_t *open_log(const struct args *a);
void append_record(wal_t *w, const void *data, size_t size);

/* Ops beside the contract's; each has its figures in the README. */
void op_first(const struct engine *e, const struct args *a);
void op_recover(const struct engine *e, const struct args *a);
void op_memory(const struct engine *e, const struct args *a);
void op_drain(const struct engine *e, const struct args *a);
void op_follow(const struct engine *e, const struct args *a);

#endif
