/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that wait for an LSN: order, exactly once, cuts and jumps; against a simple model too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "log/durable_calls.h"
#include "support/crew.h"
#include "support/poor_alloc.h"

enum { MANY = 2000 };

static struct durable_call pool[MANY];

static void nobody(void *ctx, uint64_t lsn, int result)
{
    (void)ctx;
    (void)lsn;
    (void)result;
}

static struct durable_call *add(struct durable_calls *d, unsigned k, uint64_t lsn)
{
    pool[k] = (struct durable_call){.lsn = lsn, .fn = nobody};
    durable_calls_add(d, &pool[k]);
    return &pool[k];
}

static void expect(struct durable_calls *d, const struct durable_call *x, int result)
{
    assert_ptr_equal(durable_calls_take(d), x);
    assert_int_equal(x->result, result);
}

static void test_in_the_order_of_lsns(void **state)
{
    struct durable_calls d = {0};
    const uint64_t lsns[] = {5, 3, 9, 1, 3, 7};

    (void)state;
    for (unsigned k = 0; k < 6; k++)
        add(&d, k, lsns[k]);
    assert_null(durable_calls_take(&d));
    durable_calls_answer(&d, 5, 0);
    assert_int_equal(d.due_count, 4);
    expect(&d, &pool[3], 0);
    expect(&d, &pool[1], 0); /* the first of two for the same LSN */
    expect(&d, &pool[4], 0);
    durable_calls_answer(&d, 8, 0); /* comes behind what is due already */
    expect(&d, &pool[0], 0);
    expect(&d, &pool[5], 0);
    assert_null(durable_calls_take(&d));
    durable_calls_answer_all(&d, WAL_E_CLOSED);
    expect(&d, &pool[2], WAL_E_CLOSED);
    assert_int_equal(d.due_count, 0);
}

static void test_the_same_lsn(void **state)
{
    struct durable_calls d = {0};

    (void)state;
    for (unsigned k = 0; k < 100; k++)
        add(&d, k, 7 + k % 2);
    durable_calls_answer(&d, 8, 0);
    for (unsigned k = 0; k < 100; k++)
        expect(&d, &pool[k < 50 ? 2 * k : 2 * k - 99], 0);
}

static void test_ahead_of_a_cut(void **state)
{
    struct durable_calls d = {0};

    (void)state;
    add(&d, 0, 12);
    add(&d, 1, 20);
    durable_calls_cut(&d, 5, 5); /* of a log that ended at 10: neither had come */
    assert_null(durable_calls_take(&d));
    durable_calls_cut(&d, 5, 12); /* replaced: 6 to 12 are there now */
    expect(&d, &pool[0], 0);
    assert_null(durable_calls_take(&d));
    durable_calls_answer(&d, 20, 0);
    expect(&d, &pool[1], 0);
}

/* A reset to above: nobody will have the LSNs between, until another one goes back. */
static void test_passed_over(void **state)
{
    struct durable_calls d = {0};

    (void)state;
    add(&d, 0, 50);
    add(&d, 1, 60);
    add(&d, 2, 150);
    durable_calls_cut(&d, 99, 99);
    durable_calls_answer(&d, 120, 0);
    assert_null(durable_calls_take(&d));
    durable_calls_cut(&d, 55, 55);
    durable_calls_answer(&d, 70, 0);
    expect(&d, &pool[1], 0);
    assert_null(durable_calls_take(&d));
    durable_calls_answer_all(&d, WAL_E_FAILED);
    expect(&d, &pool[0], WAL_E_FAILED);
    expect(&d, &pool[2], WAL_E_FAILED);
}

static void test_one_that_need_not_wait(void **state)
{
    struct durable_calls d = {0};
    struct durable_call now[4] = {{.lsn = 4}, {.lsn = 6}, {.lsn = 9}, {.lsn = 2}};

    (void)state;
    assert_int_equal(durable_calls_insert(&d, &now[0]), 1);
    expect(&d, &now[0], 0);
    add(&d, 0, 3);
    add(&d, 1, 6);
    add(&d, 2, 8);
    durable_calls_answer(&d, 8, 0);
    assert_int_equal(durable_calls_insert(&d, &now[1]), 3);
    assert_int_equal(durable_calls_insert(&d, &now[2]), 5);
    assert_int_equal(durable_calls_insert(&d, &now[3]), 1);
    assert_int_equal(d.due_count, 6);
    add(&d, 3, 10);
    durable_calls_answer(&d, 10, 0); /* the end of the list is where it should be */
    expect(&d, &now[3], 0);
    expect(&d, &pool[0], 0);
    expect(&d, &pool[1], 0);
    expect(&d, &now[1], 0);
    expect(&d, &pool[2], 0);
    expect(&d, &now[2], 0);
    expect(&d, &pool[3], 0);
    assert_null(durable_calls_take(&d));
}

static struct durable_call *allocated(const struct alloc *a, uint64_t lsn)
{
    struct durable_call *x = mem_new_zeroed(a, sizeof *x);
    assert_non_null(x);
    x->lsn = lsn;
    return x;
}

static void test_free_frees_all(void **state)
{
    struct durable_calls d = {0};
    struct poor_alloc poor;

    (void)state;
    poor_init(&poor, 10);
    for (uint64_t lsn = 1; lsn <= 6; lsn++)
        durable_calls_add(&d, allocated(&poor.alloc, lsn));
    durable_calls_answer(&d, 2, 0);
    durable_calls_cut(&d, 4, 4);
    durable_calls_free(&d, &poor.alloc);
    assert_int_equal(poor.live, 0);
}

/* Many at random, against the model that each is due when its LSN is passed, lowest first. */
static void test_at_random(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct durable_calls d = {0};
        uint64_t random = seed, durable = 0, taken = 0;
        unsigned added = 0;
        bool gone[MANY] = {false};

        while (taken < MANY) {
            for (unsigned n = crew_random(&random) % 50; n > 0 && added < MANY; n--, added++)
                add(&d, added, durable + 1 + crew_random(&random) % 100);
            durable += crew_random(&random) % 40;
            durable_calls_answer(&d, durable, 0);
            uint64_t last = 0;
            for (struct durable_call *x; (x = durable_calls_take(&d)); taken++) {
                assert_true(x->lsn >= last && x->lsn <= durable);
                assert_false(gone[x - pool]);
                gone[x - pool] = true;
                last = x->lsn;
            }
            for (unsigned k = 0; k < added; k++)
                assert_true(gone[k] == (pool[k].lsn <= durable));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_the_order_of_lsns),
        cmocka_unit_test(test_the_same_lsn),
        cmocka_unit_test(test_ahead_of_a_cut),
        cmocka_unit_test(test_passed_over),
        cmocka_unit_test(test_one_that_need_not_wait),
        cmocka_unit_test(test_free_frees_all),
        cmocka_unit_test(test_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
