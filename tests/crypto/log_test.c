/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted logs by the shared libraries, as a program uses them: what is written can be read with
 * the right keys, by no others, and isn't in the files; keys are replaced by newer ones. */
#include "support/log_fixture.h"

#include <dirent.h>
#include <libwal/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char secret[] = "the vault is behind the third picture";
static uint32_t algorithm = WAL_AEAD_AES_256_GCM;

/* The key of this id; keys of other seeds are other ones. */
static void add_key(wal_options_t *o, uint32_t key_id, uint8_t seed)
{
    uint8_t key[32];

    memset(key, (int)(key_id + seed), sizeof key);
    must(wal_options_set_aead(o, algorithm, key_id, key, sizeof key));
}

static void use_key(struct log_fixture *f, uint32_t key_id, uint8_t seed)
{
    must(wal_options_set_cipher(f->options, NULL, 0));
    add_key(f->options, key_id, seed);
}

static wal_info_t info_of(wal_t *w)
{
    wal_info_t info;
    must(wal_info(w, &info, sizeof info));
    return info;
}

static void expect_cipher(struct log_fixture *f, uint32_t cipher, uint32_t key_id)
{
    wal_info_t info = info_of(f->log);
    assert_int_equal(info.cipher, cipher);
    assert_int_equal(info.key_id, key_id);
}

static int file_has(const char *path, const char *text)
{
    static char bytes[1 << 22];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return memmem(bytes, n, text, strlen(text)) != NULL;
}

static int files_have(struct log_fixture *f, const char *text)
{
    DIR *dir = opendir(f->dir);
    struct dirent *entry;
    int found = 0;
    assert_non_null(dir);
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            found |= file_has(fixture_path(f, entry->d_name), text);
    closedir(dir);
    return found;
}

static int setup(void **state)
{
    algorithm = WAL_AEAD_AES_256_GCM;
    if (fixture_setup(state) != 0)
        return -1;
    add_key(((struct log_fixture *)*state)->options, 1, 0);
    return 0;
}

static int setup_other(void **state)
{
    algorithm = WAL_AEAD_CHACHA20_POLY1305;
    if (fixture_setup(state) != 0)
        return -1;
    add_key(((struct log_fixture *)*state)->options, 1, 0);
    return 0;
}

/* Every kind of thing that a log keeps. */
static void write_all_kinds(struct log_fixture *f)
{
    wal_batch_t *b;

    fixture_append(f, secret);
    b = fixture_batch(f);
    fixture_add(b, secret);
    must(wal_batch_set_tag(b, secret, strlen(secret)));
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
    must(wal_meta_set(f->log, "key", 3, secret, strlen(secret)));
    must(wal_checkpoint(f->log, 1, secret, strlen(secret)));
}

static void expect_all_kinds(wal_t *w)
{
    char state[64];
    uint64_t lsn;
    size_t size;
    wal_reader_t *r;
    wal_record_t record = {.size = sizeof record};

    expect_record(w, 1, secret);
    expect_record(w, 2, secret);
    must(wal_reader_open(w, 1, 0, &r));
    expect_next(r, 1, secret);
    assert_int_equal(wal_reader_next(r, &record), 1);
    assert_int_equal(record.data_size, strlen(secret));
    assert_memory_equal(record.data, secret, strlen(secret));
    assert_int_equal(record.tag_size, strlen(secret));
    assert_memory_equal(record.tag, secret, strlen(secret));
    wal_reader_close(r);
    expect_last_tag(w, secret);
    expect_meta(w, "key", secret);
    must(wal_checkpoint_get(w, state, sizeof state, &lsn, &size));
    assert_int_equal(lsn, 1);
    assert_memory_equal(state, secret, size);
}

/* Another handle sees the same, with the same options, while this one writes. */
static void follow(struct log_fixture *f)
{
    wal_t *reader;

    fixture_set(f, WAL_OPT_READ_ONLY, 1);
    must(wal_open(f->dir, f->options, &reader));
    fixture_set(f, WAL_OPT_READ_ONLY, 0);
    expect_all_kinds(reader);
    assert_int_equal(info_of(reader).key_id, 1);
    must(wal_close(reader));
}

static void test_everything_is_read_and_nothing_is_in_the_files(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    write_all_kinds(f);
    expect_all_kinds(f->log);
    expect_cipher(f, algorithm, 1);
    follow(f);
    fixture_reopen(f);
    expect_all_kinds(f->log);
    must(wal_rotate(f->log));
    expect_all_kinds(f->log);
    fixture_crash(f);
    fixture_open(f);
    expect_all_kinds(f->log);
    fixture_close(f);
    assert_false(files_have(f, "vault"));
}

/* What the test before rests on. */
static void test_without_a_cipher_it_would_be_seen(void **state)
{
    struct log_fixture *f = *state;

    must(wal_options_set_cipher(f->options, NULL, 0));
    fixture_open(f);
    write_all_kinds(f);
    expect_cipher(f, 0, 0);
    fixture_close(f);
    assert_true(files_have(f, "vault"));
}

static void test_long_batches_and_large_records(void **state)
{
    struct log_fixture *f = *state;
    enum { LARGE = 300000 };
    char *buf = malloc(LARGE);
    wal_record_t record = {.size = sizeof record};

    assert_non_null(buf);
    fixture_open(f);
    fixture_fill(f, 300);
    wal_batch_t *b = fixture_batch(f);
    for (int i = 0; i < 20; i++)
        must(wal_batch_append(b, 0, fixture_bytes(LARGE, 'a' + i), LARGE));
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
    fixture_reopen(f);
    for (int i = 0; i < 20; i++) {
        must(wal_get(f->log, 301 + (uint64_t)i, buf, LARGE, &record));
        assert_memory_equal(record.data, fixture_bytes(LARGE, 'a' + i), LARGE);
    }
    expect_record(f->log, 300, "300");
    free(buf);
}

static void test_another_key_is_refused(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, secret);
    fixture_close(f);
    use_key(f, 1, 99);
    expect_refused(f, WAL_E_CRYPTO, "another key");
    use_key(f, 1, 0); /* and the refusal has changed nothing */
    fixture_open(f);
    expect_record(f->log, 1, secret);
}

static void test_a_missing_key_is_named(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, secret);
    fixture_close(f);
    use_key(f, 2, 0);
    expect_refused(f, WAL_E_CRYPTO, "key id 1 is not among the keys");
    must(wal_options_set_cipher(f->options, NULL, 0));
    expect_refused(f, WAL_E_CRYPTO, NULL);
}

static void test_the_same_bytes_for_another_algorithm_are_another_key(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, secret);
    fixture_close(f);
    algorithm = 3 - algorithm;
    use_key(f, 1, 0);
    expect_refused(f, WAL_E_CRYPTO, NULL);
}

static void test_keys_are_replaced(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "one");
    fixture_close(f);
    algorithm = 3 - algorithm;
    add_key(f->options, 2, 0);
    fixture_open(f);
    fixture_append(f, "two");
    expect_cipher(f, algorithm, 2);
    expect_record(f->log, 1, "one");
    expect_record(f->log, 2, "two");
    must(wal_rotate(f->log));
    fixture_append(f, "three");
    must(wal_truncate_before(f->log, 3)); /* nothing is left that needs the old key */
    fixture_close(f);
    use_key(f, 2, 0);
    fixture_open(f);
    expect_record(f->log, 3, "three");
}

/* What was written with a key that is not given any more can't be read; the rest can. */
static void test_an_old_key_is_missing(void **state)
{
    struct log_fixture *f = *state;
    char buf[16];
    wal_record_t record = {.size = sizeof record};
    wal_reader_t *r;

    fixture_open(f);
    fixture_append(f, "one");
    must(wal_rotate(f->log));
    fixture_append(f, "two");
    fixture_close(f);
    add_key(f->options, 2, 0);
    fixture_open(f);
    fixture_append(f, "three");
    must(wal_rotate(f->log));
    fixture_close(f);
    use_key(f, 2, 0);
    fixture_open(f);
    expect_record(f->log, 3, "three");
    expect_error(WAL_E_CRYPTO, wal_get(f->log, 1, buf, sizeof buf, &record),
                 "key id 1 is not among the keys");
    must(wal_reader_open(f->log, 1, 0, &r));
    expect_error(WAL_E_CRYPTO, wal_reader_next(r, &record), "key id 1");
    must(wal_reader_seek(r, 3));
    expect_next(r, 3, "three");
    wal_reader_close(r);
}

enum { THREADS = 4, EACH = 200 };

struct worker {
    wal_t *log;
    pthread_t thread;
    unsigned k, wrong;
};

/* By get, and now and then by a reader of its own. */
static int reads(wal_t *w, uint64_t lsn, int by_reader, const char *text)
{
    char buf[32];
    wal_record_t record = {.size = sizeof record};
    wal_reader_t *r = NULL;
    int e = by_reader ? wal_sync(w, lsn) : wal_get(w, lsn, buf, sizeof buf, &record);

    if (e == 0 && by_reader)
        e = wal_reader_open(w, lsn, 0, &r);
    if (e == 0 && by_reader)
        e = wal_reader_next(r, &record) - 1;
    e = e == 0 && record.data_size == strlen(text) && memcmp(record.data, text, strlen(text)) == 0;
    wal_reader_close(r);
    return e;
}

/* Appends, and reads what it has appended; asserts nothing, since cmocka is in the main thread. */
static void *work(void *arg)
{
    struct worker *x = arg;
    char text[32];

    for (unsigned i = 0; i < EACH; i++) {
        uint64_t lsn;
        int n = snprintf(text, sizeof text, "%u of thread %u", i, x->k);
        uint32_t flags = i % 4 ? WAL_APPEND_ASYNC : WAL_APPEND_SYNC;
        x->wrong += wal_append_typed(x->log, x->k, text, (size_t)n, flags, &lsn) < 0 ||
                    !reads(x->log, lsn, i % 50 == 0, text);
    }
    return NULL;
}

static void test_several_threads(void **state)
{
    struct log_fixture *f = *state;
    struct worker workers[THREADS];

    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 << 10);
    fixture_open(f);
    for (unsigned k = 0; k < THREADS; k++) {
        workers[k] = (struct worker){.log = f->log, .k = k};
        assert_int_equal(pthread_create(&workers[k].thread, NULL, work, &workers[k]), 0);
    }
    for (unsigned k = 0; k < THREADS; k++) {
        assert_int_equal(pthread_join(workers[k].thread, NULL), 0);
        assert_int_equal(workers[k].wrong, 0);
    }
    fixture_reopen(f);
    assert_int_equal(wal_last_lsn(f->log), THREADS * EACH);
    must(wal_replay(f->log, 1, ignore_record, NULL, NULL));
}

static void test_a_log_in_the_clear_goes_on_encrypted_and_back(void **state)
{
    struct log_fixture *f = *state;

    must(wal_options_set_cipher(f->options, NULL, 0));
    fixture_open(f);
    fixture_append(f, "one");
    fixture_close(f);
    add_key(f->options, 1, 0);
    fixture_open(f);
    fixture_append(f, secret);
    expect_cipher(f, algorithm, 1);
    fixture_reopen(f);
    expect_record(f->log, 1, "one");
    expect_record(f->log, 2, secret);
    fixture_close(f);
    assert_false(files_have(f, "vault"));
}

static void test_a_log_that_is_open_keeps_its_keys(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    use_key(f, 2, 0);
    fixture_append(f, secret);
    must(wal_rotate(f->log));
    fixture_append(f, secret);
    expect_cipher(f, algorithm, 1);
    expect_record(f->log, 1, secret);
    expect_record(f->log, 2, secret);
}

#define TEST(fn)  cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)
#define OTHER(fn) cmocka_unit_test_setup_teardown(fn, setup_other, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_everything_is_read_and_nothing_is_in_the_files),
        OTHER(test_everything_is_read_and_nothing_is_in_the_files),
        TEST(test_without_a_cipher_it_would_be_seen),
        TEST(test_long_batches_and_large_records),
        OTHER(test_long_batches_and_large_records),
        TEST(test_another_key_is_refused),
        OTHER(test_another_key_is_refused),
        TEST(test_a_missing_key_is_named),
        TEST(test_the_same_bytes_for_another_algorithm_are_another_key),
        TEST(test_keys_are_replaced),
        TEST(test_an_old_key_is_missing),
        TEST(test_several_threads),
        OTHER(test_several_threads),
        TEST(test_a_log_in_the_clear_goes_on_encrypted_and_back),
        TEST(test_a_log_that_is_open_keeps_its_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
