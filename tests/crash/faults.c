/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/faults.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash/ops.h"

enum { CALLS_MAX = 1000, ATTEMPTS = 3, RECORDED = 6 /* calls behind a fault */ };

enum fits { FITS_READ = 1, FITS_WRITE = 2, FITS_SYNC = 4, FITS_NAMES = 8, FITS_OTHER = 16 };

static const struct kind {
    const char *name;
    unsigned fits;
    int error;
    enum simdisk_part part;
    bool full;            /* from this call on, until the scenario is over */
    bool invisible;       /* nobody may notice */
    enum toy_call cipher; /* the call that fails, or TOY_CALLS */
} kinds[] = {
    {"eintr", FITS_READ | FITS_WRITE, EINTR, SIMDISK_NONE, false, true, TOY_CALLS},
    {"short", FITS_READ | FITS_WRITE, 0, SIMDISK_NONE, false, true, TOY_CALLS},
    {"nospace", FITS_WRITE | FITS_OTHER, ENOSPC, SIMDISK_NONE, false, false, TOY_CALLS},
    {"nospace-half", FITS_WRITE, ENOSPC, SIMDISK_HALF, false, false, TOY_CALLS},
    {"quota", FITS_WRITE, EDQUOT, SIMDISK_ALL, false, false, TOY_CALLS},
    {"io", FITS_READ | FITS_WRITE | FITS_OTHER, EIO, SIMDISK_NONE, false, false, TOY_CALLS},
    {"io-half", FITS_WRITE, EIO, SIMDISK_HALF, false, false, TOY_CALLS},
    {"io-all", FITS_WRITE, EIO, SIMDISK_ALL, false, false, TOY_CALLS},
    {"sync-none", FITS_SYNC, EIO, SIMDISK_NONE, false, false, TOY_CALLS},
    {"sync-half", FITS_SYNC, EIO, SIMDISK_HALF, false, false, TOY_CALLS},
    {"sync-all", FITS_SYNC | FITS_NAMES, EIO, SIMDISK_ALL, false, false, TOY_CALLS},
    {"sync-eintr", FITS_SYNC, EINTR, SIMDISK_NONE, false, false, TOY_CALLS},
    {"sync-nospace", FITS_SYNC, ENOSPC, SIMDISK_HALF, false, false, TOY_CALLS},
    {"full", FITS_WRITE, ENOSPC, SIMDISK_NONE, true, false, TOY_CALLS},
    {"full-quota", FITS_WRITE, EDQUOT, SIMDISK_NONE, true, false, TOY_CALLS},
    {"derive", 0, 0, SIMDISK_NONE, false, false, TOY_DERIVE},
    {"seal", 0, 0, SIMDISK_NONE, false, false, TOY_SEAL},
    {"open", 0, 0, SIMDISK_NONE, false, false, TOY_OPEN},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct trial {
    struct explorer *explorer;
    const char *trace;
    struct recorder recorder; /* of what follows the fault, until its operation is over */
    const struct kind *kind;
    uint64_t call;
    struct session s;
    struct oracle oracle;
    unsigned fits[CALLS_MAX + 1]; /* by number of the call: what it is */
    uint64_t calls;
    bool sync_failed; /* the fault struck the sync of something that counts */
    bool done;        /* that it did is dealt with */
    char why[500];    /* of a violation */
};

/* A failed sync of a directory loses no names: the file system's journal still has them. */
static unsigned fits_of(enum simdisk_call call, const char *name)
{
    bool is_file = strncmp(name, "tmp-", 4) == 0 || strstr(name, ".wal") != NULL ||
                   strcmp(name, "control") == 0;
    switch (call) {
    case SIMDISK_PREAD:
        return FITS_READ;
    case SIMDISK_PWRITEV:
        return FITS_WRITE;
    case SIMDISK_SYNC:
        return is_file ? FITS_SYNC : FITS_NAMES;
    default:
        return FITS_OTHER;
    }
}

static void on_call(void *arg, struct simdisk *d, enum simdisk_call call, const char *name)
{
    struct trial *t = arg;
    uint64_t number = simdisk_calls(d, SIMDISK_ANY) + 1;
    if (number <= CALLS_MAX)
        t->fits[number] = fits_of(call, name);
    t->calls = number;
    t->recorder.on = number > t->call && number <= t->call + RECORDED && t->call != 0;
    recorder_note(&t->recorder, simdisk_call_name(call), name);
    if (number == t->call && call == SIMDISK_SYNC && strncmp(name, "tmp-", 4) != 0)
        t->sync_failed = true;
}

static int wrong(struct trial *t, const char *what)
{
    snprintf(t->why, sizeof t->why, "%s", what);
    return -1;
}

/* An error of a write that is a sync too is final, EINTR included. */
static bool invisible(const struct trial *t)
{
    return t->kind->invisible && (t->kind->error == 0 || t->s.setup.mode != WAL_SYNC_DSYNC);
}

static int expect_failed(struct trial *t, const char *what, int e)
{
    if (e == WAL_E_FAILED)
        return 0;
    snprintf(t->why, sizeof t->why, "%s on a failed handle: %s", what, wal_error_name(e));
    return -1;
}

/* The promises of a failed handle: everything that would write says FAILED, reading goes on, no
 * sync is tried again, close says that something is amiss. */
static int leave_failed(struct trial *t)
{
    struct session *s = &t->s;
    wal_t *w = s->log;
    uint64_t syncs = simdisk_calls(s->disk, SIMDISK_SYNC);

    if (session_show(s) != TRIED_OK)
        return wrong(t, s->why);
    if (expect_failed(t, "append", wal_append_typed(w, 0, "x", 1, WAL_APPEND_ASYNC, NULL)) < 0 ||
        expect_failed(t, "append", wal_append_typed(w, 0, "x", 1, WAL_APPEND_SYNC, NULL)) < 0 ||
        expect_failed(t, "sync", wal_sync(w, 0)) < 0 ||
        expect_failed(t, "flush", wal_flush(w)) < 0 ||
        expect_failed(t, "rotate", wal_rotate(w)) < 0 ||
        expect_failed(t, "reset", wal_reset(w, 1)) < 0 ||
        expect_failed(t, "checkpoint", wal_checkpoint(w, 1, "x", 1)) < 0 ||
        expect_failed(t, "meta_set", wal_meta_set(w, "k", 1, "v", 1)) < 0)
        return -1;
    simdisk_advance(s->disk, UINT64_C(1000000000));
    simdisk_run_background(s->disk);
    int e = wal_close(w);
    s->log = NULL;
    if (e == 0)
        return wrong(t, "close of a failed handle says that all is well");
    if (simdisk_calls(s->disk, SIMDISK_SYNC) != syncs)
        return wrong(t, "a failed handle syncs again");
    return 0;
}

/* A user opens again until it works, and makes room on the disk after the first refusal. */
static int open_again(struct trial *t)
{
    struct session *s = &t->s;
    for (int k = 0; k < ATTEMPTS; k++) {
        if (s->log != NULL)
            session_drop(s);
        enum tried r = session_open(s);
        if (r == TRIED_OK)
            return 0;
        if (r == TRIED_WRONG || invisible(t))
            return wrong(t, s->why);
        if (s->log != NULL)
            session_drop(s);
        if (t->kind->full && s->oracle->created && session_follow(s, false) != TRIED_OK)
            return wrong(t, s->why);
        simdisk_set_full(s->disk, 1, 0);
    }
    return wrong(t, "open fails again and again");
}

/* After an operation that failed or not: whether the handle is as it has to be. 1: try again. */
static int deal_with(struct trial *t, enum tried r)
{
    struct session *s = &t->s;

    if (r == TRIED_WRONG || (r == TRIED_ERROR && invisible(t)))
        return wrong(t, s->why);
    if (s->log == NULL || (r == TRIED_ERROR && s->oracle->version == 0))
        return open_again(t);
    if (t->sync_failed && !t->done) {
        t->done = true;
        if (wal_failure(s->log) == 0)
            return wrong(t, "a sync has failed, the handle has not");
    }
    if (wal_failure(s->log) != 0) {
        if (r == TRIED_ERROR && s->code != WAL_E_INDOUBT && s->code != WAL_E_FAILED)
            return wrong(t, s->why);
        return leave_failed(t) < 0 ? -1 : open_again(t);
    }
    if (r == TRIED_OK)
        return 0;
    if (s->code != WAL_E_NOSPC && s->code != WAL_E_IO &&
        !(t->kind->cipher != TOY_CALLS && s->code == WAL_E_CRYPTO))
        return wrong(t, s->why);
    if (session_note(s, "after an error", 0) != TRIED_OK)
        return wrong(t, s->why);
    explore_now(t->explorer, s, t->trace); /* what was withdrawn must not come back */
    return t->explorer->found ? -1 : 1;
}

static int run_op(struct trial *t, char letter)
{
    struct session *s = &t->s;
    bool opens = letter == 'q' || letter == 'n';
    int again = 1;

    for (int k = 0; again == 1 && k < 2; k++) {
        enum tried r = op_run(s, letter);
        if (r == TRIED_ERROR && opens) {
            t->done = true;
            return invisible(t) ? wrong(t, s->why) : open_again(t);
        }
        again = deal_with(t, r);
        if (t->kind->full)
            return again < 0 ? -1 : 0;
    }
    return again == 1 ? wrong(t, "an operation fails again after the fault is over") : again;
}

static int run_scenario(struct trial *t, const char *letters)
{
    struct session *s = &t->s;
    enum tried r = session_open(s);

    if (r == TRIED_WRONG)
        return wrong(t, s->why);
    t->done = r == TRIED_ERROR; /* a failing open leaves no handle */
    if (r == TRIED_ERROR && open_again(t) < 0)
        return -1;
    r = op_prologue(s);
    if (r != TRIED_OK && deal_with(t, r) < 0)
        return -1;
    for (const char *l = letters; *l != 0; l++) {
        if (run_op(t, *l) < 0)
            return -1;
    }
    simdisk_set_full(s->disk, 1, 0);
    if (wal_failure(s->log) != 0)
        return 0;
    for (const char *l = "ys"; *l != 0; l++) {
        if (run_op(t, *l) < 0)
            return -1;
    }
    r = session_look(s);
    if (r == TRIED_ERROR && !invisible(t)) /* a read that failed; the next one works */
        r = session_look(s);
    return r == TRIED_OK ? 0 : wrong(t, s->why);
}

static void inject(struct trial *t)
{
    const struct kind *kind = t->kind;
    struct simdisk *d = t->s.disk;

    if (kind->cipher != TOY_CALLS) {
        toy_fail(&t->s.secrets.toy, kind->cipher, (int64_t)t->call);
        t->s.cipher_fails = true;
        t->call = 0;
    } else if (kind->full) {
        simdisk_set_full(d, t->call, kind->error);
    } else {
        simdisk_inject(d, &(struct simdisk_fault){.call = SIMDISK_ANY,
                                                  .at = t->call,
                                                  .error = kind->error,
                                                  .part = kind->part,
                                                  .seed = t->call});
    }
}

/* kind NULL: without a fault, to learn what the calls are. */
static int run_trial(struct explorer *x, struct trial *t, const char *scenario,
                     const struct kind *kind, uint64_t call)
{
    char name[32], trace[200];
    size_t n = strcspn(scenario, ":");
    struct simdisk *d = simdisk_new(x->seed);

    snprintf(name, sizeof name, "%.*s", (int)n, scenario);
    snprintf(trace, sizeof trace, "%s %" PRIu64 " %s", scenario, call, kind ? kind->name : "-");
    memset(t, 0, sizeof *t);
    t->kind = kind ? kind : &kinds[0];
    t->call = call;
    t->explorer = x;
    t->trace = trace;
    t->recorder = (struct recorder){.session = &t->s, .phase = "behind the fault"};
    oracle_init(&t->oracle, 1);
    session_init(&t->s, setup_by_name(name), d, &t->oracle);
    t->s.faulty = true; /* without a fault too: operations are to be the same */
    t->s.hook = on_call;
    t->s.hook_arg = t;
    if (kind)
        inject(t);
    x->found = false;
    int e = run_scenario(t, scenario + n + 1);
    t->s.hook = NULL;
    if (e == 0)
        explore_recorded(x, &t->recorder, trace);
    if (e == 0 && !x->found)
        explore_now(x, &t->s, trace);
    if (e == 0 && session_secrets(&t->s, d) != TRIED_OK)
        e = wrong(t, t->s.why);
    recorder_free(&t->recorder);
    if (e < 0 && !x->found) {
        x->found = true;
        snprintf(x->report, sizeof x->report, "%s\n  %s", trace, t->why);
    }
    e = x->found ? -1 : 0;
    session_drop(&t->s);
    simdisk_free(d);
    return e;
}

/* Whether this kind of fault can strike a call of that number. */
static bool fits(const struct trial *plain, const struct kind *kind, uint64_t call)
{
    if (kind->cipher != TOY_CALLS)
        return call <= plain->s.secrets.toy.n[kind->cipher];
    return call <= plain->calls && (kind->fits & plain->fits[call]);
}

int faults_at_every_call(struct explorer *x, const char *scenario, const char *kind,
                         uint64_t *trials)
{
    static struct trial plain, t;
    if (run_trial(x, &plain, scenario, NULL, 0) < 0)
        return -1;
    for (uint64_t call = 1; call <= CALLS_MAX; call++) {
        for (uint32_t k = 0; k < KINDS; k++) {
            if (!fits(&plain, &kinds[k], call) ||
                (kind != NULL && strcmp(kind, kinds[k].name) != 0))
                continue;
            ++*trials;
            if (run_trial(x, &t, scenario, &kinds[k], call) < 0)
                return -1;
        }
    }
    return 0;
}

int faults_one(struct explorer *x, const char *scenario, uint64_t call, const char *kind)
{
    static struct trial t;
    uint32_t k = 0;
    while (k < KINDS && strcmp(kinds[k].name, kind) != 0)
        k++;
    return k == KINDS ? -1 : run_trial(x, &t, scenario, &kinds[k], call);
}
