/* SPDX-License-Identifier: Apache-2.0 */
/* Every byte of the bodies, of their padding, and of what lies behind the last group; of what
 * nobody uses, some. */
#include "base/attr.h"
#include "base/bytes.h"
#include "plans.h"

enum { SOME = 61 };

struct plan {
    enum made_kind kind;
    bool all_segments;
    unsigned step; /* every so many bytes one */
};

static const struct plan plans[] = {
    {MADE_CLOSED, true, 1},      {MADE_KILLED, false, 5},       {MADE_TORN, false, 5},
    {MADE_OLD_WITNESS, true, 5}, {MADE_META_LAST, false, 5},    {MADE_CUT, true, 5},
    {MADE_BIG_CLOSED, true, 97}, {MADE_BIG_KILLED, false, 197},
};

static void bytes(struct image_file *f, uint64_t from, uint64_t to, unsigned step)
{
    step *= 1 + trial_stride();
    for (uint64_t at = from + trial.cases % step; at < min_u64(to, f->size); at += step) {
        uint8_t before = f->bytes[at];
        f->bytes[at] ^= (uint8_t)(at * 37 % 255 + 1);
        trial_case(&trial, &damaged, "%s, offset %llu", f->name, (unsigned long long)at);
        f->bytes[at] = before;
    }
}

static void segment(struct image_file *f, unsigned step)
{
    static struct layout l;
    layout_of(&l, f, UINT64_MAX);
    trial_kind(&trial, "bytes of bodies");
    for (unsigned k = 0; k < l.n; k++)
        bytes(f, l.spots[k].offset + GROUP_HEADER_BYTES, l.spots[k].end, step);
    trial_kind(&trial, "bytes behind the last group");
    bytes(f, l.end, f->size, 3 * step);
    trial_kind(&trial, "unused bytes");
    bytes(f, SEGMENT_HEADER_BYTES, SEGMENT_HEADER_COPY, SOME * step);
    bytes(f, SEGMENT_HEADER_COPY + SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BLOCK, SOME * step);
}

static void control(struct image_file *f, unsigned step)
{
    trial_kind(&trial, "unused bytes of control");
    bytes(f, CONTROL_SLOT_A + CONTROL_SLOT_BYTES, CONTROL_SLOT_B, SOME * step);
    bytes(f, CONTROL_SLOT_B + CONTROL_SLOT_BYTES, WITNESS_OFFSET, SOME * step);
    bytes(f, WITNESS_OFFSET + WITNESS_BYTES, CONTROL_BYTES, SOME * step);
}

static void try_bytes(const void *plan, const struct control *c)
{
    const struct plan *p = plan;

    control(image_find(&damaged, NAME_CONTROL), p->step);
    for (uint64_t n = p->all_segments ? c->oldest : c->newest; n <= c->newest; n++)
        segment(image_segment(&damaged, n), p->step);
}

int main(void)
{
    return plans_run(plans, COUNT_OF(plans), sizeof plans[0], try_bytes);
}
