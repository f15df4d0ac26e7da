/* SPDX-License-Identifier: Apache-2.0 */
#include "crc/crc.h"

#include <stdatomic.h>
#include <string.h>

#include "base/attr.h"
#include "base/plant.h"
#include "crc/crc_impl.h"

/* From the slowest to the fastest; each runs only on processors that run the one before it. */
static const struct crc_implementation *const all[] = {
    &crc_zlib,
#ifdef __x86_64__
    &crc_pclmul,
    &crc_avx2,
    &crc_vpclmul,
#endif
};

static uint32_t first_update(uint32_t crc, const void *data, size_t size);
static uint32_t first_copy(uint32_t crc, void *to, const void *from, size_t size);
static uint32_t first_words(uint32_t crc, uint64_t a, uint64_t b, uint64_t c);
static uint32_t first_copy_words(void *to, const void *from, size_t size, uint64_t a, uint64_t b,
                                 uint64_t c);

static const struct crc_implementation first_use = {"",         NULL,        first_update,
                                                    first_copy, first_words, first_copy_words};

/* Threads that race for the first use store the same pointer, and nothing else hangs on it. */
static _Atomic(const struct crc_implementation *) chosen = &first_use;

static const struct crc_implementation *choose(void)
{
    const struct crc_implementation *fastest = all[crc_implementation_chosen()];

    atomic_store_explicit(&chosen, fastest, memory_order_relaxed);
    return fastest;
}

static uint32_t first_update(uint32_t crc, const void *data, size_t size)
{
    return choose()->update(crc, data, size);
}

static uint32_t first_copy(uint32_t crc, void *to, const void *from, size_t size)
{
    return choose()->copy(crc, to, from, size);
}

static uint32_t first_words(uint32_t crc, uint64_t a, uint64_t b, uint64_t c)
{
    return choose()->words(crc, a, b, c);
}

static uint32_t first_copy_words(void *to, const void *from, size_t size, uint64_t a, uint64_t b,
                                 uint64_t c)
{
    return choose()->copy_words(to, from, size, a, b, c);
}

uint32_t crc_update(uint32_t crc, const void *data, size_t size)
{
    return atomic_load_explicit(&chosen, memory_order_relaxed)->update(crc, data, size);
}

uint32_t crc_copy(uint32_t crc, void *to, const void *from, size_t size)
{
    if (PLANTED(22)) {
        crc = crc_update(crc, from, size);
        if (size > 0)
            memcpy(to, from, size);
        return crc;
    }
    return atomic_load_explicit(&chosen, memory_order_relaxed)->copy(crc, to, from, size);
}

uint32_t crc_copy_words(void *to, const void *from, size_t size, uint64_t a, uint64_t b, uint64_t c)
{
    if (PLANTED(22))
        return crc_words(crc_copy(0, to, from, size), a, b, c);
    return atomic_load_explicit(&chosen, memory_order_relaxed)->copy_words(to, from, size, a, b, c);
}

uint32_t crc_words(uint32_t crc, uint64_t a, uint64_t b, uint64_t c)
{
    return atomic_load_explicit(&chosen, memory_order_relaxed)->words(crc, a, b, c);
}

unsigned crc_implementations(void)
{
    unsigned n = 0;

    while (n < COUNT_OF(all) && all[n]->supported())
        n++;
    return n;
}

const char *crc_implementation_name(unsigned i)
{
    return all[i]->name;
}

unsigned crc_implementation_chosen(void)
{
    return crc_implementations() - 1;
}

uint32_t crc_update_with(unsigned i, uint32_t crc, const void *data, size_t size)
{
    return all[i]->update(crc, data, size);
}
