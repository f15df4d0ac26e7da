/* SPDX-License-Identifier: Apache-2.0 */
/* A segment made by hand and a reader of its groups: for the tests of segment/groups. */
#ifndef WAL_TESTS_GROUPS_FIXTURE_H
#define WAL_TESTS_GROUPS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "segment/groups.h"
#include "support/draft.h"
#include "support/poor_alloc.h"

enum { BLOCK = 4096 };

static struct bench bench;
static struct draft draft;
static struct group_reader reader;
static struct poor_alloc poor;

static inline int setup(void **state)
{
    (void)state;
    bench_make(&bench);
    draft_begin(&draft, &bench, 1, 100);
    draft_open(&draft);
    group_reader_init(&reader, &draft.segment, &alloc_default, BLOCK);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    group_reader_free(&reader);
    draft_close(&draft);
    bench_remove(&bench);
    return 0;
}

/* The same file read anew from its start. */
static inline void restart(size_t block_bytes)
{
    group_reader_free(&reader);
    group_reader_init(&reader, &draft.segment, &alloc_default, block_bytes);
}

/* A new file of groups with another alignment. */
static inline void start_aligned(uint32_t align)
{
    group_reader_free(&reader);
    draft_close(&draft);
    draft_begin(&draft, &bench, 2, 100);
    draft.header.group_align = align;
    draft_open(&draft);
    group_reader_init(&reader, &draft.segment, &alloc_default, BLOCK);
}

static inline void assert_records(const struct group_view *g)
{
    struct record_walk walk;
    struct record r;
    uint64_t lsn = g->header.first_lsn;

    group_records(g, &draft.segment.header, &walk);
    while (record_next(&walk, &r) == 1) {
        assert_int_equal(r.lsn, lsn++);
        assert_int_equal(r.type, draft_type(r.lsn));
        assert_true(record_right(&r, draft.header.salt));
        for (size_t k = 0; k < r.size; k++)
            assert_int_equal(r.payload[k], draft_byte(r.lsn, k));
    }
    assert_int_equal(walk.left, 0);
    assert_int_equal(lsn, g->header.first_lsn + g->header.records);
}

static inline struct group_view expect_group(uint64_t offset)
{
    struct group_view g;
    assert_int_equal(group_reader_next(&reader, &g), 1);
    assert_int_equal(g.offset, offset);
    assert_int_equal(reader.offset, g.end);
    assert_int_equal(reader.stop, STOP_NONE);
    if (g.header.type == GROUP_DATA)
        assert_records(&g);
    return g;
}

static inline void expect_stop(enum group_stop why)
{
    struct group_view g;
    uint64_t offset = reader.offset, lsn = reader.lsn;

    for (int again = 0; again < 2; again++) { /* the reader stays: it says the same once more */
        assert_int_equal(group_reader_next(&reader, &g), 0);
        assert_int_equal(reader.stop, why);
        assert_int_equal(reader.offset, offset);
        assert_int_equal(reader.lsn, lsn);
    }
}

#endif
