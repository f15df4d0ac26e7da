/* SPDX-License-Identifier: Apache-2.0 */
/* Groups on their way into another log's segment: headers anew, everything else as it was. */
#include "spied_log.h"

#include <unistd.h>

#include "log/rechain.h"
#include "segment/groups.h"

static struct segment from, to;
static struct rechain r;

/* A log with one segment, sealed, and a place for its copy. */
static void begin(struct log_fixture *f, uint32_t align)
{
    wal_batch_t *b;

    fixture_set(f, WAL_OPT_GROUP_ALIGN, align);
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, 0);
    fixture_open(f);
    fixture_fill(f, 5);
    must(wal_append(f->log, fixture_bytes(3 << 20, 'x'), 3 << 20, NULL)); /* above one piece */
    b = fixture_batch(f);
    for (int k = 0; k < 3; k++)
        must(wal_batch_append(b, 0, fixture_bytes(60000, 'y'), 60000));
    must(wal_batch_set_tag(b, "tag", 3));
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
    must(wal_meta_set(f->log, "k", 1, "v", 1));
    must(wal_rotate(f->log));
    must(segment_open(&from, &f->log->folder, 1, OS_READ));
    to = from;
    must(file_open(&to.file, &f->log->folder, "tmp-00000000000000000001",
                   OS_READ | OS_WRITE | OS_CREATE, 0600));
    to.header.crc = ~from.header.crc;
    r = (struct rechain){.from = &from,
                         .to = &to,
                         .alloc = &alloc_default,
                         .limit = f->log->catalog.members[0]->end.offset};
    rechain_begin(&r);
}

static void end(void)
{
    mem_free(&alloc_default, r.bytes);
    index_free(&r.index, &alloc_default);
    file_close(&to.file);
    segment_close(&from);
}

static int run(void)
{
    int e;
    while ((e = rechain_step(&r)) == 1)
        ;
    return e;
}

/* Both walked side by side. */
static void expect_same(const struct boundary *stated)
{
    struct group_reader a, b;
    struct group_view g, h;
    int more;

    group_reader_init(&a, &from, &alloc_default, GROUP_BLOCK_BYTES);
    group_reader_init(&b, &to, &alloc_default, GROUP_BLOCK_BYTES);
    a.limit = b.limit = stated->offset;
    while ((more = group_reader_next(&a, &g)) == 1) {
        assert_int_equal(group_reader_next(&b, &h), 1);
        assert_int_equal(g.offset, h.offset);
        assert_int_equal(g.header.body_crc, h.header.body_crc);
        assert_int_equal(g.header.flags, h.header.flags);
        assert_int_equal(g.header.watermark, h.header.watermark);
        assert_int_equal(g.header.durable_place, h.header.durable_place);
        assert_int_not_equal(g.header.link, h.header.link);
    }
    assert_int_equal(more, 0);
    assert_int_equal(group_reader_next(&b, &h), 0);
    assert_int_equal(a.offset, b.offset);
    assert_int_equal(b.offset, r.at.offset);
    assert_int_equal(b.link, r.at.link);
    assert_int_equal(a.link, r.old_link);
    group_reader_free(&a);
    group_reader_free(&b);
}

static void all_of_a_segment(void **state)
{
    struct log_fixture *f = *state;
    static const uint32_t aligns[] = {64, 512, 4096};

    for (size_t k = 0; k < 3; k++) {
        begin(f, aligns[k]);
        assert_int_equal(run(), 0);
        expect_same(&f->log->catalog.members[0]->end);
        assert_true(r.sealed);
        assert_int_equal(r.at.offset, r.limit);
        assert_int_equal(r.safe.offset, r.limit);
        assert_int_equal(r.safe.next_lsn, 10);
        assert_true(r.safe.tag_offset && r.safe.meta_offset > r.safe.tag_offset);
        assert_true(r.index.n >= 9 - 3);
        end();
        fixture_close(f);
        must(wal_destroy(f->dir));
    }
}

/* What of a long batch lies before the limit is copied, but the safe place is in front of it. */
static void a_limit_within_a_batch(void **state)
{
    struct log_fixture *f = *state;

    begin(f, 64);
    r.limit -= 70000;
    assert_int_equal(run(), 0);
    assert_true(r.in_batch && !r.sealed);
    assert_int_equal(r.safe.next_lsn, 7);
    assert_true(r.at.offset > r.safe.offset && r.at.next_lsn > 7);
    end();
}

static void hurt(struct log_fixture *f, uint64_t offset)
{
    uint8_t byte;
    fixture_read_file(fixture_segment_path(f, 1), offset, &byte, 1);
    byte ^= 4;
    fixture_write_file(fixture_segment_path(f, 1), offset, &byte, 1);
}

static void damage(void **state)
{
    struct log_fixture *f = *state;
    /* header, payload and padding of the first group; the large one's header and body */
    static const uint64_t at[] = {4096,           4096 + 9,       4096 + 36,
                                  4096 + 64 + 16, 4096 + 64 + 30, 1 << 20};

    begin(f, 64);
    for (size_t k = 0; k < sizeof at / sizeof *at; k++) {
        hurt(f, at[k]);
        rechain_begin(&r);
        assert_int_equal(run(), WAL_E_CORRUPT);
        assert_int_equal(fault_last()->segment, 1);
        assert_int_equal(fault_last()->lsn, k < 5 ? 1 : 6);
        index_free(&r.index, &alloc_default);
        hurt(f, at[k]);
    }
    assert_int_equal(truncate(fixture_segment_path(f, 1), 2 << 20), 0);
    rechain_begin(&r);
    assert_int_equal(run(), WAL_E_CORRUPT);
    end();
}

#define TO "write tmp-00000000000000000001 "

/* The other file has all bytes already: of large groups the headers alone are read, checked and
 * written, and everything of small ones. */
static void a_shared_file(void **state)
{
    struct log_fixture *f = *state;

    begin(f, 64);
    uint8_t *bytes = malloc(r.limit);
    fixture_read_file(fixture_segment_path(f, 1), 0, bytes, r.limit);
    must(file_write_bytes(&to.file, bytes, r.limit, 0));
    free(bytes);
    r.shared = true;
    hurt(f, 1 << 20); /* in the large one's body: whoever reads it finds it */
    spy_clear(&spy);
    assert_int_equal(run(), 0);
    assert_string_equal(spy.trace, TO "4096+640, " TO "4736+64, " TO "3150592+64, " TO
                                      "3210688+64, " TO "3270784+64, " TO "3330880+384, ");
    hurt(f, 1 << 20);
    expect_same(&f->log->catalog.members[0]->end);
    index_free(&r.index, &alloc_default);
    static const uint64_t at[] = {4096 + 9, 4096 + 64 + 30};
    for (size_t k = 0; k < sizeof at / sizeof *at; k++) {
        hurt(f, at[k]);
        rechain_begin(&r);
        assert_int_equal(run(), WAL_E_CORRUPT);
        index_free(&r.index, &alloc_default);
        hurt(f, at[k]);
    }
    end();
}

/* The groups are right, but don't follow the header. */
static void another_chain(void **state)
{
    struct log_fixture *f = *state;

    begin(f, 64);
    r.old_link++;
    assert_int_equal(run(), WAL_E_CORRUPT);
    rechain_begin(&r);
    r.at.next_lsn++;
    assert_int_equal(run(), WAL_E_CORRUPT);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(all_of_a_segment), spied_test(a_limit_within_a_batch), spied_test(damage),
        spied_test(a_shared_file),    spied_test(another_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
