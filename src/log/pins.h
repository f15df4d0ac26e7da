/* SPDX-License-Identifier: Apache-2.0 */
/* Readers that keep retention from what they have not read yet. Everything here is under the log's
 * readers_mu. */
#ifndef WAL_LOG_PINS_H
#define WAL_LOG_PINS_H

#include "base/attr.h"
#include "log/log.h"

struct wal_reader;

/* The reader is about to stand at *lsn, and pins it from here on, besides what it pins already:
 * `any`: it may as well stand where retention leaves off at this moment. RANGE: below that. */
MUST_USE int pin_claim(struct wal_reader *r, bool any, uint64_t *lsn);
/* It stands there: what it pinned before is free. */
void pin_stand(struct wal_reader *r, uint64_t lsn);
/* It doesn't: it pins what it did before. */
void pin_stay(struct wal_reader *r);
/* Its place is gone: it pins nothing until it stands somewhere else. */
void pin_lose(struct wal_reader *r);

/* The lowest LSN that is pinned; UINT64_MAX: none. */
uint64_t pins_lowest(const struct wal *w);
/* Breaks the pins of what lies below the LSN. */
void pins_break(struct wal *w, uint64_t lsn);

#endif
