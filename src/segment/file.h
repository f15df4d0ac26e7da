/* SPDX-License-Identifier: Apache-2.0 */
/* A file of the log and whole reads, writes and syncs on it, with errors that name it. Interrupted
 * and short calls are gone on with; a failed sync is not. Thread-safe as far as the descriptor is.
 */
#ifndef WAL_SEGMENT_FILE_H
#define WAL_SEGMENT_FILE_H

#include <stdint.h>

#include "base/attr.h"
#include "format/name.h"
#include "os/os.h"

/* The log's directory, as every file of the log needs it. */
struct cipher;

struct folder {
    const struct os *os;
    const char *path; /* as the user gave it, for messages */
    int fd;
    const struct cipher *cipher; /* for segments that are encrypted; NULL: none */
};

struct file {
    const struct folder *folder;
    uint64_t number; /* of the segment; 0: another file */
    int fd;          /* -1: closed */
    char name[NAME_BYTES];
};

/* flags: OS_READ | OS_WRITE | OS_CREATE | OS_EXCLUSIVE. A link, a directory or a device under the
 * name is PERM. */
MUST_USE int file_open(struct file *f, const struct folder *folder, const char *name, int flags,
                       uint32_t mode);
void file_close(struct file *f);

/* Reads until `size` bytes or the file's end; *ret_got is less than size only there. */
MUST_USE int file_read(const struct file *f, void *buf, size_t size, uint64_t offset,
                       size_t *ret_got);
/* Writes all of iov (which it changes). *touched becomes the end of what may have been written,
 * also on failure. */
MUST_USE int file_write(const struct file *f, struct iovec *iov, int n, uint64_t offset, int flags,
                        uint64_t *touched);
MUST_USE int file_write_bytes(const struct file *f, const void *data, size_t size, uint64_t offset);
/* Zeros in writes that are small enough not to make large folios, which slow every later small sync
 * down. */
MUST_USE int file_write_zeros(const struct file *f, uint64_t from, uint64_t to);
/* Any failure is final: what was written before may be lost although it still reads back. */
MUST_USE int file_sync(const struct file *f, enum os_sync how);
MUST_USE int file_stat(const struct file *f, struct os_stat *ret);
/* *ret: whether all bytes in [from, to) are zero; holes and what lies behind the end count as
 * zeros. *ret_at: the first that isn't. */
MUST_USE int file_zero(const struct file *f, uint64_t from, uint64_t to, int *ret,
                       uint64_t *ret_at);

MUST_USE int folder_sync(const struct folder *folder);
/* A name that is already gone is fine. */
MUST_USE int folder_unlink(const struct folder *folder, const char *name);

#endif
