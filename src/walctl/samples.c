/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/samples.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

uint64_t samples_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void samples_add(struct samples *s, uint64_t ns)
{
    memcpy(bytes_reserve(&s->b, sizeof ns), &ns, sizeof ns);
    s->b.size += sizeof ns;
    s->n++;
}

void samples_add_all(struct samples *s, const struct samples *from)
{
    for (size_t k = 0; k < from->n; k++)
        samples_add(s, samples_get(from, k));
}

static int compare(const void *a, const void *b)
{
    uint64_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

void samples_sort(struct samples *s)
{
    if (s->n > 0)
        qsort(s->b.data, s->n, sizeof(uint64_t), compare);
}

uint64_t samples_get(const struct samples *s, size_t k)
{
    uint64_t ns;

    memcpy(&ns, s->b.data + k * sizeof ns, sizeof ns);
    return ns;
}

uint64_t samples_at(const struct samples *s, unsigned permille)
{
    if (s->n == 0)
        return 0;
    size_t rank = (s->n * permille + 999) / 1000; /* counted from 1 */
    return samples_get(s, rank > 0 ? rank - 1 : 0);
}

void samples_free(struct samples *s)
{
    bytes_free(&s->b);
    s->n = 0;
}
