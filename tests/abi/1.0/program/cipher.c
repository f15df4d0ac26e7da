/* SPDX-License-Identifier: Apache-2.0 */
/* A cipher of the program's own: no secret is safe with it. */
#include "program.h"

#include <string.h>

struct keys {
    int derived, dropped, released;
};

static struct keys keys;

static int derive(void *ctx, uint32_t key_id, const uint8_t *salt, size_t salt_size, void **ret_key)
{
    CHECK(ctx == &keys && salt != NULL && salt_size == 32);
    if (key_id != 7)
        return WAL_E_NOTFOUND;
    keys.derived++;
    *ret_key = &keys;
    return 0;
}

static void drop(void *ctx, void *key)
{
    CHECK(ctx == &keys && key == &keys);
    keys.dropped++;
}

static void turn(const void *in, size_t size, void *out)
{
    size_t i;
    for (i = 0; i < size; i++)
        ((uint8_t *)out)[i] = ((const uint8_t *)in)[i] ^ 0x55;
}

static int seal(void *key, const uint8_t nonce[12], const void *aad, size_t aad_size,
                const void *in, size_t size, void *out, uint8_t tag[16])
{
    (void)aad, (void)aad_size;
    CHECK(key == &keys);
    turn(in, size, out);
    memset(tag, 0x7a, 16);
    memcpy(tag, nonce, 12);
    return 0;
}

static int unseal(void *key, const uint8_t nonce[12], const void *aad, size_t aad_size,
                  const void *in, size_t size, void *out, const uint8_t tag[16])
{
    (void)aad, (void)aad_size;
    CHECK(key == &keys);
    turn(in, size, out);
    return memcmp(tag, nonce, 12) == 0 && tag[15] == 0x7a ? 0 : -1;
}

static void release(void *ctx)
{
    CHECK(ctx == &keys && keys.derived == keys.dropped);
    keys.released++;
}

static void write_two(wal_options_t *o)
{
    wal_t *w;
    OK(wal_open(path_of("cipher"), o, &w));
    OK(wal_append(w, "one", 3, NULL));
    OK(wal_rotate(w));
    OK(wal_append(w, "two", 3, NULL));
    OK(wal_close(w));
}

void use_ciphers(void)
{
    const wal_cipher_t cipher = {sizeof(cipher), 300, &keys, derive, drop, seal, unseal, release};
    wal_cipher_t got;
    uint32_t key_id = 0;
    wal_options_t *o;
    wal_t *w;

    OK(wal_options_new(&o));
    got.size = sizeof(got);
    CHECK(wal_options_cipher(o, &got, &key_id) == WAL_E_NOTFOUND);
    OK(wal_options_set_cipher(o, &cipher, 7));
    OK(wal_options_cipher(o, &got, &key_id));
    CHECK(got.size == sizeof(got) && got.id == 300 && got.derive == derive && key_id == 7);
    write_two(o);
    OK(wal_open(path_of("cipher"), o, &w));
    wal_options_free(o);
    CHECK(keys.released == 0);
    expect_record(w, 1, 0, "one");
    expect_record(w, 2, 0, "two");
    done_with(w, "cipher");
    CHECK(keys.released == 1);
}
