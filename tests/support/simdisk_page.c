/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/simdisk_inner.h"

struct sim_page sim_zeros = {.refs = 1};

void *sim_alloc(size_t size)
{
    void *p = calloc(1, size == 0 ? 1 : size);
    if (p == NULL)
        sim_die("out of memory");
    return p;
}

void *sim_grow(void *list, size_t item, uint32_t count, uint32_t *room)
{
    if (count < *room)
        return list;
    *room = *room == 0 ? 8 : *room * 2;
    list = realloc(list, *room * item);
    if (list == NULL)
        sim_die("out of memory");
    return list;
}

void sim_die(const char *fmt, ...)
{
    va_list va;
    va_start(va, fmt);
    fputs("simdisk: ", stderr);
    vfprintf(stderr, fmt, va);
    fputc('\n', stderr);
    va_end(va);
    abort();
}

uint64_t sim_mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xd6e8feb86659fd93));
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* splitmix64 */
uint64_t sim_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t sim_below(uint64_t *state, uint64_t n)
{
    return sim_random(state) % n;
}

uint64_t sim_hash_text(const char *s)
{
    uint64_t h = 0;
    for (; *s != 0; s++)
        h = sim_mix(h, (uint8_t)*s);
    return h;
}

struct sim_page *sim_page_new(const struct sim_page *from)
{
    struct sim_page *p = malloc(sizeof *p);
    if (p == NULL)
        sim_die("out of memory");
    p->refs = 1;
    p->hash = 0;
    memcpy(p->bytes, sim_page_bytes(from), SIM_PAGE);
    return p;
}

struct sim_page *sim_page_done(struct sim_page *p)
{
    if (memcmp(p->bytes, sim_zeros.bytes, SIM_PAGE) != 0)
        return p;
    sim_page_drop(p);
    return &sim_zeros;
}

struct sim_page *sim_page_ref(struct sim_page *p)
{
    if (p != NULL && p != &sim_zeros)
        p->refs++;
    return p;
}

void sim_page_drop(struct sim_page *p)
{
    if (p != NULL && p != &sim_zeros && --p->refs == 0)
        free(p);
}

const uint8_t *sim_page_bytes(const struct sim_page *p)
{
    return p == NULL ? sim_zeros.bytes : p->bytes;
}

uint64_t sim_page_hash(struct sim_page *p)
{
    if (p == NULL || p == &sim_zeros)
        return 0;
    if (p->hash != 0)
        return p->hash;
    uint64_t lanes[4] = {1, 2, 3, 4};
    for (size_t at = 0; at < SIM_PAGE; at += 64) {
        uint64_t w[8];
        memcpy(w, p->bytes + at, sizeof w);
        for (int i = 0; i < 4; i++)
            lanes[i] = sim_mix(lanes[i] ^ w[i], w[i + 4]);
    }
    p->hash = sim_mix(sim_mix(lanes[0], lanes[1]), sim_mix(lanes[2], lanes[3])) | 1;
    return p->hash;
}

bool sim_page_same(struct sim_page *a, struct sim_page *b)
{
    if (a == b)
        return true;
    if (sim_page_hash(a) != sim_page_hash(b))
        return false;
    return memcmp(sim_page_bytes(a), sim_page_bytes(b), SIM_PAGE) == 0;
}
