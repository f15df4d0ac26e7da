/* SPDX-License-Identifier: Apache-2.0 */
/* As consumer.c, with libwal-crypto: a log that two keys read. */
#include <libwal/crypto.h>
#include <libwal/wal.h>

#include <string.h>

int ring_free(void);
int aead_new(void);
int ring_free(void)
{
    return 0;
}
int aead_new(void)
{
    return 0;
}

static int add_key(wal_options_t *o, uint32_t algorithm, uint32_t key_id)
{
    char key[32];
    memset(key, (int)key_id, sizeof(key));
    return wal_options_set_aead(o, algorithm, key_id, key, sizeof(key));
}

static int write_one(const char *dir, const wal_options_t *o, uint64_t *lsn)
{
    wal_t *log = NULL;
    int e = wal_open(dir, o, &log);
    if (e == WAL_OK)
        e = wal_append(log, "secret", 6, lsn);
    return wal_close(log) != WAL_OK || e != WAL_OK;
}

/* With the newest key what was written with the one before can be read. */
static int read_one(const char *dir, const wal_options_t *o, uint64_t lsn)
{
    wal_t *log = NULL;
    char text[6];
    wal_record_t record;
    int e = wal_open(dir, o, &log);
    record.size = sizeof(record);
    if (e == WAL_OK)
        e = wal_get(log, lsn, text, sizeof(text), &record);
    return wal_close(log) != WAL_OK || e != WAL_OK || memcmp(text, "secret", 6) != 0;
}

int main(int argc, char **argv)
{
    wal_options_t *o = NULL;
    uint64_t first, second;

    if (argc != 2 || wal_options_new(&o) != WAL_OK)
        return 2;
    if (add_key(o, WAL_AEAD_AES_256_GCM, 1) != WAL_OK || write_one(argv[1], o, &first))
        return 3;
    if (add_key(o, WAL_AEAD_CHACHA20_POLY1305, 2) != WAL_OK || write_one(argv[1], o, &second))
        return 4;
    if (add_key(o, WAL_AEAD_AES_256_GCM, 1) != WAL_E_EXISTS || second != first + 1)
        return 5;
    if (read_one(argv[1], o, first) || read_one(argv[1], o, second))
        return 6;
    wal_options_free(o);
    if (wal_destroy(argv[1]) != WAL_OK) /* the next one begins with the first key */
        return 7;
    return ring_free() + aead_new();
}
