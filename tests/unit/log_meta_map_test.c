/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "log/meta_map.h"
#include "support/poor_alloc.h"

static struct poor_alloc poor;
static struct meta_map map;

static int setup(void **state)
{
    (void)state;
    poor_init(&poor, UINT32_MAX);
    map = (struct meta_map){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    meta_map_free(&map, &poor.alloc);
    assert_int_equal(poor.live, 0);
    return 0;
}

static struct meta_change to(const char *key, const char *value)
{
    return (struct meta_change){.entry = {.key = (const uint8_t *)key,
                                          .key_size = (uint16_t)strlen(key),
                                          .value = (const uint8_t *)value,
                                          .value_size = value ? (uint16_t)strlen(value) : 0},
                                .must_exist = !value};
}

/* The map with the change; value NULL removes. */
static int change(const char *key, const char *value)
{
    struct meta_map next;
    struct meta_change c = to(key, value);

    int r = meta_map_with(&map, &poor.alloc, &c, 1, &next);
    if (r == 0) {
        meta_map_free(&map, &poor.alloc);
        map = next;
    }
    return r;
}

static void assert_value(const char *key, const char *value)
{
    const struct meta_entry *e = meta_map_find(&map, key, strlen(key));
    if (!value) {
        assert_null(e);
        return;
    }
    assert_non_null(e);
    assert_int_equal(e->value_size, strlen(value));
    assert_memory_equal(e->value, value, e->value_size);
}

static void assert_order(const char *keys)
{
    char all[256] = "";
    for (int k = 0; k < map.n; k++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%.*s ", map.entries[k].key_size,
                 (const char *)map.entries[k].key);
    assert_string_equal(all, keys);
}

static void sets_replaces_and_removes(void **state)
{
    (void)state;
    assert_value("a", NULL);
    assert_int_equal(change("b", "1"), 0);
    assert_int_equal(change("a", "22"), 0);
    assert_int_equal(change("c", ""), 0);
    assert_order("a b c ");
    assert_value("a", "22");
    assert_value("b", "1");
    assert_value("c", "");
    assert_value("d", NULL);
    assert_int_equal(change("b", "a longer value"), 0);
    assert_value("b", "a longer value");
    assert_order("a b c ");
    assert_int_equal(change("a", NULL), 0);
    assert_value("a", NULL);
    assert_order("b c ");
    assert_int_equal(change("c", NULL), 0);
    assert_int_equal(change("b", NULL), 0);
    assert_int_equal(map.n, 0);
    assert_non_null(map.body); /* empty, but there was some */
    assert_int_equal(map.size, 8);
}

static void keys_are_in_the_order_of_their_bytes(void **state)
{
    (void)state;
    const char *keys[] = {"b", "\xff", "aa", "a", "ab", "A", "aaa"};
    for (size_t k = 0; k < 7; k++)
        assert_int_equal(change(keys[k], keys[k]), 0);
    assert_order("A a aa aaa ab b \xff ");
    for (size_t k = 0; k < 7; k++)
        assert_value(keys[k], keys[k]);
    assert_value("aaaa", NULL);
    assert_value("ac", NULL);
    assert_null(meta_map_find(&map, "aaa", 0));
}

static void the_old_map_stays_as_it_was(void **state)
{
    struct meta_map next;
    struct meta_change c = to("a", "new");
    (void)state;

    assert_int_equal(change("a", "old"), 0);
    assert_int_equal(meta_map_with(&map, &poor.alloc, &c, 1, &next), 0);
    assert_value("a", "old");
    meta_map_free(&next, &poor.alloc);

    c.entry = map.entries[0]; /* a change may point into the old map */
    assert_int_equal(meta_map_with(&map, &poor.alloc, &c, 1, &next), 0);
    meta_map_free(&map, &poor.alloc);
    map = next;
    assert_value("a", "old");
}

static void the_body_is_what_a_group_holds(void **state)
{
    struct meta_entry entries[META_KEYS_MAX];
    struct meta_map copy = {0};
    (void)state;

    assert_int_equal(change("k", "v"), 0);
    assert_int_equal(change("l", "w"), 0);
    assert_int_equal(meta_body_decode(entries, map.body, map.size), 2);
    assert_int_equal(meta_map_load(&copy, &poor.alloc, map.body, map.size), 0);
    meta_map_free(&map, &poor.alloc);
    map = copy;
    assert_value("k", "v");
    assert_value("l", "w");
}

static void loading_replaces_all_or_nothing(void **state)
{
    uint8_t body[64];
    struct meta_entry e = to("new", "value").entry;
    (void)state;

    assert_int_equal(change("old", "value"), 0);
    meta_body_encode(body, &e, 1);
    size_t size = meta_body_bytes(&e, 1);
    for (size_t wrong = 0; wrong < size; wrong++) {
        assert_int_equal(meta_map_load(&map, &poor.alloc, body, wrong), WAL_E_CORRUPT);
        assert_int_equal(fault_last()->code, WAL_E_CORRUPT);
    }
    body[4] = 1;
    assert_int_equal(meta_map_load(&map, &poor.alloc, body, size), WAL_E_CORRUPT);
    body[4] = 0;
    assert_value("old", "value");
    poor.left = 0;
    assert_int_equal(meta_map_load(&map, &poor.alloc, body, size), WAL_E_NOMEM);
    assert_value("old", "value");
    poor.left = 1;
    assert_int_equal(meta_map_load(&map, &poor.alloc, body, size), 0);
    assert_order("new ");
}

static void refusals_change_nothing(void **state)
{
    (void)state;
    assert_int_equal(change("a", NULL), WAL_E_NOTFOUND);
    assert_int_equal(change("a", "1"), 0);
    assert_int_equal(change("b", NULL), WAL_E_NOTFOUND);
    poor.left = 0;
    assert_int_equal(change("b", "2"), WAL_E_NOMEM);
    assert_int_equal(change("a", NULL), WAL_E_NOMEM);
    assert_value("a", "1");
    poor.left = UINT32_MAX;
}

static void sixty_four_keys_of_the_largest_size_and_no_more(void **state)
{
    char key[META_KEY_MAX + 1], value[META_VALUE_MAX + 1];
    (void)state;

    memset(value, 'v', META_VALUE_MAX);
    value[META_VALUE_MAX] = '\0';
    memset(key, 'k', META_KEY_MAX);
    key[META_KEY_MAX] = '\0';
    for (int k = META_KEYS_MAX - 1; k >= 0; k--) {
        key[META_KEY_MAX - 1] = (char)(' ' + k);
        assert_int_equal(change(key, value), 0);
    }
    assert_int_equal(map.n, META_KEYS_MAX);
    assert_int_equal(map.size, META_BODY_MAX);
    assert_int_equal(change("one more", ""), WAL_E_FULL);
    assert_int_equal(fault_last()->code, WAL_E_FULL);
    assert_int_equal(change("another", NULL), WAL_E_NOTFOUND);
    assert_int_equal(change(key, "replaced"), 0); /* those that are there may change ... */
    assert_value(key, "replaced");
    assert_int_equal(change(key, NULL), 0); /* ... and go */
    assert_int_equal(change("one more", ""), 0);
    assert_int_equal(map.n, META_KEYS_MAX);
}

/* What several changes come to */

static int change_all(const struct meta_change *changes, size_t n)
{
    struct meta_map next;
    int r = meta_map_with(&map, &poor.alloc, changes, n, &next);
    if (r == 0) {
        meta_map_swap(&map, &next);
        meta_map_free(&next, &poor.alloc);
    }
    return r;
}

static void several_changes_at_once(void **state)
{
    (void)state;
    const struct meta_change first[] = {to("c", "3"), to("a", "1"), to("b", "2")};
    const struct meta_change second[] = {to("a", NULL), to("d", "4"), to("c", "33")};
    const struct meta_change missing[] = {to("e", "5"), to("a", NULL)};
    struct meta_change gone = to("x", NULL);

    assert_int_equal(change_all(first, 3), 0);
    assert_order("a b c ");
    assert_int_equal(change_all(second, 3), 0);
    assert_order("b c d ");
    assert_value("c", "33");
    assert_int_equal(change_all(missing, 2), WAL_E_NOTFOUND);
    assert_order("b c d ");
    gone.must_exist = false; /* it need not be there */
    assert_int_equal(change_all(&gone, 1), 0);
    assert_order("b c d ");
    assert_int_equal(change_all(NULL, 0), 0);
    assert_order("b c d ");
}

/* The limit holds for what comes out, not on the way. */
static void every_key_replaced_by_another(void **state)
{
    static char names[2 * META_KEYS_MAX + 1][16];
    static struct meta_change changes[META_CHANGES_MAX];
    (void)state;

    for (int k = 0; k <= 2 * META_KEYS_MAX; k++)
        snprintf(names[k], sizeof names[k], "%03d", k);
    for (int k = 0; k < META_KEYS_MAX; k++)
        assert_int_equal(change(names[k], "old"), 0);
    for (int k = 0; k < META_KEYS_MAX; k++) {
        changes[k] = to(names[META_KEYS_MAX + k], "new");
        changes[META_KEYS_MAX + k] = to(names[k], NULL);
    }
    assert_int_equal(change_all(changes, META_CHANGES_MAX - 1), WAL_E_FULL);
    assert_value(names[0], "old");
    assert_int_equal(change_all(changes, META_CHANGES_MAX), 0);
    assert_int_equal(map.n, META_KEYS_MAX);
    assert_value(names[0], NULL);
    assert_value(names[2 * META_KEYS_MAX - 1], "new");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sets_replaces_and_removes),
        TEST(keys_are_in_the_order_of_their_bytes),
        TEST(the_old_map_stays_as_it_was),
        TEST(the_body_is_what_a_group_holds),
        TEST(loading_replaces_all_or_nothing),
        TEST(refusals_change_nothing),
        TEST(sixty_four_keys_of_the_largest_size_and_no_more),
        TEST(several_changes_at_once),
        TEST(every_key_replaced_by_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
