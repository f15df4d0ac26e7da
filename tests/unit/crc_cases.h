/* SPDX-License-Identifier: Apache-2.0 */
/* The cases that every implementation of the checksum has to pass; each test program runs them on
 * one. `oracle` is another implementation. Blocks are allocated at their exact sizes, so that a
 * sanitizer sees a byte too much. */
#ifndef WAL_TESTS_UNIT_CRC_CASES_H
#define WAL_TESTS_UNIT_CRC_CASES_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "crc/crc_impl.h"

typedef uint32_t oracle_fn(uint32_t crc, const void *data, size_t size);

static uint64_t crc_random_state = 1;

/* xorshift64: the same numbers in every run. */
static inline uint64_t crc_random(void)
{
    crc_random_state ^= crc_random_state << 13;
    crc_random_state ^= crc_random_state >> 7;
    crc_random_state ^= crc_random_state << 17;
    return crc_random_state;
}

static inline uint8_t *crc_random_block(size_t size)
{
    uint8_t *block = malloc(size + 1);

    assert_non_null(block);
    block = realloc(block, size > 0 ? size : 1);
    for (size_t i = 0; i < size; i++)
        block[i] = (uint8_t)(crc_random() >> 32);
    return block;
}

static inline void crc_case_known_answers(const struct crc_implementation *c)
{
    static const uint8_t zeros[32];
    uint8_t ones[32];

    memset(ones, 0xff, sizeof(ones));
    assert_int_equal(c->update(0, NULL, 0), 0);
    assert_int_equal(c->update(0, "a", 1), 0xe8b7be43);
    assert_int_equal(c->update(0, "abc", 3), 0x352441c2);
    assert_int_equal(c->update(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(c->update(0, "The quick brown fox jumps over the lazy dog", 43), 0x414fa339);
    assert_int_equal(c->update(0, zeros, sizeof(zeros)), 0x190a55ad);
    assert_int_equal(c->update(0, ones, sizeof(ones)), 0xff6cab0b);
}

static inline void crc_case_every_size_at_every_alignment(const struct crc_implementation *c,
                                                          oracle_fn *oracle)
{
    for (size_t offset = 0; offset < 16; offset++) {
        for (size_t size = 0; size <= 600; size++) {
            uint8_t *block = crc_random_block(offset + size);
            uint32_t start = size % 3 == 0 ? 0 : (uint32_t)crc_random();

            assert_int_equal(c->update(start, block + offset, size),
                             oracle(start, block + offset, size));
            free(block);
        }
    }
}

/* Long ones, and in pieces: the checksum of the first is the start of the next. */
static inline void crc_case_random_sizes(const struct crc_implementation *c, oracle_fn *oracle)
{
    for (int round = 0; round < 40; round++) {
        size_t size = crc_random() % 200000;
        uint8_t *block = crc_random_block(size);
        uint32_t start = (uint32_t)crc_random();
        uint32_t whole = c->update(start, block, size);
        uint32_t chained = start;

        assert_int_equal(whole, oracle(start, block, size));
        for (size_t at = 0, n; at < size; at += n) {
            n = crc_random() % (round % 2 == 0 ? 300 : 5000);
            n = n < size - at ? n : size - at;
            chained = c->update(chained, block + at, n);
        }
        assert_int_equal(chained, whole);
        free(block);
    }
}

/* Each bit of data counts: flipping one changes the result. */
static inline void crc_case_every_bit_counts(const struct crc_implementation *c)
{
    for (size_t size = 1; size <= 700; size += size < 64 ? 1 : 53) {
        uint8_t *block = crc_random_block(size);
        uint32_t before = c->update(0, block, size);

        for (size_t bit = 0; bit < size * 8; bit++) {
            block[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_not_equal(c->update(0, block, size), before);
            block[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        free(block);
    }
}

static inline void crc_check_copy(const struct crc_implementation *c, oracle_fn *oracle,
                                  size_t to_offset, size_t from_offset, size_t size)
{
    enum { GUARD = 64 };
    uint8_t *from = crc_random_block(from_offset + size);
    uint8_t *to = malloc(to_offset + size + GUARD);
    uint32_t start = (uint32_t)crc_random();

    assert_non_null(to);
    memset(to, 0x5a, to_offset + size + GUARD);
    assert_int_equal(c->copy(start, to + to_offset, from + from_offset, size),
                     oracle(start, from + from_offset, size));
    assert_memory_equal(to + to_offset, from + from_offset, size);
    for (size_t i = 0; i < to_offset; i++)
        assert_int_equal(to[i], 0x5a);
    for (size_t i = to_offset + size; i < to_offset + size + GUARD; i++)
        assert_int_equal(to[i], 0x5a);
    free(to);
    free(from);
}

/* Three words behind what was copied: as one after the other. */
static inline void crc_check_copy_words(const struct crc_implementation *c, oracle_fn *oracle,
                                        size_t size)
{
    uint8_t *from = crc_random_block(size + 24), *to = malloc(size + 1);
    uint64_t words[3];

    assert_non_null(to);
    to[size] = 0x5a;
    for (size_t k = 0; k < 3; k++)
        words[k] = load64(from + size + 8 * k);
    assert_int_equal(c->copy_words(to, from, size, words[0], words[1], words[2]),
                     oracle(0, from, size + 24));
    assert_memory_equal(to, from, size);
    assert_int_equal(to[size], 0x5a);
    free(to);
    free(from);
}

static inline void crc_case_copy(const struct crc_implementation *c, oracle_fn *oracle)
{
    assert_int_equal(c->copy_words(NULL, NULL, 0, 1, 2, 3), c->words(0, 1, 2, 3));
    for (size_t size = 0; size <= 5000; size += size < 700 ? 1 : 41)
        crc_check_copy_words(c, oracle, size);
    assert_int_equal(c->copy(0x12345678, NULL, NULL, 0), 0x12345678);
    for (size_t offset = 0; offset < 16; offset++)
        for (size_t size = 0; size <= 600; size++)
            crc_check_copy(c, oracle, offset, (offset * 7 + size) % 16, size);
    for (int round = 0; round < 20; round++)
        crc_check_copy(c, oracle, crc_random() % 64, crc_random() % 64, crc_random() % 100000);
}

static inline void crc_check_words(const struct crc_implementation *c, oracle_fn *oracle,
                                   uint32_t start, const uint64_t words[3])
{
    uint8_t bytes[24];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(words[i / 8] >> 8 * (i % 8));
    assert_int_equal(c->words(start, words[0], words[1], words[2]),
                     oracle(start, bytes, sizeof(bytes)));
}

/* Each single bit of the start and of the words, and many at once. */
static inline void crc_case_words(const struct crc_implementation *c, oracle_fn *oracle)
{
    for (int bit = -1; bit < 32; bit++)
        crc_check_words(c, oracle, bit < 0 ? 0 : UINT32_C(1) << bit, (const uint64_t[3]){0});
    for (int bit = 0; bit < 192; bit++) {
        uint64_t words[3] = {0};
        words[bit / 64] = UINT64_C(1) << bit % 64;
        crc_check_words(c, oracle, 0, words);
    }
    for (int round = 0; round < 10000; round++) {
        const uint64_t words[3] = {crc_random(), crc_random(), crc_random()};
        crc_check_words(c, oracle, (uint32_t)crc_random(), words);
    }
}

/* The source changes while it is copied. Deterministic: a page of the target can't be written to;
 * on the first try the handler of the signal turns over every byte of the source, then lets the
 * write through. What was copied until then is of the old content, what is read later is of the new
 * one, and the checksum must be that of the mixture. */
struct crc_trap {
    uint8_t *from, *pages;
    size_t from_size, pages_size;
    volatile sig_atomic_t sprung;
};

static struct crc_trap crc_trap;

static inline void crc_spring_trap(int signal_number)
{
    (void)signal_number;
    if (crc_trap.sprung++ > 0)
        _exit(99);
    for (size_t i = 0; i < crc_trap.from_size; i++)
        crc_trap.from[i] ^= 0xff;
    if (mprotect(crc_trap.pages, crc_trap.pages_size, PROT_READ | PROT_WRITE) != 0)
        _exit(98);
}

/* The page that can't be written to begins `before` bytes into the target. */
static inline void crc_check_changing_source(const struct crc_implementation *c, size_t size,
                                             size_t before)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *to = crc_trap.pages + page - before;
    bool words = (size + before) % 2;
    uint32_t crc, right;

    assert_true(before < size && before <= page && page + size <= crc_trap.pages_size);
    crc_trap.from_size = size;
    crc_trap.sprung = 0;
    assert_int_equal(mprotect(crc_trap.pages + page, crc_trap.pages_size - page, PROT_READ), 0);
    crc = words ? c->copy_words(to, crc_trap.from, size, 4, 5, 6)
                : c->copy(7, to, crc_trap.from, size);
    assert_int_equal(crc_trap.sprung, 1);
    right = words ? c->words(c->update(0, to, size), 4, 5, 6) : c->update(7, to, size);
    assert_int_equal(crc, right);
}

static inline void crc_case_copy_of_a_changing_source(const struct crc_implementation *c)
{
    static const size_t large[] = {255, 256, 257, 300, 511, 517, 1000, 4096, 8192, 8193, 20000};
    struct sigaction action = {.sa_handler = crc_spring_trap}, old;

    crc_trap.pages_size = 64 * 1024;
    crc_trap.pages =
        mmap(NULL, crc_trap.pages_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(crc_trap.pages, MAP_FAILED);
    crc_trap.from = crc_random_block(20000);
    assert_int_equal(sigaction(SIGSEGV, &action, &old), 0);
    for (size_t size = 1; size <= 200; size++)
        for (size_t before = 0; before < size; before++)
            crc_check_changing_source(c, size, before);
    for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++)
        for (size_t before = 0; before < large[i] && before <= 4096; before += 61)
            crc_check_changing_source(c, large[i], before);
    assert_int_equal(sigaction(SIGSEGV, &old, NULL), 0);
    free(crc_trap.from);
    assert_int_equal(munmap(crc_trap.pages, crc_trap.pages_size), 0);
}

#endif
