/* SPDX-License-Identifier: Apache-2.0 */
/* Every length that each file can be cut to, and files that got longer. */
#include <stdlib.h>

#include "base/attr.h"
#include "plans.h"

struct plan {
    enum made_kind kind;
    bool all_files;
    unsigned step; /* every so many lengths one */
};

static const struct plan plans[] = {
    {MADE_CLOSED, true, 1},       {MADE_KILLED, false, 1},       {MADE_TORN, false, 3},
    {MADE_OLD_WITNESS, true, 3},  {MADE_META_LAST, false, 7},    {MADE_CUT, true, 7},
    {MADE_BIG_CLOSED, true, 211}, {MADE_BIG_KILLED, false, 211},
};

/* Where the file ends in a part that nobody looks at, every length is the same: some will do. */
static bool dull(const struct image_file *f, size_t size)
{
    size_t in_page = size % 2048;
    return (f->name[0] == 'c' || size < SEGMENT_HEADER_BLOCK) &&
           in_page > SEGMENT_HEADER_BYTES + 8 && in_page < 2040 && size % 16;
}

static void shorter(struct image_file *f, unsigned step)
{
    size_t whole = f->size;
    step *= 1 + trial_stride();
    trial_kind(&trial, f->name[0] == 'c' ? "lengths of control" : "lengths of a segment");
    for (size_t size = 0; size < whole; size += step) {
        if (dull(f, size))
            continue;
        f->size = size;
        trial_case(&trial, &damaged, "%s cut to %zu", f->name, size);
    }
    f->size = whole;
}

/* Zeros, garbage, a repetition of the file's own end. */
static void longer(struct image_file *f)
{
    static const size_t more[] = {1, 7, 63, 64, 65, 100, 511, 512, 4096, 70000, 400000};
    size_t whole = f->size;
    trial_kind(&trial, f->name[0] == 'c' ? "control got longer" : "a segment got longer");
    for (int what = 0; what < 3; what++)
        for (size_t k = 0; k < sizeof more / sizeof more[0]; k++) {
            image_resize(f, whole + more[k]);
            for (size_t i = 0; what == 1 && i < more[k]; i++)
                f->bytes[whole + i] = (uint8_t)(rand() >> 7);
            for (size_t i = 0; what == 2 && i < more[k]; i++)
                f->bytes[whole + i] = f->bytes[i + whole - more[k] % whole % 4096 / 64 * 64];
            trial_case(&trial, &damaged, "%s longer by %zu, way %d", f->name, more[k], what);
            f->size = whole;
        }
}

static void try_lengths(const void *plan, const struct control *c)
{
    const struct plan *p = plan;

    if (p->all_files)
        shorter(image_find(&damaged, NAME_CONTROL), p->step);
    longer(image_find(&damaged, NAME_CONTROL));
    for (uint64_t n = p->all_files ? c->oldest : c->newest; n <= c->newest; n++) {
        shorter(image_segment(&damaged, n), p->step);
        longer(image_segment(&damaged, n));
    }
}

int main(void)
{
    return plans_run(plans, COUNT_OF(plans), sizeof plans[0], try_lengths);
}
