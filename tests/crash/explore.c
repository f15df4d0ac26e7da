/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/explore.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash/ops.h"

enum { NESTED_NUMBERS = 1000000, FOLLOW_SHARE = 8, TRACE = 600 };

static void *must(void *p)
{
    if (p == NULL) {
        fprintf(stderr, "explore: out of memory\n");
        abort();
    }
    return p;
}

void recorder_note(struct recorder *r, const char *call, const char *name)
{
    const struct session *s = r->session;
    if (!r->on || (r->count > 0 && r->disk_version == simdisk_version(s->disk) &&
                   r->oracle_version == s->oracle->version))
        return;
    if (r->count == r->room) {
        r->room = r->room == 0 ? 64 : 2 * r->room;
        r->points = must(realloc(r->points, r->room * sizeof *r->points));
    }
    struct point *p = &r->points[r->count++];
    p->disk = simdisk_clone(s->disk);
    oracle_copy(&p->oracle, s->oracle);
    p->secrets = &s->secrets;
    p->uses = s->secrets.count;
    snprintf(p->where, sizeof p->where, "%s, call %" PRIu64 " %s %.20s", r->phase,
             simdisk_calls(s->disk, SIMDISK_ANY), call, name);
    r->disk_version = simdisk_version(s->disk);
    r->oracle_version = s->oracle->version;
}

static void on_call(void *arg, struct simdisk *d, enum simdisk_call call, const char *name)
{
    (void)d;
    recorder_note(arg, simdisk_call_name(call), name);
}

void recorder_free(struct recorder *r)
{
    for (uint32_t k = 0; k < r->count; k++)
        simdisk_free(r->points[k].disk);
    free(r->points);
}

/* The set of states */

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 31;
}

static bool put(uint64_t *table, uint64_t room, uint64_t key)
{
    uint64_t at = key & (room - 1);
    while (table[at] != 0 && table[at] != key)
        at = (at + 1) & (room - 1);
    bool is_new = table[at] == 0;
    table[at] = key;
    return is_new;
}

/* False where the state has been before. */
static bool note_state(struct explorer *x, uint64_t key)
{
    if (2 * (x->seen_count + 1) > x->seen_room) {
        uint64_t room = x->seen_room == 0 ? 1 << 16 : 2 * x->seen_room;
        uint64_t *table = must(calloc(room, sizeof *table));
        for (uint64_t k = 0; k < x->seen_room; k++) {
            if (x->seen[k] != 0)
                put(table, room, x->seen[k]);
        }
        free(x->seen);
        x->seen = table;
        x->seen_room = room;
    }
    bool is_new = put(x->seen, x->seen_room, key == 0 ? 1 : key);
    x->seen_count += is_new;
    return is_new;
}

/* Violations */

static bool stopped(const struct explorer *x)
{
    return x->found || (x->stop != NULL && x->stop(x->stop_arg));
}

static void violation(struct explorer *x, const char *trace, const char *why)
{
    if (x->found)
        return;
    x->found = true;
    snprintf(x->report, sizeof x->report, "%s\n  %s", trace, why);
}

/* Crash points to images */

static void crash(struct explorer *x, const struct point *p, uint32_t depth, const char *trace);

/* Opens, compares, appends, closes, opens again; NULL: right. */
static const char *live_on(struct session *s, struct recorder *r, const char *tail)
{
    r->phase = "in open";
    enum tried t = session_open(s);
    r->phase = "in append behind it";
    for (; t == TRIED_OK && *tail != 0; tail++)
        t = op_run(s, *tail);
    r->phase = "in close behind it";
    if (t == TRIED_OK)
        t = session_close(s);
    r->phase = "in the open behind it";
    if (t == TRIED_OK)
        t = session_open(s);
    recorder_note(r, "end", "");
    s->hook = NULL;
    session_drop(s);
    if (t == TRIED_OK)
        t = session_secrets(s, s->disk);
    if (t == TRIED_OK && s->secrets.toy.n[TOY_DERIVE] != s->secrets.toy.n[TOY_DROP])
        t = session_wrong(s, "not every key was dropped once");
    return t == TRIED_OK ? NULL : s->why;
}

static void visit(struct explorer *x, struct simdisk *image, const struct point *p,
                  const struct oracle *oracle, uint32_t depth, const char *trace)
{
    uint64_t key = mix(mix(simdisk_hash(image), oracle_hash(oracle)), depth ^ x->setup->mode << 8);
    bool nested = depth < x->depth && x->nested_share != 0 && (key >> 20) % x->nested_share == 0;
    struct oracle o;
    struct session s;
    struct recorder r = {.session = &s, .on = nested, .phase = ""};

    if (!note_state(x, key)) {
        x->repeats++;
        return;
    }
    x->images++;
    x->deeper[depth]++;
    oracle_copy(&o, oracle);
    session_init(&s, x->setup, image, &o);
    secrets_go_on(&s.secrets, p->secrets, p->uses);
    if (session_secrets(&s, image) != TRIED_OK) {
        violation(x, trace, s.why);
        return;
    }
    s.next_number = NESTED_NUMBERS * (depth + 1);
    if ((key >> 10) % FOLLOW_SHARE == 0 && session_follow(&s, false) != TRIED_OK) {
        violation(x, trace, s.why);
        return;
    }
    s.hook = on_call;
    s.hook_arg = &r;
    const char *why = live_on(&s, &r, x->tail);
    if (why != NULL)
        violation(x, trace, why);
    for (uint32_t k = 0; k < r.count && !stopped(x); k++)
        crash(x, &r.points[k], depth + 1, trace);
    recorder_free(&r);
}

struct cut {
    struct explorer *x;
    const struct point *point;
    const struct oracle *oracle;
    const char *trace;
    uint32_t depth, number;
};

static int visit_image(void *arg, struct simdisk *image)
{
    struct cut *c = arg;
    char trace[TRACE];
    snprintf(trace, sizeof trace, "%s; power cut, image %u", c->trace, c->number++);
    visit(c->x, image, c->point, c->oracle, c->depth, trace);
    return stopped(c->x);
}

static void crash(struct explorer *x, const struct point *p, uint32_t depth, const char *before)
{
    char trace[TRACE];
    struct oracle o;
    struct session s;
    struct cut cut = {x, p, &o, trace, depth, 0};
    struct simdisk *killed = simdisk_kill_image(p->disk);
    uint64_t version = simdisk_version(killed), limit = depth == 0 ? x->limit : x->nested_limit;

    x->points++;
    oracle_copy(&o, &p->oracle);
    session_init(&s, x->setup, killed, &o);
    snprintf(trace, sizeof trace, "%s; %s", before, p->where);
    x->follows++;
    if (session_follow(&s, depth == 0 && !x->faulted) != TRIED_OK)
        violation(x, trace, s.why);
    else if (simdisk_version(killed) != version)
        violation(x, trace, "a read-only open has written");
    snprintf(trace, sizeof trace, "%s; %s; kill", before, p->where);
    struct simdisk *evicted = simdisk_kill_image(p->disk);
    simdisk_evict(evicted); /* without what a failed sync has left in the page cache alone */
    if (!x->found)
        visit(x, killed, p, &o, depth, trace);
    if (!x->found)
        visit(x, evicted, p, &o, depth, trace);
    simdisk_free(killed);
    simdisk_free(evicted);
    snprintf(trace, sizeof trace, "%s; %s", before, p->where);
    uint64_t seed = mix(x->seed, simdisk_calls(p->disk, SIMDISK_ANY) + depth);
    if (!stopped(x))
        simdisk_power_images(p->disk, limit, mix(seed, oracle_hash(&o)), visit_image, &cut, NULL);
}

/* Runs the sequence without a crash, noting the points. */
static enum tried run(struct session *s, struct recorder *r, const char *letters, bool creation)
{
    char phase[32];
    enum tried t;

    r->on = creation;
    r->phase = "in creation";
    t = session_open(s);
    if (t == TRIED_OK)
        t = op_prologue(s);
    r->on = true;
    for (const char *l = letters; t == TRIED_OK && *l != 0; l++) {
        snprintf(phase, sizeof phase, "in %c (%d)", *l, (int)(l - letters + 1));
        r->phase = phase;
        t = op_run(s, *l);
        recorder_note(r, "end", "");
    }
    r->phase = "";
    if (t == TRIED_OK)
        t = session_look(s);
    return t == TRIED_OK ? session_secrets(s, s->disk) : t;
}

void explore(struct explorer *x, const struct setup *setup, const char *letters, bool creation)
{
    char trace[TRACE];
    struct oracle o;
    struct session s;
    struct recorder r = {.session = &s};
    struct simdisk *d = simdisk_new(x->seed);

    x->setup = setup;
    x->sequences++;
    oracle_init(&o, 1);
    session_init(&s, setup, d, &o);
    s.hook = on_call;
    s.hook_arg = &r;
    enum tried t = run(&s, &r, letters, creation);
    s.hook = NULL;
    snprintf(trace, sizeof trace, "%s:%s", setup->name, letters);
    if (t != TRIED_OK)
        violation(x, trace, s.why);
    session_drop(&s);
    for (uint32_t k = 0; k < r.count && !stopped(x); k++)
        crash(x, &r.points[k], 0, trace);
    recorder_free(&r);
    simdisk_free(d);
}

void explore_recorded(struct explorer *x, const struct recorder *r, const char *trace)
{
    x->setup = &r->session->setup;
    x->faulted = r->session->faulty;
    for (uint32_t k = 0; k < r->count && !stopped(x); k++)
        crash(x, &r->points[k], 0, trace);
}

void explore_now(struct explorer *x, const struct session *s, const char *trace)
{
    struct point p = {.where = "now", .secrets = &s->secrets, .uses = s->secrets.count};
    x->setup = &s->setup;
    x->faulted = s->faulty;
    p.disk = simdisk_clone(s->disk);
    oracle_copy(&p.oracle, s->oracle);
    crash(x, &p, 0, trace);
    simdisk_free(p.disk);
}

void explorer_init(struct explorer *x, uint64_t seed)
{
    *x = (struct explorer){
        .seed = seed, .tail = "s", .limit = 24, .nested_limit = 6, .nested_share = 100, .depth = 3};
}

void explorer_free(struct explorer *x)
{
    free(x->seen);
}
