/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: their numbers, and what the last one had to say. Part of <libwal/wal.h>, which has the
 * rules that hold everywhere. */
#ifndef LIBWAL_ERROR_H
#define LIBWAL_ERROR_H

#include <libwal/types.h>

LIBWAL_BEGIN

/* Results, pinned for ever. All since 1.0. */
#define WAL_OK            0
#define WAL_E_INVAL       (-1)  /* an argument, option or combination that makes no sense */
#define WAL_E_NOMEM       (-2)  /* no memory */
#define WAL_E_IO          (-3)  /* an error of the system; see wal_error_t.sys_errno */
#define WAL_E_NOSPC       (-4)  /* no space, quota or file size limit reached */
#define WAL_E_NOTFOUND    (-5)  /* no log here, no such key */
#define WAL_E_EXISTS      (-6)  /* a log is there and EXCLUSIVE was asked for; a key of that id */
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
/* Sets the calling thread's last error, for libraries on top of this one: to fail in the same way
 * (libwal-crypto does), or to put back what wal_last_error gave before a failure that was no news.
 * Of the message only zero-terminated text of one line is kept. Returns error->code. WAL_E_INVAL
 * with an error of its own: error is NULL, its size below version 1.0's, or its code above 0.
 * Since 1.0. */
int wal_error_set(const wal_error_t *error);
/* A short English text for a code, never NULL, static: "unknown error" for other numbers.
 * Since 1.0. */
const char *wal_strerror(int code);
/* The constant's name, never NULL, static: "WAL_E_CORRUPT", "WAL_OK" for 0, "WAL_E_UNKNOWN" for
 * other numbers. Since 1.0. */
const char *wal_error_name(int code);

LIBWAL_END

#endif
