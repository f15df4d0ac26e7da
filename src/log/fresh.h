/* New segments: made whole and durable under a temporary name, then named, then stated in control.
 * With the write turn. */
#ifndef WAL_LOG_FRESH_H
#define WAL_LOG_FRESH_H

#include <stdbool.h>

#include "base/attr.h"
#include "log/births.h"
#include "log/log.h"

/* Before a handle's first write or removal: what it read of directory and control becomes durable,
 * then leftovers go. */
MUST_USE int fresh_settle(struct wal *w);

struct fresh {
    uint64_t salt; /* fresh_salt() */
    uint64_t base_lsn;
    struct follow follow;
    uint32_t flags; /* SEGMENT_RESET */
    struct births births;
    struct advance advance; /* without `add` */
    uint64_t first_lsn;     /* what control says then ... */
    bool trims;             /* ... which takes records away at the front */
    struct meta_map *map;   /* becomes the metadata in the same step, and is the old map then; NULL:
                               they stay as they are */
    bool cuts;              /* records above cut_lsn go: readers are told, the numbers fall back */
    uint64_t cut_lsn;
};

/* Makes the segment, states it in control, brings the catalog up to date and removes what was
 * dropped; w->writer is then its writer. *ret_named: whether its name could be seen before the
 * failure: then there is no way back. */
MUST_USE int fresh_make(struct wal *w, struct fresh *f, bool *ret_named);

/* This handle's own first segment, with what has to be carried over. */
MUST_USE int fresh_start(struct wal *w, uint64_t salt, bool *ret_fatal);
/* Seals the present one and goes on in a new one. */
MUST_USE int fresh_rotate(struct wal *w, uint64_t salt, bool *ret_fatal);
/* Writes the seal behind the last group and makes everything durable. */
MUST_USE int fresh_seal(struct wal *w, bool *ret_fatal);

/* Where the first group of the next segment will begin, as an upper bound. Under mu. */
uint64_t fresh_birth_end(const struct wal *w);
/* A salt for the next segment: random, not 0. */
MUST_USE int fresh_salt(const struct wal *w, uint64_t *ret);

/* A durable file of zeros for the next segment, with room for what it is born with. NOSPC and the
 * like change nothing. */
MUST_USE int fresh_prepare(struct wal *w);
MUST_USE int fresh_make_zeros(struct wal *w, uint64_t bytes, struct file *ret);
void fresh_discard_prepared(struct wal *w);

/* What control says of the newest segment, when its groups end here. */
void fresh_refer(struct control *c, const struct boundary *end);

/* States in the witness what is durable. */
void fresh_witness(struct wal *w);

#endif
