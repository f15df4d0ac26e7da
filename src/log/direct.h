/* SPDX-License-Identifier: Apache-2.0 */
/* Direct I/O: whether this log writes its groups past the page cache (option DIRECT_IO). Everything
 * else, reading, zeros, header blocks, goes through it. */
#ifndef WAL_LOG_DIRECT_H
#define WAL_LOG_DIRECT_H

#include "log/log.h"

/* At open, with the lock: tries it on the log's file system. Where it can be, groups begin at a
 * multiple of what the device asks for; where not, the log goes on without. */
void direct_try(struct wal *w);
/* A new segment's writer, under its temporary name, gets a descriptor for it, if it can. */
void direct_begin(struct wal *w, struct writer *n);
/* After a write: whether the writer still goes that way. If not, the log has given it up. */
void direct_look(struct wal *w);

#endif
