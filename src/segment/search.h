/* SPDX-License-Identifier: Apache-2.0 */
/* Goes through the units of a segment's file that are not zero, holes skipped: linear in what is
 * there, whatever the file's size says. */
#ifndef WAL_SEGMENT_SEARCH_H
#define WAL_SEGMENT_SEARCH_H

#include "segment/groups.h"

/* unit: PLACE_UNIT bytes at `offset`, a multiple of it (at the file's end filled up with zeros).
 * header: not NULL where a right group header of this segment lies there, all of it in the file. */
typedef void (*search_fn)(void *ctx, const uint8_t *unit, uint64_t offset,
                          const struct group_header *header);
/* From `from` (a multiple of PLACE_UNIT) to the file's end at `size`. */
MUST_USE int search_units(const struct segment *s, const struct alloc *a, uint64_t from,
                          uint64_t size, search_fn fn, void *ctx);

#endif
