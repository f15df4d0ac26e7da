/* SPDX-License-Identifier: Apache-2.0 */
/* No nonce is used twice under one key, whatever happens to the log: failing writes, withdrawals,
 * crashes, cuts, copies of the directory that are opened beside it. The tests' cipher tells of each
 * encryption. */
#include "support/log_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "api/options.h"
#include "support/spy_os.h"
#include "support/toy_cipher.h"

enum { ROUNDS = 40, STEPS = 60 };

struct use {
    struct toy_secret key;
    uint8_t nonce[12];
};

static struct toy toy;
static struct spy_os spy;
static struct use *uses;
static size_t n_uses, room;
static uint64_t dice;

static void note(void *ctx, const struct toy_secret *key, const uint8_t nonce[12])
{
    (void)ctx;
    if (n_uses == room) {
        room = room ? 2 * room : 1024;
        uses = realloc(uses, room * sizeof *uses);
        if (!uses)
            abort();
    }
    struct use *u = &uses[n_uses++];
    memset(u, 0, sizeof *u);
    u->key = *key;
    memcpy(u->nonce, nonce, 12);
}

static int order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct use));
}

static size_t repeated(void)
{
    size_t n = 0;
    qsort(uses, n_uses, sizeof *uses, order);
    for (size_t k = 1; k < n_uses; k++)
        n += order(&uses[k - 1], &uses[k]) == 0;
    return n;
}

static uint64_t draw(uint64_t below)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (dice >> 33) % below;
}

static int setup(void **state)
{
    int e = fixture_setup(state);
    struct log_fixture *f = *state;

    toy = (struct toy){.keys = TOY_KEY(1) | TOY_KEY(2), .on_seal = note};
    n_uses = 0;
    spy_init(&spy);
    options_set_os(f->options, &spy.os);
    if (e == 0)
        e = wal_options_set(f->options, WAL_OPT_BACKGROUND, 0);
    if (e == 0)
        e = wal_options_set(f->options, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
    wal_cipher_t cipher = toy_cipher(&toy);
    return e < 0 ? e : wal_options_set_cipher(f->options, &cipher, 1);
}

#define nonces_test(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

/* What may fail fails or not: only the nonces count. A handle that has failed is opened anew. */

static void batch(wal_t *w)
{
    wal_batch_t *b;
    if (wal_batch_new(w, &b) < 0)
        return;
    for (uint64_t k = draw(60); k > 0; k--)
        (void)wal_batch_append(b, 1, fixture_bytes(3000, 'b'), 3000);
    if (draw(2))
        (void)wal_batch_set_tag(b, "tag", 3);
    if (draw(2))
        (void)wal_batch_meta(b, "key", 3, "value", 5);
    if (wal_batch_commit(b, 0, NULL, NULL) < 0)
        (void)wal_batch_commit(b, 0, NULL, NULL);
    wal_batch_free(b);
}

static void break_something(void)
{
    spy_clear(&spy);
    switch (draw(4)) {
    case 0:
        spy_fail(&spy, SPY_WRITE, 1 + (unsigned)draw(4), ENOSPC);
        break;
    case 1:
        spy_short(&spy, SPY_WRITE, 1, 1 + draw(200));
        spy_fail(&spy, SPY_WRITE, 2, EIO);
        break;
    case 2:
        toy_fail(&toy, TOY_SEAL, 1 + (int64_t)draw(3));
        break;
    default:
        spy_fail(&spy, SPY_SYNC, 1 + (unsigned)draw(3), EIO);
    }
}

static void step(wal_t *w)
{
    static const uint8_t sizes[] = {1, 30, 200};
    uint64_t last = wal_last_lsn(w);
    size_t size = draw(5) ? sizes[draw(3)] : draw(20000);

    switch (draw(14)) {
    case 0:
        (void)wal_append(w, fixture_bytes(20000, 'a'), size, NULL);
        break;
    case 1:
        batch(w);
        break;
    case 2:
        (void)wal_meta_set(w, "key", 3, "v", 1);
        break;
    case 3:
        (void)wal_checkpoint(w, wal_durable_lsn(w), fixture_bytes(9000, 'c'), 9000);
        break;
    case 4:
        (void)wal_truncate_after(w, last > 3 ? last - draw(3) : last);
        break;
    case 5:
        (void)wal_rotate(w);
        break;
    case 6:
        (void)wal_truncate_before(w, wal_first_lsn(w) + draw(10));
        break;
    case 7:
        (void)wal_sync(w, 0);
        break;
    case 8:
        break_something();
        break;
    case 9:
        if (draw(10) == 0)
            (void)wal_reset(w, 1 + draw(1000));
        break;
    default:
        (void)wal_append_typed(w, 1, fixture_bytes(20000, 'a'), size,
                               draw(2) ? WAL_APPEND_ASYNC : 0, NULL);
    }
}

/* A copy of the directory as it is, opened and written to while the log goes on. */
static void write_to_copy(struct log_fixture *f)
{
    char command[1200], dir[400];
    wal_t *copy = NULL;

    snprintf(dir, sizeof dir, "%s/other", f->scratch.path);
    snprintf(command, sizeof command, "rm -rf '%s' && cp -r '%s' '%s'", dir, f->dir, dir);
    assert_int_equal(system(command), 0);
    must(wal_open(dir, f->options, &copy));
    for (int k = 0; k < 10; k++) {
        must(wal_append(copy, "other", 5, NULL));
        fixture_append(f, "here");
    }
    must(wal_close(copy));
}

static void test_no_nonce_twice(void **state)
{
    struct log_fixture *f = *state;
    wal_cipher_t cipher = toy_cipher(&toy);

    for (unsigned round = 0; round < ROUNDS; round++) {
        dice = round;
        must(wal_options_set_cipher(f->options, &cipher, 1 + round % 2));
        fixture_set(f, WAL_OPT_CODEC, round / 2 % 2);
        fixture_open(f);
        for (unsigned k = 0; k < STEPS && wal_failure(f->log) == 0; k++)
            step(f->log);
        spy_clear(&spy);
        memset((void *)toy.fail, 0, sizeof toy.fail);
        if (wal_failure(f->log) || draw(2)) {
            fixture_crash(f);
        } else {
            write_to_copy(f);
            fixture_close(f);
        }
    }
    print_message("%zu encryptions\n", n_uses);
    assert_true(n_uses > 1000);
    assert_int_equal(repeated(), 0);
}

/* Each kind of failure alone: the record that was withdrawn and the one that comes in its place. */
static void test_after_a_withdrawal(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    for (unsigned at = 1; at <= 2; at++) {
        fixture_append(f, "one");
        size_t before = fixture_segments(f->log);
        spy_short(&spy, SPY_WRITE, 1, 70);
        spy_fail(&spy, SPY_WRITE, 2, ENOSPC);
        expect_error(WAL_E_NOSPC, wal_append(f->log, "withdrawn", 9, NULL), NULL);
        fixture_append(f, "in its place");
        assert_int_equal(fixture_segments(f->log), before + 1);
    }
    fixture_append_flags(f, "buffered", WAL_APPEND_ASYNC);
    spy_short(&spy, SPY_WRITE, 1, 70);
    spy_fail(&spy, SPY_WRITE, 2, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_flush(f->log), NULL);
    fixture_append_flags(f, "and more", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    fixture_crash(f);
    fixture_open(f);
    expect_record(f->log, 2, "in its place");
    expect_record(f->log, 5, "buffered");
    expect_record(f->log, 6, "and more");
    assert_int_equal(repeated(), 0);
}

/* A test of the test: the same log twice is what it must find. */
static void test_a_repeated_nonce_is_found(void **state)
{
    (void)state;
    struct toy_secret key = {{1, 2, 3, 4}};
    note(NULL, &key, (const uint8_t *)"twelve bytes");
    note(NULL, &key, (const uint8_t *)"other twelve");
    assert_int_equal(repeated(), 0);
    note(NULL, &key, (const uint8_t *)"twelve bytes");
    assert_int_equal(repeated(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        nonces_test(test_no_nonce_twice),
        nonces_test(test_after_a_withdrawal),
        nonces_test(test_a_repeated_nonce_is_found),
    };
    int e = cmocka_run_group_tests(tests, NULL, NULL);
    free(uses);
    return e;
}
