/* SPDX-License-Identifier: Apache-2.0 */
/* The POSIX system and a directory of a test's own, opened through it: for the tests of src/os. */
#ifndef WAL_TESTS_POSIX_FIXTURE_H
#define WAL_TESTS_POSIX_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "os/os.h"
#include "support/scratch.h"

struct fixture {
    const struct os *os;
    struct scratch scratch;
    int dir;
};

static inline int setup(void **state)
{
    static struct fixture f;
    f.os = os_posix();
    if (scratch_make(&f.scratch) < 0)
        return -1;
    f.dir = f.os->dir_open(f.os->ctx, f.scratch.path);
    *state = &f;
    return f.dir < 0 ? -1 : 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    f->os->close(f->os->ctx, f->dir);
    scratch_remove(&f->scratch);
    return 0;
}

#define fixture_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
