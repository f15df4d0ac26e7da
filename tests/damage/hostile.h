/* SPDX-License-Identifier: Apache-2.0 */
/* A log that was made honestly, to be forged: for the hostile_* tests. The test's group has `setup`
 * and `teardown`. */
#ifndef WAL_TESTS_HOSTILE_H
#define WAL_TESTS_HOSTILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "forge.h"

enum { ONE_GROUP = 512 * 1024 };

static struct made made;
static struct stand stand; /* where it is put to be opened */
static struct control control;
static struct layout newest; /* of its newest segment */

static inline int setup(void **state)
{
    (void)state;
    made_make(&made, MADE_META_LAST);
    layout_control(&made.now, &control);
    layout_of(&newest, image_segment(&made.now, control.newest), UINT64_MAX);
    stand_make(&stand);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    stand_remove(&stand);
    made_free(&made);
    return 0;
}

#endif
