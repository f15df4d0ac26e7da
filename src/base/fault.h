/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, with its place: the thread's last error behind wal_last_error, and copies of it
 * that are kept elsewhere (the sticky cause of a failed log, the error that a leader hands to its
 * followers).
 *
 * A function that fails sets the thread's fault where it knows most, and returns the code; its
 * callers pass the code on. Code that tries something and goes on when it fails uses functions that
 * set no fault, or puts the old one back. */
#ifndef WAL_BASE_FAULT_H
#define WAL_BASE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

enum { FAULT_TEXT = 256 };

struct fault {
    int code;                      /* WAL_E_... */
    int sys_errno;                 /* 0: no system call failed */
    uint64_t lsn, segment, offset; /* 0: unknown or not fitting */
    char text[FAULT_TEXT];
};

/* Set the thread's fault; return `code`. The text is one line without a full stop, and names the
 * thing. */
int fault(int code, const char *fmt, ...) PRINTF(2, 3);
/* With a system error: its number and its text are added. `err` is a positive errno. */
int fault_sys(int code, int err, const char *fmt, ...) PRINTF(3, 4);
/* With a place. */
int fault_at(int code, uint64_t lsn, uint64_t segment, uint64_t offset, const char *fmt, ...)
    PRINTF(5, 6);
/* The code that a failed system call stands for: ENOSPC, EDQUOT, EFBIG -> NOSPC; ENOENT ->
 * NOTFOUND; EACCES, EPERM, EROFS, ELOOP -> PERM; ENOMEM -> NOMEM; ENOTDIR, EISDIR -> INVAL; others
 * -> IO. */
int fault_code_of(int err);
/* fault_sys(fault_code_of(err), err, ...) */
int fault_os(int err, const char *fmt, ...) PRINTF(2, 3);
int fault_nomem(void);

/* The thread's fault: read it, or put one there (returns f->code). */
const struct fault *fault_last(void);
int fault_put(const struct fault *f);
/* They say the same of the same place. */
bool fault_same(const struct fault *a, const struct fault *b);
/* Fill in the place of the thread's fault where it has none yet; returns its code. */
int fault_place(uint64_t lsn, uint64_t segment, uint64_t offset);

#endif
