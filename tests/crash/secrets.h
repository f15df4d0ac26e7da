/* SPDX-License-Identifier: Apache-2.0 */
/* The cipher of a session's log, and what an encrypted log promises beside all others: no nonce
 * comes twice under a key, and nothing is on the disk in clear. Each history counts for itself: an
 * image of a crash goes on from what was encrypted up to the crash, and what its recovery encrypts
 * has to be new to that. */
#ifndef WAL_TESTS_SECRETS_H
#define WAL_TESTS_SECRETS_H

#include <stdbool.h>

#include "support/simdisk.h"
#include "support/toy_cipher.h"

enum { SECRETS_MAX = 2048 };

struct secrets {
    struct toy toy;
    const struct secrets *before; /* the history that this one goes on from ... */
    uint32_t before_count;        /* ... and how much of it */
    uint32_t count;
    uint64_t uses[SECRETS_MAX]; /* hashes of key and nonce */
    bool twice;
};

/* `s` stays where it is. */
void secrets_init(struct secrets *s);
/* Goes on from the first `count` uses of another one. */
void secrets_go_on(struct secrets *s, const struct secrets *before, uint32_t count);
/* Whether some file of the log has something in clear; copies its name. */
bool secrets_in_clear(const struct simdisk *d, char ret_name[64]);

#endif
