/* SPDX-License-Identifier: Apache-2.0 */
/* A segment made by hand in a directory of its own, open: for the tests of src/segment. */
#ifndef WAL_TESTS_DRAFT_FIXTURE_H
#define WAL_TESTS_DRAFT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "support/draft.h"
#include "support/poor_alloc.h"

static struct bench bench;
static struct draft draft;

static inline int setup(void **state)
{
    (void)state;
    bench_make(&bench);
    draft_begin(&draft, &bench, 1, 100);
    draft_open(&draft);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    draft_close(&draft);
    bench_remove(&bench);
    return 0;
}

/* A segment of another kind in its place: begin, change draft.header, open. */
static inline void begin_another(void)
{
    draft_close(&draft);
    draft_begin(&draft, &bench, 2, 100);
}

#endif
