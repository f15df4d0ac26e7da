/* SPDX-License-Identifier: Apache-2.0 */
/* Random lives of a log with calls of on_durable registered for LSNs behind, at and ahead of its
 * end, beside a model that is a list: after each step exactly those calls have come that had to, in
 * the right order, with the right result. */
#include "support/log_fixture.h"

#include <stdbool.h>
#include <string.h>

#include "api/options.h"
#include "support/crew.h"
#include "support/lever_os.h"

enum { SEEDS = 25, STEPS = 400, ASKS = STEPS * 2 };

struct ask {
    uint64_t lsn;
    bool waits; /* as the model has it */
};

struct called {
    uint64_t ask, lsn;
    int result;
};

static struct life {
    struct log_fixture *f;
    struct lever_os lever;
    uint64_t random, durable, next;
    struct ask asks[ASKS];
    uint64_t n_asks;
    struct called called[ASKS], expected[ASKS];
    uint64_t n_called, n_expected;
    unsigned seed, step, op;
} life;

static uint64_t draw(uint64_t below)
{
    return crew_random(&life.random) % below;
}

static void note(void *ctx, uint64_t lsn, int result)
{
    const struct ask *a = ctx;
    life.called[life.n_called++] =
        (struct called){.ask = (uint64_t)(a - life.asks), .lsn = lsn, .result = result};
}

/* The waiting one with the lowest LSN in from .. to; the first of equals. ASKS: none. */
static uint64_t lowest(uint64_t from, uint64_t to)
{
    uint64_t found = ASKS;
    for (uint64_t k = 0; k < life.n_asks; k++) {
        const struct ask *a = &life.asks[k];
        if (a->waits && a->lsn >= from && a->lsn <= to &&
            (found == ASKS || a->lsn < life.asks[found].lsn))
            found = k;
    }
    return found;
}

static void expect(uint64_t from, uint64_t to, int result)
{
    for (uint64_t k; (k = lowest(from, to)) != ASKS;) {
        life.asks[k].waits = false;
        life.expected[life.n_expected++] =
            (struct called){.ask = k, .lsn = life.asks[k].lsn, .result = result};
    }
}

static void compare(void)
{
    bool same = life.n_called == life.n_expected &&
                memcmp(life.called, life.expected, life.n_called * sizeof *life.called) == 0;
    if (!same) {
        print_error("seed %u, step %u, op %u: %u calls, %u expected\n", life.seed, life.step,
                    life.op, (unsigned)life.n_called, (unsigned)life.n_expected);
        for (uint64_t k = 0; k < life.n_called || k < life.n_expected; k++)
            print_error("  %u for LSN %u: %d, expected %u for %u: %d\n",
                        (unsigned)life.called[k].ask, (unsigned)life.called[k].lsn,
                        life.called[k].result, (unsigned)life.expected[k].ask,
                        (unsigned)life.expected[k].lsn, life.expected[k].result);
    }
    assert_true(same);
    memset(life.called, 0, sizeof life.called);
    memset(life.expected, 0, sizeof life.expected);
    life.n_called = life.n_expected = 0;
}

static void look(void)
{
    must(wal_range(life.f->log, NULL, NULL, &life.next, &life.durable));
}

static void begin_life(void)
{
    life.n_asks = life.n_called = life.n_expected = 0;
    fixture_open(life.f);
    look();
}

/* What waits when a log is closed that has not failed: the rest is synced. */
static void end_life(void)
{
    expect(life.durable + 1, life.next - 1, 0);
    expect(0, UINT64_MAX, WAL_E_CLOSED);
    fixture_close(life.f);
    compare();
}

/* What was passed over by a reset waits below the durable LSN, and is nobody's. */
static void log_has_failed(void)
{
    look();
    expect(life.durable + 1, life.next - 1, WAL_E_INDOUBT);
    expect(0, UINT64_MAX, WAL_E_FAILED);
    compare();
    wal_t *w = life.f->log;
    life.f->log = NULL;
    assert_int_equal(wal_close(w), WAL_E_FAILED);
    begin_life();
}

static int on_durable(void)
{
    uint64_t lsn = draw(4) ? life.next + draw(12) : 1 + draw(life.next + 30);
    struct ask *a = &life.asks[life.n_asks++];

    *a = (struct ask){.lsn = lsn, .waits = true};
    if (lsn <= life.durable) {
        life.expected[life.n_expected++] = (struct called){.ask = life.n_asks - 1, .lsn = lsn};
        a->waits = false;
    }
    return wal_on_durable(life.f->log, lsn, note, a);
}

static int append(uint32_t flags)
{
    size_t size = draw(10) ? draw(100) : 20000;
    return wal_append_typed(life.f->log, 0, fixture_bytes(size, 'r'), size, flags, NULL);
}

static int replace(uint64_t lsn)
{
    wal_record_t r[5] = {{.size = sizeof r[0]}};
    return wal_replace_after(life.f->log, lsn, r, draw(6), 0, NULL);
}

/* One step; *kept: where a cut was made, if it was one. */
static int take_step(uint64_t *kept)
{
    wal_t *w = life.f->log;
    uint64_t first = wal_first_lsn(w), cut = first - 1 + draw(life.next - first + 1);

    life.op = (unsigned)draw(20);
    switch (life.op) {
    case 0:
        return wal_sync(w, 0);
    case 1:
        return wal_flush(w);
    case 2:
        return wal_rotate(w);
    case 3:
        return wal_truncate_before(w, first + draw(life.next - first + 1));
    case 4:
        *kept = cut;
        return wal_truncate_after(w, cut);
    case 5:
        *kept = cut;
        return cut < life.next ? replace(cut) : 0;
    case 6:
        *kept = draw(2) ? life.next + draw(20) : draw(life.next);
        return wal_reset(w, *kept + 1);
    case 7:
        return wal_meta_set(w, "k", 1, "v", 1);
    case 8:
    case 9:
    case 10:
        return append(0);
    case 11:
    case 12:
    case 13:
        return append(WAL_APPEND_ASYNC);
    default:
        return on_durable();
    }
}

static void step(void)
{
    uint64_t kept = UINT64_MAX, durable = life.durable, last = life.next - 1;

    if (draw(60) == 0)
        lever_fail(&life.lever.sync, 0, 1, EIO);
    if (draw(15) == 0)
        lever_fail(&life.lever.write, (uint32_t)draw(3), 1, ENOSPC);
    int e = take_step(&kept);
    lever_fail(&life.lever.sync, 0, 0, 0);
    lever_fail(&life.lever.write, 0, 0, 0);
    look();
    if (e == 0 && kept != UINT64_MAX && kept < last + 1000) {
        expect(durable + 1, last, 0); /* all before the cut, then what came with it */
        expect(kept + 1, life.durable, 0);
    } else {
        expect(durable + 1, life.durable, 0);
    }
    if (wal_failure(life.f->log) < 0)
        log_has_failed();
    compare();
}

static void live(struct log_fixture *f, unsigned seed)
{
    life.f = f;
    life.seed = seed;
    life.random = seed;
    begin_life();
    for (life.step = 0; life.step < STEPS; life.step++) {
        if (life.n_asks > ASKS - 2 || draw(100) == 0) {
            end_life();
            begin_life();
        }
        step();
    }
    end_life();
    must(wal_destroy(f->dir));
}

static void test_at_random(void **state)
{
    struct log_fixture *f = *state;

    lever_init(&life.lever);
    atomic_store(&life.lever.sync.skipped, 1);
    options_set_os(f->options, &life.lever.os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 100 << 10);
    for (unsigned seed = 1; seed <= SEEDS; seed++)
        live(f, seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
