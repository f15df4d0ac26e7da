/* SPDX-License-Identifier: Apache-2.0 */
/* An old segment made by hand, and a new one that is born of it: for the tests of log/births. */
#ifndef WAL_TESTS_BIRTHS_FIXTURE_H
#define WAL_TESTS_BIRTHS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "log/births.h"
#include "log/meta_changes.h"
#include "support/draft.h"
#include "support/poor_alloc.h"

enum { GROUP = 4096 /* of new records */ };

static struct bench bench;
static struct poor_alloc poor;
static struct draft old; /* the segment that groups come from */
static struct draft new; /* the one that they are born in */
static struct writer writer;
static struct encoder encoder = {.alloc = &alloc_default};
static struct births births;
static struct source source;
static struct meta_map map;

static inline int setup(void **state)
{
    (void)state;
    bench_make(&bench);
    poor_init(&poor, UINT32_MAX);
    draft_begin(&old, &bench, 1, 100);
    draft_open(&old);
    draft_begin(&new, &bench, 2, 100);
    births = (struct births){.alloc = &poor.alloc, .group_bytes = GROUP};
    map = (struct meta_map){0};
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    meta_map_free(&map, &alloc_default);
    assert_int_equal(poor.live, 0);
    draft_close(&old);
    draft_close(&new);
    bench_remove(&bench);
    return 0;
}

/* Everything of the old segment from one boundary to another goes over. */
static inline void carry(const struct boundary *from, const struct boundary *to)
{
    births.from = &old.segment;
    births.begin = *from;
    births.end = *to;
}

/* And of the group behind the second one the records up to this LSN. */
static inline void split_at(uint64_t last_kept)
{
    births.split = true;
    births.last_kept = last_kept;
}

static inline void set_meta(const char *key, const char *value)
{
    struct meta_map next;
    struct meta_change c;
    assert_int_equal(meta_change_make(&c, key, strlen(key), value, value ? strlen(value) : 0), 0);
    assert_int_equal(meta_map_with(&map, &alloc_default, &c, 1, &next), 0);
    meta_map_free(&map, &alloc_default);
    map = next;
    births.meta = &map;
}

/* n new records of these bytes, all alike, from `data`. */
static inline void add_records(size_t n, uint32_t size)
{
    static uint8_t data[1 << 17];
    static uint32_t sizes[64];

    for (size_t k = 0; k < n; k++)
        sizes[k] = size;
    for (size_t k = 0; k < sizeof data; k++)
        data[k] = (uint8_t)(k * 13);
    assert_int_equal(source_packed(&source, data, sizes, NULL, n, 1 << 16), 0);
    births.source = &source;
}

/* ... with this tag. */
static inline void tag_records(const char *text)
{
    static struct tag tag;
    tag = (struct tag){.size = (uint32_t)strlen(text)};
    memcpy(tag.bytes, text, tag.size);
    source.tag = &tag;
}

static inline struct birth_size measured(void)
{
    struct birth_size size;
    assert_int_equal(births_measure(&births, new.header.group_align, 0, &size), 0);
    return size;
}

/* Writes the births into a new segment with this base LSN; what was measured must come true. */
static inline struct birth_size bear(uint64_t base_lsn)
{
    struct birth_size size = measured();

    draft_close(&new);
    new.header.base_lsn = base_lsn;
    draft_open(&new);
    resize(&new, SEGMENT_HEADER_BLOCK);
    writer = (struct writer){.segment = new.segment,
                             .encoder = &encoder,
                             .durable_offset = SEGMENT_HEADER_BLOCK,
                             .watermark = base_lsn - 1,
                             .zeroed_to = SEGMENT_HEADER_BLOCK};
    segment_start(&writer.segment, &writer.end);
    assert_int_equal(births_write(&births, &writer), 0);
    assert_int_equal(writer.end.offset - SEGMENT_HEADER_BLOCK, size.bytes);
    assert_int_equal(writer.end.next_lsn - base_lsn, size.records);
    return size;
}

/* A line per group: "D100+3F" is data from LSN 100 on, 3 records, FIRST; "M" metadata; "T" a lone
 * tag; "/a" tag a; "L" LAST. */
static inline void note_group(char *text, const struct group_view *g)
{
    const struct group_header *h = &g->header;
    char type = h->type == GROUP_META ? 'M' : h->type == GROUP_TAG ? 'T' : 'D';
    uint32_t tag_size;
    const uint8_t *tag = group_tag(g, &tag_size);
    snprintf(text + strlen(text), 128, "%c%d+%d%s%.*s%s%s ", type, (int)h->first_lsn,
             (int)h->records, tag ? "/" : "", (int)tag_size, tag ? (const char *)tag : "",
             h->flags & GROUP_FIRST ? "F" : "", h->flags & GROUP_LAST ? "L" : "");
    assert_true(h->flags & GROUP_BIRTH);
    assert_int_equal(h->raw_bytes, h->stored_bytes);
}

/* Records that were in the old segment, under the new one's salt. */
static inline void assert_kept(const struct group_view *g)
{
    struct record_walk walk;
    struct record r;

    group_records(g, &new.header, &walk);
    while (record_next(&walk, &r) == 1) {
        assert_int_equal(r.type, draft_type(r.lsn));
        assert_true(record_right(&r, new.header.salt));
        for (size_t k = 0; k < r.size; k++)
            assert_int_equal(r.payload[k], draft_byte(r.lsn, k));
    }
    assert_int_equal(walk.left, 0);
    assert_ptr_equal(walk.at, walk.end);
}

/* What is in the new segment now; records below `new_from` are those of the old one. */
static inline void expect_groups(const char *groups, uint64_t new_from)
{
    struct group_reader r;
    struct group_view g;
    char text[1024] = "";

    group_reader_init(&r, &writer.segment, &alloc_default, 4096);
    while (group_reader_next(&r, &g) == 1) {
        note_group(text, &g);
        if (g.header.type == GROUP_DATA && g.header.first_lsn < new_from)
            assert_kept(&g);
    }
    assert_int_equal(r.stop, STOP_ABSENT);
    assert_int_equal(r.offset, writer.end.offset);
    assert_int_equal(r.in_batch, BATCH_OUTSIDE);
    group_reader_free(&r);
    assert_string_equal(text, groups);
}

/* Group `n` (from 0) of the new segment, read by r. */
static inline struct group_view group_at(struct group_reader *r, size_t n)
{
    struct group_view g;
    group_reader_init(r, &writer.segment, &alloc_default, 4096);
    for (size_t k = 0; k <= n; k++)
        assert_int_equal(group_reader_next(r, &g), 1);
    return g;
}

#endif
