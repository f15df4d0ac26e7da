/* SPDX-License-Identifier: Apache-2.0 */
/* What the catalog knows about places inside its segments, in memory that is bounded over all of
 * them: per segment a sparse table of groups (index.h), which its seal has too, and where single
 * records begin (offsets.h), as far as groups were met since somebody began to ask for records.
 *
 * Half of the limit is for the sparse tables, of which those of sealed segments go, the least used
 * first; what they leave is for the other. Thread-safe; no I/O under the lock. */
#ifndef WAL_LOG_CATALOG_INDEX_H
#define WAL_LOG_CATALOG_INDEX_H

#include "log/catalog.h"
#include "segment/groups.h"

/* A group with records in the newest one. */
void catalog_index(struct catalog *c, uint64_t lsn, uint64_t offset);
/* The groups that its seal lists. */
void catalog_index_seal(struct catalog *c, const uint8_t *body, size_t size);
/* Its groups above the LSN are not in the log after all. */
void catalog_index_cut(struct catalog *c, uint64_t last_lsn);
/* The place to start looking for an LSN in a member: the last indexed group at or before it, or the
 * segment's start. */
void catalog_locate(struct catalog *c, const struct member *m, uint64_t lsn,
                    struct seal_entry *ret);
/* An empty index that a member may get. */
struct index catalog_new_index(const struct catalog *c);
/* Hands a sealed member the index that somebody has read or built. Takes over its memory. */
void catalog_set_index(struct catalog *c, struct member *m, struct index *index);
/* A seal for the newest member, whose body is the index: bytes with room for the group (struct
 * outgoing); NULL: no memory. */
uint8_t *catalog_seal_body(struct catalog *c, size_t *ret_size);

/* Where a record lies. */
struct spot {
    struct member *member; /* held, its file open */
    uint64_t offset;       /* of the record's header */
    uint64_t next;         /* of the next record's; 0: not known */
};
/* The record's place, if it is known; else false, and nothing is held. */
bool catalog_spot(struct catalog *c, uint64_t lsn, struct spot *ret);
/* Notes where the records of a group of the member begin. The group was verified. */
void catalog_note(struct catalog *c, struct member *m, const struct group_view *g);
/* The same for one that was just written to the newest member: one of few records, since others
 * cost time, and only if somebody has asked for a record before. bytes: header and body. */
void catalog_note_written(struct catalog *c, const struct group_header *h, const uint8_t *bytes);

/* Memory for all that. */
uint64_t catalog_index_bytes(struct catalog *c);

/* Under c->mu. */
/* Gives up what is above the limit. */
void catalog_limit_index(struct catalog *c);
/* Forgets what lies above the LSN, or everything. */
void member_index_cut(struct member *m, uint64_t last_lsn);
void member_index_free(struct catalog *c, struct member *m);

#endif
