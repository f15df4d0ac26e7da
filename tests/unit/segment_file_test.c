/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/codes.h"
#include "base/fault.h"
#include "segment/file.h"
#include "support/bench.h"

enum { BOTH = OS_READ | OS_WRITE, NEW = OS_READ | OS_WRITE | OS_CREATE };

static struct bench bench;

static int setup(void **state)
{
    (void)state;
    bench_make(&bench);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_remove(&bench);
    return 0;
}

static struct file open_new(const char *name)
{
    struct file f;
    assert_int_equal(file_open(&f, &bench.folder, name, NEW, 0600), 0);
    return f;
}

static void assert_fault(int code, int err, uint64_t segment, uint64_t offset, const char *text)
{
    const struct fault *f = fault_last();
    assert_int_equal(f->code, code);
    assert_int_equal(f->sys_errno, err);
    assert_int_equal(f->segment, segment);
    assert_int_equal(f->offset, offset);
    assert_non_null(strstr(f->text, text));
}

static void assert_bytes(const char *name, uint64_t offset, const char *text)
{
    char back[64];
    bench_read(&bench, name, offset, back, strlen(text));
    assert_memory_equal(back, text, strlen(text));
}

/* open */

static void opens_makes_and_names_files(void **state)
{
    struct file f;
    (void)state;

    assert_int_equal(file_open(&f, &bench.folder, "x", BOTH, 0), WAL_E_NOTFOUND);
    assert_int_equal(f.fd, -1);
    assert_fault(WAL_E_NOTFOUND, ENOENT, 0, 0, "/x can't be opened");
    file_close(&f);

    f = open_new("x");
    assert_string_equal(f.name, "x");
    assert_ptr_equal(f.folder, &bench.folder);
    file_close(&f);
    assert_int_equal(f.fd, -1);
    file_close(&f);
    assert_int_equal(file_open(&f, &bench.folder, "x", NEW | OS_EXCLUSIVE, 0600), WAL_E_IO);
    assert_int_equal(fault_last()->sys_errno, EEXIST);
}

static void refuses_what_is_no_file(void **state)
{
    struct file f;
    (void)state;

    assert_int_equal(symlink("/etc/passwd", bench_path(&bench, "link")), 0);
    assert_int_equal(bench.spy.real->dir_make(NULL, bench_path(&bench, "dir"), 0700), 0);
    assert_int_equal(file_open(&f, &bench.folder, "link", OS_READ, 0), WAL_E_PERM);
    assert_fault(WAL_E_PERM, 0, 0, 0, "/link is not a regular file");
    assert_int_equal(file_open(&f, &bench.folder, "link", NEW, 0600), WAL_E_PERM);
    assert_int_equal(file_open(&f, &bench.folder, "dir", OS_READ, 0), WAL_E_PERM);
    assert_int_equal(file_open(&f, &bench.folder, "dir", BOTH, 0), WAL_E_PERM);
    assert_fault(WAL_E_PERM, 0, 0, 0, "/dir is not a regular file");
    assert_int_equal(f.fd, -1);
}

static void a_failed_look_at_an_opened_file_closes_it(void **state)
{
    struct file f;
    (void)state;

    spy_fail(&bench.spy, SPY_STAT, 1, EIO);
    assert_int_equal(file_open(&f, &bench.folder, "x", NEW, 0600), WAL_E_IO);
    assert_int_equal(f.fd, -1);
    spy_fail(&bench.spy, SPY_OPEN, 1, EMFILE);
    assert_int_equal(file_open(&f, &bench.folder, "x", NEW, 0600), WAL_E_IO);
    spy_fail(&bench.spy, SPY_OPEN, 1, EROFS);
    assert_int_equal(file_open(&f, &bench.folder, "x", NEW, 0600), WAL_E_PERM);
}

/* read */

static void reads_on_after_interrupts_and_short_counts(void **state)
{
    char back[16] = {0};
    size_t got = 77;
    struct file f = open_new("x");
    (void)state;

    bench_write(&bench, "x", 0, "0123456789", 10);
    spy_short(&bench.spy, SPY_READ, 1, 1);
    spy_fail(&bench.spy, SPY_READ, 2, EINTR);
    spy_short(&bench.spy, SPY_READ, 3, 2);
    assert_int_equal(file_read(&f, back, 6, 2, &got), 0);
    assert_int_equal(got, 6);
    assert_string_equal(back, "234567");
    file_close(&f);
}

static void a_read_is_short_only_at_the_end(void **state)
{
    char back[16];
    size_t got = 77;
    struct file f = open_new("x");
    (void)state;

    bench_write(&bench, "x", 0, "0123456789", 10);
    assert_int_equal(file_read(&f, back, 16, 7, &got), 0);
    assert_int_equal(got, 3);
    assert_int_equal(file_read(&f, back, 16, 10, &got), 0);
    assert_int_equal(got, 0);
    assert_int_equal(file_read(&f, back, 0, 0, &got), 0);
    assert_int_equal(got, 0);
    file_close(&f);
}

static void a_failed_read_names_file_and_place(void **state)
{
    char back[16];
    size_t got = 77;
    struct file f = open_new("x");
    (void)state;

    f.number = 42;
    bench_write(&bench, "x", 0, "0123456789", 10);
    spy_short(&bench.spy, SPY_READ, 1, 4);
    spy_fail(&bench.spy, SPY_READ, 2, EIO);
    assert_int_equal(file_read(&f, back, 10, 0, &got), WAL_E_IO);
    assert_fault(WAL_E_IO, EIO, 42, 4, "/x: read at 4 failed");
    assert_int_equal(got, 77);
    /* Whatever the number would mean for a name, here it is no more than an I/O error. */
    spy_fail(&bench.spy, SPY_READ, 1, ENOENT);
    assert_int_equal(file_read(&f, back, 10, 0, &got), WAL_E_IO);
    spy_fail(&bench.spy, SPY_READ, 1, ENOMEM);
    assert_int_equal(file_read(&f, back, 10, 0, &got), WAL_E_NOMEM);
    file_close(&f);
}

/* write */

static void writes_on_after_interrupts_and_short_counts(void **state)
{
    char a[] = "ab", b[] = "cdef", c[] = "ghi";
    struct file f = open_new("x");
    (void)state;

    for (size_t first = 0; first <= 9; first++)
        for (size_t second = 1; second <= 3; second++) {
            struct iovec iov[] = {{a, 2}, {NULL, 0}, {b, 4}, {c, 3}};
            uint64_t touched = 0;
            bench_resize(&bench, "x", 0);
            spy_fail(&bench.spy, SPY_WRITE, 1, EINTR);
            spy_short(&bench.spy, SPY_WRITE, 2, first ? first : 9);
            spy_short(&bench.spy, SPY_WRITE, 3, second);
            assert_int_equal(file_write(&f, iov, 4, 5, 0, &touched), 0);
            assert_int_equal(touched, 14);
            assert_int_equal(bench_size(&bench, "x"), 14);
            assert_bytes("x", 5, "abcdefghi");
            spy_clear(&bench.spy);
        }
    file_close(&f);
}

/* There it may be the sync that was interrupted, and a sync is not tried again. */
static void an_interrupted_write_through_is_final(void **state)
{
    char a[] = "ab";
    struct iovec iov[] = {{a, 2}};
    uint64_t touched = 0;
    struct file f = open_new("x");
    (void)state;

    spy_fail(&bench.spy, SPY_WRITE, 1, EINTR);
    assert_int_equal(file_write(&f, iov, 1, 0, OS_WRITE_DSYNC, &touched), WAL_E_IO);
    assert_int_equal(fault_last()->sys_errno, EINTR);
    assert_int_equal(bench.spy.calls[SPY_WRITE], 1);
    assert_int_equal(file_write(&f, iov, 1, 0, OS_WRITE_DSYNC, &touched), 0);
    file_close(&f);
}

static void a_failed_write_tells_how_far_it_may_have_gone(void **state)
{
    char a[] = "ab", b[] = "cdef";
    struct iovec iov[] = {{a, 2}, {b, 4}};
    uint64_t touched = 0;
    struct file f = open_new("x");
    (void)state;

    f.number = 7;
    spy_short(&bench.spy, SPY_WRITE, 1, 3);
    spy_fail(&bench.spy, SPY_WRITE, 2, ENOSPC);
    assert_int_equal(file_write(&f, iov, 2, 100, 0, &touched), WAL_E_NOSPC);
    assert_fault(WAL_E_NOSPC, ENOSPC, 7, 103, "/x: write at 103 failed");
    assert_int_equal(touched, 106);

    /* What another write touched before stays counted. */
    struct iovec again[] = {{a, 2}};
    touched = 500;
    spy_fail(&bench.spy, SPY_WRITE, 1, EIO);
    assert_int_equal(file_write(&f, again, 1, 100, 0, &touched), WAL_E_IO);
    assert_int_equal(touched, 500);
    file_close(&f);
}

static void a_write_that_goes_nowhere_is_an_error(void **state)
{
    struct file f = open_new("x");
    (void)state;

    spy_short(&bench.spy, SPY_WRITE, 1, 0);
    assert_int_equal(file_write_bytes(&f, "abc", 3, 0), WAL_E_IO);
    assert_int_equal(fault_last()->sys_errno, EIO);
    assert_int_equal(file_write_bytes(&f, "", 0, 0), 0);
    file_close(&f);
}

static void errors_of_space_are_nospc(void **state)
{
    const int errs[] = {ENOSPC, EDQUOT, EFBIG};
    struct file f = open_new("x");
    (void)state;

    for (size_t k = 0; k < 3; k++) {
        spy_fail(&bench.spy, SPY_WRITE, 1, errs[k]);
        assert_int_equal(file_write_bytes(&f, "abc", 3, 0), WAL_E_NOSPC);
        assert_int_equal(fault_last()->sys_errno, errs[k]);
    }
    file_close(&f);
}

static void writes_more_pieces_than_one_call_takes(void **state)
{
    static struct iovec iov[2500];
    static char bytes[2500], back[2500];
    uint64_t touched = 0;
    struct file f = open_new("x");
    (void)state;

    for (size_t k = 0; k < 2500; k++) {
        bytes[k] = (char)(k % 251);
        iov[k] = (struct iovec){&bytes[k], 1};
    }
    assert_int_equal(file_write(&f, iov, 2500, 0, 0, &touched), 0);
    assert_int_equal(touched, 2500);
    bench_read(&bench, "x", 0, back, sizeof back);
    assert_memory_equal(back, bytes, sizeof bytes);
    file_close(&f);
}

static void zeros_cover_exactly_the_range(void **state)
{
    static char full[200000], back[200000];
    struct file f = open_new("x");
    (void)state;

    memset(full, 'x', sizeof full);
    bench_write(&bench, "x", 0, full, sizeof full);
    assert_int_equal(file_write_zeros(&f, 100, 100), 0);
    assert_int_equal(file_write_zeros(&f, 101, 150001), 0);
    memset(full + 101, 0, 150001 - 101);
    bench_read(&bench, "x", 0, back, sizeof back);
    assert_memory_equal(back, full, sizeof full);
    assert_int_equal(bench.spy.calls[SPY_WRITE], 3);
    spy_fail(&bench.spy, SPY_WRITE, 2, ENOSPC);
    assert_int_equal(file_write_zeros(&f, 0, 200000), WAL_E_NOSPC);
    file_close(&f);
}

/* sync, zero, folder */

static void a_failed_sync_is_not_tried_again(void **state)
{
    struct file f = open_new("x");
    (void)state;

    const int errs[] = {EIO, EINTR, ENOSPC};
    for (size_t k = 0; k < 3; k++) {
        spy_clear(&bench.spy);
        spy_fail(&bench.spy, SPY_SYNC, 1, errs[k]);
        assert_int_equal(file_sync(&f, OS_SYNC_DATA), errs[k] == ENOSPC ? WAL_E_NOSPC : WAL_E_IO);
        assert_int_equal(fault_last()->sys_errno, errs[k]);
        assert_int_equal(bench.spy.calls[SPY_SYNC], 1);
    }
    spy_clear(&bench.spy);
    assert_int_equal(file_sync(&f, OS_SYNC_DATA), 0);
    assert_int_equal(file_sync(&f, OS_SYNC_FULL), 0);
    assert_string_equal(bench.spy.trace, "sync x data, sync x, ");
    file_close(&f);
}

static void assert_zero(const struct file *f, uint64_t from, uint64_t to)
{
    int zero = 7;
    uint64_t at = 77;
    assert_int_equal(file_zero(f, from, to, &zero, &at), 0);
    assert_int_equal(zero, 1);
}

static void assert_not_zero(const struct file *f, uint64_t from, uint64_t to, uint64_t where)
{
    int zero = 7;
    uint64_t at = 77;
    assert_int_equal(file_zero(f, from, to, &zero, &at), 0);
    assert_int_equal(zero, 0);
    assert_int_equal(at, where);
}

static void finds_the_first_byte_that_is_not_zero(void **state)
{
    static const uint8_t zeros[50000];
    struct file f = open_new("x");
    (void)state;

    assert_zero(&f, 0, 1 << 20); /* behind the end */
    bench_write(&bench, "x", 0, zeros, sizeof zeros);
    bench_write(&bench, "x", 40000, "a", 1);
    bench_write(&bench, "x", 10 << 20, "b", 1); /* a hole before it */
    assert_zero(&f, 0, 40000);
    assert_not_zero(&f, 0, 40001, 40000);
    assert_not_zero(&f, 40000, 40001, 40000);
    assert_zero(&f, 40001, 10 << 20);
    assert_zero(&f, 60000, 1 << 20);
    assert_not_zero(&f, 40001, UINT64_C(1) << 40, 10 << 20);
    assert_zero(&f, (10 << 20) + 1, UINT64_C(1) << 40);
    assert_zero(&f, 5, 5);
    file_close(&f);
}

static void a_file_that_became_shorter_is_zero_behind_its_end(void **state)
{
    struct file f = open_new("x");
    (void)state;

    bench_write(&bench, "x", 100, "a", 1);
    spy_short(&bench.spy, SPY_READ, 1, 0); /* between the look for data and the read */
    assert_zero(&f, 0, 200);
    file_close(&f);
}

static void holes_are_not_read(void **state)
{
    struct file f = open_new("x");
    (void)state;

    bench_resize(&bench, "x", UINT64_C(1) << 36);
    spy_clear(&bench.spy);
    assert_zero(&f, 0, UINT64_C(1) << 36);
    assert_int_equal(bench.spy.calls[SPY_READ], 0);
    file_close(&f);
}

static void looks_for_zeros_where_holes_cannot_be_found(void **state)
{
    int zero;
    uint64_t at;
    struct file f = open_new("x");
    (void)state;

    bench_write(&bench, "x", 100, "a", 1);
    spy_fail(&bench.spy, SPY_NEXT_DATA, 1, EINVAL);
    assert_not_zero(&f, 0, 200, 100);
    spy_fail(&bench.spy, SPY_READ, 1, EIO);
    assert_int_equal(file_zero(&f, 0, 200, &zero, &at), WAL_E_IO);
    file_close(&f);
}

static void folder_syncs_and_removes(void **state)
{
    struct file f = open_new("x");
    (void)state;

    file_close(&f);
    assert_int_equal(folder_sync(&bench.folder), 0);
    spy_fail(&bench.spy, SPY_SYNC, 1, EIO);
    assert_int_equal(folder_sync(&bench.folder), WAL_E_IO);
    assert_non_null(strstr(fault_last()->text, bench.folder.path));

    spy_fail(&bench.spy, SPY_UNLINK, 1, EACCES);
    assert_int_equal(folder_unlink(&bench.folder, "x"), WAL_E_PERM);
    assert_fault(WAL_E_PERM, EACCES, 0, 0, "/x can't be removed");
    spy_fail(&bench.spy, SPY_UNLINK, 1, EIO);
    assert_int_equal(folder_unlink(&bench.folder, "x"), WAL_E_IO);
    assert_int_equal(access(bench_path(&bench, "x"), F_OK), 0);
    assert_int_equal(folder_unlink(&bench.folder, "x"), 0);
    assert_int_equal(access(bench_path(&bench, "x"), F_OK), -1);
    assert_int_equal(folder_unlink(&bench.folder, "x"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(opens_makes_and_names_files),
        TEST(refuses_what_is_no_file),
        TEST(a_failed_look_at_an_opened_file_closes_it),
        TEST(reads_on_after_interrupts_and_short_counts),
        TEST(a_read_is_short_only_at_the_end),
        TEST(a_failed_read_names_file_and_place),
        TEST(writes_on_after_interrupts_and_short_counts),
        TEST(an_interrupted_write_through_is_final),
        TEST(a_failed_write_tells_how_far_it_may_have_gone),
        TEST(a_write_that_goes_nowhere_is_an_error),
        TEST(errors_of_space_are_nospc),
        TEST(writes_more_pieces_than_one_call_takes),
        TEST(zeros_cover_exactly_the_range),
        TEST(a_failed_sync_is_not_tried_again),
        TEST(finds_the_first_byte_that_is_not_zero),
        TEST(a_file_that_became_shorter_is_zero_behind_its_end),
        TEST(holes_are_not_read),
        TEST(looks_for_zeros_where_holes_cannot_be_found),
        TEST(folder_syncs_and_removes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
