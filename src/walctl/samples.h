/* SPDX-License-Identifier: Apache-2.0 */
/* Measured times. */
#ifndef WALCTL_SAMPLES_H
#define WALCTL_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "walctl/bytes.h"

struct samples { /* all zeros is none */
    struct bytes b;
    size_t n;
};

uint64_t samples_now_ns(void);
void samples_add(struct samples *s, uint64_t ns);
void samples_add_all(struct samples *s, const struct samples *from);
void samples_sort(struct samples *s);
/* Sorted: at or below this one are so many of a thousand; 1000: the largest. 0 where there are
 * none. */
uint64_t samples_at(const struct samples *s, unsigned permille);
uint64_t samples_get(const struct samples *s, size_t k);
void samples_free(struct samples *s);

#endif
