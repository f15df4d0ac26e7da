/* SPDX-License-Identifier: Apache-2.0 */
/* The options object, and what the rest of the library gets of it. An object is used by one thread
 * at a time; it lives in malloc's memory, since it exists before any log's allocator. */
#ifndef WAL_API_OPTIONS_H
#define WAL_API_OPTIONS_H

#include <libwal/wal.h>

#include "log/config.h"

/* What the options come to; o NULL: the defaults. The allocator is copied, lock and os are lent.
 * config_check has still to say whether it makes sense together. */
void options_resolve(const wal_options_t *o, struct config *ret);

/* For tests: logs opened with `o` run on this operating system. NULL: os_posix(). */
void options_set_os(wal_options_t *o, const struct os *os);

#endif
