/* SPDX-License-Identifier: Apache-2.0 */
/* Events: what a log does and what happens to it, by a callback or from a queue. Part of
 * <libwal/wal.h>, which has the rules that hold everywhere. */
#ifndef LIBWAL_EVENT_H
#define LIBWAL_EVENT_H

#include <libwal/types.h>

LIBWAL_BEGIN

/* Kinds of events, bits of a mask. All since 1.0. What is not named below is 0.
 *
 * OPENED       once per open, for the callback only: lsn is the last record, segment the number of
 *              the newest one, bytes what recovery gave up, duration_ns what open took
 * ROTATED      a new segment was begun behind a full one, or by wal_rotate: segment is its number,
 *              lsn the first one that it will hold
 * SYNCED       records were synced: lsn is durable then, segment was synced, bytes were not durable
 *              before, duration_ns is what it took (with DSYNC, the write's). As often as
 *              WAL_STAT_SYNCS counts
 * PERSISTED    a segment was sealed and synced, at a rotation or at close: segment is its number,
 *              lsn its last record, bytes what is used of it
 * REMOVED      a segment left the log and its file was removed: segment is its number
 * TRUNCATED    once per call that took records away, each time that retention did, and for each
 *              wal_reset. At the front (segment 0): lsn is the first record that is left. At the
 *              end: lsn is the last one that is left, or the next LSN - 1, segment the number of
 * the one that goes on behind it FAILED       the log has failed: code, lsn and segment as in
 * wal_failure_error CORRUPT      reading met damage: code, lsn and segment as in the error that the
 * reading call gives, bytes the offset in the segment. As often as WAL_STAT_CORRUPTIONS counts
 * SLOW_SYNC    as SYNCED, for a sync that took longer than SLOW_SYNC_US
 * DURABLE      the durable LSN has grown: lsn is what it is now. While one is waiting to be fetched
 *              no second one comes: the first is brought up to date, also where the LSN falls by a
 *              cut. It is never dropped
 * WRITE_ERROR  records could not be written, and the log goes on: code, lsn of the first of them,
 *              segment where known. Those that wait for durability were withdrawn (their callers
 *              have the error); buffered ones stay, and are told of each time that writing them
 *              fails. With code NOSPC and bytes: the space-holder (RESERVE_BYTES) was given up
 *              for the write, which is tried once more. With code TOOBIG and bytes: a machine's
 *              state is too large for the head of a new segment */
#define WAL_EVENT_OPENED      1u
#define WAL_EVENT_ROTATED     2u
#define WAL_EVENT_SYNCED      4u
#define WAL_EVENT_PERSISTED   8u
#define WAL_EVENT_REMOVED     16u
#define WAL_EVENT_TRUNCATED   32u
#define WAL_EVENT_FAILED      64u
#define WAL_EVENT_CORRUPT     128u
#define WAL_EVENT_SLOW_SYNC   256u
#define WAL_EVENT_DURABLE     512u
#define WAL_EVENT_WRITE_ERROR 1024u

/* Since 1.0. */
typedef struct {
    uint32_t size;
    uint32_t kind; /* one of WAL_EVENT_... */
    uint64_t lsn;
    uint64_t segment; /* its number */
    uint64_t bytes;
    uint64_t duration_ns;
    uint64_t time_ns; /* when it happened, since 1970 */
    int32_t code;     /* WAL_E_... */
    uint32_t dropped; /* so many events were lost before this one */
} wal_event_t;

/* Gets each event. A read-only log has OPENED, CORRUPT and DURABLE only. Since 1.0. */
typedef void (*wal_event_fn)(void *ctx, const wal_event_t *event);

/* A log that is opened with these options calls fn for each event whose kind is in `mask`: once
 * what caused it is done and others were woken, on the thread that caused it, or, where another
 * thread is in a callback of the log, on that one. One call at a time, in order. OPENED comes at
 * the end of wal_open. What waits to be told is bounded by EVENT_RING: with a slow fn, or a call
 * that causes more than that, the oldest are lost. mask 0 with fn NULL: no callback; either alone,
 * or an unknown bit in mask: WAL_E_INVAL. Since 1.0. */
int wal_options_set_events(wal_options_t *o, uint32_t mask, wal_event_fn fn, void *ctx);

/* A queue of the EVENT_RING newest events of these kinds from now on; when it is full the oldest
 * are lost, and the next one delivered says how many. Freed by wal_unsubscribe; used by one thread
 * at a time, beside anything else on the log. Any number at once. mask 0 or with an unknown bit:
 * WAL_E_INVAL; WAL_E_IO: no descriptor to be had. Since 1.0. */
int wal_subscribe(wal_t *w, uint32_t mask, wal_subscription_t **ret);
/* A descriptor to poll for reading, nothing else; it belongs to the subscription. It is readable
 * while something is queued, from when it came until wal_subscription_next has returned 0, and when
 * the log has been closed. On a read-only log it becomes so, too, when the writer may have
 * advanced. Since 1.0. */
int wal_subscription_fd(const wal_subscription_t *s);
/* 1: *ret (size set by the caller) is the oldest event; 0: there is none. On a read-only log it
 * looks anew before it says so. After the log's close it gives what is queued, then WAL_E_CLOSED;
 * WAL_E_BUSY inside a callback of the log; on a read-only log also errors of looking. Since 1.0. */
int wal_subscription_next(wal_subscription_t *s, wal_event_t *ret);
/* NULL is allowed. Also after the log's close. Since 1.0. */
void wal_unsubscribe(wal_subscription_t *s);

LIBWAL_END

#endif
