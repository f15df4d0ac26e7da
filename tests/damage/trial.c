/* SPDX-License-Identifier: Apache-2.0 */
#include "trial.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"

enum { SHOWN_MAX = 20, BUFFER_BYTES = 8192, SOMETIMES = 16 };

static struct claimant claimant; /* too big for a stack */

/* One opened log. */
struct look {
    struct trial *t;
    const struct image *damaged;
    bool read_only;
    wal_t *log;
    struct claim claim;
    uint64_t first, last, durable;
    uint64_t next; /* LSN that a walk has to come to next */
    struct history *history;
    wal_recovery_t report;
    unsigned meta;
    int tag;
    unsigned long damage; /* times that reading said CORRUPT */
    bool bad;
};

unsigned trial_stride(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    unsigned slow = 39;
#else
    unsigned slow = 0;
#endif
    return stand_in_memory() ? slow : 63;
}

__attribute__((format(printf, 2, 3))) static void violation(struct look *k, const char *format, ...)
{
    va_list args;
    k->bad = true;
    if (k->t->violations++ >= SHOWN_MAX)
        return;
    fprintf(stderr, "VIOLATION: log '%s', %s, %s, %s: ", k->t->made->name, k->t->kind, k->t->what,
            k->read_only ? "read-only" : "writing");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/* Damage that is met on reading has a place and a name. Anything else is a violation. */
static void take_error(struct look *k, int code, const char *where)
{
    wal_error_t e;
    wal_last_error(&e, sizeof e);
    if (code != WAL_E_CORRUPT || e.code != code)
        violation(k, "%s: %s: %s", where, wal_error_name(code), e.message);
    else if (e.segment == 0 || !strstr(e.message, ".wal"))
        violation(k, "%s: damage without a place: %s", where, e.message);
    k->damage++;
}

/* with_tag: not what one gets by its LSN. */
static void check_record(struct look *k, const wal_record_t *r, bool with_tag)
{
    const struct history *h = k->history;
    if (r->lsn < h->first || r->lsn > h->submitted) {
        violation(k, "record %llu was never there", (unsigned long long)r->lsn);
        return;
    }
    const struct entry *e = &h->entries[r->lsn];
    const uint8_t *data = r->data;
    bool right = r->data_size == e->size && r->type == e->type &&
                 !(r->flags & WAL_RECORD_BATCH_LAST) == !e->batch_last &&
                 made_tag_number(r->tag, r->tag_size) == (with_tag ? e->tag : 0);
    for (size_t i = 0; right && i < e->size; i++)
        right = data[i] == entry_byte(e, r->lsn, i);
    if (!right)
        violation(k, "record %llu is not what was put in", (unsigned long long)r->lsn);
}

static int check_in_turn(void *ctx, const wal_record_t *r)
{
    struct look *k = ctx;
    if (r->lsn != k->next++)
        violation(k, "record %llu out of turn", (unsigned long long)r->lsn);
    check_record(k, r, true);
    return 0;
}

static void read_forward(struct look *k)
{
    uint64_t last = 0;
    k->next = k->first;
    int e = wal_replay(k->log, 0, check_in_turn, k, &last);
    if (e < 0)
        take_error(k, e, "replay");
    else if (last != (k->durable >= k->first ? k->durable : 0))
        violation(k, "replay ended at %llu of %llu", (unsigned long long)last,
                  (unsigned long long)k->durable);
}

static void read_walking(struct look *k, uint32_t flags, const char *where)
{
    wal_reader_t *r;
    wal_record_t record = {.size = sizeof record};
    int e = wal_reader_open(k->log, 0, flags, &r);
    if (e < 0) {
        take_error(k, e, where);
        return;
    }
    uint64_t expected = flags & WAL_READ_REVERSE ? k->durable : k->first, n = 0;
    while ((e = wal_reader_next(r, &record)) == 1) {
        if (record.lsn != (flags & WAL_READ_REVERSE ? expected - n : expected + n))
            violation(k, "%s: record %llu out of turn", where, (unsigned long long)record.lsn);
        n++;
        check_record(k, &record, true);
    }
    wal_reader_close(r);
    if (e < 0)
        take_error(k, e, where);
    else if (n < k->durable + 1 - k->first)
        violation(k, "%s: %llu records of %llu", where, (unsigned long long)n,
                  (unsigned long long)(k->durable + 1 - k->first));
}

static void read_each(struct look *k)
{
    static uint8_t buffer[BUFFER_BYTES];
    wal_record_t record = {.size = sizeof record};
    /* Each looks into the file; other ones in each case, so that all have their turn. */
    uint64_t step = k->read_only ? 4 : 2;
    for (uint64_t lsn = k->first + k->t->cases % step; lsn <= k->last; lsn += step) {
        int e = wal_get(k->log, lsn, buffer, sizeof buffer, &record);
        if (e < 0)
            take_error(k, e, "get");
        else if (record.lsn != lsn)
            violation(k, "get gave record %llu", (unsigned long long)record.lsn);
        else
            check_record(k, &record, false);
    }
}

static int check_meta(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    struct look *k = ctx;
    const uint8_t *v = value;
    if (klen == sizeof META_CURSOR - 1 && memcmp(key, META_CURSOR, klen) == 0 && vlen == 1) {
        k->meta = v[0];
        return 0;
    }
    bool right =
        klen == sizeof META_BULK - 1 && !memcmp(key, META_BULK, klen) && vlen == META_BULK_BYTES;
    for (size_t i = 0; right && i < vlen; i++)
        right = v[i] == v[0];
    if (!right || v[0] > k->history->meta)
        violation(k, "metadata that nobody set");
    return 0;
}

static void read_meta(struct look *k)
{
    int e = wal_meta_each(k->log, check_meta, k);
    if (e < 0)
        take_error(k, e, "metadata");
    else if (k->meta < k->claim.meta || k->meta > k->history->meta)
        violation(k, "metadata of version %u, %u is vouched for", k->meta, k->claim.meta);
}

static void read_tag(struct look *k)
{
    uint8_t tag[MADE_TAG_MAX];
    size_t size = 0;
    int e = wal_last_tag(k->log, tag, sizeof tag, &size);
    if (e < 0) {
        take_error(k, e, "tag");
        return;
    }
    k->tag = made_tag_number(tag, size);
    if (k->tag < (int)k->claim.tag || k->tag > (int)k->history->tag)
        violation(k, "tag %d, %u is vouched for", k->tag, k->claim.tag);
}

static void read_all(struct look *k)
{
    read_forward(k);
    if (!k->read_only || k->t->cases % 2)
        read_walking(k, WAL_READ_REVERSE, "reverse");
    else
        read_walking(k, WAL_READ_WRITTEN, "written");
    read_each(k);
    read_meta(k);
    read_tag(k);
}

static void check_range(struct look *k)
{
    const struct history *h = k->history;
    uint64_t next;
    int e = wal_range(k->log, &k->first, &k->last, &next, &k->durable);
    if (e < 0 || wal_recovery(k->log, &k->report, sizeof k->report) < 0)
        violation(k, "range or report: %s", wal_error_name(e));
    if (k->report.verdict == WAL_RECOVERY_NEW)
        violation(k, "a new log over the old one");
    if (k->first != h->first)
        violation(k, "first LSN %llu", (unsigned long long)k->first);
    if (k->last > h->submitted || k->durable > k->last)
        violation(k, "last LSN %llu, durable %llu of %llu", (unsigned long long)k->last,
                  (unsigned long long)k->durable, (unsigned long long)h->submitted);
    if (k->durable < k->claim.lsn)
        violation(k, "ends at %llu (verdict %u), but %llu is vouched for",
                  (unsigned long long)k->durable, k->report.verdict,
                  (unsigned long long)k->claim.lsn);
}

static enum outcome refused(struct look *k, int code)
{
    wal_error_t e;
    wal_last_error(&e, sizeof e);
    if ((code != WAL_E_CORRUPT && code != WAL_E_VERSION) || e.code != code ||
        !strstr(e.message, k->t->stand.path))
        violation(k, "open: %s: %s", wal_error_name(code), e.message);
    if (!stand_holds(&k->t->stand, k->damaged))
        violation(k, "the refused open has changed the directory");
    return OUTCOME_REFUSED;
}

/* The log goes on: one more record, and all is there the next time too. */
static void live_on(struct look *k)
{
    static struct history later;
    uint8_t payload[100];
    struct look again = {.t = k->t, .read_only = true, .history = &later, .claim = k->claim};
    uint64_t lsn = k->last + 1;

    later = *k->history;
    later.submitted = lsn;
    later.entries[lsn] =
        (struct entry){.size = sizeof payload, .type = 1, .seed = 99, .batch_last = true};
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = entry_byte(&later.entries[lsn], lsn, i);
    int e = wal_append_typed(k->log, 1, payload, sizeof payload, 0, &lsn);
    if (e < 0 || lsn != later.submitted)
        violation(k, "append after it: %s", wal_error_name(e));
    e = wal_close(k->log);
    if (e == 0)
        e = wal_open(k->t->stand.path, k->t->reading, &again.log);
    if (e < 0) {
        violation(k, "the next open: %s", wal_error_name(e));
        return;
    }
    again.claim.lsn = lsn;
    check_range(&again);
    read_all(&again);
    wal_close(again.log);
    if (!again.damage != !k->damage)
        violation(k, "damage was met %lu times, then %lu times", k->damage, again.damage);
}

static enum outcome outcome_of(const struct look *k)
{
    if (k->damage)
        return OUTCOME_ON_READ;
    if (k->durable < k->history->acked ||
        (!k->read_only && (k->meta < k->history->meta || k->tag < (int)k->history->tag)))
        return OUTCOME_LIMIT;
    return k->report.verdict != WAL_RECOVERY_CLEAN || k->report.header_repairs ? OUTCOME_REPORTED
                                                                               : OUTCOME_WHOLE;
}

static void compare_verified(struct look *k, int refused)
{
    const struct seen seen = {.writing = !k->read_only,
                              .refused = refused,
                              .damage = k->damage > 0,
                              .verdict = k->report.verdict,
                              .first = k->first,
                              .last = k->last};
    const char *why = verified_contradiction(&k->t->verified, &seen);
    wal_error_t e;
    if (!why)
        return;
    wal_last_error(&e, sizeof e);
    violation(k, "%s: verify: %s, %s; open or reading: %s", why,
              wal_error_name(k->t->verified.code), k->t->verified.error.message, e.message);
}

static enum outcome open_and_read(struct trial *t, const struct image *damaged, bool read_only)
{
    struct look k = {.t = t,
                     .damaged = damaged,
                     .read_only = read_only,
                     .history = (struct history *)&t->made->history};

    (read_only ? claim_durable : claim_kept)(&claimant, damaged, &k.claim);
    int e = wal_open(t->stand.path, read_only ? t->reading : t->writing, &k.log);
    if (e < 0) {
        compare_verified(&k, e);
        return refused(&k, e);
    }
    check_range(&k);
    if (!k.bad)
        read_all(&k);
    compare_verified(&k, 0);
    enum outcome outcome = outcome_of(&k);
    if (!read_only && !k.bad && t->cases % SOMETIMES == 0)
        live_on(&k);
    else if ((e = wal_close(k.log)) < 0)
        violation(&k, "close: %s", wal_error_name(e));
    if (read_only && t->cases % SOMETIMES == 0 && !stand_holds(&t->stand, damaged))
        violation(&k, "a read-only open has changed the directory");
    return outcome;
}

static bool same_image(const struct image *a, const struct image *b)
{
    bool same = a->n == b->n;
    for (unsigned k = 0; same && k < a->n; k++) {
        const struct image_file *f = image_find(b, a->files[k].name);
        same = f && image_same_file(&a->files[k], f);
    }
    return same;
}

void trial_case(struct trial *t, const struct image *damaged, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(t->what, sizeof t->what, format, args);
    va_end(args);
    if (t->kind && same_image(damaged, &t->made->now)) {
        t->unchanged++;
        return;
    }
    stand_put(&t->stand, damaged);
    t->cases++;
    verified_ask(&t->verified, t->stand.path, t->reading);
    enum outcome reading = open_and_read(t, damaged, true);
    enum outcome writing = open_and_read(t, damaged, false);
    t->outcomes[1][reading]++;
    t->outcomes[0][writing]++;
    t->named += t->verified.code == WAL_E_CORRUPT && reading >= OUTCOME_REPORTED &&
                writing >= OUTCOME_REPORTED;
}

void trial_begin(struct trial *t, const struct made *m)
{
    *t = (struct trial){.made = m};
    stand_make(&t->stand);
    t->reading = made_options(true);
    t->writing = made_options(false);
    claimant_init(&claimant, m);
    trial_case(t, &m->now, "undamaged");
    if (t->outcomes[0][OUTCOME_ON_READ] || t->outcomes[0][OUTCOME_REFUSED])
        t->violations++;
    if (t->verified.code != 0 && t->verified.code != WAL_E_TORN)
        t->violations++;
    t->cases = 0;
    memset(t->outcomes, 0, sizeof t->outcomes);
}

static void print_account(const struct trial *t)
{
    static const char *const names[OUTCOMES] = {
        "refused", "found on reading", "all there, reported", "all there", "in the stated limit"};
    printf("%-12s %-32s %7lu cases", t->made->name, t->kind, t->cases);
    if (t->unchanged)
        printf(" (and %lu that change nothing)", t->unchanged);
    if (t->named)
        printf("; %lu found by wal_verify alone", t->named);
    for (int ro = 1; ro >= 0; ro--) {
        printf("\n%48s:", ro ? "read-only" : "writing");
        for (int o = 0; o < OUTCOMES; o++)
            if (t->outcomes[ro][o])
                printf(" %lu %s;", t->outcomes[ro][o], names[o]);
    }
    printf("\n");
}

void trial_kind(struct trial *t, const char *kind)
{
    if (t->kind)
        print_account(t);
    t->kind = kind;
    t->cases = t->unchanged = t->named = 0;
    memset(t->outcomes, 0, sizeof t->outcomes);
}

unsigned long trial_end(struct trial *t)
{
    trial_kind(t, NULL);
    if (trial_stride())
        printf("note: %s: one case in %u\n", t->made->name, 1 + trial_stride());
    wal_options_free(t->reading);
    wal_options_free(t->writing);
    stand_remove(&t->stand);
    return t->violations;
}
