/* SPDX-License-Identifier: Apache-2.0 */
#include "format/control.h"

#include <assert.h>

#include "base/bytes.h"

/* Offsets in a slot: docs/format.md, "Control". */
enum {
    AT_MAJOR = 8,
    AT_MINOR = 10,
    AT_ZERO = 12,
    AT_UUID = 16,
    AT_SEQUENCE = 32,
    AT_EPOCH = 40,
    AT_OLDEST = 48,
    AT_NEWEST = 56,
    AT_FIRST_LSN = 64,
    AT_FLAGS = 72,
    AT_PID = 76,
    AT_END_LSN = 80,
    AT_END_OFFSET = 88,
    AT_CHECKPOINT_LSN = 96,
    AT_CHECKPOINT = 104,
    AT_METADATA = 120,
    AT_TAGGED = 136,
    AT_UNUSED = 152,
    AT_CRC = 252,
};
static_assert((int)AT_MAJOR == FRAME_MAJOR && (int)AT_MINOR == FRAME_MINOR, "version");
static_assert((int)AT_UUID + UUID_BYTES == AT_SEQUENCE, "uuid");
static_assert((int)AT_CRC + FRAME_CRC_BYTES == CONTROL_SLOT_BYTES, "slot size");

/* Offsets in the witness. */
enum {
    WITNESS_AT_SEQUENCE = 8,
    WITNESS_AT_DURABLE_LSN = 16,
    WITNESS_AT_SEGMENT = 24,
    WITNESS_AT_DURABLE_PLACE = 32,
    WITNESS_AT_GROUP_CRC = 36,
    WITNESS_AT_SALT_LOW = 40,
    WITNESS_AT_UNUSED = 44,
    WITNESS_AT_CRC = 60,
};
static_assert((int)WITNESS_AT_CRC + FRAME_CRC_BYTES == WITNESS_BYTES, "witness size");

static const uint8_t slot_magic[] = {0x89, 'W', 'A', 'L', 'C', 0x0d, 0x0a, 0x1a};
static const uint8_t witness_magic[] = {0x89, 'W', 'A', 'L', 'W', 0x0d, 0x0a, 0x1a};
static_assert(sizeof(slot_magic) == FRAME_MAGIC_BYTES, "slot magic");
static_assert(sizeof(witness_magic) == FRAME_MAGIC_BYTES, "witness magic");

static void store_ref(uint8_t *out, const struct place_ref *ref)
{
    store64(out, ref->segment);
    store64(out + 8, ref->offset);
}

static struct place_ref load_ref(const uint8_t *in)
{
    return (struct place_ref){.segment = load64(in), .offset = load64(in + 8)};
}

void control_encode(uint8_t out[CONTROL_SLOT_BYTES], const struct control *c)
{
    memset(out, 0, CONTROL_SLOT_BYTES);
    store16(out + AT_MAJOR, FORMAT_MAJOR);
    store16(out + AT_MINOR, FORMAT_MINOR);
    memcpy(out + AT_UUID, c->uuid, UUID_BYTES);
    store64(out + AT_SEQUENCE, c->sequence);
    store64(out + AT_EPOCH, c->epoch);
    store64(out + AT_OLDEST, c->oldest);
    store64(out + AT_NEWEST, c->newest);
    store64(out + AT_FIRST_LSN, c->first_lsn);
    store32(out + AT_FLAGS, c->flags);
    store32(out + AT_PID, c->pid);
    store64(out + AT_END_LSN, c->end_lsn);
    store64(out + AT_END_OFFSET, c->end_offset);
    store64(out + AT_CHECKPOINT_LSN, c->checkpoint.lsn);
    store_ref(out + AT_CHECKPOINT, &c->checkpoint.place);
    store_ref(out + AT_METADATA, &c->metadata);
    store_ref(out + AT_TAGGED, &c->tagged);
    frame_close(out, CONTROL_SLOT_BYTES, slot_magic);
}

/* Where a group can begin or end. */
static bool is_boundary(uint64_t offset)
{
    return offset >= SEGMENT_HEADER_BLOCK && offset <= SEGMENT_END_MAX && offset % PLACE_UNIT == 0;
}

static bool ref_fits(const struct place_ref *ref, uint64_t newest)
{
    if (ref->segment == 0)
        return ref->offset == 0;
    return ref->segment <= newest && is_boundary(ref->offset);
}

static bool control_fits(const struct control *c)
{
    if (c->newest == 0 ? c->oldest != 0 : c->oldest == 0 || c->oldest > c->newest)
        return false;
    if (c->sequence == 0 || c->first_lsn == 0)
        return false;
    if ((c->flags & CONTROL_CLEAN) && (c->newest == 0 || !is_boundary(c->end_offset)))
        return false;
    return ref_fits(&c->checkpoint.place, c->newest) && ref_fits(&c->metadata, c->newest) &&
           ref_fits(&c->tagged, c->newest);
}

/* Whether what minor 0 leaves unused is zero; a newer minor may use it. */
static bool unused_fits(const struct control *c, const uint8_t *in)
{
    return c->minor > FORMAT_MINOR ||
           (load32(in + AT_ZERO) == 0 && (c->flags & ~(uint32_t)CONTROL_CLEAN) == 0 &&
            all_zero(in + AT_UNUSED, AT_CRC - AT_UNUSED));
}

enum decoded control_decode(struct control *ret, const uint8_t in[CONTROL_SLOT_BYTES])
{
    enum decoded how = frame_check_version(in, CONTROL_SLOT_BYTES, slot_magic);
    if (how != DECODED_RIGHT && how != DECODED_NEWER)
        return how;

    struct control c = {.major = load16(in + AT_MAJOR), .minor = load16(in + AT_MINOR)};
    if (how == DECODED_NEWER) {
        *ret = c;
        return how;
    }
    memcpy(c.uuid, in + AT_UUID, UUID_BYTES);
    c.sequence = load64(in + AT_SEQUENCE);
    c.epoch = load64(in + AT_EPOCH);
    c.oldest = load64(in + AT_OLDEST);
    c.newest = load64(in + AT_NEWEST);
    c.first_lsn = load64(in + AT_FIRST_LSN);
    c.flags = load32(in + AT_FLAGS);
    c.pid = load32(in + AT_PID);
    c.end_lsn = load64(in + AT_END_LSN);
    c.end_offset = load64(in + AT_END_OFFSET);
    c.checkpoint.lsn = load64(in + AT_CHECKPOINT_LSN);
    c.checkpoint.place = load_ref(in + AT_CHECKPOINT);
    c.metadata = load_ref(in + AT_METADATA);
    c.tagged = load_ref(in + AT_TAGGED);
    if (!control_fits(&c) || !unused_fits(&c, in))
        return DECODED_DAMAGED;
    *ret = c;
    return DECODED_RIGHT;
}

void witness_encode(uint8_t out[WITNESS_BYTES], const struct witness *w)
{
    memset(out, 0, WITNESS_BYTES);
    store64(out + WITNESS_AT_SEQUENCE, w->sequence);
    store64(out + WITNESS_AT_DURABLE_LSN, w->durable_lsn);
    store64(out + WITNESS_AT_SEGMENT, w->segment);
    store32(out + WITNESS_AT_DURABLE_PLACE, w->durable_place);
    store32(out + WITNESS_AT_GROUP_CRC, w->group_crc);
    store32(out + WITNESS_AT_SALT_LOW, w->salt_low);
    frame_close(out, WITNESS_BYTES, witness_magic);
}

enum decoded witness_decode(struct witness *ret, const uint8_t in[WITNESS_BYTES])
{
    enum decoded how = frame_check(in, WITNESS_BYTES, witness_magic);
    if (how != DECODED_RIGHT)
        return how;
    if (!all_zero(in + WITNESS_AT_UNUSED, WITNESS_AT_CRC - WITNESS_AT_UNUSED))
        return DECODED_DAMAGED;
    *ret = (struct witness){
        .sequence = load64(in + WITNESS_AT_SEQUENCE),
        .durable_lsn = load64(in + WITNESS_AT_DURABLE_LSN),
        .segment = load64(in + WITNESS_AT_SEGMENT),
        .durable_place = load32(in + WITNESS_AT_DURABLE_PLACE),
        .group_crc = load32(in + WITNESS_AT_GROUP_CRC),
        .salt_low = load32(in + WITNESS_AT_SALT_LOW),
    };
    return DECODED_RIGHT;
}
