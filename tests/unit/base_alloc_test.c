/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

/* A user's allocator: counts its calls, fills what it hands out, and fails when told to. */
struct counting {
    unsigned allocs, resizes, releases;
    size_t last_size;
    void *last_released;
    int fail;
};

static void *counting_alloc(void *ctx, size_t size)
{
    struct counting *c = ctx;
    void *p;

    c->allocs++;
    c->last_size = size;
    if (c->fail)
        return NULL;
    p = malloc(size);
    assert_non_null(p);
    return memset(p, 0xa5, size);
}

static void *counting_resize(void *ctx, void *p, size_t size)
{
    struct counting *c = ctx;

    c->resizes++;
    c->last_size = size;
    assert_non_null(p);
    return c->fail ? NULL : realloc(p, size);
}

static void counting_release(void *ctx, void *p)
{
    struct counting *c = ctx;

    c->releases++;
    c->last_released = p;
    assert_non_null(p);
    free(p);
}

static struct alloc allocator_of(struct counting *c)
{
    return (struct alloc){c, counting_alloc, counting_resize, counting_release};
}

static void test_default_allocator(void **state)
{
    char *p = mem_new(&alloc_default, 3);

    (void)state;
    assert_non_null(p);
    memcpy(p, "abc", 3);
    p = mem_resize(&alloc_default, p, 1000);
    assert_non_null(p);
    assert_memory_equal(p, "abc", 3);
    mem_free(&alloc_default, p);
    mem_free(&alloc_default, NULL);
}

static void test_everything_goes_through_the_users_functions(void **state)
{
    struct counting c = {0};
    struct alloc a = allocator_of(&c);
    uint8_t *p, *zeroed;

    (void)state;
    p = mem_resize(&a, NULL, 10);
    assert_int_equal(c.allocs, 1);
    assert_int_equal(c.resizes, 0);
    assert_int_equal(c.last_size, 10);
    p = mem_resize(&a, p, 20);
    assert_int_equal(c.resizes, 1);
    assert_int_equal(c.last_size, 20);

    zeroed = mem_new_zeroed(&a, 33);
    assert_int_equal(c.allocs, 2);
    for (int i = 0; i < 33; i++)
        assert_int_equal(zeroed[i], 0);

    mem_free(&a, p);
    assert_ptr_equal(c.last_released, p);
    mem_free(&a, zeroed);
    mem_free(&a, NULL);
    assert_int_equal(c.releases, 2);
}

static void test_copies(void **state)
{
    struct counting c = {0};
    struct alloc a = allocator_of(&c);
    char *copy, *string;

    (void)state;
    copy = mem_copy(&a, "a\0b", 3);
    assert_int_equal(c.last_size, 3);
    assert_memory_equal(copy, "a\0b", 3);
    string = mem_copy_string(&a, "path");
    assert_int_equal(c.last_size, 5);
    assert_string_equal(string, "path");
    mem_free(&a, copy);
    mem_free(&a, string);
}

static void test_no_memory(void **state)
{
    struct counting c = {0};
    struct alloc a = allocator_of(&c);
    char *p = mem_copy_string(&a, "kept");

    (void)state;
    c.fail = 1;
    assert_null(mem_new(&a, 1));
    assert_null(mem_new_zeroed(&a, 1));
    assert_null(mem_copy(&a, "x", 1));
    assert_null(mem_copy_string(&a, "x"));
    assert_null(mem_resize(&a, NULL, 1));
    assert_null(mem_resize(&a, p, 100));
    assert_string_equal(p, "kept");
    mem_free(&a, p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_allocator),
        cmocka_unit_test(test_everything_goes_through_the_users_functions),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
