/* SPDX-License-Identifier: Apache-2.0 */
/* How records stand one behind the other in a stream of bytes: for append's input, and for the raw
 * output that it can read again. */
#ifndef WALCTL_FRAME_H
#define WALCTL_FRAME_H

#include <stddef.h>

#include "walctl/args.h"

enum frame {
    FRAME_NONE,  /* not said */
    FRAME_LINES, /* a newline behind each */
    FRAME_NUL,   /* a byte 0 behind each */
    FRAME_LENGTH /* before each its length in bytes: 32 bits, little-endian */
};

enum { FRAME_LENGTH_BYTES = 4 };

extern const struct arg frame_args[]; /* --lines, -0, --length-prefixed; the last one counts */

enum frame frame_chosen(void);
/* Prints one record that way. */
void frame_print(const void *data, size_t size);

#endif
