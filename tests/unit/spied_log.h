/* SPDX-License-Identifier: Apache-2.0 */
/* A log of one thread, on a system that a spy listens to: for the tests of src/log. */
#ifndef WAL_TESTS_SPIED_LOG_H
#define WAL_TESTS_SPIED_LOG_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/options.h"
#include "base/codes.h"
#include "base/fault.h"
#include "log/log.h"
#include "support/log_fixture.h"
#include "support/spy_os.h"

static struct spy_os spy;

/* *state: a fixture whose log is not open yet. */
static inline int spied_setup(void **state)
{
    if (fixture_setup(state) != 0)
        return -1;
    struct log_fixture *f = *state;
    spy_init(&spy);
    options_set_os(f->options, &spy.os);
    return wal_options_set(f->options, WAL_OPT_BACKGROUND, 0);
}

#define spied_test(fn) cmocka_unit_test_setup_teardown(fn, spied_setup, fixture_teardown)

/* The nth place (from 1) in the trace where a call begins like this; -1: there is none. */
static inline int spied_at(const char *call, int nth)
{
    const char *p = spy.trace;
    while ((p = strstr(p, call)) != NULL && --nth > 0)
        p++;
    return p ? (int)(p - spy.trace) : -1;
}

/* The first such place behind another one. */
static inline int spied_behind(const char *call, int at)
{
    const char *p = at < 0 ? NULL : strstr(spy.trace + at, call);
    return p ? (int)(p - spy.trace) : -1;
}

#endif
