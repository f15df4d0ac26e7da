/* SPDX-License-Identifier: Apache-2.0 */
/* A buffer that grows. Without memory the process ends with a message. */
#ifndef WALCTL_BYTES_H
#define WALCTL_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
    uint8_t *data; /* freed by bytes_free; all zeros is an empty one */
    size_t size, room;
};

/* Makes room for `more` bytes behind the last one, and returns where they go. */
uint8_t *bytes_reserve(struct bytes *b, size_t more);
void bytes_free(struct bytes *b);

#endif
