/* SPDX-License-Identifier: Apache-2.0 */
/* What must be in the log, and its comparison with what is. Where something is wrong, a sentence on
 * it is printed and the result is false.
 *
 *     struct life life = {.round = 7, .seed = 1, .submitted = shared};
 *     life_add_ack(&life, &ack);                    as they come through the pipe
 *     ... the writer was killed, the log opened ...
 *     view_read(&now, log, &known, &life)           every record is one that can be there
 *     view_check(&now, &known, &life)               and all that must be there are
 *     view_replace(&known, &now);                   what the next life begins with */
#ifndef WAL_TESTS_KILL_LEDGER_H
#define WAL_TESTS_KILL_LEDGER_H

#include <libwal/wal.h>

#include "base/attr.h"
#include "kill/worker.h"

/* Who wrote which record, by LSN: the log as one replay gave it. All zeros: none. */
struct view {
    uint64_t first; /* LSN of records[0] */
    size_t n, room;
    struct identity *records;
};

/* One life of the writer. */
struct life {
    uint64_t seed;
    uint32_t round;
    const struct submitted *submitted;
    struct ack *acks;
    size_t n_acks, room;
};

void life_add_ack(struct life *life, const struct ack *ack);
void life_free(struct life *life);

/* Replays the whole log: LSNs are dense from `known`'s first on; each record has the right bytes,
 * those of `known` under their LSNs, behind them those of this life in each thread's own order. */
MUST_USE bool view_read(struct view *v, wal_t *log, const struct view *known,
                        const struct life *life);
/* Everything known and everything acknowledged is there; what else is there had been handed in;
 * batches are whole and in one piece. */
MUST_USE bool view_check(const struct view *v, const struct view *known, const struct life *life);
/* Whether `part` is the beginning of `whole`. */
MUST_USE bool view_begins(const struct view *whole, const struct view *part);
/* `known` becomes `v`, and `v` nothing. */
void view_replace(struct view *known, struct view *v);
/* Forgets the records below lsn. */
void view_drop_below(struct view *v, uint64_t lsn);
void view_free(struct view *v);

#endif
