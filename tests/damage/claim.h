/* SPDX-License-Identifier: Apache-2.0 */
/* What must be there after damage, from the bytes alone that the damage left as they were. It knows
 * the format, not the library's recovery. */
#ifndef WAL_TESTS_CLAIM_H
#define WAL_TESTS_CLAIM_H

#include "layout.h"
#include "log_made.h"

struct claim {
    uint64_t lsn;  /* every record up to it */
    unsigned meta; /* this version of the metadata, or a newer one */
    unsigned tag;  /* this tag, or a newer one */
};

/* Of a made log: its newest segment. */
struct claimant {
    const struct made *made;
    struct control control;
    struct layout layout;
};

void claimant_init(struct claimant *ret, const struct made *m);
/* durable: what is vouched for: all that a read-only open shows as durable. */
void claim_durable(const struct claimant *c, const struct image *damaged, struct claim *ret);
/* What an open for writing keeps besides: the groups before the first byte that is damaged. */
void claim_kept(const struct claimant *c, const struct image *damaged, struct claim *ret);

#endif
