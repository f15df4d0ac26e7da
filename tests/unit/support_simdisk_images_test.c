/* SPDX-License-Identifier: Apache-2.0 */
/* The images of a power cut: how pages tear, how many there are, which are chosen, how they are
 * told apart; and the images of a killed process. */
#include "simdisk_cases.h"

/* Torn pages */

struct torn {
    enum simdisk_tear tear;
    uint32_t mixed, within_a_sector, garbage;
};

/* Durable 'o', written over from 100 up to 4000 by 'n'; bytes outside never change. */
static int judge_torn(void *arg, struct simdisk *image)
{
    struct torn *t = arg;
    char bytes[PAGE];
    bool old = false, new = false, split = false, strange = false;
    assert_int_equal(simdisk_read(image, "/log/a", 0, bytes, PAGE), PAGE);
    for (uint32_t i = 0; i < PAGE; i++) {
        if (i < 100 || i >= 4000) {
            assert_int_equal(bytes[i], 'o');
            continue;
        }
        old = old || bytes[i] == 'o';
        new = new || bytes[i] == 'n';
        strange = strange || (bytes[i] != 'o' && bytes[i] != 'n');
        split = split || (i % 512 != 0 && i > 100 && bytes[i] != bytes[i - 1]);
    }
    t->mixed += old && new;
    t->within_a_sector += split && !strange;
    t->garbage += strange;
    return 0;
}

static void tear(struct fixture *f, struct torn *t)
{
    fill(f, f->fd, 'o', 0, PAGE);
    assert_int_equal(sync_fd(f, f->fd), 0);
    fill(f, f->fd, 'n', 100, 3900);
    simdisk_set_tear(f->d, t->tear);
    for (uint64_t seed = 0; seed < 50; seed++)
        assert_int_equal(simdisk_power_images(f->d, 16, seed, judge_torn, t, NULL), 0);
}

static void pages_tear_at_sectors(void **state)
{
    struct torn t = {.tear = SIMDISK_TEAR_SECTORS};
    tear(*state, &t);
    assert_true(t.mixed > 0);
    assert_int_equal(t.within_a_sector, 0);
    assert_int_equal(t.garbage, 0);
}

static void pages_tear_within_what_was_written(void **state)
{
    struct torn t = {.tear = SIMDISK_TEAR_BYTES};
    tear(*state, &t);
    assert_true(t.mixed > 0);
    assert_true(t.within_a_sector > 0);
    assert_true(t.garbage > 0);
}

static void the_same_bytes_again_can_not_tear(void **state)
{
    struct fixture *f = *state;
    struct simdisk_power power;
    struct seen s = {.path = "/log/a", .at = {0, PAGE - 1}, .n = 2};
    fill(f, f->fd, 'o', 0, PAGE);
    assert_int_equal(sync_fd(f, f->fd), 0);
    simdisk_set_tear(f->d, SIMDISK_TEAR_BYTES);
    fill(f, f->fd, 'o', 0, PAGE);
    fill(f, f->fd, 'o', 100, 100);
    cut_power(f, &s, &power);
    assert_int_equal(power.images, 1);
    EXPECT(&s, "oo");
}

/* Images as such */

static void a_killed_process_loses_nothing_of_the_cache(void **state)
{
    struct fixture *f = *state;
    char byte = 0;
    assert_int_equal(f->os->lock(f->os->ctx, f->fd), 0);
    fill(f, f->fd, 'x', 0, 2 * PAGE);
    struct simdisk *d = simdisk_kill_image(f->d);
    const struct os *os = simdisk_os(d);
    assert_int_not_equal(os->pid(os->ctx), f->os->pid(f->os->ctx));
    assert_int_equal(simdisk_read(d, "/log/a", PAGE, &byte, 1), 1);
    assert_int_equal(byte, 'x');
    int dir = os->dir_open(os->ctx, "/log");
    int fd = os->file_open(os->ctx, dir, "a", OS_READ | OS_WRITE, 0);
    assert_int_equal(os->lock(os->ctx, fd), 0);
    /* The cache of a killed process is as unsynced as it was. */
    struct seen s = {.path = "/log/a", .at = {0, PAGE}, .n = 2};
    simdisk_set_tear(d, SIMDISK_TEAR_NEVER);
    assert_int_equal(simdisk_power_images(d, 1024, 1, look, &s, NULL), 0);
    EXPECT(&s, "--", "..", "x.", ".x", "xx");
    simdisk_free(d);
}

static void clones_share_nothing_that_changes(void **state)
{
    struct fixture *f = *state;
    char byte;
    fill(f, f->fd, 'o', 0, PAGE);
    struct simdisk *d = simdisk_clone(f->d);
    uint64_t hash = simdisk_hash(d);
    assert_int_equal(simdisk_hash(f->d), hash);
    fill(f, f->fd, 'n', 0, PAGE);
    make_file(f, "b");
    assert_int_equal(simdisk_hash(d), hash);
    assert_int_not_equal(simdisk_hash(f->d), hash);
    assert_int_equal(simdisk_size(d, "/log/b"), -ENOENT);
    assert_int_equal(simdisk_read(d, "/log/a", 0, &byte, 1), 1);
    assert_int_equal(byte, 'o');
    simdisk_free(d);
}

static int look_again(void *arg, struct simdisk *image)
{
    uint64_t *hashes = arg;
    uint64_t i = hashes[0]++;
    if (hashes[1] == 0)
        hashes[2 + i] = simdisk_hash(image);
    else
        assert_int_equal(hashes[2 + i], simdisk_hash(image));
    return 0;
}

static void the_seed_decides_the_sample(void **state)
{
    struct fixture *f = *state;
    uint64_t hashes[2 + 200] = {0};
    struct simdisk_power power;
    for (uint64_t i = 0; i < 20; i++)
        fill(f, f->fd, 'x', i * PAGE, 600);
    assert_int_equal(simdisk_power_images(f->d, 100, 5, look_again, hashes, &power), 0);
    assert_false(power.every_subset);
    assert_in_range(power.images, 50, 150);
    hashes[0] = 0;
    hashes[1] = 1;
    assert_int_equal(simdisk_power_images(f->d, 100, 5, look_again, hashes, &power), 0);
}

static void ten_units_are_exhausted(void **state)
{
    struct fixture *f = *state;
    struct simdisk_power power;
    struct seen s = {.path = "/log/a", .n = 8};
    fill(f, f->fd, 'o', 0, 8 * PAGE);
    assert_int_equal(sync_fd(f, f->fd), 0);
    for (uint64_t i = 0; i < 8; i++) {
        fill(f, f->fd, 'n', i * PAGE, 1000);
        s.at[i] = i * PAGE;
    }
    fill(f, f->fd, 'n', 8 * PAGE, 100);
    cut_power(f, &s, &power);
    assert_int_equal(power.units, 10);
    assert_true(power.every_subset);
    assert_false(power.every_state);
    assert_in_range(power.images, 512 + 256, 1024);
    assert_int_equal(s.count, 256);
}

static void a_sample_has_each_unit_alone_and_each_missing(void **state)
{
    struct fixture *f = *state;
    struct simdisk_power power;
    struct seen s = {.path = "/log/a", .n = 8};
    simdisk_set_tear(f->d, SIMDISK_TEAR_NEVER);
    fill(f, f->fd, 'o', 0, 8 * PAGE);
    assert_int_equal(sync_fd(f, f->fd), 0);
    for (uint64_t i = 0; i < 8; i++) {
        fill(f, f->fd, 'n', i * PAGE, PAGE);
        s.at[i] = i * PAGE;
    }
    assert_int_equal(simdisk_power_images(f->d, 18, 1, look, &s, &power), 0);
    assert_int_equal(power.images, 18);
    assert_int_equal(s.count, 18);
    assert_true(has(&s, "oooooooo") && has(&s, "nnnnnnnn"));
    for (uint32_t i = 0; i < 8; i++) {
        char alone[] = "oooooooo", missing[] = "nnnnnnnn";
        alone[i] = 'n';
        missing[i] = 'o';
        assert_true(has(&s, alone) && has(&s, missing));
    }
}

static int stop_at_third(void *arg, struct simdisk *image)
{
    (void)image;
    return ++*(int *)arg == 3 ? 42 : 0;
}

static void the_callback_can_stop(void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    fill(f, f->fd, 'x', 0, 8 * PAGE);
    assert_int_equal(simdisk_power_images(f->d, 1024, 1, stop_at_third, &calls, NULL), 42);
    assert_int_equal(calls, 3);
}

static void the_hash_tells_states_apart(void **state)
{
    struct fixture *f = *state;
    uint64_t hashes[6];
    uint32_t n = 0;
    hashes[n++] = simdisk_hash(f->d);
    fill(f, f->fd, 'x', 0, 10);
    hashes[n++] = simdisk_hash(f->d);
    assert_int_equal(sync_fd(f, f->fd), 0);
    hashes[n++] = simdisk_hash(f->d);
    assert_int_equal(f->os->rename(f->os->ctx, f->dir, "a", "b"), 0);
    hashes[n++] = simdisk_hash(f->d);
    assert_int_equal(sync_fd(f, f->dir), 0);
    hashes[n++] = simdisk_hash(f->d);
    assert_int_equal(f->os->truncate(f->os->ctx, f->fd, 11), 0);
    hashes[n++] = simdisk_hash(f->d);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < i; j++)
            assert_int_not_equal(hashes[i], hashes[j]);
    }
}

static void holes_and_zeros_have_one_hash(void **state)
{
    struct fixture *f = *state;
    struct simdisk *d = simdisk_clone(f->d);
    fill(f, f->fd, 0, 0, 2 * PAGE);
    assert_int_equal(sync_fd(f, f->fd), 0);
    assert_int_equal(simdisk_set_size(d, "/log/a", 2 * PAGE), 0);
    assert_int_equal(simdisk_hash(d), simdisk_hash(f->d));
    simdisk_free(d);
}

/* More writes than states are kept: still only states that were there, and the last of them. */
static void many_states_of_a_page_are_thinned_out(void **state)
{
    struct fixture *f = *state;
    struct simdisk_power power;
    struct seen s = {.path = "/log/a", .at = {0}, .n = 1};
    fill(f, f->fd, 'A', 0, PAGE);
    assert_int_equal(sync_fd(f, f->fd), 0);
    simdisk_set_tear(f->d, SIMDISK_TEAR_NEVER);
    for (int i = 0; i < 40; i++)
        fill(f, f->fd, (char)('B' + i), 0, PAGE);
    cut_power(f, &s, &power);
    assert_in_range(s.count, 10, 40);
    assert_true(has(&s, "A") && has(&s, "i"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(pages_tear_at_sectors),
        CASE(pages_tear_within_what_was_written),
        CASE(the_same_bytes_again_can_not_tear),
        CASE(a_killed_process_loses_nothing_of_the_cache),
        CASE(clones_share_nothing_that_changes),
        CASE(the_seed_decides_the_sample),
        CASE(ten_units_are_exhausted),
        CASE(a_sample_has_each_unit_alone_and_each_missing),
        CASE(the_callback_can_stop),
        CASE(the_hash_tells_states_apart),
        CASE(holes_and_zeros_have_one_hash),
        CASE(many_states_of_a_page_are_thinned_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
