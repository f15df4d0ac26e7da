/* SPDX-License-Identifier: Apache-2.0 */
/* What a log must hold: a list that every call changes as it should change the log. */
#ifndef WAL_TESTS_FUZZ_MODEL_H
#define WAL_TESTS_FUZZ_MODEL_H

#include <libwal/wal.h>
#include <stdint.h>

enum { MODEL_RECORDS = 4096, MODEL_BYTES = 70000, MODEL_KEYS = 4, MODEL_VALUE = 200 };

struct model_record {
    uint32_t size;
    uint16_t type;
    uint8_t seed, tag; /* the tag's size; 0: none */
};

struct model {
    uint64_t first, next;
    struct model_record records[MODEL_RECORDS]; /* of LSN first + k */
    struct {
        uint8_t there, size, seed;
    } meta[MODEL_KEYS]; /* of the keys "0" .. */
    struct {
        uint64_t lsn;
        uint32_t size;
        uint8_t seed;
    } checkpoint; /* lsn 0: none */
};

/* Bytes of a payload, a tag, a value or a state; noise for odd seeds. */
const uint8_t *model_bytes(size_t size, uint8_t seed);
void model_add(struct model *m, const struct model_record *r);
void model_cut_front(struct model *m, uint64_t lsn);
/* Records above lsn go, and a checkpoint above it. */
void model_cut_back(struct model *m, uint64_t lsn);
void model_reset(struct model *m, uint64_t next);
/* Everything that the log shows. */
void model_compare(const struct model *m, wal_t *w);

#endif
