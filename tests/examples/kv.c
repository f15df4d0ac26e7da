/* SPDX-License-Identifier: Apache-2.0 */
/* A key-value store: its table is a state machine of the log. The log restores it at open and keeps
 * it up to date; each segment begins with a checkpoint of the table, so old ones can go.
 *
 *     kv DIR set KEY VALUE | del KEY | get KEY | list | segments */
#include <libwal/wal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SET = 1, DEL = 2, PAIRS = 1000, TEXT = 64 };

struct pair {
    char key[TEXT], value[TEXT];
};

struct table {
    struct pair pairs[PAIRS]; /* in the order of their keys */
    size_t n;
};

static size_t find(const struct table *t, const char *key, int *ret_same)
{
    size_t k = 0;
    while (k < t->n && strcmp(t->pairs[k].key, key) < 0)
        k++;
    *ret_same = k < t->n && strcmp(t->pairs[k].key, key) == 0;
    return k;
}

/* One record: a whole pair. */
static int apply(void *ctx, const wal_record_t *record)
{
    struct table *t = ctx;
    const struct pair *p = record->data;
    int same;
    size_t k = find(t, p->key, &same), behind = t->n - k;

    if (record->type == DEL && same) {
        memmove(&t->pairs[k], &t->pairs[k + 1], (behind - 1) * sizeof *p);
        t->n--;
    } else if (record->type == SET) {
        if (!same && t->n == PAIRS)
            return -1; /* the log stops here, and says why */
        if (!same) {
            memmove(&t->pairs[k + 1], &t->pairs[k], behind * sizeof *p);
            t->n++;
        }
        memcpy(&t->pairs[k], p, sizeof *p);
    }
    return 0;
}

static int snapshot(void *ctx, void *buf, size_t cap, size_t *ret_size)
{
    const struct table *t = ctx;
    *ret_size = t->n * sizeof t->pairs[0];
    if (*ret_size > cap)
        return WAL_E_TOOBIG; /* it comes again with that much room */
    memcpy(buf, t->pairs, *ret_size);
    return 0;
}

static int restore(void *ctx, uint64_t lsn, const void *state, size_t size)
{
    struct table *t = ctx;
    (void)lsn;
    t->n = size / sizeof t->pairs[0];
    if (size)
        memcpy(t->pairs, state, size);
    return 0;
}

static int show_segments(wal_t *log)
{
    wal_segment_t segments[8] = {{.size = sizeof segments[0]}};
    size_t n = 8;
    int e = wal_segments(log, segments, sizeof segments[0], &n);
    for (size_t k = 0; e == 0 && k < n && k < 8; k++)
        printf("records %d to %d, checkpoint of %d\n", (int)segments[k].first_lsn,
               (int)segments[k].last_lsn, (int)segments[k].checkpoint_lsn);
    return e;
}

static int change(wal_t *log, uint32_t type, const char *key, const char *value)
{
    struct pair p = {{0}, {0}};

    snprintf(p.key, sizeof p.key, "%s", key);
    snprintf(p.value, sizeof p.value, "%s", value);
    return wal_append_typed(log, type, &p, sizeof p, 0, NULL);
}

static int run(wal_t *log, const struct table *t, int argc, char **argv)
{
    const char *what = argc > 2 ? argv[2] : "list";
    int same;

    if (strcmp(what, "set") == 0 && argc == 5)
        return change(log, SET, argv[3], argv[4]);
    if (strcmp(what, "del") == 0 && argc == 4)
        return change(log, DEL, argv[3], "");
    if (strcmp(what, "segments") == 0)
        return show_segments(log);
    if (strcmp(what, "get") == 0 && argc == 4) {
        size_t k = find(t, argv[3], &same);
        puts(same ? t->pairs[k].value : "(none)");
        return 0;
    }
    for (size_t k = 0; k < t->n; k++)
        printf("%s = %s\n", t->pairs[k].key, t->pairs[k].value);
    return 0;
}

int main(int argc, char **argv)
{
    static struct table table;
    const wal_machine_t machine = {.size = sizeof machine,
                                   .ctx = &table,
                                   .apply = apply,
                                   .snapshot = snapshot,
                                   .restore = restore};
    wal_error_t error = {.size = sizeof error};
    wal_options_t *options;
    wal_t *log;

    if (argc < 2 || wal_options_new(&options) < 0)
        return 2;
    int e = wal_options_set_machine(options, &machine);
    if (e == 0)
        e = wal_options_set(options, WAL_OPT_SEGMENT_RECORDS, 3); /* to show something soon */
    if (e == 0)
        e = wal_options_set(options, WAL_OPT_RETAIN_FROM_CHECKPOINT, 1);
    if (e == 0)
        e = wal_open(argv[1], options, &log);
    wal_options_free(options);
    if (e == 0) {
        e = run(log, &table, argc, argv);
        int closed = wal_close(log);
        e = e < 0 ? e : closed;
    }
    if (e < 0 && wal_last_error(&error, sizeof error) == 0)
        fprintf(stderr, "%s\n", error.message);
    return e < 0;
}
