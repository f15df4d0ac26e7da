/* SPDX-License-Identifier: Apache-2.0 */
/* walfloor OP DIR KEY=VALUE...: the floor on the benchmark's command line. Its data are one file,
 * DIR/floor. A key of its own: grow=1, durable writes at the end of a growing file instead of over
 * blocks that were written before. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base.h"
#include "bench/floor.h"
#include "bench/ops.h"

enum {
    WRITTEN_BYTES = 64 << 20, /* before the clock starts */
    CHUNK_BYTES =
        64 << 10, /* of writes: larger ones make large folios, which small syncs pay for */
    READ_BYTES = 1 << 20,
};

static bool grows;

/* What a thread has not written yet. */
struct chunk {
    _Alignas(64) uint8_t *bytes;
    size_t used;
};

struct floor_log {
    struct floor_file file;
    const struct args *args;
    uint8_t *buffer; /* a batch, a record, or what is read */
    size_t batch_bytes;
    struct floor_group *group;
    struct chunk *chunks;
    _Atomic uint64_t end; /* of what threads have taken for their chunks */
};

static void take_option(const char *key, const char *value)
{
    if (strcmp(key, "readers") == 0) {
        if (strcmp(value, "1") != 0)
            unsupported("the floor reads with one thread");
    } else if (strcmp(key, "grow") == 0) {
        grows = strcmp(value, "1") == 0;
    } else {
        die("%s: no such key", key);
    }
}

size_t floor_encode(uint8_t *to, uint64_t number, const void *data, size_t size)
{
    uint64_t front[2] = {size, number};
    memcpy(to, front, RECORD_FRONT_BYTES);
    memcpy(to + RECORD_FRONT_BYTES, data, size);
    return RECORD_FRONT_BYTES + size;
}

void floor_write(const struct floor_file *f, const void *data, size_t size, uint64_t at)
{
    const uint8_t *from = data;

    while (size > 0) {
        ssize_t n = pwrite(f->fd, from, size, (off_t)at);
        if (n <= 0)
            die("write: %s", strerror(errno));
        from += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
}

static void must_sync(int fd)
{
    if (fdatasync(fd) != 0)
        die("sync: %s", strerror(errno));
}

void floor_commit(struct floor_file *f, const void *data, size_t size)
{
    if (f->wrap_at && f->at + size > f->wrap_at)
        f->at = 0;
    floor_write(f, data, size, f->at);
    f->at += size;
    must_sync(f->fd);
}

static const char *path_of(const struct args *a)
{
    static char path[4096];
    if (snprintf(path, sizeof path, "%s/floor", a->dir) >= (int)sizeof path)
        die("%s: the path is too long", a->dir);
    return path;
}

/* The blocks of an earlier run are as good as any: only what grows begins anew. */
static void floor_clear(const struct args *a)
{
    if (mkdir(a->dir, 0700) != 0 && errno != EEXIST)
        die("%s: %s", a->dir, strerror(errno));
    if ((grows || strcmp(a->op, "append") == 0 || strcmp(a->op, "fill") == 0) &&
        unlink(path_of(a)) != 0 && errno != ENOENT)
        die("%s: %s", path_of(a), strerror(errno));
}

/* The file and its name are durable, and hold what durable writes go over. */
static void make_file(struct floor_log *l, const char *dir)
{
    struct stat st;

    if (fstat(l->file.fd, &st) != 0)
        die("%s: %s", dir, strerror(errno));
    for (uint64_t at = (uint64_t)st.st_size; at < l->file.wrap_at; at += CHUNK_BYTES)
        floor_write(&l->file, payload_pool + at % POOL_BYTES / CHUNK_BYTES * CHUNK_BYTES,
                    CHUNK_BYTES, at);
    int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || fsync(l->file.fd) != 0 || fsync(folder) != 0)
        die("%s: %s", dir, strerror(errno));
    close(folder);
}

static uint8_t *buffer_new(size_t size)
{
    uint8_t *p = aligned_alloc(4096, (size + 4095) / 4096 * 4096);
    if (!p)
        die("no memory for a buffer");
    return p;
}

static void make_buffers(struct floor_log *l, enum purpose why)
{
    const struct args *a = l->args;
    size_t record = RECORD_FRONT_BYTES + a->size;

    l->batch_bytes = (why == FOR_BATCH ? a->batch : 1) * record;
    if (l->file.wrap_at && l->batch_bytes > l->file.wrap_at)
        die("a batch is larger than the floor's file");
    l->buffer = buffer_new(why == FOR_READING ? READ_BYTES + record : l->batch_bytes);
    for (size_t k = 0; why == FOR_BATCH && k < a->batch; k++)
        floor_encode(l->buffer + k * record, k, payload_at(k), a->size);
    if (why == FOR_DURABLE && a->threads > 1)
        l->group = floor_group_new(&l->file);
    if (why != FOR_APPEND)
        return;
    l->chunks = aligned_alloc(64, a->threads * sizeof *l->chunks);
    for (unsigned k = 0; l->chunks && k < a->threads; k++)
        l->chunks[k] = (struct chunk){.bytes = buffer_new(CHUNK_BYTES + record)};
}

static void *floor_open(const struct args *a, enum purpose why)
{
    bool makes = why == FOR_DURABLE || why == FOR_BATCH || why == FOR_APPEND;
    struct floor_log *l = calloc(1, sizeof *l);

    if (!l)
        die("no memory");
    l->args = a;
    l->file.fd = open(path_of(a), O_RDWR | O_CLOEXEC | (makes ? O_CREAT : 0), 0600);
    if (l->file.fd < 0)
        die("%s: %s", path_of(a), strerror(errno));
    if (makes && why != FOR_APPEND && !grows)
        l->file.wrap_at = WRITTEN_BYTES;
    if (makes)
        make_file(l, a->dir);
    if (why != FOR_NOTHING)
        make_buffers(l, why);
    return l;
}

static void floor_close(void *log)
{
    struct floor_log *l = log;

    close(l->file.fd);
    for (unsigned k = 0; l->chunks && k < l->args->threads; k++)
        free(l->chunks[k].bytes);
    free(l->chunks);
    floor_group_free(l->group);
    free(l->buffer);
    free(l);
}

static void floor_durable(void *log, unsigned thread, const void *data)
{
    struct floor_log *l = log;

    (void)thread;
    if (l->group)
        floor_group_append(l->group, data, l->args->size);
    else
        floor_commit(&l->file, l->buffer, floor_encode(l->buffer, 0, data, l->args->size));
}

static void floor_batch(void *log, uint64_t first)
{
    struct floor_log *l = log;

    (void)first;
    floor_commit(&l->file, l->buffer, l->batch_bytes);
}

static void floor_append_end(void *log, unsigned thread)
{
    struct floor_log *l = log;
    struct chunk *c = &l->chunks[thread];

    floor_write(&l->file, c->bytes, c->used, atomic_fetch_add(&l->end, c->used));
    c->used = 0;
}

static void floor_append(void *log, unsigned thread, const void *data)
{
    struct floor_log *l = log;
    struct chunk *c = &l->chunks[thread];

    if (c->used > 0 && c->used + RECORD_FRONT_BYTES + l->args->size > CHUNK_BYTES)
        floor_append_end(log, thread);
    c->used += floor_encode(c->bytes + c->used, 0, data, l->args->size);
}

static void floor_sync(void *log)
{
    must_sync(((struct floor_log *)log)->file.fd);
}

static size_t read_at(const struct floor_log *l, size_t size, uint64_t at)
{
    ssize_t n = pread(l->file.fd, l->buffer, size, (off_t)at);
    if (n < 0)
        die("read: %s", strerror(errno));
    return (size_t)n;
}

static uint64_t scan_records(struct floor_log *l, record_fn fn)
{
    size_t record = RECORD_FRONT_BYTES + l->args->size;
    uint64_t n = 0;

    for (; read_at(l, record, n * record) == record; n++) {
        uint64_t size;
        memcpy(&size, l->buffer, sizeof size);
        fn(NULL, n, l->buffer + RECORD_FRONT_BYTES, (size_t)size);
    }
    return n;
}

static uint64_t floor_scan(void *log, record_fn fn, uint64_t *sum)
{
    struct floor_log *l = log;
    uint64_t bytes = 0;
    size_t n;

    if (fn)
        return scan_records(l, fn);
    for (; (n = read_at(l, READ_BYTES, bytes)) > 0; bytes += n)
        *sum += payload_sum(l->buffer, n);
    return bytes / (RECORD_FRONT_BYTES + l->args->size);
}

static const void *floor_get(void *log, uint64_t i, size_t *ret_size)
{
    struct floor_log *l = log;
    size_t record = RECORD_FRONT_BYTES + l->args->size;

    if (read_at(l, record, i * record) != record)
        die("record %llu isn't there", (unsigned long long)i);
    *ret_size = l->args->size;
    return l->buffer + RECORD_FRONT_BYTES;
}

int main(int argc, char **argv)
{
    static const struct op none[] = {{NULL, NULL}};
    static const struct engine engine = {
        .option = take_option,
        .clear = floor_clear,
        .open = floor_open,
        .close = floor_close,
        .durable = floor_durable,
        .batch = floor_batch,
        .append = floor_append,
        .append_end = floor_append_end,
        .sync = floor_sync,
        .scan = floor_scan,
        .get = floor_get,
    };
    return bench_main(argc, argv, &engine, none);
}
