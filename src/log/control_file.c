/* SPDX-License-Identifier: Apache-2.0 */
#include "log/control_file.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"

static int newer_format(const struct control_file *c, const struct control *slot)
{
    return fault(WAL_E_VERSION, "%s/%s has format %u.%u, newer than this library's %d.%d",
                 c->file.folder->path, c->file.name, slot->major, slot->minor, FORMAT_MAJOR,
                 FORMAT_MINOR);
}

static void choose(struct control_file *c, const struct control slot[2], const enum decoded how[2],
                   bool reader)
{
    bool a = how[0] == DECODED_RIGHT, b = how[1] == DECODED_RIGHT;

    c->found = a || b;
    if (!c->found)
        return;
    bool b_higher = b && (!a || slot[1].sequence > slot[0].sequence);
    c->even = a && b && slot[0].sequence == slot[1].sequence;
    c->higher = slot[b_higher];
    c->sequence = c->higher.sequence;
    c->chosen_b = reader && a && b ? !b_higher : b_higher;
    c->now = slot[c->chosen_b];
    c->newer = c->now.sequence != c->higher.sequence;
}

/* Two right slots are two states of one log, or one state twice. */
static int check_pair(const struct control_file *c, const uint8_t *bytes,
                      const struct control slot[2])
{
    bool same_log = memcmp(slot[0].uuid, slot[1].uuid, UUID_BYTES) == 0;
    bool same_bytes =
        memcmp(bytes + CONTROL_SLOT_A, bytes + CONTROL_SLOT_B, CONTROL_SLOT_BYTES) == 0;

    if (same_log && (slot[0].sequence != slot[1].sequence || same_bytes))
        return 0;
    return fault(WAL_E_CORRUPT, "%s/%s: its two slots are both right and contradict each other",
                 c->file.folder->path, c->file.name);
}

int control_read(struct control_file *c, bool reader)
{
    uint8_t bytes[CONTROL_BYTES] = {0};
    struct control slot[2];
    enum decoded how[2];
    size_t got;

    int e = file_read(&c->file, bytes, sizeof bytes, 0, &got);
    if (e < 0)
        return e;
    how[0] = control_decode(&slot[0], bytes + CONTROL_SLOT_A);
    how[1] = control_decode(&slot[1], bytes + CONTROL_SLOT_B);
    for (int k = 0; k < 2; k++)
        if (how[k] == DECODED_NEWER)
            return newer_format(c, &slot[k]);
    if (how[0] == DECODED_RIGHT && how[1] == DECODED_RIGHT)
        e = check_pair(c, bytes, slot);
    if (e < 0)
        return e;
    choose(c, slot, how, reader);
    memcpy(c->bytes, bytes + (c->chosen_b ? CONTROL_SLOT_B : CONTROL_SLOT_A), sizeof c->bytes);
    c->has_witness = witness_decode(&c->witness, bytes + WITNESS_OFFSET) == DECODED_RIGHT;
    return 0;
}

static int write_slot(const struct control_file *c, bool b)
{
    int e =
        file_write_bytes(&c->file, c->bytes, sizeof c->bytes, b ? CONTROL_SLOT_B : CONTROL_SLOT_A);
    return e < 0 ? e : file_sync(&c->file, OS_SYNC_FULL);
}

static int write_both(struct control_file *c, bool b_first)
{
    int e = write_slot(c, b_first);
    if (e == 0)
        e = write_slot(c, !b_first);
    if (e == 0) {
        c->even = c->found = true;
        c->sequence = c->now.sequence;
    }
    return e;
}

int control_write(struct control_file *c)
{
    c->now.sequence = c->sequence + 1;
    control_encode(c->bytes, &c->now);
    return write_both(c, c->now.sequence & 1);
}

int control_settle(struct control_file *c)
{
    return write_both(c, c->chosen_b);
}

void control_write_witness(struct control_file *c, const struct witness *w)
{
    uint8_t bytes[WITNESS_BYTES];
    struct fault before = *fault_last();

    witness_encode(bytes, w);
    if (file_write_bytes(&c->file, bytes, sizeof bytes, WITNESS_OFFSET) < 0)
        fault_put(&before);
}

bool control_is_stale(const struct control_file *c)
{
    return c->has_witness && c->witness.sequence > c->sequence;
}

bool control_is_at_its_end(const struct control_file *c)
{
    return c->sequence > COUNT_MAX || c->now.newest > COUNT_MAX;
}
