/* libwal: an embedded write-ahead log. A program hands it records, gets numbers (LSNs) back, and
 * after any crash gets back exactly the records that were acknowledged, in order. This header is
 * the manual of the C interface, version 1.
 *
 * Results. Functions return 0 or a negative WAL_E_ code; those that step through something return 1
 * (got one), 0 (end) or a negative code. Results come through ret_ pointers, which are written only
 * on success; a needed size beside WAL_E_TOOBIG is the one exception. ret_lsn, ret_first and
 * ret_last of writing functions and of wal_replay may be NULL. wal_last_error tells more about the
 * calling thread's last failure. Nothing here aborts, prints, changes errno or signal handlers.
 *
 * Codes that every function may give, and that are not repeated below: WAL_E_INVAL for a NULL
 * handle, a NULL pointer where one is needed, an unknown flag bit; WAL_E_NOMEM; WAL_E_FORK in the
 * child of a fork, from all but the freeing functions. Functions that write give WAL_E_READONLY on
 * a read-only log, WAL_E_FAILED on a failed one, WAL_E_CLOSED where the log is being closed.
 *
 * Failed log. A failed sync is final: each call that waits for it gets WAL_E_INDOUBT once, later
 * ones get WAL_E_FAILED, and wal_failure gives the cause. Reading and closing still work. The next
 * open decides by what is on the disk.
 *
 * Threads. Every function may be called from any thread at any time on the same wal_t, but for
 * these rules: a wal_options_t, wal_batch_t or wal_reader_t is used by one thread at a time;
 * nothing may be called on a wal_t after wal_close has returned. Inside a callback of a log only
 * wal_get, wal_meta_get, wal_stats, wal_last_error and the getters (first, last, next and durable
 * LSN, wal_range, wal_recovery, wal_failure, wal_segments, wal_histogram, wal_disk_bytes) may be
 * called on that log; anything else gives WAL_E_BUSY and does nothing.
 *
 * Structs. Each starts with `size`, which the caller sets to sizeof in every struct that it hands
 * in or has filled; where a `size` parameter stands beside it, that one counts. In an array,
 * element 0's size is the stride. A size below that of version 1.0 is WAL_E_INVAL; where it is
 * above the library's, the rest is filled with zeros. Structs given to callbacks carry the
 * library's size. Structs grow at their end only.
 *
 * Callbacks get the caller's context pointer first. A result below 0 stops the operation, which
 * then returns WAL_E_CALLBACK; above 0 means what each function says. They run on the calling
 * thread without any lock of the library.
 *
 * Memory handed out stays valid until the next call on the same object, or is freed by the function
 * named there. */
#ifndef LIBWAL_WAL_H
#define LIBWAL_WAL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* ---- Version ---- */

/* The version of this header. Since 1.0. */
#define WAL_VERSION_MAJOR 1
#define WAL_VERSION_MINOR 0

/* The version of the library that runs: "1.0.0". Static. Since 1.0. */
const char *wal_version(void);
/* Whether the library that runs can serve a program built against header version major.minor: 0, or
 * WAL_E_UNSUPPORTED for another major or a greater minor. Call it with WAL_VERSION_MAJOR and
 * WAL_VERSION_MINOR. Since 1.0. */
int wal_version_check(uint32_t major, uint32_t minor);

/* ---- Errors ---- */

/* Results, pinned for ever. All since 1.0. */
#define WAL_OK            0
#define WAL_E_INVAL       (-1)  /* an argument, option or combination that makes no sense */
#define WAL_E_NOMEM       (-2)  /* no memory */
#define WAL_E_IO          (-3)  /* an error of the system; see wal_error_t.sys_errno */
#define WAL_E_NOSPC       (-4)  /* no space, quota or file size limit reached */
#define WAL_E_NOTFOUND    (-5)  /* no log here, no such key */
#define WAL_E_EXISTS      (-6)  /* there is a log already, and EXCLUSIVE was asked for */
#define WAL_E_LOCKED      (-7)  /* another handle or process has the log open for writing */
#define WAL_E_CORRUPT     (-8)  /* damage; the error names file, offset and LSN */
#define WAL_E_TORN        (-9)  /* a strict open found a torn or ambiguous end */
#define WAL_E_VERSION     (-10) /* written by a newer format version than this library knows */
#define WAL_E_READONLY    (-11) /* a write on a read-only handle */
#define WAL_E_CLOSED      (-12) /* the log was closed meanwhile */
#define WAL_E_FAILED      (-13) /* the log has failed earlier; nothing was done */
#define WAL_E_INDOUBT     (-14) /* there after the next open, or not; see wal_error_t.lsn */
#define WAL_E_TOOBIG      (-15) /* above a limit; or the buffer is too small */
#define WAL_E_RANGE       (-16) /* an LSN outside the log */
#define WAL_E_TRIMMED     (-17) /* the reader's place was cut away; seek goes on */
#define WAL_E_TIMEOUT     (-18) /* not within the time given */
#define WAL_E_CRYPTO      (-19) /* no key or a wrong one; or encryption failed */
#define WAL_E_BUSY        (-20) /* not from inside a callback; NOWAIT would have had to wait */
#define WAL_E_FORK        (-21) /* this handle belongs to the parent process */
#define WAL_E_UNSUPPORTED (-22) /* this build or version can't do it */
#define WAL_E_CALLBACK    (-23) /* a callback stopped the operation */
#define WAL_E_PERM        (-24) /* no rights; unsafe directory; link or device under a log name */
#define WAL_E_FULL        (-25) /* no LSNs left; no room for another metadata key */

/* What the calling thread's last failing call had to say. Since 1.0. */
typedef struct {
    uint32_t size;
    int32_t code;      /* WAL_E_...; 0: nothing has failed yet on this thread */
    int32_t sys_errno; /* the system's errno, 0 where no system call failed */
    uint32_t reserved; /* 0 */
    uint64_t lsn;      /* record concerned, 0: none or unknown */
    uint64_t segment;  /* number of the segment concerned, 0: none or unknown */
    uint64_t offset;   /* bytes from the start of that segment */
    char message[256]; /* one line, zero-terminated, with the path where there is one */
} wal_error_t;

/* Copies the calling thread's last error; `size` is sizeof *ret as the caller knows it, and is what
 * ret->size then says. Only failing calls change the last error; this function never does.
 * WAL_E_INVAL: ret is NULL or size below version 1.0's. Since 1.0. */
int wal_last_error(wal_error_t *ret, uint32_t size);
/* A short English text for a code, never NULL, static: "unknown error" for other numbers.
 * Since 1.0. */
const char *wal_strerror(int code);
/* The constant's name, never NULL, static: "WAL_E_CORRUPT", "WAL_OK" for 0, "WAL_E_UNKNOWN" for
 * other numbers. Since 1.0. */
const char *wal_error_name(int code);

/* ---- Handles ---- */

typedef struct wal wal_t;                 /* an open log */
typedef struct wal_options wal_options_t; /* how to open one */
typedef struct wal_lock wal_lock_t;       /* the lock of a directory, apart from a log */
typedef struct wal_batch wal_batch_t;     /* records that go in together or not at all */
typedef struct wal_reader wal_reader_t;   /* a place in the log, walking */

/* ---- Options ---- */

/* Option numbers, pinned for ever: unit, range, default, meaning. Flags are 0 or 1. "Later" marks
 * options whose feature this version doesn't have: setting them is WAL_E_UNSUPPORTED, getting them
 * gives the default. All since 1.0.
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
 *                   record still makes one
 * PENDING_BYTES     bytes, 1 .. 1024G, 64M: buffered and unwritten; above it appends wait. Raised
 *                   at open to hold one largest record
 * GROUP_WAIT_US     us, 0 .. 1000000, 0: so long a commit waits for company at most
 * ZERO_AHEAD_BYTES  bytes, 0 .. 4G, 1M: so far ahead of its end the file is filled with zeros, so
 *                   that a commit changes no block mapping
 * DIRECT_IO         flag, 0: later
 * INDEX_BYTES       bytes, 4K .. 1024G, 64M: memory for finding records by LSN
 * FIRST_LSN         LSN, 1 .. 2^64-2, 1: the first record's in a log that this open makes
 * CODEC             0 none or 1 zlib, 0: later
 * CODEC_LEVEL       1 .. 9, 1: later
 * CODEC_MIN_BYTES   bytes, 0 .. 1G, 4K: later
 * RETAIN_BYTES      bytes, 0 .. 2^64-1, 0 off: later
 * RETAIN_SEGMENTS   segments, 0 .. 2^64-1, 0 off: later
 * RETAIN_AGE_MS     ms, 0 .. 2^64-1, 0 off: later
 * RETAIN_FROM_CHECKPOINT  flag, 0: later
 * PIN_LIMIT_BYTES   bytes, 0 .. 2^64-1, 1G: later
 * RESERVE_BYTES     bytes, 0 .. 1024G, 0: later
 * FILE_MODE         permission bits, 0600 .. 0777, 0600: of new files, less the process's umask
 * DIR_MODE          permission bits, 0700 .. 0777 without write for group and others, 0700: of a
 *                   new directory, less the umask
 * GROUP_ALIGN       bytes, 64, 512 or 4096, 64: each write begins at a multiple of it; for disks
 *                   that may damage bytes of a sector which a write did not name
 * CHECKPOINT_BYTES  bytes, 0 .. 1G, 64M: later
 * SLOW_SYNC_US      us, 0 .. 3600000000, 0 off: later
 * EVENT_RING        events, 1 .. 1048576, 1024: later
 * READ_THREADS      threads, 1 .. 64, 1: later
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
/* Lends a lock to wal_open, which then takes none of its own. The caller keeps it, and releases it
 * after wal_close. NULL takes the lock out of the options again. Since 1.0. */
int wal_options_set_lock(wal_options_t *o, wal_lock_t *lock);

/* ---- Lock ---- */

/* Takes the exclusive lock of a log's directory without opening the log. The directory must exist;
 * a log need not. WAL_E_LOCKED: somebody has it (the text names the directory and, where known, the
 * holder's process); WAL_E_NOTFOUND: no such directory; WAL_E_INVAL: not a directory; WAL_E_PERM;
 * WAL_E_IO. Since 1.0. */
int wal_lock_acquire(const char *dir, wal_lock_t **ret);
/* Gives the lock back and frees it. Close the log that it was lent to first. NULL is allowed; in
 * the child of a fork it frees without unlocking. Since 1.0. */
void wal_lock_release(wal_lock_t *lock);

/* ---- Life ---- */

/* What open found at the end of the log. All since 1.0. */
#define WAL_RECOVERY_NEW       0u /* the log was made by this open */
#define WAL_RECOVERY_CLEAN     1u /* nothing had to be given up */
#define WAL_RECOVERY_TORN      2u /* a write was cut short, unacknowledged, and given up */
#define WAL_RECOVERY_AMBIGUOUS 3u /* as TORN, or damage to the very last write */

/* Open's report. Since 1.0. */
typedef struct {
    uint32_t size;
    uint32_t verdict;   /* WAL_RECOVERY_... */
    uint64_t first_lsn; /* as wal_range gave them right after open */
    uint64_t last_lsn;
    uint64_t next_lsn;
    uint64_t durable_lsn;
    uint64_t checkpoint_lsn;  /* of the newest checkpoint, 0: none */
    uint64_t discarded_bytes; /* not zero, and given up */
    uint64_t carried_records; /* written again: nothing vouched for their being on the disk */
    uint64_t segments;        /* found */
    uint64_t duration_ns;     /* of the whole open */
    uint64_t cut_segment;     /* number of the segment that was cut, 0: none */
    uint64_t cut_offset;      /* bytes from its start */
    uint64_t header_repairs;  /* segment headers of which one of two copies was damaged */
} wal_recovery_t;

/* Opens the log in directory `dir` (a path, copied), by default making it where there is none. o
 * NULL: defaults; else copied. One handle at a time writes; read-only handles in any number read
 * beside it, in this process and in others. Closed by wal_close. After an error or a crash in the
 * middle of creation the next open makes the log. WAL_E_INVAL: options contradict each other, path
 * is a file, lock of another directory; WAL_E_NOTFOUND: no log, or missing parent; WAL_E_EXISTS;
 * WAL_E_LOCKED (the text names the directory and, where known, the holder's process);
 * WAL_E_CORRUPT; WAL_E_TORN (STRICT only); WAL_E_VERSION; WAL_E_CRYPTO; WAL_E_UNSUPPORTED;
 * WAL_E_PERM: no rights, directory is group- or world-writable without the sticky bit or owned by
 * neither this user nor root, or a symbolic link, device or directory stands under a name of the
 * log; WAL_E_NOSPC; WAL_E_IO. Nothing on the disk is changed before damage is ruled out. Since 1.0.
 */
int wal_open(const char *dir, const wal_options_t *o, wal_t **ret);
/* Wakes every waiter (WAL_E_CLOSED), waits for calls inside, writes and syncs what is buffered, and
 * frees the handle in any case but WAL_E_BUSY (from a callback). Returns the first error of that
 * last sync; NULL is 0. Batches and readers outlive it: their calls give WAL_E_CLOSED, and each is
 * still freed by its own function. In the child of a fork it only frees. Since 1.0. */
int wal_close(wal_t *w);
/* Open's report. `size` is sizeof *ret as the caller knows it. Since 1.0. */
int wal_recovery(wal_t *w, wal_recovery_t *ret, uint32_t size);
/* The smallest LSN that is there; the next LSN when the log is empty. 0 for NULL and in the child
 * of a fork. A read-only handle looks anew at each of these calls. Since 1.0. */
uint64_t wal_first_lsn(wal_t *w);
/* The largest LSN handed out that is there; 0 when the log is empty, for NULL and in the child of a
 * fork. Since 1.0. */
uint64_t wal_last_lsn(wal_t *w);
/* The LSN that the next record will get, from 1. 0 for NULL and in the child of a fork. Since 1.0.
 */
uint64_t wal_next_lsn(wal_t *w);
/* Every record up to this LSN has survived a successful sync; it never overstates, in any mode. 0:
 * none yet, NULL, or in the child of a fork. Since 1.0. */
uint64_t wal_durable_lsn(wal_t *w);
/* The four above in one consistent look. Each pointer may be NULL. Since 1.0. */
int wal_range(wal_t *w, uint64_t *ret_first, uint64_t *ret_last, uint64_t *ret_next,
              uint64_t *ret_durable);
/* The code of what made the log fail (WAL_E_IO, WAL_E_NOSPC ...), 0 while it is healthy. Since 1.0.
 */
int wal_failure(wal_t *w);
/* Removes the log in `dir`: its own files only, then the directory if it is empty. WAL_E_LOCKED:
 * open for writing somewhere; WAL_E_NOTFOUND: no log there; WAL_E_INVAL: not a directory;
 * WAL_E_PERM; WAL_E_IO. Cut short by a crash or an error, it can be called again. Since 1.0. */
int wal_destroy(const char *dir);

/* ---- Append ---- */

/* A record. Since 1.0. */
typedef struct {
    uint32_t size;
    uint32_t type;    /* the user's, 0 .. 65535 */
    uint64_t lsn;     /* from 1; ignored when appending */
    const void *data; /* data_size bytes; may be NULL when there are none */
    uint64_t data_size;
    const void *tag; /* the tag of the record's batch, NULL: none; ignored when appending */
    uint32_t tag_size;
    uint32_t flags; /* WAL_RECORD_...; ignored when appending */
} wal_record_t;

/* Flags of a record that was read. All since 1.0. */
#define WAL_RECORD_DURABLE    1u /* it was durable when it was read */
#define WAL_RECORD_BATCH_LAST 2u /* the last record of its batch, or one by itself */

/* Flags of appends and commits; 0: as the log's mode says. SYNC, ASYNC and SUBMIT exclude each
 * other (WAL_E_INVAL). All since 1.0. */
#define WAL_APPEND_SYNC   1u /* return when durable, also in INTERVAL and NONE mode */
#define WAL_APPEND_ASYNC  2u /* return when buffered; a later commit or sync takes it along */
#define WAL_APPEND_NOWAIT 4u /* WAL_E_BUSY instead of waiting for PENDING_BYTES */
#define WAL_APPEND_SUBMIT 8u /* return when buffered; the background thread commits it at once */

/* Appends one record of `size` bytes, type 0; with size 0 data may be NULL. The data are copied
 * before the call returns. In DATA, FULL and DSYNC mode it returns when the record is durable,
 * sharing the sync with other threads' commits; in INTERVAL and NONE mode when it is buffered.
 * Calls of one thread keep their order. WAL_E_TOOBIG: above MAX_RECORD_BYTES; WAL_E_NOSPC,
 * WAL_E_IO: not written, the LSN goes to the next append, which works once there is space;
 * WAL_E_INDOUBT: the sync failed, wal_error_t.lsn tells the record's LSN; WAL_E_FULL: LSN 2^64-2 is
 * used up. In INTERVAL and NONE mode errors of writing are those of earlier records, which stay
 * buffered. Since 1.0. */
int wal_append(wal_t *w, const void *data, size_t size, uint64_t *ret_lsn);
/* The same with a type (above 65535: WAL_E_INVAL) and flags (WAL_APPEND_...). WAL_E_BUSY: NOWAIT,
 * or inside a callback. Since 1.0. */
int wal_append_typed(wal_t *w, uint32_t type, const void *data, size_t size, uint32_t flags,
                     uint64_t *ret_lsn);
/* Appends n records as one batch: after a crash all are there, or none. Only type, data and
 * data_size are read; records[0].size is the array's stride. *ret_first is the first one's LSN; the
 * others follow without a gap. n = 0 is WAL_E_INVAL; more than 4 GiB together is WAL_E_TOOBIG.
 * Errors as wal_append_typed. Since 1.0. */
int wal_append_many(wal_t *w, const wal_record_t *records, size_t n, uint32_t flags,
                    uint64_t *ret_first);
/* The same from one buffer: `payload` holds the records' bytes one behind the other, sizes[i] bytes
 * each; types NULL: all 0. Since 1.0. */
int wal_append_packed(wal_t *w, const void *payload, const uint32_t *sizes, const uint16_t *types,
                      size_t n, uint32_t flags, uint64_t *ret_first);
/* Hands everything buffered to the operating system, without a sync. WAL_E_NOSPC, WAL_E_IO: it
 * stays buffered. Since 1.0. */
int wal_flush(wal_t *w);
/* Makes every record up to `lsn` durable, 0: everything appended so far; joins a sync that is under
 * way where that covers it. WAL_E_RANGE: lsn above the last. An empty log: 0. WAL_E_NOSPC,
 * WAL_E_IO: buffered records could not be written and stay buffered; WAL_E_INDOUBT: the sync
 * failed. Any error of a sync is final. Since 1.0. */
int wal_sync(wal_t *w, uint64_t lsn);
/* Waits until `lsn` is durable; it may lie ahead. It drives the sync itself, in INTERVAL mode it
 * leaves that to the timer. timeout_ms < 0: for ever, 0: look once. WAL_E_TIMEOUT; WAL_E_INDOUBT:
 * lsn was part of the failed sync; WAL_E_FAILED: a later one; WAL_E_CLOSED; lsn 0: WAL_E_INVAL.
 * Since 1.0. */
int wal_wait(wal_t *w, uint64_t lsn, int timeout_ms);

/* ---- Batch ---- */

/* A new, empty batch; any number may be open at once. Nothing of it is in the log before commit.
 * What doesn't fit in memory goes to a file without a name in the log's directory. Freed by
 * wal_batch_free. Since 1.0. */
int wal_batch_new(wal_t *w, wal_batch_t **ret);
/* Adds a copy of one record. WAL_E_TOOBIG: the record is above MAX_RECORD_BYTES or the batch would
 * pass 4 GiB; WAL_E_INVAL: type above 65535; WAL_E_NOSPC, WAL_E_IO: spilling failed. The batch is
 * then as it was before. Since 1.0. */
int wal_batch_append(wal_batch_t *b, uint32_t type, const void *data, size_t size);
/* Number of records in the batch; 0 for NULL and in the child of a fork. Since 1.0. */
uint64_t wal_batch_count(const wal_batch_t *b);
/* Bytes of their payloads together; 0 for NULL and in the child of a fork. Since 1.0. */
uint64_t wal_batch_bytes(const wal_batch_t *b);
/* Appends the whole batch: after a crash all its records are there, or none; their LSNs are
 * *ret_first .. *ret_last. An empty one writes nothing, LSNs 0. After success it is empty and can
 * be filled again. After an error it keeps its records: commit again or abort; after WAL_E_INDOUBT
 * or WAL_E_FAILED only abort. Flags and errors as wal_append_typed. Since 1.0. */
int wal_batch_commit(wal_batch_t *b, uint32_t flags, uint64_t *ret_first, uint64_t *ret_last);
/* Throws the records away; the batch is empty and can be filled again. Since 1.0. */
int wal_batch_abort(wal_batch_t *b);
/* Throws records and batch away; NULL is allowed. Also after the log's close. Since 1.0. */
void wal_batch_free(wal_batch_t *b);

/* ---- Read ---- */

/* Reads the record `lsn` into buf (cap bytes) and fills *ret, whose data then points to buf;
 * ret->size is set by the caller. It sees every record appended through this handle, durable or
 * not; on a read-only one, the durable ones. tag stays NULL. WAL_E_TOOBIG: cap too small,
 * ret->data_size is the size needed, nothing else is written; WAL_E_RANGE: lsn 0, below the first
 * or above the last; WAL_E_CORRUPT; WAL_E_CRYPTO; WAL_E_IO. Never waits for an append or a sync.
 * Since 1.0. */
int wal_get(wal_t *w, uint64_t lsn, void *buf, size_t cap, wal_record_t *ret);

/* Flags of a reader. All since 1.0. */
#define WAL_READ_WRITTEN 1u /* see records that are written but not yet durable, too */
#define WAL_READ_REVERSE 2u /* walk towards smaller LSNs */

/* A reader whose next record is `from`; 0: the first one, with REVERSE the last. from = next LSN is
 * allowed: it waits for what comes. WAL_E_RANGE: below the first or above the next. Closed by
 * wal_reader_close. Since 1.0. */
int wal_reader_open(wal_t *w, uint64_t from, uint32_t flags, wal_reader_t **ret);
/* 1: *ret (size set by the caller) is the next record; its data stay valid until the next call on
 * this reader. 0: there is none (yet). Every byte was verified on this read. WAL_E_CORRUPT: damage,
 * the error names file, offset and LSN, and the place stays; WAL_E_TRIMMED: a truncation or reset
 * took its place away, until wal_reader_seek; WAL_E_CRYPTO; WAL_E_IO; WAL_E_CLOSED. A reader at or
 * below a cut goes on into the new records. Since 1.0. */
int wal_reader_next(wal_reader_t *r, wal_record_t *ret);
/* Makes `lsn` the next record, as in wal_reader_open. Since 1.0. */
int wal_reader_seek(wal_reader_t *r, uint64_t lsn);
/* Waits until wal_reader_next has something to say: 1 it has, 0 timeout. timeout_ms < 0: for ever,
 * 0: look once. With REVERSE at the beginning it is 0 at once. WAL_E_CLOSED; WAL_E_TRIMMED.
 * Since 1.0. */
int wal_reader_wait(wal_reader_t *r, int timeout_ms);
/* The LSN that wal_reader_next would give; 0: none (REVERSE at the beginning), NULL, or in the
 * child of a fork. Since 1.0. */
uint64_t wal_reader_position(const wal_reader_t *r);
/* NULL is allowed. Also after the log's close. Since 1.0. */
void wal_reader_close(wal_reader_t *r);

/* Gets each record. 0: go on; > 0: stop, the caller returns 0; < 0: stop with WAL_E_CALLBACK.
 * Since 1.0. */
typedef int (*wal_record_fn)(void *ctx, const wal_record_t *record);

/* Hands every durable record from `from` on to fn, in LSN order, up to the last one that is durable
 * when it gets there; 0: from behind the newest checkpoint, without one from the first. *ret_last
 * is the last LSN delivered, 0 for none. The record's data are valid inside fn only.
 * WAL_E_CALLBACK: fn's value is in the error's text, the record in its lsn; WAL_E_RANGE: from below
 * the first or above the next LSN; or from 0 and records are missing above the checkpoint;
 * WAL_E_CORRUPT; WAL_E_CRYPTO; WAL_E_TRIMMED; WAL_E_IO. Since 1.0. */
int wal_replay(wal_t *w, uint64_t from, wal_record_fn fn, void *ctx, uint64_t *ret_last);

/* ---- Truncate ---- */
/* Each is crash-atomic and durable when it returns. truncate_after, replace_after and reset take
 * their place in the order of appends: what came before is made durable and answered first; the
 * durable LSN falls to the cut. All give WAL_E_NOSPC, WAL_E_IO and WAL_E_INDOUBT as appends do. */

/* Removes exactly the records below `lsn`; files go when nothing in them is left. At or below the
 * first: nothing to do, 0. Up to the next LSN: empties the log. WAL_E_RANGE: above. Since 1.0. */
int wal_truncate_before(wal_t *w, uint64_t lsn);
/* Removes exactly the records above `lsn`; the next LSN is then lsn + 1. At or above the last:
 * nothing to do, 0. Down to the first LSN - 1: empties the log. WAL_E_RANGE: below. Since 1.0. */
int wal_truncate_after(wal_t *w, uint64_t lsn);
/* wal_truncate_after and wal_append_many in one atomic step: the records get lsn + 1 and on,
 * *ret_first says so. n = 0 only truncates (*ret_first is 0). WAL_E_RANGE: lsn at or above the next
 * LSN, or below the first - 1. Flags and errors as wal_append_many. Since 1.0. */
int wal_replace_after(wal_t *w, uint64_t lsn, const wal_record_t *records, size_t n, uint32_t flags,
                      uint64_t *ret_first);
/* Removes all records; the log goes on at `next`, 1 .. 2^64-2 (others: WAL_E_INVAL), above or below
 * the present. Metadata stay. Since 1.0. */
int wal_reset(wal_t *w, uint64_t next);
/* Seals the present segment and begins a new one; nothing to do when it has no records. Records are
 * made durable by it. Since 1.0. */
int wal_rotate(wal_t *w);

/* ---- Look inside ---- */

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
    uint64_t checkpoint_lsn; /* of the newest checkpoint that lies in it, 0: none */
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
#define WAL_STAT_PINNED_BYTES     19u /* now; 0 in this version */
#define WAL_STAT_BROKEN_PINS      20u /* 0 in this version */

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

/* ---- Metadata ---- */
/* Up to 64 small keys beside the records (a vote, a cursor). They survive truncation and reset. */

/* Sets a key of 1 .. 64 bytes to a value of 0 .. 1024 bytes; durable when it returns. WAL_E_INVAL:
 * empty key; WAL_E_TOOBIG: key or value above that; WAL_E_FULL: a 65th key; WAL_E_NOSPC, WAL_E_IO,
 * WAL_E_INDOUBT as appends. Since 1.0. */
int wal_meta_set(wal_t *w, const void *key, size_t klen, const void *value, size_t vlen);
/* Copies a key's value to buf. WAL_E_NOTFOUND: no such key; WAL_E_TOOBIG: cap is too small,
 * *ret_vlen is the size needed. Sees what wal_meta_set has made durable. Since 1.0. */
int wal_meta_get(wal_t *w, const void *key, size_t klen, void *buf, size_t cap, size_t *ret_vlen);
/* Removes a key; durable when it returns. WAL_E_NOTFOUND: no such key. Else as wal_meta_set.
 * Since 1.0. */
int wal_meta_delete(wal_t *w, const void *key, size_t klen);

/* Gets each key and its value, valid inside the call only. 0: go on; > 0: stop, the caller returns
 * 0; < 0: stop with WAL_E_CALLBACK. Since 1.0. */
typedef int (*wal_meta_fn)(void *ctx, const void *key, size_t klen, const void *value, size_t vlen);

/* Hands every key to fn, in the order of their bytes, as of one moment. Since 1.0. */
int wal_meta_each(wal_t *w, wal_meta_fn fn, void *ctx);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
