/* SPDX-License-Identifier: Apache-2.0 */
/* Many records of a reader at once. */
#ifndef WAL_LOG_MANY_H
#define WAL_LOG_MANY_H

#include "base/attr.h"
#include "log/reader.h"

/* Fills records[0 .. *ret_n - 1] at the stride records[0].size, which was checked: at most `max` of
 * them, with payloads of max_bytes together at most, but always one. All lie in what one read of
 * the file has brought, so that they are valid together, until the next call on the reader. 1:
 * *ret_n is above 0; 0: there is none now; an error when it hits the first of them. */
MUST_USE int reader_next_many(struct wal_reader *r, wal_record_t *records, size_t max,
                              uint64_t max_bytes, size_t *ret_n);

#endif
