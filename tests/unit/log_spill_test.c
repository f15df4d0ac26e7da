/* SPDX-License-Identifier: Apache-2.0 */
#include "support/log_fixture.h"

#include <string.h>

#include "base/bytes.h"
#include "log/spill.h"
#include "support/toy_cipher.h"

enum { PART = 10000 };

static struct toy toy;
static struct spill spill;

/* What was appended at this place. */
static uint8_t byte_at(uint64_t at)
{
    return (uint8_t)(at * 7 + at / 251);
}

static int append(size_t size)
{
    uint8_t bytes[PART];
    for (size_t k = 0; k < size; k++)
        bytes[k] = byte_at(spill.bytes + k);
    return spill_append(&spill, bytes, size);
}

static void expect(uint64_t at, size_t size)
{
    const uint8_t *p;
    must(spill_look(&spill, at, size, &p));
    for (size_t k = 0; k < size; k++)
        assert_int_equal(p[k], byte_at(at + k));
}

static void begin(struct log_fixture *f, bool encrypted)
{
    wal_cipher_t cipher = toy_cipher(&toy);
    toy = (struct toy){.keys = TOY_KEY(1)};
    must(wal_options_set_cipher(f->options, encrypted ? &cipher : NULL, 1));
    fixture_open(f);
    spill_init(&spill, f->log);
}

static void end(struct log_fixture *f)
{
    spill_clear(&spill);
    assert_int_equal(spill.file.fd, -1);
    fixture_close(f);
    must(wal_options_set_cipher(f->options, NULL, 1));
    assert_int_equal(toy.n[TOY_DERIVE], toy.n[TOY_DROP]);
}

static void what_was_appended_comes_back(void **state)
{
    struct log_fixture *f = *state;
    for (int encrypted = 0; encrypted <= 1; encrypted++) {
        begin(f, encrypted);
        for (size_t k = 1; k <= 50; k++)
            must(append(PART - k));
        for (uint64_t k = 1, at = 0; k <= 50; at += PART - k, k++) {
            expect(at, 16);
            expect(at + 5000, 4000);
            expect(at, PART - k);
        }
        expect(0, 10);
        end(f);
    }
}

/* The next bytes come where the cut was, and what lay behind is not seen again. */
static void what_was_cut_is_gone(void **state)
{
    struct log_fixture *f = *state;
    for (int encrypted = 0; encrypted <= 1; encrypted++) {
        begin(f, encrypted);
        for (int k = 0; k < 3; k++)
            must(append(PART));
        expect(2 * PART - 100, 100);
        spill_cut(&spill, PART + 4000);
        assert_int_equal(spill.bytes, PART + 4000);
        must(spill_append(&spill, "other bytes", 11));
        const uint8_t *p;
        must(spill_look(&spill, PART + 4000, 11, &p));
        assert_memory_equal(p, "other bytes", 11);
        expect(PART, 4000);
        must(spill_look(&spill, PART + 4000, 11, &p));
        assert_memory_equal(p, "other bytes", 11);
        expect(100, 100);
        end(f);
    }
}

static void a_failed_append_changes_nothing(void **state)
{
    struct log_fixture *f = *state;
    begin(f, true);
    must(append(PART));
    toy_fail(&toy, TOY_SEAL, 1);
    expect_error(WAL_E_CRYPTO, append(PART), "encrypting failed");
    assert_int_equal(spill.bytes, PART);
    uint64_t made = spill.made;
    must(append(PART));
    assert_int_equal(spill.made, made + 1);
    assert_int_equal(spill.parts[1].number, made); /* not the one that was used up */
    expect(PART, PART);
    end(f);
}

static void damage_is_told(void **state)
{
    struct log_fixture *f = *state;
    const uint8_t *p;
    begin(f, true);
    must(append(PART));
    must(append(PART));
    must(file_write_bytes(&spill.file, "?", 1, 100));
    expect_error(WAL_E_CRYPTO, spill_look(&spill, 0, 10, &p), "decrypting failed");
    expect(PART, PART);
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_was_appended_comes_back),
        fixture_test(what_was_cut_is_gone),
        fixture_test(a_failed_append_changes_nothing),
        fixture_test(damage_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
