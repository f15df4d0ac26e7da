/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated disk behind os.h, for tests: it keeps exactly what was synced, and shows what a power
 * cut can make of the rest. Everything is deterministic; nothing here is thread-safe: one thread
 * uses a disk and all disks cloned from it. Out of memory and misuse abort with a message.
 *
 * The model
 * - A file has a durable image, a cached one (what reads see), and for each 4 KiB page every state
 * that it went through since it was last synced. A power cut leaves of each such page the durable
 * state, any later one, or a torn one: parts of two states, and nothing else than that where both
 * agree (powersafe overwrite). The size is a fact of its own, with the states that it went through.
 * - A directory has durable names, cached names, and the operations in between (create, rename,
 * unlink, make, remove). A power cut leaves any subset of them, applied in order.
 * - sync of a file makes its data and size durable, sync of a directory its names; neither does the
 *   other's work. A write with OS_WRITE_DSYNC syncs its own pages and the size.
 * - A failed sync (a fault) leaves pages clean that are not durable: they stay readable in the
 * cache, a second sync says OK, and the power cut shows what was really written. A size and names
 * stay unsynced: they are in the file system's journal, and the next sync takes them along. A
 * directory's names go out all or none.
 * - Killing the process loses nothing of the cache, and drops locks and files without a name. */
#ifndef WAL_TESTS_SIMDISK_H
#define WAL_TESTS_SIMDISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/os.h"

struct simdisk;

/* The calls that count as I/O. */
enum simdisk_call {
    SIMDISK_ANY,
    SIMDISK_DIR_MAKE,
    SIMDISK_DIR_REMOVE,
    SIMDISK_DIR_OPEN,
    SIMDISK_DIR_LIST,
    SIMDISK_FILE_OPEN,
    SIMDISK_TEMP_OPEN,
    SIMDISK_STAT_AT,
    SIMDISK_RENAME,
    SIMDISK_UNLINK,
    SIMDISK_CLOSE,
    SIMDISK_STAT,
    SIMDISK_PREAD,
    SIMDISK_PWRITEV,
    SIMDISK_SYNC,
    SIMDISK_TRUNCATE,
    SIMDISK_CLONE,
    SIMDISK_WRITEBACK,
    SIMDISK_NEXT_DATA,
    SIMDISK_LOCK,
    SIMDISK_CALLS
};
const char *simdisk_call_name(enum simdisk_call call);

/* Life. A new disk has an empty root directory "/". All paths begin there; "log" is "/log". */
struct simdisk *simdisk_new(uint64_t seed);
void simdisk_free(struct simdisk *d); /* NULL is fine; workers left over never run again */
const struct os *simdisk_os(struct simdisk *d);
/* The files with all that is unsynced, the clock, the random numbers to come, capacity, tear
 * mode and whether files can be cloned. No descriptors, signals, locks, workers, hook, faults or
 * counters. Cheap: pages and files are shared until written to. */
struct simdisk *simdisk_clone(const struct simdisk *d);
/* What the next process finds after this one was killed: a clone with another pid. */
struct simdisk *simdisk_kill_image(const struct simdisk *d);
/* Sync of everything, as when the test's set-up is over. No call, no hook. */
void simdisk_settle(struct simdisk *d);
/* The cache forgets clean pages: reads show what is durable where no write came since. Only after
 * failed syncs does it change anything. */
void simdisk_evict(struct simdisk *d);

/* Power cuts */
enum simdisk_tear {
    SIMDISK_TEAR_NEVER,
    SIMDISK_TEAR_SECTORS, /* at a boundary of 512 bytes; the default */
    SIMDISK_TEAR_BYTES /* within a sector too, which may also read as garbage where it was written
                        */
};
void simdisk_set_tear(struct simdisk *d, enum simdisk_tear tear);

struct simdisk_power {
    uint64_t units; /* unsynced facts, unreachable ones included. Adjoining pages of zeros that were
                     * holes before are one */
    uint64_t images;   /* given to fn */
    bool every_subset; /* each combination of old and newest was among them */
    bool every_state;  /* and each with the states in between, and one torn state per page */
};
/* Calls fn with what a power cut may leave, a fresh disk each time that is freed after fn returns;
 * stops at fn's first result that is not 0 and returns it. Every combination where they are at most
 * `limit`; else, where the combinations of old and newest are at most `limit` (1024 is enough for
 * 10 units), those and a sample of others; else a sample that has everything old, everything new,
 * each unit alone, each one missing. About `limit` images; some may be equal. The seed decides the
 * sample and where pages tear. */
typedef int (*simdisk_image_fn)(void *arg, struct simdisk *image);
int simdisk_power_images(struct simdisk *d, uint64_t limit, uint64_t seed, simdisk_image_fn fn,
                         void *arg, struct simdisk_power *ret_power /* may be NULL */);

/* A hash of names, sizes and contents as cached, as durable, and in between. Holes count as zeros.
 */
uint64_t simdisk_hash(struct simdisk *d);

/* Crash points. The hook comes before every I/O call does anything, its faults included; it may
 * clone the disk, not use its os. `name` is the name in its directory, "" for a file without one.
 */
typedef void (*simdisk_hook_fn)(void *arg, struct simdisk *d, enum simdisk_call call,
                                const char *name);
void simdisk_set_hook(struct simdisk *d, simdisk_hook_fn hook, void *arg);
uint64_t simdisk_calls(const struct simdisk *d, enum simdisk_call call); /* so far; ANY: all */
/* Changes whenever an image taken now would differ from one taken before. */
uint64_t simdisk_version(const struct simdisk *d);

/* Faults */
enum simdisk_part { SIMDISK_NONE, SIMDISK_HALF, SIMDISK_ALL };
struct simdisk_fault {
    enum simdisk_call call; /* ANY: whichever comes */
    uint64_t at;            /* which call of that kind from now on; 1: the next */
    int error;              /* a positive errno; 0: a short count (pread and pwritev only) */
    uint64_t amount;        /* short count: how much is done; 0: half */
    /* A failing sync or DSYNC write: how many of the unsynced facts become durable nevertheless
     * (HALF: a seeded choice); all become clean. Another failing write: how much of it the cache
     * has then. */
    enum simdisk_part part;
    uint64_t seed;
};
/* Up to 8 can wait at a time; each strikes once. Where it does not fit the call it is spent unseen.
 */
void simdisk_inject(struct simdisk *d, const struct simdisk_fault *f);
void simdisk_clear_faults(struct simdisk *d);
uint64_t simdisk_faults_struck(const struct simdisk *d);
/* From the at-th I/O call on (1: the next), writes that need new space fail with ENOSPC or EDQUOT,
 * or are cut short before the first page that does. error 0: no longer. */
void simdisk_set_full(struct simdisk *d, uint64_t at, int error);
/* The same once the pages in use would be more than `bytes`; removing and truncating frees. 0: no
 * limit. */
void simdisk_set_capacity(struct simdisk *d, uint64_t bytes);

/* Whether a file can be cloned from another, which is as good as writing all of it; at first it
 * can't: -EOPNOTSUPP. */
void simdisk_set_clones(struct simdisk *d, bool can);

/* Time and workers. The clock gains 1 us per reading of now(). Steps run in simdisk_run_background,
 * and in park, nowhere else; park lets time pass up to its timeout or to when the next worker is
 * due, and aborts where nothing could ever wake it. */
void simdisk_run_background(struct simdisk *d); /* until all workers want to sleep */
void simdisk_advance(struct simdisk *d, uint64_t ns);
/* Whether poll would find a signal's descriptor readable. */
bool simdisk_readable(const struct simdisk *d, int fd);
enum { SIMDISK_PID = 4711, SIMDISK_UID = 1000 };

/* Direct access, for damage. Paths are absolute; changes are made to the cached and to the durable
 * state, at once, and are no calls. Negative errno as in os.h. */
int64_t simdisk_size(const struct simdisk *d, const char *path); /* -EISDIR for directories */
int64_t simdisk_read(const struct simdisk *d, const char *path, uint64_t offset, void *buf,
                     size_t size); /* what is cached; 0 at the end */
int simdisk_patch(struct simdisk *d, const char *path, uint64_t offset, const void *bytes,
                  size_t size); /* in-between states too; extends the file where it ends before */
int simdisk_set_size(struct simdisk *d, const char *path, uint64_t size);
int simdisk_put(struct simdisk *d, const char *path, const void *bytes,
                size_t size); /* a new file, 0600 */
int simdisk_make_dir(struct simdisk *d, const char *path);
int simdisk_remove(struct simdisk *d, const char *path); /* a file, or a directory and all in it */
int simdisk_rename(struct simdisk *d, const char *from, const char *to); /* replaces nothing */
int simdisk_duplicate(struct simdisk *d, const char *from, const char *to);
/* Names in order; stops at fn's first result that is not 0 and returns it. */
int simdisk_list(const struct simdisk *d, const char *path, int (*fn)(void *arg, const char *name),
                 void *arg);
/* To and from an existing directory of the real file system, files and directories below it
 * included; cached content, holes kept. What is loaded is durable. */
int simdisk_copy_out(const struct simdisk *d, const char *path, const char *real);
int simdisk_load(struct simdisk *d, const char *path, const char *real);

#endif
