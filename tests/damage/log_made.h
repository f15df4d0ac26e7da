/* SPDX-License-Identifier: Apache-2.0 */
/* Small logs made through the public API, each at a moment of its life, with all that was ever put
 * into them: what the damage tests start from. Failures of the fixture itself abort. */
#ifndef WAL_TESTS_LOG_MADE_H
#define WAL_TESTS_LOG_MADE_H

#include <libwal/wal.h>

#include "format/group.h"
#include "format/header.h"
#include "image.h"

/* The metadata: this key has the version as its only byte, and ... */
#define META_CURSOR "cursor"
/* ... this one so many bytes of it. */
#define META_BULK "bulk"
enum { META_BULK_BYTES = 200 };

enum { HISTORY_MAX = 512 };

/* Tags are numbered too: so many bytes of the number. */
enum { MADE_TAG_MAX = 64 };
size_t made_tag(unsigned number, uint8_t out[MADE_TAG_MAX]);
/* The number that a tag's bytes have; -1: nobody set them. */
int made_tag_number(const void *tag, size_t size);

/* The record that an LSN stands for in the end. What was cut off had another seed. */
struct entry {
    uint32_t size;
    uint16_t type;
    uint8_t seed;
    uint8_t tag; /* number of its batch's; 0: none */
    bool batch_last;
};

struct history {
    uint64_t first, acked, submitted; /* LSNs */
    unsigned meta;                    /* newest version of the metadata; 0: none */
    unsigned tag;                     /* number of the newest tag; 0: none */
    struct entry entries[HISTORY_MAX];
};

enum made_kind {
    MADE_CLOSED,      /* two segments, several groups, long batches, metadata, tags; closed */
    MADE_KILLED,      /* the same when its process died; something unsynced at its end */
    MADE_TORN,        /* the same, and the unsynced end is on the disk in part */
    MADE_OLD_WITNESS, /* power cut: the last sync's witness is the one before */
    MADE_META_LAST,   /* killed right after a change of the metadata */
    MADE_CUT,         /* killed after truncate_after has begun a third segment */
    MADE_BIG_CLOSED,  /* a last segment that is too big to be carried over whole; closed */
    MADE_BIG_KILLED,  /* the same, killed */
    MADE_KINDS
};

extern const char *const made_names[MADE_KINDS];

struct made {
    const char *name;
    struct image now, before; /* before: some appends earlier, in the same segments */
    struct history history;
};

void made_make(struct made *ret, enum made_kind kind);
void made_free(struct made *m);

/* How logs are made and opened from now on. */
enum made_encoding { MADE_PLAIN, MADE_ZLIB, MADE_SEALED, MADE_BOTH, MADE_ENCODINGS };
void made_encode(enum made_encoding encoding);
/* The body of a group as it was before it was encoded; NULL: its stream or its tag isn't right.
 * Valid until the next call. */
const uint8_t *made_decoded(const struct segment_header *s, const struct group_header *h,
                            const uint8_t *stored);
/* Encrypts a body of h->stored_bytes in its place, where the segment is encrypted: the tag comes
 * behind it, and counts. */
void made_sealed(const struct segment_header *s, struct group_header *h, uint8_t *body);

/* What made it, and what opens it cheaply. */
wal_options_t *made_options(bool read_only);
uint8_t entry_byte(const struct entry *e, uint64_t lsn, size_t i);

#endif
