/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "format/record.h"
#include "log/source.h"

enum { LIMIT = 1000 /* max_record_bytes */, SALT = 0x5a17 };

static struct source source;
static uint8_t body[1 << 16];

/* What went in, for comparing with what came out. */
struct expected {
    const void *data;
    size_t size;
    uint16_t type;
};

static void assert_refused(int got, int code, const char *text)
{
    assert_int_equal(got, code);
    assert_int_equal(fault_last()->code, code);
    assert_non_null(strstr(fault_last()->text, text));
}

/* Walks a body that was filled: exactly these records, all right under the salt. */
static void assert_body(const struct filled *f, const struct expected *e, uint64_t lsn, bool ends)
{
    struct record_walk walk = {.at = body,
                               .end = body + f->bytes,
                               .lsn = lsn,
                               .left = (uint32_t)f->records,
                               .limit = LIMIT};
    struct record r;

    for (uint64_t k = 0; k < f->records; k++) {
        assert_int_equal(record_next(&walk, &r), 1);
        assert_int_equal(r.size, e[k].size);
        assert_int_equal(r.type, e[k].type);
        if (r.size)
            assert_memory_equal(r.payload, e[k].data, r.size);
        assert_int_equal(r.flags, ends && k + 1 == f->records ? RECORD_BATCH_LAST : 0);
        assert_true(record_right(&r, SALT));
    }
    assert_int_equal(record_next(&walk, &r), 0);
}

/* Fills bodies of at most `limit` bytes with the whole source, measures the same way, and compares
 * both, record by record. */
static void assert_comes_out(const struct expected *e, uint64_t n, uint64_t limit)
{
    struct filled parts[64], f;
    size_t count = 0;
    uint64_t lsn = 500, bytes = 0;

    source_rewind(&source);
    assert_int_equal(source.left, n);
    for (; source.left; count++) {
        assert_in_range(count, 0, 63);
        assert_int_equal(source_measure(&source, limit, &parts[count]), 0);
        assert_true(parts[count].records > 0);
        assert_true(parts[count].bytes <= limit || parts[count].records == 1);
    }
    source_rewind(&source);
    for (size_t k = 0; k < count; k++) {
        memset(body, 0xee, sizeof body);
        assert_int_equal(source_fill(&source, limit, body, lsn, SALT, &f), 0);
        assert_int_equal(f.records, parts[k].records);
        assert_int_equal(f.bytes, parts[k].bytes);
        assert_body(&f, e + (lsn - 500), lsn, source.left == 0);
        assert_int_equal(body[f.bytes], 0xee);
        lsn += f.records;
        bytes += f.bytes;
    }
    assert_int_equal(source.left, 0);
    assert_int_equal(lsn, 500 + n);
    assert_int_equal(bytes, source.body);
}

/* One record */

static void one_record(void **state)
{
    const char *text = "some payload";
    (void)state;

    for (size_t size = 0; size <= 12; size++) {
        struct expected e = {text, size, 0xffff};
        assert_int_equal(source_one(&source, 0xffff, text, size, LIMIT), 0);
        assert_int_equal(source.records, 1);
        assert_int_equal(source.payload, size);
        assert_int_equal(source.body, record_bytes(size));
        assert_int_equal(source.largest, source.body);
        assert_comes_out(&e, 1, 4096);
        assert_comes_out(&e, 1, 1);
    }
    assert_int_equal(source_one(&source, 0, NULL, 0, LIMIT), 0);
    assert_comes_out(&(struct expected){NULL, 0, 0}, 1, 100);
}

static void one_record_within_the_limits(void **state)
{
    static char large[LIMIT + 1];
    (void)state;

    assert_int_equal(source_one(&source, 0, large, LIMIT, LIMIT), 0);
    assert_refused(source_one(&source, 0, large, LIMIT + 1, LIMIT), WAL_E_TOOBIG, "1001 bytes");
    assert_refused(source_one(&source, 0, large, SIZE_MAX, LIMIT), WAL_E_TOOBIG,
                   "max_record_bytes");
    assert_refused(source_one(&source, 65536, large, 1, LIMIT), WAL_E_INVAL, "65536");
    assert_refused(source_one(&source, UINT32_MAX, NULL, 0, LIMIT), WAL_E_INVAL, "type");
    assert_refused(source_one(&source, 0, NULL, 1, LIMIT), WAL_E_INVAL, "data is NULL");
}

/* An array */

static void an_array(void **state)
{
    static const char text[900] = "x";
    const size_t sizes[] = {10, 0, 900, 1, 8, 500, 7, 0, 0, 16};
    wal_record_t records[10] = {0};
    struct expected e[10];
    uint64_t payload = 0;
    (void)state;

    for (uint16_t k = 0; k < 10; k++) {
        e[k] = (struct expected){text, sizes[k], (uint16_t)(k * 7)};
        records[k] = (wal_record_t){
            .size = sizeof records[k], .type = e[k].type, .data = text, .data_size = sizes[k]};
        payload += sizes[k];
    }
    records[1].data = NULL;
    assert_int_equal(source_array(&source, records, 10, LIMIT), 0);
    assert_int_equal(source.records, 10);
    assert_int_equal(source.payload, payload);
    assert_int_equal(source.largest, record_bytes(900));
    for (uint64_t limit = 1; limit < source.body + 8; limit += 7)
        assert_comes_out(e, 10, limit);
}

/* A caller built against a later header: its structs are larger, the first one's size counts. */
struct longer {
    wal_record_t record;
    uint64_t more[3];
};

static void an_array_of_larger_structs(void **state)
{
    struct longer records[3] = {0};
    struct expected e[3];
    (void)state;

    for (uint16_t k = 0; k < 3; k++) {
        e[k] = (struct expected){"payload", k, k};
        records[k].record =
            (wal_record_t){.size = sizeof records[k], .type = k, .data = "payload", .data_size = k};
        memset(records[k].more, 0xff, sizeof records[k].more);
    }
    assert_int_equal(source_array(&source, &records[0].record, 3, LIMIT), 0);
    assert_comes_out(e, 3, 4096);
}

static void an_array_within_the_limits(void **state)
{
    wal_record_t r[3] = {0};
    (void)state;

    for (int k = 0; k < 3; k++)
        r[k] = (wal_record_t){.size = sizeof r[k], .data = "abc", .data_size = 3};
    assert_refused(source_array(&source, NULL, 3, LIMIT), WAL_E_INVAL, "records is NULL");
    assert_refused(source_array(&source, r, 0, LIMIT), WAL_E_INVAL, "no records");
    r[0].size = sizeof r[0] - 8;
    assert_refused(source_array(&source, r, 3, LIMIT), WAL_E_INVAL, "records[0].size");
    r[0].size = sizeof r[0] + 1;
    assert_refused(source_array(&source, r, 3, LIMIT), WAL_E_INVAL, "records[0].size");
    r[0].size = sizeof r[0];
    r[2].data_size = LIMIT + 1;
    assert_refused(source_array(&source, r, 3, LIMIT), WAL_E_TOOBIG, "1001");
    r[2].data_size = UINT64_C(1) << 33;
    assert_refused(source_array(&source, r, 3, LIMIT), WAL_E_TOOBIG, "8589934592");
    r[2] = (wal_record_t){.size = sizeof r[2], .data_size = 1};
    assert_refused(source_array(&source, r, 3, LIMIT), WAL_E_INVAL, "data is NULL");
    r[2].data_size = 0;
    r[1].type = 65536;
    assert_refused(source_array(&source, r, 3, LIMIT), WAL_E_INVAL, "65536");
    r[1].type = 65535;
    assert_int_equal(source_array(&source, r, 3, LIMIT), 0);
}

/* Records are only counted here, not read: they may all be the same memory. */
static void a_batch_holds_four_gib_and_no_more(void **state)
{
    enum { BIG = (1 << 30) - 16 };
    static const uint32_t sizes[5] = {BIG, BIG, BIG, BIG, 0};
    wal_record_t r[5] = {0};
    (void)state;

    for (int k = 0; k < 5; k++)
        r[k] = (wal_record_t){.size = sizeof r[k], .data = "", .data_size = sizes[k]};
    assert_int_equal(source_array(&source, r, 4, 1u << 30), 0);
    assert_int_equal(source.body, BATCH_BYTES_MAX);
    assert_refused(source_array(&source, r, 5, 1u << 30), WAL_E_TOOBIG, "4 GiB");
    assert_int_equal(source_packed(&source, "", sizes, NULL, 4, 1u << 30), 0);
    assert_refused(source_packed(&source, "", sizes, NULL, 5, 1u << 30), WAL_E_TOOBIG, "4 GiB");
}

/* A flat buffer */

static void a_flat_buffer(void **state)
{
    static char flat[2000];
    const uint32_t sizes[] = {10, 0, 900, 1, 8, 500, 7, 0, 0, 16};
    const uint16_t types[] = {1, 2, 3, 4, 5, 65535, 7, 8, 9, 10};
    struct expected e[10];
    size_t at = 0;
    (void)state;

    for (size_t k = 0; k < sizeof flat; k++)
        flat[k] = (char)(k % 251);
    for (size_t k = 0; k < 10; k++) {
        e[k] = (struct expected){flat + at, sizes[k], types[k]};
        at += sizes[k];
    }
    assert_int_equal(source_packed(&source, flat, sizes, types, 10, LIMIT), 0);
    assert_int_equal(source.payload, at);
    for (uint64_t limit = 1; limit < source.body + 8; limit += 7)
        assert_comes_out(e, 10, limit);
    for (size_t k = 0; k < 10; k++)
        e[k].type = 0;
    assert_int_equal(source_packed(&source, flat, sizes, NULL, 10, LIMIT), 0);
    assert_comes_out(e, 10, 100);
}

static void a_flat_buffer_within_the_limits(void **state)
{
    const uint32_t sizes[] = {3, LIMIT + 1}, none[] = {0, 0};
    struct expected e[2] = {0};
    (void)state;

    assert_refused(source_packed(&source, "abc", NULL, NULL, 1, LIMIT), WAL_E_INVAL,
                   "sizes is NULL");
    assert_refused(source_packed(&source, "abc", sizes, NULL, 0, LIMIT), WAL_E_INVAL, "no records");
    assert_refused(source_packed(&source, "abc", sizes, NULL, 2, LIMIT), WAL_E_TOOBIG, "1001");
    assert_refused(source_packed(&source, NULL, sizes, NULL, 1, LIMIT), WAL_E_INVAL,
                   "data is NULL");
    assert_int_equal(source_packed(&source, NULL, none, NULL, 2, LIMIT), 0);
    assert_comes_out(e, 2, 100);
}

/* Filling */

static void the_memory_is_read_when_it_is_taken(void **state)
{
    char text[] = "changed behind the back";
    struct filled f;
    (void)state;

    struct expected e = {"CHANGED behind the back", sizeof text, 0};
    assert_int_equal(source_one(&source, 0, text, sizeof text, LIMIT), 0);
    memcpy(text, "CHANGED", 7);
    assert_int_equal(source_fill(&source, 4096, body, 7, SALT, &f), 0);
    memset(text, 0, sizeof text);
    assert_body(&f, &e, 7, true);
}

static void only_the_last_record_of_all_ends_the_batch(void **state)
{
    const uint32_t sizes[] = {8, 8, 8, 8, 8};
    struct filled f;
    struct record r;
    (void)state;

    assert_int_equal(source_packed(&source, body, sizes, NULL, 5, LIMIT), 0);
    for (uint64_t lsn = 1; source.left; lsn += f.records) {
        static uint8_t out[64];
        assert_int_equal(source_fill(&source, 48, out, lsn, SALT, &f), 0);
        struct record_walk walk = {
            .at = out, .end = out + f.bytes, .lsn = lsn, .left = (uint32_t)f.records, .limit = 8};
        while (record_next(&walk, &r) == 1)
            assert_int_equal(r.flags, r.lsn == 5 ? RECORD_BATCH_LAST : 0);
    }
}

static void one_that_was_looked_at_is_not_lost_nor_kept(void **state)
{
    const uint32_t sizes[] = {8, 16, 24};
    struct filled f;
    (void)state;

    assert_int_equal(source_packed(&source, body, sizes, NULL, 3, LIMIT), 0);
    for (int again = 0; again < 3; again++) {
        assert_int_equal(source_measure(&source, 24, &f), 0); /* stops at the second */
        assert_int_equal(f.records, 1);
        assert_int_equal(f.bytes, record_bytes(8));
        if (again == 1) {
            assert_int_equal(source_measure(&source, 1000, &f), 0);
            assert_int_equal(f.bytes, record_bytes(16) + record_bytes(24));
        }
        source_rewind(&source);
    }
}

static void nothing_is_left_at_the_end(void **state)
{
    struct filled f = {7, 7};
    (void)state;

    assert_int_equal(source_one(&source, 0, "abc", 3, LIMIT), 0);
    assert_int_equal(source_fill(&source, 100, body, 1, SALT, &f), 0);
    assert_int_equal(source_fill(&source, 100, body, 2, SALT, &f), 0);
    assert_int_equal(f.records, 0);
    assert_int_equal(f.bytes, 0);
    assert_int_equal(source_measure(&source, 100, &f), 0);
    assert_int_equal(f.records, 0);
}

/* A source whose second record can't be read back. */
static int next_fails(struct source *s, struct source_record *ret)
{
    if (s->left == 1)
        return fault(WAL_E_IO, "the spill file is gone");
    *ret = (struct source_record){.data = "abc", .size = 3};
    return 0;
}

static void rewind_nothing(struct source *s)
{
    (void)s;
}

static void an_error_of_the_source_comes_through(void **state)
{
    struct filled f = {7, 7};
    struct source_record r;
    (void)state;

    source =
        (struct source){.records = 2, .alone = true, .next = next_fails, .rewind = rewind_nothing};
    source_rewind(&source);
    assert_int_equal(source_measure(&source, 1000, &f), WAL_E_IO);
    source_rewind(&source);
    assert_int_equal(source_fill(&source, 1000, body, 1, SALT, &f), WAL_E_IO);
    assert_int_equal(f.records, 7);
    source_rewind(&source);
    assert_int_equal(source_next(&source, &r), 0);
    assert_int_equal(source_next(&source, &r), WAL_E_IO);
    assert_int_equal(r.size, 3);
    source_rewind(&source); /* also between two groups */
    assert_int_equal(source_fill(&source, 1, body, 1, SALT, &f), WAL_E_IO);
}

/* Also behind one that was only looked at, because it did not fit. */
static void records_one_by_one(void **state)
{
    const uint32_t sizes[] = {3, 1, 100};
    static const char text[104] = "abcd";
    const char *payload = text;
    struct source_record r;
    struct filled f;
    (void)state;

    assert_int_equal(source_packed(&source, text, sizes, NULL, 3, LIMIT), 0);
    for (size_t k = 0; k < 3; payload += sizes[k], k++) {
        assert_int_equal(source.left, 3 - k);
        assert_int_equal(source_next(&source, &r), 0);
        assert_ptr_equal(r.data, payload);
        assert_int_equal(r.size, sizes[k]);
    }
    assert_int_equal(source.left, 0);
    source_rewind(&source);
    assert_int_equal(source_measure(&source, record_bytes(3), &f), 0);
    assert_int_equal(source_next(&source, &r), 0);
    assert_int_equal(r.size, 1);
    assert_int_equal(source_next(&source, &r), 0);
    assert_int_equal(r.size, 100);
    assert_int_equal(source.left, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_record),
        cmocka_unit_test(one_record_within_the_limits),
        cmocka_unit_test(an_array),
        cmocka_unit_test(an_array_of_larger_structs),
        cmocka_unit_test(an_array_within_the_limits),
        cmocka_unit_test(a_batch_holds_four_gib_and_no_more),
        cmocka_unit_test(a_flat_buffer),
        cmocka_unit_test(a_flat_buffer_within_the_limits),
        cmocka_unit_test(the_memory_is_read_when_it_is_taken),
        cmocka_unit_test(only_the_last_record_of_all_ends_the_batch),
        cmocka_unit_test(one_that_was_looked_at_is_not_lost_nor_kept),
        cmocka_unit_test(records_one_by_one),
        cmocka_unit_test(nothing_is_left_at_the_end),
        cmocka_unit_test(an_error_of_the_source_comes_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
