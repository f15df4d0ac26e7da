/* SPDX-License-Identifier: Apache-2.0 */
/* Every sector of 512 bytes zeroed, set back to what it was some appends earlier, filled with
 * garbage, and swapped with every other one. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "plans.h"

enum { SECTOR = 512 };

struct plan {
    enum made_kind kind;
    unsigned step;  /* every so many sectors one */
    unsigned swaps; /* every so many pairs one */
};

static const struct plan plans[] = {
    {MADE_CLOSED, 1, 1},       {MADE_KILLED, 1, 1},       {MADE_TORN, 1, 7},
    {MADE_OLD_WITNESS, 1, 1},  {MADE_META_LAST, 1, 3},    {MADE_CUT, 1, 3},
    {MADE_BIG_CLOSED, 3, 911}, {MADE_BIG_KILLED, 3, 911},
};

static size_t in_sector(const struct image_file *f, size_t at)
{
    return at >= f->size ? 0 : f->size - at < SECTOR ? f->size - at : SECTOR;
}

typedef void (*spoil_fn)(struct image_file *f, size_t at, size_t size);

static void zero(struct image_file *f, size_t at, size_t size)
{
    memset(f->bytes + at, 0, size);
}

static void garble(struct image_file *f, size_t at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        f->bytes[at + i] = (uint8_t)(rand() >> 7);
}

static void set_back(struct image_file *f, size_t at, size_t size)
{
    const struct image_file *old = image_find(&trial.made->before, f->name);
    size_t had = old ? in_sector(old, at) : 0;
    if (had > size)
        had = size;
    if (had)
        memcpy(f->bytes + at, old->bytes + at, had);
    memset(f->bytes + at + had, 0, size - had);
}

static void each(const char *kind, spoil_fn spoil, unsigned step)
{
    uint8_t before[SECTOR];
    unsigned n = 0;
    trial_kind(&trial, kind);
    for (unsigned k = 0; k < damaged.n; k++) {
        struct image_file *f = &damaged.files[k];
        for (size_t at = 0; at < f->size; at += SECTOR) {
            size_t size = in_sector(f, at);
            if (n++ % step)
                continue;
            memcpy(before, f->bytes + at, size);
            spoil(f, at, size);
            trial_case(&trial, &damaged, "%s, sector at %zu", f->name, at);
            memcpy(f->bytes + at, before, size);
        }
    }
}

static void swap(struct image_file *f, size_t at, struct image_file *g, size_t to)
{
    uint8_t a[SECTOR];
    size_t size = in_sector(f, at);
    if (in_sector(g, to) < size)
        size = in_sector(g, to);
    memcpy(a, f->bytes + at, size);
    memcpy(f->bytes + at, g->bytes + to, size);
    memcpy(g->bytes + to, a, size);
}

/* The i-th sector of all files. */
static struct image_file *sector(size_t i, size_t *ret_at)
{
    unsigned k = 0;
    size_t n;
    while (k < damaged.n && i >= (n = (damaged.files[k].size + SECTOR - 1) / SECTOR)) {
        i -= n;
        k++;
    }
    *ret_at = i * SECTOR;
    return k < damaged.n ? &damaged.files[k] : NULL;
}

static void swaps(unsigned step)
{
    struct image_file *f, *g;
    size_t at, to, n = 0;

    trial_kind(&trial, "two sectors swapped");
    for (size_t i = 0; (f = sector(i, &at)) != NULL; i++)
        for (size_t j = i + 1; (g = sector(j, &to)) != NULL; j++) {
            if (n++ % step)
                continue;
            swap(f, at, g, to);
            trial_case(&trial, &damaged, "%s at %zu with %s at %zu", f->name, at, g->name, to);
            swap(f, at, g, to);
        }
}

static void try_sectors(const void *plan, const struct control *c)
{
    const struct plan *p = plan;
    unsigned slow = 1 + trial_stride();
    (void)c;

    each("sectors zeroed", zero, p->step);
    each("sectors with garbage", garble, p->step);
    each("sectors set back", set_back, p->step);
    swaps(p->swaps * slow);
}

int main(void)
{
    return plans_run(plans, COUNT_OF(plans), sizeof plans[0], try_sectors);
}
