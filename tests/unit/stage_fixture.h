/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of groups, on an allocator that can run dry: for the tests of log/stage. */
#ifndef WAL_TESTS_STAGE_FIXTURE_H
#define WAL_TESTS_STAGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/codes.h"
#include "format/group.h"
#include "log/stage.h"
#include "support/poor_alloc.h"

enum { GROUP = 1000, START = 4096 };

static struct poor_alloc poor;
static struct stage stage;
static struct stage_limits limits;
static uint64_t next_lsn;

static inline int setup(void **state)
{
    (void)state;
    poor_init(&poor, UINT32_MAX);
    limits = (struct stage_limits){
        .alloc = &poor.alloc, .segment_bytes = 100000, .group_bytes = GROUP, .group_align = 64};
    stage = (struct stage){.salt = 1, .end = START};
    next_lsn = 100;
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    stage_free(&stage, &poor.alloc);
    assert_int_equal(poor.live, 0);
    return 0;
}

enum how { BUFFERED, WAITS };

/* An append of some records, whose bytes are all the low byte of its LSN. */
static inline struct slot append(uint64_t body, uint64_t records, enum how how)
{
    struct slot slot;
    assert_int_equal(stage_reserve(&stage, &limits, body, records, next_lsn, how == WAITS, &slot),
                     0);
    assert_int_equal(slot.first_lsn, next_lsn);
    memset(slot.at, (int)(next_lsn & 0xff), (size_t)body);
    next_lsn += records;
    return slot;
}

static inline void recycle_all(struct staged *list)
{
    while (list) {
        struct staged *next = list->next;
        stage_recycle(&stage, &limits, list);
        list = next;
    }
}

static inline size_t count(const struct staged *list)
{
    size_t n = 0;
    for (; list; list = list->next)
        n++;
    return n;
}

static inline uint64_t disk(uint64_t body)
{
    return group_disk_bytes(body, limits.group_align);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
