/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, in the form that users get. */
#ifndef WAL_API_ERROR_H
#define WAL_API_ERROR_H

#include <libwal/wal.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/fault.h"

/* False: ret is NULL, or size below version 1.0's. */
MUST_USE bool error_fill(const struct fault *f, wal_error_t *ret, uint32_t size);

#endif
