/* SPDX-License-Identifier: Apache-2.0 */
/* Records on their way in, whatever form the caller has them in: one, an array, a flat buffer, a
 * batch object. Each payload's bytes are read once, while they are copied. Used by one thread. */
#ifndef WAL_LOG_SOURCE_H
#define WAL_LOG_SOURCE_H

#include <libwal/wal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define BATCH_BYTES_MAX (UINT64_C(4) << 30)

struct source_record {
    const void *data; /* valid until the next call on the source */
    uint32_t size;
    uint16_t type;
};

struct batch_store;
struct checkpoint_state;
struct meta_changes;
struct tag;

struct source {
    uint64_t records;
    uint64_t payload; /* bytes of all payloads */
    uint64_t body;    /* bytes that all records take in a group's body */
    uint64_t largest; /* bytes that the largest one takes */

    uint64_t left; /* still to come */
    bool peeked;
    struct source_record now;
    bool alone; /* it goes in by itself: it is read back from a file, or changes metadata */
    const struct tag *tag;              /* of the batch that these records are; NULL: none */
    const struct meta_changes *changes; /* that come with them; NULL: none. Then there may be no
                                           records */
    const struct checkpoint_state *checkpoint; /* by itself; NULL: none */
    struct checkpoint_state *snapshot; /* the same, filled in first: the machine's present state */
    int (*next)(struct source *s, struct source_record *ret);
    void (*rewind)(struct source *s);
    const void *first; /* where the records begin: wal_record_t array, or the flat buffer */
    const uint8_t *at; /* the next one */
    size_t stride;
    const uint32_t *sizes;
    const uint16_t *types;
    struct batch_store *store;
};

/* Each checks its arguments against the limits (INVAL, TOOBIG). The caller's memory must stay until
 * the records are taken. */
MUST_USE int source_one(struct source *s, uint32_t type, const void *data, size_t size,
                        uint32_t max_record_bytes);
MUST_USE int source_array(struct source *s, const wal_record_t *records, size_t n,
                          uint32_t max_record_bytes);
MUST_USE int source_packed(struct source *s, const void *payload, const uint32_t *sizes,
                           const uint16_t *types, size_t n, uint32_t max_record_bytes);

/* No records: what changes only metadata, or is a checkpoint. */
void source_none(struct source *s);

/* Back to the first record. */
void source_rewind(struct source *s);

/* The next record; s->left says whether there is one. */
MUST_USE int source_next(struct source *s, struct source_record *ret);

struct filled {
    uint64_t records, bytes;
};
/* How many of the next records go into a body of `limit` bytes: as many as fit, at least one. Moves
 * on behind them. */
MUST_USE int source_measure(struct source *s, uint64_t limit, struct filled *ret);
/* The same, and writes them: body has room for `limit` bytes, or for the largest record where that
 * is more. */
MUST_USE int source_fill(struct source *s, uint64_t limit, uint8_t *body, uint64_t lsn,
                         uint64_t salt, struct filled *ret);

#endif
