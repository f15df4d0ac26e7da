/* SPDX-License-Identifier: Apache-2.0 */
/* A segment's header, key and one group, for tests of bodies on their way out and in. */
#ifndef WAL_TESTS_CODING_FIXTURE_H
#define WAL_TESTS_CODING_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "segment/cipher.h"
#include "segment/decode.h"
#include "segment/encode.h"
#include "support/poor_alloc.h"
#include "support/toy_cipher.h"

enum { BODY = 5000, ROOM = 8192, PLACE = 64 };

static struct toy toy;
static struct cipher *cipher;
static struct folder folder = {.path = "somewhere"};
static struct segment segment;
static struct encoder encoder;
static struct outgoing group;
static uint8_t memory[ROOM], room[ROOM];
static struct poor_alloc poor;

/* Which encodings the segment and its encoder have. */
static inline void choose(unsigned codec, bool encrypted)
{
    encoder_free(&encoder);
    assert_int_equal(encoder_init(&encoder, &poor.alloc, codec, 6, 100), 0);
    cipher_drop(cipher, segment.key);
    segment = (struct segment){.file = {.folder = &folder, .fd = -1, .name = "it.wal"}};
    segment.header = (struct segment_header){.number = 5,
                                             .salt = 0x1234567890abcdef,
                                             .epoch = 3,
                                             .group_align = 64,
                                             .codec = (uint16_t)codec,
                                             .cipher = encrypted ? TOY_ID : 0,
                                             .key_id = 1};
    folder.cipher = encrypted ? cipher : NULL;
    assert_int_equal(segment_unlock(&segment), 0);
    assert_int_equal(segment.key != NULL, encrypted);
}

/* A group whose body repeats itself. */
static inline void make(uint32_t bytes)
{
    for (size_t k = 0; k < bytes; k++)
        memory[GROUP_HEADER_BYTES + k] = (uint8_t)("repeated "[k % 9]);
    group = (struct outgoing){
        .header = {.type = GROUP_DATA, .place = PLACE, .epoch = 3, .first_lsn = 7, .records = 1},
        .bytes = memory};
    group.header.raw_bytes = bytes;
    memset(room, 0xee, sizeof room);
}

static inline int setup(void **state)
{
    wal_cipher_t calls;
    (void)state;
    poor_init(&poor, 1000);
    toy = (struct toy){.keys = TOY_KEY(1)};
    calls = toy_cipher(&toy);
    return cipher_new(&calls, 1, &cipher);
}

static inline int teardown(void **state)
{
    (void)state;
    encoder_free(&encoder);
    cipher_drop(cipher, segment.key);
    segment.key = NULL;
    cipher_unref(cipher);
    assert_int_equal(poor.live, 0);
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
