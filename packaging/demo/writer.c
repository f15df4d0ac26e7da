/* SPDX-License-Identifier: Apache-2.0 */
/* The demo's writer in C: writer LOG FILE THREADS
 *
 * Appends each line of the file that isn't in the log yet, as a record of its number (32 bits,
 * little-endian) and its text. Once an append has returned it says so on standard output: number,
 * LSN, nanoseconds that the append took. */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libwal/wal.h>

enum { NUMBER_BYTES = 4, MAX_THREADS = 64 };

struct line {
    const char *text;
    size_t size;
    bool written;
};

struct work {
    struct line *lines;
    size_t n;
    wal_t *log;
    pthread_mutex_t mu; /* protects next */
    size_t next;
};

static void fail(const char *what)
{
    wal_error_t error = {0};

    wal_last_error(&error, sizeof error);
    fprintf(stderr, "%s: %s\n", what, error.message);
    exit(1);
}

static void need(bool is_there, const char *what)
{
    if (!is_there) {
        perror(what);
        exit(1);
    }
}

static void load(struct work *w, const char *path)
{
    FILE *file = fopen(path, "rb");
    need(file != NULL && fseek(file, 0, SEEK_END) == 0, path);
    size_t size = (size_t)ftell(file), room = 0;
    rewind(file);
    char *text = malloc(size + 1);
    need(text != NULL && fread(text, 1, size, file) == size, path);
    fclose(file);
    for (char *at = text, *end; at < text + size; at = end + 1) {
        end = memchr(at, '\n', (size_t)(text + size - at));
        end = end != NULL ? end : text + size;
        if (w->n == room) {
            room = room > 0 ? 2 * room : 4096;
            w->lines = realloc(w->lines, room * sizeof *w->lines);
            need(w->lines != NULL, path);
        }
        w->lines[w->n++] = (struct line){.text = at, .size = (size_t)(end - at)};
    }
}

static int mark_written(void *ctx, const wal_record_t *record)
{
    struct work *w = ctx;
    const uint8_t *b = record->data;

    if (record->data_size >= NUMBER_BYTES) {
        size_t number = b[0] | (size_t)b[1] << 8 | (size_t)b[2] << 16 | (size_t)b[3] << 24;
        if (number < w->n)
            w->lines[number].written = true;
    }
    return 0;
}

/* The number of a line for the caller alone, or n: there are no more. */
static size_t take(struct work *w)
{
    pthread_mutex_lock(&w->mu);
    while (w->next < w->n && w->lines[w->next].written)
        w->next++;
    size_t number = w->next;
    w->next += number < w->n;
    pthread_mutex_unlock(&w->mu);
    return number;
}

static uint64_t append(struct work *w, size_t number, uint64_t *ret_ns)
{
    const struct line *line = &w->lines[number];
    struct timespec before, after;
    uint64_t lsn;
    uint8_t *record = malloc(NUMBER_BYTES + line->size);

    need(record != NULL, "malloc");
    for (int k = 0; k < NUMBER_BYTES; k++)
        record[k] = (uint8_t)(number >> (8 * k));
    memcpy(record + NUMBER_BYTES, line->text, line->size);
    clock_gettime(CLOCK_MONOTONIC, &before);
    if (wal_append(w->log, record, NUMBER_BYTES + line->size, &lsn) < 0)
        fail("append");
    clock_gettime(CLOCK_MONOTONIC, &after);
    free(record);
    *ret_ns = (uint64_t)((after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec -
                         before.tv_nsec);
    return lsn;
}

static void *append_lines(void *arg)
{
    struct work *w = arg;
    uint64_t ns;
    char said[64];

    for (size_t number; (number = take(w)) < w->n;) {
        uint64_t lsn = append(w, number, &ns);
        int size = snprintf(said, sizeof said, "%zu %" PRIu64 " %" PRIu64 "\n", number, lsn, ns);
        need(write(STDOUT_FILENO, said, (size_t)size) == size, "acknowledgement");
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct work w = {.mu = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[MAX_THREADS];
    int n = argc == 4 ? atoi(argv[3]) : 0;

    if (n < 1 || n > MAX_THREADS) {
        fprintf(stderr, "usage: writer LOG FILE THREADS\n");
        return 2;
    }
    load(&w, argv[2]);
    if (wal_open(argv[1], NULL, &w.log) < 0)
        fail("open");
    if (wal_replay(w.log, 0, mark_written, &w, NULL) < 0)
        fail("replay");
    for (int k = 0; k < n; k++)
        need(pthread_create(&threads[k], NULL, append_lines, &w) == 0, "thread");
    for (int k = 0; k < n; k++)
        pthread_join(threads[k], NULL);
    if (wal_close(w.log) < 0)
        fail("close");
    return 0;
}
