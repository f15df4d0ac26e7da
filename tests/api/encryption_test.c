/* SPDX-License-Identifier: Apache-2.0 */
/* An encrypted log, with the tests' own cipher: nothing is in clear in any file, nothing is read
 * without the right key, what was changed is told from what was damaged, and an encryption that
 * fails is an error. */
#include "support/log_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/group.h"
#include "format/header.h"
#include "support/toy_cipher.h"

#define SECRET "in-clear-nowhere" /* in everything that is handed in */

static struct toy toy;

static void use_key(struct log_fixture *f, uint32_t id)
{
    wal_cipher_t cipher = toy_cipher(&toy);
    must(wal_options_set_cipher(f->options, &cipher, id));
}

static int setup(void **state)
{
    int e = fixture_setup(state);
    toy = (struct toy){.keys = TOY_KEY(1)};
    if (e == 0)
        use_key(*state, 1);
    return e;
}

#define encrypted_test(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

static wal_t *open_for_reading(struct log_fixture *f)
{
    wal_t *w = NULL;
    fixture_set(f, WAL_OPT_READ_ONLY, 1);
    must(wal_open(f->dir, f->options, &w));
    fixture_set(f, WAL_OPT_READ_ONLY, 0);
    return w;
}

/* In clear nowhere */

static int holds_secret(int fd)
{
    static char buf[1 << 16];
    off_t at = 0;
    for (ssize_t n; (n = pread(fd, buf, sizeof buf, at)) > 0; at += n > 32 ? n - 32 : n)
        if (memmem(buf, (size_t)n, SECRET, strlen(SECRET)))
            return 1;
    return 0;
}

static unsigned secrets_in(const char *folder)
{
    DIR *d = opendir(folder);
    unsigned n = 0;

    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        int fd = openat(dirfd(d), e->d_name, O_RDONLY);
        if (fd >= 0 && holds_secret(fd)) {
            print_error("%s/%s has the secret in clear\n", folder, e->d_name);
            n++;
        }
        if (fd >= 0)
            close(fd);
    }
    closedir(d);
    return n;
}

/* Files that have no name, but are open: what a batch has spilled. *ret: how many there are. */
static unsigned secrets_in_nameless_files(unsigned *ret)
{
    char path[64], link[512];
    unsigned n = 0;

    *ret = 0;
    for (int k = 3; k < 200; k++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", k);
        ssize_t size = readlink(path, link, sizeof link - 1);
        link[size > 0 ? size : 0] = 0;
        if (!strstr(link, "(deleted)"))
            continue;
        (*ret)++;
        n += (unsigned)holds_secret(k);
    }
    return n;
}

static void fill_all(struct log_fixture *f)
{
    static char large[300000];
    unsigned spilled;
    wal_batch_t *b = fixture_batch(f);

    for (size_t k = 0; k + 32 < sizeof large; k += 32)
        memcpy(large + k, SECRET, strlen(SECRET));
    fixture_append(f, SECRET);
    must(wal_append(f->log, large, 100000, NULL));
    for (unsigned k = 0; k < 100; k++)
        must(wal_batch_append(b, 1, large, 5000));
    assert_int_equal(secrets_in_nameless_files(&spilled), 0);
    assert_int_equal(spilled, 1);
    must(wal_batch_set_tag(b, SECRET "-tag", 20));
    must(wal_batch_meta(b, "key", 3, SECRET "-value", 22));
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
    must(wal_checkpoint(f->log, wal_last_lsn(f->log), large, sizeof large));
    must(wal_meta_set(f->log, "other", 5, SECRET, 16));
    fixture_append_flags(f, SECRET "-async", WAL_APPEND_ASYNC);
}

static void expect_all(wal_t *w)
{
    char *back = malloc(300000);
    uint64_t lsn;
    size_t size;

    expect_record(w, 1, SECRET);
    expect_meta(w, "key", SECRET "-value");
    expect_meta(w, "other", SECRET);
    expect_last_tag(w, SECRET "-tag");
    must(wal_checkpoint_get(w, back, 300000, &lsn, &size));
    assert_int_equal(lsn, 102);
    assert_memory_equal(back + 32, SECRET, 16);
    free(back);
    must(wal_replay(w, 1, ignore_record, NULL, NULL));
}

static void test_nothing_is_in_clear(void **state)
{
    struct log_fixture *f = *state;

    for (unsigned codec = 0; codec <= 1; codec++) {
        fixture_set(f, WAL_OPT_CODEC, codec);
        fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
        fixture_open(f);
        fill_all(f);
        assert_int_equal(secrets_in(f->dir), 0);
        expect_all(f->log);
        fixture_crash(f);
        assert_int_equal(secrets_in(f->dir), 0);
        fixture_open(f); /* carries forward */
        expect_all(f->log);
        must(wal_truncate_after(f->log, 102));
        fixture_reopen(f);
        assert_int_equal(secrets_in(f->dir), 0);
        wal_t *reader = open_for_reading(f);
        expect_all(reader);
        must(wal_close(reader));
        fixture_close(f);
        must(wal_destroy(f->dir));
    }
}

/* What the test above is worth. */
static void test_without_a_cipher_it_is_in_clear(void **state)
{
    struct log_fixture *f = *state;

    must(wal_options_set_cipher(f->options, NULL, 0));
    fixture_open(f);
    fixture_append(f, SECRET);
    print_message("the next line is what the search has to find\n");
    assert_int_equal(secrets_in(f->dir), 1);
}

/* Keys */

static void test_without_the_key_nothing_is_read(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "one");
    fixture_close(f);
    toy.secret = 99; /* another one under the same key id */
    expect_refused(f, WAL_E_CRYPTO, "00000000000000000001.wal");
    toy.secret = 0;
    toy.keys = TOY_KEY(2);
    use_key(f, 2);
    expect_refused(f, WAL_E_CRYPTO, "key id 1");
    must(wal_options_set_cipher(f->options, NULL, 0));
    expect_refused(f, WAL_E_CRYPTO, "no key is given");
    toy.keys = TOY_KEY(1);
    use_key(f, 1);
    fixture_open(f);
    expect_record(f->log, 1, "one");
}

/* What a crash left is judged only by who can read it: it isn't a torn end for others. */
static void test_without_the_key_a_crash_is_not_cut(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "one");
    fixture_crash(f);
    toy.secret = 99;
    expect_refused(f, WAL_E_CRYPTO, "at offset 4096, LSN 1");
    toy.secret = 0;
    fixture_open(f);
    expect_record(f->log, 1, "one");
}

static void test_keys_are_changed_over_time(void **state)
{
    struct log_fixture *f = *state;
    wal_info_t info = {.size = sizeof info};
    wal_record_t r = {.size = sizeof r};
    char buf[16];

    toy.keys = TOY_KEY(1) | TOY_KEY(2) | TOY_KEY(3);
    for (uint32_t id = 1; id <= 3; id++) {
        use_key(f, id);
        fixture_open(f);
        fixture_append(f, "text");
        must(wal_info(f->log, &info, sizeof info));
        assert_int_equal(info.cipher, TOY_ID);
        assert_int_equal(info.key_id, id);
        must(wal_rotate(f->log));
        fixture_append(f, "text");
        fixture_close(f);
    }
    fixture_open(f);
    must(wal_replay(f->log, 1, ignore_record, NULL, NULL));
    fixture_close(f);
    toy.keys = TOY_KEY(3); /* the oldest ones are forgotten: the log can be opened, not all read */
    fixture_open(f);
    expect_error(WAL_E_CRYPTO, wal_get(f->log, 1, buf, sizeof buf, &r), "key id 1");
    expect_record(f->log, 6, "text");
    expect_error(WAL_E_CRYPTO, wal_replay(f->log, 1, ignore_record, NULL, NULL), "key id 1");
}

static void test_a_plain_log_becomes_encrypted(void **state)
{
    struct log_fixture *f = *state;

    must(wal_options_set_cipher(f->options, NULL, 0));
    fixture_open(f);
    fixture_append(f, SECRET);
    must(wal_rotate(f->log));
    fixture_close(f);
    use_key(f, 1);
    fixture_open(f);
    fixture_append(f, SECRET);
    must(wal_rotate(f->log));
    fixture_append(f, SECRET);
    print_message("the first segment is the one that has it in clear\n");
    assert_int_equal(secrets_in(f->dir), 1);
    fixture_reopen(f);
    for (uint64_t lsn = 1; lsn <= 3; lsn++)
        expect_record(f->log, lsn, SECRET);
    fixture_close(f);
    must(wal_options_set_cipher(f->options, NULL, 0)); /* nobody goes on in clear by mistake */
    expect_refused(f, WAL_E_CRYPTO, "no key is given");
}

static void test_every_key_is_dropped(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
    fixture_open(f);
    fill_all(f);
    wal_reader_t *r;
    must(wal_reader_open(f->log, 1, 0, &r));
    fixture_close(f);
    fixture_open(f);
    expect_all(f->log);
    fixture_close(f);
    wal_reader_close(r);
    assert_true(toy.n[TOY_DERIVE] > 5);
    assert_int_equal(toy.n[TOY_DERIVE], toy.n[TOY_DROP]);
    assert_int_equal(toy.n[TOY_RELEASE], 0);
    must(wal_options_set_cipher(f->options, NULL, 0));
    assert_int_equal(toy.n[TOY_RELEASE], 1);
}

/* Changed by somebody */

/* A log of two segments, and the first one's first two groups as bytes. */
struct victim {
    struct segment_header segment;
    struct group_header group[2];
    uint8_t *bytes[2];
    char path[400];
};

static void victim_load(struct log_fixture *f, struct victim *v)
{
    uint8_t block[SEGMENT_HEADER_BLOCK];
    uint64_t at = SEGMENT_HEADER_BLOCK;
    unsigned repairs;

    fixture_open(f);
    fixture_append(f, "the first record");
    fixture_append(f, "the other record");
    must(wal_rotate(f->log));
    fixture_append(f, "third");
    snprintf(v->path, sizeof v->path, "%s", fixture_segment_path(f, 1));
    fixture_read_file(v->path, 0, block, sizeof block);
    assert_int_equal(segment_header_decode_block(&v->segment, block, &repairs), DECODED_RIGHT);
    for (int k = 0; k < 2; k++) {
        uint8_t header[GROUP_HEADER_BYTES];
        fixture_read_file(v->path, at, header, sizeof header);
        assert_int_equal(group_header_decode(&v->group[k], header, v->segment.salt,
                                             (uint32_t)v->segment.epoch, (uint32_t)(at / 64)),
                         GROUP_RIGHT);
        assert_true(v->group[k].flags & GROUP_ENCRYPTED);
        v->bytes[k] = malloc(GROUP_HEADER_BYTES + v->group[k].stored_bytes);
        fixture_read_file(v->path, at, v->bytes[k], GROUP_HEADER_BYTES + v->group[k].stored_bytes);
        at += group_disk_bytes(v->group[k].stored_bytes, 64);
    }
}

/* Right checksums for what was made of a group; in place of what was there. */
static void victim_store(struct victim *v, int k)
{
    struct group_header *h = &v->group[k];
    uint8_t *body = v->bytes[k] + GROUP_HEADER_BYTES;
    h->body_crc = group_body_crc(v->segment.salt, body, h->stored_bytes);
    group_header_encode(v->bytes[k], h, v->segment.salt);
    uint64_t at = (uint64_t)h->place * 64, end = at + GROUP_HEADER_BYTES + h->stored_bytes;
    fixture_write_file(v->path, at, v->bytes[k], (size_t)(end - at));
    fixture_write_file(v->path, end, (uint8_t[64]){0}, (size_t)((64 - end % 64) % 64));
}

static void victim_free(struct victim *v)
{
    free(v->bytes[0]);
    free(v->bytes[1]);
}

static void expect_unread(struct log_fixture *f, uint64_t lsn, int code)
{
    wal_record_t r = {.size = sizeof r};
    char buf[100];
    expect_error(code, wal_get(f->log, lsn, buf, sizeof buf, &r), "00000000000000000001.wal");
    expect_error(code, wal_replay(f->log, 1, ignore_record, NULL, NULL), NULL);
    expect_record(f->log, 3, "third");
}

static void test_a_changed_body(void **state)
{
    struct victim v;
    victim_load(*state, &v);
    v.bytes[0][GROUP_HEADER_BYTES + 3] ^= 1;
    victim_store(&v, 0);
    expect_unread(*state, 1, WAL_E_CRYPTO);
    victim_free(&v);
}

static void test_a_body_in_the_place_of_another(void **state)
{
    struct victim v;
    victim_load(*state, &v);
    assert_int_equal(v.group[0].stored_bytes, v.group[1].stored_bytes);
    memcpy(v.bytes[0] + GROUP_HEADER_BYTES, v.bytes[1] + GROUP_HEADER_BYTES,
           v.group[0].stored_bytes);
    victim_store(&v, 0);
    expect_unread(*state, 1, WAL_E_CRYPTO);
    victim_free(&v);
}

/* Each field of the header that a reader goes by, the encryption itself among them. */
static void test_a_changed_header(void **state)
{
    struct log_fixture *f = *state;
    struct victim v;

    victim_load(f, &v);
    struct group_header good = v.group[0];
    v.group[0].watermark = 0;
    v.group[0].durable_place = 1;
    victim_store(&v, 0);
    expect_unread(f, 1, WAL_E_CRYPTO);
    v.group[0] = good;
    v.group[0].flags = 0;
    v.group[0].raw_bytes = v.group[0].stored_bytes;
    victim_store(&v, 0);
    expect_unread(f, 1, WAL_E_CORRUPT);
    v.group[0] = good;
    v.group[0].stored_bytes -= 8; /* cut */
    v.group[0].raw_bytes -= 8;
    victim_store(&v, 0);
    expect_unread(f, 1, WAL_E_CRYPTO);
    v.group[0] = good;
    victim_free(&v);
}

/* A group of another segment, with the numbers of the one that it takes the place of. */
static void test_a_group_of_another_segment(void **state)
{
    struct log_fixture *f = *state;
    struct victim v;
    uint8_t header[GROUP_HEADER_BYTES];

    victim_load(f, &v);
    fixture_read_file(fixture_segment_path(f, 2), SEGMENT_HEADER_BLOCK, header, sizeof header);
    uint32_t size = group_header_stored_bytes(header);
    v.bytes[0] = realloc(v.bytes[0], GROUP_HEADER_BYTES + size);
    fixture_read_file(fixture_segment_path(f, 2), SEGMENT_HEADER_BLOCK + GROUP_HEADER_BYTES,
                      v.bytes[0] + GROUP_HEADER_BYTES, size);
    v.group[0].stored_bytes = size;
    v.group[0].raw_bytes = size - CIPHER_TAG_BYTES;
    victim_store(&v, 0);
    expect_unread(f, 1, WAL_E_CRYPTO);
    victim_free(&v);
}

static void test_damage_is_still_damage(void **state)
{
    struct log_fixture *f = *state;
    struct victim v;

    victim_load(f, &v);
    uint8_t byte = v.bytes[0][GROUP_HEADER_BYTES + 5] ^ 0x55; /* what it is depends on the salt */
    fixture_write_file(v.path, SEGMENT_HEADER_BLOCK + GROUP_HEADER_BYTES + 5, &byte, 1);
    expect_unread(f, 1, WAL_E_CORRUPT);
    victim_free(&v);
}

/* Encryption that fails */

static void test_a_seal_that_fails_is_an_error_and_nothing_more(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = 77;

    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
    fixture_append(f, "one");
    toy_fail(&toy, TOY_SEAL, 1);
    expect_error(WAL_E_CRYPTO, wal_append(f->log, SECRET, 16, &lsn), "encrypting failed");
    assert_int_equal(lsn, 77);
    assert_int_equal(secrets_in(f->dir), 0);
    assert_int_equal(fixture_append(f, "two"), 2);
    wal_batch_t *b = fixture_batch(f);
    for (unsigned k = 0; k < 20; k++)
        must(wal_batch_append(b, 1, fixture_bytes(3000, 'x'), 3000));
    toy_fail(&toy, TOY_SEAL, 1); /* it would spill now */
    expect_error(WAL_E_CRYPTO, wal_batch_append(b, 1, fixture_bytes(9000, 'x'), 9000), NULL);
    for (unsigned k = 0; k < 30; k++)
        must(wal_batch_append(b, 1, fixture_bytes(3000, 'x'), 3000));
    toy_fail(&toy, TOY_SEAL, 2); /* the second group of a batch */
    expect_error(WAL_E_CRYPTO, wal_batch_commit(b, 0, NULL, NULL), "encrypting failed");
    must(wal_batch_commit(b, 0, NULL, &lsn));
    assert_int_equal(lsn, 52);
    wal_batch_free(b);
    toy_fail(&toy, TOY_SEAL, 1);
    expect_error(WAL_E_CRYPTO, wal_rotate(f->log), "encrypting failed");
    fixture_append(f, "three");
    fixture_crash(f);
    fixture_open(f);
    expect_record(f->log, 2, "two");
    expect_record(f->log, 53, "three");
    assert_int_equal(wal_failure(f->log), 0);
}

static void test_a_key_that_cannot_be_derived(void **state)
{
    struct log_fixture *f = *state;

    toy_fail(&toy, TOY_DERIVE, 1);
    expect_writer_refused(f, WAL_E_CRYPTO, "deriving");
    fixture_open(f);
    fixture_append(f, "one");
    fixture_reopen(f);
    toy_fail(&toy, TOY_DERIVE, 1);
    expect_error(WAL_E_CRYPTO, wal_append(f->log, SECRET, 16, NULL), "deriving");
    fixture_append(f, "two");
    expect_record(f->log, 2, "two");
    assert_int_equal(secrets_in(f->dir), 0);
}

/* More of them than are kept open. */
static void test_many_segments(void **state)
{
    enum { SEGMENTS = 150 };
    struct log_fixture *f = *state;

    fixture_open(f);
    for (int k = 0; k < SEGMENTS; k++) {
        fixture_append(f, SECRET);
        must(wal_rotate(f->log));
    }
    for (uint64_t lsn = 1; lsn <= SEGMENTS; lsn++)
        expect_record(f->log, lsn, SECRET);
    for (uint64_t lsn = 1; lsn <= SEGMENTS; lsn++)
        expect_record(f->log, lsn, SECRET);
    fixture_close(f);
    assert_int_equal(toy.n[TOY_DERIVE], toy.n[TOY_DROP]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        encrypted_test(test_nothing_is_in_clear),
        encrypted_test(test_without_a_cipher_it_is_in_clear),
        encrypted_test(test_without_the_key_nothing_is_read),
        encrypted_test(test_without_the_key_a_crash_is_not_cut),
        encrypted_test(test_keys_are_changed_over_time),
        encrypted_test(test_a_plain_log_becomes_encrypted),
        encrypted_test(test_every_key_is_dropped),
        encrypted_test(test_many_segments),
        encrypted_test(test_a_changed_body),
        encrypted_test(test_a_body_in_the_place_of_another),
        encrypted_test(test_a_changed_header),
        encrypted_test(test_a_group_of_another_segment),
        encrypted_test(test_damage_is_still_damage),
        encrypted_test(test_a_seal_that_fails_is_an_error_and_nothing_more),
        encrypted_test(test_a_key_that_cannot_be_derived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
