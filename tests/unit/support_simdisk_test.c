/* SPDX-License-Identifier: Apache-2.0 */
/* The failure model, rule by rule: what the simulated disk makes of what no sync has covered. */
#include "simdisk_cases.h"

/* Data and size */

static void synced_data_survives(void **state)
{
    struct fixture *f = *state;
    struct seen s = {.path = "/log/a", .at = {0, PAGE}, .n = 2};
    struct simdisk_power power;
    fill(f, f->fd, 'x', 0, 2 * PAGE);
    assert_int_equal(sync_fd(f, f->fd), 0);
    cut_power(f, &s, &power);
    EXPECT(&s, "xx");
    assert_int_equal(power.units, 0);
    assert_int_equal(power.images, 1);
}

static void unsynced_pages_and_size_are_independent(void **state)
{
    struct fixture *f = *state;
    struct seen s = {.path = "/log/a", .at = {0, PAGE}, .n = 2};
    struct simdisk_power power;
    simdisk_set_tear(f->d, SIMDISK_TEAR_NEVER);
    fill(f, f->fd, 'x', 0, 2 * PAGE);
    cut_power(f, &s, &power);
    EXPECT(&s, "--", "..", "x.", ".x", "xx");
    assert_int_equal(power.units, 3);
    /* Behind the old end pages can't differ: 1 + 4, not 2 * 4. */
    assert_int_equal(power.images, 5);
    assert_true(power.every_state && power.every_subset);
}

static void a_page_shows_any_state_since_the_sync(void **state)
{
    struct fixture *f = *state;
    struct seen s = {.path = "/log/a", .at = {0}, .n = 1};
    struct simdisk_power power;
    fill(f, f->fd, 'o', 0, PAGE);
    assert_int_equal(sync_fd(f, f->fd), 0);
    simdisk_set_tear(f->d, SIMDISK_TEAR_NEVER);
    for (char c = '1'; c <= '3'; c++)
        fill(f, f->fd, c, 0, PAGE);
    cut_power(f, &s, &power);
    EXPECT(&s, "o", "1", "2", "3");
    assert_int_equal(sync_fd(f, f->fd), 0);
    s = (struct seen){.path = "/log/a", .n = 1};
    cut_power(f, &s, &power);
    EXPECT(&s, "3");
}

static void a_size_shows_any_state_since_the_sync(void **state)
{
    struct fixture *f = *state;
    struct seen s = {.path = "/log/a", .at = {9, 19, 29}, .n = 3};
    struct simdisk_power power;
    simdisk_set_tear(f->d, SIMDISK_TEAR_NEVER);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(f->os->truncate(f->os->ctx, f->fd, 10 * (i + 1)), 0);
    cut_power(f, &s, &power);
    EXPECT(&s, "---", ".--", "..-", "...");
}

static void shrinking_is_undone_without_a_sync(void **state)
{
    struct fixture *f = *state;
    struct seen s = {.path = "/log/a", .at = {0, 100, PAGE}, .n = 3};
    struct simdisk_power power;
    char byte;
    fill(f, f->fd, 'x', 0, 2 * PAGE);
    assert_int_equal(sync_fd(f, f->fd), 0);
    simdisk_set_tear(f->d, SIMDISK_TEAR_NEVER);
    assert_int_equal(f->os->truncate(f->os->ctx, f->fd, 100), 0);
    assert_int_equal(f->os->truncate(f->os->ctx, f->fd, 200), 0);
    assert_int_equal(f->os->pread(f->os->ctx, f->fd, &byte, 1, 100), 1);
    assert_int_equal(byte, 0);
    cut_power(f, &s, &power);
    assert_true(has(&s, "xxx") && has(&s, "x--") && has(&s, "x.-"));
    assert_int_equal(sync_fd(f, f->fd), 0);
    s = (struct seen){.path = "/log/a", .at = {0, 100, PAGE}, .n = 3};
    cut_power(f, &s, &power);
    EXPECT(&s, "x.-");
}

/* A file that is cut short by the old size and grows again shows zeros there, not the lost bytes.
 */
static void lost_bytes_do_not_come_back_when_the_file_grows(void **state)
{
    struct fixture *f = *state;
    fill(f, f->fd, 'o', 0, 10);
    assert_int_equal(sync_fd(f, f->fd), 0);
    fill(f, f->fd, 'n', 0, 20);
    struct seen s = {.path = "/log/a", .at = {9, 10}, .n = 2};
    struct simdisk_power power;
    simdisk_set_tear(f->d, SIMDISK_TEAR_NEVER);
    cut_power(f, &s, &power);
    EXPECT(&s, "o-", "n-", "o.", "nn");
}

static int grow_image(void *arg, struct simdisk *image)
{
    char byte = 'z';
    (void)arg;
    if (simdisk_size(image, "/log/a") != 10)
        return 0;
    assert_int_equal(simdisk_set_size(image, "/log/a", 2 * PAGE), 0);
    assert_int_equal(simdisk_read(image, "/log/a", 15, &byte, 1), 1);
    assert_int_equal(byte, 0);
    assert_int_equal(simdisk_read(image, "/log/a", PAGE + 15, &byte, 1), 1);
    assert_int_equal(byte, 0);
    return 0;
}

static void an_image_cut_at_the_old_size_is_clean_behind_it(void **state)
{
    struct fixture *f = *state;
    fill(f, f->fd, 'o', 0, 10);
    assert_int_equal(sync_fd(f, f->fd), 0);
    fill(f, f->fd, 'n', 0, 2 * PAGE);
    assert_int_equal(simdisk_power_images(f->d, 1024, 1, grow_image, NULL, NULL), 0);
}

static void an_image_cut_at_the_new_size_is_clean_behind_it(void **state)
{
    struct fixture *f = *state;
    fill(f, f->fd, 'o', 0, 2 * PAGE);
    assert_int_equal(sync_fd(f, f->fd), 0);
    assert_int_equal(f->os->truncate(f->os->ctx, f->fd, 10), 0);
    assert_int_equal(simdisk_power_images(f->d, 1024, 1, grow_image, NULL, NULL), 0);
}

static void zeros_in_a_new_stretch_are_one_unit(void **state)
{
    struct fixture *f = *state;
    struct seen s = {.path = "/log/a", .at = {0, 10 * PAGE}, .n = 2};
    struct simdisk_power power;
    fill(f, f->fd, 0, 0, 64 * PAGE);
    fill(f, f->fd, 'x', 10 * PAGE, PAGE);
    simdisk_set_tear(f->d, SIMDISK_TEAR_NEVER);
    cut_power(f, &s, &power);
    assert_int_equal(power.units, 4); /* size, zeros before and behind, the page between */
    EXPECT(&s, "--", "..", ".x");
}

static void zeros_over_data_are_units_of_their_own(void **state)
{
    struct fixture *f = *state;
    struct seen s = {.path = "/log/a", .at = {0, PAGE}, .n = 2};
    struct simdisk_power power;
    fill(f, f->fd, 'x', 0, 2 * PAGE);
    assert_int_equal(sync_fd(f, f->fd), 0);
    simdisk_set_tear(f->d, SIMDISK_TEAR_NEVER);
    fill(f, f->fd, 0, 0, 2 * PAGE);
    cut_power(f, &s, &power);
    EXPECT(&s, "xx", "x.", ".x", "..");
}

static void dsync_makes_its_own_pages_and_the_size_durable(void **state)
{
    struct fixture *f = *state;
    struct seen s = {.path = "/log/a", .at = {0, PAGE}, .n = 2};
    struct simdisk_power power;
    char byte = 'd';
    struct iovec iov = {&byte, 1};
    simdisk_set_tear(f->d, SIMDISK_TEAR_NEVER);
    fill(f, f->fd, 'x', 0, PAGE);
    assert_int_equal(f->os->pwritev(f->os->ctx, f->fd, &iov, 1, PAGE, OS_WRITE_DSYNC), 1);
    cut_power(f, &s, &power);
    EXPECT(&s, ".d", "xd");
}

/* Names */

static void names_last_only_after_the_directory_is_synced(void **state)
{
    struct fixture *f = *state;
    int fd = make_file(f, "b");
    fill(f, fd, 'x', 0, 10);
    assert_int_equal(sync_fd(f, fd), 0);
    LISTINGS(f, "a ", "a b ");
    assert_int_equal(sync_fd(f, f->dir), 0);
    LISTINGS(f, "a b ");
    struct seen s = {.path = "/log/b", .n = 1};
    struct simdisk_power power;
    cut_power(f, &s, &power);
    EXPECT(&s, "x");
}

static void a_synced_directory_does_not_sync_its_files(void **state)
{
    struct fixture *f = *state;
    struct seen s = {.path = "/log/b", .n = 1};
    struct simdisk_power power;
    fill(f, make_file(f, "b"), 'x', 0, 10);
    assert_int_equal(sync_fd(f, f->dir), 0);
    cut_power(f, &s, &power);
    EXPECT(&s, "-", ".", "x");
}

static void unlink_is_undone_without_a_sync(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->os->close(f->os->ctx, f->fd), 0);
    assert_int_equal(f->os->unlink(f->os->ctx, f->dir, "a"), 0);
    assert_int_equal(simdisk_size(f->d, "/log/a"), -ENOENT);
    LISTINGS(f, "a ", "");
    assert_int_equal(sync_fd(f, f->dir), 0);
    LISTINGS(f, "");
}

static void rename_is_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->os->rename(f->os->ctx, f->dir, "a", "b"), 0);
    LISTINGS(f, "a ", "b ");
    assert_int_equal(sync_fd(f, f->dir), 0);
    LISTINGS(f, "b ");
}

static void directory_operations_are_reordered(void **state)
{
    struct fixture *f = *state;
    make_file(f, "b");
    assert_int_equal(f->os->unlink(f->os->ctx, f->dir, "a"), 0);
    LISTINGS(f, "a ", "a b ", "b ", "");
}

static void equal_directories_are_one_image(void **state)
{
    struct fixture *f = *state;
    struct seen s = {.path = "/log/b"};
    struct simdisk_power power;
    assert_int_equal(f->os->close(f->os->ctx, make_file(f, "b")), 0);
    assert_int_equal(f->os->unlink(f->os->ctx, f->dir, "b"), 0);
    cut_power(f, &s, &power);
    assert_int_equal(power.units, 2);
    assert_int_equal(power.images, 2); /* of 4 subsets */
}

static void many_directory_operations_are_sampled(void **state)
{
    struct fixture *f = *state;
    struct listing l = {.count = 0};
    struct simdisk_power power;
    for (char name[] = "b"; name[0] <= 'm'; name[0]++)
        make_file(f, name);
    assert_int_equal(simdisk_power_images(f->d, 100, 1, list_image, &l, &power), 0);
    assert_false(power.every_subset);
    assert_in_range(power.images, 20, 100);
    bool none = false, all = false;
    for (uint32_t i = 0; i < l.count; i++) {
        none = none || strcmp(l.words[i], "a ") == 0;
        all = all || strcmp(l.words[i], "a b c d e f g h i j k l m ") == 0;
    }
    assert_true(none && all);
}

static void a_new_directory_lasts_only_after_its_parent_is_synced(void **state)
{
    (void)state;
    struct simdisk *d = simdisk_new(3);
    const struct os *os = simdisk_os(d);
    struct fixture own = {.d = d, .os = os};
    assert_int_equal(os->dir_make(os->ctx, "/log", 0700), 0);
    own.dir = os->dir_open(os->ctx, "/log");
    make_file(&own, "x");
    assert_int_equal(sync_fd(&own, own.dir), 0);
    LISTINGS(&own, "gone", "x ");
    int parent = os->dir_open(os->ctx, "/log/..");
    assert_true(parent >= 0);
    assert_int_equal(sync_fd(&own, parent), 0);
    LISTINGS(&own, "x ");
    simdisk_free(d);
}

static void a_file_without_a_name_is_gone(void **state)
{
    struct fixture *f = *state;
    int fd = f->os->temp_open(f->os->ctx, f->dir, 0600);
    fill(f, fd, 'x', 0, PAGE);
    assert_int_equal(sync_fd(f, fd), 0);
    LISTINGS(f, "a ");
    struct simdisk *killed = simdisk_kill_image(f->d);
    char names[64] = "";
    assert_int_equal(simdisk_list(killed, "/log", append_name, names), 0);
    assert_string_equal(names, "a ");
    simdisk_free(killed);
}

/* Failed syncs */

static int fail_sync(struct fixture *f, int fd, enum simdisk_part part, uint64_t seed)
{
    struct simdisk_fault fault = {
        .call = SIMDISK_SYNC, .at = 1, .error = EIO, .part = part, .seed = seed};
    simdisk_inject(f->d, &fault);
    return sync_fd(f, fd);
}

static void a_failed_sync_leaves_clean_pages_that_are_lost(void **state)
{
    struct fixture *f = *state;
    char byte;
    struct seen s = {.path = "/log/a", .at = {0, PAGE}, .n = 2};
    struct simdisk_power power;
    fill(f, f->fd, 'o', 0, 2 * PAGE);
    assert_int_equal(sync_fd(f, f->fd), 0);
    fill(f, f->fd, 'n', 0, 2 * PAGE);
    assert_int_equal(fail_sync(f, f->fd, SIMDISK_NONE, 0), -EIO);
    assert_int_equal(f->os->pread(f->os->ctx, f->fd, &byte, 1, 0), 1);
    assert_int_equal(byte, 'n');
    assert_int_equal(sync_fd(f, f->fd), 0);
    cut_power(f, &s, &power);
    EXPECT(&s, "oo");
    simdisk_evict(f->d);
    assert_int_equal(f->os->pread(f->os->ctx, f->fd, &byte, 1, 0), 1);
    assert_int_equal(byte, 'o');
}

static void lost_pages_last_once_they_are_written_again(void **state)
{
    struct fixture *f = *state;
    struct seen s = {.path = "/log/a", .at = {0, PAGE}, .n = 2};
    struct simdisk_power power;
    fill(f, f->fd, 'o', 0, 2 * PAGE);
    assert_int_equal(sync_fd(f, f->fd), 0);
    fill(f, f->fd, 'n', 0, 2 * PAGE);
    assert_int_equal(fail_sync(f, f->fd, SIMDISK_NONE, 0), -EIO);
    fill(f, f->fd, 'n', 10, 1); /* the same byte makes its whole page dirty */
    assert_int_equal(sync_fd(f, f->fd), 0);
    cut_power(f, &s, &power);
    EXPECT(&s, "no");
}

static void a_failed_sync_may_lose_a_part_or_nothing(void **state)
{
    struct fixture *f = *state;
    uint32_t seen[4] = {0};
    for (uint64_t seed = 0; seed < 32; seed++) {
        struct seen s = {.path = "/log/a", .at = {0, PAGE}, .n = 2};
        struct simdisk_power power;
        fill(f, f->fd, 'o', 0, 2 * PAGE);
        assert_int_equal(sync_fd(f, f->fd), 0);
        fill(f, f->fd, 'n', 0, 2 * PAGE);
        assert_int_equal(fail_sync(f, f->fd, SIMDISK_HALF, seed), -EIO);
        cut_power(f, &s, &power);
        assert_int_equal(s.count, 1);
        seen[(s.words[0][0] == 'n') + 2 * (s.words[0][1] == 'n')]++;
    }
    assert_true(seen[0] > 0 && seen[1] > 0 && seen[2] > 0 && seen[3] > 0);
    fill(f, f->fd, 'p', 0, 2 * PAGE);
    assert_int_equal(fail_sync(f, f->fd, SIMDISK_ALL, 0), -EIO);
    struct seen s = {.path = "/log/a", .at = {0, PAGE}, .n = 2};
    struct simdisk_power power;
    cut_power(f, &s, &power);
    EXPECT(&s, "pp");
}

static void a_failed_sync_keeps_the_size_unsynced(void **state)
{
    struct fixture *f = *state;
    struct seen s = {.path = "/log/a", .at = {0}, .n = 1};
    struct simdisk_power power;
    fill(f, f->fd, 'n', 0, PAGE);
    assert_int_equal(fail_sync(f, f->fd, SIMDISK_NONE, 0), -EIO);
    cut_power(f, &s, &power);
    EXPECT(&s, "-", ".");
    assert_int_equal(sync_fd(f, f->fd), 0);
    struct seen later = {.path = "/log/a", .at = {0}, .n = 1};
    cut_power(f, &later, &power);
    EXPECT(&later, ".");
}

static void a_failed_directory_sync_keeps_names_unsynced(void **state)
{
    struct fixture *f = *state;
    make_file(f, "b");
    assert_int_equal(fail_sync(f, f->dir, SIMDISK_NONE, 0), -EIO);
    assert_int_equal(simdisk_size(f->d, "/log/b"), 0);
    LISTINGS(f, "a ", "a b ");
    assert_int_equal(sync_fd(f, f->dir), 0);
    LISTINGS(f, "a b ");
}

static void a_failed_dsync_write_is_a_failed_sync(void **state)
{
    struct fixture *f = *state;
    char byte = 'd';
    struct iovec iov = {&byte, 1};
    struct simdisk_fault fault = {.call = SIMDISK_PWRITEV, .at = 1, .error = EIO};
    struct seen s = {.path = "/log/a", .at = {0}, .n = 1};
    struct simdisk_power power;
    fill(f, f->fd, 'o', 0, 10);
    assert_int_equal(sync_fd(f, f->fd), 0);
    simdisk_inject(f->d, &fault);
    assert_int_equal(f->os->pwritev(f->os->ctx, f->fd, &iov, 1, 0, OS_WRITE_DSYNC), -EIO);
    assert_int_equal(simdisk_read(f->d, "/log/a", 0, &byte, 1), 1);
    assert_int_equal(byte, 'd');
    cut_power(f, &s, &power);
    EXPECT(&s, "o");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(synced_data_survives),
        CASE(unsynced_pages_and_size_are_independent),
        CASE(a_page_shows_any_state_since_the_sync),
        CASE(a_size_shows_any_state_since_the_sync),
        CASE(shrinking_is_undone_without_a_sync),
        CASE(lost_bytes_do_not_come_back_when_the_file_grows),
        CASE(an_image_cut_at_the_old_size_is_clean_behind_it),
        CASE(an_image_cut_at_the_new_size_is_clean_behind_it),
        CASE(zeros_in_a_new_stretch_are_one_unit),
        CASE(zeros_over_data_are_units_of_their_own),
        CASE(dsync_makes_its_own_pages_and_the_size_durable),
        CASE(names_last_only_after_the_directory_is_synced),
        CASE(a_synced_directory_does_not_sync_its_files),
        CASE(unlink_is_undone_without_a_sync),
        CASE(rename_is_all_or_nothing),
        CASE(directory_operations_are_reordered),
        CASE(equal_directories_are_one_image),
        CASE(many_directory_operations_are_sampled),
        CASE(a_new_directory_lasts_only_after_its_parent_is_synced),
        CASE(a_file_without_a_name_is_gone),
        CASE(a_failed_sync_leaves_clean_pages_that_are_lost),
        CASE(lost_pages_last_once_they_are_written_again),
        CASE(a_failed_sync_may_lose_a_part_or_nothing),
        CASE(a_failed_sync_keeps_the_size_unsynced),
        CASE(a_failed_directory_sync_keeps_names_unsynced),
        CASE(a_failed_dsync_write_is_a_failed_sync),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
