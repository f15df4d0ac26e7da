/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "support/simdisk_power.h"

enum { ALL_OPS = 10, TREES_SAMPLED = 64 };

/* One way in which the directory operations can have come through, with the units of the files that
 * can be reached then. */
struct tree {
    struct simdisk *base; /* every unit in its state 0 */
    struct sim_unit *units;
    uint32_t count;
    uint64_t every_state, every_subset; /* how many combinations; "too many" is one large number */
    uint64_t hash;                      /* of names and inode numbers */
};

struct power {
    struct simdisk *d;
    struct sim_units units;
    struct sim_node **old; /* by place in d->inodes: files in their durable state */
    uint32_t ops;
    struct tree *trees;
    uint32_t tree_count, tree_room;
    uint64_t random, images, limit;
    simdisk_image_fn fn;
    void *arg;
    int result;
};

static const uint64_t too_many = UINT64_C(1) << 60;

static uint64_t times(uint64_t a, uint64_t b)
{
    return a > too_many / b ? too_many : a * b;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
    return min_u64(a + b, too_many);
}

/* Files and units */

static void prepare_files(struct power *p)
{
    struct simdisk *d = p->d;
    p->old = sim_alloc(d->inode_count * sizeof *p->old);
    for (uint32_t i = 0; i < d->inode_count; i++) {
        struct sim_node *n = d->inodes[i].node;
        p->ops += n->op_count;
        if (n->kind != OS_FILE)
            continue;
        p->old[i] = sim_units_make(n, NULL, 0, NULL, d->tear, &p->random);
        sim_units_add(&p->units, n, d->inodes[i].ino, d->tear);
    }
}

static void take_units(struct power *p, struct tree *t, uint32_t ino)
{
    for (uint32_t i = 0; i < p->units.count; i++) {
        const struct sim_unit *u = &p->units.list[i];
        if (u->ino != ino)
            continue;
        t->units[t->count++] = *u;
        t->every_state = times(t->every_state, u->options);
        t->every_subset = times(t->every_subset, 2);
    }
}

/* Trees */

/* The directory after the cut, where `came` says for each operation of the disk, directory by
 * directory, whether it came through. */
static struct sim_node *resolve(const struct power *p, uint32_t place, const bool *came)
{
    const struct sim_node *n = p->d->inodes[place].node;
    struct sim_node *made = sim_node_new(OS_DIR, n->mode);
    for (uint32_t i = 0; i < place; i++)
        came += p->d->inodes[i].node->op_count;
    sim_names_copy(&made->durable_names, &n->durable_names);
    for (uint32_t i = 0; i < n->op_count; i++) {
        if (came[i])
            sim_names_apply(&made->durable_names, &n->ops[i]);
    }
    sim_names_copy(&made->names, &made->durable_names);
    return made;
}

static void reach(struct power *p, struct tree *t, uint32_t ino, const bool *came)
{
    if (sim_node_of(t->base, ino) != NULL)
        return;
    uint32_t place = 0;
    while (p->d->inodes[place].ino != ino)
        place++;
    if (p->old[place] != NULL) {
        p->old[place]->refs++;
        sim_inode_add(t->base, ino, p->old[place]);
        take_units(p, t, ino);
        return;
    }
    struct sim_node *dir = resolve(p, place, came);
    sim_inode_add(t->base, ino, dir);
    for (uint32_t i = 0; i < dir->names.count; i++) {
        const struct sim_entry *e = &dir->names.list[i];
        t->hash = sim_mix(t->hash ^ sim_hash_text(e->name), sim_mix(ino, e->ino));
        reach(p, t, e->ino, came);
    }
}

static void drop_tree(struct tree *t)
{
    simdisk_free(t->base);
    free(t->units);
}

static void add_tree(struct power *p, const bool *came)
{
    struct tree t = {
        .base = sim_disk_bare(p->d),
        .units = sim_alloc((p->units.count + 1) * sizeof *t.units),
        .every_state = 1,
        .every_subset = 1,
    };
    reach(p, &t, SIM_ROOT, came);
    for (uint32_t i = 0; i < p->tree_count; i++) {
        if (p->trees[i].hash == t.hash) {
            drop_tree(&t);
            return;
        }
    }
    p->trees = sim_grow(p->trees, sizeof *p->trees, p->tree_count, &p->tree_room);
    p->trees[p->tree_count++] = t;
}

/* All subsets of the operations; true. Where they are too many: none, all, all up to each, each
 * missing, and some by chance. */
static bool make_trees(struct power *p)
{
    bool *came = sim_alloc((p->ops + 1) * sizeof *came);
    bool all = p->ops <= ALL_OPS && UINT64_C(1) << p->ops <= p->limit;
    uint64_t count = all ? UINT64_C(1) << p->ops : max_u64(2, min_u64(TREES_SAMPLED, p->limit / 4));
    for (uint64_t i = 0; i < count; i++) {
        uint64_t way = i < 2 ? i : 2 + sim_below(&p->random, 3);
        uint64_t which = p->ops == 0 ? 0 : sim_below(&p->random, p->ops);
        for (uint32_t j = 0; j < p->ops; j++) {
            bool choices[] = {false, true, j <= which, j != which, sim_below(&p->random, 2) == 0};
            came[j] = all ? (i >> j & 1) != 0 : choices[way];
        }
        add_tree(p, came);
    }
    free(came);
    return all;
}

/* Images */

/* How many of the units from `at` on belong to its file. */
static uint32_t units_of_file(const struct tree *t, uint32_t at)
{
    uint32_t n = 1;
    while (at + n < t->count && t->units[at + n].ino == t->units[at].ino)
        n++;
    return n;
}

/* False for a choice that gives the image of another one: it is about a page behind the file's end.
 */
static bool is_canonical(const struct power *p, const struct tree *t, const uint8_t *choice)
{
    for (uint32_t at = 0; at < t->count;) {
        uint32_t n = units_of_file(t, at);
        const struct sim_node *node = sim_node_of(p->d, t->units[at].ino);
        for (uint32_t i = 0; i < n; i++) {
            if (choice[at + i] != 0 && !sim_unit_shows(node, t->units + at, choice + at, i))
                return false;
        }
        at += n;
    }
    return true;
}

static void emit(struct power *p, const struct tree *t, const uint8_t *choice)
{
    if (p->result != 0)
        return;
    struct simdisk *image = simdisk_clone(t->base);
    image->pid++;
    for (uint32_t at = 0; at < t->count;) {
        uint32_t n = units_of_file(t, at);
        bool old = true;
        for (uint32_t i = 0; i < n; i++)
            old = old && choice[at + i] == 0;
        uint32_t ino = t->units[at].ino;
        if (!old)
            sim_inode_put(image, ino,
                          sim_units_make(sim_node_of(p->d, ino), t->units + at, n, choice + at,
                                         p->d->tear, &p->random));
        at += n;
    }
    p->images++;
    p->result = p->fn(p->arg, image);
    simdisk_free(image);
}

/* The next combination in turn, of all options or of old and newest; false after the last one. */
static bool next_choice(const struct tree *t, uint8_t *choice, bool states)
{
    for (uint32_t at = 0; at < t->count; at++) {
        const struct sim_unit *u = &t->units[at];
        uint32_t next = states ? choice[at] + 1U : choice[at] == 0 ? u->newest : 0;
        if (next != 0 && next < u->options) {
            choice[at] = (uint8_t)next;
            return true;
        }
        choice[at] = 0;
    }
    return false;
}

static void emit_every(struct power *p, const struct tree *t, bool states)
{
    uint8_t *choice = sim_alloc(t->count + 1);
    do {
        if (is_canonical(p, t, choice))
            emit(p, t, choice);
    } while (p->result == 0 && next_choice(t, choice, states));
    free(choice);
}

/* Mostly old, mostly new, or anything. */
static void emit_random(struct power *p, const struct tree *t, uint8_t *choice)
{
    uint64_t lean = sim_below(&p->random, 4);
    for (uint32_t i = 0; i < t->count; i++) {
        const struct sim_unit *u = &t->units[i];
        bool any = lean >= 2 || sim_below(&p->random, 4) == 0;
        choice[i] =
            any ? (uint8_t)sim_below(&p->random, u->options) : (uint8_t)(lean == 0 ? 0 : u->newest);
    }
    emit(p, t, choice);
}

/* Everything newest, everything old; then one unit alone, and one missing, in turn; then by chance.
 */
static void emit_sample(struct power *p, const struct tree *t, uint64_t images)
{
    uint8_t *choice = sim_alloc(t->count + 1);
    uint32_t first = t->count == 0 ? 0 : (uint32_t)sim_below(&p->random, t->count);
    for (uint64_t i = 0; i < images && p->result == 0; i++) {
        uint32_t one = t->count == 0 ? 0 : (uint32_t)((first + (i - 2) / 2) % t->count);
        if (i >= 2 + 2 * (uint64_t)t->count) {
            emit_random(p, t, choice);
            continue;
        }
        for (uint32_t j = 0; j < t->count; j++) {
            bool newest = (i % 2 == 0) != (i >= 2 && j == one);
            choice[j] = newest ? (uint8_t)t->units[j].newest : 0;
        }
        emit(p, t, choice);
    }
    free(choice);
}

static void emit_more(struct power *p, const struct tree *t, uint64_t images)
{
    uint8_t *choice = sim_alloc(t->count + 1);
    for (uint64_t i = 0; i < images && p->result == 0; i++)
        emit_random(p, t, choice);
    free(choice);
}

/* A tree's share where not every subset of all trees can be had. */
static void emit_share(struct power *p, const struct tree *t, uint64_t share)
{
    if (t->every_state <= share) {
        emit_every(p, t, true);
    } else if (t->every_subset <= share) {
        emit_every(p, t, false);
        emit_more(p, t, share - t->every_subset);
    } else {
        emit_sample(p, t, share);
    }
}

static void emit_trees(struct power *p, struct simdisk_power *power)
{
    uint64_t states = 0, subsets = 0, varied = 0;
    for (uint32_t i = 0; i < p->tree_count; i++) {
        states = plus(states, p->trees[i].every_state);
        subsets = plus(subsets, p->trees[i].every_subset);
        varied += p->trees[i].every_state > p->trees[i].every_subset;
    }
    power->every_state = power->every_state && states <= p->limit;
    power->every_subset = power->every_subset && subsets <= p->limit;
    for (uint32_t i = 0; i < p->tree_count && p->result == 0; i++) {
        const struct tree *t = &p->trees[i];
        if (states <= p->limit || (subsets <= p->limit && t->every_state == t->every_subset))
            emit_every(p, t, true);
        else if (subsets <= p->limit)
            emit_share(p, t, t->every_subset + (p->limit - subsets) / varied);
        else
            emit_share(p, t, max_u64(2, p->limit / p->tree_count));
    }
}

int simdisk_power_images(struct simdisk *d, uint64_t limit, uint64_t seed, simdisk_image_fn fn,
                         void *arg, struct simdisk_power *ret_power)
{
    struct power p = {
        .d = d, .random = sim_mix(seed, 1), .limit = max_u64(limit, 2), .fn = fn, .arg = arg};
    struct simdisk_power power = {0};
    prepare_files(&p);
    power.every_subset = power.every_state = make_trees(&p);
    emit_trees(&p, &power);
    power.units = p.units.count + p.ops;
    power.images = p.images;
    for (uint32_t i = 0; i < p.tree_count; i++)
        drop_tree(&p.trees[i]);
    for (uint32_t i = 0; i < d->inode_count; i++)
        sim_node_drop(p.old[i]);
    free(p.trees);
    free(p.old);
    free(p.units.list);
    if (ret_power != NULL)
        *ret_power = power;
    return p.result;
}
