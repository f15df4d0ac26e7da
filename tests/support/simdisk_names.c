/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/simdisk_inner.h"

/* The first entry not below the name. */
static uint32_t place_of(const struct sim_names *names, const char *name)
{
    uint32_t low = 0, high = names->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (strcmp(names->list[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct sim_names *names, uint32_t at, const char *name)
{
    return at < names->count && strcmp(names->list[at].name, name) == 0;
}

uint32_t sim_names_find(const struct sim_names *names, const char *name)
{
    uint32_t at = place_of(names, name);
    return is_at(names, at, name) ? names->list[at].ino : 0;
}

void sim_names_set(struct sim_names *names, const char *name, uint32_t ino)
{
    uint32_t at = place_of(names, name);
    if (is_at(names, at, name)) {
        names->list[at].ino = ino;
        if (ino == 0) {
            names->count--;
            memmove(names->list + at, names->list + at + 1,
                    (names->count - at) * sizeof *names->list);
        }
    } else if (ino != 0) {
        names->list = sim_grow(names->list, sizeof *names->list, names->count, &names->room);
        memmove(names->list + at + 1, names->list + at, (names->count - at) * sizeof *names->list);
        names->list[at].ino = ino;
        strcpy(names->list[at].name, name);
        names->count++;
    }
}

void sim_names_copy(struct sim_names *to, const struct sim_names *from)
{
    *to = (struct sim_names){.count = from->count, .room = from->count};
    if (from->count == 0)
        return;
    to->list = sim_alloc(from->count * sizeof *to->list);
    memcpy(to->list, from->list, from->count * sizeof *to->list);
}

void sim_names_apply(struct sim_names *names, const struct sim_op *op)
{
    if (op->from[0] != 0)
        sim_names_set(names, op->from, 0);
    if (op->to[0] != 0)
        sim_names_set(names, op->to, op->ino);
}

void sim_dir_do(struct sim_node *n, const char *from, const char *to, uint32_t ino)
{
    n->ops = sim_grow(n->ops, sizeof *n->ops, n->op_count, &n->op_room);
    struct sim_op *op = &n->ops[n->op_count++];
    memset(op, 0, sizeof *op);
    strcpy(op->from, from);
    strcpy(op->to, to);
    op->ino = ino;
    sim_names_apply(&n->names, op);
}

bool sim_goes_out(enum simdisk_part part, uint64_t *seed)
{
    return part == SIMDISK_ALL || (part == SIMDISK_HALF && sim_below(seed, 2) == 1);
}

void sim_dir_sync(struct sim_node *n, enum simdisk_part durable, uint64_t seed)
{
    if (!sim_goes_out(durable, &seed))
        return;
    for (uint32_t i = 0; i < n->op_count; i++)
        sim_names_apply(&n->durable_names, &n->ops[i]);
    n->op_count = 0;
}
