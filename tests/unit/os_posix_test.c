/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "os/os.h"

static void no_function_is_missing(void **state)
{
    const struct os *os = *state;
    void (*functions[(sizeof *os - sizeof os->ctx) / sizeof(void (*)(void))])(void);
    memcpy(functions, (const uint8_t *)os + sizeof os->ctx, sizeof functions);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        assert_true(functions[i] != NULL);
}

static void clocks_run(void **state)
{
    const struct os *os = *state;
    uint64_t a = os->now(os->ctx), b = os->now(os->ctx);
    assert_true(a > 0 && b >= a);
    uint64_t before = (uint64_t)time(NULL), wall = os->wall(os->ctx) / 1000000000;
    assert_true(wall + 1 >= before && wall <= (uint64_t)time(NULL) + 1);
}

/* Long enough for several system calls; a piece that was left out would stay zero. */
static void random_fills_everything(void **state)
{
    const struct os *os = *state;
    uint8_t a[1001] = {0}, b[1001] = {0};
    assert_int_equal(os->random(os->ctx, a, 1000), 0);
    assert_int_equal(os->random(os->ctx, b, 1000), 0);
    for (size_t at = 0; at < 1000; at += 20)
        assert_memory_not_equal(a + at, b + at, 20);
    assert_int_equal(a[1000], 0);
    assert_int_equal(os->random(os->ctx, a, 0), 0);
}

static void identity(void **state)
{
    const struct os *os = *state;
    assert_int_equal(os->pid(os->ctx), getpid());
    assert_int_equal(os->uid(os->ctx), geteuid());
    assert_int_equal(os->generation(os->ctx), os->generation(os->ctx));
}

static int give_os(void **state)
{
    *state = (void *)(uintptr_t)os_posix();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_function_is_missing),
        cmocka_unit_test(clocks_run),
        cmocka_unit_test(random_fills_everything),
        cmocka_unit_test(identity),
    };
    return cmocka_run_group_tests(tests, give_os, NULL);
}
