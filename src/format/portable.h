/* SPDX-License-Identifier: Apache-2.0 */
/* A batch as bytes to send elsewhere: docs/format.md, "Portable form of a batch". Bytes <-> struct,
 * nothing else. */
#ifndef WAL_FORMAT_PORTABLE_H
#define WAL_FORMAT_PORTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "format/frame.h"

struct portable_record {
    const void *data;
    uint32_t size;
    uint16_t type;
};

/* What a form takes with so many records and so many bytes of payloads in them. */
uint64_t portable_bytes(uint64_t records, uint64_t payload);

/* Writing, with a cursor over exactly so many bytes: begin, put each record, end. */
void portable_begin(struct cursor *c, uint32_t records);
void portable_put(struct cursor *c, const struct portable_record *r);
void portable_end(struct cursor *c);

/* Reading. */
struct portable {
    struct cursor at;
    uint32_t left; /* records that are still to come */
    uint16_t minor;
};

/* Checks all of it. DECODED_RIGHT: portable_next will give every record. */
enum decoded portable_check(struct portable *ret, const void *form, size_t size);
/* True: *ret is the next record, its data lie in the form. False: there is none left, or the form
 * was changed behind portable_check's back; nothing outside of it is touched. */
bool portable_next(struct portable *p, struct portable_record *ret);

#endif
