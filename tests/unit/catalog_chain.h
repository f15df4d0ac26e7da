/* SPDX-License-Identifier: Apache-2.0 */
/* A chain of segments on the disk, made by hand, and a catalog that comes to know it: for the tests
 * of log/catalog. Segment k (from 1) has two groups of one record each. */
#ifndef WAL_TESTS_CATALOG_CHAIN_H
#define WAL_TESTS_CATALOG_CHAIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/codes.h"
#include "base/fault.h"
#include "log/catalog.h"
#include "segment/groups.h"
#include "support/draft.h"
#include "support/poor_alloc.h"

enum { CHAIN_MAX = 200, FILES_MAX = 64 };

static struct bench bench;
static struct poor_alloc poor;
static struct catalog catalog;

/* The chain as it was made. */
static struct draft chain[CHAIN_MAX + 1];
static size_t n_chain;

static inline int setup(void **state)
{
    (void)state;
    bench_make(&bench);
    poor_init(&poor, UINT32_MAX);
    n_chain = 0;
    return catalog_init(&catalog, &bench.folder, &poor.alloc, 1 << 20);
}

static inline int teardown(void **state)
{
    (void)state;
    catalog_free(&catalog);
    assert_int_equal(poor.live, 0);
    bench_remove(&bench);
    return 0;
}

/* Segment n_chain + 1 behind the last; its file isn't open. draft_rewrite_header may change it. */
static inline struct draft *add_to_chain(void)
{
    struct draft *before = &chain[n_chain], *d = &chain[++n_chain];

    draft_begin(d, &bench, n_chain, n_chain > 1 ? before->end.next_lsn : 100);
    if (n_chain > 1)
        segment_follow(&before->segment, &before->end, &d->header.follow);
    draft_open(d);
    put(d, 1, 8);
    put(d, 1, 8);
    draft_close(d);
    return d;
}

static inline void make_chain(size_t n)
{
    while (n_chain < n)
        add_to_chain();
    memcpy(catalog.uuid, chain[1].header.uuid, UUID_BYTES);
}

/* The newest segment comes in, as open does it: the others are found when they are needed. */
static inline void know_newest(uint64_t oldest)
{
    struct segment s;
    struct numbers dropped;
    struct advance a = {.oldest = oldest, .add = &s};

    assert_int_equal(segment_open(&s, &bench.folder, n_chain, OS_READ), 0);
    assert_int_equal(catalog_advance(&catalog, &a, &dropped), 0);
    assert_int_equal(dropped.n, 0);
}

static inline const char *name_of(size_t number)
{
    static char name[NAME_BYTES];
    name_segment(name, number);
    return name;
}

static inline struct member *find(uint64_t lsn)
{
    struct member *m = NULL;
    assert_int_equal(catalog_find(&catalog, lsn, &m), 0);
    assert_true(m->segment.file.fd >= 0);
    return m;
}

static inline void expect_found(uint64_t lsn, uint64_t number)
{
    struct member *m = find(lsn);
    struct group_reader r;
    struct group_view g;

    assert_int_equal(m->number, number);
    group_reader_init(&r, &m->segment, &alloc_default, 4096); /* its file can be read */
    assert_int_equal(group_reader_next(&r, &g), 1);
    assert_int_equal(g.header.first_lsn, chain[number].header.base_lsn);
    group_reader_free(&r);
    catalog_release(&catalog, m);
}

static inline int open_files(void)
{
    int n = 0;
    for (size_t k = 0; k < catalog.n; k++)
        n += catalog.members[k]->segment.file.fd >= 0;
    assert_int_equal(catalog.open_files, n);
    return n;
}

/* The chain that is known: numbers in ascending order without a gap. */
static inline void expect_members(uint64_t from, uint64_t to)
{
    assert_int_equal(catalog.n, to - from + 1);
    for (size_t k = 0; k < catalog.n; k++)
        assert_int_equal(catalog.members[k]->number, from + k);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
