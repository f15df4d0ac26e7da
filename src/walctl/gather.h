/* The records of one batch, copied, until it is complete. */
#ifndef WALCTL_GATHER_H
#define WALCTL_GATHER_H

#include <libwal/wal.h>

#include <stddef.h>

#include "walctl/bytes.h"

struct gather { /* all zeros is an empty one */
    struct bytes records, data, tag;
    size_t n;
};

/* Takes a copy of the record, and of its tag, which all of them have. */
void gather_add(struct gather *g, const wal_record_t *record);
/* All of them, the last one with BATCH_LAST and no other; valid until the next call. */
const wal_record_t *gather_records(struct gather *g);
void gather_clear(struct gather *g);
void gather_free(struct gather *g);

#endif
