/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated disk beside the real system: the same calls on both give the same answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/scratch.h"
#include "support/simdisk.h"

enum { PAGE = 4096 };
enum { NAMES = 6, OPEN_MAX_AT_ONCE = 5, STEPS = 6000, FILE_MAX = 5 * PAGE };

struct side {
    const struct os *os;
    const char *base;
    int dir;
    int fds[OPEN_MAX_AT_ONCE];
};

static uint64_t dice_state;

static uint64_t dice(uint64_t n)
{
    dice_state = dice_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (dice_state >> 33) % n;
}

/* One step's choices, made once and carried out on both sides. */
struct step {
    uint64_t kind, slot, name, other, offset, size, flags, byte;
};

static const char *name_of(uint64_t i)
{
    static const char *const names[NAMES] = {"a", "b", "control", "tmp-1", "c.wal", ""};
    return names[i];
}

static int64_t do_open(struct side *s, const struct step *t)
{
    int *fd = &s->fds[t->slot];
    if (*fd >= 0)
        s->os->close(s->os->ctx, *fd);
    if (t->flags == 15)
        *fd = s->os->temp_open(s->os->ctx, s->dir, 0600);
    else
        *fd = s->os->file_open(s->os->ctx, s->dir, name_of(t->name), (int)t->flags, 0600);
    return *fd < 0 ? *fd : 0;
}

static int64_t do_write(struct side *s, const struct step *t)
{
    static uint8_t bytes[FILE_MAX];
    for (size_t i = 0; i < t->size; i++)
        bytes[i] = (uint8_t)(t->byte == 0 ? 0 : t->byte + i);
    struct iovec iov[3] = {{bytes, t->size / 3}, {bytes + t->size / 3, 0}, {bytes, t->size / 2}};
    return s->os->pwritev(s->os->ctx, s->fds[t->slot], iov, 3, t->offset, 0);
}

static int64_t do_read(struct side *s, const struct step *t)
{
    static uint8_t bytes[FILE_MAX];
    int64_t n = s->os->pread(s->os->ctx, s->fds[t->slot], bytes, t->size, t->offset);
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum = sum * 31 + bytes[i];
    return n < 0 ? n : (int64_t)(sum >> 2) + n;
}

static int64_t facts_of(int error, const struct os_stat *st)
{
    if (error < 0)
        return error;
    return (int64_t)(st->size * 8 + st->links * 4 + (uint64_t)st->kind +
                     (uint64_t)st->mode * 100000);
}

static int sum_name(void *arg, const char *name)
{
    uint64_t one = 7;
    for (; *name != 0; name++)
        one = one * 131 + (uint8_t)*name;
    *(int64_t *)arg += (int64_t)(one >> 8);
    return 0;
}

static int64_t do_dirs(struct side *s, const struct step *t)
{
    char path[400];
    if (name_of(t->name)[0] == 0)
        return 0; /* the base is to stay */
    snprintf(path, sizeof path, "%s/%s%s", s->base, name_of(t->name), t->byte % 3 == 0 ? "/x" : "");
    if (t->flags % 3 == 0)
        return s->os->dir_make(s->os->ctx, path, 0700);
    if (t->flags % 3 == 1)
        return s->os->dir_remove(s->os->ctx, path);
    int fd = s->os->dir_open(s->os->ctx, path);
    return fd < 0 ? fd : s->os->close(s->os->ctx, fd);
}

static int64_t carry_out(struct side *s, const struct step *t)
{
    const struct os *os = s->os;
    struct os_stat st;
    int64_t sum = 0;
    int fd = s->fds[t->slot];
    switch (t->kind) {
    case 0:
        return do_open(s, t);
    case 1:
        return do_read(s, t);
    case 2:
        return os->truncate(os->ctx, fd, t->offset);
    case 3:
        return facts_of(os->stat(os->ctx, fd, &st), &st);
    case 4:
        return facts_of(os->stat_at(os->ctx, s->dir, name_of(t->name), &st), &st);
    case 5:
        return os->rename(os->ctx, s->dir, name_of(t->name), name_of(t->other));
    case 6:
        return os->unlink(os->ctx, s->dir, name_of(t->name));
    case 7:
        return os->dir_list(os->ctx, s->dir, sum_name, &sum) + sum;
    case 8:
        return do_dirs(s, t);
    case 9:
        return os->lock(os->ctx, fd);
    case 10:
        return os->sync(os->ctx, fd, t->byte % 2 == 0 ? OS_SYNC_DATA : OS_SYNC_FULL);
    default:
        return do_write(s, t);
    }
}

static struct step throw_step(void)
{
    struct step t = {
        .kind = dice(16),
        .slot = dice(OPEN_MAX_AT_ONCE),
        .name = dice(NAMES),
        .other = dice(NAMES),
        .offset = dice(FILE_MAX),
        .size = dice(4) == 0 ? dice(3 * PAGE) : dice(600),
        .flags = dice(16),
        .byte = dice(4),
    };
    if ((t.flags & (OS_READ | OS_WRITE)) == 0)
        t.flags |= OS_READ;
    return t;
}

/* Directories and links count differently from one real file system to the next. */
static bool is_about_a_directory(struct side *s, const struct step *t)
{
    struct os_stat st;
    int error = t->kind == 3 ? s->os->stat(s->os->ctx, s->fds[t->slot], &st)
                             : s->os->stat_at(s->os->ctx, s->dir, name_of(t->name), &st);
    return error == 0 && st.kind == OS_DIR;
}

static void answers_as_the_real_system_does(void **state)
{
    (void)state;
    struct simdisk *d = simdisk_new(1);
    const struct os *os = simdisk_os(d);
    struct scratch scratch;
    assert_int_equal(scratch_make(&scratch), 0);
    struct side sides[2] = {{.os = os_posix(), .base = scratch.path}, {.os = os, .base = "/dir"}};
    assert_int_equal(os->dir_make(os->ctx, "/dir", 0700), 0);
    for (int i = 0; i < 2; i++) {
        sides[i].dir = sides[i].os->dir_open(sides[i].os->ctx, sides[i].base);
        for (int j = 0; j < OPEN_MAX_AT_ONCE; j++)
            sides[i].fds[j] = -1;
    }
    dice_state = 12345;
    for (int i = 0; i < STEPS; i++) {
        struct step t = throw_step();
        if ((t.kind == 3 || t.kind == 4) && is_about_a_directory(&sides[1], &t))
            continue;
        int64_t real = carry_out(&sides[0], &t), simulated = carry_out(&sides[1], &t);
        if (real != simulated)
            fail_msg("step %d, kind %d: really %lld, simulated %lld", i, (int)t.kind,
                     (long long)real, (long long)simulated);
    }
    for (int j = 0; j < OPEN_MAX_AT_ONCE; j++) {
        if (sides[0].fds[j] >= 0)
            sides[0].os->close(sides[0].os->ctx, sides[0].fds[j]);
    }
    sides[0].os->close(sides[0].os->ctx, sides[0].dir);
    scratch_remove(&scratch);
    simdisk_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_as_the_real_system_does)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
