/* SPDX-License-Identifier: Apache-2.0 */
/* What every part of the interface needs: version and handles. Part of <libwal/wal.h>, which is
 * what programs include. */
#ifndef LIBWAL_TYPES_H
#define LIBWAL_TYPES_H

#include <stddef.h>
#include <stdint.h>

/* Around the declarations of each header: C linkage, and visible in the shared library. */
#ifdef __cplusplus
#define LIBWAL_LINKAGE_BEGIN extern "C" {
#define LIBWAL_LINKAGE_END   }
#else
#define LIBWAL_LINKAGE_BEGIN
#define LIBWAL_LINKAGE_END
#endif
#ifdef __GNUC__
#define LIBWAL_BEGIN LIBWAL_LINKAGE_BEGIN _Pragma("GCC visibility push(default)")
#define LIBWAL_END   _Pragma("GCC visibility pop") LIBWAL_LINKAGE_END
#else
#define LIBWAL_BEGIN LIBWAL_LINKAGE_BEGIN
#define LIBWAL_END   LIBWAL_LINKAGE_END
#endif

LIBWAL_BEGIN

/* The version of this header. Since 1.0. */
#define WAL_VERSION_MAJOR 1
#define WAL_VERSION_MINOR 0

/* The version of the library that runs: "1.0.0". Static. Since 1.0. */
const char *wal_version(void);
/* Whether the library that runs can serve a program built against header version major.minor: 0, or
 * WAL_E_UNSUPPORTED for another major or a greater minor. Call it with WAL_VERSION_MAJOR and
 * WAL_VERSION_MINOR. Since 1.0. */
int wal_version_check(uint32_t major, uint32_t minor);

typedef struct wal wal_t;                           /* an open log */
typedef struct wal_options wal_options_t;           /* how to open one */
typedef struct wal_lock wal_lock_t;                 /* the lock of a directory, apart from a log */
typedef struct wal_batch wal_batch_t;               /* records that go in together or not at all */
typedef struct wal_reader wal_reader_t;             /* a place in the log, walking */
typedef struct wal_subscription wal_subscription_t; /* events, waiting to be fetched */

LIBWAL_END

#endif
