/* SPDX-License-Identifier: Apache-2.0 */
/* What a thread knows of the callbacks that it is inside of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "log/callback.h"
#include "log/log.h"

static struct wal a, b;

static void test_outside_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(callback_inside(&a), CALLBACK_NONE);
}

static void test_each_log_by_itself(void **state)
{
    struct in_callback in;

    (void)state;
    callback_begin(&in, &a);
    assert_int_equal(callback_inside(&a), CALLBACK_STEP);
    assert_int_equal(callback_inside(&b), CALLBACK_NONE);
    callback_end(&in);
    callback_begin_notice(&in, &b);
    assert_int_equal(callback_inside(&a), CALLBACK_NONE);
    assert_int_equal(callback_inside(&b), CALLBACK_NOTICE);
    callback_end(&in);
    assert_int_equal(callback_inside(&b), CALLBACK_NONE);
}

/* Damage that a replay's callback meets is told by an event, inside it: still no appends. */
static void test_the_strictest_counts(void **state)
{
    struct in_callback outer, middle, inner;

    (void)state;
    callback_begin_notice(&outer, &a);
    callback_begin(&middle, &a);
    assert_int_equal(callback_inside(&a), CALLBACK_STEP);
    callback_begin_notice(&inner, &a);
    assert_int_equal(callback_inside(&a), CALLBACK_STEP);
    callback_end(&inner);
    assert_int_equal(callback_inside(&a), CALLBACK_STEP);
    callback_end(&middle);
    assert_int_equal(callback_inside(&a), CALLBACK_NOTICE);
    callback_end(&outer);
    assert_int_equal(callback_inside(&a), CALLBACK_NONE);
}

static void *look(void *arg)
{
    *(enum callback_kind *)arg = callback_inside(&a);
    return NULL;
}

static void test_other_threads_are_not_inside(void **state)
{
    enum callback_kind seen = CALLBACK_STEP;
    struct in_callback in;
    pthread_t thread;

    (void)state;
    callback_begin(&in, &a);
    assert_int_equal(pthread_create(&thread, NULL, look, &seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    callback_end(&in);
    assert_int_equal(seen, CALLBACK_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outside_there_is_none),
        cmocka_unit_test(test_each_log_by_itself),
        cmocka_unit_test(test_the_strictest_counts),
        cmocka_unit_test(test_other_threads_are_not_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
