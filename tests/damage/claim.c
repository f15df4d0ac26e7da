/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include <string.h>

#include "base/bytes.h"

void claimant_init(struct claimant *ret, const struct made *m)
{
    ret->made = m;
    layout_control(&m->now, &ret->control);
    layout_of(&ret->layout, image_segment(&m->now, ret->control.newest), UINT64_MAX);
}

static bool same(const struct image_file *a, const struct image_file *b, size_t from, size_t size)
{
    return a && b && from + size <= a->size && from + size <= b->size &&
           memcmp(a->bytes + from, b->bytes + from, size) == 0;
}

static uint64_t said_by_control(const struct claimant *c, const struct image_file *now,
                                const struct image_file *damaged)
{
    struct witness w;
    bool a = same(now, damaged, CONTROL_SLOT_A, CONTROL_SLOT_BYTES);
    bool b = same(now, damaged, CONTROL_SLOT_B, CONTROL_SLOT_BYTES);
    uint64_t offset = 0;

    if ((c->control.flags & CONTROL_CLEAN) && (a || b))
        offset = c->control.end_offset;
    if (same(now, damaged, WITNESS_OFFSET, WITNESS_BYTES) &&
        witness_decode(&w, now->bytes + WITNESS_OFFSET) == DECODED_RIGHT &&
        w.segment == c->control.newest && w.salt_low == (uint32_t)c->layout.header.salt)
        offset = max_u64(offset, (uint64_t)w.durable_place * PLACE_UNIT);
    return offset;
}

static uint64_t said_by_groups(const struct claimant *c, const struct image_file *now,
                               const struct image_file *damaged)
{
    uint64_t offset = (uint64_t)c->layout.header.birth_place * PLACE_UNIT;
    for (unsigned k = 0; k < c->layout.n; k++) {
        const struct spot *s = &c->layout.spots[k];
        if (same(now, damaged, (size_t)s->offset, GROUP_HEADER_BYTES))
            offset = max_u64(offset, (uint64_t)s->header.durable_place * PLACE_UNIT);
    }
    return offset;
}

/* What the groups below an offset hold, as far as they are whole batches. */
static void below(const struct claimant *c, uint64_t offset, struct claim *ret)
{
    const struct layout *l = &c->layout;
    *ret = (struct claim){.lsn = l->header.base_lsn - 1};
    for (unsigned k = 0; k < l->n && l->spots[k].end <= offset; k++)
        if (l->spots[k].boundary)
            *ret = (struct claim){
                .lsn = l->spots[k].next_lsn - 1, .meta = l->spots[k].meta, .tag = l->spots[k].tag};
}

static uint64_t vouched(const struct claimant *c, const struct image *damaged)
{
    const struct image *now = &c->made->now;
    uint64_t newest = c->control.newest;
    return max_u64(
        said_by_control(c, image_find(now, NAME_CONTROL), image_find(damaged, NAME_CONTROL)),
        said_by_groups(c, image_segment(now, newest), image_segment(damaged, newest)));
}

/* Slots that are both right and differ: a change of control under way, as far as a reader can tell;
 * it shows only what both states have. */
static bool changing(const struct image *damaged, struct control slot[2])
{
    const struct image_file *f = image_find(damaged, NAME_CONTROL);
    return f && f->size >= CONTROL_SLOT_B + CONTROL_SLOT_BYTES &&
           control_decode(&slot[0], f->bytes + CONTROL_SLOT_A) == DECODED_RIGHT &&
           control_decode(&slot[1], f->bytes + CONTROL_SLOT_B) == DECODED_RIGHT &&
           slot[0].sequence != slot[1].sequence;
}

void claim_durable(const struct claimant *c, const struct image *damaged, struct claim *ret)
{
    struct control slot[2];
    below(c, vouched(c, damaged), ret);
    if (changing(damaged, slot) && ret->lsn >= c->layout.header.base_lsn) {
        ret->lsn = c->layout.header.base_lsn - 1;
        ret->tag = 0; /* that of older records */
    }
}

void claim_kept(const struct claimant *c, const struct image *damaged, struct claim *ret)
{
    const struct image_file *now = image_segment(&c->made->now, c->control.newest);
    const struct image_file *f = image_segment(damaged, c->control.newest);
    size_t at = SEGMENT_HEADER_BLOCK;

    while (f && at < now->size && at < f->size && now->bytes[at] == f->bytes[at])
        at++;
    below(c, max_u64(vouched(c, damaged), at), ret);
}
