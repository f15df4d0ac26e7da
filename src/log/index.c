/* SPDX-License-Identifier: Apache-2.0 */
#include "log/index.h"

/* Keeps every second entry. The table was full, and full is even: the next group keeps its place in
 * the rhythm. */
static void thin_out(struct index *x)
{
    for (uint32_t k = 1; 2 * k < x->n; k++)
        x->entries[k] = x->entries[2 * k];
    x->n = (x->n + 1) / 2;
    x->every *= 2;
}

static bool make_room(struct index *x, const struct alloc *a)
{
    if (x->n < x->room)
        return true;
    if (x->room == x->most) {
        thin_out(x);
        return true;
    }
    uint32_t room = x->room ? 2 * x->room : INDEX_LEAST;
    struct seal_entry *p = mem_resize(a, x->entries, room * sizeof *p);
    if (!p)
        return false;
    x->entries = p;
    x->room = room;
    return true;
}

void index_add(struct index *x, const struct alloc *a, uint64_t lsn, uint32_t place)
{
    if (x->every == 0)
        x->every = 1;
    if (x->n && ++x->skipped < x->every)
        return;
    if (!make_room(x, a))
        return;
    x->skipped = 0;
    x->entries[x->n++] = (struct seal_entry){.lsn = lsn, .place = place};
}

bool index_add_seal(struct index *x, const struct alloc *a, const uint8_t *body, size_t size)
{
    struct seal_entry entry;
    int n = seal_body_count(body, size);

    for (int k = 0; k < n; k++) {
        seal_body_entry(&entry, body, (size_t)k);
        index_add(x, a, entry.lsn, entry.place);
    }
    return n >= 0;
}

bool index_find(const struct index *x, uint64_t lsn, struct seal_entry *ret)
{
    uint32_t low = 0, high = x->n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (x->entries[mid].lsn <= lsn)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == 0)
        return false;
    *ret = x->entries[low - 1];
    return true;
}

void index_cut(struct index *x, uint64_t last_lsn)
{
    while (x->n && x->entries[x->n - 1].lsn > last_lsn)
        x->n--;
}

void index_free(struct index *x, const struct alloc *a)
{
    mem_free(a, x->entries);
    *x = (struct index){.most = x->most};
}

size_t index_bytes(const struct index *x)
{
    return x->room * sizeof *x->entries;
}
