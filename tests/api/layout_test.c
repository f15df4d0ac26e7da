/* SPDX-License-Identifier: Apache-2.0 */
/* Structs as large as the program's header says, at the very end of a block of memory, so that a
 * sanitizer sees the library read or write a byte behind them. Built with today's header, and with
 * that of each version in tests/abi, whose structs may be smaller than the library's. */
#include "support/log_fixture.h"

#include <stdlib.h>
#include <string.h>

/* n structs, with `size` set and everything else full of rubbish. */
static void *structs(size_t n, uint32_t size)
{
    char *p = malloc(n * size);

    assert_non_null(p);
    memset(p, 0xa5, n * size);
    for (size_t i = 0; i < n; i++)
        memcpy(p + i * size, &size, sizeof size);
    return p;
}

static void test_records_that_are_filled(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t *record = structs(1, sizeof *record);
    wal_reader_t *r;
    char buf[8];

    fixture_open(f);
    fixture_append(f, "one");
    must(wal_get(f->log, 1, buf, sizeof buf, record));
    assert_int_equal(record->size, sizeof *record);
    assert_int_equal(record->data_size, 3);
    expect_error(WAL_E_TOOBIG, wal_get(f->log, 1, buf, 1, record), NULL);
    must(wal_reader_open(f->log, 1, 0, &r));
    assert_int_equal(wal_reader_next(r, record), 1);
    assert_int_equal(record->size, sizeof *record);
    assert_memory_equal(record->data, "one", 3);
    wal_reader_close(r);
    free(record);
}

static void test_arrays_of_records_that_are_filled(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t *records = structs(2, sizeof *records);
    wal_reader_t *r;
    size_t n;

    fixture_open(f);
    fixture_append(f, "one");
    fixture_append(f, "two");
    fixture_reopen(f); /* one read of the file has both */
    must(wal_reader_open(f->log, 1, 0, &r));
    assert_int_equal(wal_reader_next_many(r, records, 2, 64, &n), 1);
    assert_int_equal(n, 2);
    assert_int_equal(records[1].size, sizeof *records);
    assert_int_equal(records[1].lsn, 2);
    wal_reader_close(r);
    free(records);
}

static void test_records_that_are_handed_in(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t *records = structs(2, sizeof *records);
    char form[128];
    size_t size;

    for (int i = 0; i < 2; i++) {
        records[i].type = 0;
        records[i].data = i == 0 ? "one" : "two";
        records[i].data_size = 3;
    }
    fixture_open(f);
    must(wal_append_many(f->log, records, 2, 0, NULL));
    must(wal_replace_after(f->log, 1, records, 2, 0, NULL));
    must(wal_encode(records, 2, form, sizeof form, &size));
    expect_record(f->log, 1, "one");
    expect_record(f->log, 2, "one");
    expect_record(f->log, 3, "two");
    free(records);
}

static void test_errors(void **state)
{
    struct log_fixture *f = *state;
    wal_error_t *error = structs(1, sizeof *error);

    fixture_open(f);
    expect_error(WAL_E_RANGE, wal_sync(f->log, 9), NULL);
    must(wal_last_error(error, sizeof *error));
    assert_int_equal(error->size, sizeof *error);
    assert_int_equal(error->code, WAL_E_RANGE);
    must(wal_failure_error(f->log, error, sizeof *error));
    assert_int_equal(error->code, WAL_OK);
    free(error);
}

static void test_open_report(void **state)
{
    struct log_fixture *f = *state;
    wal_recovery_t *report = structs(1, sizeof *report);

    fixture_open(f);
    must(wal_recovery(f->log, report, sizeof *report));
    assert_int_equal(report->size, sizeof *report);
    assert_int_equal(report->next_lsn, 1);
    free(report);
}

static void test_info(void **state)
{
    struct log_fixture *f = *state;
    wal_info_t *info = structs(1, sizeof *info);

    fixture_open(f);
    must(wal_info(f->log, info, sizeof *info));
    assert_int_equal(info->size, sizeof *info);
    assert_int_equal(info->label[0], 0);
    free(info);
}

static void test_verify(void **state)
{
    struct log_fixture *f = *state;
    wal_verify_t *v = structs(1, sizeof *v);

    fixture_open(f);
    fixture_append(f, "one");
    fixture_close(f);
    must(wal_verify(f->dir, f->options, NULL, NULL, v, sizeof *v));
    assert_int_equal(v->size, sizeof *v);
    assert_int_equal(v->records, 1);
    must(wal_repair(f->dir, f->options, WAL_REPAIR_DRY_RUN, v, sizeof *v));
    assert_int_equal(v->size, sizeof *v);
    free(v);
}

static void test_events(void **state)
{
    struct log_fixture *f = *state;
    wal_event_t *event = structs(1, sizeof *event);
    wal_subscription_t *s;

    fixture_open(f);
    must(wal_subscribe(f->log, WAL_EVENT_DURABLE, &s));
    fixture_append(f, "one");
    assert_int_equal(wal_subscription_next(s, event), 1);
    assert_int_equal(event->size, sizeof *event);
    assert_int_equal(event->dropped, 0);
    wal_unsubscribe(s);
    free(event);
}

static void test_segments(void **state)
{
    struct log_fixture *f = *state;
    wal_segment_t *segments = structs(2, sizeof *segments);
    size_t n = 2;

    fixture_open(f);
    fixture_append(f, "one");
    must(wal_rotate(f->log));
    fixture_append(f, "two");
    must(wal_rotate(f->log));
    must(wal_segments(f->log, segments, sizeof *segments, &n));
    assert_int_equal(n, 3);
    assert_int_equal(segments[1].size, sizeof *segments);
    assert_int_equal(segments[1].first_lsn, 2);
    free(segments);
}

static void *allocate(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void *reallocate(void *ctx, void *p, size_t size)
{
    (void)ctx;
    return realloc(p, size);
}

static void release(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

static void test_allocators(void **state)
{
    struct log_fixture *f = *state;
    wal_allocator_t *allocator = structs(1, sizeof *allocator);

    allocator->reserved = 0;
    allocator->ctx = NULL;
    allocator->alloc = allocate;
    allocator->resize = reallocate;
    allocator->release = release;
    must(wal_options_set_allocator(f->options, allocator));
    free(allocator);
    fixture_open(f);
    fixture_append(f, "one");
}

static int apply(void *ctx, const wal_record_t *record)
{
    *(uint64_t *)ctx = record->lsn;
    return 0;
}

static int snapshot(void *ctx, void *buf, size_t cap, size_t *ret_size)
{
    (void)ctx, (void)buf, (void)cap;
    *ret_size = 0;
    return 0;
}

static int restore(void *ctx, uint64_t lsn, const void *bytes, size_t size)
{
    (void)ctx, (void)lsn, (void)bytes, (void)size;
    return 0;
}

static void test_machines(void **state)
{
    struct log_fixture *f = *state;
    uint64_t applied = 0;
    wal_machine_t *machine = structs(1, sizeof *machine);

    machine->flags = 0;
    machine->ctx = &applied;
    machine->apply = apply;
    machine->snapshot = snapshot;
    machine->restore = restore;
    must(wal_options_set_machine(f->options, machine));
    free(machine);
    fixture_open(f);
    fixture_append(f, "one");
    assert_int_equal(applied, 1);
}

static int derive(void *ctx, uint32_t key_id, const uint8_t *salt, size_t salt_size, void **ret_key)
{
    (void)key_id, (void)salt, (void)salt_size;
    *ret_key = ctx;
    return 0;
}

static int seal(void *key, const uint8_t nonce[12], const void *aad, size_t aad_size,
                const void *in, size_t size, void *out, uint8_t tag[16])
{
    (void)key, (void)nonce, (void)aad, (void)aad_size;
    memmove(out, in, size);
    memset(tag, 0, 16);
    return 0;
}

static int open_sealed(void *key, const uint8_t nonce[12], const void *aad, size_t aad_size,
                       const void *in, size_t size, void *out, const uint8_t tag[16])
{
    (void)key, (void)nonce, (void)aad, (void)aad_size, (void)tag;
    memmove(out, in, size);
    return 0;
}

static void count_release(void *ctx)
{
    ++*(int *)ctx;
}

static void test_ciphers(void **state)
{
    struct log_fixture *f = *state;
    int released = 0;
    wal_cipher_t *cipher = structs(1, sizeof *cipher), *got = structs(1, sizeof *got);

    cipher->id = 256;
    cipher->ctx = &released;
    cipher->derive = derive;
    cipher->drop = NULL;
    cipher->seal = seal;
    cipher->open = open_sealed;
    cipher->release = count_release;
    must(wal_options_set_cipher(f->options, cipher, 1));
    must(wal_options_cipher(f->options, got, NULL));
    assert_int_equal(got->size, sizeof *got);
    assert_int_equal(got->id, 256);
    free(cipher);
    free(got);
    must(wal_options_set_cipher(f->options, NULL, 0));
    assert_int_equal(released, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_records_that_are_filled),
        fixture_test(test_arrays_of_records_that_are_filled),
        fixture_test(test_records_that_are_handed_in),
        fixture_test(test_errors),
        fixture_test(test_open_report),
        fixture_test(test_info),
        fixture_test(test_verify),
        fixture_test(test_events),
        fixture_test(test_segments),
        fixture_test(test_allocators),
        fixture_test(test_machines),
        fixture_test(test_ciphers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
