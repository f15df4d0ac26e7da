/* Input cut into records. */
#ifndef WALCTL_SPLIT_H
#define WALCTL_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "walctl/bytes.h"
#include "walctl/frame.h"

/* Set fd, frame and most; the rest is zero. */
struct split {
    int fd;
    enum frame frame;
    uint64_t most; /* bytes of the largest record that is allowed */

    struct bytes b;
    size_t at, looked;       /* the next record's start; up to where its end was looked for */
    bool end;                /* there is no more input than what is in the buffer */
    uint64_t records, bytes; /* handed out; read */
};

/* Reads what there is, waiting for the first byte. 1: something, 0: the end, -1: an error, which it
 * has said, or a signal came. */
int split_fill(struct split *s);
/* 1: the next record, valid until the next split_fill; 0: more must be read for it, or it was the
 * last; -1: the input is wrong here, which it has said. */
int split_next(struct split *s, const void **ret_data, size_t *ret_size);
void split_free(struct split *s);

#endif
