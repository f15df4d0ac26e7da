/* SPDX-License-Identifier: Apache-2.0 */
#include "support/bench.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void need(int so, const char *what)
{
    if (so)
        return;
    perror(what);
    abort();
}

void bench_make(struct bench *b)
{
    need(scratch_make(&b->scratch) == 0, "scratch directory");
    spy_init(&b->spy);
    b->folder = (struct folder){.os = &b->spy.os, .path = b->scratch.path};
    b->folder.fd = b->spy.os.dir_open(&b->spy, b->scratch.path);
    need(b->folder.fd >= 0, b->scratch.path);
}

void bench_remove(struct bench *b)
{
    b->spy.os.close(&b->spy, b->folder.fd);
    scratch_remove(&b->scratch);
}

const char *bench_path(struct bench *b, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", b->scratch.path, name);
    return path;
}

static int bench_open(struct bench *b, const char *name)
{
    int fd = open(bench_path(b, name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    need(fd >= 0, name);
    return fd;
}

void bench_write(struct bench *b, const char *name, uint64_t offset, const void *data, size_t size)
{
    int fd = bench_open(b, name);
    need(pwrite(fd, data, size, (off_t)offset) == (ssize_t)size, name);
    close(fd);
}

void bench_read(struct bench *b, const char *name, uint64_t offset, void *data, size_t size)
{
    int fd = bench_open(b, name);
    need(pread(fd, data, size, (off_t)offset) == (ssize_t)size, name);
    close(fd);
}

void bench_resize(struct bench *b, const char *name, uint64_t size)
{
    int fd = bench_open(b, name);
    need(ftruncate(fd, (off_t)size) == 0, name);
    close(fd);
}

uint64_t bench_size(struct bench *b, const char *name)
{
    struct stat st;
    need(stat(bench_path(b, name), &st) == 0, name);
    return (uint64_t)st.st_size;
}
