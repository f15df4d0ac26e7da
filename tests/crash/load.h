/* SPDX-License-Identifier: Apache-2.0 */
/* What an operation hands to the log: records, a tag, metadata. */
#ifndef WAL_TESTS_LOAD_H
#define WAL_TESTS_LOAD_H

#include "crash/session.h"

enum { LOAD_RECORDS = 16, LOAD_VALUE_BYTES = 1024 };

struct load {
    uint32_t n;
    uint64_t ids[LOAD_RECORDS];
    wal_record_t records[LOAD_RECORDS];
    uint8_t *bytes;
    uint64_t tag, meta; /* numbers; 0: none */
    uint8_t value[LOAD_VALUE_BYTES];
    size_t value_size;
};

/* n records of this size. */
void load_make(struct session *s, struct load *l, uint32_t n, size_t size);
/* A new value for the metadata key. */
void load_add_meta(struct session *s, struct load *l);
void load_free(struct load *l);

enum load_how { LOAD_SINGLE, LOAD_MANY, LOAD_BATCH };
int load_append(struct session *s, struct load *l, enum load_how how, uint32_t flags,
                uint64_t *ret_first);
/* As a batch in the place of what lies above the LSN. */
int load_replace(struct session *s, struct load *l, uint64_t lsn, uint64_t *ret_first);

#endif
