/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/raft.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* An entry is, as bindings/go/raftwal/doc.go has it: version 1 byte, type 1 byte; term, seconds,
 * nanoseconds and the length of the extensions, each an LEB128 number; the extensions; the data. */
enum { ENTRY_VERSION = 1, NUMBER_BITS = 64, NANOSECONDS = 1000000000 };

/* What is left of a record. */
struct rest {
    const uint8_t *at;
    size_t size;
};

static bool take_byte(struct rest *r, uint8_t *ret)
{
    if (r->size == 0)
        return false;
    *ret = *r->at++;
    r->size--;
    return true;
}

/* false: it doesn't end, or has more than 64 bits. */
static bool take_leb128(struct rest *r, uint64_t *ret)
{
    uint64_t value = 0;
    uint8_t byte;

    for (unsigned shift = 0; shift < NUMBER_BITS; shift += 7) {
        if (!take_byte(r, &byte) || (shift == NUMBER_BITS - 1 && byte > 1))
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret = value;
            return true;
        }
    }
    return false;
}

/* Raft's LogType. */
static void name_type(uint8_t type, char *to, size_t size)
{
    static const char *const names[] = {"command",     "noop",    "add-peer",
                                        "remove-peer", "barrier", "configuration"};

    if (type < sizeof names / sizeof names[0])
        snprintf(to, size, "%s", names[type]);
    else
        snprintf(to, size, "type-%u", type);
}

bool raft_decode(const wal_record_t *record, struct bytes *to)
{
    struct rest rest = {record->data, record->data_size};
    uint64_t term, seconds, nanoseconds, extensions;
    uint8_t version, type;
    char name[24], head[80];

    if (!take_byte(&rest, &version) || version != ENTRY_VERSION || !take_byte(&rest, &type) ||
        !take_leb128(&rest, &term) || !take_leb128(&rest, &seconds) ||
        !take_leb128(&rest, &nanoseconds) || !take_leb128(&rest, &extensions) ||
        nanoseconds >= NANOSECONDS || extensions > rest.size)
        return false;
    name_type(type, name, sizeof name);
    int n = snprintf(head, sizeof head, "term %" PRIu64 " %s", term, name);
    size_t data = rest.size - (size_t)extensions;
    uint8_t *line = bytes_reserve(to, (size_t)n + 1 + data);
    memcpy(line, head, (size_t)n);
    to->size += (size_t)n;
    if (data > 0) {
        line[n] = ' ';
        memcpy(line + n + 1, rest.at + extensions, data);
        to->size += 1 + data;
    }
    return true;
}
