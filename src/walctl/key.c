/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/key.h"

#include <stddef.h>

#include "walctl/message.h"

#ifdef WALCTL_CRYPTO

#include <errno.h>
#include <fcntl.h>
#include <libwal/crypto.h>
#include <string.h>
#include <unistd.h>

enum { KEYS_MAX = 16, KEY_BYTES_MAX = 1024 };

/* What --key-id and --aead say belongs to the --key in front of them, or to the first one. */
static struct key {
    const char *file; /* NULL: none was named yet */
    struct given id;
    int aead; /* in the order of the words */
} keys[KEYS_MAX];
static int last;

static int take_key(const struct arg *a, const char *value)
{
    (void)a;
    if (keys[last].file && ++last == KEYS_MAX) {
        last--;
        return usage_error("--key: more than %d of them", KEYS_MAX);
    }
    keys[last].file = value;
    return CODE_FINE;
}

static int take_id(const struct arg *a, const char *value)
{
    struct arg into = *a;

    into.to = &keys[last].id;
    int code = take_number(&into, value);
    if (code == CODE_FINE && keys[last].id.value > UINT32_MAX)
        return usage_error("--key-id: at most %u", UINT32_MAX);
    return code;
}

static int take_aead(const struct arg *a, const char *value)
{
    struct arg into = *a;

    into.to = &keys[last].aead;
    return take_word(&into, value);
}

const struct arg key_args[] = {
    {"key", 0, "KEYFILE",
     "the log's key: 16 to 1024 bytes. May be repeated: all\nof them read, the "
     "last one writes",
     take_key, NULL},
    {"key-id", 0, "N", "the number of the --key before this (default 0)", take_id, NULL},
    {"aead", 0, "aes-256-gcm|chacha20-poly1305", "and its algorithm (default aes-256-gcm)",
     take_aead, NULL},
    {0}};

/* One byte more than a key may have, so that a longer one is seen. */
static ssize_t read_key(const char *file, uint8_t *to)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n = 0, part = 1;

    if (fd < 0)
        return -1;
    while (part > 0 && n <= KEY_BYTES_MAX) {
        part = read(fd, to + n, (size_t)(KEY_BYTES_MAX + 1 - n));
        n = part < 0 ? -1 : n + part;
    }
    int error = errno;
    close(fd);
    errno = error;
    return n;
}

static int set_one(wal_options_t *o, const struct key *k)
{
    uint8_t bytes[KEY_BYTES_MAX + 1];
    int code = CODE_FINE;

    ssize_t n = read_key(k->file, bytes);
    if (n < 0) {
        message("%s can't be read: %s", k->file, strerror(errno));
        return CODE_FAILED;
    }
    if (wal_options_set_aead(o, WAL_AEAD_AES_256_GCM + (uint32_t)k->aead, (uint32_t)k->id.value,
                             bytes, (size_t)n) < 0)
        code = failure();
    explicit_bzero(bytes, sizeof bytes);
    return code;
}

int key_set(wal_options_t *o)
{
    int code = CODE_FINE;

    if (!keys[0].file && (keys[0].id.is || keys[0].aead))
        return usage_error("--key-id and --aead go with --key");
    for (int k = 0; k <= last && keys[0].file && code == CODE_FINE; k++)
        code = set_one(o, &keys[k]);
    return code;
}

#else

const struct arg key_args[] = {{0}};

int key_set(wal_options_t *o)
{
    (void)o;
    return CODE_FINE;
}

#endif
