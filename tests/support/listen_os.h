/* SPDX-License-Identifier: Apache-2.0 */
/* The POSIX system as a follower meets it: with inotify, where that can't be had, and without any
 * descriptor for a signal. It counts what costs something. Any thread. */
#ifndef WAL_TESTS_LISTEN_OS_H
#define WAL_TESTS_LISTEN_OS_H

#include <stdatomic.h>

#include "os/os.h"

enum hearing { HEARS_WRITES, HEARS_TICKS, HEARS_NOTHING, HEARINGS };

struct listen_os {
    struct os os;
    enum hearing hearing;
    _Atomic uint32_t opens;  /* of signals */
    _Atomic uint32_t sleeps; /* on signals and words */
    _Atomic uint32_t reads;
};

void listen_init(struct listen_os *l, enum hearing hearing);

#endif
