/* SPDX-License-Identifier: Apache-2.0 */
/* Looking inside: the log as a whole, its segments, statistics, histograms. Part of <libwal/wal.h>,
 * which has the rules that hold everywhere. */
#ifndef LIBWAL_INFO_H
#define LIBWAL_INFO_H

#include <libwal/types.h>

LIBWAL_BEGIN

/* Flags of a log. All since 1.0. */
#define WAL_INFO_DIRECT    1u /* groups go past the page cache */
#define WAL_INFO_DSYNC     2u /* it is written through O_DSYNC: SYNC is DSYNC */
#define WAL_INFO_READ_ONLY 4u /* this handle is read-only */
#define WAL_INFO_CLEAN     8u /* open found it as a close had left it; not in a new log */

/* A log as a whole. What depends on the segment is that of the newest one. Since 1.0. */
typedef struct {
    uint32_t size;
    uint32_t flags;        /* WAL_INFO_... */
    uint8_t uuid[16];      /* of the log, made with it */
    uint16_t major, minor; /* of the format */
    uint32_t codec;        /* WAL_OPT_CODEC of whoever wrote it, 0: none */
    uint32_t cipher;       /* 0: none */
    uint32_t key_id;       /* for the cipher */
    uint32_t strays;       /* names in the directory that mean nothing to the log, now */
    uint32_t reserved;     /* 0 */
    uint64_t epoch;        /* how many opens have written to the log */
    char label[64];        /* zeros behind it, none when it has 64 bytes */
} wal_info_t;

/* `size` is sizeof *ret as the caller knows it. On a read-only log it looks anew. Lists the
 * directory. WAL_E_IO. Since 1.0. */
int wal_info(wal_t *w, wal_info_t *ret, uint32_t size);

/* Flags of a segment. All since 1.0. */
#define WAL_SEGMENT_SEALED 1u /* nothing is written to it any more */
#define WAL_SEGMENT_ACTIVE 2u /* appends go here */

/* One file of the log. Since 1.0. */
typedef struct {
    uint32_t size;
    uint32_t flags;          /* WAL_SEGMENT_... */
    uint64_t number;         /* its file is this number in 20 digits and .wal */
    uint64_t first_lsn;      /* of its records that count */
    uint64_t last_lsn;       /* first_lsn - 1 when it has none */
    uint64_t bytes;          /* used */
    uint64_t records;        /* that count */
    uint64_t created_ns;     /* since 1970 */
    uint64_t checkpoint_lsn; /* of the newest checkpoint that lies in it; 0: none, or damage keeps
                                it from being found, which wal_segment_checkpoint would say */
} wal_segment_t;

/* Fills as many elements as fit, oldest first, at a stride of elem_size bytes (sizeof *array as the
 * caller knows it). *n: in, the room in elements; out, how many segments there are. array may be
 * NULL when *n is 0. Since 1.0. */
int wal_segments(wal_t *w, wal_segment_t *array, uint32_t elem_size, size_t *n);

/* Numbers of the statistics, pinned for ever. They count since open; those marked "now" are present
 * values. All since 1.0. */
#define WAL_STAT_APPEND_RECORDS   0u
#define WAL_STAT_APPEND_BYTES     1u /* of payloads */
#define WAL_STAT_SYNCS            2u
#define WAL_STAT_SYNC_NS          3u
#define WAL_STAT_GROUPS           4u
#define WAL_STAT_WRITES           5u /* write calls for groups */
#define WAL_STAT_WRITTEN_BYTES    6u /* with headers, padding, zeros and everything */
#define WAL_STAT_ROTATIONS        7u
#define WAL_STAT_REMOVED_SEGMENTS 8u
#define WAL_STAT_TRUNCATED_FRONT  9u  /* records */
#define WAL_STAT_TRUNCATED_BACK   10u /* records */
#define WAL_STAT_CORRUPTIONS      11u /* damage met while reading */
#define WAL_STAT_WRITE_ERRORS     12u
#define WAL_STAT_DISCARDED_BYTES  13u /* by recovery at open */
#define WAL_STAT_RECOVERY_NS      14u /* what open took */
#define WAL_STAT_PENDING_BYTES    15u /* now: buffered and unwritten */
#define WAL_STAT_INDEX_BYTES      16u /* now: memory of the index */
#define WAL_STAT_RAW_BYTES        17u /* group bodies before compression */
#define WAL_STAT_STORED_BYTES     18u /* group bodies as written */
#define WAL_STAT_PINNED_BYTES     19u /* now: retention would remove them but for pins */
#define WAL_STAT_BROKEN_PINS      20u

/* How many statistics this library has: numbers 0 .. count - 1. Since 1.0. */
uint32_t wal_stat_count(void);
/* A statistic's name: its constant in lower case without WAL_STAT_ ("append_records"). NULL for
 * unknown ones. Static. Since 1.0. */
const char *wal_stat_name(uint32_t i);
/* Fills values[0 .. n-1]; those that this library doesn't have are 0. values may be NULL when n is
 * 0. Since 1.0. */
int wal_stats(wal_t *w, uint64_t *values, uint32_t n);

/* Histograms, pinned for ever. All since 1.0. */
#define WAL_HIST_APPEND_NS     0u /* time inside appends and commits; sampled in buffered logs */
#define WAL_HIST_SYNC_NS       1u /* time of a sync */
#define WAL_HIST_GROUP_RECORDS 2u /* records per group */
#define WAL_HIST_GROUP_BYTES   3u /* bytes per group */
#define WAL_HIST_READ_NS       4u /* time inside wal_get */

/* Fills 64 buckets; bucket i counts values from 2^i to 2^(i+1) - 1, bucket 0 also the value 0.
 * WAL_E_INVAL: no such histogram. Since 1.0. */
int wal_histogram(wal_t *w, uint32_t which, uint64_t *buckets);
/* What the log's files take on the disk, in bytes; 0 for NULL and in the child of a fork.
 * Since 1.0. */
uint64_t wal_disk_bytes(wal_t *w);

LIBWAL_END

#endif
