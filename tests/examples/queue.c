/* SPDX-License-Identifier: Apache-2.0 */
/* A message queue. Each consumer has a cursor in the log's metadata: the last message that it has
 * dealt with. Retention drops old segments; a reader that pins keeps it from dropping what it has
 * not read yet. A consumer that was away for too long is told how much it has missed.
 *
 *     queue DIR put TEXT...
 *     queue DIR take CONSUMER     what is new to it
 *     queue DIR run N             N messages, and two consumers that wait for them */
#include <libwal/wal.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 32, CONSUMERS = 2, WAIT_MS = 10000 };

static int failed(const char *what)
{
    wal_error_t error = {.size = sizeof error};
    wal_last_error(&error, sizeof error);
    fprintf(stderr, "%s: %s\n", what, error.message);
    return 1;
}

/* The cursor; 0 for a new consumer. */
static int get_cursor(wal_t *log, const char *who, uint64_t *ret)
{
    size_t size;
    *ret = 0;
    int e = wal_meta_get(log, who, strlen(who), ret, sizeof *ret, &size);
    return e == WAL_E_NOTFOUND ? 0 : e;
}

static int set_cursor(wal_t *log, const char *who, uint64_t lsn)
{
    return wal_meta_set(log, who, strlen(who), &lsn, sizeof lsn);
}

/* A reader behind the cursor. What lies between the cursor and the first message is lost. */
static int open_reader(wal_t *log, const char *who, wal_reader_t **ret)
{
    uint64_t cursor, first;
    int e = get_cursor(log, who, &cursor);
    if (e < 0)
        return e;
    e = wal_reader_open(log, cursor + 1, WAL_READ_PIN, ret);
    if (e != WAL_E_RANGE)
        return e;
    e = wal_reader_open(log, 0, WAL_READ_PIN, ret);
    first = e == 0 ? wal_reader_position(*ret) : 0;
    if (e == 0 && cursor > 0)
        printf("%s has missed %d messages\n", who, (int)(first - cursor - 1));
    return e;
}

static int put(wal_t *log, int n, char **texts)
{
    for (int k = 0; k < n; k++)
        if (wal_append(log, texts[k], strlen(texts[k]), NULL) < 0)
            return failed("put");
    return 0;
}

/* First the work, then the cursor: after a crash in between the message comes once more. */
static int take(wal_t *log, const char *who)
{
    wal_record_t message = {.size = sizeof message};
    wal_reader_t *reader;
    uint64_t done = 0;
    int e = open_reader(log, who, &reader);
    if (e < 0)
        return failed(who);
    while ((e = wal_reader_next(reader, &message)) == 1) {
        printf("%s: %.*s\n", who, (int)message.data_size, (const char *)message.data);
        done = message.lsn;
    }
    wal_reader_close(reader);
    if (e == 0 && done)
        e = set_cursor(log, who, done);
    return e < 0 ? failed(who) : 0;
}

/* Consumers that wait */

struct consumer {
    wal_t *log;
    wal_reader_t *reader;
    char name[NAME];
    uint64_t last; /* message to wait for */
    int got, error;
};

static void *work(void *arg)
{
    struct consumer *c = arg;
    wal_record_t message = {.size = sizeof message};
    uint64_t done = 0;

    while (done < c->last && c->error >= 0) {
        c->error = wal_reader_wait(c->reader, WAIT_MS);
        if (c->error == 1)
            c->error = wal_reader_next(c->reader, &message);
        if (c->error != 1)
            break;
        done = message.lsn;
        c->got++;
        if (done % 10 == 0 || done == c->last) /* not each time: it is a sync */
            c->error = set_cursor(c->log, c->name, done);
    }
    wal_reader_close(c->reader);
    return NULL;
}

/* From here on nothing that the reader has not had is dropped. */
static int begin(struct consumer *c, wal_t *log, int k, uint64_t last)
{
    *c = (struct consumer){.log = log, .last = last};
    snprintf(c->name, sizeof c->name, "worker %d", k);
    return open_reader(log, c->name, &c->reader);
}

static int run(wal_t *log, int n)
{
    struct consumer consumers[CONSUMERS];
    pthread_t threads[CONSUMERS];
    int status = 0;

    for (int k = 0; k < CONSUMERS; k++)
        if (begin(&consumers[k], log, k + 1, wal_next_lsn(log) + (uint64_t)n - 1) < 0)
            return failed("run");
    for (int k = 0; k < CONSUMERS; k++)
        if (pthread_create(&threads[k], NULL, work, &consumers[k]) != 0)
            abort();
    for (int k = 0; k < n; k++)
        if (wal_append(log, "message", 7, NULL) < 0)
            status = failed("put");
    for (int k = 0; k < CONSUMERS; k++) {
        pthread_join(threads[k], NULL);
        printf("%s has had %d messages\n", consumers[k].name, consumers[k].got);
        status |= consumers[k].error < 0;
    }
    return status;
}

int main(int argc, char **argv)
{
    wal_options_t *options;
    wal_t *log;

    if (argc < 2 || wal_options_new(&options) < 0)
        return 2;
    int e = wal_options_set(options, WAL_OPT_SEGMENT_RECORDS, 4);
    if (e == 0)
        e = wal_options_set(options, WAL_OPT_RETAIN_SEGMENTS, 2);
    if (e == 0)
        e = wal_open(argv[1], options, &log);
    wal_options_free(options);
    if (e < 0)
        return failed(argv[1]);
    const char *what = argc > 3 ? argv[2] : "";
    int status = strcmp(what, "put") == 0    ? put(log, argc - 3, argv + 3)
                 : strcmp(what, "take") == 0 ? take(log, argv[3])
                 : strcmp(what, "run") == 0  ? run(log, atoi(argv[3]))
                                             : 2;
    return wal_close(log) < 0 ? failed("close") : status;
}
