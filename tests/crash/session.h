/* SPDX-License-Identifier: Apache-2.0 */
/* A log on a simulated disk beside its oracle: opening, closing, looking at it and comparing. One
 * letter is one operation (ops.h). */
#ifndef WAL_TESTS_SESSION_H
#define WAL_TESTS_SESSION_H

#include <libwal/wal.h>

#include "base/attr.h"
#include "crash/model.h"
#include "crash/oracle.h"
#include "crash/secrets.h"
#include "support/simdisk.h"

/* How groups come into a file. */
enum encoded { ZLIB = 1, SEALED = 2, UNCACHED = 4 };

/* How logs are opened. */
struct setup {
    const char *name;
    uint32_t mode; /* WAL_SYNC_... */
    bool background;
    bool busy; /* the background thread gets its turn after each operation */
    uint64_t segment_bytes, zero_ahead_bytes;
    bool large; /* the log begins with more bytes than an open carries over */
    uint32_t align;
    enum simdisk_tear tear;
    bool machine;     /* with a state machine; then it can't be cut at its end */
    unsigned encoded; /* enum encoded */
};
extern const struct setup setups[];
extern const uint32_t setup_count;
const struct setup *setup_by_name(const char *name); /* NULL: none */

enum tried { TRIED_OK = 0, TRIED_ERROR = -1, TRIED_WRONG = 1 };

struct session {
    struct setup setup;
    uint32_t mode; /* the present one */
    struct simdisk *disk;
    struct oracle *oracle;
    wal_t *log;
    uint64_t next_number;   /* of payloads */
    struct model model;     /* where the setup has one */
    struct secrets secrets; /* likewise */
    /* Before each I/O call: */
    simdisk_hook_fn hook;
    void *hook_arg;
    void (*during_sync)(struct session *s); /* once, at the next sync of a segment */
    bool faulty;       /* a fault may strike: errors that it explains are no violation */
    bool cipher_fails; /* CRYPTO is among them */
    int code;          /* of the last error */
    char why[400];     /* after TRIED_ERROR and TRIED_WRONG */
};

void session_init(struct session *s, const struct setup *setup, struct simdisk *d,
                  struct oracle *o);
/* Opens the log, looks at all of it, and takes what it shows as the truth. */
enum tried session_open(struct session *s);
/* A read-only open beside it: what that shows as durable has to hold. `killed`: nothing of the page
 * cache was lost. */
enum tried session_follow(struct session *s, bool killed);
enum tried session_close(struct session *s);
/* What an encrypted log promises, of all that was done so far, and of an image. */
enum tried session_secrets(struct session *s, const struct simdisk *image);
/* What this handle shows as durable, a failed one too, has to hold. */
enum tried session_show(struct session *s);
/* Frees the handle; its result doesn't matter. */
void session_drop(struct session *s);
/* The living log has everything that was handed in. */
enum tried session_look(struct session *s);

/* What an operation came to; fills in `why`. */
enum tried session_wrong(struct session *s, const char *fmt, ...) PRINTF(2, 3);
enum tried session_failed(struct session *s, const char *what, int code);
/* After an operation that succeeded: the numbers agree, what the log says is durable is noted. */
enum tried session_note(struct session *s, const char *what, uint64_t durable);

#endif
