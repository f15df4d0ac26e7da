/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"

struct counting {
    unsigned calls, live;
    int fail;
};

static void *counting_resize(void *ctx, void *p, size_t size)
{
    struct counting *c = ctx;

    c->calls++;
    if (c->fail)
        return NULL;
    c->live += p == NULL;
    return realloc(p, size);
}

static void *counting_alloc(void *ctx, size_t size)
{
    return counting_resize(ctx, NULL, size);
}

static void counting_release(void *ctx, void *p)
{
    struct counting *c = ctx;

    c->live--;
    free(p);
}

static struct alloc allocator_of(struct counting *c)
{
    return (struct alloc){c, counting_alloc, counting_resize, counting_release};
}

static void test_keeps_its_bytes_while_it_grows(void **state)
{
    struct counting c = {0};
    struct alloc a = allocator_of(&c);
    struct buffer b;

    (void)state;
    buffer_init(&b, &a, SIZE_MAX);
    assert_int_equal(c.calls, 0);
    for (unsigned i = 0; i < 100000; i++) {
        uint8_t *p = buffer_reserve(&b, 1);
        assert_non_null(p);
        assert_ptr_equal(p, b.data + b.size);
        *p = (uint8_t)(i * 7);
        b.size++;
    }
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(b.data[i], (uint8_t)(i * 7));
    /* Doubling: from 256 to 131072 bytes. */
    assert_int_equal(c.calls, 10);
    buffer_free(&b);
    assert_int_equal(c.live, 0);
}

static void test_all_that_was_reserved_may_be_written(void **state)
{
    (void)state;
    for (size_t first = 0; first < 600; first += 13) {
        for (size_t more = 0; more < 3000; more += 171) {
            struct buffer b;
            uint8_t *p;

            buffer_init(&b, &alloc_default, 4000);
            p = buffer_reserve(&b, first);
            assert_non_null(p);
            memset(p, 1, first);
            b.size += first;
            p = buffer_reserve(&b, more);
            assert_non_null(p);
            memset(p, 2, more);
            b.size += more;
            assert_in_range(b.capacity, b.size, b.limit);
            buffer_free(&b);
        }
    }
}

static void test_limit(void **state)
{
    struct counting c = {0};
    struct alloc a = allocator_of(&c);
    struct buffer b;
    uint8_t *before;

    (void)state;
    buffer_init(&b, &a, 1000);
    assert_null(buffer_reserve(&b, 1001));
    assert_null(buffer_reserve(&b, SIZE_MAX));
    assert_int_equal(c.calls, 0);

    before = buffer_reserve(&b, 600);
    assert_non_null(before);
    b.size = 600;
    assert_false(buffer_fits(&b, 401));
    assert_null(buffer_reserve(&b, 401));
    assert_null(buffer_reserve(&b, SIZE_MAX - 300));
    assert_ptr_equal(b.data, before);
    assert_int_equal(b.size, 600);

    assert_true(buffer_fits(&b, 400));
    assert_non_null(buffer_reserve(&b, 400));
    assert_int_equal(b.capacity, 1000);
    b.size = 1000;
    assert_non_null(buffer_reserve(&b, 0));
    assert_null(buffer_reserve(&b, 1));
    buffer_free(&b);
}

static void test_nothing_is_reserved_for_nothing(void **state)
{
    struct buffer b;

    (void)state;
    buffer_init(&b, &alloc_default, 1);
    assert_non_null(buffer_reserve(&b, 0));
    assert_int_equal(b.capacity, 1);
    buffer_free(&b);
}

static void test_no_memory_changes_nothing(void **state)
{
    struct counting c = {.fail = 1};
    struct alloc a = allocator_of(&c);
    struct buffer b;
    uint8_t *p;

    (void)state;
    buffer_init(&b, &a, 10000);
    assert_null(buffer_reserve(&b, 1));
    assert_null(b.data);
    c.fail = 0;
    p = buffer_reserve(&b, 300);
    assert_non_null(p);
    memset(p, 'x', 300);
    b.size = 300;

    c.fail = 1;
    assert_null(buffer_reserve(&b, 5000));
    assert_true(buffer_fits(&b, 5000));
    assert_ptr_equal(b.data, p);
    assert_int_equal(b.data[299], 'x');
    buffer_free(&b);
    assert_int_equal(c.live, 0);
}

static void test_clear_keeps_the_memory(void **state)
{
    struct counting c = {0};
    struct alloc a = allocator_of(&c);
    struct buffer b;
    uint8_t *p;

    (void)state;
    buffer_init(&b, &a, 10000);
    p = buffer_reserve(&b, 5000);
    b.size = 5000;
    buffer_clear(&b);
    assert_int_equal(b.size, 0);
    assert_ptr_equal(buffer_reserve(&b, 5000), p);
    assert_int_equal(c.calls, 1);
    buffer_free(&b);
}

static void test_free_is_a_new_start(void **state)
{
    struct counting c = {0};
    struct alloc a = allocator_of(&c);
    struct buffer b;

    (void)state;
    buffer_init(&b, &a, 500);
    buffer_free(&b);
    assert_non_null(buffer_reserve(&b, 400));
    b.size = 400;
    buffer_free(&b);
    buffer_free(&b);
    assert_int_equal(b.size, 0);
    assert_non_null(buffer_reserve(&b, 500));
    assert_null(buffer_reserve(&b, 501));
    buffer_free(&b);
    assert_int_equal(c.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_its_bytes_while_it_grows),
        cmocka_unit_test(test_all_that_was_reserved_may_be_written),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_nothing_is_reserved_for_nothing),
        cmocka_unit_test(test_no_memory_changes_nothing),
        cmocka_unit_test(test_clear_keeps_the_memory),
        cmocka_unit_test(test_free_is_a_new_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
