/* SPDX-License-Identifier: Apache-2.0 */
/* walbench OP DIR KEY=VALUE...: libwal, measured through its public functions. The log is DIR
 * itself. */
#include "bench/walbench.h"

#ifdef HAVE_CRYPTO
#include <libwal/crypto.h>
#endif
#include <stdlib.h>
#include <string.h>

#include "bench/base.h"

/* Keys of the command line that are the library's options, in their order. */
enum { GIVEN_MAX = 64 };
static struct {
    const char *name, *value;
} given[GIVEN_MAX];
static size_t n_given;
static uint32_t aead; /* WAL_AEAD_...; 0: not encrypted */

struct bench_log {
    wal_t *w;
    size_t size, batch;
    uint64_t read_threads;
    wal_record_t *records; /* of a batch */
    void *buffer;          /* of a get */
    uint64_t first_lsn;
};

void need(int result, const char *what)
{
    wal_error_t e;

    if (result >= 0)
        return;
    (void)wal_last_error(&e, sizeof e);
    if (result == WAL_E_UNSUPPORTED)
        unsupported("%s", e.message);
    die("%s: %s: %s", what, wal_error_name(result), e.message);
}

/* Keys beside the library's options. */
static bool take_own(const char *key, const char *value)
{
    if (strcmp(key, "random_bits") == 0) {
        payload_random_bits = (unsigned)strtoul(value, NULL, 10);
        if (payload_random_bits < 1 || payload_random_bits > 64)
            die("random_bits=%s: 1 to 64 are wanted", value);
        return true;
    }
    if (strcmp(key, "aead") != 0)
        return false;
    if (strcmp(value, "aes-256-gcm") == 0)
        aead = 1;
    else if (strcmp(value, "chacha20-poly1305") == 0)
        aead = 2;
    else
        die("aead=%s: aes-256-gcm or chacha20-poly1305 is wanted", value);
    return true;
}

/* A key that anybody knows. */
static void set_aead(wal_options_t *o)
{
#ifdef HAVE_CRYPTO
    need(wal_options_set_aead(o, aead, 1, "the benchmark's key, 32 bytes...", 32), "aead");
#else
    (void)o;
    unsupported("aead: built without libwal-crypto");
#endif
}

/* What the library refuses is refused before a log that is there goes. */
static void take_option(const char *key, const char *value)
{
    const char *name = strcmp(key, "readers") == 0 ? "read_threads" : key;
    wal_options_t *o;

    if (take_own(key, value))
        return;
    if (wal_option_by_name(name) == 0)
        die("%s: no such key", key);
    if (n_given == GIVEN_MAX)
        die("too many options");
    need(wal_options_new(&o), "options");
    need(wal_options_set_string(o, name, value), key);
    wal_options_free(o);
    given[n_given].name = name;
    given[n_given++].value = value;
}

static bool is_one_of(const char *op, const char *const *names)
{
    while (*names && strcmp(op, *names) != 0)
        names++;
    return *names != NULL;
}

/* What is only buffered needs no durable mode; where one sync at the end is measured, no rotation
 * may bring others; what looks at a log doesn't make one. */
static void set_defaults(wal_options_t *o, const char *op)
{
    static const char *const buffering[] = {"append", "fill", NULL};
    static const char *const looking[] = {"replay", "open", "get", "first", NULL};

    if (is_one_of(op, buffering))
        need(wal_options_set(o, WAL_OPT_SYNC, WAL_SYNC_NONE), "sync");
    if (strcmp(op, "append") == 0)
        need(wal_options_set(o, WAL_OPT_SEGMENT_BYTES, UINT64_C(4) << 30), "segment_bytes");
    if (is_one_of(op, looking))
        need(wal_options_set(o, WAL_OPT_CREATE, 0), "create");
}

wal_options_t *options_of(const struct args *a)
{
    wal_options_t *o;

    need(wal_options_new(&o), "options");
    set_defaults(o, a->op);
    for (size_t k = 0; k < n_given; k++)
        need(wal_options_set_string(o, given[k].name, given[k].value), given[k].name);
    if (aead)
        set_aead(o);
    return o;
}

void clear_log(const struct args *a)
{
    int e = wal_destroy(a->dir);
    if (e != WAL_E_NOTFOUND)
        need(e, "destroy");
}

wal_t *open_log(const struct args *a)
{
    wal_options_t *o = options_of(a);
    wal_t *w;

    need(wal_open(a->dir, o, &w), "open");
    wal_options_free(o);
    return w;
}

static uint64_t read_threads(const struct args *a)
{
    wal_options_t *o = options_of(a);
    uint64_t n;

    need(wal_options_get(o, WAL_OPT_READ_THREADS, &n), "options");
    wal_options_free(o);
    return n;
}

static wal_record_t *batch_of(const struct args *a)
{
    wal_record_t *records = calloc(a->batch, sizeof *records);
    if (!records)
        die("no memory for a batch");
    for (size_t k = 0; k < a->batch; k++)
        records[k] = (wal_record_t){.size = sizeof *records, .data_size = a->size};
    return records;
}

static void *engine_open(const struct args *a, enum purpose why)
{
    struct bench_log *b = calloc(1, sizeof *b);

    if (!b)
        die("no memory");
    b->w = open_log(a);
    b->read_threads = read_threads(a);
    b->size = a->size;
    b->batch = a->batch;
    if (why == FOR_BATCH)
        b->records = batch_of(a);
    if (why == FOR_READING) {
        b->buffer = malloc(a->size);
        b->first_lsn = wal_first_lsn(b->w);
    }
    return b;
}

static void engine_close(void *log)
{
    struct bench_log *b = log;

    need(wal_close(b->w), "close");
    free(b->records);
    free(b->buffer);
    free(b);
}

static void engine_durable(void *log, unsigned thread, const void *data)
{
    struct bench_log *b = log;
    (void)thread;
    need(wal_append_typed(b->w, 0, data, b->size, WAL_APPEND_SYNC, NULL), "append");
}

static void engine_batch(void *log, uint64_t first)
{
    struct bench_log *b = log;

    for (size_t k = 0; k < b->batch; k++)
        b->records[k].data = payload_at(first + k);
    need(wal_append_many(b->w, b->records, b->batch, WAL_APPEND_SYNC, NULL), "append of a batch");
}

void append_record(wal_t *w, const void *data, size_t size)
{
    need(wal_append_typed(w, 0, data, size, WAL_APPEND_ASYNC, NULL), "append");
}

static void engine_append(void *log, unsigned thread, const void *data)
{
    struct bench_log *b = log;
    (void)thread;
    append_record(b->w, data, b->size);
}

static void engine_sync(void *log)
{
    struct bench_log *b = log;
    need(wal_sync(b->w, 0), "sync");
}

struct replay {
    record_fn fn;
    uint64_t n, *sum;
};

static int replay_one(void *ctx, const wal_record_t *record)
{
    struct replay *x = ctx;

    if (x->fn)
        x->fn(NULL, x->n, record->data, (size_t)record->data_size);
    else
        *x->sum += payload_sum(record->data, (size_t)record->data_size);
    x->n++;
    return 0;
}

/* A reader of one's own, or with more threads the function that they help. */
static uint64_t engine_scan(void *log, record_fn fn, uint64_t *sum)
{
    struct bench_log *b = log;
    struct replay replay = {.fn = fn, .sum = sum};
    wal_record_t record = {.size = sizeof record};
    wal_reader_t *reader;
    uint64_t n = 0;
    int e;

    if (b->read_threads > 1) {
        need(wal_replay(b->w, 0, replay_one, &replay, NULL), "replay");
        return replay.n;
    }
    need(wal_reader_open(b->w, 0, 0, &reader), "reader");
    for (; (e = wal_reader_next(reader, &record)) == 1; n++) {
        if (fn)
            fn(NULL, n, record.data, (size_t)record.data_size);
        else
            *sum += payload_sum(record.data, (size_t)record.data_size);
    }
    need(e, "read");
    wal_reader_close(reader);
    return n;
}

static const void *engine_get(void *log, uint64_t i, size_t *ret_size)
{
    struct bench_log *b = log;
    wal_record_t record = {.size = sizeof record};

    need(wal_get(b->w, b->first_lsn + i, b->buffer, b->size, &record), "get");
    *ret_size = (size_t)record.data_size;
    return record.data;
}

int main(int argc, char **argv)
{
    static const struct op more[] = {{"first", op_first},   {"recover", op_recover},
                                     {"memory", op_memory}, {"drain", op_drain},
                                     {"follow", op_follow}, {NULL, NULL}};
    static const struct engine engine = {
        .option = take_option,
        .clear = clear_log,
        .open = engine_open,
        .close = engine_close,
        .durable = engine_durable,
        .batch = engine_batch,
        .append = engine_append,
        .sync = engine_sync,
        .scan = engine_scan,
        .get = engine_get,
    };
    return bench_main(argc, argv, &engine, more);
}
