/* SPDX-License-Identifier: Apache-2.0 */
/* One operation on a simulated disk under siege: each of its I/O calls fails once, and before each
 * the power fails. Whoever lays it looks at what is left. */
#ifndef WAL_TESTS_SIEGE_H
#define WAL_TESTS_SIEGE_H

#include "support/simdisk.h"

struct siege {
    const struct simdisk *start; /* the disk before the operation; it stays as it is */
    void *arg;
    /* The operation, with all that it opens and closes; its result. */
    int (*run)(void *arg, struct simdisk *d);
    /* Looks at the disk behind it, and frees nothing. survived: there was no crash, `result` is the
     * operation's. */
    void (*look)(void *arg, struct simdisk *d, int survived, int result);
};

/* Both return how many disks were looked at. A call that fails does so with EIO, and once more with
 * ENOSPC where it writes. Under sanitizers it is one call in some. */
uint64_t siege_faults(const struct siege *s);
/* At most `limit` images of each moment; those that are the same as before are left out. */
uint64_t siege_cuts(const struct siege *s, uint64_t limit);

#endif
