/* SPDX-License-Identifier: Apache-2.0 */
/* A segment's file made by hand, group by group, with the format layer alone: what the code under
 * test reads, whole or damaged. Failures of the fixture itself abort.
 *
 *     struct draft d;
 *     draft_begin(&d, &bench, 1, 100);    segment 1, whose first LSN is 100
 *     d.header.window = 4;                whatever shall be unlike the default
 *     draft_open(&d);
 *     uint64_t at = put(&d, 3, 50);       a group of 3 records of 50 bytes
 *     draft_synced(&d);                   the next groups say that all this was durable
 *     put(&d, 1, 0);
 *     damage(&d, at + 70);
 *     ... &d.segment ...
 *     draft_close(&d); */
#ifndef WAL_TESTS_DRAFT_H
#define WAL_TESTS_DRAFT_H

#include "format/body.h"
#include "format/group.h"
#include "segment/segment.h"
#include "support/bench.h"

enum { DRAFT_ROOM = 64 * 1024, DRAFT_WINDOW = 1 << 16 };

struct draft {
    struct bench *bench;
    struct segment_header header;
    struct segment segment; /* as draft_open made it; reads and writes */
    struct boundary end;    /* behind the last group */
    uint32_t durable_place; /* what the next group says */
    bool in_batch;
    bool open;
};

/* What a group shall be: data unless `type` says otherwise. */
struct group_spec {
    enum group_type type;
    uint8_t flags;
    uint32_t records, size; /* each of so many bytes */
    const char *tag;
    const void *body; /* of a group that isn't data */
    size_t body_size;
};

void draft_begin(struct draft *d, struct bench *b, uint64_t number, uint64_t base_lsn);
/* Writes the header block into a file of zeros and opens it. */
void draft_open(struct draft *d);
void draft_close(struct draft *d);
/* The header block again, after a change of d->header. */
void draft_rewrite_header(struct draft *d);

/* Each returns the group's offset. */
uint64_t draft_put(struct draft *d, const struct group_spec *spec);
uint64_t put(struct draft *d, uint32_t records, uint32_t size);
uint64_t put_part(struct draft *d, uint8_t flags, uint32_t records, uint32_t size);
uint64_t put_meta(struct draft *d, const char *key, const char *value);
uint64_t put_seal(struct draft *d);
/* A tag without records. */
uint64_t put_lone_tag(struct draft *d, const char *tag);
/* Everything so far is durable, say later groups. */
void draft_synced(struct draft *d);

/* A header as it is in the file; and another one in its place, with a right checksum. */
struct group_header peek(struct draft *d, uint64_t offset);
void forge(struct draft *d, uint64_t offset, struct group_header *h);
/* The same for the salt and the place of somewhere else. */
void forge_foreign(struct draft *d, uint64_t offset, struct group_header *h, uint64_t salt);

/* One byte becomes another one; a range becomes zeros; the file gets another size. */
void damage(struct draft *d, uint64_t offset);
void wipe(struct draft *d, uint64_t from, uint64_t to);
void resize(struct draft *d, uint64_t size);

/* Payloads are made of their LSN. */
uint8_t draft_byte(uint64_t lsn, size_t i);
uint16_t draft_type(uint64_t lsn);

#endif
