/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the API: the bytes of an input are options and a sequence of calls with their arguments,
 * on a simulated disk. A list (model.h) is changed beside; after every open, and at the end, the
 * log is that list. A log that is killed was flushed before, so it loses nothing. */
#include "fuzz.h"
#include "image.h"
#include "key.h"
#include "model.h"
#include "pool.h"
#include "support/simdisk.h"

#include <string.h>

#include "api/options.h"

enum { RECORDS_MAX = 12, STEPS_MAX = 100, ROOM_LEFT = 64 };

static struct {
    struct simdisk *disk;
    wal_t *log;
    struct feed feed;
    struct model model;
} it;

static unsigned arg(void)
{
    return feed_byte(&it.feed);
}

/* Mostly small, sometimes large. */
static uint32_t size_arg(void)
{
    static const uint32_t sizes[] = {0, 1, 7, 8, 9, 100, 448, 4000, 20000, 60000};
    unsigned n = arg();
    return n < 10 ? sizes[n] : n;
}

static uint64_t lsn_arg(void)
{
    return it.model.first - 1 + arg() % (it.model.next - it.model.first + 2);
}

static wal_options_t *options(unsigned how, bool read_only)
{
    static const uint64_t aligns[] = {64, 512, 4096, 64};
    const uint64_t values[][2] = {
        {WAL_OPT_BACKGROUND, 0},
        {WAL_OPT_SYNC, how % 4 == 1 ? WAL_SYNC_DSYNC : how % 4}, /* INTERVAL needs a thread */
        {WAL_OPT_CODEC, how / 4 % 2},
        {WAL_OPT_CODEC_MIN_BYTES, 64},
        {WAL_OPT_GROUP_ALIGN, aligns[how / 8 % 4]},
        {WAL_OPT_ZERO_AHEAD_BYTES, how / 32 % 2 * 4096},
        {WAL_OPT_SEGMENT_RECORDS, how / 64 % 2 * 5},
        {WAL_OPT_SEGMENT_BYTES, 1 << 16},
        {WAL_OPT_GROUP_BYTES, 1 << 16},
        {WAL_OPT_MAX_RECORD_BYTES, MODEL_BYTES},
        {WAL_OPT_INDEX_BYTES, 4096},
        {WAL_OPT_EVENT_RING, 4},
        {WAL_OPT_READ_ONLY, read_only}};
    wal_options_t *o;

    FUZZ_MUST(wal_options_new(&o) == 0);
    for (size_t k = 0; k < sizeof values / sizeof *values; k++)
        FUZZ_MUST(wal_options_set(o, (uint32_t)values[k][0], values[k][1]) == 0);
    if (how / 128)
        use_the_cipher(o);
    pool_use(o);
    options_set_os(o, simdisk_os(it.disk));
    return o;
}

static wal_t *open_log(unsigned how, bool read_only)
{
    wal_options_t *o = options(how, read_only);
    wal_t *w = NULL;
    FUZZ_MUST(wal_open("/log", o, &w) == 0);
    wal_options_free(o);
    return w;
}

static void add(uint32_t size, uint16_t type, uint8_t seed, uint8_t tag)
{
    model_add(&it.model, &(struct model_record){size, type, seed, tag});
}

static void append(void)
{
    uint32_t size = size_arg(), type = arg();
    uint8_t seed = (uint8_t)arg();
    uint64_t lsn = 0;

    FUZZ_MUST(wal_append_typed(it.log, type, model_bytes(size, seed), size,
                               type % 2 ? WAL_APPEND_ASYNC : 0, &lsn) == 0);
    FUZZ_MUST(lsn == it.model.next);
    add(size, (uint16_t)type, seed, 0);
}

/* A batch with tag and metadata, or in place of the records above an LSN. */
static void batch(void)
{
    unsigned n = arg() % RECORDS_MAX, with = arg();
    uint64_t lsn = lsn_arg(), first = 0;
    uint8_t tag = with & 1 ? (uint8_t)(1 + with % 64) : 0, key = (uint8_t)(with / 16 % MODEL_KEYS);
    char name = (char)('0' + key);
    uint32_t sizes[RECORDS_MAX];
    wal_batch_t *b;
    bool replaces = (with & 4) && lsn < it.model.next;

    FUZZ_MUST(wal_batch_new(it.log, &b) == 0);
    for (unsigned k = 0; k < n; k++) {
        sizes[k] = size_arg();
        FUZZ_MUST(wal_batch_append(b, k, model_bytes(sizes[k], (uint8_t)k), sizes[k]) == 0);
    }
    if (tag)
        FUZZ_MUST(wal_batch_set_tag(b, model_bytes(tag, tag), tag) == 0);
    if (with & 2) {
        FUZZ_MUST(wal_batch_meta(b, &name, 1, model_bytes(with % MODEL_VALUE, 9),
                                 with % MODEL_VALUE) == 0);
        it.model.meta[key].there = 1;
        it.model.meta[key].size = (uint8_t)(with % MODEL_VALUE);
        it.model.meta[key].seed = 9;
    }
    if (replaces)
        model_cut_back(&it.model, lsn);
    int e = replaces ? wal_batch_replace_after(b, lsn, 0, &first, NULL)
                     : wal_batch_commit(b, 0, &first, NULL);
    FUZZ_MUST(e == 0 && first == (n ? it.model.next : 0));
    for (unsigned k = 0; k < n; k++)
        add(sizes[k], (uint16_t)k, (uint8_t)k, tag);
    wal_batch_free(b);
}

static void meta(void)
{
    unsigned k = arg() % MODEL_KEYS, size = arg() % MODEL_VALUE;
    uint8_t seed = (uint8_t)arg();
    char key = (char)('0' + k);

    if (seed % 4 == 0) {
        FUZZ_MUST(wal_meta_delete(it.log, &key, 1) ==
                  (it.model.meta[k].there ? 0 : WAL_E_NOTFOUND));
        it.model.meta[k].there = 0;
        return;
    }
    FUZZ_MUST(wal_meta_set(it.log, &key, 1, model_bytes(size, seed), size) == 0);
    it.model.meta[k].there = 1;
    it.model.meta[k].size = (uint8_t)size;
    it.model.meta[k].seed = seed;
}

static void checkpoint(void)
{
    uint64_t lsn = lsn_arg(), durable = wal_durable_lsn(it.log);
    uint32_t size = size_arg();
    uint8_t seed = (uint8_t)arg();
    bool fits = lsn && lsn <= durable && lsn >= it.model.checkpoint.lsn;

    int e = wal_checkpoint(it.log, lsn, model_bytes(size, seed), size);
    FUZZ_MUST(e == 0 || (e == WAL_E_RANGE && !fits));
    FUZZ_MUST(e < 0 || (lsn >= it.model.checkpoint.lsn && lsn <= wal_durable_lsn(it.log)));
    if (e < 0)
        return;
    it.model.checkpoint.lsn = lsn;
    it.model.checkpoint.size = size;
    it.model.checkpoint.seed = seed;
}

static void cut(void)
{
    uint64_t lsn = lsn_arg();

    if (arg() % 2) {
        FUZZ_MUST(wal_truncate_before(it.log, lsn) == (lsn > it.model.next ? WAL_E_RANGE : 0));
        if (lsn <= it.model.next)
            model_cut_front(&it.model, lsn);
    } else {
        FUZZ_MUST(wal_truncate_after(it.log, lsn) == 0);
        model_cut_back(&it.model, lsn);
    }
}

static void small_calls(void)
{
    unsigned which = arg();

    switch (which % 8) {
    case 0:
        FUZZ_MUST(wal_rotate(it.log) == 0);
        break;
    case 1:
        FUZZ_MUST(wal_sync(it.log, 0) == 0);
        break;
    case 2:
        FUZZ_MUST(wal_flush(it.log) == 0);
        break;
    case 3:
        model_reset(&it.model, 1 + which);
        FUZZ_MUST(wal_reset(it.log, 1 + which) == 0);
        break;
    default:
        model_compare(&it.model, it.log);
    }
}

/* Closed, or killed once it is flushed; then opened in the same way or, unencrypted, in another. */
static void reopen(unsigned *how)
{
    unsigned next = arg();
    struct simdisk *was = it.disk;

    if (next % 2) {
        FUZZ_MUST(wal_flush(it.log) == 0);
        it.disk = simdisk_kill_image(was);
        FUZZ_MUST(wal_close(it.log) == 0);
        simdisk_free(was);
    } else {
        FUZZ_MUST(wal_close(it.log) == 0);
    }
    *how = *how / 128 * 128 + next % 128;
    if (next / 128)
        *how |= 128; /* encrypted from now on: a key is never taken away */
    it.log = open_log(*how, false);
    model_compare(&it.model, it.log);
}

static void step(unsigned *how)
{
    static void (*const calls[])(void) = {append,     append, batch,      meta,
                                          checkpoint, cut,    small_calls};
    enum { N = sizeof calls / sizeof *calls };
    unsigned which = arg() % (N + 1);

    if (it.model.next - it.model.first + ROOM_LEFT > MODEL_RECORDS)
        return;
    if (which < N)
        calls[which]();
    else
        reopen(how);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    it.feed = (struct feed){data, size};
    it.disk = simdisk_new(1);
    memset(&it.model, 0, sizeof it.model);
    it.model.first = it.model.next = 1;
    unsigned how = arg();

    it.log = open_log(how, false);
    for (int k = 0; k < STEPS_MAX && it.feed.left; k++)
        step(&how);
    model_compare(&it.model, it.log);
    FUZZ_MUST(wal_close(it.log) == 0);
    it.log = open_log(how, true);
    model_compare(&it.model, it.log);
    FUZZ_MUST(wal_close(it.log) == 0);
    simdisk_free(it.disk);
    return 0;
}
