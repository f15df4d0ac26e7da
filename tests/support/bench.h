/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of a test's own on the real file system, opened through a spy, for tests of what lies
 * below the log. Failures of the fixture itself abort.
 *
 *     static struct bench bench;
 *     static int setup(void **state) { ... bench_make(&bench); ... }
 *     static int teardown(void **state) { ... bench_remove(&bench); ... } */
#ifndef WAL_TESTS_BENCH_H
#define WAL_TESTS_BENCH_H

#include "segment/file.h"
#include "support/scratch.h"
#include "support/spy_os.h"

struct bench {
    struct scratch scratch;
    struct spy_os spy;
    struct folder folder;
};

void bench_make(struct bench *b);
void bench_remove(struct bench *b);

/* The path of a name in the directory; valid until the next call. */
const char *bench_path(struct bench *b, const char *name);
/* Past the library: a file with these bytes, another size (the rest is a hole), its size. */
void bench_write(struct bench *b, const char *name, uint64_t offset, const void *data, size_t size);
void bench_read(struct bench *b, const char *name, uint64_t offset, void *data, size_t size);
void bench_resize(struct bench *b, const char *name, uint64_t size);
uint64_t bench_size(struct bench *b, const char *name);

#endif
