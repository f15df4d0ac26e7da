/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "support/simdisk_inner.h"

struct sim_node *sim_node_new(enum os_kind kind, uint32_t mode)
{
    struct sim_node *n = sim_alloc(sizeof *n);
    n->refs = 1;
    n->kind = kind;
    n->mode = mode;
    return n;
}

static void copy_slot(struct sim_slot *to, const struct sim_slot *from)
{
    *to = *from;
    sim_page_ref(to->durable);
    sim_page_ref(to->cached);
    if (from->states == NULL)
        return;
    to->states = sim_alloc(SIM_STATES * sizeof(struct sim_page *));
    for (uint32_t i = 0; i < from->count; i++)
        to->states[i] = sim_page_ref(from->states[i]);
}

struct sim_node *sim_node_copy(const struct sim_node *from)
{
    struct sim_node *n = sim_alloc(sizeof *n);
    *n = *from;
    n->refs = 1;
    n->slot_room = from->slot_count;
    n->slots = from->slot_count == 0 ? NULL : sim_alloc(from->slot_count * sizeof *n->slots);
    for (uint32_t i = 0; i < from->slot_count; i++)
        copy_slot(&n->slots[i], &from->slots[i]);
    sim_names_copy(&n->names, &from->names);
    sim_names_copy(&n->durable_names, &from->durable_names);
    n->op_room = from->op_count;
    n->ops = from->op_count == 0 ? NULL : sim_alloc(from->op_count * sizeof *n->ops);
    if (from->op_count > 0)
        memcpy(n->ops, from->ops, from->op_count * sizeof *n->ops);
    return n;
}

void sim_node_drop(struct sim_node *n)
{
    if (n == NULL || --n->refs > 0)
        return;
    for (uint32_t i = 0; i < n->slot_count; i++)
        sim_slot_set(&n->slots[i], NULL, NULL);
    free(n->slots);
    free(n->names.list);
    free(n->durable_names.list);
    free(n->ops);
    free(n);
}

uint64_t sim_node_pages(const struct sim_node *n)
{
    uint64_t pages = 0;
    for (uint32_t i = 0; i < n->slot_count; i++)
        pages += n->slots[i].cached != NULL;
    return pages;
}

uint32_t sim_slot_find(const struct sim_node *n, uint64_t index)
{
    uint32_t low = 0, high = n->slot_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (n->slots[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct sim_slot *sim_slot_add(struct sim_node *n, uint32_t at, uint64_t index)
{
    n->slots = sim_grow(n->slots, sizeof *n->slots, n->slot_count, &n->slot_room);
    memmove(n->slots + at + 1, n->slots + at, (n->slot_count - at) * sizeof *n->slots);
    n->slots[at] = (struct sim_slot){.index = index};
    n->slot_count++;
    return &n->slots[at];
}

void sim_slot_clean(struct sim_slot *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        sim_page_drop(s->states[i]);
    free(s->states);
    s->states = NULL;
    s->count = 0;
}

void sim_slot_set(struct sim_slot *s, struct sim_page *durable, struct sim_page *cached)
{
    sim_slot_clean(s);
    sim_page_drop(s->durable);
    sim_page_drop(s->cached);
    s->durable = durable;
    s->cached = cached;
}

/* Which in-between state has to go when there are too many; the newest is never it. */
static uint32_t one_to_forget(struct sim_node *n)
{
    return n->forgotten++ % (SIM_STATES - 1);
}

/* A write has made the slot this page, whose reference it takes. */
static void new_state(struct sim_node *n, struct sim_slot *s, struct sim_page *page)
{
    if (s->states == NULL)
        s->states = sim_alloc(SIM_STATES * sizeof(struct sim_page *));
    if (s->count == SIM_STATES) {
        uint32_t gone = one_to_forget(n);
        sim_page_drop(s->states[gone]);
        s->count--;
        memmove(s->states + gone, s->states + gone + 1,
                (s->count - gone) * sizeof(struct sim_page *));
    }
    s->states[s->count++] = sim_page_ref(page);
    sim_page_drop(s->cached);
    s->cached = page;
}

static void new_size(struct sim_node *n, uint64_t size)
{
    if (size == n->size)
        return;
    if (n->size_count == SIM_STATES) {
        uint32_t gone = one_to_forget(n);
        n->size_count--;
        memmove(n->sizes + gone, n->sizes + gone + 1, (n->size_count - gone) * sizeof *n->sizes);
    }
    n->sizes[n->size_count++] = size;
    n->size = size;
}

size_t sim_file_read(const struct sim_node *n, uint64_t offset, void *buf, size_t size)
{
    if (offset >= n->size)
        return 0;
    size = min_u64(size, n->size - offset);
    uint32_t at = sim_slot_find(n, offset / SIM_PAGE);
    for (size_t done = 0; done < size;) {
        uint64_t index = (offset + done) / SIM_PAGE, within = (offset + done) % SIM_PAGE;
        size_t part = min_u64(size - done, SIM_PAGE - within);
        const struct sim_page *page = NULL;
        if (at < n->slot_count && n->slots[at].index == index)
            page = n->slots[at++].cached;
        memcpy((uint8_t *)buf + done, sim_page_bytes(page) + within, part);
        done += part;
    }
    return size;
}

/* Where in the caller's pieces a write stands. */
struct pieces {
    const struct iovec *iov;
    size_t done; /* of *iov */
};

static void take(struct pieces *p, uint8_t *to, size_t size)
{
    while (size > 0) {
        size_t part = min_u64(size, p->iov->iov_len - p->done);
        memcpy(to, (const uint8_t *)p->iov->iov_base + p->done, part);
        to += part;
        size -= part;
        p->done += part;
        if (p->done == p->iov->iov_len)
            *p = (struct pieces){.iov = p->iov + 1};
    }
}

static void write_page(struct sim_node *n, struct sim_slot *s, uint64_t within, struct pieces *from,
                       size_t size)
{
    struct sim_page *page = sim_page_new(s->cached);
    take(from, page->bytes + within, size);
    page = sim_page_done(page);
    if (s->cached != NULL && sim_page_same(page, s->cached)) {
        sim_page_drop(page);
        /* Dirty, it has this state already; durable, no power cut and no failed sync could tell. */
        if (s->count > 0 || s->durable == s->cached)
            return;
        page = sim_page_ref(s->cached);
    }
    new_state(n, s, page);
}

void sim_file_write(struct sim_node *n, uint64_t offset, const struct iovec *iov, size_t size)
{
    struct pieces from = {.iov = iov};
    uint32_t at = sim_slot_find(n, offset / SIM_PAGE);
    for (size_t done = 0; done < size; at++) {
        uint64_t index = (offset + done) / SIM_PAGE, within = (offset + done) % SIM_PAGE;
        size_t part = min_u64(size - done, SIM_PAGE - within);
        if (at == n->slot_count || n->slots[at].index != index)
            sim_slot_add(n, at, index);
        write_page(n, &n->slots[at], within, &from, part);
        done += part;
    }
    new_size(n, max_u64(n->size, offset + size));
}

void sim_file_truncate(struct sim_node *n, uint64_t size)
{
    uint64_t within = size % SIM_PAGE;
    uint32_t at = sim_slot_find(n, size / SIM_PAGE);
    if (within != 0 && at < n->slot_count && n->slots[at].index == size / SIM_PAGE) {
        struct sim_slot *s = &n->slots[at++];
        if (size < n->size && s->cached != NULL) {
            struct sim_page *page = sim_page_new(s->cached);
            memset(page->bytes + within, 0, SIM_PAGE - within);
            new_state(n, s, sim_page_done(page));
        }
    }
    for (; at < n->slot_count; at++) {
        if (n->slots[at].cached != NULL)
            new_state(n, &n->slots[at], NULL);
    }
    new_size(n, size);
}

void sim_file_sync(struct sim_node *n, uint64_t first, uint64_t last, enum simdisk_part durable,
                   uint64_t seed)
{
    for (uint32_t i = sim_slot_find(n, first); i < n->slot_count && n->slots[i].index <= last;
         i++) {
        struct sim_slot *s = &n->slots[i];
        if (s->count == 0)
            continue;
        if (sim_goes_out(durable, &seed)) {
            sim_page_drop(s->durable);
            s->durable = sim_page_ref(s->cached);
        }
        sim_slot_clean(s);
    }
    if (n->size_count > 0 && sim_goes_out(durable, &seed)) {
        n->durable_size = n->size;
        n->size_count = 0;
    }
}

void sim_file_evict(struct sim_node *n)
{
    for (uint32_t i = 0; i < n->slot_count; i++) {
        struct sim_slot *s = &n->slots[i];
        if (s->count == 0 && s->cached != s->durable) {
            sim_page_drop(s->cached);
            s->cached = sim_page_ref(s->durable);
        }
    }
}

uint64_t sim_file_hash(struct sim_node *n)
{
    if (n->hash != 0)
        return n->hash;
    uint64_t h = sim_mix(n->size, n->durable_size);
    for (uint32_t i = 0; i < n->size_count; i++)
        h = sim_mix(h, n->sizes[i]);
    for (uint32_t i = 0; i < n->slot_count; i++) {
        struct sim_slot *s = &n->slots[i];
        uint64_t one = sim_mix(sim_page_hash(s->durable), sim_page_hash(s->cached) + 1);
        bool only_zeros = sim_page_hash(s->durable) == 0 && sim_page_hash(s->cached) == 0;
        for (uint32_t j = 0; j < s->count; j++) {
            one = sim_mix(one, sim_page_hash(s->states[j]));
            only_zeros = only_zeros && sim_page_hash(s->states[j]) == 0;
        }
        if (!only_zeros)
            h = sim_mix(h ^ s->index, one);
    }
    n->hash = h | 1;
    return n->hash;
}
