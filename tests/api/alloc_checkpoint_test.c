/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints where every allocation fails once: see support/alloc_steps.h. */
#include "support/alloc_steps.h"

enum { STATE_BYTES = 70000 };

/* Of several groups. */
static int do_checkpoint(struct world *x)
{
    return wal_checkpoint(x->f->log, 2, fixture_bytes(STATE_BYTES, 's'), STATE_BYTES);
}

static int right_state(int e, const char *state, uint64_t lsn, size_t size)
{
    if (e == 0)
        assert_true(lsn == 2 && size == STATE_BYTES && state[0] == 's' && state[size - 1] == 's');
    return e;
}

static int newest_checkpoint(wal_t *w)
{
    static char state[STATE_BYTES];
    uint64_t lsn = 0;
    size_t size = 0;
    int e = wal_checkpoint_get(w, state, sizeof state, &lsn, &size);
    return right_state(e, state, lsn, size);
}

static int do_checkpoint_get(struct world *x)
{
    return newest_checkpoint(x->f->log);
}

static int do_follower_checkpoint(struct world *x)
{
    return newest_checkpoint(x->follower);
}

/* In whatever segment it lies. */
static int do_segment_checkpoint(struct world *x)
{
    static char state[STATE_BYTES];
    wal_segment_t g[16];
    size_t n = COUNT_OF(g), k = 0, size = 0;
    uint64_t lsn = 0;
    int e = wal_segments(x->f->log, g, sizeof g[0], &n);
    if (e < 0)
        return e;
    while (k < n && g[k].checkpoint_lsn == 0)
        k++;
    assert_true(k < n);
    e = wal_segment_checkpoint(x->f->log, g[k].number, state, sizeof state, &lsn, &size);
    return right_state(e, state, lsn, size);
}

static int do_replay_behind(struct world *x)
{
    uint64_t n = 0;
    return wal_replay(x->f->log, 0, nothing, &n, NULL);
}

/* The segment with the checkpoint goes. */
static int do_truncate_all(struct world *x)
{
    return wal_truncate_before(x->f->log, wal_next_lsn(x->f->log));
}

static int do_cut_last(struct world *x)
{
    return wal_truncate_after(x->f->log, wal_next_lsn(x->f->log) - 2);
}

static step_fn *const checkpoint_steps[] = {
    do_open,
    do_append,
    do_buffer,
    do_many,
    do_checkpoint,
    do_checkpoint_get,
    do_segment_checkpoint,
    do_replay_behind,
    do_crash,
    do_open,
    do_cut_last,
    do_checkpoint_get,
    do_rotate,
    do_crash,
    do_open,
    do_segment_checkpoint,
    do_truncate_all,
    do_checkpoint_get,
    do_follow,
    do_follower_checkpoint,
    do_follower_close,
    do_crash,
    do_open,
    do_checkpoint_get,
    do_segment_checkpoint,
    do_close,
};

static void test_every_allocation_for_checkpoints_fails_once(void **state)
{
    fail_each_once(*state, &(struct plan){checkpoint_steps, COUNT_OF(checkpoint_steps)});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_every_allocation_for_checkpoints_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
