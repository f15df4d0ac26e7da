/* SPDX-License-Identifier: Apache-2.0 */
/* A segment made by hand and what a scan of its end finds: for the tests of segment/tail. */
#ifndef WAL_TESTS_TAIL_FIXTURE_H
#define WAL_TESTS_TAIL_FIXTURE_H

#include "draft_fixture.h"
#include "segment/tail.h"
#include "segment/verdict.h"

enum {
    D = FACT_DURABLE_DAMAGED,
    WINDOW = FACT_BEYOND_WINDOW,
    BYTES = FACT_BYTES_AFTER,
    ROOM = FACT_ROOM,
    HEADER = FACT_HEADER_RIGHT,
    BATCH = FACT_BATCH_UNFINISHED,
};

static struct tail tail;

static inline enum verdict verdict(void)
{
    return verdict_of(tail.facts)->verdict;
}

static inline void scan_with(uint64_t outside)
{
    assert_int_equal(tail_scan(&draft.segment, &alloc_default, outside, NULL, NULL, &tail), 0);
}

static inline void expect_facts(uint32_t facts, enum verdict v)
{
    scan_with(0);
    assert_int_equal(tail.facts, facts);
    assert_int_equal(verdict(), v);
}

static inline void expect_boundary(const struct boundary *is, const struct boundary *should)
{
    assert_int_equal(is->offset, should->offset);
    assert_int_equal(is->next_lsn, should->next_lsn);
    assert_int_equal(is->link, should->link);
    assert_int_equal(is->meta_offset, should->meta_offset);
}

#endif
