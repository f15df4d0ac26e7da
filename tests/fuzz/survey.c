/* SPDX-License-Identifier: Apache-2.0 */
#include "survey.h"

#include "api/options.h"
#include "crc/crc.h"
#include "fuzz.h"
#include "key.h"
#include "pool.h"

/* What a walk over the records came to. */
struct seen {
    uint64_t first, n;
    uint32_t crc;
    int code;
};

enum { ROOM = 1 << 16, SOME = 5 };

struct simdisk *survey_disk(void)
{
    struct simdisk *d = simdisk_new(1);
    FUZZ_MUST(simdisk_make_dir(d, SURVEY_DIR) == 0);
    return d;
}

static wal_options_t *options(struct simdisk *d, bool read_only)
{
    static const uint64_t values[][2] = {
        {WAL_OPT_BACKGROUND, 0},         {WAL_OPT_SEGMENT_BYTES, 1 << 16},
        {WAL_OPT_GROUP_BYTES, 1 << 16},  {WAL_OPT_ZERO_AHEAD_BYTES, 0},
        {WAL_OPT_INDEX_BYTES, 1 << 16},  {WAL_OPT_SYNC, WAL_SYNC_NONE},
        {WAL_OPT_EVENT_RING, 4},         {WAL_OPT_MAX_RECORD_BYTES, ROOM},
        {WAL_OPT_PENDING_BYTES, 1 << 20}};
    wal_options_t *o;

    FUZZ_MUST(wal_options_new(&o) == 0);
    for (size_t k = 0; k < sizeof values / sizeof *values; k++)
        FUZZ_MUST(wal_options_set(o, (uint32_t)values[k][0], values[k][1]) == 0);
    FUZZ_MUST(wal_options_set(o, WAL_OPT_READ_ONLY, read_only) == 0);
    use_the_cipher(o);
    pool_use(o);
    options_set_os(o, simdisk_os(d));
    return o;
}

static int note(void *ctx, const wal_record_t *r)
{
    struct seen *s = ctx;

    FUZZ_MUST(r->lsn > 0 && r->tag_size <= TAG_MAX);
    if (s->n++ == 0)
        s->first = r->lsn;
    FUZZ_MUST(r->lsn >= s->first + s->n - 1); /* salvage may leave some out */
    s->crc = crc_update(s->crc, &r->lsn, sizeof r->lsn);
    s->crc = crc_update(s->crc, &r->type, sizeof r->type);
    s->crc = crc_update(s->crc, r->data, (size_t)r->data_size);
    return 0;
}

static bool same(const struct seen *a, const struct seen *b)
{
    return a->n == b->n && a->crc == b->crc && (a->n == 0 || a->first == b->first);
}

/* All records in turn; `flags` of the reader. */
static struct seen walk(wal_t *w, uint32_t flags)
{
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *reader;
    struct seen s = {.code = wal_reader_open(w, 0, flags, &reader)};

    if (s.code < 0)
        return s;
    while ((s.code = wal_reader_next(reader, &r)) == 1)
        note(&s, &r);
    wal_reader_close(reader);
    return s;
}

/* Backwards it is as many, and one by one the same. */
static void other_ways(wal_t *w, const struct seen *s)
{
    static uint8_t buffer[ROOM];
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *reader;
    uint64_t n = 0;

    FUZZ_MUST(wal_reader_open(w, 0, WAL_READ_REVERSE | WAL_READ_WRITTEN, &reader) == 0);
    int e = wal_reader_next(reader, &r);
    for (; e == 1; e = wal_reader_next(reader, &r))
        FUZZ_MUST(r.lsn == s->first + s->n - ++n);
    FUZZ_MUST(e == 0 && n == s->n);
    wal_reader_close(reader);
    for (uint64_t k = 0; k < s->n && k < SOME; k++) {
        e = wal_get(w, s->first + k, buffer, sizeof buffer, &r);
        FUZZ_MUST(e == 0 || e == WAL_E_TOOBIG);
    }
}

static int no_meta(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    (void)ctx;
    FUZZ_MUST(key && klen >= 1 && klen <= META_KEY_MAX && vlen <= META_VALUE_MAX);
    (void)value;
    return 0;
}

static int rest(wal_t *w)
{
    static uint8_t buffer[ROOM];
    size_t size;
    uint64_t lsn;

    (void)wal_last_tag(w, buffer, sizeof buffer, &size);
    (void)wal_checkpoint_get(w, buffer, sizeof buffer, &lsn, &size);
    return wal_meta_each(w, no_meta, NULL);
}

/* Opens it, looks at everything, closes it. The code is the open's where that fails. */
static struct seen look(struct simdisk *d, bool read_only, uint32_t flags)
{
    wal_options_t *o = options(d, read_only);
    struct seen s = {0};
    wal_t *w;

    int e = wal_open(SURVEY_DIR, o, &w);
    wal_options_free(o);
    if (e < 0)
        return s.code = e, s;
    s = walk(w, flags);
    if (!read_only && s.code == 0)
        other_ways(w, &s);
    e = rest(w);
    FUZZ_MUST(read_only || e == 0);
    if (s.code >= 0)
        s.code = e;
    e = wal_close(w);
    if (s.code >= 0)
        s.code = e;
    return s;
}

static void tell(const char *what, int code, uint64_t n)
{
    wal_error_t e = {.size = sizeof e};
    if (!getenv("FUZZ_TELL"))
        return;
    wal_last_error(&e, sizeof e);
    fprintf(stderr, "TELL %s: %d, %llu records: %s\n", what, code, (unsigned long long)n,
            code < 0 ? e.message : "");
}

static int verify(struct simdisk *d, wal_verify_t *ret)
{
    wal_options_t *o = options(d, true);
    int e = wal_verify(SURVEY_DIR, o, NULL, NULL, ret, sizeof *ret);
    wal_options_free(o);
    return e;
}

static struct seen salvage(struct simdisk *d)
{
    wal_options_t *o = options(d, true);
    struct seen s = {0};
    s.code = wal_salvage(SURVEY_DIR, o, note, NULL, &s);
    wal_options_free(o);
    return s;
}

/* What repair has done can be opened. */
static void repair(struct simdisk *d, uint32_t flags)
{
    wal_options_t *o = options(d, false);
    wal_verify_t found = {.size = sizeof found};
    int e = wal_repair(SURVEY_DIR, o, flags, &found, sizeof found);
    wal_options_free(o);
    tell("repair", e, found.records);
    if (e < 0)
        return;
    struct seen s = look(d, false, WAL_READ_WRITTEN);
    tell("open after it", s.code, s.n);
    FUZZ_MUST(s.code == 0 && s.n == found.records);
}

/* It is right but for a torn end: everybody reads the same, and so it stays. */
static void right_log(struct simdisk *d, const wal_verify_t *found, const struct seen *salvaged)
{
    wal_verify_t again = {.size = sizeof again};
    struct seen s = look(d, false, WAL_READ_WRITTEN);

    if (s.code == WAL_E_VERSION)
        return; /* a feature that only forbids writing */
    FUZZ_MUST(s.code == 0 && s.n == found->records);
    FUZZ_MUST(s.n == 0 || s.first == found->first_lsn);
    FUZZ_MUST(salvaged->code == 0 && same(&s, salvaged));
    FUZZ_MUST(verify(d, &again) == 0 && again.records == s.n);
    struct seen durable = look(d, true, 0);
    FUZZ_MUST(durable.code == 0 && same(&s, &durable));
}

void survey(struct simdisk *d)
{
    wal_verify_t found = {.size = sizeof found};
    uint64_t before = simdisk_version(d);
    int e = verify(d, &found);
    tell("verify", e, found.records);
    struct seen seen = look(d, true, 0);
    tell("read-only", seen.code, seen.n);
    struct seen salvaged = salvage(d);
    tell("salvage", salvaged.code, salvaged.n);

    FUZZ_MUST(simdisk_version(d) == before);
    if (e == 0 || e == WAL_E_TORN) {
        /* A wrong checkpoint that is durable may stand before one that is right and isn't yet. */
        FUZZ_MUST(seen.code == WAL_E_CORRUPT || (seen.code == 0 && seen.n <= found.records));
        right_log(d, &found, &salvaged);
        return;
    }
    FUZZ_MUST(e != WAL_E_NOMEM && e != WAL_E_INVAL && e != WAL_E_IO);
    struct simdisk *copy = simdisk_kill_image(d);
    (void)look(d, false, WAL_READ_WRITTEN);
    repair(copy, WAL_REPAIR_REBUILD_CONTROL | WAL_REPAIR_CUT_AT_DAMAGE);
    simdisk_free(copy);
}
