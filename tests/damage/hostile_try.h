/* SPDX-License-Identifier: Apache-2.0 */
/* Groups put behind an honest log's end, and what opening and reading have to say of them. */
#ifndef WAL_TESTS_HOSTILE_TRY_H
#define WAL_TESTS_HOSTILE_TRY_H

#include "hostile.h"

#include "base/bytes.h"
#include "crc/crc.h"
#include "format/record.h"

enum { BODY_MAX = 4096 };

/* What both ways of opening have to say. */
enum answer {
    ENDS,    /* the log ends before it, and all that is before is there */
    DAMAGE,  /* CORRUPT, at open or where it is read */
    REFUSED, /* CORRUPT, at open */
    LOCKED,  /* CRYPTO, the same way */
    THERE    /* nothing wrong with it */
};

static uint8_t body[BODY_MAX];

static inline void expect(const struct image *i, enum answer answer, const char *name)
{
    struct verdict_on_forged v;
    for (int read_only = 1; read_only >= 0; read_only--) {
        stand_put(&stand, i);
        forge_try(stand.path, &made.history, read_only, &v);
        bool whole = v.open == 0 && v.read == 0 && v.last >= made.history.submitted;
        bool fine = answer == REFUSED  ? v.open == WAL_E_CORRUPT
                    : answer == DAMAGE ? (v.open ? v.open : v.read) == WAL_E_CORRUPT
                    : answer == LOCKED ? (v.open ? v.open : v.read) == WAL_E_CRYPTO
                    : answer == ENDS   ? whole && v.last == made.history.submitted
                                       : whole;
        if (!fine || v.wrong || v.largest > ONE_GROUP)
            fail_msg("%s, %s: open %s, read %s, last %llu, %u wrong, largest block %zu", name,
                     read_only ? "read-only" : "writing", wal_error_name(v.open),
                     wal_error_name(v.read), (unsigned long long)v.last, v.wrong, v.largest);
    }
}

static inline void try_group(const struct forged *g, enum answer answer, const char *name)
{
    struct image i;
    image_copy(&i, &made.now);
    forge_group(&i, g);
    expect(&i, answer, name);
    image_free(&i);
}

static inline uint64_t next_lsn(void)
{
    return newest.spots[newest.n - 1].next_lsn;
}

/* n right records of so many bytes. */
static inline size_t records(uint32_t n, uint32_t size)
{
    size_t at = 0;
    memset(body, 0, sizeof body);
    for (uint32_t k = 0; k < n; k++) {
        struct record r = {
            .lsn = next_lsn() + k, .size = size, .flags = k + 1 == n ? RECORD_BATCH_LAST : 0};
        r.crc = record_crc(crc_update(0, body + at + RECORD_HEADER_BYTES, size), size, r.flags, 0,
                           r.lsn, newest.header.salt);
        record_header_encode(body + at, &r);
        at += record_bytes(size);
    }
    return at;
}

#endif
