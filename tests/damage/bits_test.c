/* SPDX-License-Identifier: Apache-2.0 */
/* Every bit of everything that has a fixed shape: control's slots, the witness, both copies of the
 * segment headers, every group header and every record header. */
#include "base/attr.h"
#include "base/bytes.h"
#include "format/record.h"
#include "plans.h"

static unsigned step; /* every so many bits one */

/* What is the same in each kind of log is tried in all bits once: segments before the last by one
 * kind, control and segment headers, which have copies, by another step than groups. */
struct plan {
    enum made_kind kind;
    bool all_segments;
    unsigned fixed, groups; /* every so many bits one */
};

static void bits(struct image_file *f, size_t from, size_t size)
{
    static size_t at; /* goes on where the last range ended, so that no bit is always left out */
    for (at %= step; at < 8 * size; at += step) {
        uint8_t *byte = f->bytes + from + at / 8;
        *byte ^= (uint8_t)(1u << (at % 8));
        trial_case(&trial, &damaged, "%s, offset %zu, bit %zu", f->name, from + at / 8, at % 8);
        *byte ^= (uint8_t)(1u << (at % 8));
    }
    at -= 8 * size;
}

static void bits_of_control(void)
{
    struct image_file *f = image_find(&damaged, NAME_CONTROL);
    trial_kind(&trial, "bits of control's slot A");
    bits(f, CONTROL_SLOT_A, CONTROL_SLOT_BYTES);
    trial_kind(&trial, "bits of control's slot B");
    bits(f, CONTROL_SLOT_B, CONTROL_SLOT_BYTES);
    trial_kind(&trial, "bits of the witness");
    bits(f, WITNESS_OFFSET, WITNESS_BYTES);
}

static void bits_of_records(struct image_file *f, const struct spot *s)
{
    const uint8_t *body = f->bytes + s->offset + GROUP_HEADER_BYTES;
    size_t at = (size_t)align_up(s->header.tag_bytes, 8);
    if (s->header.type != GROUP_DATA)
        return;
    for (uint32_t r = 0; r < s->header.records; r++) {
        bits(f, (size_t)s->offset + GROUP_HEADER_BYTES + at, RECORD_HEADER_BYTES);
        at += record_bytes(load32(body + at));
    }
}

static void bits_of_segment(struct image_file *f, const struct plan *p)
{
    static struct layout l;
    layout_of(&l, f, UINT64_MAX);
    step = p->fixed * (1 + trial_stride());
    trial_kind(&trial, "bits of a segment header");
    bits(f, 0, SEGMENT_HEADER_BYTES);
    bits(f, SEGMENT_HEADER_COPY, SEGMENT_HEADER_BYTES);
    step = p->groups * (1 + trial_stride());
    trial_kind(&trial, "bits of group headers");
    for (unsigned k = 0; k < l.n; k++)
        bits(f, (size_t)l.spots[k].offset, GROUP_HEADER_BYTES);
    if (l.end + GROUP_HEADER_BYTES <= f->size)
        bits(f, (size_t)l.end, GROUP_HEADER_BYTES);
    trial_kind(&trial, "bits of record headers");
    for (unsigned k = 0; k < l.n; k++)
        bits_of_records(f, &l.spots[k]);
}

static const struct plan plans[] = {
    {MADE_CLOSED, true, 1, 1},        {MADE_KILLED, false, 7, 5},       {MADE_TORN, false, 7, 5},
    {MADE_OLD_WITNESS, false, 5, 5},  {MADE_META_LAST, false, 5, 5},    {MADE_CUT, true, 11, 5},
    {MADE_BIG_CLOSED, false, 37, 37}, {MADE_BIG_KILLED, false, 37, 37},
};

static void try_bits(const void *plan, const struct control *c)
{
    const struct plan *p = plan;

    step = p->fixed * (1 + trial_stride());
    bits_of_control();
    for (uint64_t n = p->all_segments ? c->oldest : c->newest; n <= c->newest; n++)
        bits_of_segment(image_segment(&damaged, n), p);
}

int main(void)
{
    return plans_run(plans, COUNT_OF(plans), sizeof plans[0], try_bits);
}
