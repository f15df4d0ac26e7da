/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned payload_random_bits = 64;
const uint8_t *payload_pool;
uint64_t payload_mask;
size_t payload_size;

void die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    _Exit(1); /* other threads may still be at work: nothing is torn down below them */
}

void unsupported(const char *format, ...)
{
    va_list arguments;

    fputs("unsupported: ", stdout);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    puts("\nok");
    exit(0);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

uint64_t random_below(uint64_t *state, uint64_t below)
{
    return (next_random(state) >> 11) % below;
}

void payload_init(size_t size)
{
    uint64_t state = UINT64_C(0x6c69627761);
    uint64_t *words = aligned_alloc(4096, POOL_BYTES);

    if (!words)
        die("no memory for the payloads");
    for (size_t k = 0; k < POOL_BYTES / sizeof *words; k++)
        words[k] = next_random(&state) >> (64 - payload_random_bits);
    uint64_t slices = 1;
    while (slices * 2 * size <= POOL_BYTES)
        slices *= 2;
    payload_pool = (const uint8_t *)words;
    payload_mask = slices - 1;
    payload_size = size;
}

void payload_check(uint64_t i, const void *data, size_t size)
{
    if (size != payload_size)
        die("record %llu has %zu bytes, not %zu", (unsigned long long)i, size, payload_size);
    if (memcmp(data, payload_at(i), size) != 0)
        die("record %llu has other bytes than were written", (unsigned long long)i);
}

uint64_t payload_sum(const void *data, size_t size)
{
    const uint8_t *at = data;
    uint64_t four[4], sums[4] = {0};

    for (; size >= sizeof four; size -= sizeof four, at += sizeof four) {
        memcpy(four, at, sizeof four);
        for (int k = 0; k < 4; k++)
            sums[k] += four[k];
    }
    for (; size > 0; size--)
        sums[0] += *at++;
    return sums[0] + sums[1] + sums[2] + sums[3];
}
