/* SPDX-License-Identifier: Apache-2.0 */
/* wal_encode and wal_decode: batches as bytes. */
#include "support/log_fixture.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER = 32, ENTRY = 8, CRC = 4, MARK = 0x5a };

static const wal_record_t three[] = {
    {.size = sizeof(wal_record_t), .type = 7, .data = "hello", .data_size = 5, .lsn = 99},
    {.type = 0, .flags = 77, .tag = "tag", .tag_size = 3},
    {.type = 65535, .data = "v1", .data_size = 2},
};
enum { THREE_BYTES = HEADER + 3 * ENTRY + 7 + CRC };

static void encode_three(unsigned char form[THREE_BYTES])
{
    size_t size = 0;
    must(wal_encode(three, 3, form, THREE_BYTES, &size));
    assert_int_equal(size, THREE_BYTES);
}

/* What came out: compared with `three` one by one. */
struct seen {
    unsigned n;
    int wrong, answer, answer_at;
};

static int see(void *ctx, const wal_record_t *r)
{
    struct seen *s = ctx;
    const wal_record_t *want = &three[s->n % 3];

    s->wrong |= r->size != sizeof *r || r->lsn != 0 || r->flags != 0 || r->tag || r->tag_size ||
                r->type != want->type || r->data_size != want->data_size ||
                (r->data_size && memcmp(r->data, want->data, r->data_size) != 0);
    s->n++;
    return (int)s->n == s->answer_at ? s->answer : 0;
}

static int nothing_comes(void *ctx, const wal_record_t *r)
{
    (void)r;
    ++*(int *)ctx;
    return 0;
}

static void test_types_and_payloads_travel(void **state)
{
    unsigned char form[THREE_BYTES];
    struct seen s = {0};

    (void)state;
    encode_three(form);
    must(wal_decode(form, sizeof form, see, &s));
    assert_int_equal(s.n, 3);
    assert_false(s.wrong);
}

static void test_the_buffer(void **state)
{
    unsigned char form[THREE_BYTES + 1];
    size_t size = 1;

    (void)state;
    memset(form, MARK, sizeof form);
    expect_error(WAL_E_TOOBIG, wal_encode(three, 3, NULL, 0, &size), "67 bytes");
    assert_int_equal(size, THREE_BYTES);
    for (size_t cap = 0; cap < THREE_BYTES; cap++) {
        size = 1;
        expect_error(WAL_E_TOOBIG, wal_encode(three, 3, form, cap, &size), NULL);
        assert_int_equal(size, THREE_BYTES);
    }
    for (size_t k = 0; k < sizeof form; k++)
        assert_int_equal(form[k], MARK); /* nothing was written */
    must(wal_encode(three, 3, form, sizeof form, &size));
    assert_int_equal(size, THREE_BYTES);
    assert_int_equal(form[THREE_BYTES], MARK);
}

static void test_what_can_not_be_encoded(void **state)
{
    unsigned char form[THREE_BYTES];
    wal_record_t r[6];
    size_t size = 77;

    (void)state;
    expect_error(WAL_E_INVAL, wal_encode(three, 0, form, sizeof form, &size), "no records");
    expect_error(WAL_E_INVAL, wal_encode(NULL, 1, form, sizeof form, &size), "records");
    expect_error(WAL_E_INVAL, wal_encode(NULL, 0, form, sizeof form, &size), NULL);
    expect_error(WAL_E_INVAL, wal_encode(three, 3, NULL, 1, &size), "buf");
    expect_error(WAL_E_INVAL, wal_encode(three, 3, form, sizeof form, NULL), "ret_size");
    memcpy(r, three, sizeof three);
    r[0].size = sizeof *r - 8;
    expect_error(WAL_E_INVAL, wal_encode(r, 3, form, sizeof form, &size), "size");
    r[0].size = sizeof *r;
    r[1].type = 65536;
    expect_error(WAL_E_INVAL, wal_encode(r, 3, form, sizeof form, &size), "type");
    r[1].type = 0;
    r[1].data_size = 1;
    expect_error(WAL_E_INVAL, wal_encode(r, 3, form, sizeof form, &size), "NULL");
    assert_int_equal(size, 77);
    r[1].data_size = 0;
    r[2].data_size = (UINT64_C(1) << 30) + 1; /* nobody reads that far */
    expect_error(WAL_E_TOOBIG, wal_encode(r, 3, form, sizeof form, &size), "1073741825");
    assert_int_equal(size, 0);
    for (int k = 0; k < 6; k++)
        r[k] = (wal_record_t){.size = sizeof *r, .data = form, .data_size = UINT64_C(1) << 30};
    size = 77;
    expect_error(WAL_E_TOOBIG, wal_encode(r, 6, form, sizeof form, &size), "4 GiB");
    assert_int_equal(size, 0);
}

static void test_the_array_s_stride(void **state)
{
    enum { STRIDE = sizeof(wal_record_t) + 16 };
    unsigned char plain[THREE_BYTES], form[THREE_BYTES], *array = calloc(3, STRIDE);
    const uint32_t stride = STRIDE;
    size_t size = 0;

    (void)state;
    assert_non_null(array);
    for (size_t k = 0; k < 3; k++)
        memcpy(array + k * STRIDE, &three[k], sizeof three[k]);
    memcpy(array, &stride, sizeof stride);
    must(wal_encode((const wal_record_t *)(const void *)array, 3, form, sizeof form, &size));
    encode_three(plain);
    assert_memory_equal(form, plain, sizeof plain);
    free(array);
}

static void test_the_callback_decides(void **state)
{
    unsigned char form[THREE_BYTES];

    (void)state;
    encode_three(form);
    for (int at = 1; at <= 3; at++) {
        struct seen s = {.answer = 5, .answer_at = at};
        must(wal_decode(form, sizeof form, see, &s));
        assert_int_equal(s.n, at);
        s = (struct seen){.answer = -5, .answer_at = at};
        expect_error(WAL_E_CALLBACK, wal_decode(form, sizeof form, see, &s), "-5");
        assert_int_equal(s.n, at);
    }
}

static void expect_no_records(int code, const unsigned char *form, size_t size)
{
    int calls = 0;
    expect_error(code, wal_decode(form, size, nothing_comes, &calls), NULL);
    assert_int_equal(calls, 0);
}

static void test_what_is_no_form(void **state)
{
    unsigned char form[THREE_BYTES + 1] = {0};
    int calls = 0;

    (void)state;
    encode_three(form);
    for (size_t size = 0; size <= sizeof form; size++) /* cut off, and with something behind it */
        if (size != THREE_BYTES)
            expect_no_records(WAL_E_CORRUPT, form, size);
    for (size_t k = 0; k < THREE_BYTES; k++) {
        form[k] ^= 0x40;
        expect_no_records(WAL_E_CORRUPT, form, THREE_BYTES);
        form[k] ^= 0x40;
    }
    expect_no_records(WAL_E_CORRUPT, NULL, 0);
    expect_error(WAL_E_INVAL, wal_decode(NULL, 1, nothing_comes, &calls), "buf");
    expect_error(WAL_E_INVAL, wal_decode(form, THREE_BYTES, NULL, &calls), "fn");
    must(wal_decode(form, THREE_BYTES, nothing_comes, &calls));
    assert_int_equal(calls, 3);
}

/* An empty record in a form of version 2.0, checksum and all. */
static void test_a_form_of_a_newer_kind(void **state)
{
    /* clang-format off */
    static const unsigned char form[] = {
        0x89, 0x57, 0x41, 0x4c, 0x50, 0x0d, 0x0a, 0x1a,  2, 0, 0, 0, 1, 0, 0, 0,
        44, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0,  0x0e, 0x9a, 0xc6, 0xa3,
    };
    /* clang-format on */

    (void)state;
    expect_no_records(WAL_E_VERSION, form, sizeof form);
}

static int append_there(void *ctx, const wal_record_t *r)
{
    return wal_batch_append(ctx, r->type, r->data, r->data_size);
}

/* A callback of one log may use both functions. */
static int send(void *ctx, const wal_record_t *r)
{
    unsigned char form[256];
    size_t size = 0;
    int e = wal_encode(r, 1, form, sizeof form, &size);
    return e < 0 ? e : wal_decode(form, size, append_there, ctx);
}

static void test_from_one_log_to_another(void **state)
{
    struct log_fixture *f = *state;
    char dir[400];
    wal_batch_t *batch;
    wal_t *other;

    fixture_open(f);
    fixture_fill(f, 20);
    snprintf(dir, sizeof dir, "%.300s/other", f->scratch.path);
    must(wal_open(dir, NULL, &other));
    must(wal_batch_new(other, &batch));
    must(wal_replay(f->log, 1, send, batch, NULL));
    must(wal_batch_commit(batch, 0, NULL, NULL));
    wal_batch_free(batch);
    expect_range(other, 1, 20, 21, 20);
    expect_record(other, 1, "1");
    expect_record(other, 20, "20");
    must(wal_close(other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_and_payloads_travel),
        cmocka_unit_test(test_the_buffer),
        cmocka_unit_test(test_what_can_not_be_encoded),
        cmocka_unit_test(test_the_array_s_stride),
        cmocka_unit_test(test_the_callback_decides),
        cmocka_unit_test(test_what_is_no_form),
        cmocka_unit_test(test_a_form_of_a_newer_kind),
        fixture_test(test_from_one_log_to_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
