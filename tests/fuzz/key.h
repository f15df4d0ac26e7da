/* SPDX-License-Identifier: Apache-2.0 */
/* A key of the toy cipher, and what is encrypted with it. */
#ifndef WAL_TESTS_FUZZ_KEY_H
#define WAL_TESTS_FUZZ_KEY_H

#include "segment/segment.h"
#include "support/toy_cipher.h"

enum { KEY_ID = 1 };

/* The one cipher of the program; every log may use it. */
struct cipher *the_cipher(void);
/* For a log that is opened with these options. */
void use_the_cipher(wal_options_t *o);
/* A segment without a file that knows the header's key; key_take gives it back. */
struct segment key_lend(const struct segment_header *h);
void key_take(struct segment *s);

#endif
