/* SPDX-License-Identifier: Apache-2.0 */
/* Direct access to the simulated disk: damage, and the way to and from real directories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/scratch.h"
#include "support/simdisk.h"

enum { PAGE = 4096 };

static int setup(void **state)
{
    struct simdisk *d = simdisk_new(1);
    *state = d;
    return simdisk_make_dir(d, "/log");
}

static int teardown(void **state)
{
    simdisk_free(*state);
    return 0;
}

static void put_text(struct simdisk *d, const char *path, const char *text)
{
    assert_int_equal(simdisk_put(d, path, text, strlen(text)), 0);
}

static void expect_text(const struct simdisk *d, const char *path, const char *text)
{
    char back[100] = "";
    int64_t size = simdisk_read(d, path, 0, back, sizeof back - 1);
    assert_int_equal(size, strlen(text));
    assert_string_equal(back, text);
}

static int append_name(void *arg, const char *name)
{
    strcat(arg, name);
    strcat(arg, " ");
    return 0;
}

static void expect_names(const struct simdisk *d, const char *path, const char *expected)
{
    char names[200] = "";
    assert_int_equal(simdisk_list(d, path, append_name, names), 0);
    assert_string_equal(names, expected);
}

/* Everything was durable at once: the only power image is the disk itself. */
static int same_as(void *arg, struct simdisk *image)
{
    assert_int_equal(simdisk_hash(image), simdisk_hash(arg));
    return 0;
}

static void expect_durable(struct simdisk *d)
{
    struct simdisk_power power;
    assert_int_equal(simdisk_power_images(d, 100, 1, same_as, d, &power), 0);
    assert_int_equal(power.images, 1);
}

static void files_are_put_renamed_doubled_removed(void **state)
{
    struct simdisk *d = *state;
    put_text(d, "/log/b", "two");
    put_text(d, "log/a", "one");
    assert_int_equal(simdisk_put(d, "/log/a", "x", 1), -EEXIST);
    assert_int_equal(simdisk_put(d, "/nowhere/a", "x", 1), -ENOENT);
    assert_int_equal(simdisk_put(d, "/log/a/c", "x", 1), -ENOTDIR);
    expect_names(d, "/log", "a b ");
    assert_int_equal(simdisk_duplicate(d, "/log/a", "/log/c"), 0);
    assert_int_equal(simdisk_patch(d, "/log/c", 0, "O", 1), 0);
    expect_text(d, "/log/a", "one");
    expect_text(d, "/log/c", "One");
    assert_int_equal(simdisk_rename(d, "/log/a", "/log/b"), -EEXIST);
    assert_int_equal(simdisk_rename(d, "/log/a", "/d"), 0);
    expect_text(d, "/d", "one");
    assert_int_equal(simdisk_remove(d, "/log/b"), 0);
    assert_int_equal(simdisk_remove(d, "/log/b"), -ENOENT);
    expect_names(d, "/log", "c ");
    expect_durable(d);
    assert_int_equal(simdisk_remove(d, "/log"), 0);
    assert_int_equal(simdisk_list(d, "/log", append_name, NULL), -ENOENT);
    assert_int_equal(simdisk_size(d, "/"), -EISDIR);
    expect_durable(d);
}

static void patches_and_sizes_are_durable(void **state)
{
    struct simdisk *d = *state;
    char bytes[2 * PAGE], back[3 * PAGE];
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(simdisk_put(d, "/log/a", bytes, sizeof bytes), 0);
    assert_int_equal(simdisk_patch(d, "/log/a", PAGE - 2, "abcd", 4), 0);
    assert_int_equal(simdisk_read(d, "/log/a", PAGE - 3, back, 6), 6);
    assert_memory_equal(back, "xabcdx", 6);
    expect_durable(d);
    assert_int_equal(simdisk_set_size(d, "/log/a", PAGE + 1), 0);
    assert_int_equal(simdisk_set_size(d, "/log/a", 3 * PAGE), 0);
    assert_int_equal(simdisk_read(d, "/log/a", 0, back, sizeof back), 3 * PAGE);
    assert_int_equal(back[PAGE], 'c');
    for (int i = PAGE + 1; i < 3 * PAGE; i++)
        assert_int_equal(back[i], 0);
    assert_int_equal(simdisk_patch(d, "/log/a", 3 * PAGE, "z", 1), 0);
    assert_int_equal(simdisk_size(d, "/log/a"), 3 * PAGE + 1);
    expect_durable(d);
}

static int has_patch(void *arg, struct simdisk *image)
{
    char bytes[3];
    assert_int_equal(simdisk_read(image, "/log/a", 0, bytes, 3), 3);
    assert_memory_equal(bytes + 1, "#", 1);
    *(uint32_t *)arg |= bytes[0] == 'o' ? 1 : bytes[0] == 'n' ? 2 : 4;
    return 0;
}

static void a_patch_is_in_every_state_of_a_page(void **state)
{
    struct simdisk *d = *state;
    const struct os *os = simdisk_os(d);
    uint32_t seen = 0;
    put_text(d, "/log/a", "ooo");
    int dir = os->dir_open(os->ctx, "/log");
    int fd = os->file_open(os->ctx, dir, "a", OS_READ | OS_WRITE, 0);
    struct iovec iov = {(char[]){"nnn"}, 3};
    assert_int_equal(os->pwritev(os->ctx, fd, &iov, 1, 0, 0), 3);
    assert_int_equal(simdisk_patch(d, "/log/a", 1, "#", 1), 0);
    assert_int_equal(simdisk_power_images(d, 100, 1, has_patch, &seen, NULL), 0);
    assert_int_equal(seen, 3);
}

static void to_a_real_directory_and_back(void **state)
{
    struct simdisk *d = *state;
    struct scratch scratch;
    struct stat st;
    char path[300], bytes[PAGE];
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(scratch_make(&scratch), 0);
    put_text(d, "/log/a", "some text");
    put_text(d, "/log/empty", "");
    put_text(d, "/log/sparse", "begins");
    assert_int_equal(simdisk_patch(d, "/log/sparse", 50 * PAGE, bytes, PAGE), 0);
    assert_int_equal(simdisk_set_size(d, "/log/sparse", 100 * PAGE + 17), 0);
    assert_int_equal(simdisk_make_dir(d, "/log/quarantine"), 0);
    put_text(d, "/log/quarantine/b", "inner");
    assert_int_equal(simdisk_copy_out(d, "/log", scratch.path), 0);
    snprintf(path, sizeof path, "%s/sparse", scratch.path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 100 * PAGE + 17);

    struct simdisk *back = simdisk_new(2);
    assert_int_equal(simdisk_make_dir(back, "/log"), 0);
    assert_int_equal(simdisk_load(back, "/log", scratch.path), 0);
    assert_int_equal(simdisk_hash(back), simdisk_hash(d));
    expect_text(back, "/log/quarantine/b", "inner");
    expect_durable(back);
    assert_int_equal(simdisk_copy_out(d, "/gone", scratch.path), -ENOENT);
    assert_int_equal(simdisk_copy_out(d, "/log", "/dev/null/x"), -ENOTDIR);
    assert_int_equal(simdisk_load(back, "/log", "/dev/null/x"), -ENOTDIR);
    simdisk_free(back);
    scratch_remove(&scratch);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(files_are_put_renamed_doubled_removed),
        CASE(patches_and_sizes_are_durable),
        CASE(a_patch_is_in_every_state_of_a_page),
        CASE(to_a_real_directory_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
