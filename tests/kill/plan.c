/* SPDX-License-Identifier: Apache-2.0 */
#include "kill/plan.h"

#include <string.h>

enum { SEQ_BITS = 13, HEAD_BYTES = 16 };

uint64_t random_next(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint32_t random_from(uint64_t *state, uint32_t low, uint32_t high)
{
    return low + (uint32_t)(random_next(state) % (high - low + 1));
}

uint64_t random_seed(uint64_t seed, uint32_t round, uint32_t thread)
{
    uint64_t state = seed;
    state = random_next(&state) ^ round;
    state = random_next(&state) ^ thread;
    return random_next(&state);
}

void plan_begin(struct plan *p, uint64_t seed, uint32_t round, uint32_t thread)
{
    *p = (struct plan){.state = random_seed(seed, round, thread)};
}

struct action plan_next(struct plan *p)
{
    static const struct {
        enum action_kind kind;
        uint32_t weight, max;
    } kinds[] = {{ACT_APPEND, 30, 1},           {ACT_PLAIN, 20, 1}, {ACT_MANY, 13, MAX_IN_CALL},
                 {ACT_PACKED, 10, MAX_IN_CALL}, {ACT_BATCH, 5, 40}, {ACT_BATCH, 2, MAX_IN_BATCH},
                 {ACT_ASYNC, 10, 12},           {ACT_SUBMIT, 10, 4}};
    uint32_t at = random_from(&p->state, 0, 99), k = 0;

    for (; at >= kinds[k].weight; k++)
        at -= kinds[k].weight;
    struct action a = {kinds[k].kind, p->next, random_from(&p->state, 1, kinds[k].max)};
    p->next += a.n;
    return a;
}

bool action_is_atomic(const struct action *a)
{
    return a->kind == ACT_MANY || a->kind == ACT_PACKED || a->kind == ACT_BATCH;
}

static uint64_t stream_of(const struct identity *id)
{
    return random_seed(id->seq, id->round, id->thread);
}

/* Half of them small, some as large as it gets, none at all now and then. */
uint32_t payload_size(const struct identity *id)
{
    static const uint32_t highest[] = {0, 40, 200, 200, 600, 2000, 6000, MAX_PAYLOAD};
    uint64_t state = ~stream_of(id);
    uint32_t high = highest[random_from(&state, 0, 7)];
    return random_from(&state, 0, high);
}

uint32_t payload_type(const struct identity *id)
{
    return id->thread << SEQ_BITS | (id->seq & ((1u << SEQ_BITS) - 1));
}

uint32_t payload_thread(uint32_t type)
{
    return type >> SEQ_BITS;
}

uint32_t payload_make(const struct identity *id, uint8_t *to)
{
    uint32_t size = payload_size(id), at = 0;
    const uint32_t head[HEAD_BYTES / 4] = {id->round, id->thread, id->seq, size};
    uint64_t state = stream_of(id);

    if (size >= HEAD_BYTES) {
        memcpy(to, head, HEAD_BYTES);
        at = HEAD_BYTES;
    }
    while (at < size) {
        uint64_t word = random_next(&state);
        uint32_t n = size - at < sizeof word ? size - at : (uint32_t)sizeof word;
        memcpy(to + at, &word, n);
        at += n;
    }
    return size;
}

bool payload_is(const struct identity *id, uint32_t type, const void *data, uint64_t size)
{
    uint8_t expected[MAX_PAYLOAD];

    if (type != payload_type(id) || size != payload_make(id, expected))
        return false;
    return size == 0 || memcmp(expected, data, size) == 0;
}
