/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/codes.h"
#include "base/fault.h"

static void assert_place(uint64_t lsn, uint64_t segment, uint64_t offset)
{
    assert_true(fault_last()->lsn == lsn);
    assert_true(fault_last()->segment == segment);
    assert_true(fault_last()->offset == offset);
}

static void test_a_thread_starts_without_fault(void **state)
{
    (void)state;
    assert_int_equal(fault_last()->code, 0);
    assert_string_equal(fault_last()->text, "");
}

static void test_each_setter_replaces_the_whole(void **state)
{
    (void)state;
    assert_int_equal(fault_at(WAL_E_CORRUPT, 7, 3, 4096, "group %d in %s", 5, "x.wal"),
                     WAL_E_CORRUPT);
    assert_int_equal(fault_last()->code, WAL_E_CORRUPT);
    assert_int_equal(fault_last()->sys_errno, 0);
    assert_place(7, 3, 4096);
    assert_string_equal(fault_last()->text, "group 5 in x.wal");

    assert_int_equal(fault_sys(WAL_E_IO, ENOSPC, "write to %s", "y"), WAL_E_IO);
    assert_int_equal(fault_last()->sys_errno, ENOSPC);
    assert_place(0, 0, 0);
    assert_string_equal(fault_last()->text, "write to y: No space left on device");

    assert_int_equal(fault(WAL_E_INVAL, "no %s", "name"), WAL_E_INVAL);
    assert_int_equal(fault_last()->sys_errno, 0);
    assert_string_equal(fault_last()->text, "no name");

    assert_int_equal(fault_nomem(), WAL_E_NOMEM);
    assert_int_equal(fault_last()->code, WAL_E_NOMEM);
    assert_string_equal(fault_last()->text, "out of memory");
}

static void test_code_of_a_system_error(void **state)
{
    static const struct {
        int err, code;
    } known[] = {
        {ENOSPC, WAL_E_NOSPC},    {EDQUOT, WAL_E_NOSPC}, {EFBIG, WAL_E_NOSPC},
        {ENOENT, WAL_E_NOTFOUND}, {EACCES, WAL_E_PERM},  {EPERM, WAL_E_PERM},
        {EROFS, WAL_E_PERM},      {ELOOP, WAL_E_PERM},   {ENOMEM, WAL_E_NOMEM},
        {ENOTDIR, WAL_E_INVAL},   {EISDIR, WAL_E_INVAL}, {EIO, WAL_E_IO},
        {EMFILE, WAL_E_IO},       {99999, WAL_E_IO},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_int_equal(fault_code_of(known[i].err), known[i].code);
        assert_int_equal(fault_os(known[i].err, "open"), known[i].code);
        assert_int_equal(fault_last()->code, known[i].code);
        assert_int_equal(fault_last()->sys_errno, known[i].err);
        assert_memory_equal(fault_last()->text, "open: ", 6);
    }
}

static void test_text_is_one_bounded_line(void **state)
{
    static const char reason[] = "...: Input/output error";
    char path[5000];

    (void)state;
    fault(WAL_E_PERM, "%s", "a\nb\tc\x7f\x1b.wal");
    assert_string_equal(fault_last()->text, "a?b?c??.wal");

    memset(path, 'p', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    fault_os(EIO, "read of %s", path);
    assert_int_equal(strlen(fault_last()->text), FAULT_TEXT - 1);
    assert_memory_equal(fault_last()->text, "read of ppp", 11);
    assert_string_equal(fault_last()->text + FAULT_TEXT - sizeof(reason), reason);

    for (int n = FAULT_TEXT - 3; n < FAULT_TEXT + 3; n++) {
        fault(WAL_E_PERM, "%.*s", n, path);
        assert_int_equal(strlen(fault_last()->text), n < FAULT_TEXT ? n : FAULT_TEXT - 1);
        assert_int_equal(fault_last()->text[FAULT_TEXT - 4], n < FAULT_TEXT ? 'p' : '.');
    }
}

static void test_arguments_may_be_the_present_fault(void **state)
{
    (void)state;
    fault(WAL_E_IO, "inner");
    fault_sys(WAL_E_CORRUPT, EIO, "outer (%s)", fault_last()->text);
    assert_string_equal(fault_last()->text, "outer (inner): Input/output error");
}

static void test_errno_stays(void **state)
{
    (void)state;
    errno = 1234;
    fault(WAL_E_IO, "x");
    fault_os(99999, "x");
    fault_at(WAL_E_IO, 1, 2, 3, "x");
    assert_int_equal(errno, 1234);

    /* No character has this number: formatting fails with EILSEQ. */
    assert_int_equal(fault_os(EIO, "%ls", L"\x7fffffff"), WAL_E_IO);
    assert_string_equal(fault_last()->text, ": Input/output error");
    assert_int_equal(errno, 1234);
}

static void test_put_gives_a_kept_fault_back(void **state)
{
    struct fault kept;

    (void)state;
    fault_at(WAL_E_CORRUPT, 1, 2, 3, "first");
    kept = *fault_last();
    fault_nomem();
    assert_int_equal(fault_put(&kept), WAL_E_CORRUPT);
    assert_memory_equal(fault_last(), &kept, sizeof(kept));
    assert_int_equal(fault_put(fault_last()), WAL_E_CORRUPT);
    assert_memory_equal(fault_last(), &kept, sizeof(kept));
}

static void test_place_fills_in_what_is_missing(void **state)
{
    (void)state;
    fault(WAL_E_CORRUPT, "x");
    assert_int_equal(fault_place(5, 6, 64), WAL_E_CORRUPT);
    assert_place(5, 6, 64);
    fault_place(50, 60, 640);
    assert_place(5, 6, 64);

    /* Segment and offset belong together: never one of one place and one of the other. */
    fault_at(WAL_E_CORRUPT, 0, 6, 0, "x");
    fault_place(50, 60, 640);
    assert_place(50, 6, 0);
    fault_place(50, 6, 640);
    assert_place(50, 6, 640);
    fault_place(50, 6, 704);
    assert_place(50, 6, 640);
}

static void test_same_is_the_same_in_everything(void **state)
{
    struct fault a;

    (void)state;
    fault_at(WAL_E_CORRUPT, 5, 6, 64, "x");
    a = *fault_last();
    assert_true(fault_same(&a, fault_last()));
    fault_at(WAL_E_CORRUPT, 5, 6, 64, "y");
    assert_false(fault_same(&a, fault_last()));
    fault_at(WAL_E_CORRUPT, 5, 6, 128, "x");
    assert_false(fault_same(&a, fault_last()));
    fault_at(WAL_E_CORRUPT, 5, 7, 64, "x");
    assert_false(fault_same(&a, fault_last()));
    fault_at(WAL_E_CORRUPT, 4, 6, 64, "x");
    assert_false(fault_same(&a, fault_last()));
    fault_at(WAL_E_IO, 5, 6, 64, "x");
    assert_false(fault_same(&a, fault_last()));
}

static void *other_thread(void *arg)
{
    int *before = arg;

    *before = fault_last()->code;
    fault(WAL_E_LOCKED, "other");
    return NULL;
}

static void test_each_thread_has_its_own(void **state)
{
    pthread_t thread;
    int before = 1;

    (void)state;
    fault(WAL_E_IO, "mine");
    assert_int_equal(pthread_create(&thread, NULL, other_thread, &before), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(before, 0);
    assert_int_equal(fault_last()->code, WAL_E_IO);
    assert_string_equal(fault_last()->text, "mine");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_thread_starts_without_fault),
        cmocka_unit_test(test_each_setter_replaces_the_whole),
        cmocka_unit_test(test_code_of_a_system_error),
        cmocka_unit_test(test_text_is_one_bounded_line),
        cmocka_unit_test(test_arguments_may_be_the_present_fault),
        cmocka_unit_test(test_errno_stays),
        cmocka_unit_test(test_put_gives_a_kept_fault_back),
        cmocka_unit_test(test_place_fills_in_what_is_missing),
        cmocka_unit_test(test_same_is_the_same_in_everything),
        cmocka_unit_test(test_each_thread_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
