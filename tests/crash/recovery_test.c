/* SPDX-License-Identifier: Apache-2.0 */
/* The states that a crash can leave, operation by operation: docs/recovery.md lists them, and here
 * each of them is met, and no other. Every I/O call of an operation is a crash point, by kill and
 * by power cut, and each image gives a row (states.h). Without arguments it is a ctest.
 *
 *     crash_recovery SCENE     prints the rows, each with the first crash that leads to it */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "crash/explore.h"
#include "crash/ops.h"
#include "crash/rows.h"
#include "crash/states.h"
#include "log/open.h"

#ifndef SOURCE_DIR
#define SOURCE_DIR "." /* built by hand: to be run in the project's root */
#endif
#define DOCUMENT SOURCE_DIR "/docs/recovery.md"

enum {
    LIMIT = 128, /* images per power cut; with fewer some rows are not met */
    CELLS = 4
};

/* What is crashed. `before` and `letters` are operations of ops.h. */
static const struct scene {
    const char *name, *setup, *before, *letters;
    enum {
        OPERATIONS, /* the letters */
        CREATION,   /* the first open of all */
        BATCH,      /* a batch longer than the torn window */
        OPENING,    /* the open after a kill behind the letters */
        CLOSE,
        DESTRUCTION,
    } what;
    uint64_t fault; /* which write in it fails, after it wrote everything; 0: none */
} scenes[] = {
    {"create", "data", "", "", CREATION, 0},
    {"append", "plain", "s", "l", OPERATIONS, 0},
    {"overtaken", "plain", "s", "i", OPERATIONS, 0},
    {"buffered", "none", "s", "laf", OPERATIONS, 0},
    {"batch", "large", "", "g", OPERATIONS, 0},
    {"long-batch", "large", "", "", BATCH, 0},
    {"withdrawal", "plain", "s", "l", OPERATIONS, 1},
    {"long-withdrawal", "large", "", "", BATCH, 13},
    {"rotate", "lazy", "s", "r", OPERATIONS, 0},
    {"prepared", "data", "sl", "l", OPERATIONS, 0},
    {"full", "data", "slll", "l", OPERATIONS, 0},
    {"before", "data", "srsrs", "t", OPERATIONS, 0},
    {"drain", "data", "srsrs", "v", OPERATIONS, 0},
    {"retain", "data", "srsrs", "V", OPERATIONS, 0},
    {"after", "data", "sss", "c", OPERATIONS, 0},
    {"after-far", "data", "srsrs", "C", OPERATIONS, 0},
    {"replace", "data", "sb", "p", OPERATIONS, 0},
    {"reset", "data", "srs", "Z", OPERATIONS, 0},
    {"meta-set", "plain", "s", "m", OPERATIONS, 0},
    {"meta-delete", "plain", "sm", "d", OPERATIONS, 0},
    {"tagged", "plain", "sk", "k", OPERATIONS, 0},
    {"with-meta", "plain", "sM", "M", OPERATIONS, 0},
    {"only-meta", "plain", "sM", "D", OPERATIONS, 0},
    {"batch-replace", "data", "sbM", "x", OPERATIONS, 0},
    {"checkpoint", "plain", "sh", "h", OPERATIONS, 0},
    {"long-checkpoint", "large", "s", "H", OPERATIONS, 0},
    {"before-checkpoint", "lazy", "sHrsrs", "T", OPERATIONS, 0},
    {"after-checkpoint", "data", "sbh", "c", OPERATIONS, 0},
    {"close", "lazy", "s", "", CLOSE, 0},
    {"open", "none", "s", "af", OPENING, 0},
    {"open-large", "largenone", "y", "af", OPENING, 0},
    {"first", "data", "sq", "s", OPERATIONS, 0},
    {"first-large", "large", "q", "s", OPERATIONS, 0},
    {"destroy", "data", "srsrs", "", DESTRUCTION, 0},
};

static struct trial {
    const struct scene *scene;
    const struct setup *setup;
    struct session session;
    struct recorder recorder;
    struct oracle oracle;
    struct frame frame;
    struct rows found, written; /* written: in the document */
    uint64_t images;
    char why[900]; /* what is wrong; empty: nothing */
} trial;

static void on_call(void *arg, struct simdisk *d, enum simdisk_call call, const char *name)
{
    (void)d;
    recorder_note(arg, simdisk_call_name(call), name);
}

static enum tried run(struct session *s, const char *letters)
{
    enum tried t = TRIED_OK;
    for (; t == TRIED_OK && *letters; letters++)
        t = op_run(s, *letters);
    return t;
}

/* The process is gone, and another one finds the disk. */
static void kill_process(struct trial *g)
{
    struct simdisk *d = g->session.disk, *left = simdisk_kill_image(d);
    session_drop(&g->session);
    simdisk_free(d);
    session_init(&g->session, g->setup, left, &g->oracle);
}

/* Up to where the operation begins. */
static enum tried begin(struct trial *g)
{
    const struct scene *x = g->scene;
    struct session *s = &g->session;

    enum tried t = x->what == CREATION ? TRIED_OK : session_open(s);
    if (t == TRIED_OK && x->what != BATCH)
        t = x->what == CREATION ? TRIED_OK : op_prologue(s);
    if (t == TRIED_OK)
        t = run(s, x->before);
    g->frame.sequence = state_sequence(s->disk);
    g->frame.destroys = x->what == DESTRUCTION;
    oracle_copy(&g->frame.before, &g->oracle);
    if (t == TRIED_OK && x->what == DESTRUCTION)
        t = session_close(s);
    if (t == TRIED_OK && x->what == OPENING) {
        t = run(s, x->letters);
        kill_process(g);
    }
    return t;
}

static enum tried act(struct session *s, const struct scene *x)
{
    switch (x->what) {
    case CREATION:
    case OPENING:
        return session_open(s);
    case BATCH:
        return op_window_batch(s);
    case CLOSE:
        return session_close(s);
    case DESTRUCTION:
        return log_destroy(simdisk_os(s->disk), "/log") < 0 ? TRIED_WRONG : TRIED_OK;
    default:
        return run(s, x->letters);
    }
}

/* The operation itself; each call in it is a crash point. */
static enum tried act_recorded(struct trial *g)
{
    struct session *s = &g->session;
    struct recorder *r = &g->recorder;
    struct simdisk_fault fault = {
        .call = SIMDISK_PWRITEV, .at = g->scene->fault, .error = EIO, .part = SIMDISK_ALL};

    if (fault.at > 0)
        simdisk_inject(s->disk, &fault);
    s->faulty = fault.at > 0;
    *r = (struct recorder){.session = s, .phase = g->scene->name, .on = true};
    s->hook = on_call;
    s->hook_arg = r;
    enum tried t = act(s, g->scene);
    recorder_note(r, "end", "");
    s->hook = NULL;
    /* What is withdrawn was there in between. */
    oracle_copy(&g->frame.after, fault.at > 0 ? &r->points[0].oracle : &g->oracle);
    return fault.at > 0 ? (t == TRIED_ERROR ? TRIED_OK : TRIED_WRONG) : t;
}

struct visit {
    struct trial *trial;
    const struct point *point;
    const char *how;
};

static int visit(void *arg, struct simdisk *image)
{
    struct visit *v = arg;
    struct trial *g = v->trial;
    struct oracle o;
    struct session s;
    char row[ROW_TEXT], origin[ROW_ORIGIN];

    oracle_copy(&o, &v->point->oracle);
    session_init(&s, g->setup, image, &o);
    snprintf(origin, sizeof origin, "%s; %s", v->point->where, v->how);
    enum tried t = state_row(&s, &g->frame, row);
    g->images++;
    if (t == TRIED_OK)
        rows_add(&g->found, row, origin);
    else
        snprintf(g->why, sizeof g->why, "%s: %s: %s", origin, row, s.why);
    return t;
}

static void crash(struct trial *g, const struct point *p)
{
    struct visit v = {g, p, "kill"};
    struct simdisk *killed = simdisk_kill_image(p->disk);
    int bad = visit(&v, killed);
    simdisk_free(killed);
    v.how = "power cut";
    if (!bad)
        simdisk_power_images(p->disk, LIMIT, simdisk_calls(p->disk, SIMDISK_ANY), visit, &v, NULL);
}

static void play(struct trial *g, const struct scene *x)
{
    memset(g, 0, sizeof *g);
    g->scene = x;
    g->setup = setup_by_name(x->setup);
    oracle_init(&g->oracle, 1);
    session_init(&g->session, g->setup, simdisk_new(1), &g->oracle);
    enum tried t = begin(g);
    if (t == TRIED_OK)
        t = act_recorded(g);
    if (t != TRIED_OK)
        snprintf(g->why, sizeof g->why, "without a crash: %s", g->session.why);
    session_drop(&g->session);
    for (uint32_t k = 0; k < g->recorder.count && *g->why == 0; k++)
        crash(g, &g->recorder.points[k]);
    recorder_free(&g->recorder);
    simdisk_free(g->session.disk);
}

/* Whether the document says the same. */
static bool compare(struct trial *g)
{
    char mark[64];
    snprintf(mark, sizeof mark, "`crash_recovery %s`", g->scene->name);
    if (!rows_read(&g->written, DOCUMENT, mark, CELLS))
        snprintf(g->why, sizeof g->why, "%s has no table behind %s", DOCUMENT, mark);
    uint32_t missing = rows_missing(&g->found, &g->written, "not in the document");
    return missing + rows_missing(&g->written, &g->found, "no crash leaves it") == 0;
}

int main(int argc, char **argv)
{
    struct trial *g = &trial;
    uint64_t images = 0;
    int bad = 0;

    for (uint32_t k = 0; k < COUNT_OF(scenes); k++) {
        if (argc > 1 && strcmp(argv[1], scenes[k].name) != 0)
            continue;
        play(g, &scenes[k]);
        images += g->images;
        for (uint32_t i = 0; argc > 1 && i < g->found.n; i++)
            printf("%-56s %s\n", g->found.text[i], g->found.origin[i]);
        bool right = *g->why == 0 && compare(g);
        if (!right)
            printf("VIOLATION: %s: %s\n", scenes[k].name, *g->why ? g->why : "see above");
        bad |= !right;
    }
    printf("%" PRIu64 " images\n", images);
    return bad || images == 0;
}
