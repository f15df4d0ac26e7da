/* SPDX-License-Identifier: Apache-2.0 */
#include "writer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libwal/wal.h>

struct work {
    const struct input *in;
    const uint64_t *lsns;
    int pipe;
    wal_t *log;
    pthread_mutex_t mu; /* protects next and failed */
    size_t next;
    int failed;
};

static int explain(const char *what)
{
    wal_error_t error = {0};
    wal_last_error(&error, sizeof error);
    fprintf(stderr, "%s: %s\n", what, error.message);
    return 1;
}

/* The next pieces that belong together; false: nothing is left. */
static int take(struct work *w, struct ack *ret)
{
    const struct input *in = w->in;
    size_t most = 1;

    pthread_mutex_lock(&w->mu);
    while (w->next < in->n_pieces && w->lsns[w->next] != 0)
        w->next++;
    size_t first = w->next, n = 0;
    if (first < in->n_pieces && in->files[in->pieces[first].file].text)
        most = LINES_PER_BATCH;
    while (n < most && first + n < in->n_pieces && w->lsns[first + n] == 0 &&
           in->pieces[first + n].file == in->pieces[first].file)
        n++;
    w->next = first + n;
    int go_on = n > 0 && !w->failed;
    pthread_mutex_unlock(&w->mu);
    *ret = (struct ack){.first = (uint32_t)first, .n = (uint32_t)n};
    return go_on;
}

static int append(struct work *w, struct ack *a)
{
    wal_record_t records[LINES_PER_BATCH];
    size_t bytes = 0;

    for (uint32_t k = 0; k < a->n; k++)
        bytes += INDEX_BYTES + w->in->pieces[a->first + k].size;
    uint8_t *copy = malloc(bytes), *to = copy;
    if (copy == NULL)
        return WAL_E_NOMEM;
    for (uint32_t k = 0; k < a->n; k++) {
        const struct piece *p = &w->in->pieces[a->first + k];
        uint32_t index = a->first + k;
        memcpy(to, &index, INDEX_BYTES);
        memcpy(to + INDEX_BYTES, p->data, p->size);
        records[k] = (wal_record_t){.size = sizeof *records,
                                    .type = p->file,
                                    .data = to,
                                    .data_size = INDEX_BYTES + p->size};
        to += INDEX_BYTES + p->size;
    }
    int e = wal_append_many(w->log, records, a->n, 0, &a->lsn);
    free(copy);
    return e;
}

static void *append_all(void *arg)
{
    struct work *w = arg;
    struct ack a;

    while (take(w, &a)) {
        int e = append(w, &a);
        if (e == 0 && write(w->pipe, &a, sizeof a) == sizeof a)
            continue;
        pthread_mutex_lock(&w->mu);
        w->failed = e < 0 ? explain("append") : 1;
        pthread_mutex_unlock(&w->mu);
    }
    return NULL;
}

int writer_run(const char *dir, const struct input *in, const uint64_t *lsns, int pipe)
{
    struct work w = {.in = in, .lsns = lsns, .pipe = pipe, .mu = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[THREADS];
    wal_options_t *options;
    int started = 0;

    if (wal_options_new(&options) < 0 ||
        wal_options_set_string(options, "segment_bytes", "4M") < 0 ||
        wal_open(dir, options, &w.log) < 0)
        return explain("open");
    wal_options_free(options);
    while (started < THREADS && pthread_create(&threads[started], NULL, append_all, &w) == 0)
        started++;
    for (int k = 0; k < started; k++)
        pthread_join(threads[k], NULL);
    if (wal_close(w.log) < 0)
        return explain("close");
    return w.failed || started == 0;
}
