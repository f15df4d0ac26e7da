/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/codes.h"
#include "log/meta_changes.h"
#include "support/poor_alloc.h"

static struct poor_alloc poor;
static struct meta_changes changes;

static int setup(void **state)
{
    (void)state;
    poor_init(&poor, UINT32_MAX);
    changes = (struct meta_changes){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    meta_changes_clear(&changes, &poor.alloc);
    assert_int_equal(poor.live, 0);
    return 0;
}

/* value NULL: the key goes. */
static int add(const char *key, const char *value)
{
    struct meta_change c;
    int e = meta_change_make(&c, key, strlen(key), value, value ? strlen(value) : 0);
    return e < 0 ? e : meta_changes_add(&changes, &poor.alloc, &c);
}

/* What has become of the k-th key. */
static void expect(size_t k, const char *key, const char *value, bool must_exist)
{
    const struct meta_change *c = &changes.list[k];
    assert_int_equal(c->entry.key_size, strlen(key));
    assert_memory_equal(c->entry.key, key, strlen(key));
    assert_int_equal(c->entry.value != NULL, value != NULL);
    if (value) {
        assert_int_equal(c->entry.value_size, strlen(value));
        assert_memory_equal(c->entry.value, value, strlen(value));
    }
    assert_int_equal(c->must_exist, must_exist);
}

static void what_callers_may_say(void **state)
{
    struct meta_change c;
    char key[META_KEY_MAX + 1] = {0}, value[META_VALUE_MAX + 1] = {0};
    (void)state;

    assert_int_equal(meta_change_make(&c, key, META_KEY_MAX, value, META_VALUE_MAX), 0);
    assert_false(c.must_exist);
    assert_int_equal(meta_change_make(&c, key, 1, value, 0), 0);
    assert_non_null(c.entry.value);
    assert_int_equal(meta_change_make(&c, key, 1, NULL, 0), 0);
    assert_null(c.entry.value);
    assert_true(c.must_exist);
    assert_int_equal(meta_change_make(&c, key, META_KEY_MAX + 1, value, 0), WAL_E_TOOBIG);
    assert_int_equal(meta_change_make(&c, key, 1, value, META_VALUE_MAX + 1), WAL_E_TOOBIG);
    assert_int_equal(meta_change_make(&c, key, 0, value, 0), WAL_E_INVAL);
    assert_int_equal(meta_change_make(&c, NULL, 1, value, 0), WAL_E_INVAL);
    assert_int_equal(meta_change_make(&c, key, 1, NULL, 1), WAL_E_INVAL);
}

static void the_last_word_about_each_key(void **state)
{
    (void)state;
    assert_int_equal(add("a", "1"), 0);
    assert_int_equal(add("b", NULL), 0);
    assert_int_equal(add("ab", ""), 0);
    assert_int_equal(changes.n, 3);
    expect(0, "a", "1", false);
    expect(1, "b", NULL, true);
    expect(2, "ab", "", false);
    assert_int_equal(add("a", "a longer one"), 0);
    assert_int_equal(add("b", "2"), 0);
    assert_int_equal(add("ab", NULL), 0);
    assert_int_equal(changes.n, 3);
    expect(0, "a", "a longer one", false);
    expect(1, "b", "2", true); /* it was to go first, so it has to be there */
    expect(2, "ab", NULL, false);
    assert_int_equal(add("ab", NULL), WAL_E_NOTFOUND);
    assert_int_equal(add("b", NULL), 0);
    assert_int_equal(add("b", NULL), WAL_E_NOTFOUND);
    expect(1, "b", NULL, true);
    meta_changes_clear(&changes, &poor.alloc);
    assert_int_equal(changes.n, 0);
    assert_int_equal(add("ab", NULL), 0);
    expect(0, "ab", NULL, true);
}

static void as_many_as_can_succeed(void **state)
{
    char key[16];
    (void)state;

    for (int k = 0; k < META_CHANGES_MAX; k++) {
        snprintf(key, sizeof key, "%d", k);
        assert_int_equal(add(key, "v"), 0);
    }
    assert_int_equal(add("one more", "v"), WAL_E_FULL);
    assert_int_equal(add("5", "another value"), 0);
    assert_int_equal(changes.n, META_CHANGES_MAX);
}

static void without_memory(void **state)
{
    (void)state;
    poor_init(&poor, 0);
    assert_int_equal(add("a", "1"), WAL_E_NOMEM);
    assert_int_equal(changes.n, 0);
    poor_init(&poor, 1); /* the list, but not the copy */
    assert_int_equal(add("a", "1"), WAL_E_NOMEM);
    assert_int_equal(changes.n, 0);
    poor.left = 1;
    assert_int_equal(add("a", "1"), 0);
    poor.left = 0;
    assert_int_equal(add("a", "2"), WAL_E_NOMEM);
    expect(0, "a", "1", false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_callers_may_say),
        TEST(the_last_word_about_each_key),
        TEST(as_many_as_can_succeed),
        TEST(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
