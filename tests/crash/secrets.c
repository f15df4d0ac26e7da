/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memmem */
#include "crash/secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash/payload.h"

enum { PIECE = 64 * 1024, KEY_ID = 1 };

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

static uint64_t use_of(const struct toy_secret *key, const uint8_t nonce[12])
{
    uint64_t words[2] = {0}, h = 1;
    memcpy(words, nonce, 12);
    for (int k = 0; k < 4; k++)
        h = mix(h, key->word[k]);
    return mix(mix(h, words[0]), words[1]);
}

static bool among(const uint64_t *uses, uint32_t count, uint64_t use)
{
    uint32_t k = 0;
    while (k < count && uses[k] != use)
        k++;
    return k < count;
}

static void on_seal(void *ctx, const struct toy_secret *key, const uint8_t nonce[12])
{
    struct secrets *s = ctx;
    uint64_t use = use_of(key, nonce);

    s->twice |= among(s->uses, s->count, use);
    for (const struct secrets *at = s; at->before; at = at->before)
        s->twice |= among(at->before->uses, at->before_count, use);
    if (s->count == SECRETS_MAX) {
        fprintf(stderr, "secrets: too many\n");
        abort();
    }
    s->uses[s->count++] = use;
}

void secrets_init(struct secrets *s)
{
    *s = (struct secrets){.toy = {.keys = TOY_KEY(KEY_ID), .on_seal = on_seal, .on_seal_ctx = s}};
}

void secrets_go_on(struct secrets *s, const struct secrets *before, uint32_t count)
{
    s->before = before;
    s->before_count = count;
}

struct search {
    const struct simdisk *disk;
    char *name;
};

static int search(void *arg, const char *name)
{
    static _Thread_local uint8_t bytes[PIECE];
    const struct search *s = arg;
    const uint64_t clear = PAYLOAD_CLEAR;
    char path[80];
    int64_t got;

    snprintf(path, sizeof path, "/log/%.60s", name);
    for (uint64_t at = 0; (got = simdisk_read(s->disk, path, at, bytes, PIECE)) > 0;
         at += PIECE - sizeof clear) {
        if (memmem(bytes, (size_t)got, &clear, sizeof clear)) {
            snprintf(s->name, 64, "%.60s", name);
            return 1;
        }
        if (got < PIECE)
            break;
    }
    return 0;
}

bool secrets_in_clear(const struct simdisk *d, char ret_name[64])
{
    struct search s = {d, ret_name};
    return simdisk_list(d, "/log", search, &s) == 1;
}
