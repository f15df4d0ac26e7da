/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata changes: the whole map goes into a group, durable before the call returns. */
#ifndef WAL_LOG_META_H
#define WAL_LOG_META_H

#include <libwal/wal.h>

#include "base/attr.h"
#include "log/log.h"

MUST_USE int meta_set(struct wal *w, struct meta_change *change);
MUST_USE int meta_get(struct wal *w, const void *key, size_t klen, void *buf, size_t cap,
                      size_t *ret_size);
/* A copy of the map as it is now; freed by meta_map_free. */
MUST_USE int meta_snapshot(struct wal *w, struct meta_map *ret);

#endif
