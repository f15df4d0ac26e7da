/* SPDX-License-Identifier: Apache-2.0 */
/* A cipher for tests of the log: quick, and no secret is safe with it. It checks everything that a
 * real one does (key, nonce, associated data, ciphertext), counts its calls, and fails when told
 * to. The calls may come from any thread; the rest is for the test's own.
 *
 *     struct toy toy = {.keys = TOY_KEY(1) | TOY_KEY(2)};
 *     wal_cipher_t cipher = toy_cipher(&toy);
 *     must(wal_options_set_cipher(f->options, &cipher, 2));
 *     toy_fail(&toy, TOY_SEAL, 1);                         the next seal fails */
#ifndef WAL_TESTS_TOY_CIPHER_H
#define WAL_TESTS_TOY_CIPHER_H

#include <libwal/wal.h>
#include <stdatomic.h>

enum { TOY_ID = 256, TOY_FAILED = -77 };
enum toy_call { TOY_DERIVE, TOY_DROP, TOY_SEAL, TOY_OPEN, TOY_RELEASE, TOY_CALLS };

#define TOY_KEY(id) (UINT64_C(1) << (id)) /* ids 0 to 63 */

/* What a segment's key comes to: the same for the same secret, key id and salt. */
struct toy_secret {
    uint64_t word[4];
};

struct toy {
    uint64_t keys;                   /* TOY_KEY(id)s that derive knows */
    uint64_t secret;                 /* toys with different ones can't read each other */
    _Atomic uint64_t n[TOY_CALLS];   /* calls of each kind so far, failed ones too */
    _Atomic int64_t fail[TOY_CALLS]; /* which call from now on fails */
    /* NULL, or called for each seal, also for one that fails then. */
    void (*on_seal)(void *ctx, const struct toy_secret *key, const uint8_t nonce[12]);
    void *on_seal_ctx;
};

/* `toy` outlives what uses it. */
wal_cipher_t toy_cipher(struct toy *toy);
/* The nth call of derive, seal or open from now on gives TOY_FAILED, once. */
void toy_fail(struct toy *toy, enum toy_call which, int64_t nth);

#endif
