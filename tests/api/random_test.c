/* SPDX-License-Identifier: Apache-2.0 */
/* Random lives of a log, a few readers and a follower, beside a model that is an array. */
#include "support/log_fixture.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 8, STEPS = 250, LSNS = 20000, READERS = 3, BATCH_MAX = 200 };

struct model_reader {
    wal_reader_t *reader;
    uint64_t position; /* that next would give; 0: at the beginning, backward */
    bool backward, trimmed;
};

struct life {
    struct log_fixture *f;
    wal_t *follower;
    uint64_t random;
    uint64_t first, next; /* of the log, as the model has it */
    uint64_t content[LSNS];
    uint64_t written; /* contents so far: each record's is new */
    char meta[32];    /* the value of "k"; "": none */
    struct model_reader readers[READERS];
    unsigned seed, step;
};

static uint64_t draw(struct life *x, uint64_t below)
{
    x->random ^= x->random << 13;
    x->random ^= x->random >> 7;
    x->random ^= x->random << 17;
    return x->random % below;
}

static size_t size_of(uint64_t content)
{
    uint64_t h = content * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    return 8 + (size_t)(h % 16 == 0 ? h % 20000 : h % 100);
}

static const void *bytes_of(uint64_t content)
{
    static unsigned char bytes[20008];
    memset(bytes, (int)content, size_of(content));
    memcpy(bytes, &content, sizeof content);
    return bytes;
}

static void expect_content(const struct life *x, const wal_record_t *r, uint64_t lsn)
{
    uint64_t content = x->content[lsn];
    assert_int_equal(r->lsn, lsn);
    assert_int_equal(r->data_size, size_of(content));
    assert_memory_equal(r->data, bytes_of(content), r->data_size);
}

/* Takes n more contents into the model, from the LSN on. */
static void note_appended(struct life *x, uint64_t first, uint64_t n)
{
    assert_int_equal(first, x->next);
    assert_true(first + n < LSNS);
    for (uint64_t k = 0; k < n; k++)
        x->content[x->next++] = ++x->written;
}

static void note_cut(struct life *x, uint64_t cut)
{
    for (int k = 0; k < READERS; k++) /* forward, a reader at cut + 1 waits for what comes there */
        x->readers[k].trimmed |= x->readers[k].position > cut + !x->readers[k].backward;
    x->next = cut + 1;
}

/* Appends */

static uint32_t some_flags(struct life *x)
{
    const uint32_t flags[] = {0, WAL_APPEND_SYNC, WAL_APPEND_ASYNC, WAL_APPEND_ASYNC};
    return flags[draw(x, COUNT_OF(flags))];
}

static void append_one(struct life *x)
{
    uint64_t lsn, content = x->written + 1;
    must(wal_append_typed(x->f->log, 0, bytes_of(content), size_of(content), some_flags(x), &lsn));
    note_appended(x, lsn, 1);
}

static void append_batch(struct life *x)
{
    uint64_t n = 1 + draw(x, draw(x, 4) ? 5 : BATCH_MAX), first = 0, last = 0;
    wal_batch_t *b;

    must(wal_batch_new(x->f->log, &b));
    for (uint64_t k = 1; k <= n; k++)
        must(wal_batch_append(b, 0, bytes_of(x->written + k), size_of(x->written + k)));
    must(wal_batch_commit(b, some_flags(x), &first, &last));
    assert_int_equal(last, first + n - 1);
    note_appended(x, first, n);
    wal_batch_free(b);
}

/* Records that lie one behind the other. */
static uint64_t gather(struct life *x, wal_record_t *r, unsigned char *room)
{
    uint64_t n = draw(x, 6);
    for (uint64_t k = 0; k < n; k++) {
        uint64_t content = x->written + 1 + k;
        memcpy(room, bytes_of(content), size_of(content));
        r[k] = (wal_record_t){.size = sizeof *r, .data = room, .data_size = size_of(content)};
        room += size_of(content);
    }
    return n;
}

/* Cuts */

static void replace(struct life *x)
{
    static unsigned char room[6 * 20008];
    wal_record_t r[6] = {0};
    uint64_t cut = x->first - 1 + draw(x, x->next - x->first + 1), first = 99;
    uint64_t n = gather(x, r, room);

    must(wal_replace_after(x->f->log, cut, r, n, some_flags(x), &first));
    assert_int_equal(first, n ? cut + 1 : 0);
    if (n || cut + 1 < x->next)
        note_cut(x, cut);
    note_appended(x, cut + 1, n);
}

static void cut_end(struct life *x)
{
    uint64_t cut = x->first - 1 + draw(x, x->next - x->first + 3);
    must(wal_truncate_after(x->f->log, cut));
    if (cut + 1 < x->next)
        note_cut(x, cut);
}

static void cut_front(struct life *x)
{
    uint64_t lsn = draw(x, 2) ? x->first + draw(x, x->next - x->first + 1)
                              : x->first - draw(x, x->first + 1) / 2;
    must(wal_truncate_before(x->f->log, lsn));
    if (lsn > x->first)
        x->first = lsn;
}

static void reset(struct life *x)
{
    uint64_t next = draw(x, 2) ? x->next + draw(x, 20) : 1 + draw(x, x->next);
    must(wal_reset(x->f->log, next));
    note_cut(x, next - 1);
    x->first = next;
}

/* Looking */

static void get_some(struct life *x)
{
    static unsigned char buf[20008];
    wal_record_t r = {.size = sizeof r};
    uint64_t lsn = x->first - 1 + draw(x, x->next - x->first + 2);

    if (lsn < x->first || lsn >= x->next) {
        expect_error(WAL_E_RANGE, wal_get(x->f->log, lsn, buf, sizeof buf, &r), NULL);
        return;
    }
    must(wal_get(x->f->log, lsn, buf, sizeof buf, &r));
    expect_content(x, &r, lsn);
    uint64_t durable = wal_durable_lsn(x->f->log);
    assert_int_equal(r.flags & WAL_RECORD_DURABLE, lsn <= durable ? WAL_RECORD_DURABLE : 0);
    if (lsn > durable)
        return;
    must(wal_get(x->follower, lsn, buf, sizeof buf, &r));
    expect_content(x, &r, lsn);
}

struct replayed {
    struct life *life;
    uint64_t next;
    bool wrong;
};

static int replay_one(void *ctx, const wal_record_t *r)
{
    struct replayed *p = ctx;
    uint64_t content = p->life->content[p->next];
    p->wrong |= r->lsn != p->next || r->data_size != size_of(content) ||
                memcmp(r->data, bytes_of(content), r->data_size) != 0;
    p->next++;
    return 0;
}

static void replay_some(struct life *x)
{
    uint64_t from = x->first + draw(x, x->next - x->first + 1), last = 0;
    struct replayed p = {x, from, false};

    must(wal_replay(x->f->log, from, replay_one, &p, &last));
    assert_false(p.wrong);
    uint64_t durable = wal_durable_lsn(x->f->log);
    assert_int_equal(p.next, durable >= from ? durable + 1 : from);
    assert_int_equal(last, durable >= from ? durable : 0);
}

static void seek(struct life *x, struct model_reader *m)
{
    uint64_t lsn = draw(x, 3) ? x->first + draw(x, x->next - x->first + 1) : 0;
    uint64_t durable = wal_durable_lsn(x->f->log);

    must(wal_reader_seek(m->reader, lsn));
    m->trimmed = false;
    m->position = lsn ? lsn : !m->backward ? x->first : (durable >= x->first ? durable : 0);
    assert_int_equal(wal_reader_position(m->reader), m->position);
}

static void read_one(struct life *x, struct model_reader *m)
{
    wal_record_t r = {.size = sizeof r};
    uint64_t lsn = m->position;

    m->trimmed |= lsn > 0 && lsn < x->first; /* if nobody looks while it is so, it never was */
    if (m->trimmed) {
        expect_error(WAL_E_TRIMMED, wal_reader_next(m->reader, &r), NULL);
        return;
    }
    int e = must(wal_reader_next(m->reader, &r));
    assert_int_equal(e, lsn > 0 && lsn <= wal_durable_lsn(x->f->log));
    if (e == 0)
        return;
    expect_content(x, &r, lsn);
    m->position = !m->backward ? lsn + 1 : lsn > x->first ? lsn - 1 : 0;
}

static void use_reader(struct life *x)
{
    struct model_reader *m = &x->readers[draw(x, READERS)];

    if (draw(x, 6) == 0) {
        seek(x, m);
        return;
    }
    for (uint64_t n = draw(x, 10); n > 0; n--)
        read_one(x, m);
    assert_int_equal(wal_reader_position(m->reader), m->position);
}

static void change_meta(struct life *x)
{
    if (draw(x, 3) == 0 && x->meta[0]) {
        must(wal_meta_delete(x->f->log, "k", 1));
        x->meta[0] = '\0';
        return;
    }
    snprintf(x->meta, sizeof x->meta, "%llu", (unsigned long long)draw(x, 1000000));
    must(wal_meta_set(x->f->log, "k", 1, x->meta, strlen(x->meta)));
}

static void expect_map(const struct life *x, wal_t *w)
{
    char buf[32];
    size_t n;

    if (x->meta[0] == '\0') {
        expect_error(WAL_E_NOTFOUND, wal_meta_get(w, "k", 1, buf, sizeof buf, &n), NULL);
        return;
    }
    must(wal_meta_get(w, "k", 1, buf, sizeof buf, &n));
    assert_int_equal(n, strlen(x->meta));
    assert_memory_equal(buf, x->meta, n);
}

static void expect_model(const struct life *x)
{
    uint64_t first, last, next, durable, seen[4];

    must(wal_range(x->f->log, &first, &last, &next, &durable));
    assert_int_equal(first, x->first);
    assert_int_equal(next, x->next);
    assert_int_equal(last, next > first ? next - 1 : 0);
    assert_true(durable < next);
    must(wal_range(x->follower, &seen[0], &seen[1], &seen[2], &seen[3]));
    assert_int_equal(seen[0], first);
    assert_int_equal(seen[3], durable);
    assert_int_equal(seen[2], durable + 1);
    expect_map(x, x->f->log);
    expect_map(x, x->follower);
}

/* Life and death */

static void open_readers(struct life *x)
{
    for (int k = 0; k < READERS; k++) {
        struct model_reader *m = &x->readers[k];
        *m = (struct model_reader){.backward = k == READERS - 1};
        must(wal_reader_open(x->f->log, x->first, m->backward ? WAL_READ_REVERSE : 0, &m->reader));
        m->position = x->first;
    }
}

static void close_readers(struct life *x)
{
    for (int k = 0; k < READERS; k++)
        wal_reader_close(x->readers[k].reader);
}

static void choose_options(struct life *x)
{
    const uint32_t modes[] = {WAL_SYNC_DATA, WAL_SYNC_NONE, WAL_SYNC_FULL, WAL_SYNC_DSYNC};
    const uint64_t records[] = {0, 1, 7, 50}, aligns[] = {64, 64, 512, 4096};

    fixture_set(x->f, WAL_OPT_SYNC, modes[draw(x, COUNT_OF(modes))]);
    fixture_set(x->f, WAL_OPT_SEGMENT_RECORDS, records[draw(x, COUNT_OF(records))]);
    fixture_set(x->f, WAL_OPT_GROUP_ALIGN, aligns[draw(x, COUNT_OF(aligns))]);
    fixture_set(x->f, WAL_OPT_SEGMENT_BYTES, draw(x, 2) ? 64 << 10 : 1 << 20);
    fixture_set(x->f, WAL_OPT_ZERO_AHEAD_BYTES, draw(x, 2) ? 0 : 256 << 10);
    fixture_set(x->f, WAL_OPT_INDEX_BYTES, draw(x, 2) ? 4096 : 1 << 20);
}

static void reopen(struct life *x)
{
    close_readers(x);
    choose_options(x);
    fixture_reopen(x->f);
    open_readers(x);
}

/* What was durable is there, and of the rest a beginning. */
static void crash(struct life *x)
{
    uint64_t durable = wal_durable_lsn(x->f->log);

    close_readers(x);
    must(wal_close(x->follower));
    fixture_crash(x->f);
    choose_options(x);
    fixture_open(x->f);
    x->follower = fixture_open_read_only(x->f);
    uint64_t next = wal_next_lsn(x->f->log);
    assert_true(next > durable && next <= x->next);
    x->next = next;
    assert_int_equal(wal_durable_lsn(x->f->log), next - 1);
    open_readers(x);
}

static void sync_it(struct life *x)
{
    must(wal_sync(x->f->log, 0));
    assert_int_equal(wal_durable_lsn(x->f->log), x->next - 1);
}

static void flush_it(struct life *x)
{
    must(wal_flush(x->f->log));
}

static void rotate_it(struct life *x)
{
    must(wal_rotate(x->f->log));
}

static void (*const acts[])(struct life *x) = {
    append_one, append_one,  append_one, append_batch, append_batch, replace,    cut_end,
    cut_front,  reset,       get_some,   get_some,     replay_some,  use_reader, use_reader,
    use_reader, change_meta, reopen,     crash,        sync_it,      flush_it,   rotate_it,
};

static void live(struct life *x)
{
    choose_options(x);
    fixture_open(x->f);
    x->first = x->next = 1;
    x->follower = fixture_open_read_only(x->f);
    open_readers(x);
    for (x->step = 0; x->step < STEPS && x->next < LSNS - 2 * BATCH_MAX; x->step++) {
        size_t act = draw(x, COUNT_OF(acts));
        if (getenv("WAL_TEST_TRACE"))
            print_message("%u: %d, %llu .. %llu\n", x->step, (int)act, (unsigned long long)x->first,
                          (unsigned long long)x->next);
        acts[act](x);
        expect_model(x);
    }
    close_readers(x);
    must(wal_close(x->follower));
    fixture_close(x->f);
    must(wal_destroy(x->f->dir));
}

static void test_random_lives(void **state)
{
    static struct life x;
    const char *seed = getenv("WAL_TEST_SEED");
    unsigned first = seed ? (unsigned)strtoul(seed, NULL, 10) : 1;

    fixture_set(*state, WAL_OPT_BACKGROUND, 0);
    fixture_set(*state, WAL_OPT_GROUP_BYTES, 64 << 10);
    for (unsigned k = first; k < first + SEEDS; k++) {
        print_message("seed %u\n", k);
        x = (struct life){.f = *state, .seed = k, .random = k * UINT64_C(0x9e3779b97f4a7c15)};
        live(&x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_random_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
