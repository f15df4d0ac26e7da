/* SPDX-License-Identifier: Apache-2.0 */
/* What a log may be after a crash, kept beside a log that is being tried: every record that was
 * handed in, what was acknowledged as durable, what is in doubt. While a cut (a truncation, a
 * reset) is under way there are two alternatives, before and after it; else there is one. A view of
 * the log is right when it is an exact prefix of an alternative that holds everything acknowledged
 * and no batch in part.
 *
 * A record is known by its id, from which its payload and type follow (payload.h). */
#ifndef WAL_TESTS_ORACLE_H
#define WAL_TESTS_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crash/marks.h"

enum { ORACLE_RECORDS = 192, ORACLE_ALTS = 2 };

struct alternative {
    uint64_t first, next;
    uint64_t must; /* durable once this alternative is the one, whatever `acked` says; 0: nothing */
    uint64_t ids[ORACLE_RECORDS];  /* of the records from `first` on */
    bool joined[ORACLE_RECORDS];   /* the next record belongs to the same batch */
    uint64_t tags[ORACLE_RECORDS]; /* of its batch; 0: none */
    /* In front of each record, and behind the last: the newest tag; what it was before tags without
     * records came there; how many those are. */
    uint64_t newest[ORACLE_RECORDS + 1], older[ORACLE_RECORDS + 1];
    uint8_t lone[ORACLE_RECORDS + 1];
    struct marks marks;
};

/* What a change of the metadata that is under way comes with. */
enum meta_with { META_ALONE, META_RECORDS, META_CUT };

struct oracle {
    struct alternative alts[ORACLE_ALTS];
    uint32_t count;   /* of alternatives: 2 while a cut is under way, or in doubt */
    uint64_t acked;   /* highest LSN that was claimed to be durable */
    uint64_t meta[2]; /* ids of the values that the metadata key may have; 0: no such key */
    uint32_t metas;
    enum meta_with meta_with;
    uint64_t meta_lsn; /* META_RECORDS: of the first of them */
    uint64_t meta_tag; /* META_ALONE: a tag without records, which comes too; 0: none */
    struct mark mark;  /* a checkpoint that is under way, or in doubt; 0, 0: none is */
    bool created;      /* an open has returned: there is a log */
    uint64_t version;  /* changes with every change */
};

/* A look at a log, compared with the oracle's alternatives record by record. */
struct view {
    uint64_t first, next, durable;
    uint64_t records;            /* delivered */
    uint64_t wrong[ORACLE_ALTS]; /* LSN of the first record that is another one there; 0: none */
    uint64_t gap;                /* LSN of the first record out of order; 0: none */
    uint64_t meta, tag;          /* 0: none; tag UNSEEN: nobody looked */
    struct mark mark;            /* the newest checkpoint */
};
#define UNSEEN UINT64_MAX

void oracle_init(struct oracle *o, uint64_t first);
void oracle_copy(struct oracle *to, const struct oracle *from);
uint64_t oracle_hash(const struct oracle *o);
/* Room for so many records more. */
bool oracle_has_room(const struct oracle *o, uint64_t records);
/* The id of a record in an alternative. */
bool oracle_id(const struct oracle *o, uint32_t alt, uint64_t lsn, uint64_t *ret);
/* The tag that its batch has. */
uint64_t oracle_tag(const struct oracle *o, uint32_t alt, uint64_t lsn);
uint64_t oracle_next(const struct oracle *o);
uint64_t oracle_first(const struct oracle *o);

/* Records are handed to the log, as one batch with this tag (0: none); they may be there from now
 * on. */
void oracle_submit(struct oracle *o, const uint64_t *ids, uint32_t n, uint64_t tag);
/* The log has said that what follows from this LSN on is not in it. */
void oracle_withdraw(struct oracle *o, uint64_t lsn);
/* The log has said that everything up to the LSN is durable. */
void oracle_ack(struct oracle *o, uint64_t lsn);

void oracle_meta_try(struct oracle *o, uint64_t id);
/* The same together with what was said last: the records submitted from this LSN on, the cut, or
 * neither, but a tag. */
void oracle_meta_with_records(struct oracle *o, uint64_t id, uint64_t lsn);
void oracle_meta_with_cut(struct oracle *o, uint64_t id);
void oracle_meta_with_tag(struct oracle *o, uint64_t id, uint64_t tag);
void oracle_meta_done(struct oracle *o);
void oracle_meta_undo(struct oracle *o);

/* A checkpoint is being taken. */
void oracle_mark_try(struct oracle *o, uint64_t lsn, uint64_t id);
void oracle_mark_done(struct oracle *o);
void oracle_mark_undo(struct oracle *o);
/* A new segment has begun, so that control names the newest one. */
void oracle_mark_settle(struct oracle *o);

/* A cut begins: from now on both sides are possible. */
void oracle_cut_before(struct oracle *o, uint64_t lsn);
void oracle_cut_after(struct oracle *o, uint64_t lsn, const uint64_t *ids, uint32_t n,
                      uint64_t tag);
void oracle_cut_all(struct oracle *o, uint64_t next);
void oracle_cut_done(struct oracle *o);
void oracle_cut_undo(struct oracle *o);

/* The alternative that the view is a right state of, or -1 with the reason. `whole`: the view of
 * the living log, in which nothing that was handed in may be missing. */
int oracle_check(const struct oracle *o, const struct view *v, bool whole, char *ret_why,
                 size_t size);
/* An open has returned and shown this: from now on it is the only truth, and durable. */
void oracle_collapse(struct oracle *o, const struct view *v, uint32_t alt);
/* A reader in another process was shown this as durable: from now on it has to hold. 0, or -1 with
 * the reason why that can't be. `all`: nothing that is durable may be missing. */
int oracle_seen(struct oracle *o, const struct view *v, bool all, char *ret_why, size_t size);

#endif
