/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints, state machines, drain. */
#include "program.h"

#include <string.h>

void use_checkpoints(void)
{
    wal_t *w = four_records("checkpoint");
    char state[8];
    size_t size, n = 1;
    uint64_t lsn;
    wal_segment_t segment;

    CHECK(wal_checkpoint_get(w, state, sizeof(state), &lsn, &size) == WAL_E_NOTFOUND);
    CHECK(wal_checkpoint(w, 5, "x", 1) == WAL_E_RANGE);
    OK(wal_checkpoint(w, 3, "state", 5));
    OK(wal_checkpoint_get(w, state, sizeof(state), &lsn, &size));
    CHECK(lsn == 3 && size == 5 && memcmp(state, "state", 5) == 0);
    memset(&segment, 0, sizeof(segment));
    segment.size = sizeof(segment);
    OK(wal_segments(w, &segment, sizeof(segment), &n));
    CHECK(n == 1 && segment.checkpoint_lsn == 3);
    OK(wal_segment_checkpoint(w, segment.number, state, sizeof(state), &lsn, &size));
    CHECK(lsn == 3 && size == 5);
    CHECK(wal_segment_checkpoint(w, 99, NULL, 0, NULL, NULL) == WAL_E_NOTFOUND);
    done_with(w, "checkpoint");
}

struct sum {
    uint64_t lsn, bytes;
};

static int apply(void *ctx, const wal_record_t *record)
{
    struct sum *s = ctx;
    CHECK(record->lsn == s->lsn + 1);
    s->lsn = record->lsn;
    s->bytes += record->data_size;
    return 0;
}

static int snapshot(void *ctx, void *buf, size_t cap, size_t *ret_size)
{
    *ret_size = sizeof(struct sum);
    if (cap < sizeof(struct sum))
        return WAL_E_TOOBIG;
    memcpy(buf, ctx, sizeof(struct sum));
    return 0;
}

static int restore(void *ctx, uint64_t lsn, const void *state, size_t size)
{
    CHECK(size == sizeof(struct sum));
    memcpy(ctx, state, size);
    return lsn == ((struct sum *)ctx)->lsn ? 0 : -1;
}

void use_machine(void)
{
    struct sum sum = {0, 0}, again = {0, 0};
    wal_machine_t machine = {sizeof(machine), 0, &sum, apply, snapshot, restore};
    wal_options_t *o;
    wal_t *w;

    OK(wal_options_new(&o));
    OK(wal_options_set_machine(o, &machine));
    OK(wal_open(path_of("machine"), o, &w));
    OK(wal_append(w, "one", 3, NULL));
    CHECK(sum.lsn == 1 && sum.bytes == 3);
    OK(wal_rotate(w));
    OK(wal_append(w, "two!", 4, NULL));
    CHECK(wal_reset(w, 9) == WAL_E_UNSUPPORTED);
    OK(wal_close(w));
    machine.ctx = &again;
    OK(wal_options_set_machine(o, &machine));
    OK(wal_open(path_of("machine"), o, &w));
    wal_options_free(o);
    CHECK(again.lsn == 2 && again.bytes == 7);
    done_with(w, "machine");
}

static int drop_all(void *ctx, const wal_segment_t *segment)
{
    CHECK(segment->size >= sizeof(*segment) && (segment->flags & WAL_SEGMENT_SEALED));
    ++*(int *)ctx;
    return 1;
}

void use_drain(void)
{
    wal_t *w = four_records("drain");
    int asked = 0;
    size_t count = 0;

    OK(wal_rotate(w));
    OK(wal_drain(w, drop_all, &asked, &count));
    CHECK(asked == 1 && count == 1);
    expect_range(w, 5, 0);
    done_with(w, "drain");
}
