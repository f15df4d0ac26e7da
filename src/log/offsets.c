/* SPDX-License-Identifier: Apache-2.0 */
#include "log/offsets.h"

#include <string.h>

#include "base/bytes.h"

enum { FIRST_ROOM = 16 };

static size_t slots_bytes(bool wide)
{
    return OFFSETS_PER_PAGE * (wide ? sizeof(uint32_t) : sizeof(uint16_t));
}

/* Slots */

static uint32_t slots_get(const struct offset_page *p, uint32_t slot)
{
    uint32_t v = p->wide ? ((const uint32_t *)p->slots)[slot] : ((const uint16_t *)p->slots)[slot];
    return v ? p->base + v : 0;
}

static void slots_put(struct offset_page *p, uint32_t slot, uint32_t at)
{
    uint32_t v = at ? at - p->base : 0;
    if (p->wide)
        ((uint32_t *)p->slots)[slot] = v;
    else
        ((uint16_t *)p->slots)[slot] = (uint16_t)v;
}

/* Runs */

static bool run_has(const struct offset_run *r, uint32_t slot)
{
    return r->base && slot >= r->first && slot <= r->last;
}

static uint32_t run_at(const struct offset_run *r, uint32_t slot)
{
    return r->base + (slot - r->first) * r->step;
}

static bool run_begins(struct offset_run *r, uint32_t slot, uint32_t at)
{
    if (r->base)
        return false;
    *r = (struct offset_run){.base = at, .first = (uint8_t)slot, .last = (uint8_t)slot};
    return true;
}

/* Whether the record is the run's next one. The second one makes the step. */
static bool run_goes_on(struct offset_run *r, uint32_t slot, uint32_t at)
{
    if (!r->base || slot != (uint32_t)r->last + 1)
        return false;
    if (r->last == r->first && at > r->base && at - r->base <= UINT16_MAX)
        r->step = (uint16_t)(at - r->base);
    if (at != run_at(r, slot))
        return false;
    r->last = (uint8_t)slot;
    return true;
}

static void run_cut(struct offset_run *r, uint32_t slot)
{
    if (r->first >= slot)
        *r = (struct offset_run){0};
    else
        r->last = (uint8_t)min_u64(r->last, slot - 1);
}

/* Pages */

static uint32_t page_get(const struct offset_page *p, uint32_t slot)
{
    if (p->slots)
        return slots_get(p, slot);
    for (int k = 0; k < 2; k++)
        if (run_has(&p->runs[k], slot))
            return run_at(&p->runs[k], slot);
    return 0;
}

static bool fits(const struct offset_page *p, uint32_t at)
{
    return p->wide || (at > p->base && at - p->base <= UINT16_MAX);
}

/* A slot for each record of the page. Narrow ones, at first, for what lies around. */
static bool make_slots(struct offsets *o, const struct alloc *a, struct offset_page *p, uint32_t at)
{
    struct offset_page new = {.wide = p->slots != NULL};

    if (!new.wide)
        new.base = at - (uint32_t)min_u64(at, UINT16_MAX / 2);
    for (uint32_t slot = 0; !new.wide &&slot < OFFSETS_PER_PAGE; slot++)
        new.wide = page_get(p, slot) && !fits(&new, page_get(p, slot));
    if (new.wide)
        new.base = 0;
    new.slots = mem_new_zeroed(a, slots_bytes(new.wide));
    if (!new.slots)
        return false;
    for (uint32_t slot = 0; slot < OFFSETS_PER_PAGE; slot++)
        slots_put(&new, slot, page_get(p, slot));
    o->bytes += slots_bytes(new.wide);
    o->bytes -= p->slots ? slots_bytes(p->wide) : 0;
    mem_free(a, p->slots);
    *p = new;
    return true;
}

static bool page_put(struct offsets *o, const struct alloc *a, struct offset_page *p, uint32_t slot,
                     uint32_t at)
{
    struct offset_run *one = &p->runs[0], *two = &p->runs[1];

    if (!p->slots && (run_goes_on(one, slot, at) || run_goes_on(two, slot, at)))
        return true;
    if (page_get(p, slot) == at)
        return true;
    if (!p->slots && (run_begins(one, slot, at) || run_begins(two, slot, at)))
        return true;
    if ((!p->slots || !fits(p, at)) && !make_slots(o, a, p, at))
        return false;
    slots_put(p, slot, at);
    return true;
}

static void page_cut(struct offset_page *p, uint32_t slot)
{
    run_cut(&p->runs[0], slot);
    run_cut(&p->runs[1], slot);
    for (; p->slots && slot < OFFSETS_PER_PAGE; slot++)
        slots_put(p, slot, 0);
}

static bool pages_reach(struct offsets *o, const struct alloc *a, uint64_t number)
{
    uint64_t room = o->room ? o->room : FIRST_ROOM;

    if (number < o->room)
        return true;
    while (room <= number)
        room *= 2;
    if (room > UINT32_MAX)
        return false;
    struct offset_page *pages = mem_resize(a, o->pages, room * sizeof *pages);
    if (!pages)
        return false;
    memset(pages + o->room, 0, (room - o->room) * sizeof *pages);
    o->bytes += (room - o->room) * sizeof *pages;
    o->pages = pages;
    o->room = (uint32_t)room;
    return true;
}

/* The whole */

void offsets_put(struct offsets *o, const struct alloc *a, uint64_t index, const uint32_t *at,
                 size_t n)
{
    for (size_t k = 0; k < n; k++, index++) {
        uint64_t number = index / OFFSETS_PER_PAGE;
        if (!pages_reach(o, a, number) ||
            !page_put(o, a, &o->pages[number], (uint32_t)(index % OFFSETS_PER_PAGE), at[k]))
            return;
    }
}

static uint32_t look_up(const struct offsets *o, uint64_t index)
{
    uint64_t number = index / OFFSETS_PER_PAGE;
    return number < o->room ? page_get(&o->pages[number], (uint32_t)(index % OFFSETS_PER_PAGE)) : 0;
}

uint32_t offsets_get(const struct offsets *o, uint64_t index, uint32_t *ret_next)
{
    uint32_t at = look_up(o, index);
    *ret_next = at ? look_up(o, index + 1) : 0;
    return at;
}

void offsets_cut(struct offsets *o, uint64_t index)
{
    uint32_t slot = (uint32_t)(index % OFFSETS_PER_PAGE);
    for (uint64_t number = index / OFFSETS_PER_PAGE; number < o->room; number++, slot = 0)
        page_cut(&o->pages[number], slot);
}

void offsets_free(struct offsets *o, const struct alloc *a)
{
    for (uint32_t k = 0; k < o->room; k++)
        mem_free(a, o->pages[k].slots);
    mem_free(a, o->pages);
    *o = (struct offsets){0};
}
