/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting on a read-only handle. One of the threads that wait watches control, through a signal,
 * and looks for all; the others sleep until it has found something. Where there is no signal to be
 * had it looks every few milliseconds. Nobody else reads or closes the signal. */
#ifndef WAL_LOG_WATCH_H
#define WAL_LOG_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "os/os.h"

struct wal;

struct watch {
    struct os_signal signal; /* on control, from the first wait on; fd -1: not open */
    bool taken;              /* mu: somebody watches */
};

void watch_init(struct watch *v);
/* Its descriptors are closed already. */
void watch_disown(struct watch *v);
void watch_free(struct wal *w);

/* Under mu: sleeps until a look may show something new, at most timeout_ns (< 0: no limit).
 * *watches is the caller's for one wait, false at first. Once it becomes true the caller is the one
 * who watches; this returns at once then, since only what is written after the next look will be
 * told. */
void watch_sleep(struct wal *w, bool *watches, int64_t timeout_ns);
/* What to sleep for at most where no signal tells of what is waited for. */
int64_t watch_limit(int64_t timeout_ns);
/* The end of a wait: another one may watch. */
void watch_end(struct wal *w, bool watches);

/* Waits until the writer has made the record durable; as wal_wait. */
MUST_USE int watch_durable(struct wal *w, uint64_t lsn, int64_t timeout_ns);

#endif
