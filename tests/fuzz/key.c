/* SPDX-License-Identifier: Apache-2.0 */
#include "key.h"

#include "fuzz.h"
#include "segment/cipher.h"

static struct toy toy = {.keys = TOY_KEY(KEY_ID)};

struct cipher *the_cipher(void)
{
    static struct cipher *cipher;
    wal_cipher_t calls = toy_cipher(&toy);

    if (!cipher)
        FUZZ_MUST(cipher_new(&calls, KEY_ID, &cipher) == 0);
    return cipher;
}

void use_the_cipher(wal_options_t *o)
{
    wal_cipher_t calls = toy_cipher(&toy);
    FUZZ_MUST(wal_options_set_cipher(o, &calls, KEY_ID) == 0);
}

struct segment key_lend(const struct segment_header *h)
{
    static struct folder folder = {.path = "nowhere"};
    struct segment s = {.file = {.folder = &folder, .fd = -1, .name = "it.wal"}, .header = *h};

    folder.cipher = the_cipher();
    FUZZ_MUST(h->cipher == 0 || h->cipher == TOY_ID);
    if (h->cipher)
        FUZZ_MUST(segment_unlock(&s) == 0 && s.key);
    return s;
}

void key_take(struct segment *s)
{
    cipher_drop(s->cipher, s->key);
    s->key = NULL;
}
