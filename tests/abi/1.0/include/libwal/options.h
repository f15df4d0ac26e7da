/* SPDX-License-Identifier: Apache-2.0 */
/* Options: how to open a log. Part of <libwal/wal.h>, which has the rules that
 * hold everywhere. */
#ifndef LIBWAL_OPTIONS_H
#define LIBWAL_OPTIONS_H

#include <libwal/types.h>

LIBWAL_BEGIN

/* Option numbers, pinned for ever: unit, range, default, meaning. Flags are 0 or 1. All since
 * 1.0.
 *
 * CREATE            flag, 1: make the log where there is none, its directory too, not the parent
 * EXCLUSIVE         flag, 0: a log that is there is WAL_E_EXISTS (an empty directory is none)
 * READ_ONLY         flag, 0: never write, repair or lock; follow a live writer. Ignores CREATE
 * STRICT            flag, 0: refuse a torn or ambiguous end (WAL_E_TORN) instead of cutting it
 * SYNC              WAL_SYNC_..., DATA: when an append returns
 * INTERVAL_MS       ms, 1 .. 3600000, 100: in INTERVAL mode, sync at least this often
 * INTERVAL_BYTES    bytes, 1 .. 1024G, 1M: in INTERVAL mode, sync when so much is buffered
 * SEGMENT_BYTES     bytes, 64K .. 4G, 64M: begin a new segment file at this size (a soft limit)
 * SEGMENT_RECORDS   records, 0 .. 2^64-1, 0 no limit: and after so many; exact for single appends
 * MAX_RECORD_BYTES  bytes, 1 .. 1G, 16M: a larger record is WAL_E_TOOBIG
 * GROUP_BYTES       bytes, 64K .. 256M, 1M: where commits stop sharing a group; a single larger
 *                   record still makes one. With a codec or a cipher it is 64K unless it is set:
 *                   wal_get decodes a whole group
 * PENDING_BYTES     bytes, 1 .. 1024G, 64M: buffered and unwritten; above it appends wait. Raised
 *                   at open to hold one largest record
 * GROUP_WAIT_US     us, 0 .. 1000000, 0: so long a commit waits for company at most
 * ZERO_AHEAD_BYTES  bytes, 0 .. 4G, 1M: so far ahead of its end the file is filled with zeros, so
 *                   that a commit changes no block mapping; not where commits are larger than a
 *                   quarter of it, and than 256K
 * DIRECT_IO         flag, 0: write groups past the page cache, where the file system can do that
 *                   (else the log goes on without: wal_info says which). GROUP_ALIGN becomes what
 *                   the device asks for, 512 or 4096, at least. It pays from groups of some 256K
 *                   on, and where the page cache is to be left to others
 * INDEX_BYTES       bytes, 4K .. 1024G, 64M: memory for finding records by LSN
 * FIRST_LSN         LSN, 1 .. 2^64-2, 1: the first record's in a log that this open makes
 * CODEC             0 none or 1 zlib, 0: compress groups (WAL_CODEC_...). One that would not
 *                   become smaller, or by more than 1024 to 1, is stored as it is, and so is what a
 *                   new segment begins with. A log can be read whatever its segments were written
 *                   with
 * CODEC_LEVEL       1 .. 9, 1: fast .. small
 * CODEC_MIN_BYTES   bytes, 0 .. 1G, 4K: shorter groups are not compressed
 * RETAIN_BYTES      bytes, 0 .. 2^64-1, 0 off: as long as all segments together use more, the
 *                   oldest one goes; see below
 * RETAIN_SEGMENTS   segments, 0 .. 2^64-1, 0 off: so many sealed ones stay
 * RETAIN_AGE_MS     ms, 0 .. 2^64-1, 0 off: a segment goes so long after its end was written
 * RETAIN_FROM_CHECKPOINT  flag, 0: segments go that have nothing above the newest checkpoint;
 *                   the one in which that checkpoint lies stays until there is a newer one
 * PIN_LIMIT_BYTES   bytes, 0 .. 2^64-1, 1G: so much of what retention would remove may be held back
 *                   by readers with WAL_READ_PIN; more breaks the pins that stand lowest. 0: pins
 *                   hold back nothing, 2^64-1: no limit
 * RESERVE_BYTES     bytes, 0 .. 1024G, 0: a file "reserve" of that size keeps space. When the file
 *                   system has none left, it is emptied, an event WRITE_ERROR (NOSPC) tells, and
 *                   the write that failed is tried once more: so there is that much left to make
 *                   room with. It is made again at open and at the next new segment that there is
 *                   room for. 0: none is made; one that is there stays
 * FILE_MODE         permission bits, 0600 .. 0777, 0600: of new files, less the process's umask
 * DIR_MODE          permission bits, 0700 .. 0777 without write for group and others, 0700: of a
 *                   new directory, less the umask
 * GROUP_ALIGN       bytes, 64, 512 or 4096, 64: each write begins at a multiple of it; for disks
 *                   that may damage bytes of a sector which a write did not name
 * CHECKPOINT_BYTES  bytes, 0 .. 1G, 64M: the largest state that a checkpoint holds
 * SLOW_SYNC_US      us, 0 .. 3600000000, 0 off: a sync that takes longer is told by an event
 * EVENT_RING        events, 1 .. 1048576, 1024: that wait to be told, for the callback and for each
 *                   subscription
 * READ_THREADS      threads, 1 .. 64, 1: with more, wal_replay reads and verifies ahead on another
 *                   one, and wal_verify reads so many segments at the same time
 * BACKGROUND        flag, 1: the log may run one thread of its own (all signals blocked), started
 *                   when it is needed. 0: none; SUBMIT and INTERVAL mode are WAL_E_INVAL */
#define WAL_OPT_CREATE                 1u
#define WAL_OPT_EXCLUSIVE              2u
#define WAL_OPT_READ_ONLY              3u
#define WAL_OPT_STRICT                 4u
#define WAL_OPT_SYNC                   5u
#define WAL_OPT_INTERVAL_MS            6u
#define WAL_OPT_INTERVAL_BYTES         7u
#define WAL_OPT_SEGMENT_BYTES          8u
#define WAL_OPT_SEGMENT_RECORDS        9u
#define WAL_OPT_MAX_RECORD_BYTES       10u
#define WAL_OPT_GROUP_BYTES            11u
#define WAL_OPT_PENDING_BYTES          12u
#define WAL_OPT_GROUP_WAIT_US          13u
#define WAL_OPT_ZERO_AHEAD_BYTES       14u
#define WAL_OPT_DIRECT_IO              15u
#define WAL_OPT_INDEX_BYTES            16u
#define WAL_OPT_FIRST_LSN              17u
#define WAL_OPT_CODEC                  18u
#define WAL_OPT_CODEC_LEVEL            19u
#define WAL_OPT_CODEC_MIN_BYTES        20u
#define WAL_OPT_RETAIN_BYTES           21u
#define WAL_OPT_RETAIN_SEGMENTS        22u
#define WAL_OPT_RETAIN_AGE_MS          23u
#define WAL_OPT_RETAIN_FROM_CHECKPOINT 24u
#define WAL_OPT_PIN_LIMIT_BYTES        25u
#define WAL_OPT_RESERVE_BYTES          26u
#define WAL_OPT_FILE_MODE              27u
#define WAL_OPT_DIR_MODE               28u
#define WAL_OPT_GROUP_ALIGN            29u
#define WAL_OPT_CHECKPOINT_BYTES       30u
#define WAL_OPT_SLOW_SYNC_US           31u
#define WAL_OPT_EVENT_RING             32u
#define WAL_OPT_READ_THREADS           33u
#define WAL_OPT_BACKGROUND             34u

/* Retention: where any of the RETAIN options is on, whole sealed segments are removed from the
 * oldest on, at wal_open (for writing) and at each rotation. One goes when any of the options says
 * so; but never the active one, never one with records above the newest checkpoint or with that
 * checkpoint itself (without a checkpoint: above the durable LSN), never what a reader pins.
 * Readers without a pin get WAL_E_TRIMMED. The log has shrunk when open, or the call that rotated,
 * returns; the files are removed by the log's thread soon after, without BACKGROUND by the thread
 * that rotated, at the latest by wal_close. Nothing that retention meets fails an append. */

/* Durability modes, values of WAL_OPT_SYNC: when an append returns. All since 1.0. */
#define WAL_SYNC_NONE     0u /* when buffered; synced when asked, at rotation, at close */
#define WAL_SYNC_INTERVAL 1u /* when buffered; synced every INTERVAL_MS, INTERVAL_BYTES */
#define WAL_SYNC_DATA     2u /* when durable, by fdatasync */
#define WAL_SYNC_FULL     3u /* when durable, by fsync */
#define WAL_SYNC_DSYNC    4u /* when durable, written through O_DSYNC */

/* New options, all at their defaults. Freed by wal_options_free. Since 1.0. */
int wal_options_new(wal_options_t **ret);
/* NULL is allowed. Logs opened with the options have their own copy. Since 1.0. */
void wal_options_free(wal_options_t *o);
/* Sets one option. WAL_E_INVAL: unknown number, value out of range (the error's text names option,
 * value and range); WAL_E_UNSUPPORTED: its feature isn't there. Nothing is changed then. What only
 * contradicts together is found by wal_open. Since 1.0. */
int wal_options_set(wal_options_t *o, uint32_t option, uint64_t value);
/* What was set, or the default. WAL_E_INVAL: unknown number. Since 1.0. */
int wal_options_get(const wal_options_t *o, uint32_t option, uint64_t *ret);
/* Sets one option by its name, as in a configuration file. Numbers are decimal; options in bytes
 * take K, M or G behind the number (times 1024, 1024^2, 1024^3); WAL_OPT_SYNC and WAL_OPT_CODEC
 * take names too; permission bits are octal; flags are 0 or 1. Anything else in the text, a space
 * or a sign, is WAL_E_INVAL. Errors as wal_options_set. Since 1.0. */
int wal_options_set_string(wal_options_t *o, const char *name, const char *value);
/* An option's name: its constant in lower case without WAL_OPT_, as "segment_bytes". NULL for
 * unknown numbers. Static. Since 1.0. */
const char *wal_option_name(uint32_t option);
/* The number to a name, 0 where there is none or name is NULL. Since 1.0. */
uint32_t wal_option_by_name(const char *name);

/* Codecs (option CODEC). All since 1.0. */
#define WAL_CODEC_NONE 0u
#define WAL_CODEC_ZLIB 1u

/* Presets. Each sets the options that stand here, and no others; what is set later wins. SYNC stays
 * as it is in the first two: they don't weaken what an append promises. All since 1.0.
 *
 * LOW_LATENCY: a commit does nothing but its own write and sync.
 *   GROUP_WAIT_US 0           it waits for nobody
 *   ZERO_AHEAD_BYTES 1M       it makes no file grow and maps no block, which would cost it 1.4 to
 *                             2 times as much ...
 *   BACKGROUND 1              ... because a thread of the log does that ahead of it
 * HIGH_THROUGHPUT: many records share what costs time.
 *   GROUP_WAIT_US 200         several threads commit together; a commit takes longer by no more
 *                             than that, and not at all where nobody else commits
 *   GROUP_BYTES 4M            fewer and larger groups and writes
 *   PENDING_BYTES 256M        appends go on while large writes are under way
 *   SEGMENT_BYTES 256M        a new segment costs some ten syncs: a quarter as many of them.
 *                             Opening after a crash may read that much
 * DURABLE: least trust in the system below.
 *   SYNC FULL                 fsync: all that the file system knows of the file is synced, too
 *   GROUP_ALIGN 4096          no write touches a sector that holds something durable, so a disk
 *                             that damages a sector while the power fails damages nothing that was
 *                             acknowledged. Each commit takes 4 KiB of the file at least */
#define WAL_PRESET_LOW_LATENCY     1u
#define WAL_PRESET_HIGH_THROUGHPUT 2u
#define WAL_PRESET_DURABLE         3u

/* Sets the options of a preset (WAL_PRESET_...). WAL_E_INVAL: there is no such preset; nothing is
 * changed then. Since 1.0. */
int wal_options_preset(wal_options_t *o, uint32_t preset);

/* Where a log takes its memory from. The functions are called from any thread, at any time. p is
 * never NULL, size never 0; blocks must be aligned as malloc's are. They return NULL when there is
 * no memory, which the log passes on as WAL_E_NOMEM; after a failed resize the old block is still
 * valid. Since 1.0. */
typedef struct {
    uint32_t size;
    uint32_t reserved; /* 0 */
    void *ctx;         /* stays valid until everything opened with it is closed and freed */
    void *(*alloc)(void *ctx, size_t size);
    void *(*resize)(void *ctx, void *p, size_t size);
    void (*release)(void *ctx, void *p);
} wal_allocator_t;

/* Copies the struct; without this call a log uses malloc. The options and locks themselves always
 * do. WAL_E_INVAL: a function is missing, or reserved isn't 0. Since 1.0. */
int wal_options_set_allocator(wal_options_t *o, const wal_allocator_t *allocator);
/* A label for people and tools: up to 64 bytes of any kind (more: WAL_E_TOOBIG), written into the
 * header of each new segment, which wal_info shows. Copied. A log that is opened without this call
 * keeps the label that it has; size 0 (data may be NULL then) makes an end of it with the next new
 * segment. Since 1.0. */
int wal_options_set_label(wal_options_t *o, const void *data, size_t size);
/* Lends a lock to wal_open, which then takes none of its own. The caller keeps it, and releases it
 * after wal_close. NULL takes the lock out of the options again. Since 1.0. */
int wal_options_set_lock(wal_options_t *o, wal_lock_t *lock);

LIBWAL_END

#endif
