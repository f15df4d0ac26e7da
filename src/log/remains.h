/* SPDX-License-Identifier: Apache-2.0 */
/* What there is of a log, however damaged: its segments as one chain, and where each ends. For
 * tools that go through all of it and go on behind damage. Takes no lock and writes nothing; beside
 * a writer it sees one moment of the log, as far as that was durable. Used by one thread, but for
 * remains_scrub. */
#ifndef WAL_LOG_REMAINS_H
#define WAL_LOG_REMAINS_H

#include "base/attr.h"
#include "base/fault.h"
#include "log/config.h"
#include "log/control_file.h"
#include "segment/scrub.h"

struct remains_damage {
    bool any;
    uint64_t segment, offset, lsn; /* segment 0: control */
};

struct remains_part { /* a segment of the chain */
    uint64_t number;
    bool right; /* it has a header that fits: the rest counts */
    uint64_t base_lsn;
    uint32_t crc, salt_low;
    unsigned header_repairs;
    struct scrub_end end;
};

struct remains {
    const struct alloc *alloc;
    struct folder folder;
    struct control_file control;
    bool locked;                /* config->lock: the caller has the writer's lock */
    uint64_t named_by_both;     /* the newest segment of which both of control's states know */
    bool in_use;                /* somebody has it open for writing */
    struct remains_part *parts; /* oldest first */
    size_t n, room;
    uint64_t first_lsn; /* what is below is no part of the log */
    uint64_t dead_to;   /* in the oldest part: so far readers step over groups, by their headers */
    uint64_t next_lsn;  /* behind the last one that is known to have been there */
    uint32_t verdict;   /* WAL_RECOVERY_...: DAMAGED where `damage` says so */
    struct fault torn;  /* how it ends, where TORN or AMBIGUOUS */
    struct remains_damage damage; /* the first that was met so far */
};

/* NOTFOUND: no log there; VERSION, UNSUPPORTED, PERM, IO … Damage is no error. `path` and `config`
 * are lent. Ends with remains_close, also after an error. */
MUST_USE int remains_open(struct remains *x, const char *path, const struct config *config);
void remains_close(struct remains *x);
/* Whether somebody has it open for writing now. */
bool remains_in_use(const struct remains *x);
/* Goes through a part: see scrub_segment. Any number of threads may do so at once. */
MUST_USE int remains_scrub(const struct remains *x, const struct remains_part *part,
                           const struct scrub_fns *fns);
/* Whether nobody reads the body of the group there: it is no part of the log (R2). */
bool remains_dead(const struct remains *x, const struct remains_part *part, uint64_t offset);
/* Notes damage, if nothing in front of it was noted. */
void remains_note(struct remains_damage *first, uint64_t segment, uint64_t offset, uint64_t lsn);

#endif
