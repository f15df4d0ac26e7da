/* SPDX-License-Identifier: Apache-2.0 */
/* A cipher in the options: what is refused, what is given back, and how long it is kept. */
#include "support/log_fixture.h"

#include <string.h>

#include "support/toy_cipher.h"

static struct toy toy;
static wal_cipher_t cipher;

static int setup(void **state)
{
    toy = (struct toy){.keys = TOY_KEY(0) | TOY_KEY(1) | TOY_KEY(2)};
    cipher = toy_cipher(&toy);
    return fixture_setup(state);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

static void expect_released(unsigned times)
{
    assert_int_equal(toy.n[TOY_RELEASE], times);
}

static void test_what_is_set_is_given_back(void **state)
{
    struct log_fixture *f = *state;
    wal_cipher_t got = {.size = sizeof got};
    uint32_t key_id = 77;

    expect_error(WAL_E_NOTFOUND, wal_options_cipher(f->options, &got, &key_id), "no cipher");
    assert_int_equal(key_id, 77);
    must(wal_options_set_cipher(f->options, &cipher, 0));
    must(wal_options_cipher(f->options, &got, &key_id));
    assert_memory_equal(&got, &cipher, sizeof got);
    assert_int_equal(key_id, 0);
    must(wal_options_set_cipher(f->options, &cipher, UINT32_MAX));
    must(wal_options_cipher(f->options, &got, &key_id));
    assert_int_equal(key_id, UINT32_MAX);
    must(wal_options_cipher(f->options, &got, NULL));
    got.size = sizeof got - 1;
    expect_error(WAL_E_INVAL, wal_options_cipher(f->options, &got, &key_id), "size is 55");
    expect_error(WAL_E_INVAL, wal_options_cipher(NULL, &got, &key_id), "options are NULL");
    expect_error(WAL_E_INVAL, wal_options_cipher(f->options, NULL, &key_id), "ret is NULL");
    must(wal_options_set_cipher(f->options, NULL, 9));
    got.size = sizeof got;
    expect_error(WAL_E_NOTFOUND, wal_options_cipher(f->options, &got, &key_id), "no cipher");
}

static void test_larger_structs_are_cut_and_filled(void **state)
{
    struct log_fixture *f = *state;
    struct {
        wal_cipher_t cipher;
        uint64_t later;
    } larger = {cipher, 5};

    larger.cipher.size = sizeof larger;
    must(wal_options_set_cipher(f->options, &larger.cipher, 1));
    must(wal_options_cipher(f->options, &larger.cipher, NULL));
    assert_int_equal(larger.cipher.size, sizeof larger);
    assert_ptr_equal(larger.cipher.release, cipher.release);
    assert_int_equal(larger.later, 0);
}

/* Refused, and what was set before stays. */
static void refuse(struct log_fixture *f, wal_cipher_t wrong, const char *part)
{
    wal_cipher_t got = {.size = sizeof got};
    uint32_t key_id;

    expect_error(WAL_E_INVAL, wal_options_set_cipher(f->options, &wrong, 2), part);
    must(wal_options_cipher(f->options, &got, &key_id));
    assert_int_equal(key_id, 1);
    expect_released(0);
}

static void test_what_is_none_is_refused(void **state)
{
    struct log_fixture *f = *state;
    wal_cipher_t wrong = cipher;

    must(wal_options_set_cipher(f->options, &cipher, 1));
    wrong.size--;
    refuse(f, wrong, "size is 55");
    wrong = cipher;
    wrong.id = 0;
    refuse(f, wrong, "id is 0");
    wrong.id = 65536;
    refuse(f, wrong, "id is 65536");
    wrong = cipher;
    wrong.derive = NULL;
    refuse(f, wrong, "is NULL");
    wrong = cipher;
    wrong.seal = NULL;
    refuse(f, wrong, "is NULL");
    wrong = cipher;
    wrong.open = NULL;
    refuse(f, wrong, "is NULL");
    expect_error(WAL_E_INVAL, wal_options_set_cipher(NULL, &cipher, 1), "options are NULL");
}

static void test_drop_and_release_may_be_missing(void **state)
{
    struct log_fixture *f = *state;

    cipher.drop = NULL;
    cipher.release = NULL;
    cipher.id = 65535;
    must(wal_options_set_cipher(f->options, &cipher, 1));
    must(wal_options_set_cipher(f->options, NULL, 0));
    expect_released(0);
}

static void test_replaced_removed_and_freed_ones_are_released(void **state)
{
    struct log_fixture *f = *state;
    wal_options_t *o;

    must(wal_options_set_cipher(f->options, &cipher, 1));
    must(wal_options_set_cipher(f->options, &cipher, 2));
    expect_released(1);
    must(wal_options_set_cipher(f->options, NULL, 0));
    expect_released(2);
    must(wal_options_set_cipher(f->options, NULL, 0));
    must(wal_options_new(&o));
    must(wal_options_set_cipher(o, &cipher, 1));
    wal_options_free(o);
    expect_released(3);
}

static void test_an_open_log_keeps_it(void **state)
{
    struct log_fixture *f = *state;

    must(wal_options_set_cipher(f->options, &cipher, 1));
    fixture_open(f);
    must(wal_options_set_cipher(f->options, NULL, 0));
    expect_released(0);
    fixture_append(f, "one");
    fixture_close(f);
    expect_released(1);
}

static void test_its_last_reader_and_batch_keep_it(void **state)
{
    struct log_fixture *f = *state;
    wal_reader_t *r;
    wal_batch_t *b;

    must(wal_options_set_cipher(f->options, &cipher, 1));
    fixture_open(f);
    fixture_append(f, "one");
    must(wal_reader_open(f->log, 1, 0, &r));
    must(wal_batch_new(f->log, &b));
    must(wal_options_set_cipher(f->options, NULL, 0));
    fixture_close(f);
    wal_batch_free(b);
    expect_released(0);
    wal_reader_close(r);
    expect_released(1);
}

static void test_both_handles_of_a_log_keep_it(void **state)
{
    struct log_fixture *f = *state;
    wal_t *reader;

    must(wal_options_set_cipher(f->options, &cipher, 1));
    fixture_open(f);
    fixture_append(f, "one");
    fixture_set(f, WAL_OPT_READ_ONLY, 1);
    must(wal_open(f->dir, f->options, &reader));
    fixture_close(f);
    must(wal_options_set_cipher(f->options, NULL, 0));
    expect_released(0);
    must(wal_close(reader));
    expect_released(1);
}

static void test_a_failed_open_gives_it_back(void **state)
{
    struct log_fixture *f = *state;

    must(wal_options_set_cipher(f->options, &cipher, 1));
    fixture_set(f, WAL_OPT_CREATE, 0);
    expect_refused(f, WAL_E_NOTFOUND, NULL);
    expect_released(0);
    must(wal_options_set_cipher(f->options, NULL, 0));
    expect_released(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_set_is_given_back),
        TEST(test_larger_structs_are_cut_and_filled),
        TEST(test_what_is_none_is_refused),
        TEST(test_drop_and_release_may_be_missing),
        TEST(test_replaced_removed_and_freed_ones_are_released),
        TEST(test_an_open_log_keeps_it),
        TEST(test_its_last_reader_and_batch_keep_it),
        TEST(test_both_handles_of_a_log_keep_it),
        TEST(test_a_failed_open_gives_it_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
