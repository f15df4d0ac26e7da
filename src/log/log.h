/* SPDX-License-Identifier: Apache-2.0 */
/* An open log: what its parts share. `struct wal` is the public wal_t.
 *
 * Who may touch what
 * - `mu` protects what is marked so. It is held for moments only: never across I/O, a callback, or
 * a copy of more than a brief record.
 * - The write turn (turn.h) belongs to one thread at a time: it alone writes to the segment and to
 * control, and touches what is marked so.
 * - The catalog's lock, readers_mu and the events' lock nest inside `mu`.
 * - Numbers that are atomic are changed under `mu` and may be read without it. */
#ifndef WAL_LOG_LOG_H
#define WAL_LOG_LOG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "log/catalog.h"
#include "log/config.h"
#include "log/control_file.h"
#include "log/directory.h"
#include "log/event.h"
#include "log/lock.h"
#include "log/machine.h"
#include "log/meta_map.h"
#include "log/notify.h"
#include "log/removal.h"
#include "log/stage.h"
#include "log/stats.h"
#include "log/turn.h"
#include "segment/writer.h"

struct report {
    uint32_t verdict; /* WAL_RECOVERY_... */
    bool clean_close; /* the log had been closed, and nothing has come to it since */
    uint64_t first_lsn, last_lsn, next_lsn, durable_lsn, checkpoint_lsn;
    uint64_t discarded_bytes, carried_records, segments, duration_ns, cut_segment, cut_offset,
        header_repairs;
};

/* What the last segment of another handle leaves to this one's first segment. */
struct inherited {
    struct boundary end;     /* C: behind its last live group that counts */
    struct boundary vouched; /* the end of the last batch wholly below D */
    bool small;              /* it goes over whole, and is dropped */
    uint64_t carry_bytes;    /* upper bound of what its carried groups take */
    uint64_t carry_records;
};

/* Work for the background thread; all under mu. */
struct background {
    struct os_thread *thread; /* NULL: not started */
    bool refused;             /* it can't be started */
    uint64_t submit_lsn;      /* SUBMIT records up to here want a commit */
    /* ns: when the oldest unsynced record of an INTERVAL log came; 0: none */
    uint64_t unsynced_since;
    uint64_t unsynced_bytes;

    bool zero_wanted, zeroing;
    struct file zero_file; /* zeros for this file, from here to there */
    uint64_t zero_from, zero_to;
    uint64_t zeroed_to; /* what has been reached, for the turn's holder to take over; 0: nothing */
    uint64_t zero_refused; /* number of a segment for which there was no space */

    bool prepare_wanted, preparing;
    uint64_t prepare_bytes;
    uint64_t prepare_refused; /* number of a segment that could not be prepared */
};

struct wal_reader;

struct wal {
    struct config config;
    const struct os *os;
    const struct alloc *alloc;
    uint32_t generation; /* of the process that opened it */
    char *path;
    struct folder folder;
    struct wal_lock *lock;
    bool own_lock;
    struct stage_limits limits;
    struct report report;
    struct stats stats;
    struct catalog catalog;

    struct events events;

    _Atomic uint32_t refs;   /* the handle, batches, readers, subscriptions */
    _Atomic uint32_t inside; /* calls that are under way */
    _Atomic uint32_t closed;

    pthread_mutex_t mu;
    struct turn turn;             /* mu */
    struct notify notify;         /* mu */
    struct stage stage;           /* mu */
    struct staged *flying;        /* mu: groups that are being written */
    uint64_t next_lsn;            /* mu */
    _Atomic uint64_t written_lsn; /* everything up to it is in the file ... */
    uint64_t written_offset;      /* mu: ... whose groups end here */
    uint64_t tag_offset; /* mu: newest group with a tag among them; 0: none. Not of a follower */
    _Atomic uint64_t first_lsn, durable_lsn;
    struct fault write_error; /* mu: why buffered records aren't written; code 0: they can be */
    int failure;              /* mu: the sticky code; 0: healthy */
    struct fault cause;       /* mu */
    uint64_t indoubt_lsn; /* mu: when it failed, records up to here had been handed to the kernel */
    struct background background;     /* mu */
    struct removals removals;         /* mu */
    struct meta_map meta;             /* mu; changed with the write turn only */
    struct checkpoint_ref checkpoint; /* the same: the newest one that is durable */

    /* Counts the times that the log changed otherwise than by growing: under mu, together with the
     * numbers and the catalog. Who has found and loaded a place looks whether it is still the same;
     * if not, it looks for the place again. So reading never holds up anybody. */
    _Atomic uint64_t shape;
    struct wal_reader *readers; /* readers_mu: open ones */
    uint64_t leaving_lsn;       /* readers_mu: retention is taking away what is below; 0: nothing */
    _Atomic uint32_t gets;      /* about how many, so that one in some is timed */
    pthread_mutex_t readers_mu;

    /* With the write turn. */
    struct control_file control;
    struct encoder encoder;
    atomic_bool direct;   /* groups go past the page cache; the turn's holder changes it */
    struct writer writer; /* of this handle's segment ... */
    bool started;         /* ... if it has one */
    bool settled;        /* what was read of directory and control is durable, leftovers are gone */
    uint64_t handed_lsn; /* highest LSN handed to the kernel */
    uint64_t batch_lsn;  /* first LSN of the long batch that is being written; 0: none */
    struct inherited inherited;
    struct machine machine;
    struct names leftovers; /* files that are no part of the log */
    uint64_t next_number;   /* of the next segment: above every number in the directory */
    bool reserved;          /* the space-holder is there, whole */
    struct file prepared;   /* the next segment's file of zeros; fd -1: none */
    uint64_t prepared_bytes;
    bool zeros_pay; /* the last commit was small enough for zeros ahead of the next one */

    struct follower *follower; /* a read-only handle's; NULL: this one writes */
};

/* Whether the log belongs to this process, not to the parent of a fork. */
static inline bool wal_is_ours(const struct wal *w)
{
    return w->generation == w->os->generation(w->os->ctx);
}
/* In the child of a fork: prepares the log for being freed there, where descriptors are closed and
 * locks may be held by threads that don't exist. False: some thread of the parent was inside at the
 * fork, so that what is shared must stay as it is. */
bool wal_disown(struct wal *w);
void wal_ref(struct wal *w);
/* Frees the log when nobody refers to it any more. */
void wal_unref(struct wal *w);

/* Marks the log failed, under mu, with the thread's fault as the cause: every waiter, and every
 * callback of on_durable, gets INDOUBT or FAILED. */
void wal_fail(struct wal *w);
/* FAILED with the cause's place and text. */
int wal_failed_fault(const struct wal *w);
/* INDOUBT for a record that was part of the failed sync; CALLBACK where the machine has refused it,
 * or one before it. */
int wal_indoubt_fault(const struct wal *w, uint64_t lsn);
/* TIMEOUT for a record that isn't durable yet. */
int wal_timeout_fault(uint64_t lsn);

#endif
