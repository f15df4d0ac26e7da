/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/stream.h"

#include <stdio.h>
#include <string.h>

#include "walctl/message.h"

enum { MAGIC_BYTES = 8, SIZE_AT = 16, FORM_BYTES_MIN = 44 };

static void put_size(uint64_t size)
{
    for (int k = 0; k < STREAM_SIZE_BYTES; k++)
        putchar((int)(size >> (8 * k) & 0xff));
}

int stream_put(const wal_record_t *records, size_t n, struct bytes *scratch)
{
    size_t size = 0;

    if (wal_encode(records, n, NULL, 0, &size) < 0 && size == 0)
        return failure();
    scratch->size = 0;
    uint8_t *form = bytes_reserve(scratch, size);
    if (wal_encode(records, n, form, size, &size) < 0)
        return failure();
    put_size(size);
    fwrite(form, 1, size, stdout);
    return CODE_FINE;
}

void stream_put_end(void)
{
    put_size(0);
}

uint64_t stream_size(const uint8_t *at)
{
    uint64_t size = 0;

    for (int k = 0; k < STREAM_SIZE_BYTES; k++)
        size |= (uint64_t)at[k] << (8 * k);
    return size;
}

bool stream_may_begin(const uint8_t *at, size_t left, uint64_t size)
{
    static const uint8_t magic[MAGIC_BYTES] = {0x89, 'W', 'A', 'L', 'P', '\r', '\n', 0x1a};

    if (size < FORM_BYTES_MIN || memcmp(at, magic, left < MAGIC_BYTES ? left : MAGIC_BYTES) != 0)
        return false;
    return left < SIZE_AT + STREAM_SIZE_BYTES || stream_size(at + SIZE_AT) == size;
}
