/* SPDX-License-Identifier: Apache-2.0 */
/* The binary form in which batches travel: export's default.
 *
 * Frame by frame: the size of what follows in bytes, 64 bits, little-endian, then one batch in the
 * library's portable form, which wal_encode makes and wal_decode reads. A size of 0 is the end
 * mark; without it the stream was cut short. Streams may follow each other. */
#ifndef WALCTL_STREAM_H
#define WALCTL_STREAM_H

#include <libwal/wal.h>

#include <stdbool.h>
#include <stddef.h>

#include "walctl/bytes.h"

enum { STREAM_SIZE_BYTES = 8 };

/* Writes one batch to stdout; `scratch` is a buffer that is used again. CODE_FINE, or the exit code
 * after a message. */
int stream_put(const wal_record_t *records, size_t n, struct bytes *scratch);
void stream_put_end(void);

/* What a frame's first 8 bytes say. */
uint64_t stream_size(const uint8_t *at);
/* Whether the bytes behind them can begin a batch of that size. `left`: how many there are; with 24
 * of them the answer is final. */
bool stream_may_begin(const uint8_t *at, size_t left, uint64_t size);

#endif
