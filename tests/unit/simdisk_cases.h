/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the simulated disk's failure model share: a disk with one durable, empty file,
 * and ways to say what the images of a power cut look like. */
#ifndef WAL_TESTS_SIMDISK_CASES_H
#define WAL_TESTS_SIMDISK_CASES_H

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

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    simdisk_free(f->d);
    return 0;
}

static inline void fill(struct fixture *f, int fd, char byte, uint64_t offset, size_t size)
{
    void *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, byte, size);
    struct iovec iov = {bytes, size};
    assert_int_equal(f->os->pwritev(f->os->ctx, fd, &iov, 1, offset, 0), size);
    free(bytes);
}

static inline int sync_fd(struct fixture *f, int fd)
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

static inline int look(void *arg, struct simdisk *image)
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

static inline bool has(const struct seen *s, const char *word)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (strcmp(s->words[i], word) == 0)
            return true;
    }
    return false;
}

static inline void cut_power(struct fixture *f, struct seen *s, struct simdisk_power *power)
{
    assert_int_equal(simdisk_power_images(f->d, 1024, 7, look, s, power), 0);
    assert_int_equal(power->images, s->images);
}

/* These words and no others. */
static inline void expect_words(const struct seen *s, const char *const *words, uint32_t n)
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

static inline int make_file(struct fixture *f, const char *name)
{
    int fd = f->os->file_open(f->os->ctx, f->dir, name, OS_READ | OS_WRITE | OS_CREATE, 0600);
    assert_true(fd >= 0);
    return fd;
}

struct listing {
    char words[64][64];
    uint32_t count;
};

static inline int append_name(void *arg, const char *name)
{
    strcat(arg, name);
    strcat(arg, " ");
    return 0;
}

static inline int list_image(void *arg, struct simdisk *image)
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

static inline void expect_listings(struct fixture *f, const char *const *words, uint32_t n)
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

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
