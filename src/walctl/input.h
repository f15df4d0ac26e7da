/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes from a descriptor, in a buffer. */
#ifndef WALCTL_INPUT_H
#define WALCTL_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "walctl/bytes.h"

/* Set fd; the rest is zero. */
struct input {
    int fd;
    struct bytes b;
    size_t at;      /* of the first byte that wasn't used yet */
    bool end;       /* there is no more than what is in the buffer */
    uint64_t bytes; /* read */
};

/* The file by this name; NULL: standard input. CODE_FINE, or the exit code after a message. */
int input_open(struct input *in, const char *name);
/* Reads what there is, waiting for the first byte; moves what is in the buffer. 1: something, 0:
 * the end, -1: an error, which it has said, or a signal came. */
int input_fill(struct input *in);
/* What wasn't used yet. */
const uint8_t *input_data(const struct input *in);
size_t input_left(const struct input *in);
/* Where it lies in the whole. */
uint64_t input_offset(const struct input *in);
void input_free(struct input *in);

#endif
