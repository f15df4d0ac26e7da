/* SPDX-License-Identifier: Apache-2.0 */
/* What the disk itself takes: no log can be faster. */
#ifndef WALCTL_FLOOR_H
#define WALCTL_FLOOR_H

#include "walctl/samples.h"

/* Writes `size` bytes and calls fdatasync, one behind the other in a file in this directory that
 * was filled before; it has no name, and is gone afterwards. It does so n times, or until so much
 * time has passed (0: whatever it takes). Adds what each took. CODE_FINE, or the exit code after a
 * message. */
int floor_measure(const char *dir, uint64_t n, uint64_t limit_ns, size_t size, struct samples *ret);

#endif
