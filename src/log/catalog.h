/* SPDX-License-Identifier: Apache-2.0 */
/* The segments that make up the log, oldest first, as one chain: each states whom it follows and
 * where that one ends.
 *
 * Only the newest part of the chain is known after open; catalog_walk reads the headers of the rest
 * when something needs them. Thread-safe. A member that somebody holds stays readable although its
 * file may be gone. */
#ifndef WAL_LOG_CATALOG_H
#define WAL_LOG_CATALOG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "log/index.h"
#include "log/offsets.h"
#include "segment/segment.h"

struct member {
    _Atomic unsigned refs; /* raised under c->mu, once it is in the chain */
    uint64_t number;
    struct segment segment; /* header always; the file is open while somebody holds the member, and
                               for a while after */
    struct boundary end;    /* where its live part ends; of the newest one only once it is sealed */
    uint64_t disk_bytes;    /* of a sealed member's file; 0: not looked at yet */
    bool sealed;            /* `end` counts */
    bool checkpoint_known;  /* `end` has its newest checkpoint, too, 0: none */
    bool gone;              /* no longer part of the log */
    struct index index;     /* these two: catalog_index.h */
    struct offsets offsets;
    uint64_t used; /* when it was last asked for, in calls */
};

struct catalog {
    const struct folder *folder;
    const struct alloc *alloc;
    uint8_t uuid[UUID_BYTES];
    uint64_t oldest;      /* number of the chain's first segment */
    uint64_t index_limit; /* bytes of index over all members */

    pthread_mutex_t mu; /* protects everything below, and the members' fields except segment */
    struct member **members;
    size_t n, room, open_files;
    struct member *spare; /* for the next one that comes */
    uint64_t clock;
    uint64_t offsets_bytes, offsets_limit; /* memory for the places of single records */
    bool asked;                            /* somebody has asked for one */
};

MUST_USE int catalog_init(struct catalog *c, const struct folder *folder, const struct alloc *a,
                          uint64_t index_limit);
void catalog_free(struct catalog *c);

/* How the end of the chain changes when a new segment comes, in one step for everybody who looks.
 */
struct advance {
    uint64_t drop_from;        /* the members from this number on leave the log; 0: none */
    bool ends;                 /* what is then the newest has ended ... */
    struct boundary end;       /* ... here */
    bool checkpoint_known;     /* `end` has its newest checkpoint, too */
    uint64_t oldest;           /* the chain's first segment then: the members before it leave the
                                  log, too; 0: the new one, and there are none */
    const struct segment *add; /* comes behind; the catalog takes over its file */
};
struct numbers {
    uint64_t *v;
    size_t n;
};
/* Memory for the next catalog_advance, which can't fail then. */
MUST_USE int catalog_reserve(struct catalog *c);
/* The numbers of what was dropped go to *ret_dropped, freed by the caller; without memory for them
 * it is empty. */
MUST_USE int catalog_advance(struct catalog *c, const struct advance *a,
                             struct numbers *ret_dropped);
/* Completes the chain down to the oldest segment. CORRUPT: one is missing, renamed, foreign, or not
 * what its successor follows. */
MUST_USE int catalog_walk(struct catalog *c);

/* The member that holds the LSN, or the newest one for anything above; held, with its file open.
 * The LSN is not below the log's first. */
MUST_USE int catalog_find(struct catalog *c, uint64_t lsn, struct member **ret);
/* The newest one; never fails for memory or I/O while a writer has it open. */
MUST_USE int catalog_newest(struct catalog *c, struct member **ret);
/* The one with this number; CORRUPT: there is none. */
MUST_USE int catalog_numbered(struct catalog *c, uint64_t number, struct member **ret);
/* Its header alone, without opening its file. False: there is none yet. */
bool catalog_newest_header(struct catalog *c, struct segment_header *ret);
void catalog_release(struct catalog *c, struct member *m);
/* Under c->mu: the position of the last member whose base is at or below the LSN; 0 when all are
 * above. */
size_t catalog_position(const struct catalog *c, uint64_t lsn);
/* A consistent copy of what changes in a member. */
struct member_state {
    struct boundary end;
    bool sealed, gone;
    bool indexed; /* its index is in memory, or it has no records */
    bool checkpoint_known;
};
void catalog_state(struct catalog *c, const struct member *m, struct member_state *ret);
/* A sealed member's newest checkpoint was looked for: offset 0: it has none. */
void catalog_set_checkpoint(struct catalog *c, struct member *m, uint64_t lsn, uint64_t offset);

/* The members before `number` leave the log, and it is the oldest now. */
void catalog_drop_before(struct catalog *c, uint64_t number, struct numbers *ret_dropped);
/* The members' files are closed already. */
void catalog_disown(struct catalog *c);
/* c takes over the chain of another one, which nobody else knows yet and which is empty then. The
 * members that c had are no longer part of the log. */
void catalog_swap(struct catalog *c, struct catalog *other);
/* Calls fn for each member, oldest first, under the catalog's lock. */
void catalog_each(struct catalog *c,
                  void (*fn)(void *ctx, const struct member *m, const struct member *after),
                  void *ctx);

#endif
