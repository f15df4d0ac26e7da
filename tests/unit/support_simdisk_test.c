/* The failure model, rule by rule: what the simulated disk makes of what no sync has covered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/simdisk.h"

enum { PAGE = 4096, SEEN_MAX = 4096 };

struct fixture {
    struct simdisk *d;
    const struct os *os;
    int dir, fd; /* "/log", and "/log/a" in it; both durable and empty */
};

static int setup(void **state)
{
    static struct fixture f;
    f.d = simdisk_new(1);
    f.os = simdisk_os(f.d);
    *state = &f;
    if (f.os->dir_make(f.os->ctx, "/log", 0700) != 0)
        return -1;
    f.dir = f.os->dir_open(f.os->ctx, "/log");
    f.fd = f.os->file_open(f.os->ctx, f.dir, "a", OS_READ | OS_WRITE | OS_CREATE, 0600);
    simdisk_settle(f.d);
    return f.fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    simdisk_free(f->d);
    return 0;
}

static void fill(struct fixture *f, int fd, char byte, uint64_t offset, size_t size)
{
    void *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, byte, size);
    struct iovec iov = {bytes, size};
    assert_int_equal(f->os->pwritev(f->os->ctx, fd, &iov, 1, offset, 0), size);
    free(bytes);
}

static int sync_fd(struct fixture *f, int fd)
{
    return f->os->sync(f->os->ctx, fd, OS_SYNC_DATA);
}

/* What the images of a power cut look like: one letter for each thing asked about, collected as a
 * set of words. */
struct seen {
    const char *path; /* the file that is looked at */
    uint64_t at[8];   /* '-' where the file ends before, '.' for 0 */
    uint32_t n;
    char words[SEEN_MAX][24];
    uint32_t count;
    uint64_t images;
};

static int look(void *arg, struct simdisk *image)
{
    struct seen *s = arg;
    char word[24] = "";
    if (simdisk_size(image, s->path) < 0)
        strcpy(word, "gone");
    for (uint32_t i = 0; i < s->n && word[0] != 'g'; i++) {
        char byte;
        int64_t n = simdisk_read(image, s->path, s->at[i], &byte, 1);
        word[i] = n == 0 ? '-' : byte == 0 ? '.' : byte;
    }
    s->images++;
    for (uint32_t i = 0; i < s->count; i++) {
        if (strcmp(s->words[i], word) == 0)
            return 0;
    }
    if (s->count == SEEN_MAX)
        return 1;
    strcpy(s->words[s->count++], word);
    return 0;
}

static bool has(const struct seen *s, const char *word)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (strcmp(s->words[i], word) == 0)
            return true;
    }
    return false;
}

static void cut_power(struct fixture *f, struct seen *s, struct simdisk_power *power)
{
    assert_int_equal(simdisk_power_images(f->d, 1024, 7, look, s, power), 0);
    assert_int_equal(power->images, s->images);
}

/* These words and no others. */
static void expect_words(const struct seen *s, const char *const *words, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!has(s, words[i]))
            fail_msg("no image is \"%s\"", words[i]);
    }
    assert_int_equal(s->count, n);
}

#define EXPECT(s, ...)                                                                             \
    expect_words(s, (const char *const[]){__VA_ARGS__},                                            \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

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

/* Names */

static int make_file(struct fixture *f, const char *name)
{
    int fd = f->os->file_open(f->os->ctx, f->dir, name, OS_READ | OS_WRITE | OS_CREATE, 0600);
    assert_true(fd >= 0);
    return fd;
}

struct listing {
    char words[64][64];
    uint32_t count;
};

static int append_name(void *arg, const char *name)
{
    strcat(arg, name);
    strcat(arg, " ");
    return 0;
}

static int list_image(void *arg, struct simdisk *image)
{
    struct listing *l = arg;
    char word[64] = "";
    int error = simdisk_list(image, "/log", append_name, word);
    if (error == -ENOENT)
        strcpy(word, "gone");
    for (uint32_t i = 0; i < l->count; i++) {
        if (strcmp(l->words[i], word) == 0)
            return 0;
    }
    strcpy(l->words[l->count++], word);
    return 0;
}

static void expect_listings(struct fixture *f, const char *const *words, uint32_t n)
{
    struct listing l = {.count = 0};
    assert_int_equal(simdisk_power_images(f->d, 1024, 1, list_image, &l, NULL), 0);
    for (uint32_t i = 0; i < n; i++) {
        bool found = false;
        for (uint32_t j = 0; j < l.count; j++)
            found = found || strcmp(l.words[j], words[i]) == 0;
        if (!found)
            fail_msg("no image lists \"%s\"", words[i]);
    }
    assert_int_equal(l.count, n);
}

#define LISTINGS(f, ...)                                                                           \
    expect_listings(f, (const char *const[]){__VA_ARGS__},                                         \
                    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

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
    struct fixture *f = *state;
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
    (void)f;
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

static void a_failed_sync_may_lose_the_size(void **state)
{
    struct fixture *f = *state;
    struct seen s = {.path = "/log/a", .at = {0}, .n = 1};
    struct simdisk_power power;
    fill(f, f->fd, 'n', 0, PAGE);
    assert_int_equal(fail_sync(f, f->fd, SIMDISK_NONE, 0), -EIO);
    assert_int_equal(sync_fd(f, f->fd), 0);
    cut_power(f, &s, &power);
    EXPECT(&s, "-");
}

static void a_failed_directory_sync_loses_names(void **state)
{
    struct fixture *f = *state;
    make_file(f, "b");
    assert_int_equal(fail_sync(f, f->dir, SIMDISK_NONE, 0), -EIO);
    assert_int_equal(simdisk_size(f->d, "/log/b"), 0);
    assert_int_equal(sync_fd(f, f->dir), 0);
    LISTINGS(f, "a ");
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
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
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
        CASE(pages_tear_at_sectors),
        CASE(pages_tear_within_what_was_written),
        CASE(the_same_bytes_again_can_not_tear),
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
        CASE(a_failed_sync_may_lose_the_size),
        CASE(a_failed_directory_sync_loses_names),
        CASE(a_failed_dsync_write_is_a_failed_sync),
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
