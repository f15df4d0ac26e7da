/* SPDX-License-Identifier: Apache-2.0 */
/* Copies, salvage and repair of logs that are compressed and encrypted. */
#include "support/log_fixture.h"
#include "support/toy_cipher.h"

#include <stdio.h>
#include <string.h>

enum { SEALS_MAX = 2000, RECORDS = 40 };

static struct toy toy;
static struct {
    struct toy_secret key;
    uint8_t nonce[12];
} seals[SEALS_MAX];
static size_t n_seals;

/* Never the same nonce twice under one key, over the log and all its copies. */
static void note_seal(void *ctx, const struct toy_secret *key, const uint8_t nonce[12])
{
    (void)ctx;
    for (size_t k = 0; k < n_seals; k++)
        if (memcmp(&seals[k].key, key, sizeof *key) == 0 && memcmp(seals[k].nonce, nonce, 12) == 0)
            fail_msg("a nonce is used twice");
    assert_true(n_seals < SEALS_MAX);
    seals[n_seals].key = *key;
    memcpy(seals[n_seals++].nonce, nonce, 12);
}

static const char *dest(const struct log_fixture *f)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/copy", f->scratch.path);
    return path;
}

static const void *text_of(int k)
{
    return fixture_bytes((size_t)(3000 + 10 * k), 'a' + k % 26);
}

/* Several segments, a checkpoint, metadata, a tag. */
static void live(struct log_fixture *f)
{
    toy = (struct toy){.keys = TOY_KEY(1), .secret = 5, .on_seal = note_seal};
    wal_cipher_t cipher = toy_cipher(&toy);
    n_seals = 0;
    must(wal_options_set_cipher(f->options, &cipher, 1));
    fixture_set(f, WAL_OPT_CODEC, WAL_CODEC_ZLIB);
    fixture_set(f, WAL_OPT_CODEC_MIN_BYTES, 0);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
    for (int k = 1; k <= RECORDS; k++) {
        must(wal_append(f->log, text_of(k), (size_t)(3000 + 10 * k), NULL));
        if (k % 15 == 0)
            must(wal_rotate(f->log));
    }
    must(wal_meta_set(f->log, "k", 1, "v", 1));
    must(wal_checkpoint(f->log, 33, fixture_bytes(500, 'c'), 500));
    wal_batch_t *b = fixture_batch(f);
    fixture_add(b, "tagged");
    must(wal_batch_set_tag(b, "tag", 3));
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
}

static void expect_records(wal_t *w, int last)
{
    static char bytes[4000];
    for (int k = 1; k <= last; k++) {
        wal_record_t x = {.size = sizeof x};
        must(wal_get(w, (uint64_t)k, bytes, sizeof bytes, &x));
        assert_int_equal(x.data_size, 3000 + 10 * k);
        assert_memory_equal(bytes, text_of(k), x.data_size);
    }
}

static void expect_copy(struct log_fixture *f)
{
    char state[500];
    uint64_t lsn;
    size_t size;
    wal_t *w;

    must(wal_open(dest(f), f->options, &w));
    assert_int_equal(wal_last_lsn(w), RECORDS + 1);
    expect_records(w, RECORDS);
    expect_record(w, RECORDS + 1, "tagged");
    expect_last_tag(w, "tag");
    expect_meta(w, "k", "v");
    must(wal_checkpoint_get(w, state, sizeof state, &lsn, &size));
    assert_int_equal(lsn, 33);
    assert_int_equal(size, 500);
    must(wal_append(w, "goes on", 7, NULL));
    must(wal_close(w));
    wal_verify_t v;
    must(wal_verify(dest(f), f->options, NULL, NULL, &v, sizeof v));
    assert_int_equal(v.records, RECORDS + 2);
}

static void test_a_copy_has_keys_of_its_own(void **state)
{
    struct log_fixture *f = *state;

    live(f);
    must(wal_copy(f->log, dest(f), NULL, NULL));
    expect_copy(f);
    must(wal_destroy(dest(f)));
    fixture_reopen(f); /* closed, its last segment has a seal */
    must(wal_copy(f->log, dest(f), NULL, NULL));
    expect_copy(f);
}

static void test_a_cipher_that_fails(void **state)
{
    struct log_fixture *f = *state;

    live(f);
    for (int64_t k = 1; k < 40; k += 7) {
        toy_fail(&toy, TOY_SEAL, k);
        expect_error(WAL_E_CRYPTO, wal_copy(f->log, dest(f), NULL, NULL), NULL);
        assert_false(fixture_exists(dest(f)));
    }
    toy_fail(&toy, TOY_OPEN, 5);
    expect_error(WAL_E_CRYPTO, wal_copy(f->log, dest(f), NULL, NULL), NULL);
    toy_fail(&toy, TOY_DERIVE, 2); /* the first is the original's, which is asked for again */
    expect_error(WAL_E_CRYPTO, wal_copy(f->log, dest(f), NULL, NULL), NULL);
    must(wal_copy(f->log, dest(f), NULL, NULL));
    expect_copy(f);
}

static int hear(void *ctx, const wal_record_t *r)
{
    int *n = ctx;
    if (r->lsn <= RECORDS && (r->data_size != 3000 + 10 * r->lsn ||
                              memcmp(r->data, text_of((int)r->lsn), r->data_size) != 0))
        return -1;
    return ++*n, 0;
}

static void flip(const char *path, uint64_t offset)
{
    uint8_t byte;
    fixture_read_file(path, offset, &byte, 1);
    byte ^= 0x40;
    fixture_write_file(path, offset, &byte, 1);
}

static void test_salvage_and_repair(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t v;
    int n = 0;

    live(f);
    fixture_close(f);
    must(wal_salvage(f->dir, f->options, hear, NULL, &n));
    assert_int_equal(n, RECORDS + 1);
    expect_error(WAL_E_CRYPTO, wal_salvage(f->dir, NULL, hear, NULL, &n), "key");
    expect_error(WAL_E_CRYPTO, wal_repair(f->dir, NULL, WAL_REPAIR_CUT_AT_DAMAGE, &v, sizeof v),
                 "key");
    n = 0;
    flip(fixture_segment_path(f, 2), 4096 + 800);
    expect_error(WAL_E_CORRUPT, wal_salvage(f->dir, f->options, hear, NULL, &n), "LSNs");
    assert_int_equal(n, RECORDS); /* the whole group, which is one record here */
    must(wal_repair(f->dir, f->options, WAL_REPAIR_CUT_AT_DAMAGE, &v, sizeof v));
    assert_in_range(v.last_lsn, 15, 30);
    fixture_open(f);
    expect_records(f->log, (int)v.last_lsn);
    expect_meta(f->log, "k", "v");
    fixture_append(f, "goes on");
    fixture_close(f);
    fixture_remove_all(fixture_path(f, "control"));
    must(wal_repair(f->dir, f->options, WAL_REPAIR_REBUILD_CONTROL, &v, sizeof v));
    fixture_open(f);
    expect_records(f->log, (int)v.last_lsn - 1);
    fixture_close(f);
    assert_int_equal(atomic_load(&toy.n[TOY_DROP]), atomic_load(&toy.n[TOY_DERIVE]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_a_copy_has_keys_of_its_own),
        fixture_test(test_a_cipher_that_fails),
        fixture_test(test_salvage_and_repair),
    };
    return cmocka_run_group_tests_name("encoded", tests, NULL, NULL);
}
