/* SPDX-License-Identifier: Apache-2.0 */
/* Portable forms: whatever the bytes, wal_decode hands out nothing or a whole batch, and what it
 * hands out gives the same bytes again. Each input is tried as it is, and once more with magic,
 * size and checksum made right, since nobody finds a checksum by chance. */
#include "fuzz.h"

#include <libwal/wal.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { AT_MINOR = 10, AT_SIZE = 16, ENTRIES_AT = 32, ENTRY_BYTES = 8, CRC_BYTES = 4 };

struct batch {
    wal_record_t *records;
    size_t n, room;
};

static int gather(void *ctx, const wal_record_t *record)
{
    struct batch *b = ctx;
    FUZZ_MUST(b->n < b->room);
    b->records[b->n++] = *record;
    return 0;
}

static void encodes_to(const struct batch *b, const uint8_t *form, size_t size)
{
    uint8_t *again = malloc(size);
    size_t bytes = 0;

    FUZZ_MUST(again);
    FUZZ_MUST(wal_encode(b->records, b->n, again, size - 1, &bytes) == WAL_E_TOOBIG);
    FUZZ_MUST(bytes == size);
    FUZZ_MUST(wal_encode(b->records, b->n, again, size, &bytes) == 0);
    FUZZ_MUST(bytes == size && memcmp(again, form, size) == 0);
    free(again);
}

static void try_form(const uint8_t *form, size_t size)
{
    struct batch b = {.room = size / ENTRY_BYTES};

    b.records = calloc(b.room + 1, sizeof *b.records);
    FUZZ_MUST(b.records);
    int e = wal_decode(form, size, gather, &b);
    FUZZ_MUST(e == 0 || e == WAL_E_CORRUPT || e == WAL_E_VERSION);
    FUZZ_MUST((e == 0) == (b.n > 0));
    if (e == 0 && form[AT_MINOR] == 0 && form[AT_MINOR + 1] == 0)
        encodes_to(&b, form, size);
    free(b.records);
}

static void put_le(uint8_t *at, unsigned n, uint64_t v)
{
    for (unsigned i = 0; i < n; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t magic[] = {0x89, 'W', 'A', 'L', 'P', 0x0d, 0x0a, 0x1a};

    try_form(data, size);
    if (size < ENTRIES_AT + CRC_BYTES)
        return 0;
    uint8_t *form = malloc(size);
    FUZZ_MUST(form);
    memcpy(form, data, size);
    memcpy(form, magic, sizeof magic);
    put_le(form + AT_SIZE, 8, size);
    put_le(form + size - CRC_BYTES, CRC_BYTES, crc32(0, form, (uInt)(size - CRC_BYTES)));
    try_form(form, size);
    free(form);
    return 0;
}
