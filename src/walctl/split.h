/* SPDX-License-Identifier: Apache-2.0 */
/* Input cut into records. */
#ifndef WALCTL_SPLIT_H
#define WALCTL_SPLIT_H

#include <stddef.h>
#include <stdint.h>

#include "walctl/frame.h"
#include "walctl/input.h"

/* Set in, frame and most; the rest is zero. */
struct split {
    struct input in;
    enum frame frame;
    uint64_t most; /* bytes of the largest record that is allowed */

    size_t looked;    /* how many bytes of the next record were searched for its end */
    uint64_t records; /* handed out */
};

/* 1: the next record, valid until more is read; 0: more must be read for it, or it was the last;
 * -1: the input is wrong here, which it has said. */
int split_next(struct split *s, const void **ret_data, size_t *ret_size);

#endif
