/* SPDX-License-Identifier: Apache-2.0 */
/* New segments: made whole and durable under a temporary name, then named, then stated in control.
 * With the write turn. */
#ifndef WAL_LOG_FRESH_H
#define WAL_LOG_FRESH_H

#include <stdbool.h>

#include "base/attr.h"
#include "log/births.h"
#include "log/log.h"

struct fresh {
    uint64_t salt; /* fresh_salt() */
    uint64_t base_lsn;
    struct follow follow;
    uint32_t flags; /* SEGMENT_RESET */
    struct births births;
    struct advance advance;           /* without `add` */
    uint64_t first_lsn;               /* what control says then ... */
    bool trims;                       /* ... which takes records away at the front */
    struct checkpoint_ref checkpoint; /* the newest one then, unless the births have one */
    struct meta_map *map; /* becomes the metadata in the same step, and is the old map then; NULL:
                             they stay as they are */
    bool cuts;            /* records above cut_lsn go: readers are told, the numbers fall back */
    uint64_t cut_lsn;
};

/* Makes the segment, states it in control, brings the catalog up to date and removes what was
 * dropped; w->writer is then its writer. *ret_named: whether its name could be seen before the
 * failure: then there is no way back. */
MUST_USE int fresh_make(struct wal *w, struct fresh *f, bool *ret_named);
/* The same, and in the same step what retention lets go is taken from the front. end: of the
 * segment before it. */
MUST_USE int fresh_make_trimmed(struct wal *w, struct fresh *f, const struct boundary *end,
                                bool *ret_named);

/* Has the segment begin with the machine's state, if there is a machine: *state is lent until
 * fresh_make. *ret_fatal: it failed, and so does the log. */
MUST_USE int fresh_head(struct wal *w, struct fresh *f, struct checkpoint_state *state,
                        bool *ret_fatal);

/* Where the first group of the next segment will begin, as an upper bound. Under mu. */
uint64_t fresh_birth_end(const struct wal *w);
/* A salt for the next segment: random, not 0. */
MUST_USE int fresh_salt(const struct wal *w, uint64_t *ret);

/* What control says of the newest segment, when its groups end here. */
void fresh_refer(struct control *c, const struct boundary *end);

/* States in the witness what is durable. */
void fresh_witness(struct wal *w);

#endif
