/* SPDX-License-Identifier: Apache-2.0 */
/* A program that uses all of the interface of libwal-crypto 1.0, and runs with every later one. */
#include <libwal/crypto.h>
#include <libwal/wal.h>

#include <stdio.h>
#include <string.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

static int count(void *ctx, const wal_record_t *record)
{
    *(uint64_t *)ctx += record->data_size;
    return 0;
}

int main(int argc, char **argv)
{
    static const char old_key[32] = "old", new_key[1024] = "new";
    char dir[400];
    uint64_t bytes = 0;
    wal_options_t *o;
    wal_t *w;

    CHECK(argc == 2 && snprintf(dir, sizeof(dir), "%s/sealed", argv[1]) < (int)sizeof(dir));
    CHECK(wal_options_new(&o) == WAL_OK);
    CHECK(wal_options_set_aead(o, 3, 1, old_key, 32) == WAL_E_INVAL);
    CHECK(wal_options_set_aead(o, WAL_AEAD_AES_256_GCM, 1, old_key, 15) == WAL_E_INVAL);
    CHECK(wal_options_set_aead(o, WAL_AEAD_AES_256_GCM, 1, old_key, 32) == WAL_OK);
    CHECK(wal_open(dir, o, &w) == WAL_OK);
    CHECK(wal_append(w, "four", 4, NULL) == WAL_OK && wal_close(w) == WAL_OK);
    CHECK(wal_options_set_aead(o, WAL_AEAD_CHACHA20_POLY1305, 1, new_key, 32) == WAL_E_EXISTS);
    CHECK(wal_options_set_aead(o, WAL_AEAD_CHACHA20_POLY1305, 0, new_key, 1024) == WAL_OK);
    CHECK(wal_open(dir, o, &w) == WAL_OK);
    wal_options_free(o);
    CHECK(wal_append(w, "seven77", 7, NULL) == WAL_OK);
    CHECK(wal_replay(w, 1, count, &bytes, NULL) == WAL_OK && bytes == 11);
    CHECK(wal_close(w) == WAL_OK && wal_destroy(dir) == WAL_OK);
    return 0;
}
