/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/options.h"
#include "direct.h"
#include "support/scratch.h"
#include "support/spy_os.h"
#include "support/toy_cipher.h"

enum { SEALS_MAX = 64 };

static struct {
    struct toy_secret key;
    uint8_t nonce[12];
} seals[SEALS_MAX];
static size_t n_seals;

static void need(bool so, const char *what)
{
    if (so)
        return;
    perror(what);
    abort();
}

static void note(void *ctx, const struct toy_secret *key, const uint8_t nonce[12])
{
    (void)ctx;
    need(n_seals < SEALS_MAX, "seals");
    seals[n_seals].key = *key;
    memcpy(seals[n_seals++].nonce, nonce, 12);
}

static wal_t *open_encrypted(const char *path, struct toy *toy, const struct os *os)
{
    wal_cipher_t cipher = toy_cipher(toy);
    wal_options_t *o;
    wal_t *w;

    need(wal_options_new(&o) == 0, "options");
    need(wal_options_set(o, WAL_OPT_BACKGROUND, 0) == 0, "option");
    need(wal_options_set_cipher(o, &cipher, 1) == 0, "cipher");
    options_set_os(o, os);
    need(wal_open(path, o, &w) == 0, "open");
    wal_options_free(o);
    return w;
}

/* A record is withdrawn, another one comes in its place. */
bool a_nonce_is_used_twice(void)
{
    struct toy toy = {.keys = TOY_KEY(1), .on_seal = note};
    struct scratch dir;
    struct spy_os spy;
    bool bad = false;

    n_seals = 0;
    spy_init(&spy);
    need(scratch_make(&dir) == 0, "scratch");
    wal_t *w = open_encrypted(dir.path, &toy, &spy.os);
    need(wal_append(w, "one", 3, NULL) == 0, "append");
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    need(wal_append(w, "two", 3, NULL) == WAL_E_NOSPC, "a failed append");
    need(wal_append(w, "2nd", 3, NULL) == 0, "append");
    need(wal_close(w) == 0, "close");
    for (size_t k = 1; k < n_seals; k++)
        for (size_t j = 0; j < k; j++)
            bad |= memcmp(&seals[k], &seals[j], sizeof seals[k]) == 0;
    scratch_remove(&dir);
    return bad;
}

/* An encryption fails under an append: the append does, too, or else what it wrote is in clear. */
bool clear_text_is_written(void)
{
    struct toy toy = {.keys = TOY_KEY(1)};
    struct scratch dir;
    struct spy_os spy;

    spy_init(&spy);
    need(scratch_make(&dir) == 0, "scratch");
    wal_t *w = open_encrypted(dir.path, &toy, &spy.os);
    need(wal_append(w, "one", 3, NULL) == 0, "append");
    toy_fail(&toy, TOY_SEAL, 1);
    bool bad = wal_append(w, "two", 3, NULL) != WAL_E_CRYPTO;
    (void)wal_close(w);
    scratch_remove(&dir);
    return bad;
}
