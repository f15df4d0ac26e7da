/* SPDX-License-Identifier: Apache-2.0 */
/* What a fuzz target consists of. libFuzzer calls it with bytes that it makes up; replay.c with the
 * files of a corpus. It stops the program when something is wrong. */
#ifndef WAL_TESTS_FUZZ_H
#define WAL_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FUZZ_MUST(condition)                                                                       \
    ((condition) ? (void)0                                                                         \
                 : (fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition), abort()))

/* The bytes are in a block of exactly this size. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
