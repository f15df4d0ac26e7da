/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what has an unknown size: asks with a buffer, and once more with one that is as large as
 * the library says, until it fits. */
#ifndef LIBWAL_PYTHON_FILL_H
#define LIBWAL_PYTHON_FILL_H

#include "call.h"

/* Reads into buf; on TOOBIG *ret_size is the size that is needed. Without the GIL. */
typedef int fill_fn(wal_t *w, void *ctx, void *buf, size_t cap, size_t *ret_size);

/* The bytes as a new object. NULL: an exception, or the code `but`, then *ret_absent is true. */
PyObject *fill_bytes(struct log *log, fill_fn *fn, void *ctx, int but, bool *ret_absent);

#endif
