/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata: limits, order, and that it survives everything. */
#include "support/log_fixture.h"

#include <string.h>

enum { MARK = 0x5a5a, KEYS = 64, KEY = 64, VALUE = 1024 };

static void set(struct log_fixture *f, const char *key, const char *value)
{
    must(wal_meta_set(f->log, key, strlen(key), value, strlen(value)));
}

static void expect_no_meta(wal_t *w, const char *key)
{
    char buf[4] = "uuu";
    size_t size = MARK;
    expect_error(WAL_E_NOTFOUND, wal_meta_get(w, key, strlen(key), buf, sizeof buf, &size), NULL);
    assert_int_equal(size, MARK);
    assert_string_equal(buf, "uuu");
}

static void test_set_get_delete(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    expect_no_meta(f->log, "vote");
    set(f, "vote", "7");
    expect_meta(f->log, "vote", "7");
    set(f, "vote", "a longer one");
    set(f, "vot", "");
    expect_meta(f->log, "vote", "a longer one");
    expect_meta(f->log, "vot", ""); /* an empty value is a value */
    must(wal_meta_set(f->log, "null", 4, NULL, 0));
    expect_meta(f->log, "null", "");
    must(wal_meta_delete(f->log, "vote", 4));
    expect_no_meta(f->log, "vote");
    expect_error(WAL_E_NOTFOUND, wal_meta_delete(f->log, "vote", 4), NULL);
    expect_meta(f->log, "vot", "");
    expect_range(f->log, 1, 0, 1, 0); /* it takes no LSNs */
    fixture_crash(f);                 /* and was durable at once */
    fixture_open(f);
    expect_no_meta(f->log, "vote");
    expect_meta(f->log, "vot", "");
    expect_meta(f->log, "null", "");
}

static void test_keys_and_values_are_bytes(void **state)
{
    struct log_fixture *f = *state;
    char buf[8];
    size_t size;

    fixture_open(f);
    must(wal_meta_set(f->log, "\0\xff", 2, "\0\0\1", 3));
    must(wal_meta_set(f->log, "\0", 1, "x", 1));
    fixture_reopen(f);
    must(wal_meta_get(f->log, "\0\xff", 2, buf, sizeof buf, &size));
    assert_int_equal(size, 3);
    assert_memory_equal(buf, "\0\0\1", 3);
    must(wal_meta_get(f->log, "\0", 1, buf, sizeof buf, &size));
    assert_int_equal(size, 1);
}

static void test_sizes(void **state)
{
    struct log_fixture *f = *state;
    char key[KEY + 1], buf[VALUE];
    size_t size = MARK;
    const void *value = fixture_bytes(VALUE + 1, 'v');

    memset(key, 'k', sizeof key);
    fixture_open(f);
    must(wal_meta_set(f->log, key, KEY, value, VALUE));
    must(wal_meta_set(f->log, key, 1, value, 1));
    expect_error(WAL_E_TOOBIG, wal_meta_set(f->log, key, KEY + 1, value, 1), "65");
    expect_error(WAL_E_TOOBIG, wal_meta_set(f->log, key, KEY, value, VALUE + 1), "1025");
    expect_error(WAL_E_TOOBIG, wal_meta_set(f->log, key, KEY, value, SIZE_MAX), NULL);
    expect_error(WAL_E_TOOBIG, wal_meta_set(f->log, key, SIZE_MAX, value, 1), NULL);
    expect_error(WAL_E_INVAL, wal_meta_set(f->log, key, 0, value, 1), "key");
    expect_error(WAL_E_TOOBIG, wal_meta_get(f->log, key, KEY + 1, buf, 1, &size), "65");
    expect_error(WAL_E_TOOBIG, wal_meta_delete(f->log, key, KEY + 1), "65");
    assert_int_equal(size, MARK);
    for (int round = 0; round < 2; round++) {
        must(wal_meta_get(f->log, key, KEY, buf, sizeof buf, &size));
        assert_int_equal(size, VALUE);
        assert_memory_equal(buf, value, VALUE);
        fixture_reopen(f);
    }
}

static void test_arguments(void **state)
{
    struct log_fixture *f = *state;
    char buf[4] = "uuu";
    size_t size = MARK;

    fixture_open(f);
    set(f, "k", "value");
    expect_error(WAL_E_INVAL, wal_meta_set(f->log, NULL, 1, "v", 1), "key");
    expect_error(WAL_E_INVAL, wal_meta_set(f->log, "k", 1, NULL, 1), "value");
    expect_error(WAL_E_INVAL, wal_meta_set(NULL, "k", 1, "v", 1), "NULL");
    expect_error(WAL_E_INVAL, wal_meta_get(f->log, NULL, 1, buf, 4, &size), "key");
    expect_error(WAL_E_INVAL, wal_meta_get(f->log, "k", 0, buf, 4, &size), "key");
    expect_error(WAL_E_INVAL, wal_meta_get(f->log, "k", 1, NULL, 4, &size), "buf");
    expect_error(WAL_E_INVAL, wal_meta_get(f->log, "k", 1, buf, 4, NULL), "ret_vlen");
    expect_error(WAL_E_INVAL, wal_meta_get(NULL, "k", 1, buf, 4, &size), "NULL");
    expect_error(WAL_E_INVAL, wal_meta_delete(f->log, NULL, 1), "key");
    expect_error(WAL_E_INVAL, wal_meta_delete(f->log, "k", 0), "key");
    expect_error(WAL_E_INVAL, wal_meta_delete(NULL, "k", 1), "NULL");
    expect_error(WAL_E_INVAL, wal_meta_each(f->log, NULL, NULL), "fn");
    assert_int_equal(size, MARK);
    expect_error(WAL_E_TOOBIG, wal_meta_get(f->log, "k", 1, buf, 4, &size), "5 bytes");
    assert_int_equal(size, 5);
    expect_error(WAL_E_TOOBIG, wal_meta_get(f->log, "k", 1, NULL, 0, &size), NULL);
    assert_string_equal(buf, "uuu");
    expect_meta(f->log, "k", "value");
}

static void test_64_keys_and_no_more(void **state)
{
    struct log_fixture *f = *state;
    char key[KEY];
    const void *value = fixture_bytes(VALUE, 'v');

    memset(key, 'k', sizeof key);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 << 10); /* the map alone is larger than that */
    fixture_open(f);
    for (int k = 0; k < KEYS; k++) {
        key[KEY - 1] = (char)k;
        must(wal_meta_set(f->log, key, KEY, value, VALUE));
    }
    key[KEY - 1] = KEYS;
    expect_error(WAL_E_FULL, wal_meta_set(f->log, key, KEY, value, VALUE), NULL);
    expect_error(WAL_E_FULL, wal_meta_set(f->log, "z", 1, "", 0), NULL);
    key[KEY - 1] = 5;
    must(wal_meta_set(f->log, key, KEY, "new", 3)); /* a change is no new key */
    fixture_append(f, "record");
    fixture_crash(f);
    fixture_open(f);
    expect_error(WAL_E_FULL, wal_meta_set(f->log, "z", 1, "", 0), NULL);
    must(wal_meta_delete(f->log, key, KEY));
    set(f, "z", "room again");
    expect_error(WAL_E_FULL, wal_meta_set(f->log, "y", 1, "", 0), NULL);
    expect_record(f->log, 1, "record");
}

static void expect_all_three(wal_t *w)
{
    expect_meta(w, "a", "1");
    expect_meta(w, "b", "");
    expect_meta(w, "c", "three");
}

static void test_it_survives_everything(void **state)
{
    struct log_fixture *f = *state;
    const wal_record_t r = {.size = sizeof r, .data = "x", .data_size = 1};

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 4);
    fixture_open(f);
    set(f, "a", "1");
    set(f, "b", "");
    set(f, "c", "three");
    for (int crash = 0; crash < 2; crash++) {
        fixture_fill(f, 10); /* rotates by itself */
        expect_all_three(f->log);
        must(wal_rotate(f->log));
        must(wal_truncate_before(f->log, wal_next_lsn(f->log)));
        expect_all_three(f->log);
        fixture_fill(f, 10);
        must(wal_truncate_before(f->log, wal_last_lsn(f->log)));
        must(wal_replace_after(f->log, wal_last_lsn(f->log) - 1, &r, 1, 0, NULL));
        must(wal_truncate_after(f->log, wal_first_lsn(f->log) - 1));
        expect_all_three(f->log);
        must(wal_reset(f->log, 1));
        expect_all_three(f->log);
        if (crash)
            fixture_crash(f);
        else
            fixture_close(f);
        fixture_open(f);
        expect_all_three(f->log);
        for (int k = 0; k < 3; k++) {
            fixture_reopen(f);
            fixture_append(f, "x");
        }
        expect_all_three(f->log);
    }
}

struct seen {
    char keys[64];
    int stop; /* after so many; 0: never */
    int n, answer, wrong;
};

static int see(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    struct seen *s = ctx;
    strncat(s->keys, key, klen);
    s->wrong |= vlen != klen || memcmp(key, value, vlen) != 0;
    return ++s->n == s->stop ? s->answer : 0;
}

static void test_each_in_the_order_of_their_bytes(void **state)
{
    struct log_fixture *f = *state;
    struct seen s = {0};
    const char *const keys[] = {"m", "ab", "a", "z", "B", "b"};

    fixture_open(f);
    must(wal_meta_each(f->log, see, &s));
    assert_int_equal(s.n, 0);
    for (size_t k = 0; k < COUNT_OF(keys); k++)
        set(f, keys[k], keys[k]);
    for (int round = 0; round < 2; round++) {
        s = (struct seen){0};
        must(wal_meta_each(f->log, see, &s));
        assert_string_equal(s.keys, "Baabbmz");
        assert_false(s.wrong);
        fixture_reopen(f);
    }
    s = (struct seen){.stop = 2, .answer = 1};
    must(wal_meta_each(f->log, see, &s));
    assert_int_equal(s.n, 2);
    s = (struct seen){.stop = 3, .answer = -77};
    expect_error(WAL_E_CALLBACK, wal_meta_each(f->log, see, &s), "-77");
    assert_int_equal(s.n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_set_get_delete),
        fixture_test(test_keys_and_values_are_bytes),
        fixture_test(test_sizes),
        fixture_test(test_arguments),
        fixture_test(test_64_keys_and_no_more),
        fixture_test(test_it_survives_everything),
        fixture_test(test_each_in_the_order_of_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
