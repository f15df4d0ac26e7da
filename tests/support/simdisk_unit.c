/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "support/simdisk_power.h"

static struct sim_unit *new_unit(struct sim_units *units, uint32_t ino)
{
    units->list = sim_grow(units->list, sizeof *units->list, units->count, &units->room);
    struct sim_unit *u = &units->list[units->count++];
    memset(u, 0, sizeof *u);
    u->ino = ino;
    return u;
}

static void add_size(struct sim_units *units, const struct sim_node *n, uint32_t ino)
{
    struct sim_unit *u = new_unit(units, ino);
    u->is_size = true;
    u->sizes[u->options++] = n->durable_size;
    for (uint32_t i = 0; i < n->size_count; i++) {
        uint32_t j = 0;
        while (j < u->options && u->sizes[j] != n->sizes[i])
            j++;
        if (j == u->options)
            u->sizes[u->options++] = n->sizes[i];
        u->newest = j;
    }
    if (u->options == 1)
        units->count--;
}

/* Which sectors differ, one bit each. */
static uint32_t sectors_between(const struct sim_page *a, const struct sim_page *b)
{
    uint32_t sectors = 0;
    for (uint32_t i = 0; i < SIM_SECTORS; i++) {
        const size_t at = (size_t)i * SIM_SECTOR;
        if (memcmp(sim_page_bytes(a) + at, sim_page_bytes(b) + at, SIM_SECTOR) != 0)
            sectors |= UINT32_C(1) << i;
    }
    return sectors;
}

static bool can_tear(const struct sim_unit *u, enum simdisk_tear tear)
{
    uint32_t sectors = sectors_between(u->pages[0], u->pages[u->newest]);
    return tear == SIMDISK_TEAR_BYTES ||
           (tear == SIMDISK_TEAR_SECTORS && (sectors & (sectors - 1)) != 0);
}

static void add_page(struct sim_units *units, const struct sim_slot *s, uint32_t slot, uint32_t ino,
                     enum simdisk_tear tear)
{
    struct sim_unit *u = new_unit(units, ino);
    u->slot = slot;
    u->slots = 1;
    u->pages[u->options++] = s->durable;
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t j = 0;
        while (j < u->options && !sim_page_same(u->pages[j], s->states[i]))
            j++;
        if (j == u->options)
            u->pages[u->options++] = s->states[i];
        u->newest = j;
    }
    u->tears = u->options > 1 && can_tear(u, tear);
    u->options += u->tears;
    if (u->options == 1)
        units->count--;
}

/* Whether the page's only open question is if it is a hole or zeros. */
static bool is_fresh_zeros(const struct sim_slot *s)
{
    bool zeros = s->durable == NULL && s->cached == &sim_zeros && s->count > 0;
    for (uint32_t i = 0; i < s->count; i++)
        zeros = zeros && (s->states[i] == NULL || s->states[i] == &sim_zeros);
    return zeros;
}

static uint32_t add_zeros(struct sim_units *units, const struct sim_node *n, uint32_t slot,
                          uint32_t ino)
{
    struct sim_unit *u = new_unit(units, ino);
    u->slot = slot;
    u->options = 2;
    u->newest = 1;
    u->pages[1] = &sim_zeros;
    do
        u->slots++;
    while (slot + u->slots < n->slot_count && is_fresh_zeros(&n->slots[slot + u->slots]) &&
           n->slots[slot + u->slots].index == n->slots[slot].index + u->slots);
    return u->slots;
}

void sim_units_add(struct sim_units *units, const struct sim_node *n, uint32_t ino,
                   enum simdisk_tear tear)
{
    add_size(units, n, ino);
    for (uint32_t i = 0; i < n->slot_count; i++) {
        if (is_fresh_zeros(&n->slots[i]))
            i += add_zeros(units, n, i, ino) - 1;
        else if (n->slots[i].count > 0)
            add_page(units, &n->slots[i], i, ino, tear);
    }
}

static uint64_t size_chosen(const struct sim_node *n, const struct sim_unit *units,
                            const uint8_t *choice)
{
    return units->is_size ? units->sizes[choice[0]] : n->durable_size;
}

bool sim_unit_shows(const struct sim_node *n, const struct sim_unit *units, const uint8_t *choice,
                    uint32_t at)
{
    const struct sim_unit *u = &units[at];
    return u->is_size || n->slots[u->slot].index * SIM_PAGE < size_chosen(n, units, choice);
}

/* Sectors of two states, cut once or mixed. */
static void tear_sectors(uint8_t *page, const uint8_t *other, uint64_t *random)
{
    uint64_t mask = sim_below(random, 2) == 0 ? sim_random(random)
                                              : (UINT64_C(1) << (1 + sim_below(random, 7))) - 1;
    if (sim_below(random, 2) == 0)
        mask = ~mask;
    for (uint32_t i = 0; i < SIM_SECTORS; i++) {
        if ((mask >> i & 1) != 0)
            memcpy(page + (size_t)i * SIM_SECTOR, other + (size_t)i * SIM_SECTOR, SIM_SECTOR);
    }
}

/* At one of the bytes that differ. */
static void tear_bytes(uint8_t *page, const uint8_t *other, uint64_t *random)
{
    size_t first = 0, last = SIM_PAGE;
    while (first < SIM_PAGE && page[first] == other[first])
        first++;
    while (last > first && page[last - 1] == other[last - 1])
        last--;
    if (last - first < 2)
        return;
    size_t cut = first + 1 + sim_below(random, last - first - 1);
    if (sim_below(random, 2) == 0)
        memcpy(page, other, cut);
    else
        memcpy(page + cut, other + cut, SIM_PAGE - cut);
}

/* One of the sectors that differ reads as garbage in the bytes that differ. */
static void spoil_sector(uint8_t *page, const uint8_t *other, uint64_t *random)
{
    size_t start = sim_below(random, SIM_SECTORS);
    for (size_t i = 0; i < SIM_SECTORS; i++) {
        size_t at = (start + i) % SIM_SECTORS * SIM_SECTOR;
        if (memcmp(page + at, other + at, SIM_SECTOR) == 0)
            continue;
        for (size_t j = at; j < at + SIM_SECTOR; j++) {
            if (page[j] != other[j])
                page[j] = (uint8_t)sim_random(random);
        }
        return;
    }
}

static struct sim_page *torn_page(const struct sim_unit *u, enum simdisk_tear tear,
                                  uint64_t *random)
{
    uint32_t states = u->options - 1;
    uint32_t to = 1 + (uint32_t)sim_below(random, states - 1);
    uint32_t from = (uint32_t)sim_below(random, to);
    uint32_t sectors = sectors_between(u->pages[from], u->pages[to]);
    if (tear == SIMDISK_TEAR_SECTORS && (sectors & (sectors - 1)) == 0) {
        from = 0;
        to = u->newest;
    }
    struct sim_page *page = sim_page_new(u->pages[to]);
    const uint8_t *other = sim_page_bytes(u->pages[from]);
    uint64_t way = tear == SIMDISK_TEAR_BYTES ? sim_below(random, 3) : 0;
    if (way == 0)
        tear_sectors(page->bytes, other, random);
    else if (way == 1)
        tear_bytes(page->bytes, other, random);
    else
        spoil_sector(page->bytes, other, random);
    return sim_page_done(page);
}

/* The new reference to what a slot holds after the cut; NULL: a hole. */
static struct sim_page *page_chosen(const struct sim_unit *u, uint32_t option,
                                    enum simdisk_tear tear, uint64_t *random)
{
    if (u->tears && option == u->options - 1)
        return torn_page(u, tear, random);
    return sim_page_ref(u->pages[option]);
}

/* What is behind the file's end is gone for good: it reads as zeros when the file grows. */
static struct sim_page *cut_page(struct sim_page *page, uint64_t bytes)
{
    if (page == NULL || bytes >= SIM_PAGE)
        return page;
    struct sim_page *cut = sim_page_new(page);
    memset(cut->bytes + bytes, 0, SIM_PAGE - bytes);
    sim_page_drop(page);
    return sim_page_done(cut);
}

static bool is_clean(const struct sim_node *n)
{
    bool clean = n->size == n->durable_size && n->size_count == 0;
    for (uint32_t i = 0; i < n->slot_count && clean; i++)
        clean = n->slots[i].count == 0 && n->slots[i].durable == n->slots[i].cached;
    return clean;
}

struct sim_node *sim_units_make(struct sim_node *n, const struct sim_unit *units, uint32_t count,
                                const uint8_t *choice, enum simdisk_tear tear, uint64_t *random)
{
    if (is_clean(n)) {
        n->refs++;
        return n;
    }
    struct sim_node *made = sim_node_new(n->kind, n->mode);
    made->size = made->durable_size = count == 0 ? n->durable_size : size_chosen(n, units, choice);
    made->slot_room = n->slot_count;
    made->slots = n->slot_count == 0 ? NULL : sim_alloc(n->slot_count * sizeof *made->slots);
    uint32_t at = count > 0 && units->is_size;
    for (uint32_t i = 0; i < n->slot_count; i++) {
        while (at < count && units[at].slot + units[at].slots <= i)
            at++;
        bool open = at < count && units[at].slot <= i;
        uint64_t start = n->slots[i].index * SIM_PAGE;
        if (start >= made->size)
            break;
        struct sim_page *page = open ? page_chosen(&units[at], choice[at], tear, random)
                                     : sim_page_ref(n->slots[i].durable);
        page = cut_page(page, made->size - start);
        if (page != NULL)
            made->slots[made->slot_count++] = (struct sim_slot){
                .index = n->slots[i].index, .durable = page, .cached = sim_page_ref(page)};
    }
    return made;
}
