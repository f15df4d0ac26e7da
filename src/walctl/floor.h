/* What the disk itself takes: no log can be faster. */
#ifndef WALCTL_FLOOR_H
#define WALCTL_FLOOR_H

#include "walctl/samples.h"

/* Writes `size` bytes and calls fdatasync, n times, one behind the other in a file in this
 * directory that was filled before; it has no name, and is gone afterwards. Adds what each took.
 * CODE_FINE, or the exit code after a message. */
int floor_measure(const char *dir, uint64_t n, size_t size, struct samples *ret);

#endif
