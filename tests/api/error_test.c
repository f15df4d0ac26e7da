/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libwal/wal.h>

#include "base/attr.h"
#include "base/fault.h"

enum { SIZE_1_0 = 296 /* of wal_error_t in version 1.0 */ };

static const struct {
    int code;
    const char *name;
} pinned[] = {
    {0, "WAL_OK"},          {-1, "WAL_E_INVAL"},        {-2, "WAL_E_NOMEM"},
    {-3, "WAL_E_IO"},       {-4, "WAL_E_NOSPC"},        {-5, "WAL_E_NOTFOUND"},
    {-6, "WAL_E_EXISTS"},   {-7, "WAL_E_LOCKED"},       {-8, "WAL_E_CORRUPT"},
    {-9, "WAL_E_TORN"},     {-10, "WAL_E_VERSION"},     {-11, "WAL_E_READONLY"},
    {-12, "WAL_E_CLOSED"},  {-13, "WAL_E_FAILED"},      {-14, "WAL_E_INDOUBT"},
    {-15, "WAL_E_TOOBIG"},  {-16, "WAL_E_RANGE"},       {-17, "WAL_E_TRIMMED"},
    {-18, "WAL_E_TIMEOUT"}, {-19, "WAL_E_CRYPTO"},      {-20, "WAL_E_BUSY"},
    {-21, "WAL_E_FORK"},    {-22, "WAL_E_UNSUPPORTED"}, {-23, "WAL_E_CALLBACK"},
    {-24, "WAL_E_PERM"},    {-25, "WAL_E_FULL"},
};
static const int unknown[] = {1, -26, 25, INT_MAX, INT_MIN, INT_MIN + 1};

static void test_names_are_pinned(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pinned); i++)
        assert_string_equal(wal_error_name(pinned[i].code), pinned[i].name);
    for (size_t i = 0; i < COUNT_OF(unknown); i++)
        assert_string_equal(wal_error_name(unknown[i]), "WAL_E_UNKNOWN");
}

static void test_every_code_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pinned); i++) {
        assert_true(strlen(wal_strerror(pinned[i].code)) > 0);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(wal_strerror(pinned[i].code), wal_strerror(pinned[j].code));
    }
    for (size_t i = 0; i < COUNT_OF(unknown); i++)
        assert_string_equal(wal_strerror(unknown[i]), "unknown error");
}

static void test_last_error_gives_every_detail(void **state)
{
    wal_error_t e;

    (void)state;
    memset(&e, 0xa5, sizeof(e));
    assert_int_equal(fault_at(WAL_E_CORRUPT, 7, 8, 4096, "%s is damaged", "a.wal"), WAL_E_CORRUPT);
    assert_int_equal(wal_last_error(&e, sizeof(e)), 0);
    assert_int_equal(e.size, sizeof(e));
    assert_int_equal(e.code, WAL_E_CORRUPT);
    assert_int_equal(e.sys_errno, 0);
    assert_int_equal(e.reserved, 0);
    assert_int_equal(e.lsn, 7);
    assert_int_equal(e.segment, 8);
    assert_int_equal(e.offset, 4096);
    assert_string_equal(e.message, "a.wal is damaged");

    assert_int_equal(fault_sys(WAL_E_IO, 5, "read"), WAL_E_IO);
    assert_int_equal(wal_last_error(&e, sizeof(e)), 0);
    assert_int_equal(e.code, WAL_E_IO);
    assert_int_equal(e.sys_errno, 5);
    assert_int_equal(e.lsn, 0);
    assert_int_equal(e.segment, 0);
    assert_int_equal(e.offset, 0);
}

static void test_an_old_struct_is_filled_to_its_end_and_no_further(void **state)
{
    wal_error_t *e = malloc(SIZE_1_0); /* exactly, so that a sanitizer sees a byte too many */

    (void)state;
    assert_non_null(e);
    fault(WAL_E_RANGE, "old");
    assert_int_equal(wal_last_error(e, SIZE_1_0), 0);
    assert_int_equal(e->size, SIZE_1_0);
    assert_int_equal(e->code, WAL_E_RANGE);
    assert_string_equal(e->message, "old");
    free(e);
}

static void test_the_rest_of_a_newer_struct_is_zeroed(void **state)
{
    enum { NEWER = sizeof(wal_error_t) + 24 };
    unsigned char *room = malloc(NEWER);
    wal_error_t e;

    (void)state;
    assert_non_null(room);
    memset(room, 0xa5, NEWER);
    fault(WAL_E_BUSY, "new");
    assert_int_equal(wal_last_error((wal_error_t *)(void *)room, NEWER), 0);
    memcpy(&e, room, sizeof(e));
    assert_int_equal(e.size, NEWER);
    assert_string_equal(e.message, "new");
    for (size_t i = sizeof(e); i < NEWER; i++)
        assert_int_equal(room[i], 0);
    free(room);
}

static void test_a_smaller_struct_is_refused(void **state)
{
    static const uint32_t sizes[] = {0, 1, 4, SIZE_1_0 - 1};
    unsigned char before[sizeof(wal_error_t)];
    wal_error_t e;

    (void)state;
    fault(WAL_E_NOMEM, "kept");
    memset(before, 0xa5, sizeof(before));
    memset(&e, 0xa5, sizeof(e));
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        assert_int_equal(wal_last_error(&e, sizes[i]), WAL_E_INVAL);
        assert_memory_equal(&e, before, sizeof(e));
    }
    assert_int_equal(wal_last_error(NULL, sizeof(e)), WAL_E_INVAL);
    assert_int_equal(wal_last_error(&e, sizeof(e)), 0);
    assert_int_equal(e.code, WAL_E_NOMEM);
    assert_string_equal(e.message, "kept");
}

static void test_successes_leave_the_error_alone(void **state)
{
    wal_options_t *o;
    wal_error_t e;

    (void)state;
    assert_int_equal(wal_options_new(&o), 0);
    assert_int_equal(wal_options_set(o, 0, 0), WAL_E_INVAL);
    assert_int_equal(wal_options_set(o, WAL_OPT_CREATE, 0), 0);
    wal_options_free(o);
    assert_int_equal(wal_last_error(&e, sizeof(e)), 0);
    assert_int_equal(e.code, WAL_E_INVAL);
    assert_string_equal(e.message, "no option has the number 0");
}

static void *read_untouched_error(void *arg)
{
    wal_error_t *e = arg;

    return wal_last_error(e, sizeof(*e)) == 0 ? arg : NULL;
}

static void test_each_thread_has_its_own(void **state)
{
    pthread_t thread;
    wal_error_t e;
    void *result;

    (void)state;
    fault(WAL_E_FULL, "of another thread");
    memset(&e, 0xa5, sizeof(e));
    assert_int_equal(pthread_create(&thread, NULL, read_untouched_error, &e), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_non_null(result);
    assert_int_equal(e.code, 0);
    assert_string_equal(e.message, "");
}

static void test_others_can_set_it(void **state)
{
    wal_error_t before = {.size = sizeof(before)}, e = {.size = sizeof(e)};
    wal_error_t set = {.size = sizeof(set), .code = -1000, .message = "no\nkey"};
    (void)state;

    fault_at(WAL_E_CORRUPT, 1, 2, 3, "before");
    assert_int_equal(wal_last_error(&before, sizeof(before)), 0);
    before.sys_errno = 5;
    assert_int_equal(wal_error_set(&set), -1000);
    assert_int_equal(wal_last_error(&e, sizeof(e)), 0);
    assert_int_equal(e.code, -1000);
    assert_int_equal(e.lsn + e.segment + e.offset + (uint64_t)e.sys_errno, 0);
    assert_string_equal(e.message, "no?key");
    assert_int_equal(wal_error_set(&before), WAL_E_CORRUPT);
    assert_int_equal(wal_last_error(&e, sizeof(e)), 0);
    assert_memory_equal(&e, &before, sizeof(e));
    set.code = 0; /* as before anything has failed */
    memset(set.message, 'x', sizeof(set.message));
    assert_int_equal(wal_error_set(&set), 0);
    assert_int_equal(wal_last_error(&e, sizeof(e)), 0);
    assert_int_equal(e.code, 0);
    assert_int_equal(strlen(e.message), sizeof(e.message) - 1);
}

static void test_what_is_no_error_is_not_set(void **state)
{
    wal_error_t e = {.size = sizeof(e), .code = 1};
    (void)state;

    assert_int_equal(wal_error_set(&e), WAL_E_INVAL);
    e = (wal_error_t){.size = SIZE_1_0 - 1, .code = WAL_E_IO};
    assert_int_equal(wal_error_set(&e), WAL_E_INVAL);
    assert_int_equal(wal_error_set(NULL), WAL_E_INVAL);
    assert_int_equal(wal_last_error(&e, sizeof(e)), 0);
    assert_int_equal(e.code, WAL_E_INVAL);
    assert_non_null(strstr(e.message, "NULL"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_pinned),
        cmocka_unit_test(test_every_code_has_a_text_of_its_own),
        cmocka_unit_test(test_last_error_gives_every_detail),
        cmocka_unit_test(test_an_old_struct_is_filled_to_its_end_and_no_further),
        cmocka_unit_test(test_the_rest_of_a_newer_struct_is_zeroed),
        cmocka_unit_test(test_a_smaller_struct_is_refused),
        cmocka_unit_test(test_successes_leave_the_error_alone),
        cmocka_unit_test(test_each_thread_has_its_own),
        cmocka_unit_test(test_others_can_set_it),
        cmocka_unit_test(test_what_is_no_error_is_not_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
